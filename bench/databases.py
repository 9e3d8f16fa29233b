"""PostgreSQL beside SQLite: a server of our own where the system has the programs, with commits that survive a power cut."""

import contextlib
from collections.abc import AsyncIterator

from tests.servers import HAS_POSTGRES, Postgres


@contextlib.asynccontextmanager
async def postgres() -> AsyncIterator[str | None]:
    """The URL of an empty database, or None where there is no PostgreSQL."""
    if not HAS_POSTGRES:
        yield None
        return
    server = Postgres(durable=True)
    server.start()
    try:
        yield server.url(await server.new_database())
    finally:
        server.close()
