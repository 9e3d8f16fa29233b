"""Keeps the Rasa processes running: starts them on free ports of loopback, watches them, restarts what dies."""

import asyncio
import contextlib
import os
import signal
import socket
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec
import structlog

from handover.bootstrap import ROOT
from handover.rasa import Bot, Instance

log = structlog.get_logger()
STARTS_WITHIN = 180.0  # seconds; loading TensorFlow on a busy machine takes long
SILENT_FOR = 20.0  # seconds without an answer to a health check, after which a process is taken for hung
PYTHON = ROOT / "bot" / ".venv" / "bin" / "python"


class RasaProcess:
    """One of them. `run` goes on until it is cancelled."""

    def __init__(self, bot: Bot, model: Path, secrets: dict[str, str], log_file: Path, moved: Callable[[], None] = lambda: None) -> None:
        """`moved` is called when it listens elsewhere."""
        self._bot, self._model, self._secrets, self._log_file, self._moved = bot, model, secrets, log_file, moved
        self._instance = Instance()
        self._bot.instances.append(self._instance)

    async def run(self) -> None:
        pause = 0.5
        while True:
            began = time.monotonic()
            try:
                await self._one_life()
            except OSError as error:  # no memory, no file handle, no Python: it may be there later
                log.error("rasa.not_started", error=type(error).__name__, reason=error.strerror)
            pause = 0.5 if time.monotonic() - began > 60 else min(pause * 2, 30)
            await asyncio.sleep(pause)

    async def _one_life(self) -> None:
        """From start to end of one process."""
        port = _free_port()
        with self._log_file.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                str(PYTHON), "-m", "bot.serve", "--model", str(self._model), "--port", str(port), "--parent", str(os.getpid()), cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={**_clean_environment(), **self._secrets},
            )  # fmt: skip
        log.info("rasa.started", pid=process.pid)
        self._instance.url = f"http://127.0.0.1:{port}"
        self._moved()
        watching = asyncio.create_task(self._watch(process))
        try:
            code = await process.wait()
            log.warning("rasa.ended", pid=process.pid, code=code)
        finally:
            self._instance.up, self._instance.url = False, None
            self._moved()
            watching.cancel()
            await _end(process)

    async def _watch(self, process: Process) -> None:
        """Marks it as up once it answers; kills it when it has not answered for long."""
        answered, ready = time.monotonic() + STARTS_WITHIN - SILENT_FOR, False
        while True:
            if await self._bot.check(self._instance):
                if not ready:
                    log.info("rasa.ready", pid=process.pid)
                answered, ready = time.monotonic(), True
            elif time.monotonic() - answered > SILENT_FOR:
                log.error("rasa.hung", pid=process.pid)
                process.kill()
                return
            await asyncio.sleep(2.0 if ready and self._instance.up else 0.2)


class Feed:
    """Where the Rasa processes are that the supervisor keeps running: a line of JSON at each change, one URL or null for each."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    async def follow(self, bot: Bot) -> None:
        """Keeps the instances of `bot` as they are told, and looks whether they answer."""
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), self._pipe)
        checking = asyncio.create_task(self._check(bot))
        try:
            while line := await lines.readline():
                urls = msgspec.json.decode(line, type=list[str | None])
                bot.instances += [Instance() for _ in range(len(urls) - len(bot.instances))]
                for instance, url in zip(bot.instances, urls, strict=True):
                    if instance.url != url:
                        instance.url, instance.up = url, False
            await asyncio.Event().wait()  # the supervisor is gone, and we go with it
        finally:
            checking.cancel()

    async def _check(self, bot: Bot) -> None:
        while True:
            wanted = [instance for instance in bot.instances if instance.url]
            await asyncio.gather(*(bot.check(instance) for instance in wanted))
            await asyncio.sleep(2.0 if wanted and all(instance.up for instance in wanted) else 0.2)


async def _end(process: Process) -> None:
    """Asks it to stop, and makes it if it does not."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(sent)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _clean_environment() -> dict[str, str]:
    """Nothing of the service's environment that would lead another Python astray, and none of its other secrets."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("WEGWIJS_", "PYTHON", "VIRTUAL_ENV"))}
