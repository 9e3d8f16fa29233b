"""A world on SQLite, and on PostgreSQL where there is one."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from handover.history.database import open_engine
from handover.history.store import Store
from tests.handover.conftest import POSTGRES
from tests.handover.registers.world import World

HOW = f"needs PostgreSQL: apt-get install postgresql, make an empty database, and set {POSTGRES}=postgresql://user@host/name"
ALSO_POSTGRES = pytest.param("postgresql", marks=[] if os.environ.get(POSTGRES) else [pytest.mark.skip(reason=HOW)])


@pytest.fixture(params=["sqlite", ALSO_POSTGRES])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'wegwijs.db'}"
        return
    url = os.environ[POSTGRES].replace("postgresql://", "postgresql+asyncpg://", 1)
    await _empty(url)
    yield url
    await _empty(url)


async def _empty(url: str) -> None:
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await engine.dispose()


@pytest.fixture
async def world(store: Store, database: str, now) -> AsyncIterator[World]:
    made = World(store, database, now)
    yield made
    await made.stop()
