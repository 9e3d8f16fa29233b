"""The bot, as the service sees it: one HTTP question, one answer. Rasa keeps nothing between turns; we do."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
import msgspec

from handover.conversation.calls import BY_EAR
from handover.conversation.conversation import AskBot
from handover.conversation.events import BotReply
from handover.conversation.states import ANSWER_LIMIT

TEXT_AT_MOST = 2000  # characters that the bot takes; masking can make a text longer than what was typed
GIVE_UP = 30.0  # seconds after which an answer is of no use any more, not even for the record
KEPT_OPEN = 60.0  # seconds that an idle connection is kept: less than Rasa keeps it, so that none is closed while it is used
HEALTH_WITHIN = aiohttp.ClientTimeout(total=2.0)
JSON = {"Content-Type": "application/json"}


class BotError(Exception):
    """The bot is not there, or failed; `alone`: at this one question."""

    alone = False


@dataclass(eq=False)
class Instance:
    """One Rasa process: where it listens, and whether it answers."""

    url: str | None = None
    up: bool = False


class Bot:
    """Asks the Rasa processes, each in turn; any of them can take any turn of any conversation."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._session: aiohttp.ClientSession | None = None
        self.instances: list[Instance] = []
        self._asked = 0
        self.answer_limit = ANSWER_LIMIT.total_seconds()

    @property
    def up(self) -> bool:
        return any(instance.up for instance in self.instances)

    async def ask(self, conversation: UUID, language: str, asked: AskBot) -> BotReply:
        """Raises BotError."""
        ask = asked.ask
        message = {"text": ask.text[:TEXT_AT_MOST]} if ask.text is not None else {"intent": ask.intent, "entities": ask.entities}
        whom = f"{BY_EAR}{conversation}" if asked.by_ear else str(conversation)  # Rasa hands nothing but this through to the actions
        body = {"conversation": whom, "language": language, "message": message, "memory": asked.memory, "missed": asked.missed}
        return await self._post(body)

    async def _post(self, body: dict[str, Any]) -> BotReply:
        ready = [instance for instance in self.instances if instance.up]
        if not ready:
            raise BotError("not started")
        self._asked += 1
        instance = ready[self._asked % len(ready)]
        try:
            address = f"{instance.url}/webhooks/wegwijs/webhook"
            async with self._kept().post(address, data=msgspec.json.encode(body), headers=JSON) as response:
                content = await response.read()
                response.raise_for_status()
            reply = msgspec.json.decode(content, type=BotReply)
            if not reply.turns:
                raise BotError("no turns")
        except aiohttp.ClientConnectorError as error:
            instance.up = False
            raise BotError(type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError) as error:
            failed = BotError(type(error).__name__)
            failed.alone = isinstance(error, (aiohttp.ClientResponseError, msgspec.MsgspecError))
            raise failed from error
        return reply

    async def check(self, instance: Instance) -> bool:
        """Whether it answers; also sets its `up`."""
        try:
            async with self._kept().get(f"{instance.url}/webhooks/wegwijs/health", timeout=HEALTH_WITHIN) as response:
                instance.up = response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            instance.up = False
        return instance.up

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _kept(self) -> aiohttp.ClientSession:
        """Connections that stay open; made inside the running loop. aiohttp costs a fraction of httpx, which counts at every turn."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=aiohttp.ClientTimeout(total=GIVE_UP, sock_connect=1.0),
                connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=KEPT_OPEN),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


async def within(task: "asyncio.Task[BotReply]", seconds: float) -> bool:
    """Whether the task ends in time; it goes on if not."""
    done, _ = await asyncio.wait({task}, timeout=seconds)
    return bool(done)
