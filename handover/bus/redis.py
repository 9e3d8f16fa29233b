"""The bus of several processes, on Redis: publish and subscribe, a few counters, and nothing that must not be lost.

Redis may be slow, restarted or gone. Then what is told waits here (as long as there is room), limits are decided by each
process alone, and whoever listens looks into the store by itself. Texts never go through Redis, only ids and numbers.
"""

import asyncio
import contextlib
import hashlib
import time
from collections import defaultdict, deque
from typing import Any
from uuid import uuid4

import msgspec
import redis.asyncio as redis
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from handover.bus import Heard

log = structlog.get_logger()
UNTOLD_AT_MOST = 20_000  # messages kept while Redis is away; who misses the oldest finds them in the store
AT_ONCE = 200  # messages in one round trip
BEAT = 2.0  # seconds between the signs of life that we send to ourselves
DEAF_AFTER = 6.0  # seconds without hearing even our own, after which the line is taken for dead
ALIVE_FOR = 15_000  # milliseconds that a process counts as alive after its last beat
PATIENCE = 1.0  # seconds for one command
AGAIN = 0.3  # seconds between two tries to connect
UNREACHABLE = (RedisError, OSError)  # TimeoutError is an OSError

_TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local burst, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local had = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = math.min(burst, (tonumber(had[1]) or burst) + (now - (tonumber(had[2]) or now)) * rate)
local ok = left >= 1
if ok then left = left - 1 end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(burst / rate) + 1)
return ok and 1 or 0
"""
_TRIED = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[1]))
local before = redis.call('ZCARD', KEYS[1])
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('EXPIRE', KEYS[1], math.ceil(tonumber(ARGV[1])))
return before
"""
_ELECTED = """
local who = redis.call('GET', KEYS[1])
if who and who ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_JOINED = """
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('EXISTS', ARGV[4] .. string.match(member, '^[^/]+')) == 0 then redis.call('ZREM', KEYS[1], member) end
end
local now = redis.call('TIME')
redis.call('ZADD', KEYS[1], now[1] + now[2] / 1000000, ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
local extra = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[2])
if extra <= 0 then return {} end
local popped, found = redis.call('ZPOPMIN', KEYS[1], extra), {}
for i = 1, #popped, 2 do found[#found + 1] = popped[i] end
return found
"""
SOCKETS_KEPT = 86_400  # seconds after the last join


class RedisBus:
    shared = True

    def __init__(self, url: str) -> None:
        self.process = uuid4().hex[:12]
        self._url = url
        self._commands = redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, max_connections=64, retry=Retry(NoBackoff(), 1)
        )  # the client's own retries would hold up a resident's first frame for seconds
        self._heard: dict[str, list[Heard]] = defaultdict(list)
        self._untold: deque[bytes] = deque(maxlen=UNTOLD_AT_MOST)
        self._more = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._heard_at = float("-inf")  # monotonic
        self._take, self._tried = self._commands.register_script(_TAKE), self._commands.register_script(_TRIED)
        self._elect, self._join = self._commands.register_script(_ELECTED), self._commands.register_script(_JOINED)

    @property
    def up(self) -> bool:
        return time.monotonic() - self._heard_at < DEAF_AFTER

    async def start(self, installation: str) -> None:
        self._prefix = f"wegwijs:{hashlib.sha256(installation.encode()).hexdigest()[:16]}:"
        for work in (self._listen, self._send, self._beat):
            self._spawn(work())

    async def stop(self) -> None:
        """Says what is left to say, if Redis is there."""
        with contextlib.suppress(*UNREACHABLE):
            async with asyncio.timeout(PATIENCE):
                while self._untold:
                    await self._publish([self._untold.popleft() for _ in range(min(len(self._untold), AT_ONCE))])
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(*UNREACHABLE):
            await self._commands.delete(self._prefix + "alive:" + self.process)
            await self._commands.aclose()

    # Telling and hearing

    def on(self, kind: str, heard: Heard) -> None:
        self._heard[kind].append(heard)

    def tell(self, kind: str, **what: Any) -> None:
        self._untold.append(msgspec.json.encode({"from": self.process, "kind": kind, **what}))
        self._more.set()

    async def _send(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._untold:
                batch = [self._untold[index] for index in range(min(len(self._untold), AT_ONCE))]
                try:
                    await self._publish(batch)
                except UNREACHABLE:
                    await asyncio.sleep(AGAIN)
                    continue
                for _ in batch:
                    if self._untold:  # it may have overflowed meanwhile
                        self._untold.popleft()

    async def _publish(self, batch: list[bytes]) -> None:
        """What is said twice, after an error, does no harm."""
        async with self._commands.pipeline(transaction=False) as pipe:
            for message in batch:
                pipe.publish(self._prefix + "bus", message)
            await pipe.execute()

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_on_one_line()
            except UNREACHABLE as error:
                if self._heard_at > 0:
                    log.warning("bus.lost", error=type(error).__name__)
                self._heard_at = float("-inf")
            await asyncio.sleep(AGAIN)

    async def _listen_on_one_line(self) -> None:
        """Until it breaks, or nothing is heard on it although we speak."""
        client = redis.from_url(
            self._url, socket_timeout=DEAF_AFTER, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
        )  # a line that was mended behind our back would be one on which something was missed
        try:
            line = client.pubsub()
            await line.subscribe(self._prefix + "bus")
            while True:
                message = await line.get_message(timeout=DEAF_AFTER)
                if message is None:
                    raise TimeoutError
                fresh, self._heard_at = not self.up, time.monotonic()
                if message["type"] == "subscribe":
                    log.info("bus.up", process=self.process)
                    self._hear({"kind": "gap"})
                    continue
                if fresh:
                    self._hear({"kind": "gap"})
                what = msgspec.json.decode(message["data"])
                if what["from"] != self.process:
                    self._hear(what)
        finally:
            with contextlib.suppress(*UNREACHABLE):
                await client.aclose()

    def _hear(self, what: dict[str, Any]) -> None:
        for heard in self._heard.get(what["kind"], ()):
            try:
                waiting = heard(what)
            except Exception as error:  # one bad message must not make us deaf
                log.error("bus.failed", kind=what["kind"], error=type(error).__name__, exc_info=error)
                continue
            if waiting is not None:
                self._spawn(waiting)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("bus.failed", error=type(error).__name__, exc_info=error)

    async def _beat(self) -> None:
        """Keeps our name alive in Redis, and lets us hear ourselves."""
        while True:
            self.tell("beat")
            with contextlib.suppress(*UNREACHABLE):
                await self._commands.set(self._prefix + "alive:" + self.process, 1, px=ALIVE_FOR)
            await asyncio.sleep(BEAT)

    # Deciding together

    async def elected(self, task: str, seconds: float) -> bool:
        with contextlib.suppress(*UNREACHABLE):
            return bool(await self._elect(keys=[self._prefix + task], args=[self.process, int(seconds * 1000)]))
        return True

    async def take(self, name: str, key: str, burst: float, per_second: float) -> bool | None:
        with contextlib.suppress(*UNREACHABLE):
            return bool(await self._take(keys=[self._key(name, key)], args=[burst, per_second]))
        return None

    async def tried(self, name: str, key: str, window: float) -> int | None:
        with contextlib.suppress(*UNREACHABLE):
            return int(await self._tried(keys=[self._key(name, key)], args=[window, uuid4().hex]))
        return None

    async def untried(self, name: str, key: str) -> None:
        with contextlib.suppress(*UNREACHABLE):
            await self._commands.zpopmax(self._key(name, key))

    async def joined(self, conversation: str, socket: str, at_most: int) -> list[str]:
        args: list[str | int] = [f"{self.process}/{socket}", at_most, SOCKETS_KEPT, self._prefix + "alive:"]
        with contextlib.suppress(*UNREACHABLE):
            found = await self._join(keys=[self._key("sockets", conversation)], args=args)
            return [member.decode().partition("/")[2] for member in found]
        return []

    async def left(self, conversation: str, socket: str) -> None:
        with contextlib.suppress(*UNREACHABLE):
            await self._commands.zrem(self._key("sockets", conversation), f"{self.process}/{socket}")

    def _key(self, name: str, key: str) -> str:
        """Hashed: keys are addresses and names of people, of any length."""
        return f"{self._prefix}{name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
