"""Starts and stops a real service on a free port with a data folder of its own."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handover.history.store import Store
from handover.settings import read_settings
from handover.staff.accounts import Accounts
from tests.servers import free_port
from tests.stack import site

ROOT = Path(__file__).resolve().parent.parent.parent
WEGWIJS = ROOT / ".venv" / "bin" / "wegwijs"
READY_WITHIN = 240.0  # seconds; on a busy machine
PASSWORD = "correct-paard-batterij"


class Stack:
    """`url`, `ws_url`, `origin`; `start`, `stop` and `kill` the service. Everything it writes is in `data`."""

    def __init__(self, data: Path, **env: str) -> None:
        self.data, self.port = data, free_port()
        self.url, self.ws_url = f"http://127.0.0.1:{self.port}", f"ws://127.0.0.1:{self.port}"
        self.origin = self.url
        unwanted = ("WEGWIJS_", "PYTHONDONTWRITEBYTECODE")  # without bytecode each start compiles everything anew
        clean = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        self._env = {**clean, "WEGWIJS_PORT": str(self.port), "WEGWIJS_DATA": str(data), "WEGWIJS_OPENING_HOURS": "always",
                     "WEGWIJS_IDENTITY_KEYS": str(site.write_keys(data)), "WEGWIJS_IDENTITY_ISSUER": site.ISSUER, **env}  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._staff: set[str] = set()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait_for_bot: bool = True) -> "Stack":
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "output.log").open("ab") as output:
            self._process = subprocess.Popen([WEGWIJS, "serve"], env=self._env, cwd=ROOT, stdout=output, stderr=output)
        self.wait_until(lambda: self.health() is not None, READY_WITHIN)
        if wait_for_bot:
            self.wait_until(self.bot_is_up, READY_WITHIN)
        return self

    def bot_is_up(self) -> bool:
        return (self.health() or {}).get("bot") == "ok"

    def health(self) -> dict[str, Any] | None:
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(f"{self.url}/health", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
        return None

    def wait_until(self, condition: Any, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self._process is not None and self._process.poll() is not None:
                raise AssertionError(f"the service ended:\n{self.output()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s:\n{self.output()}")
            time.sleep(0.05)

    def output(self) -> str:
        files = [self.data / "output.log", *sorted((self.data / "logs").glob("*.log"))]
        return "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')[-3000:]}" for file in files if file.exists())

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(90)
        self._process = None
        return code

    def kill(self) -> None:
        """As a power cut would: no time for anything."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)
        self._process = None

    def close(self) -> None:
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop()
            if self._process is not None:
                self.kill()

    def rasa_pids(self) -> list[int]:
        return self.children()

    def children(self) -> list[int]:
        """Of the service's process, as /proc has them."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
                if int(parent) == self.pid and state != "Z":
                    found.append(int(stat.parent.name))
        return found

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The `wegwijs` command on this stack's data."""
        return subprocess.run(
            [WEGWIJS, *arguments], env=self._env, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False, timeout=180
        )

    def identity(self, sub: str, **claims: Any) -> str:
        """A fresh token of the municipality's site for who is logged in there as `sub`."""
        return site.token(self.url, sub, **claims)

    def staff(self, name: str, team: str = "kcc", role: str = "medewerker") -> tuple[str, str]:
        """(name, password) of an account, made at the first call; by what `wegwijs staff add` does, without the second that it starts."""
        if name not in self._staff:
            with ThreadPoolExecutor(1) as beside_a_running_loop:
                beside_a_running_loop.submit(asyncio.run, self._add(name, team, role)).result()
            self._staff.add(name)
        return name, PASSWORD

    async def _add(self, name: str, team: str, role: str) -> None:
        store = Store(read_settings(self._env).database_url)
        await store.start()
        try:
            await Accounts(store).add(name, PASSWORD, role, [team], datetime.now(UTC))
        finally:
            await store.stop()

    def log_in(self, name: str, **account: str) -> str:
        """The value of the session cookie."""
        self.staff(name, **account)
        return self.new_session(name)

    def new_session(self, name: str) -> str:
        """The same, of an account that is there."""
        body = json.dumps({"name": name, "password": PASSWORD}).encode()
        request = urllib.request.Request(f"{self.url}/console/login", body, {"Content-Type": "application/json", "Origin": self.origin})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.headers["Set-Cookie"]).split(";")[0].split("=", 1)[1]


@contextlib.contextmanager
def running(data: Path, **env: str) -> Iterator[Stack]:
    stack = Stack(data, **env)
    try:
        yield stack.start()
    finally:
        stack.close()
