"""PostgreSQL beside SQLite, where there is one to measure on."""

import os

from sqlalchemy import text

from handover.history.database import open_engine

POSTGRES = "WEGWIJS_BENCH_POSTGRES_URL"  # a database that may be emptied; else the one of the tests


def postgres() -> str | None:
    given = os.environ.get(POSTGRES) or os.environ.get("WEGWIJS_TEST_POSTGRES_URL")
    return given.replace("postgresql://", "postgresql+asyncpg://", 1) if given else None


async def empty(url: str) -> None:
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await engine.dispose()
