"""The world of these tests: open day and night, closed, or as the municipality is."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from tests.voice.world import World, running


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """As the service writes it: its own lines, without the values of variables."""
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.format_exc_info,
                                    structlog.processors.JSONRenderer()], cache_logger_on_first_use=False)  # fmt: skip
    yield
    structlog.reset_defaults()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path / "data") as made:
        yield made


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[World]:
    """Nobody can be reached."""
    async with running(tmp_path / "data", hours="never") as made:
        yield made
