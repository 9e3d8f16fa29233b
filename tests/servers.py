"""A real PostgreSQL and a real Redis, from the packages of the system, on free ports and in folders of their own.

PostgreSQL refuses to run as root: then it runs as the user that its package made.
"""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from handover.history.database import migrate

WITHIN = 60.0  # seconds for a server to answer
PORTS = (10_000, 32_000)
_chance = random.SystemRandom()


def free_port() -> int:
    """For a server that listens later, and perhaps again after it was killed. Below those that the kernel gives to clients meanwhile."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", _chance.randrange(*PORTS)))
            return int(probe.getsockname()[1])


def _postgres_programs() -> Path | None:
    """The folder of the newest PostgreSQL: Debian keeps each version in one of its own, outside the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


HAS_POSTGRES = _postgres_programs() is not None
HAS_REDIS = shutil.which("redis-server") is not None
NO_POSTGRES = "needs PostgreSQL: apt-get install postgresql"
NO_REDIS = "needs Redis: apt-get install redis-server"
needs_postgres = pytest.mark.skipif(not HAS_POSTGRES, reason=NO_POSTGRES)
needs_both = pytest.mark.skipif(not (HAS_POSTGRES and HAS_REDIS), reason="needs both: apt-get install postgresql redis-server")


class Server:
    """One server process; `kill` is kill -9, `start` brings it back on the same port with what it had stored."""

    name = ""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"wegwijs-{self.name}-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def user(self) -> str | None:
        return None

    def start(self) -> None:
        deadline = time.monotonic() + WITHIN
        while True:
            with (self.folder / "server.log").open("ab") as output:
                user = self.user()
                group = pwd.getpwnam(user).pw_gid if user else None
                extra = [] if user else None
                self._process = subprocess.Popen(
                    self.command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                    user=user, group=group, extra_groups=extra,
                )  # fmt: skip
            while self._process.poll() is None:
                if self.answers():
                    return
                self._patience(deadline)
            self._patience(deadline)  # what it had before may not be gone yet: once more

    def _patience(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise AssertionError(f"{self.name} does not start:\n{(self.folder / 'server.log').read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)

    def kill(self) -> None:
        """The process and its children, as a power cut would."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(60)

    def freeze(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGCONT)
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    name = "postgres"

    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: a commit is on the disk. Else only a machine without power would lose one, not a killed process."""
        super().__init__()
        self._fsync = "on" if durable else "off"
        self._migrated: str | None = None
        programs = _postgres_programs()
        assert programs is not None, NO_POSTGRES
        self._programs = programs
        user = self.user()
        if user:
            shutil.chown(self.folder, user)
        self._data = self.folder / "data"
        make = [str(programs / "initdb"), "-D", str(self._data), "-U", "wegwijs", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
        subprocess.run(
            make, check=True, capture_output=True, cwd=self.folder, user=user,
            group=pwd.getpwnam(user).pw_gid if user else None, extra_groups=[] if user else None,
        )  # fmt: skip

    def user(self) -> str | None:
        return "postgres" if os.geteuid() == 0 else None

    def command(self) -> list[str]:
        return [
            str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port), "-k", str(self.folder),
            "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=100",
            "-c", f"fsync={self._fsync}",
        ]  # fmt: skip

    def answers(self) -> bool:
        ready = [str(self._programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        return subprocess.run(ready, check=False).returncode == 0

    def url(self, name: str = "postgres", port: int | None = None) -> str:
        return f"postgresql+asyncpg://wegwijs@127.0.0.1:{port or self.port}/{name}"

    async def new_database(self, like: str = "template1") -> str:
        """The name of an empty one."""
        name = f"wegwijs_{uuid4().hex[:12]}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return name

    async def migrated_database(self) -> str:
        """The name of one with the newest schema and nothing in it."""
        if self._migrated is None:
            self._migrated = await self.new_database()
            await migrate(self.url(self._migrated))
        return await self.new_database(self._migrated)

    async def drop(self, name: str) -> None:
        """Also when a test has left a connection."""
        await self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _execute(self, command: str) -> None:
        connection = await asyncpg.connect(host="127.0.0.1", port=self.port, user="wegwijs", database="postgres")
        try:
            await connection.execute(command)
        finally:
            await connection.close()

    def dump(self, name: str, to: Path) -> None:
        self._run("pg_dump", "-Fc", "-d", name, "-f", str(to))

    def restore(self, name: str, dump: Path) -> None:
        self._run("pg_restore", "-d", name, "--no-owner", str(dump))

    def _run(self, program: str, *arguments: str) -> None:
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "wegwijs"]
        subprocess.run([str(self._programs / program), *where, *arguments], check=True, capture_output=True)


class Redis(Server):
    name = "redis"

    def command(self) -> list[str]:
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
        return False

    def url(self, port: int | None = None) -> str:
        return f"redis://127.0.0.1:{port or self.port}/0"


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    server = Postgres(durable=durable)
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def redis() -> Iterator[Redis]:
    server = Redis()
    try:
        server.start()
        yield server
    finally:
        server.close()
