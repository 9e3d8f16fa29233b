"""What registers must still be told: kept in the transaction of the step that causes it, claimed here by a sender.

One sender at a time has a conversation. On PostgreSQL that is a lock on the row of its first item, held while the register
is called, so that it is free again the moment a process dies. On SQLite one process sends at all (a lock on a file beside
the database); within it a set of the conversations at hand does.
"""

import asyncio
import contextlib
import fcntl
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import Connection, Row, Select, Update, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from handover.conversation.conversation import Insert
from handover.history import tables
from handover.history.database import is_sqlite, open_engine
from handover.history.store import Store, Unavailable
from handover.registers.register import Link

log = structlog.get_logger()
WAITING, SENT, PARKED = "waiting", "sent", "parked"
DELETE, PATCH = "delete", "patch"
LOOK_AT = 64  # conversations at most that one look for something to send goes through


def item(conversation: UUID, number: int, segment: UUID, kind: str, at: datetime) -> Insert:
    """An outbox item for a step to store."""
    return Insert("outbox", {
        "conversation_id": conversation, "number": number, "segment_id": segment, "kind": kind, "payload": {}, "state": WAITING,
        "tries": 0, "next_at": at, "error": None, "created_at": at,
    })  # fmt: skip


@dataclass(frozen=True)
class Job:
    """What is to be sent now of one conversation: all items of one segment, folded into one."""

    conversation: UUID
    number: int
    segment: UUID
    ids: tuple[int, ...]
    remove: bool
    corrected: bool
    tries: int
    waits: int  # how often in a row it was put off


def next_job(rows: Sequence[Any], now: datetime) -> Job | None:
    """`rows`: everything unsent of one conversation, oldest first.

    What must be removed goes before everything: a fault in what was to be told may not keep it. Else the first item goes,
    with all later ones of its segment; while that one waits or is parked, so do the others.
    """
    for row in rows:
        if row.kind == DELETE and row.state == WAITING and row.next_at <= now:
            return _job(row, [other for other in rows if other.segment_id == row.segment_id], remove=True)
    if not rows or rows[0].state != WAITING or rows[0].next_at > now:
        return None
    return _job(rows[0], [other for other in rows if other.segment_id == rows[0].segment_id and other.state == WAITING], remove=False)


def _job(row: Any, folded: list[Any], *, remove: bool) -> Job:
    corrected = any(other.kind == PATCH for other in folded)
    ids = tuple(other.id for other in folded)
    return Job(row.conversation_id, row.number, row.segment_id, ids, remove, corrected, row.tries, (row.error or {}).get("waits", 0))


class Claim(Protocol):
    """A job, and what became of it. Without any of the three it is tried again at once by whoever comes."""

    job: Job

    async def sent(self) -> None: ...
    async def later(self, at: datetime, error: dict[str, Any], *, counts: bool) -> None: ...
    async def parked(self, error: dict[str, Any]) -> None: ...


@dataclass
class _Claim:
    job: Job
    outcome: Update | None = None

    def _is(self, **values: Any) -> None:
        self.outcome = update(tables.outbox).where(tables.outbox.c.id.in_(self.job.ids)).values(**values)

    async def sent(self) -> None:
        self._is(state=SENT, error=None)

    async def later(self, at: datetime, error: dict[str, Any], *, counts: bool) -> None:
        self._is(next_at=at, error={**error, "waits": self.job.waits + 1}, tries=self.job.tries + counts)

    async def parked(self, error: dict[str, Any]) -> None:
        self._is(state=PARKED, error=error, tries=self.job.tries + 1)


@dataclass(frozen=True)
class Standing:
    waiting: int = 0
    parked: int = 0
    oldest: datetime | None = None  # of what waits, and is not kept waiting by something parked


@dataclass
class Outbox:
    store: Store
    url: str
    parallel: int = 4
    _busy: set[UUID] = field(default_factory=set)
    _file: IO[str] | None = None
    _engine: AsyncEngine | None = None  # of its own: a slow register may not use up the dialogue's connections

    async def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
        if self._engine:
            await self._engine.dispose()

    def sends_here(self) -> bool:
        """Whether this process is one that may send."""
        if not is_sqlite(self.url):
            return True
        if self._file is None:
            path = Path(self.url.split("///", 1)[1] + "-sender")
            file = path.open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
            self._file = file
        return True

    @contextlib.asynccontextmanager
    async def claim(self, now: datetime) -> AsyncIterator[Claim | None]:
        """Something to send that nobody else sends; None if there is nothing. Raises Unavailable."""
        if not self.sends_here():
            yield None
        elif is_sqlite(self.url):
            async with self._claim_here(now) as found:
                yield found
        else:
            async with self._claim_locked(now) as found:
                yield found

    @contextlib.asynccontextmanager
    async def _claim_here(self, now: datetime) -> AsyncIterator[Claim | None]:
        async with self.store.reading() as connection:
            conversations = list(await connection.scalars(_candidates(now)))
        for conversation in conversations:
            if conversation in self._busy:
                continue
            self._busy.add(conversation)
            try:
                # read anew: whoever had it may have done it since the candidates were read
                async with self.store.reading() as connection:
                    job = next_job((await connection.execute(_unsent(conversation))).all(), now)
                if job is None:
                    continue
                claim = _Claim(job)
                yield claim
                await self._keep(claim)
                return
            finally:
                self._busy.discard(conversation)
        yield None

    async def _keep(self, claim: _Claim) -> None:
        if claim.outcome is not None:
            outcome = claim.outcome
            await self.store.change(lambda connection: _execute(connection, outcome))

    @contextlib.asynccontextmanager
    async def _claim_locked(self, now: datetime) -> AsyncIterator[Claim | None]:
        async with self.store.reading() as connection:
            conversations = list(await connection.scalars(_candidates(now)))
        claim: _Claim | None = None
        async with self.transaction() as connection:
            for conversation in conversations:
                if await connection.scalar(_lock(conversation)) is None:
                    continue  # somebody else has it, or it has just been done
                job = next_job((await connection.execute(_unsent(conversation))).all(), now)
                if job:
                    claim = _Claim(job)
                    break
            yield claim
            if claim and claim.outcome is not None:
                await connection.execute(claim.outcome)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """On PostgreSQL: one that may stay open while a register is called. Raises Unavailable."""
        if self._engine is None:
            self._engine = open_engine(self.url)
        try:
            async with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            log.error("store.failed", error=type(error).__name__, cause=type(error.__cause__).__name__)
            raise Unavailable from error

    # What stands open, for who runs it

    async def standing(self) -> Standing:
        rows = tables.outbox.c
        async with self.store.reading() as connection:
            counted = {row[0]: row[1] for row in await connection.execute(_count)}
            blocked = select(rows.conversation_id).where(rows.state == PARKED)
            oldest = select(func.min(rows.created_at)).where(rows.state == WAITING, rows.conversation_id.not_in(blocked))
            return Standing(counted.get(WAITING, 0), counted.get(PARKED, 0), await connection.scalar(oldest))

    async def open_items(self, at_most: int = 100) -> list[Row[Any]]:
        """What is not sent, parked first, then oldest first."""
        rows = tables.outbox.c
        query = select(tables.outbox).where(rows.state != SENT).order_by(rows.state, rows.id).limit(at_most)
        async with self.store.reading() as connection:
            return list(await connection.execute(query))

    async def retry(self, now: datetime, id: int | None = None) -> int:
        """Lets what is parked be tried again; returns how many."""
        rows = tables.outbox.c
        chosen = [rows.id == id] if id is not None else []
        again = update(tables.outbox).where(rows.state == PARKED, *chosen).values(state=WAITING, next_at=now, tries=0, error=None)
        return await self.store.change(lambda connection: connection.execute(again).rowcount)

    async def hasten(self, now: datetime) -> int:
        """Lets what waits for its next try be tried now; returns how many."""
        rows = tables.outbox.c
        at_once = update(tables.outbox).where(rows.state == WAITING, rows.next_at > now).values(next_at=now)
        return await self.store.change(lambda connection: connection.execute(at_once).rowcount)

    async def add(self, *items: Insert) -> None:
        await self.store.write(*items)

    async def forget_sent(self, before: datetime) -> int:
        """Deletes items that were sent and are older than this; they hold ids only, but nobody needs them."""
        rows = tables.outbox.c
        old = delete(tables.outbox).where(rows.state == SENT, rows.created_at < before)
        return await self.store.change(lambda connection: connection.execute(old).rowcount)


_count = select(tables.outbox.c.state, func.count()).where(tables.outbox.c.state != SENT).group_by(tables.outbox.c.state)


def _candidates(now: datetime) -> Select[UUID]:
    """Conversations of which something could be sent now."""
    rows, earlier = tables.outbox.c, tables.outbox.alias("earlier").c
    kept_waiting = exists().where(
        earlier.conversation_id == rows.conversation_id, earlier.state.in_((WAITING, PARKED)), earlier.id < rows.id
    )
    due = (rows.state == WAITING) & (rows.next_at <= now)
    return select(rows.conversation_id).where(due, or_(rows.kind == DELETE, ~kept_waiting)).order_by(rows.next_at, rows.id).limit(LOOK_AT)


def _unsent(conversation: UUID) -> Any:
    rows = tables.outbox.c
    return select(tables.outbox).where(rows.conversation_id == conversation, rows.state.in_((WAITING, PARKED))).order_by(rows.id)


def _lock(conversation: UUID) -> Any:
    """The first unsent row of the conversation, if nobody has it."""
    rows, all = tables.outbox.c, tables.outbox.alias("all_of_it").c
    first = select(func.min(all.id)).where(all.conversation_id == conversation, all.state.in_((WAITING, PARKED))).scalar_subquery()
    return select(rows.id).where(rows.id == first, rows.state.in_((WAITING, PARKED))).with_for_update(skip_locked=True)


def _execute(connection: Connection, statement: Any) -> None:
    connection.execute(statement)


def _insert_once(connection: Connection, table: Any, values: dict[str, Any]) -> Any:
    make: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return make(table).values(**values).on_conflict_do_nothing()


def _upsert(connection: Connection, table: Any, values: dict[str, Any]) -> None:
    keys = [column.name for column in table.primary_key.columns]
    make: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(table).values(**values)
    rest = {name: value for name, value in values.items() if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))


@dataclass(frozen=True)
class RegisterLinks:
    """Where our things are in one register."""

    store: Store
    register: str
    now: Any  # () -> datetime

    def _is(self, local_type: str) -> Any:
        rows = tables.register_link.c
        return (rows.register == self.register) & (rows.local_type == local_type)

    async def get(self, local_type: str, local_id: str) -> Link | None:
        rows = tables.register_link.c
        async with self.store.reading() as connection:
            found = await connection.execute(select(tables.register_link).where(self._is(local_type), rows.local_id == local_id))
            row = found.first()
        return Link(row.remote_uuid, row.reference, row.state) if row else None

    async def put(self, local_type: str, local_id: str, *, remote: UUID | None, state: str, reference: str | None = None) -> None:
        values = {
            "register": self.register, "local_type": local_type, "local_id": local_id, "remote_uuid": remote, "reference": reference,
            "state": state, "changed_at": self.now(),
        }  # fmt: skip
        await self.store.change(lambda connection: _upsert(connection, tables.register_link, values))

    async def drop(self, local_type: str, local_id: str) -> None:
        gone = delete(tables.register_link).where(self._is(local_type), tables.register_link.c.local_id == local_id)
        await self.store.change(lambda connection: _execute(connection, gone))

    async def like(self, local_type: str, prefix: str) -> Mapping[str, Link]:
        rows = tables.register_link.c
        query = select(tables.register_link).where(self._is(local_type), rows.local_id.startswith(prefix, autoescape=True))
        async with self.store.reading() as connection:
            return {row.local_id: Link(row.remote_uuid, row.reference, row.state) for row in await connection.execute(query)}

    async def of(self, local_type: str, ids: Sequence[str]) -> dict[str, Link]:
        """The links of these, by id; those that have none are left out."""
        rows = tables.register_link.c
        found: dict[str, Link] = {}
        async with self.store.reading() as connection:
            for start in range(0, len(ids), 500):
                query = select(tables.register_link).where(self._is(local_type), rows.local_id.in_(ids[start : start + 500]))
                found |= {row.local_id: Link(row.remote_uuid, row.reference, row.state) for row in await connection.execute(query)}
        return found

    async def since(self, what: str) -> datetime:
        """When this was asked for the first time."""
        await self.turn(what, None)
        rows = tables.register_link.c
        async with self.store.reading() as connection:
            query = select(rows.changed_at).where(self._is("register"), rows.local_id == what)
            found: datetime = (await connection.execute(query)).scalar_one()
            return found

    async def turn(self, what: str, each: timedelta | None) -> bool:
        """Whether it is time to do this again, for one process of all; `each` None: once."""
        now, table = self.now(), tables.register_link
        mine = self._is("register") & (table.c.local_id == what)
        values = {"register": self.register, "local_type": "register", "local_id": what, "state": "done", "changed_at": now}

        def take(connection: Connection) -> bool:
            if connection.execute(_insert_once(connection, table, values)).rowcount == 1:
                return True
            if each is None:
                return False
            again = update(table).where(mine, table.c.changed_at <= now - each).values(changed_at=now)
            return connection.execute(again).rowcount == 1

        return await self.store.change(take)


@dataclass
class _Slot:
    remote: UUID | None
    kept: bool = False

    async def keep(self, remote: UUID | None) -> None:
        self.remote, self.kept = remote, True


@dataclass(frozen=True)
class RegisterActors:
    """The ids of actors in one register; each is made by one process at a time."""

    outbox: Outbox
    register: str
    _locks: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    @contextlib.asynccontextmanager
    async def alone(self, key: str) -> AsyncIterator[_Slot]:
        key = key[:500]
        table = tables.register_actor
        mine = (table.c.register == self.register) & (table.c.key == key)
        known = select(table.c.remote_uuid).where(mine)
        async with self._locks[key]:
            async with self.outbox.store.reading() as reading:
                slot = _Slot(await reading.scalar(known))
            if slot.remote or is_sqlite(self.outbox.url):
                yield slot
                if slot.kept:
                    values = {"register": self.register, "key": key, "remote_uuid": slot.remote}
                    await self.outbox.store.change(lambda connection: _upsert(connection, table, values))
                return
            async with self.outbox.transaction() as connection:  # waits for another process that is just making it
                empty = {"register": self.register, "key": key, "remote_uuid": None}
                await connection.execute(postgresql.insert(table).values(**empty).on_conflict_do_nothing())
                slot = _Slot(await connection.scalar(known.with_for_update()))
                yield slot
                if slot.kept:
                    await connection.execute(update(table).where(mine).values(remote_uuid=slot.remote))
