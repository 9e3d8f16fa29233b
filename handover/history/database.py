"""Opening the database: SQLite in WAL mode with durable commits, or PostgreSQL; and bringing its schema up to date."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool, StaticPool

BUSY = 5000  # milliseconds that SQLite waits for another process
MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"

CONNECTIONS = 8  # of one process to PostgreSQL
PATIENCE = 10.0  # seconds for PostgreSQL to answer, after which it is taken for gone
MIGRATING = 0x77656777696A73  # the number of the lock that one of several starting processes holds

_OPTIONS: dict[str, Any] = {
    "hide_parameters": True,  # they hold what residents wrote, and errors are logged
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


class SqliteWriter:
    """The one connection through which everything is written to SQLite, in a thread of its own.

    aiosqlite would cross to a thread and back for every statement of a transaction (six times a turn, 1.5 ms); this
    crosses once for the whole transaction. What is written is the same function of a plain Connection on PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(
            url.replace("+aiosqlite", ""), connect_args={"check_same_thread": False}, poolclass=StaticPool, **_OPTIONS
        )
        _prepare_sqlite(self._engine, "BEGIN IMMEDIATE")
        self._thread = ThreadPoolExecutor(1, "sqlite writer")

    async def transact[T](self, work: Callable[[Connection], T]) -> T:
        """`work` in a transaction of its own, after those before it. Raises what `work` and the commit raise."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _transact[T](self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    async def shrink(self) -> bool:
        """Empties the write-ahead log, in which what was deleted still stands; False if a reader needs it at this moment."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._shrink)

    def _shrink(self) -> bool:
        raw = self._engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute("PRAGMA busy_timeout=50")  # who wants to write waits meanwhile
            [busy, *_] = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() or [1]
            cursor.execute(f"PRAGMA busy_timeout={BUSY}")
            return not busy
        finally:
            raw.close()

    async def dispose(self) -> None:
        await asyncio.to_thread(self._thread.shutdown)  # what was begun is finished
        self._engine.dispose()


class SqliteReader:
    """Several queries at once, as one piece of work in a thread: aiosqlite would cross threads twice for each of them."""

    THREADS = 4

    def __init__(self, url: str) -> None:
        self._engine = create_engine(
            url.replace("+aiosqlite", ""), connect_args={"check_same_thread": False}, poolclass=QueuePool, pool_size=self.THREADS,
            max_overflow=0, **_OPTIONS,
        )  # fmt: skip
        _prepare_sqlite(self._engine, "BEGIN")
        self._threads = ThreadPoolExecutor(self.THREADS, "sqlite reader")

    async def read[T](self, work: Callable[[Connection], T]) -> T:
        """Raises what `work` raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, work)

    def _read[T](self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return work(connection)

    async def dispose(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


class PostgresReader:
    """The same over an asynchronous engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read[T](self, work: Callable[[Connection], T]) -> T:
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def dispose(self) -> None:
        await self._engine.dispose()


class PostgresWriter:
    """The same over an asynchronous engine. Raises OSError when PostgreSQL cannot be reached, or TimeoutError, which is one."""

    def __init__(self, engine: AsyncEngine, patience: float | None) -> None:
        self._engine, self._patience = engine, patience

    async def transact[T](self, work: Callable[[Connection], T]) -> T:
        async with asyncio.timeout(self._patience), self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def shrink(self) -> bool:
        """PostgreSQL's own vacuum does that."""
        return True

    async def dispose(self) -> None:
        await self._engine.dispose()


def open_engine(url: str) -> AsyncEngine:
    """The engine for reading; on PostgreSQL also the one to write with."""
    if not is_sqlite(url):
        durable = {"synchronous_commit": "on", "application_name": "wegwijs"}  # whatever the server's own default is
        return create_async_engine(
            url, pool_size=CONNECTIONS, max_overflow=0, pool_timeout=PATIENCE, pool_pre_ping=True,
            connect_args={"timeout": 5, "command_timeout": PATIENCE, "server_settings": durable}, **_OPTIONS,
        )  # fmt: skip
    engine = create_async_engine(url, pool_size=5, max_overflow=0, pool_timeout=30, **_OPTIONS)
    _prepare_sqlite(engine.sync_engine, "BEGIN")
    return engine


def open_writer(url: str, reading: AsyncEngine, patience: float | None = PATIENCE) -> SqliteWriter | PostgresWriter:
    """`patience`: seconds that a transaction on PostgreSQL may take; SQLite waits for the disk only."""
    return SqliteWriter(url) if is_sqlite(url) else PostgresWriter(reading, patience)


def open_reader(url: str, reading: AsyncEngine) -> SqliteReader | PostgresReader:
    return SqliteReader(url) if is_sqlite(url) else PostgresReader(reading)


def _prepare_sqlite(engine: Engine, begin: str) -> None:
    """Write-ahead log, commits that survive a power cut, transactions that begin when we say so; what is deleted is overwritten."""

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY}", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


async def migrate(url: str) -> None:
    """Brings the schema up to date; does nothing when it is. Several processes may do so at once."""
    if is_sqlite(url):
        Path(url.split("///", 1)[1]).parent.mkdir(parents=True, exist_ok=True)
    # a migration may take longer than anything else that is asked of PostgreSQL
    writer = open_writer(url, create_async_engine(url, **_OPTIONS) if not is_sqlite(url) else open_engine(url), None)
    try:
        await writer.transact(_upgrade)
    finally:
        await writer.dispose()


def newest_revision() -> str:
    """Files are named <revision>_<what>.py, with revisions that sort."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("*.py"))


def _revision(connection: Connection) -> Any:
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


def _upgrade(connection: Connection) -> None:
    if inspect(connection).has_table("alembic_version") and _revision(connection) == newest_revision():
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATING})
        if inspect(connection).has_table("alembic_version") and _revision(connection) == newest_revision():
            return  # another process was first
    from alembic import command  # takes a good part of a second to import: only when there is something to do
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
