"""Durable turns a second: the whole step (turn, conversation, contact moment, receipt), beside plain sqlite3 with one insert, both FULL."""

import asyncio
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.databases import postgres
from bench.table import row
from handover.content.library import Library
from handover.conversation import events as ev
from handover.conversation.conversation import Conversation, begin, decide
from handover.history.database import migrate
from handover.history.store import Receipt, Store
from handover.ids import new_reference, uuid7
from handover.settings import ROOT

TURNS, TOGETHER = 300, 64
TEXT = "Wat kost een paspoort voor mijn dochter van twaalf?"


async def measure(folder: Path, rounds: int) -> list[dict[str, Any]]:
    folder.mkdir(parents=True)
    library = Library(ROOT / "data", ROOT / "data" / "municipality.yml", "always")
    found = await _measure_on(f"sqlite+aiosqlite:///{folder / 'ours.db'}", library, rounds, folder / "plain.db")
    async with postgres() as url:
        if url:
            found += await _measure_on(url, library, rounds, None)
    return found


async def _measure_on(url: str, library: Library, rounds: int, plain_file: Path | None) -> list[dict[str, Any]]:
    await migrate(url)
    store = Store(url)
    await store.start()
    one_by_one, answered, together, plain = [], [], [], []
    for _ in range(rounds):
        if plain_file:
            plain.append(await asyncio.to_thread(_plain, plain_file))
        answered.append(TURNS / await _timed(_answered(store, library, TURNS)))
        one_by_one.append(TURNS / await _timed(_conversation(store, library, TURNS)))
        each = TURNS * 4 // TOGETHER
        together.append(each * TOGETHER / await _timed(asyncio.gather(*(_conversation(store, library, each) for _ in range(TOGETHER)))))
    await store.stop()
    where, peer = ("SQLite", "plain sqlite3, one insert a commit") if plain_file else ("PostgreSQL", "")
    beside = plain or None
    return [
        row(f"durable turns/s, one conversation, {where}", one_by_one, beside, peer, bar=("ours >=", 400) if plain_file else None),
        row(f"durable turns/s, with answers of the bot, {where}", answered, beside, peer),
        row(
            f"durable turns/s, {TOGETHER} conversations at once, {where}",
            together,
            beside,
            peer,
            bar=("ours >=", 1500) if plain_file else None,
        ),
    ]


async def _timed(work: Any) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def _conversation(store: Store, library: Library, turns: int) -> None:
    now = datetime.now(UTC)
    fresh = Conversation(id=uuid7(now), reference=new_reference(), channel="web", language="nl", created_at=now, last_at=now)
    step = begin(fresh, now, library, uuid4)
    await store.commit(step, token_hash=uuid4().bytes * 2)
    for _ in range(turns):
        step.after.asks = ()  # nobody answers here: the questions must not pile up
        step = decide(step.after, ev.Said(TEXT), datetime.now(UTC), library, uuid4)
        await store.commit(step, Receipt("resident", uuid4()), {"seq": step.after.seq})


async def _answered(store: Store, library: Library, turns: int) -> None:
    """Questions and answers in turn, about another subject each time: each answer closes a contact moment and opens one."""
    now = datetime.now(UTC)
    fresh = Conversation(id=uuid7(now), reference=new_reference(), channel="web", language="nl", created_at=now, last_at=now)
    step = begin(fresh, now, library, uuid4)
    await store.commit(step, token_hash=uuid4().bytes * 2)
    topics = list(library.topics)
    for number in range(turns // 2):
        step = decide(step.after, ev.Said(TEXT), datetime.now(UTC), library, uuid4)
        await store.commit(step, Receipt("resident", uuid4()), {"seq": step.after.seq})
        answer = ev.BotTurn(kind="answer", text=TEXT, topic=topics[number % len(topics)], aspect="kosten")
        reply = ev.BotReply([answer], {"slots": {}, "loop": None}, {})
        step = decide(step.after, ev.BotAnswered(step.after.pos, step.after.epoch, reply), datetime.now(UTC), library, uuid4)
        await store.commit(step)


def _plain(path: Path) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS turn (id TEXT PRIMARY KEY, text TEXT)")
    began = time.perf_counter()
    for _ in range(TURNS):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO turn VALUES (?, ?)", (uuid4().hex, TEXT))
        connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return TURNS / took
