"""Random death under traffic. At the end every client's view is held against the store.

The short form is part of the tests; `make chaos SEED=… ROUNDS=… CUTS=…` is the long one. A failure names its seed, which
gives the same faults and the same people again (what the machine makes of it may differ).
"""

import asyncio
import os
import random
import time
from collections import Counter
from uuid import UUID

from handover.content.library import Library
from handover.history.store import Store
from handover.settings import ROOT
from tests.chaos.checker import check_numbers, check_owners, check_view
from tests.chaos.faults import Faults
from tests.chaos.people import Client, Colleague, Resident
from tests.cluster.running import Cluster
from tests.stack.people import resident

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
ROUNDS = int(os.environ.get("ROUNDS", "8"))
CUTS = int(os.environ.get("CUTS", "60"))  # lost connections of clients at least
RESIDENTS, STAFF = 6, ("Anja", "Bram", "Chris")


async def test_whatever_dies_nothing_is_lost_doubled_or_out_of_order(cluster: Cluster) -> None:
    """NFR-3, SEC-17, SEC-20."""
    chance = random.Random(SEED)
    residents = [Resident(number, cluster.ws_url, cluster.origin, random.Random(chance.random())) for number in range(RESIDENTS)]
    staff = [Colleague(name, cluster.ws_url, cluster.origin, cluster.log_in(name), random.Random(chance.random())) for name in STAFF]
    clients: list[Client] = [*residents, *staff]
    tasks = [asyncio.create_task(client.live()) for client in clients]
    acting = [asyncio.create_task(one.talks()) for one in residents] + [asyncio.create_task(one.works()) for one in staff]
    tasks += [asyncio.create_task(one.stays()) for one in staff]
    faults, happened = Faults(cluster, clients, chance), Counter[str]()
    try:
        await asyncio.sleep(2)
        for _ in range(ROUNDS):
            happened[await faults.one()] += 1
            await asyncio.sleep(chance.uniform(0.2, 1.5))
        while faults.cuts < CUTS:
            await faults.clients_are_cut()
        for client in clients:
            client.over = True
        await _until_done(acting)
        await _whole(cluster, residents)
        claims, spoke = await _check(cluster, residents, staff)
        await _leave(cluster, residents)
    except BaseException as failed:
        raise AssertionError(f"SEED={SEED} ROUNDS={ROUNDS}: {failed!r} after {dict(happened)}\n{cluster.output()}") from failed
    finally:
        for task in [*tasks, *acting]:
            task.cancel()
        await asyncio.gather(*tasks, *acting, return_exceptions=True)
    print(f"\nseed {SEED}: {dict(happened)}, {faults.cuts} cuts, {spoke} messages, {claims} claims, nothing wrong")


async def _until_done(acting: list[asyncio.Task[None]]) -> None:
    """Until everybody has the answer to what they did last."""
    done, pending = await asyncio.wait(acting, timeout=240)
    assert not pending, "what was said is not answered"
    for task in done:
        task.result()


async def _whole(cluster: Cluster, residents: list[Resident]) -> None:
    """Until everybody has seen what is stored: without a new word, so by what was pushed or replayed."""
    store = Store(cluster.database.url(cluster.name))
    try:
        deadline = time.monotonic() + 120
        while True:
            stored = [await store.load(UUID(one.conversation)) for one in residents]
            behind = [one.number for one, found in zip(residents, stored, strict=True) if found and len(one.seen) != found[0].seq]
            if not behind and not any(found and found[0].asks for found in stored):
                return
            assert time.monotonic() < deadline, f"residents {behind} never saw the last turns"
            await asyncio.sleep(0.2)
    finally:
        await store.stop()


async def _leave(cluster: Cluster, residents: list[Resident]) -> None:
    """Nobody stands in the queue before the residents of other tests."""
    for one in residents:
        client = await resident(cluster, one.token)
        await client.do(type="close")
        await client.close()


async def _check(cluster: Cluster, residents: list[Resident], staff: list[Colleague]) -> tuple[int, int]:
    library = Library(ROOT / "data", ROOT / "data" / "municipality.yml", "always")
    store = Store(cluster.database.url(cluster.name))
    try:
        for one in residents:
            assert not one.wrong, f"resident {one.number}: {one.wrong}"
            found = await store.load(UUID(one.conversation))
            assert found is not None
            turns = await store.turns_after_pos(UUID(one.conversation), 0)
            seen = check_numbers(found[0], turns)
            check_view(one.seen, seen)
            check_owners(library, seen, STAFF)
            said = [turn.text for turn in seen if turn.author == "resident" and turn.text.endswith(")")]
            assert said == one.acked, f"resident {one.number} said other things than are stored"
    finally:
        await store.stop()
    claims = Counter[tuple[str, int]]()
    for colleague in staff:
        claims.update(colleague.claimed)
    twice = {claim: count for claim, count in claims.items() if count > 1}
    assert not twice, f"claimed more than once: {twice}"
    return len(claims), sum(len(one.acked) for one in residents)
