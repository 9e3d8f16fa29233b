"""`make evaluate`: asks every question in a conversation of its own, through the same path that serves residents.

The service's core and Rasa run on a temporary data folder that is deleted; the desk's clock says Tuesday, ten o'clock,
and a colleague is available. Nothing is learnt from what is asked.
"""

import asyncio
import contextlib
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sanic import Sanic

from handover.app import Service, make_app
from handover.channels.web.messages import TEXT_AT_MOST
from handover.cli import listen_on
from handover.content.hours import AMSTERDAM
from handover.conversation import events as ev
from handover.conversation.conversation import Step, Turn
from handover.conversation.privacy import mask
from handover.settings import Settings

AT_ONCE = 8  # conversations
READY_WITHIN = 240.0  # seconds
ANSWER_WITHIN = 30.0
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=AMSTERDAM).astimezone(UTC)
VALUES = ("topic", "aspect")


class _Ear:
    """Listens to one conversation and keeps what the bot says."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[Turn] = asyncio.Queue()

    def stepped(self, step: Step, position: int | None) -> None:
        for turn in step.turns:
            if turn.author == "bot" and turn.seq is not None:
                self.said.put_nowait(turn)

    def moved(self, epoch: int, position: int) -> None:
        pass

    def typing(self, on: bool) -> None:
        pass

    def drop(self, code: int, reason: str) -> None:
        pass


async def run(settings: Settings, questions: Path, results: Path) -> int:
    """The exit code: 0, or 1 when no question could be read."""
    try:
        lines = await asyncio.to_thread(lambda: questions.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        print(f"wegwijs: QUESTIONS='{questions}' cannot be read: {error}", file=sys.stderr)
        return 1
    asked = list(_questions(lines))
    if not asked:
        print(f"wegwijs: QUESTIONS='{questions}' holds no question", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="wegwijs-evaluate-") as folder:
        data = Path(folder)
        own = dataclasses.replace(
            settings, host="127.0.0.1", data=data, opening_hours="municipality", database_url=f"sqlite+aiosqlite:///{data / 'wegwijs.db'}"
        )
        async with _running(own) as service:
            with results.open("w", encoding="utf-8") as out:
                await _ask_all(service, asked, out)
    print(f"wegwijs: {len(asked)} questions asked; results in {results}", file=sys.stderr)
    return 0


def _questions(lines: list[str]) -> Iterator[dict[str, Any]]:
    """The lines that can be used; the others are reported by number."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            before = found.get("before") or []
            if not isinstance(found["text"], str) or not all(isinstance(text, str) for text in before) or "id" not in found:
                raise ValueError("id, text and before should be an id, a text and a list of texts")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            print(f"wegwijs: line {number} is left out: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        yield {"id": found["id"], "text": found["text"], "lang": "en" if found.get("lang") == "en" else "nl", "before": before}


@contextlib.asynccontextmanager
async def _running(settings: Settings) -> Any:
    """A service of its own with a desk that is open and staffed, and its Rasa ready."""
    began = time.monotonic()
    service = Service(settings, lambda: TUESDAY + timedelta(seconds=time.monotonic() - began))
    listening = listen_on("127.0.0.1", 0)
    Sanic.test_mode = True  # several applications in one process
    app = make_app(service, listening.getsockname()[1])
    server = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
    assert server is not None  # noqa: S101
    await server.startup()
    await server.before_start()
    await server.start_serving()
    try:
        await service.presence.seen(await _colleague(service), "evaluatie", ("kcc",), service.now(), "available")
        print("wegwijs: loading the model", file=sys.stderr, flush=True)
        async with asyncio.timeout(READY_WITHIN):
            while not service.bot.up:
                await asyncio.sleep(0.2)
        yield service
    finally:
        await server.before_stop()
        server.close()


async def _colleague(service: Service) -> Any:
    await service.accounts.add("evaluatie", uuid4().hex, "medewerker", ["kcc"], service.now())
    account = await service.store.staff(login="evaluatie")
    assert account is not None  # noqa: S101
    return account["id"]


async def _ask_all(service: Service, asked: list[dict[str, Any]], out: Any) -> None:
    waiting = iter(asked)
    done = 0

    async def work() -> None:
        nonlocal done
        for question in waiting:
            answer = await _ask(service, question)
            out.write(json.dumps(answer, ensure_ascii=False) + "\n")
            done += 1
            if done % 100 == 0:
                print(f"wegwijs: {done} of {len(asked)}", file=sys.stderr, flush=True)

    await asyncio.gather(*(work() for _ in range(min(AT_ONCE, len(asked)))))


async def _ask(service: Service, question: dict[str, Any]) -> dict[str, Any]:
    await service.presence.seen(next(iter(service.presence.colleagues(service.now()))).staff, "evaluatie", ("kcc",), service.now())
    conversation = await service.performer.begin(language=question["lang"], channel="web", page=None, token_hash=uuid4().bytes * 2)
    ear = _Ear()
    service.hub.join(conversation.id, ear)
    try:
        for text in question["before"]:
            await _say(service, conversation.id, ear, text)
        began = time.perf_counter()
        turn = await _say(service, conversation.id, ear, question["text"])
        return _row(question, turn, (time.perf_counter() - began) * 1000)
    finally:
        service.hub.leave(conversation.id, ear)


async def _say(service: Service, id: Any, ear: _Ear, text: str) -> Turn | None:
    """The first turn that the bot answers with; None if it does not."""
    while not ear.said.empty():
        ear.said.get_nowait()
    await service.performer.perform(id, ev.Said(mask(text[:TEXT_AT_MOST]) or "…"))
    try:
        return await asyncio.wait_for(ear.said.get(), ANSWER_WITHIN)
    except TimeoutError:
        return None


def _row(question: dict[str, Any], turn: Turn | None, milliseconds: float) -> dict[str, Any]:
    if turn is None:
        blank: dict[str, Any] = {
            "kind": None,
            "topic": None,
            "aspect": None,
            "topics": [],
            "candidates": [],
            "confidence": None,
            "text": "",
            "language": None,
        }
        return {"id": question["id"], **blank, "ms": round(milliseconds, 1)}
    topics = turn.data.get("topics") or ([{"topic": turn.topic, "aspect": turn.aspect}] if turn.topic else [])
    return {
        "id": question["id"], "kind": turn.kind, "topic": turn.topic, "aspect": turn.aspect, "topics": topics,
        "candidates": turn.data.get("candidates", []), "confidence": turn.data.get("confidence"), "text": turn.text,
        "language": turn.language, "ms": round(milliseconds, 1),
    }  # fmt: skip
