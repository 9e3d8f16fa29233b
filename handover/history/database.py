"""Opening the database: SQLite in WAL mode with durable commits, or PostgreSQL; and bringing its schema up to date."""

from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def open_engine(url: str, *, writer: bool) -> AsyncEngine:
    """An engine for reading, or the one through which everything is written (on SQLite a single connection)."""
    options: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": lambda value: msgspec.json.encode(value).decode(),
        "json_deserializer": msgspec.json.decode,
    }
    if not is_sqlite(url):
        return create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True, **options)
    engine = create_async_engine(url, pool_size=1 if writer else 5, max_overflow=0, pool_timeout=30, **options)
    begin = "BEGIN IMMEDIATE" if writer else "BEGIN"

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say ourselves when a transaction begins
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


async def migrate(url: str) -> None:
    """Brings the schema up to date; does nothing when it is."""
    if is_sqlite(url):
        Path(url.split("///", 1)[1]).parent.mkdir(parents=True, exist_ok=True)
    engine = open_engine(url, writer=True)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def newest_revision() -> str:
    """Files are named <revision>_<what>.py, with revisions that sort."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("*.py"))


def _revision(connection: Connection) -> Any:
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


def _upgrade(connection: Connection) -> None:
    if inspect(connection).has_table("alembic_version") and _revision(connection) == newest_revision():
        return
    from alembic import command  # takes a good part of a second to import: only when there is something to do
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
