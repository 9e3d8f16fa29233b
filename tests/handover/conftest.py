"""What several folders need: hypothesis settings that are bounded and, in CI, the same every time; a library; a store."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from handover.content.library import Library
from handover.history.store import Store
from handover.settings import ROOT
from tests.databases import new_sqlite
from tests.servers import Postgres, needs_postgres

MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday, ten o'clock in Amsterdam

_bounds = {"max_examples": 100, "deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("here", **_bounds)
settings.register_profile("ci", **_bounds, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


@pytest.fixture(scope="session")
def library() -> Library:
    """The example municipality's content, as it is served."""
    return Library(ROOT / "data", ROOT / "data" / "municipality.yml", "municipality")


@pytest.fixture
def now() -> datetime:
    return MORNING


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of one with the newest schema and nothing in it; every test that stores something runs on both."""
    if request.param == "sqlite":
        path = tmp_path / "folder" / "wegwijs.db"
        await asyncio.to_thread(new_sqlite, path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name = await server.migrated_database()
    yield server.url(name)
    await server.drop(name)


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    opened = Store(database)
    await opened.start()
    yield opened
    await opened.stop()
