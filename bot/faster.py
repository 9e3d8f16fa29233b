"""What Rasa 3.6 does needlessly at every action, done once. Each adapter checks at the start that what it replaces is still there.

- `RemoteAction._validate_action_result` checks and compiles its own JSON schema at every call: 83 % of a turn.
- `Event.resolve_by_type` walks the tree of all classes of events for every event that an action sends.
- `EndpointConfig.request` opens a session, and so a connection, for every call, and sends what was understood twice.
- `rasa.core.processor` copies what it would log, also where nothing is logged.

The walk over the graph, at every message, has a file of its own: graph.py.
"""

import functools
import inspect
import re
from types import SimpleNamespace
from typing import Any, Dict, Optional

import aiohttp
import ujson
from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import validator_for
from rasa.core import processor
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot.light import Moved

ACTION_SECONDS = 10.0


def compile_action_validator() -> None:
    """Makes Rasa check the answers of actions with a validator that is made once."""
    if list(inspect.signature(getattr(RemoteAction, "_validate_action_result", _gone)).parameters) != ["self", "result"]:
        raise Moved("RemoteAction._validate_action_result")
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema, default=Draft7Validator)
    kind.check_schema(schema)
    validator = kind(schema)

    def validate(self: RemoteAction, result: Dict[str, Any]) -> bool:
        if is_plain(result):
            return True
        error: Optional[ValidationError] = next(validator.iter_errors(result), None)
        if error:
            raise error
        return True

    RemoteAction._validate_action_result = validate


def remember_event_types() -> None:
    """Makes Rasa look for the class of an event once for each type."""
    if list(inspect.signature(getattr(Event, "resolve_by_type", _gone)).parameters) != ["type_name", "default"]:
        raise Moved("Event.resolve_by_type")
    Event.resolve_by_type = staticmethod(functools.lru_cache(maxsize=256)(Event.resolve_by_type))


def log_without_copies() -> None:
    """Makes Rasa's processor hand to its log what it would copy for it: our log takes nothing below an error (quiet.py)."""
    copied = [line for line in inspect.getsource(processor).splitlines() if re.search(r"\bcopy\.", line)]
    if not all(re.search(r"\w=copy\.deepcopy\(", line) for line in copied):  # as arguments of a logger's
        raise Moved("rasa.core.processor: a copy that is not for the log")
    processor.copy = SimpleNamespace(deepcopy=lambda value: value)


def is_plain(result: Any) -> bool:
    """Whether an answer is of the shape that nearly all have, slots and messages, which the schema certainly allows.

    The schema tries each event against fifteen kinds of event; all that is not plain is left to it.
    """
    if not isinstance(result, dict) or not result.keys() <= {"events", "responses"}:
        return False
    events, responses = result.get("events"), result.get("responses")
    return (
        isinstance(events, list)
        and isinstance(responses, list)
        and all(isinstance(response, dict) for response in responses)
        and all(
            isinstance(event, dict)
            and event.keys() <= {"event", "timestamp", "name", "value"}
            and event.get("event") == "slot"
            and isinstance(event.get("name"), str)
            and "value" in event
            and isinstance(event.get("timestamp"), (int, float, type(None)))
            for event in events
        )
    )


def _gone() -> None:
    """Stands for a method that Rasa no longer has."""


class ActionServer(EndpointConfig):
    """The action webhook over connections that stay open. Raises as Rasa expects: 400 is a rejection, all else an error."""

    def __init__(self, url: str, token: str) -> None:
        if not {"method", "subpath", "content_type", "compress", "kwargs"} <= set(inspect.signature(EndpointConfig.request).parameters):
            raise Moved("EndpointConfig.request")
        # the domain is the same at every turn: only an action that asks for it gets it
        super().__init__(url, headers={"X-Wegwijs-Token": token}, enable_selective_domain=True)
        self._session: Optional[aiohttp.ClientSession] = None

    def _kept(self) -> aiohttp.ClientSession:
        # made inside the running loop, at the first action
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                headers=self.headers,
                timeout=aiohttp.ClientTimeout(total=ACTION_SECONDS),
                connector=aiohttp.TCPConnector(limit=100, keepalive_timeout=60),
                cookie_jar=aiohttp.DummyCookieJar(),
                json_serialize=ujson.dumps,
            )
        return self._session

    async def request(
        self,
        method: str = "post",
        subpath: Optional[str] = None,
        content_type: Optional[str] = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        for event in kwargs["json"].get("tracker", {}).get("events", ()):  # made for this call, see DialogueStateTracker.current_state
            event.pop("parse_data", None)  # half of the body; that of the latest message stands in the tracker too
        try:
            return await self._once(method, kwargs["json"])
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            # a connection that was kept may have been closed meanwhile; a server that is down fails again
            return await self._once(method, kwargs["json"])

    async def _once(self, method: str, body: Any) -> Any:
        async with self._kept().request(method, self.url, json=body) as answer:
            if answer.status >= 400:
                raise ClientResponseError(answer.status, answer.reason or "", await answer.text())
            return await answer.json(loads=ujson.loads)

    async def close(self) -> None:
        if self._session:
            await self._session.close()
