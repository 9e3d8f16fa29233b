"""Takeover and late answer in every order: two processes, one store, a bus that loses and mixes up."""

import asyncio
import contextlib
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
A_STORE = 500  # worlds: what they leave behind is looked at by all that follow


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A line of log for each change of owner would take longer than the change."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{path}"
    await migrate(url)
    store = Store(url)
    await store.start()
    try:
        yield store
    finally:
        await store.stop()


async def test_takeover_and_late_answer_in_every_order(tmp_path: Path) -> None:
    """NFR-3, SEC-17. A failure names its seed: SEED=… INTERLEAVINGS=1 makes the same choices again; the disk keeps its own time."""
    library = Library(ROOT / "data", ROOT / "data" / "municipality.yml", "always")
    for first in range(SEED, SEED + WORLDS, A_STORE):
        last = min(first + A_STORE, SEED + WORLDS)
        seeds = iter(range(first, last))
        async with opened(tmp_path / f"{first}.db") as store:

            async def play(store: Store = store, seeds: Iterator[int] = seeds) -> None:
                for seed in seeds:
                    await World(store, library, seed, MORNING).plays()

            await asyncio.gather(*(play() for _ in range(min(AT_ONCE, last - first))))
        if WORLDS > A_STORE:
            print(f"interleavings: {last - SEED} of {WORLDS}", flush=True)
