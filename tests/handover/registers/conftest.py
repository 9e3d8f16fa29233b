"""A world on SQLite, and on PostgreSQL where there is one."""

from collections.abc import AsyncIterator

import pytest

from handover.history.store import Store
from tests.handover.registers.world import World


@pytest.fixture
async def world(store: Store, database: str, now) -> AsyncIterator[World]:
    made = World(store, database, now)
    yield made
    await made.stop()
