"""A process of its own that sends what waits: python -m tests.handover.registers.child DATABASE URL FACTS. Made to be killed."""

import asyncio
import pickle
import sys
from datetime import UTC, datetime
from pathlib import Path

from handover.history.store import Store
from tests.handover.registers.world import World


async def send(database: str, url: str, facts: bytes) -> None:
    """Sends what waits in `database` to the register at `url`; `facts`: the contacts, pickled."""
    store = Store(database)
    await store.start()
    world = World(store, database, datetime.now(UTC))
    world.url, world.transport = url, None
    world.contacts = pickle.loads(facts)
    world.start()
    await world.drain(senders=1)
    await world.stop()
    await store.stop()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_bytes()))
