"""The bus on a real Redis: what is told is heard by the others, and what is decided together holds for all."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest

from handover.bus import Alone
from handover.bus import redis as redis_bus
from handover.bus.redis import RedisBus
from tests import servers

pytestmark = pytest.mark.skipif(not servers.HAS_REDIS, reason=servers.NO_REDIS)


@pytest.fixture
def own_redis() -> Iterator[servers.Redis]:
    """One that a test may kill."""
    with servers.redis() as started:
        yield started


class Ear:
    def __init__(self, bus: RedisBus) -> None:
        self.heard: list[Any] = []
        self._gaps = 0
        bus.on("news", lambda what: self.heard.append(what["number"]))
        bus.on("gap", self._gap)

    def _gap(self, _what: dict[str, Any]) -> None:
        self._gaps += 1

    async def gap(self, number: int = 1) -> None:
        await _until(lambda: self._gaps >= number)

    async def hears(self, *numbers: int) -> None:
        await _until(lambda: set(numbers) <= set(self.heard))


async def _until(true: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.01)


@pytest.fixture
async def two(redis_server) -> AsyncIterator[tuple[RedisBus, RedisBus]]:
    buses = RedisBus(redis_server.url()), RedisBus(redis_server.url())
    ours = uuid4().hex
    for bus in buses:
        await bus.start(ours)
    yield buses
    for bus in buses:
        await bus.stop()


async def test_the_others_hear_in_order_and_not_oneself(two):
    ears = [Ear(bus) for bus in two]
    await asyncio.gather(*(_until(lambda bus=bus: bus.up) for bus in two))
    for number in range(1000):
        two[0].tell("news", number=number)
    await ears[1].hears(999)
    assert ears[1].heard == list(range(1000))
    assert ears[0].heard == []


async def test_another_installation_hears_nothing(two, redis_server):
    stranger = RedisBus(redis_server.url())
    ears = Ear(stranger), Ear(two[1])
    await stranger.start("another")
    await _until(lambda: stranger.up and two[1].up)
    two[0].tell("news", number=1)
    await ears[1].hears(1)
    await stranger.stop()
    assert ears[0].heard == []


async def test_redis_dies_and_comes_back(own_redis, monkeypatch):
    """What is told meanwhile is told then; and everybody knows that something may have been missed."""
    one, other = RedisBus(own_redis.url()), RedisBus(own_redis.url())
    ear = Ear(other)
    for bus in (one, other):
        await bus.start("same")
    await ear.gap()
    one.tell("news", number=1)
    await ear.hears(1)
    own_redis.kill()
    await _until(lambda: not one.up and not other.up)
    one.tell("news", number=2)
    assert await one.elected("timers", 2) is True
    assert await one.take("starts", "203.0.113.7", 1, 0.1) is None
    assert await one.tried("login", "anja", 60) is None
    assert await one.joined("c", "s", 5) == []
    await one.untried("login", "anja")
    await one.left("c", "s")
    await asyncio.to_thread(own_redis.start)
    await ear.gap(2)
    await ear.hears(2)
    for bus in (one, other):
        await bus.stop()


async def test_a_line_that_is_silently_dead_is_noticed(own_redis, monkeypatch):
    monkeypatch.setattr(redis_bus, "DEAF_AFTER", 1.0)
    monkeypatch.setattr(redis_bus, "BEAT", 0.2)
    bus = RedisBus(own_redis.url())
    ear = Ear(bus)
    await bus.start("same")
    await ear.gap()
    own_redis.freeze()
    await _until(lambda: not bus.up)
    own_redis.thaw()
    await ear.gap(2)
    await _until(lambda: bus.up)
    await bus.stop()


async def test_one_is_elected_until_it_is_gone(two):
    assert [await bus.elected("timers", 600) for bus in two] == [True, False]
    assert [await bus.elected("timers", 600) for bus in reversed(two)] == [False, True]
    assert await two[0].elected("timers", 0.3)  # its last sign of life
    await _until_true(lambda: two[1].elected("timers", 600))
    assert await two[0].elected("timers", 600) is False


async def _until_true(ask: Any) -> None:
    async with asyncio.timeout(60):
        while not await ask():
            await asyncio.sleep(0.05)


async def test_limits_hold_over_all(two):
    """SEC-16: a bucket and a count of failed tries that all processes share."""
    assert [await two[number % 2].take("starts", "203.0.113.7", 3, 0.001) for number in range(5)] == [True, True, True, False, False]
    assert await two[0].take("starts", "203.0.113.8", 3, 0.001)
    assert [await two[number % 2].tried("login", "anja", 60) for number in range(4)] == [0, 1, 2, 3]
    await two[1].untried("login", "anja")
    assert await two[0].tried("login", "anja", 60) == 3
    assert await two[0].tried("login", "bram", 60) == 0


async def test_a_bucket_fills_up_again(two):
    assert [await two[0].take("starts", "a", 1, 0.001) for _ in range(2)] == [True, False]
    await _until_true(lambda: two[1].take("starts", "a", 1, 20))


async def test_the_oldest_sockets_of_all_processes_are_too_many(two):
    for number in range(5):
        assert await two[number % 2].joined("c", f"s{number}", 5) == []
    assert await two[0].joined("c", "s5", 5) == ["s0"]
    await two[1].left("c", "s1")
    assert await two[1].joined("c", "s6", 5) == []
    assert await two[1].joined("another", "s7", 5) == []


async def test_sockets_of_a_dead_process_do_not_count(two, redis_server):
    dead = RedisBus(redis_server.url())
    dead._prefix = two[0]._prefix
    for number in range(5):
        await dead.joined("c", f"d{number}", 5)
    await two[0].joined("c", "s0", 5)  # itself alive since its first beat
    for number in range(1, 5):
        assert await two[0].joined("c", f"s{number}", 5) == []
    await dead._commands.aclose()


async def test_alone_everything_is_decided_here():
    bus = Alone()
    await bus.start("here")
    bus.on("news", lambda what: None)
    bus.tell("news", number=1)
    assert (bus.shared, bus.up, await bus.elected("timers", 1)) == (False, True, True)
    assert (await bus.take("a", "b", 1, 1), await bus.tried("a", "b", 1), await bus.joined("a", "b", 1)) == (None, None, [])
    await bus.untried("a", "b")
    await bus.left("a", "b")
    await bus.stop()
