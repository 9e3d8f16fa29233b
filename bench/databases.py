"""PostgreSQL beside SQLite: a server of our own where the system has the programs, with commits that survive a power cut."""

import contextlib
from collections.abc import AsyncIterator

from tests import servers


@contextlib.asynccontextmanager
async def postgres() -> AsyncIterator[str | None]:
    """The URL of an empty database, or None where there is no PostgreSQL."""
    if not servers.HAS_POSTGRES:
        yield None
        return
    with servers.postgres(durable=True) as server:
        yield server.url(await server.new_database())
