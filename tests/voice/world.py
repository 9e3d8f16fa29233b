"""A service on a free port, with everything but Rasa; and a bot that answers as a test says."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID
from xml.etree import ElementTree

from sanic import Sanic
from websockets.asyncio.client import connect
from websockets.typing import Origin

from handover.app import Service, make_app
from handover.cli import listen_on
from handover.conversation.conversation import AskBot, Conversation, Turn
from handover.conversation.events import BotReply, BotTurn
from handover.rasa import Bot, BotError
from handover.settings import ROOT, read_settings
from handover.staff.accounts import AccountError
from handover.telephone import AudioCodesLine, JambonzHttpLine, JambonzLine, Line, TwimlLine
from tests.databases import new_sqlite
from tests.stack.people import Colleague

USER, PASSWORD, SECRET = "gateway", "correct-paard", "batterij-nietje"
AUDIOCODES, TWIML = "ac-token-1234567", "twiml-token-1234567"
SECRETS = {"WEGWIJS_JAMBONZ_USER": USER, "WEGWIJS_JAMBONZ_PASSWORD": PASSWORD, "WEGWIJS_JAMBONZ_SECRET": SECRET,
           "WEGWIJS_AUDIOCODES_TOKEN": AUDIOCODES, "WEGWIJS_TWIML_TOKEN": TWIML}  # fmt: skip
PUBLIC = "https://chat.gemeente.example"  # how gateways see us: another host and scheme than where we listen
MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday, ten o'clock in Amsterdam


def answer(text: str = "Een paspoort kost € 83,87.", spoken: str | None = None, **turn: Any) -> BotTurn:
    return BotTurn(kind=turn.pop("kind", "answer"), text=text, spoken=spoken, **turn)


UNDERSTOOD = {"intent": {"name": "vraag", "confidence": 0.9}, "kind": "vraag", "subkind": "", "topics": [], "aspects": [], "entities": [],
              "language": "nl", "language_confidence": 0.99}  # fmt: skip


class FakeBot(Bot):
    """`says`: what it answers to a text (or to the intent of a button); `slow`: seconds; `broken`: fails."""

    def __init__(self) -> None:
        super().__init__("token")
        self.asked: list[AskBot] = []
        self.says: Callable[[AskBot], list[BotTurn]] = lambda _asked: [answer()]
        self.slow, self.broken = 0.0, False
        self.memory: dict[str, Any] = {"slots": {}, "loop": None}

    async def ask(self, conversation: UUID, language: str, asked: AskBot) -> BotReply:
        self.asked.append(asked)
        await asyncio.sleep(self.slow)
        if self.broken:
            raise BotError("broken")
        return BotReply(self.says(asked), self.memory, UNDERSTOOD)


class World:
    """`service`, `bot`; lines of every gateway; and what was stored."""

    def __init__(self, service: Service, bot: FakeBot, port: int, app: Sanic) -> None:
        self.service, self.bot, self.port, self.app = service, bot, port, app
        self.url = f"http://127.0.0.1:{port}"
        self._lines: list[Line] = []

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    origin = PUBLIC

    async def cookie(self, name: str, team: str = "kcc", role: str = "medewerker") -> str:
        """The session of a member of staff, as the header that a browser sends."""
        accounts = self.service.accounts
        with contextlib.suppress(AccountError):
            await accounts.add(name, "correct-paard-batterij", role, [team], self.service.now())
        token = await accounts.log_in(name, "correct-paard-batterij", self.service.now())
        return f"{'__Host-' if PUBLIC.startswith('https') else ''}wegwijs={token}"

    async def colleague(self, name: str, **account: str) -> Colleague:
        """On the console, and there."""
        headers = {"Cookie": await self.cookie(name, **account)}
        client = Colleague(await connect(f"{self.ws_url}/console/ws", origin=Origin(self.origin), additional_headers=headers))
        ready = await client.of_type("ready")
        client.me, client.conversations = ready["me"], ready["conversations"]
        await client.here()
        return client

    def line(self, gateway: str = "jambonz", **caller: Any) -> Any:
        made: Line = LINES[gateway](self.url, **caller)
        self._lines.append(made)
        return made

    async def close(self) -> None:
        for line in self._lines:
            with contextlib.suppress(Exception):
                await line.close()

    async def conversation(self, line: Line, gateway: str = "jambonz") -> Conversation:
        row = await self.service.store.call(f"{gateway.removesuffix('-http')}:{line.id}")
        assert row is not None, "the call is not known"
        loaded = await self.service.store.load(row.conversation)
        assert loaded is not None
        return loaded[0]

    async def turns(self, line: Line, gateway: str = "jambonz") -> list[Turn]:
        return await self.service.store.turns_after_pos((await self.conversation(line, gateway)).id, 0)

    async def rows(self, table: str) -> list[dict[str, Any]]:
        from sqlalchemy import select

        from handover.history import tables

        return await self.service.store._dicts(select(tables.metadata.tables[table]))

    async def until(self, condition: Callable[[], Any], seconds: float = 60) -> Any:
        """Waits for something that follows from what was done, without being an answer to it."""
        deadline = time.monotonic() + seconds
        while not (found := await condition()):
            assert time.monotonic() < deadline, "it did not happen"
            await asyncio.sleep(0.01)
        return found


LINES: dict[str, Callable[..., Line]] = {
    "jambonz": lambda url, **caller: JambonzLine(url, USER, PASSWORD, **caller),
    "jambonz-http": lambda url, **caller: JambonzHttpLine(url, SECRET, **caller),
    "audiocodes": lambda url, **caller: AudioCodesLine(url, AUDIOCODES, **caller),
    "twiml": lambda url, **caller: TwimlLine(url, TWIML, **{"public_url": PUBLIC, **caller}),
}
GATEWAYS = list(LINES)


@contextlib.asynccontextmanager
async def running(data: Path, *, hours: str = "always", **env: str) -> AsyncIterator[World]:
    if not (data / "wegwijs.db").exists():
        await asyncio.to_thread(new_sqlite, data / "wegwijs.db")
    settings = read_settings({"WEGWIJS_PUBLIC_URL": PUBLIC, "WEGWIJS_DATA": str(data), "WEGWIJS_OPENING_HOURS": hours, **SECRETS, **env})
    Sanic.test_mode = True  # several applications in one process
    listening = listen_on("127.0.0.1", 0)
    port = listening.getsockname()[1]
    with patch("handover.app.model_path", return_value=ROOT / "config.yml"):
        service = Service(settings)
    bot = FakeBot()
    with patch("handover.app.start_rasa", return_value=[]), patch.object(Service, "_load_actions", _nothing):
        app = make_app(service, port)
        server = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
        assert server is not None
        await server.startup()
        await server.before_start()
        await server.start_serving()
    service.performer._bot = bot  # in the place of the one that asks Rasa
    world = World(service, bot, port, app)
    try:
        yield world
    finally:
        await world.close()
        await server.before_stop()
        server.close()
        await bot.close()
        Sanic._app_registry.pop(app.name, None)


async def _nothing(_service: Service) -> None:
    """Nobody asks for an action without Rasa."""


def asks(*labels: str, kind: str = "clarify") -> BotTurn:
    """A turn with these choices."""
    choices = [{"label": label, "do": {"ask": {"topic": "paspoort", "aspect": "kosten"}}} for label in labels]
    return BotTurn(kind=kind, text="Bedoelt u een van deze onderwerpen?", choices=choices)


def dumped(value: Any) -> str:
    """What a gateway was sent, as text."""
    return ElementTree.tostring(value, "unicode") if isinstance(value, ElementTree.Element) else json.dumps(value, ensure_ascii=False)
