"""Several service processes on one port, and the Rasa processes that they share.

All of them accept from one listening socket, so a connection that waits is taken by whoever is free, and a process that
dies takes only its own with it. This process serves nobody: it starts the others, restarts what dies or hangs, and
tells them where Rasa listens. They die with it.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import redis.asyncio as redis
import structlog

from handover.app import make_secrets, open_secrets, start_rasa
from handover.bootstrap import ROOT, model_path
from handover.content.library import Library
from handover.history.database import is_sqlite, migrate
from handover.rasa import Bot
from handover.settings import SettingError, Settings

log = structlog.get_logger()
NEIGHBOURS_WITHIN = 10.0  # seconds for the database and Redis to be there when we start
STARTS_WITHIN = 180.0  # seconds for a service process to give its first sign of life; a busy machine imports slowly
SILENT_FOR = 20.0  # seconds without one, after which it is taken for hung
STOPS_WITHIN = 10.0  # seconds


def prepare(settings: Settings) -> Library:
    """Looks whether everything is there that a start needs, and brings the database up to date.

    Raises ContentError and SettingError: better one clear line now than a process that dies again and again.
    """
    if not model_path().exists():
        raise SettingError("there is no trained model for what is in bot/ and data/ now; 'make train' makes it")
    library = Library(ROOT / "data", settings.municipality, settings.opening_hours)
    make_secrets(settings.data)  # before several processes want to make them at once
    open_secrets(settings)
    if not is_sqlite(settings.database_url):
        asyncio.run(_meet_neighbours(settings))
    return library


async def _meet_neighbours(settings: Settings) -> None:
    async def look_at_redis() -> None:
        async with redis.from_url(settings.redis_url or "", socket_connect_timeout=2, socket_timeout=2) as client:
            await client.echo("here")

    await _patiently("WEGWIJS_DATABASE_URL='postgresql://…' should be a database that can be reached and changed",
                     lambda: migrate(settings.database_url))  # fmt: skip
    if settings.redis_url:
        await _patiently("WEGWIJS_REDIS_URL='redis://…' should be a Redis that can be reached", look_at_redis)


async def _patiently(wanted: str, look: Callable[[], Awaitable[None]]) -> None:
    """Tries again for a while: after a power cut all of us start at once."""
    deadline = time.monotonic() + NEIGHBOURS_WITHIN
    while True:
        try:
            await look()
            return
        except Exception as error:  # whatever the driver calls it: it cannot be used
            if time.monotonic() > deadline:
                raise SettingError(f"{wanted}: {_first_line(error)}") from error
        await asyncio.sleep(0.3)


def _first_line(error: BaseException) -> str:
    """Of the driver's own error: SQLAlchemy's words hold the statement."""
    found = getattr(error, "orig", None) or error
    return str(found).strip().split("\n")[0].rpartition(">: ")[2] or type(found).__name__


async def supervise(settings: Settings, listening: socket.socket) -> int:
    """Runs until SIGTERM or SIGINT; the exit code."""
    return await Supervisor(settings, listening).run()


class Supervisor:
    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self._settings, self._listening = settings, listening
        self._secrets = make_secrets(settings.data)
        self._bot = Bot(self._secrets["WEGWIJS_BOT_TOKEN"])
        self._workers: set[Process] = set()
        self._figures = settings.data / "run" / "metrics"

    async def run(self) -> int:
        stopping = asyncio.Event()
        for sent in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sent, stopping.set)
        await asyncio.to_thread(self._clear_figures)
        tasks = start_rasa(self._settings, self._bot, model_path(), self._secrets, self._settings.port, self._tell_where_rasa_is)
        tasks += [asyncio.create_task(self._keep_running(number)) for number in range(1, self._settings.workers + 1)]
        await stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._bot.close()
        return 0

    def _clear_figures(self) -> None:
        """The files in which the processes of a former start added up their metrics."""
        shutil.rmtree(self._figures, ignore_errors=True)
        self._figures.mkdir(parents=True)

    async def _keep_running(self, number: int) -> None:
        pause = 0.2
        while True:
            began = time.monotonic()
            try:
                await self._one_life(number)
            except OSError as error:  # no memory, no file handle: it may be there later
                log.error("worker.not_started", worker=number, error=type(error).__name__, reason=error.strerror)
            pause = 0.2 if time.monotonic() - began > 60 else min(pause * 2, 15)
            await asyncio.sleep(pause)

    async def _one_life(self, number: int) -> None:
        """From start to end of one process, in a process group of its own: Ctrl+C is ours to pass on."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "handover.worker", "--socket", str(self._listening.fileno()), "--number", str(number), cwd=ROOT,
            stdin=PIPE, stdout=PIPE, pass_fds=[self._listening.fileno()], start_new_session=True,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(self._figures)},
        )  # fmt: skip
        log.info("worker.started", worker=number, pid=process.pid)
        self._workers.add(process)
        self._tell(process)
        watching = asyncio.create_task(self._watch(process, number))
        try:
            code = await process.wait()
            log.warning("worker.ended", worker=number, pid=process.pid, code=code)
        finally:
            watching.cancel()
            self._workers.discard(process)
            await self._end(process)
            _forget_figures(self._figures, process.pid)

    async def _watch(self, process: Process, number: int) -> None:
        """Reads its signs of life; kills it when they stop."""
        assert process.stdout is not None  # noqa: S101 (for the type checker)
        patience = STARTS_WITHIN
        while True:
            try:
                async with asyncio.timeout(patience):
                    if not await process.stdout.read(256):
                        return
            except TimeoutError:
                log.error("worker.hung", worker=number, pid=process.pid)
                process.kill()
                return
            patience = SILENT_FOR

    def _tell_where_rasa_is(self) -> None:
        for process in self._workers:
            self._tell(process)

    def _tell(self, process: Process) -> None:
        assert process.stdin is not None  # noqa: S101
        with contextlib.suppress(OSError, RuntimeError):
            process.stdin.write(msgspec.json.encode([instance.url for instance in self._bot.instances]) + b"\n")

    async def _end(self, process: Process) -> None:
        for sent in (signal.SIGTERM, signal.SIGKILL):
            if process.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(sent)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOPS_WITHIN)


def _forget_figures(folder: Path, pid: int) -> None:
    """What a process that is gone had open counts no more; what it did still counts."""
    for path in folder.glob(f"gauge_live*_{pid}.db"):
        path.unlink(missing_ok=True)
