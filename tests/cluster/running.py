"""A real installation of several processes, and which of them a client ended up with."""

import contextlib
import os
from pathlib import Path

from tests import servers
from tests.proxy import Proxy
from tests.stack.people import Client, Colleague, Resident, colleague, resident
from tests.stack.running import Stack


class Cluster(Stack):
    def __init__(self, data: Path, database: servers.Postgres, bell: servers.Redis, name: str, **env: str) -> None:
        """`name`: of the database. `database_line` and `bell_line` are what it reaches them through."""
        self.database, self.bell, self.name = database, bell, name
        self.database_line, self.bell_line = Proxy(database.port), Proxy(bell.port)
        super().__init__(data, **{
            "WEGWIJS_DATABASE_URL": database.url(name, self.database_line.port).replace("+asyncpg", ""),
            "WEGWIJS_REDIS_URL": bell.url(self.bell_line.port),
            "WEGWIJS_WORKERS": "2", "WEGWIJS_RASA_PROCESSES": "2", **env,
        })  # fmt: skip

    def close(self) -> None:
        super().close()
        self.database_line.close()
        self.bell_line.close()

    def worker_pids(self) -> list[int]:
        return [pid for pid in self.children() if "handover.worker" in _command(pid)]

    def rasa_pids(self) -> list[int]:
        return [pid for pid in self.children() if "bot.serve" in _command(pid)]

    def worker_of(self, client: Client) -> int:
        """The pid of the process that holds the other end of its socket."""
        port = client.local_port
        wanted = f":{self.port:04X} ", f":{port:04X} "
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if f"{fields[1]} ".endswith(wanted[0]) and f"{fields[2]} ".endswith(wanted[1]):
                inode = fields[9]
                break
        else:
            raise AssertionError(f"no socket from port {port}")
        for pid in self.worker_pids():
            for fd in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(fd) == f"socket:[{inode}]":
                        return pid
        raise AssertionError(f"nobody holds the socket from port {port}")

    async def elsewhere(self, than: Client, token: str | None = None) -> Resident:
        """A resident on another process than this client; with `token` the same conversation again."""
        taken = self.worker_of(than)
        while True:
            found = await resident(self, token)
            if self.worker_of(found) != taken:
                return found
            await found.close()

    async def colleague_elsewhere(self, than: Client, name: str, status: str | None = "available") -> Colleague:
        taken, cookie = self.worker_of(than), self.log_in(name)
        while True:
            found = await colleague(self, name, None, cookie=cookie)
            if self.worker_of(found) != taken:
                if status:
                    await found.here(status)
                return found
            await found.close()


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""
