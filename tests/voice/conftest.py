"""The world of these tests: open day and night, closed, or as the municipality is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.voice.world import World, running


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path / "data") as made:
        yield made


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[World]:
    """Nobody can be reached."""
    async with running(tmp_path / "data", hours="never") as made:
        yield made
