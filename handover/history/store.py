"""The store: one writer that groups the commits of concurrent conversations, and the queries.

A commit to SQLite that survives a power cut costs about 2 ms, whatever is in it. So whoever wants to write hands in a
`Job` and waits; the writer takes all that wait, writes them in one transaction and tells each how it went. A job is
written whole or not at all. Jobs carry the version of the conversation they were decided on: if another process was
first, the job is refused as `Stale` and is decided again on what is there now.
"""

import asyncio
import contextlib
import functools
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import Connection, Row, Table, bindparam, case, false, func, insert, select, sql, text, tuple_, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from handover.conversation.conversation import Conversation, Insert, Step, Turn, Update
from handover.conversation.states import State
from handover.history import audit, tables
from handover.history.calls import CallQueries
from handover.history.database import is_sqlite, open_engine, open_reader, open_writer
from handover.history.removals import remove
from handover.history.vault import Vault

log = structlog.get_logger()
GROUP_AT_MOST = 256
JOBS_AT_MOST = 10_000  # that wait to be written
NUMBER_AT_MOST = 2**31 - 1  # of an integer column
REFERENCES_AT_ONCE = 64  # taken from the database in one go
SEGMENTS = "segment"  # the series of their references
REFERENCES_AT_MOST = 10**8  # eight digits
REFERRED_TO = {"person": 0, "conversation": 1, "segment": 2}  # written before the rows that refer to them
IDS_AT_ONCE = 500  # in one query
LOG_EVERY = 1.0  # seconds between two lines that say that the database is away
_logged_at = float("-inf")  # monotonic
OPEN_CALLBACKS = ("unconfirmed", "open")


class Stale(Exception):
    """The conversation has changed since it was read; decide again."""


class Unavailable(Exception):
    """Nothing could be stored."""


class Conflict(Exception):
    """A unique value is there already."""


@dataclass(eq=False)
class Job:
    step: Step | None = None
    records: Sequence[Insert | Update] = ()
    token_hash: bytes | None = None
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def ended(self, error: Exception | None = None) -> None:
        """Tells whoever waits, if they still do."""
        if self.done.done():
            return
        if error:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


@dataclass(frozen=True)
class Receipt:
    """The client's own id for what it asked, and who it is: "resident" or a staff id."""

    sender: str
    client_id: UUID


class Store(CallQueries):
    """`prefix`: the two digits with which the references of this installation begin."""

    def __init__(self, url: str, vault: Vault | None = None, prefix: str = "10") -> None:
        self.vault = vault or Vault.fresh()
        self.audit_key = audit.key_of(self.vault)
        self._prefix = prefix
        self._references: list[int] = []
        self._taking = asyncio.Lock()
        self._read: AsyncEngine = open_engine(url)
        self._write = open_writer(url, self._read)
        # on PostgreSQL one query needs no transaction around it, which would be two more round trips
        self._view = self._read if is_sqlite(url) else self._read.execution_options(isolation_level="AUTOCOMMIT")
        self._reader = open_reader(url, self._view)
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self._changes: set[asyncio.Future[Any]] = set()
        self._stopping = False

    async def start(self) -> None:
        self._writer = asyncio.create_task(self._work(), name="store writer")

    async def stop(self) -> None:
        """Writes what was handed in, then closes."""
        if self._writer:
            await self._jobs.join()
            self._stopping = True
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        await asyncio.gather(*self._changes, return_exceptions=True)
        await self._reader.dispose()
        await self._read.dispose()
        await self._write.dispose()

    # Writing

    async def commit(self, step: Step, receipt: Receipt | None = None, result: Any = None, token_hash: bytes | None = None) -> None:
        """Returns once `step` is durable. Raises Stale, Conflict or Unavailable, and then nothing of it is stored."""
        await self.name(step)
        records = [self._sealed(record) for record in step.records]
        if receipt:
            values = {"conversation_id": step.after.id, "sender": receipt.sender, "client_id": receipt.client_id, "result": result}
            records.append(Insert("receipt", values))
        await self._do(Job(step, records, token_hash))

    async def write(self, *records: Insert | Update) -> None:
        """Stores records that belong to no step (audit lines, sessions, presence)."""
        await self._do(Job(records=[self._sealed(record) for record in records]))

    async def transact[T](self, work: Callable[[Connection], T]) -> T:
        """`work` in a transaction of its own. Raises Conflict, Unavailable and what `work` raises."""
        try:
            return await self._write.transact(work)
        except IntegrityError as error:
            raise Conflict from error
        except SQLAlchemyError as error:
            raise _unavailable(error) from error

    async def shrink(self) -> bool:
        """After something was deleted: the files do not keep it. False: try it later. Raises Unavailable."""
        try:
            return await self._write.shrink()
        except SQLAlchemyError as error:
            raise _unavailable(error) from error

    async def name(self, step: Step) -> None:
        """Gives the step's new segments their references. Raises Unavailable."""
        nameless = len(step.nameless)
        if nameless:
            step.name([await self._next_reference() for _ in range(nameless)])

    async def _next_reference(self) -> str:
        async with self._taking:
            if not self._references:
                first = await self._change(_take_references)
                self._references = list(range(first, first + REFERENCES_AT_ONCE))
            return f"{self._prefix}{self._references.pop(0) % REFERENCES_AT_MOST:08}"

    def _sealed(self, record: Insert | Update) -> Insert | Update:
        """What somebody can be reached at is encrypted before it gets anywhere near a disk."""
        if record.table != "contact_detail" or not isinstance(value := record.values.get("value"), str):
            return record
        sealed = {"value": self.vault.encrypt(value, "contact_detail"), "lookup": self.vault.lookup(record.values["kind"], value)}
        return msgspec.structs.replace(record, values={**record.values, **sealed})

    async def _do(self, job: Job) -> None:
        if self._jobs.qsize() >= JOBS_AT_MOST:
            raise Unavailable  # said at once, and honestly: whoever came now would wait for seconds
        self._jobs.put_nowait(job)
        await job.done

    async def _work(self) -> None:
        while True:
            group = [await self._jobs.get()]
            while len(group) < GROUP_AT_MOST and not self._jobs.empty():
                group.append(self._jobs.get_nowait())
            try:
                await self._write_group(group)
            except asyncio.CancelledError:
                if self._stopping:
                    raise
                log.error("store.interrupted")  # by a driver that cancels too much: the writer must outlive it
            finally:
                for job in group:
                    self._jobs.task_done()
                    job.ended(Unavailable())

    async def _write_group(self, group: list[Job]) -> None:
        """One bad job must not spoil the others': after an error each is tried alone."""
        try:
            stale = await self._write.transact(lambda connection: _written(connection, group, self.audit_key))
        except Exception as error:  # whatever it is: the writer must outlive it
            # locked, full, gone, just starting: the others would fare no better alone
            unreachable = isinstance(error, OperationalError | InterfaceError | OSError) or type(error) is DBAPIError
            if len(group) > 1 and not unreachable:
                for job in group:
                    await self._write_group([job])
                return
            conflict = isinstance(error, IntegrityError)
            if not conflict:
                _log_failure(error)
            for job in group:
                job.ended(Conflict() if conflict else Unavailable())
            return
        for job in group:
            job.ended(Stale() if job in stale else None)

    @contextlib.asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with. Raises Unavailable."""
        try:
            async with self._view.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(error) from error

    async def read[T](self, work: Callable[[Connection], T]) -> T:
        """`work` on one connection to read with: several queries cost one thread hop. Raises Unavailable and what `work` raises."""
        try:
            return await self._reader.read(work)
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(error) from error

    async def _change[T](self, work: Callable[[Connection], T]) -> T:
        """A transaction for changes that no conversation waits for; it ends also if its caller is cancelled. Raises Unavailable."""
        transaction = asyncio.ensure_future(self._write.transact(work))
        self._changes.add(transaction)
        transaction.add_done_callback(self._changes.discard)
        try:
            return await asyncio.shield(transaction)
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(error) from error

    # For what has tables of its own, such as the outbox

    async def next_reference(self) -> str:
        """Ten digits that were never given out. Raises Unavailable."""
        return await self._next_reference()

    def reading(self) -> contextlib.AbstractAsyncContextManager[AsyncConnection]:
        return self._reading()

    async def change[T](self, work: Callable[[Connection], T]) -> T:
        return await self._change(work)

    # Conversations

    async def load(self, id: UUID) -> tuple[Conversation, dict[Receipt, Any]] | None:
        """The conversation and the receipts of everything that was asked of it."""
        rows, receipts = tables.conversation.c, tables.receipt.c
        async with self._reading() as connection:
            body = await connection.scalar(select(rows.body).where(rows.id == id))
            if body is None:
                return None
            given = await connection.execute(
                select(receipts.sender, receipts.client_id, receipts.result).where(receipts.conversation_id == id)
            )
            return conversation_of(body), {Receipt(row.sender, row.client_id): row.result for row in given}

    async def receipt(self, id: UUID, receipt: Receipt) -> Any:
        """What the client was told then; None if nothing of the kind was stored."""
        rows = tables.receipt.c
        where = (rows.conversation_id == id, rows.sender == receipt.sender, rows.client_id == receipt.client_id)
        async with self._reading() as connection:
            return await connection.scalar(select(rows.result).where(*where))

    async def since(self, id: UUID, pos: int) -> tuple[Conversation, list[Turn]] | None:
        """The conversation and its turns beyond `pos`, none of them newer than the conversation itself."""
        rows, turns = tables.conversation.c, tables.turn.c
        async with self._reading() as connection:
            body = await connection.scalar(select(rows.body).where(rows.id == id))
            if body is None:
                return None
            conversation = conversation_of(body)
            if conversation.pos <= pos:
                return conversation, []
            where = (turns.conversation_id == id, turns.pos > pos, turns.pos <= conversation.pos)
            found = await connection.execute(select(tables.turn).where(*where).order_by(turns.pos))
            return conversation, [turn_of(row) for row in found]

    async def version(self, id: UUID) -> int | None:
        return (await self.versions([id])).get(id)

    async def versions(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """The versions of those that are there."""
        rows, found = tables.conversation.c, {}
        async with self._reading() as connection:
            for start in range(0, len(ids), IDS_AT_ONCE):
                where = rows.id.in_(ids[start : start + IDS_AT_ONCE])
                found.update({row.id: row.version for row in await connection.execute(select(rows.id, rows.version).where(where))})
        return found

    async def versions_with_people(self) -> dict[UUID, int]:
        """Of all conversations that wait for staff or have one."""
        rows = tables.conversation.c
        where = rows.state.in_([State.WAITING, State.STAFF])
        async with self._reading() as connection:
            return {row.id: row.version for row in await connection.execute(select(rows.id, rows.version).where(where))}

    async def installation(self) -> str:
        """What all processes on this database have in common, and no others."""
        async with self._reading() as connection:
            if connection.dialect.name != "postgresql":
                return "here"
            cluster = await connection.scalar(text("SELECT system_identifier FROM pg_control_system()"))
            return f"{cluster}:{await connection.scalar(select(func.current_database()))}"

    async def by_token(self, token_hash: bytes) -> UUID | None:
        rows = tables.conversation.c
        async with self._reading() as connection:
            found: UUID | None = await connection.scalar(select(rows.id).where(rows.token_hash == token_hash))
            if found is None:  # of a chat that began as a call
                codes = tables.code.c
                found = await connection.scalar(select(codes.conversation_id).where(codes.token_hash == token_hash))
            return found

    async def turns_after_seq(self, id: UUID, seq: int) -> list[Turn]:
        """What the resident may see beyond `seq`, in order."""
        return await self._turns(tables.turn.c.conversation_id == id, tables.turn.c.seq > min(seq, NUMBER_AT_MOST))

    async def turns_after_pos(self, id: UUID, pos: int) -> list[Turn]:
        """Everything beyond `pos`, notes and suppressed turns included, in order."""
        return await self._turns(tables.turn.c.conversation_id == id, tables.turn.c.pos > min(pos, NUMBER_AT_MOST))

    async def turn_at(self, id: UUID, seq: int) -> Turn | None:
        return next(iter(await self._turns(tables.turn.c.conversation_id == id, tables.turn.c.seq == min(seq, NUMBER_AT_MOST))), None)

    async def _turns(self, *where: Any) -> list[Turn]:
        async with self._reading() as connection:
            return [turn_of(row) for row in await connection.execute(select(tables.turn).where(*where).order_by(tables.turn.c.pos))]

    async def due(self, now: datetime, at_most: int = 200) -> list[UUID]:
        """Conversations of which a timer has run out, longest ago first."""
        rows = tables.conversation.c
        return await self._ids(select(rows.id).where(rows.due_at <= now).order_by(rows.due_at).limit(at_most))

    async def owned(self) -> list[tuple[UUID, UUID]]:
        """(conversation, member of staff) for each conversation that somebody owns."""
        rows = tables.conversation.c
        async with self._reading() as connection:
            found = await connection.execute(select(rows.id, rows.owner).where(rows.state == State.STAFF))
            return [(row.id, row.owner) for row in found]

    async def queue(self, team: str) -> list[tuple[UUID, int]]:
        """(conversation, epoch) of those that wait for `team`, first one first."""
        rows = tables.conversation.c
        where = (rows.state == State.WAITING, rows.team == team)
        query = select(rows.id, rows.epoch).where(*where).order_by(rows.priority.desc(), rows.waiting_since, rows.id)
        async with self._reading() as connection:
            return [(row.id, row.epoch) for row in await connection.execute(query)]

    async def for_staff(self, staff: UUID, teams: Iterable[str]) -> list[Conversation]:
        """What waits for these teams, first one first, and what this person owns."""
        rows = tables.conversation.c
        waiting = (rows.state == State.WAITING) & rows.team.in_(list(teams))
        own = (rows.state == State.STAFF) & (rows.owner == staff)
        order = (case((rows.state == State.WAITING, 0), else_=1), rows.priority.desc(), rows.waiting_since, rows.id)
        async with self._reading() as connection:
            return [conversation_of(row.body) for row in await connection.execute(select(rows.body).where(waiting | own).order_by(*order))]

    async def took_part(self, conversation: UUID, staff: UUID, teams: Iterable[str]) -> bool:
        """Whether it was ever handed over to one of these teams, or claimed by this person."""
        rows = tables.handover.c
        where = (rows.conversation_id == conversation) & (rows.team.in_(list(teams)) | (rows.claimed_by == staff))
        async with self._reading() as connection:
            return await connection.scalar(select(func.count()).where(where)) != 0

    async def waiting_by_team(self) -> dict[str, int]:
        rows = tables.conversation.c
        async with self._reading() as connection:
            found = await connection.execute(select(rows.team, func.count()).where(rows.state == State.WAITING).group_by(rows.team))
            return {row[0]: row[1] for row in found}

    async def oldest_waiting_by_team(self) -> dict[str, datetime]:
        """Since when the one that waits longest does."""
        rows = tables.conversation.c
        query = select(rows.team, func.min(rows.waiting_since)).where(rows.state == State.WAITING).group_by(rows.team)
        async with self._reading() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def longest_due(self, now: datetime) -> datetime | None:
        """When the time limit was reached that should have been worked off first."""
        rows = tables.conversation.c
        async with self._reading() as connection:
            found: datetime | None = await connection.scalar(select(func.min(rows.due_at)).where(rows.due_at <= now))
            return found

    async def forget(self, conversation: UUID, now: datetime) -> None:
        """Deletes it with all that belongs to it, here and in the registers that were told of it."""

        await self._change(lambda connection: remove(connection, conversation, now))

    # Call-backs and wrap-ups

    async def callbacks(
        self, *, status: str | None = None, conversation: UUID | None = None, id: UUID | None = None, changed_since: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Call-back requests, oldest first; without a status the ones that are still to be done."""
        rows = tables.callback.c
        where: list[Any] = []
        if status:
            where.append(rows.status == status)
        elif conversation is None and id is None:
            lately = rows.changed_at >= changed_since if changed_since else false()
            where.append(rows.status.in_(OPEN_CALLBACKS) | lately)
        if conversation:
            where.append(rows.conversation_id == conversation)
        if id:
            where.append(rows.id == id)
        return await self._dicts(select(tables.callback).where(*where).order_by(rows.created_at).limit(500))

    # Staff

    async def staff(self, *, login: str | None = None, id: UUID | None = None) -> dict[str, Any] | None:
        rows = tables.staff.c
        where = rows.login == login if login is not None else rows.id == id
        return next(iter(await self._dicts(select(tables.staff).where(where))), None)

    async def all_staff(self) -> list[dict[str, Any]]:
        return await self._dicts(select(tables.staff).order_by(tables.staff.c.login))

    async def sessions(self, token_hashes: Iterable[bytes]) -> list[dict[str, Any]]:
        """The sessions, each with its member of staff: columns of both tables, `id` being the person's."""
        rows = tables.staff_session.c
        joined = select(rows.token_hash, rows.created_at.label("began_at"), rows.seen_at, rows.ended_at, tables.staff)
        query = joined.join(tables.staff, tables.staff.c.id == rows.staff_id).where(rows.token_hash.in_(list(token_hashes)))
        return await self._dicts(query)

    async def touch_sessions(self, tokens: Iterable[bytes], now: datetime) -> None:
        await self._change_sessions(tokens, seen_at=now)

    async def end_session(self, token_hash: bytes, now: datetime) -> None:
        await self._change_sessions([token_hash], ended_at=now)

    async def end_sessions(self, staff: UUID, now: datetime) -> None:
        rows = tables.staff_session
        statement = update(rows).where(rows.c.staff_id == staff, rows.c.ended_at.is_(None)).values(ended_at=now)
        await self._change(_executing(statement))

    async def _change_sessions(self, tokens: Iterable[bytes], **values: Any) -> None:
        changed = list(tokens)
        if changed:
            rows = tables.staff_session
            statement = update(rows).where(rows.c.token_hash.in_(changed)).values(**values)
            await self._change(_executing(statement))

    async def presence(self, since: datetime) -> list[Row[Any]]:
        """(staff_id, name, teams, status, seen_at) of everybody who was on a console since then."""
        rows, staff = tables.presence.c, tables.staff.c
        query = select(rows.staff_id, staff.name, staff.teams, rows.status, rows.seen_at).join(tables.staff, staff.id == rows.staff_id)
        async with self._reading() as connection:
            return list(await connection.execute(query.where(rows.seen_at >= since)))

    async def save_presence(self, staff: UUID, status: str, seen_at: datetime) -> None:
        rows = tables.presence
        values = {"status": status, "seen_at": seen_at}

        def save(connection: Connection) -> None:
            changed = connection.execute(update(rows).where(rows.c.staff_id == staff).values(**values))
            if changed.rowcount == 0:
                connection.execute(insert(rows).values(staff_id=staff, **values))

        await self._change(save)

    async def audited_since(self, actor: str, action: str, object: str, since: datetime) -> bool:
        rows = tables.audit.c
        where = tuple_(rows.actor, rows.action, rows.object) == (actor, action, object)
        async with self._reading() as connection:
            return await connection.scalar(select(rows.id).where(where, rows.at >= since).limit(1)) is not None

    async def rows(self, query: Any) -> list[dict[str, Any]]:
        """What a query of another module finds. Raises Unavailable."""
        return await self._dicts(query)

    async def _ids(self, query: Any) -> list[UUID]:
        async with self._reading() as connection:
            return list(await connection.scalars(query))

    async def _dicts(self, query: Any) -> list[dict[str, Any]]:
        return await self.read(lambda connection: [dict(row) for row in connection.execute(query).mappings()])


def _take_references(connection: Connection) -> int:
    """The first of a block of numbers that nobody else gets."""
    rows = tables.series
    taking = update(rows).where(rows.c.name == SEGMENTS).values(next=rows.c.next + REFERENCES_AT_ONCE).returning(rows.c.next)
    after = connection.scalar(taking)
    if after is None:
        connection.execute(insert(rows).values(name=SEGMENTS, next=1 + REFERENCES_AT_ONCE))
        return 1
    return int(after) - REFERENCES_AT_ONCE


def _executing(statement: Any) -> Callable[[Connection], None]:
    def execute(connection: Connection) -> None:
        connection.execute(statement)

    return execute


def _written(connection: Connection, group: list[Job], audit_key: bytes) -> list[Job]:
    """Writes the group's rows; the jobs that were stale, and of which nothing was written."""
    stale = _stale(connection, group)
    _write_rows(connection, [job for job in group if job not in stale], audit_key)
    return stale


def _stale(connection: Connection, group: list[Job]) -> list[Job]:
    """The jobs whose conversation is not what it was; locks the others' rows, in one order for every process."""
    decided = [(job, job.step.before, job.step.after) for job in group if job.step and job.step.before]
    wanted = {before.id for _, before, _ in decided}
    if not wanted:
        return []
    found = {row.id: row.version for row in connection.execute(_VERSIONS, {"ids": list(wanted)})}
    stale = []
    for job, before, after in decided:  # two of one conversation in a group: the second sees what the first made of it
        if found.get(before.id) == before.version:
            found[before.id] = after.version
        else:
            stale.append(job)
    return stale


def _write_rows(connection: Connection, group: list[Job], audit_key: bytes) -> None:
    inserts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    updates: dict[tuple[str, tuple[str, ...], tuple[str, ...], str], list[dict[str, Any]]] = defaultdict(list)
    changed: list[dict[str, Any]] = []
    for job in group:
        if job.step:
            row = conversation_row(job.step.after)
            if job.step.before is None:
                inserts["conversation"].append({**row, "token_hash": job.token_hash})
            else:
                changed.append({"b_id" if name == "id" else name: value for name, value in row.items()})
            inserts["turn"].extend(_turn_row(job.step.after.id, turn) for turn in job.step.turns)
        for record in job.records:
            if isinstance(record, Insert):
                inserts[record.table].append(record.values)
            else:
                updates[record.table, tuple(record.values), record.unless, record.by].append({"b_id": record.id, **record.values})
    if changed:
        connection.execute(_update("conversation", (), "id"), changed)
    for name, rows in sorted(inserts.items(), key=lambda item: REFERRED_TO.get(item[0], 3)):
        if rows and name == "audit":
            audit.append(connection, audit_key, rows)
        elif rows:
            connection.execute(_insert(name), rows)
    for (name, _, unless, by), rows in updates.items():
        connection.execute(_update(name, unless, by), rows)


def _unavailable(error: SQLAlchemyError | OSError) -> Unavailable:
    _log_failure(error)
    return Unavailable()


def _log_failure(error: BaseException) -> None:
    """Once a second at most: while the database is away everything fails, and the log must not fill the disk."""
    global _logged_at
    if time.monotonic() - _logged_at >= LOG_EVERY:
        _logged_at = time.monotonic()
        log.error("store.failed", error=type(error).__name__, cause=type(error.__cause__).__name__)


# Made once: building a statement anew takes longer than carrying it out.

_VERSIONS = (
    select(tables.conversation.c.id, tables.conversation.c.version)
    .where(tables.conversation.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(tables.conversation.c.id)
    .with_for_update()
)


@functools.cache
def _insert(name: str) -> sql.Insert:
    return insert(_table(name))


@functools.cache
def _update(name: str, unless: tuple[str, ...], by: str) -> sql.Update:
    """Of the rows whose column `by` is `b_id`, unless their status is one of these."""
    table = _table(name)
    return update(table).where(table.c[by] == bindparam("b_id"), *([table.c.status.not_in(unless)] if unless else []))


def _table(name: str) -> Table:
    return tables.metadata.tables[name]


def conversation_of(body: Any) -> Conversation:
    return msgspec.convert(body, Conversation)


def conversation_row(c: Conversation) -> dict[str, Any]:
    return {
        "id": c.id, "reference": c.reference, "external_key": c.external_key, "version": c.version, "state": c.state.value,
        "epoch": c.epoch, "team": c.team, "owner": c.owner.staff if c.owner else None, "priority": c.priority,
        "waiting_since": c.waiting_since, "due_at": c.due_at, "created_at": c.created_at, "last_at": c.last_at,
        "closed_at": c.closed_at, "body": c, "person_id": c.identity.person if c.identity else None, "kept_as": c.kept_as,
        "legal_basis": c.legal_basis, "destroy_at": c.destroy_at,
    }  # fmt: skip


_TURN_COLUMNS = ("pos", "seq", "author", "name", "text", "at", "language", "kind", "topic", "aspect", "note", "suppressed", "data")


def _turn_row(conversation: UUID, turn: Turn) -> dict[str, Any]:
    return {"conversation_id": conversation, **{name: getattr(turn, name) for name in _TURN_COLUMNS}}


def turn_of(row: Row[Any]) -> Turn:
    return Turn(**{name: getattr(row, name) for name in _TURN_COLUMNS})
