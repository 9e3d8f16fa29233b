"""The bot, as the service sees it: one HTTP question, one answer. Rasa keeps nothing between turns; we do."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import msgspec

from handover.conversation.calls import BY_EAR
from handover.conversation.conversation import AskBot
from handover.conversation.events import BotReply
from handover.conversation.states import ANSWER_LIMIT

TEXT_AT_MOST = 2000  # characters that the bot takes; masking can make a text longer than what was typed
GIVE_UP = 30.0  # seconds after which an answer is of no use any more, not even for the record


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
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(GIVE_UP, connect=1.0), trust_env=False,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
        )  # fmt: skip
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
            response = await self._client.post(f"{instance.url}/webhooks/wegwijs/webhook", content=msgspec.json.encode(body))
            response.raise_for_status()
            reply = msgspec.json.decode(response.content, type=BotReply)
            if not reply.turns:
                raise BotError("no turns")
        except httpx.ConnectError as error:
            instance.up = False
            raise BotError(type(error).__name__) from error
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            failed = BotError(type(error).__name__)
            failed.alone = not isinstance(error, httpx.TransportError)
            raise failed from error
        return reply

    async def check(self, instance: Instance) -> bool:
        """Whether it answers; also sets its `up`."""
        try:
            response = await self._client.get(f"{instance.url}/webhooks/wegwijs/health", timeout=2.0)
            instance.up = response.status_code == 200
        except httpx.HTTPError:
            instance.up = False
        return instance.up

    async def close(self) -> None:
        await self._client.aclose()


async def within(task: "asyncio.Task[BotReply]", seconds: float) -> bool:
    """Whether the task ends in time; it goes on if not."""
    done, _ = await asyncio.wait({task}, timeout=seconds)
    return bool(done)
