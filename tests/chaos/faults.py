"""What breaks: one fault a round, picked by the seed; each is over after a moment, or mends itself."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Awaitable, Callable

from tests.chaos.people import Client
from tests.cluster.running import Cluster


class Faults:
    def __init__(self, cluster: Cluster, clients: list[Client], chance: random.Random) -> None:
        self._cluster, self._clients, self._chance = cluster, clients, chance
        self.cuts = 0
        self.kinds: list[Callable[[], Awaitable[None]]] = [
            self.service_dies, self.service_hangs, self.rasa_dies, self.redis_dies, self.postgres_dies, self.database_line_is_cut,
            self.database_line_hangs, self.database_line_is_slow, self.redis_line_is_cut, self.redis_line_hangs, self.clients_are_cut,
        ]  # fmt: skip

    async def one(self) -> str:
        fault = self._chance.choice(self.kinds)
        await fault()
        return fault.__name__

    def _kill(self, pids: list[int], sent: signal.Signals) -> int | None:
        if not pids:
            return None
        pid = self._chance.choice(pids)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sent)
        return pid

    async def service_dies(self) -> None:
        self._kill(self._cluster.worker_pids(), signal.SIGKILL)

    async def service_hangs(self) -> None:
        pid = self._kill(self._cluster.worker_pids(), signal.SIGSTOP)
        await self._moment()
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def rasa_dies(self) -> None:
        self._kill(self._cluster.rasa_pids(), signal.SIGKILL)

    async def redis_dies(self) -> None:
        self._cluster.bell.kill()
        await self._moment()
        await asyncio.to_thread(self._cluster.bell.start)

    async def postgres_dies(self) -> None:
        self._cluster.database.kill()
        await self._moment()
        await asyncio.to_thread(self._cluster.database.start)

    async def database_line_is_cut(self) -> None:
        self._cluster.database_line.refuse(True)
        await self._moment()
        self._cluster.database_line.heal()

    async def database_line_hangs(self) -> None:
        self._cluster.database_line.hang(True)
        await self._moment()
        self._cluster.database_line.heal()

    async def database_line_is_slow(self) -> None:
        self._cluster.database_line.slow(0.05)
        await self._moment()
        self._cluster.database_line.heal()

    async def redis_line_is_cut(self) -> None:
        self._cluster.bell_line.refuse(True)
        await self._moment()
        self._cluster.bell_line.heal()

    async def redis_line_hangs(self) -> None:
        self._cluster.bell_line.hang(True)
        await self._moment()
        self._cluster.bell_line.heal()

    async def clients_are_cut(self) -> None:
        for _ in range(20):
            self.cuts += self._chance.choice(self._clients).cut()
            await asyncio.sleep(self._chance.uniform(0, 0.1))

    async def _moment(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.3, 2.5))
