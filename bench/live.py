"""The relay while 50 and 500 residents talk with staff, one message each way every 10 seconds: one process, and a cluster.

Everything is stored before it is told. Beside it stands python-socketio, a library that a user could choose instead, with as
many rooms of two; it stores nothing. The cluster is two service processes on PostgreSQL and Redis, in which most
residents are on another process than their member of staff.
"""

import asyncio
import contextlib
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import socketio

from bench.relay import listens
from bench.table import percentile, row
from tests.cluster.running import Cluster
from tests.servers import HAS_POSTGRES, HAS_REDIS, postgres, redis
from tests.stack.people import Colleague, Resident, colleague, resident
from tests.stack.running import Stack, free_port

LIVE = (1, 50, 500)  # conversations
EVERY = 10.0  # seconds between two messages of one side
FAST = 0.5  # the same where there is one conversation: enough messages in as short a time
SECONDS = 30.0  # of measuring
EACH = 25  # conversations of one member of staff
ARRIVING = 10  # at once, before it begins

SOCKETIO = """
import sys
import socketio
from aiohttp import web
server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")
app = web.Application()
server.attach(app)
@server.event
async def join(sid, room):
    await server.enter_room(sid, room)
@server.event
async def say(sid, told):
    await server.emit("said", told, room=told["room"], skip_sid=sid)
    return True
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
"""

Say = Callable[[str], Awaitable[None]]


class Talk:
    """One conversation: two sides that each say something, and what the other side heard when."""

    def __init__(self, to_staff: Say, to_resident: Say) -> None:
        self.sides = (to_staff, to_resident)
        self._waiting: dict[str, asyncio.Future[float]] = {}

    def heard(self, text: str) -> None:
        waiting = self._waiting.get(text)
        if waiting and not waiting.done():
            waiting.set_result(time.perf_counter())

    async def seconds(self, say: Say, text: str) -> float:
        arrived = self._waiting[text] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await say(text)
        at = await asyncio.wait_for(arrived, 60)
        del self._waiting[text]
        return at - began


async def measure(folder: Path) -> list[dict[str, Any]]:
    alone = await _each(lambda live: _ours(Stack(folder / f"one-{live}"), live))
    beside = await _each(_socketio)
    rows = _rows("", alone, beside, idle=3)
    if HAS_POSTGRES and HAS_REDIS:
        async with _cluster(folder) as made:
            rows += _rows(", cluster", await _each(lambda live: _ours(made(live), live)), beside, idle=8)
    else:
        print("bench: no cluster: it needs PostgreSQL and Redis (apt-get install postgresql redis-server)", file=sys.stderr)
    return rows


def _rows(where: str, ours: dict[int, list[float]], beside: dict[int, list[float]], idle: float) -> list[dict[str, Any]]:
    peer, rows = "python-socketio, nothing stored", []
    for live in LIVE:
        for share, name in ((0.5, "p50"), (0.99, "p99")):
            bar = ("ours <=", idle) if (live, name) == (1, "p50") else ("ours <=", 50.0) if (live, name) == (500, "p99") else None
            what = f"relay, {live} live{where}, {name}, ms"
            rows.append(row(what, [percentile(ours[live], share)], [percentile(beside[live], share)], peer, bar=bar))
    return rows


async def _each(measured: Callable[[int], Awaitable[list[float]]]) -> dict[int, list[float]]:
    return {live: await measured(live) for live in LIVE}


async def _hold(talks: list[Talk]) -> list[float]:
    """Milliseconds of every message, both ways, from sending to arriving."""
    dice, every, found = random.Random(len(talks)), EVERY if len(talks) > 1 else FAST, []
    end = time.monotonic() + SECONDS

    async def side(number: int, way: int, talk: Talk) -> None:
        await asyncio.sleep(dice.uniform(0, every))
        count = 0
        while time.monotonic() < end:
            began = time.monotonic()
            found.append(await talk.seconds(talk.sides[way], f"{number} {way} {count}") * 1000)
            count += 1
            await asyncio.sleep(max(0.0, every - (time.monotonic() - began)))

    await asyncio.gather(*(side(number, way, talk) for number, talk in enumerate(talks) for way in (0, 1)))
    return found


# Ours


async def _ours(stack: Stack, live: int) -> list[float]:
    clients: list[Any] = []
    listening: list[asyncio.Task[None]] = []
    try:
        await asyncio.to_thread(stack.start)
        staff = [await colleague(stack, f"Collega {number}") for number in range(max(1, live // EACH))]
        places = asyncio.Semaphore(ARRIVING)

        async def arrive(one: Colleague, free: asyncio.Lock) -> tuple[Resident, Colleague]:
            async with places:
                fatma = await resident(stack)
                await fatma.do(type="human")
                await fatma.state("waiting")
                async with free:
                    await one.takes(fatma.conversation)
                    await one.opens(fatma.conversation)
                await fatma.state("staff")
            return fatma, one

        locks = [asyncio.Lock() for _ in staff]
        pairs = await asyncio.gather(*(arrive(staff[n % len(staff)], locks[n % len(staff)]) for n in range(live)))
        talks = {}
        for fatma, one in pairs:
            talks[fatma.conversation] = Talk(_saying(fatma), _replying(one, fatma.conversation))
            listening.append(asyncio.create_task(_listen(fatma, lambda _frame, own=talks[fatma.conversation]: own)))  # type: ignore[misc]
        listening += [asyncio.create_task(_listen(one, lambda frame: talks.get(frame["conversation"]))) for one in staff]
        clients += [*staff, *(fatma for fatma, _ in pairs)]
        return await _hold(list(talks.values()))
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)
        await asyncio.to_thread(stack.close)


def _saying(fatma: Resident) -> Say:
    async def say(text: str) -> None:
        await fatma.send(type="message", text=text)

    return say


def _replying(one: Colleague, conversation: str) -> Say:
    async def say(text: str) -> None:
        await one.send(type="reply", conversation=conversation, text=text)

    return say


async def _listen(client: Resident | Colleague, of: Callable[[dict[str, Any]], Talk | None]) -> None:
    """Reads everything, so that nobody is a slow reader; frames are not kept."""
    while True:
        frame = await client.next(60)
        client.frames.clear()
        if frame["type"] == "presence" and isinstance(client, Colleague):
            await client.send_raw('{"type":"presence","status":"available"}')
        if frame["type"] == "turn" and (talk := of(frame)):
            talk.heard(frame["turn"]["text"])


@contextlib.asynccontextmanager
async def _cluster(folder: Path) -> AsyncIterator[Callable[[int], Stack]]:
    with postgres(durable=True) as database, redis() as bell:
        names = {live: await database.new_database() for live in LIVE}
        yield lambda live: Cluster(folder / f"cluster-{live}", database, bell, names[live])


# The yardstick


async def _socketio(live: int) -> list[float]:
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", SOCKETIO, str(port)])
    clients: list[socketio.AsyncClient] = []
    try:
        await asyncio.to_thread(listens, port)
        talks = []
        for number in range(live):
            pair = [await _member(port, str(number)) for _ in range(2)]
            clients += pair
            talk = Talk(_emitting(pair[0], number), _emitting(pair[1], number))
            for client in pair:
                client.on("said", lambda told, own=talk: own.heard(told["text"]))
            talks.append(talk)
        return await _hold(talks)
    finally:
        await asyncio.gather(*(client.disconnect() for client in clients), return_exceptions=True)
        server.terminate()
        server.wait(10)


async def _member(port: int, room: str) -> socketio.AsyncClient:
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
    await client.emit("join", room)
    return client


def _emitting(client: socketio.AsyncClient, room: int) -> Say:
    async def say(text: str) -> None:
        await client.emit("say", {"room": str(room), "text": text})

    return say
