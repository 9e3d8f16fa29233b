"""Databases with the newest schema and nothing in them. To migrate one takes longer than most tests, so that is done once, and copied."""

import asyncio
import functools
import tempfile
from pathlib import Path

from handover.history.database import migrate


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wegwijs.db"
        asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
        return path.read_bytes()


def new_sqlite(path: Path) -> None:
    """To be called outside an event loop, or in a thread."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_migrated())
