"""The contact history with 1,000, 100,000 and 1,000,000 turns: the customer view, and a list of klantcontacten as the API gives it.

Every person has 10 conversations of 8 turns with 2 contact moments each. Those that are asked for are chosen by chance,
so what is measured is not one row that is always in memory. Beside it: plain sqlite3 that reads one person's rows of the same table.
"""

import random
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, insert

from bench.databases import postgres
from bench.table import percentile, row
from handover.channels.api.asked import Query
from handover.channels.api.klantinteracties import Klantinteracties
from handover.content.library import Library
from handover.conversation.conversation import Conversation
from handover.conversation.events import Identity
from handover.conversation.states import State
from handover.history import tables
from handover.history.contacts import Contacts
from handover.history.database import is_sqlite, migrate
from handover.history.people import People
from handover.history.store import Store, conversation_row
from handover.ids import uuid7
from handover.settings import ROOT

SIZES = (1_000, 100_000, 1_000_000)  # turns
TURNS, MOMENTS, CONVERSATIONS = 8, 2, 10  # of a conversation, of a conversation, of a person
ASKED = 200  # times a round
BEGIN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
TEXT = "Een paspoort kost 83,87 euro als u 18 jaar of ouder bent. U betaalt als u het aanvraagt. " * 2
PERSONAL = "one person's 20 contact moments"


async def measure(folder: Path, rounds: int, sizes: tuple[int, ...] = SIZES) -> list[dict[str, Any]]:
    folder.mkdir(parents=True)
    library = Library(ROOT / "data", ROOT / "data" / "municipality.yml", "always")
    found = await _measure_on(f"sqlite+aiosqlite:///{folder / 'history.db'}", folder / "history.db", library, rounds, sizes)
    async with postgres() as url:
        if url:
            found += await _measure_on(url, None, library, rounds, sizes)
    return found


async def _measure_on(url: str, file: Path | None, library: Library, rounds: int, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    await migrate(url)
    store = Store(url)
    await store.start()
    history, contacts = History(store), Contacts(store)
    moments = Klantinteracties(store, library, People(store), "http://127.0.0.1:8080", "10")
    persons = moments.resources["klantcontacten"]
    where = "SQLite" if is_sqlite(url) else "PostgreSQL"
    found: list[dict[str, Any]] = []
    smallest = 0.0  # the customer view's p95 with the fewest turns
    for size in sizes:
        await history.grow(size)

        async def view() -> None:
            conversation, person = history.somebody()
            shown = await contacts.view(conversation, person)
            assert len(shown.moments) == CONVERSATIONS * MOMENTS

        async def listed() -> None:
            _, person = history.somebody()
            page, _ = await moments.page(persons, Query({"hadBetrokkene__wasPartij__uuid": person}, frozenset(), 1, 100), None)
            assert page["count"] == CONVERSATIONS * MOMENTS

        async def newest() -> None:
            page, _ = await moments.page(persons, Query({}, frozenset(), 1, 100), None)
            assert page["count"] == history.moments

        plain = [_plain(file, history) for _ in range(rounds)] if file else None
        peer = f"plain sqlite3, {PERSONAL}" if file else ""
        for what, ask, times in (("customer view", view, ASKED), ("klantcontacten of a person", listed, ASKED), ("newest 100", newest, 20)):
            took = [await _times(ask, times) for _ in range(rounds)]
            beside = plain if ask is not newest else None
            for name, share in (("p50", 0.5), ("p95", 0.95)):
                ours = [percentile(one, share) for one in took]
                theirs = [percentile(one, share) for one in beside] if beside else None
                bar = None
                if ask is view and name == "p95":
                    smallest = smallest or statistics.median(ours)
                    bar = ("ours <=", min(10.0, max(1.5 * smallest, smallest + 2))) if file else None
                found.append(row(f"{what}, {size:,} turns, ms {name}, {where}", ours, theirs, peer if beside else "", bar=bar))
    await store.stop()
    return found


async def _times(ask: Callable[[], Awaitable[None]], times: int) -> list[float]:
    """Milliseconds of each."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1000)
    return took


class History:
    """A store that is filled with the conversations of invented persons."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._chance = random.Random(7)
        self._known: list[tuple[UUID, UUID]] = []  # a conversation of each person, and the person
        self._turns = self._number = 0

    def somebody(self) -> tuple[UUID, UUID]:
        return self._chance.choice(self._known)

    @property
    def moments(self) -> int:
        return self._number * MOMENTS

    async def grow(self, turns: int) -> None:
        """Until there are so many."""
        while self._turns < turns:
            persons = min(500, max(1, (turns - self._turns) // (TURNS * CONVERSATIONS)))
            await self._store.transact(lambda connection, persons=persons: self._fill(connection, persons))
        await self._store.transact(_analyse)

    def _fill(self, connection: Connection, persons: int) -> None:
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("person", "conversation", "turn", "segment", "participant")}
        for _ in range(persons):
            person = uuid7(BEGIN + timedelta(minutes=self._number))
            rows["person"].append({"id": person, "created_at": BEGIN})
            for _ in range(CONVERSATIONS):
                conversation = self._conversation(person, rows)
            self._known.append((conversation, person))
        for name, values in rows.items():
            connection.execute(insert(tables.metadata.tables[name]), values)
        self._turns += persons * CONVERSATIONS * TURNS

    def _conversation(self, person: UUID, rows: dict[str, list[dict[str, Any]]]) -> UUID:
        self._number += 1
        at = BEGIN + timedelta(seconds=self._chance.randrange(300 * 24 * 3600))
        id = uuid7(at)
        c = Conversation(id=id, reference=f"{self._number:010}", channel="web", language="nl", created_at=at, last_at=at,
                         state=State.CLOSED, closed_at=at, pos=TURNS, seq=TURNS, identity=Identity(person, "digid-midden", at))  # fmt: skip
        rows["conversation"].append({**conversation_row(c), "token_hash": None, "body": msgspec.to_builtins(c)})
        for pos in range(1, TURNS + 1):
            rows["turn"].append({
                "conversation_id": id, "pos": pos, "seq": pos, "author": "bot" if pos % 2 else "resident", "name": "Digitale assistent",
                "text": TEXT, "at": at, "language": "nl", "kind": "answer", "topic": "paspoort", "aspect": "kosten", "note": False,
                "suppressed": False, "data": {},
            })  # fmt: skip
        for number in range(1, MOMENTS + 1):
            rows["segment"].append({
                "id": uuid7(at), "conversation_id": id, "person_id": person, "number": number,
                "reference": f"10{self._number * MOMENTS + number:08}", "channel": "web", "topic": "paspoort", "aspect": "kosten",
                "upl_uri": "http://standaarden.overheid.nl/owms/terms/paspoort", "subject": "paspoort", "from_pos": 2, "to_pos": 4,
                "started_at": at + timedelta(minutes=number), "ended_at": at + timedelta(minutes=number + 1), "question": "Wat kost het?",
                "summary": TEXT[:300], "answer": TEXT, "outcome": "answered", "by": "Digitale assistent", "promised": None, "data": None,
            })  # fmt: skip
        for kind in ("resident", "bot"):
            rows["participant"].append({"id": uuid7(at), "conversation_id": id, "kind": kind, "staff_id": None, "name": kind,
                                        "joined_at": at, "left_at": at})  # fmt: skip
        return id


def _analyse(connection: Connection) -> None:
    """Statistics for the planner, as any database that runs for a while has them."""
    connection.exec_driver_sql("ANALYZE")


def _plain(file: Path, history: History) -> list[float]:
    """Milliseconds of one person's rows, each time."""
    connection = sqlite3.connect(file)
    took = []
    for _ in range(ASKED):
        _, person = history.somebody()
        began = time.perf_counter()
        rows = connection.execute("SELECT * FROM segment WHERE person_id = ? ORDER BY started_at DESC LIMIT 200", (person.hex,)).fetchall()
        took.append((time.perf_counter() - began) * 1000)
        assert len(rows) == CONVERSATIONS * MOMENTS
    connection.close()
    return took
