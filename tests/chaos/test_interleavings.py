"""Takeover and late answer in every order: two processes, one store, a bus that loses and mixes up."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from handover.content.library import Library
from handover.history.database import migrate
from handover.history.store import Store
from handover.settings import ROOT
from tests.chaos.schedule import World
from tests.handover.conftest import MORNING

WORLDS = int(os.environ.get("INTERLEAVINGS", "40"))
SEED = int(os.environ.get("SEED") or 0)
AT_ONCE = 48  # they share the store's commits


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A line of log for each change of owner would take longer than the change."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'wegwijs.db'}"
    await migrate(url)
    opened = Store(url)
    await opened.start()
    yield opened
    await opened.stop()


async def test_takeover_and_late_answer_in_every_order(store: Store) -> None:
    """NFR-3, SEC-17. A failure names its seed: SEED=… INTERLEAVINGS=1 makes the same choices again; the disk keeps its own time."""
    library = Library(ROOT / "data", ROOT / "data" / "municipality.yml", "always")
    seeds = iter(range(SEED, SEED + WORLDS))

    async def play() -> None:
        for seed in seeds:
            await World(store, library, seed, MORNING).plays()

    await asyncio.gather(*(play() for _ in range(min(AT_ONCE, WORLDS))))
