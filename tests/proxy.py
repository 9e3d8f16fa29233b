"""A TCP proxy that a test can cut, hang or slow down: the network between a process and its neighbour."""

import asyncio
import contextlib
import threading
from typing import Any


class Proxy:
    """Listens on `port` of loopback in a thread of its own, and passes everything on to `target`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._passing.set()
        self._delay = 0.0
        self._refusing = False
        self._lines: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self.port: int = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(60)

    def cut(self) -> int:
        """Breaks every line; how many. New ones are taken."""
        return asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(60)

    def refuse(self, on: bool) -> None:
        """Breaks every line, and every new one at once."""
        self._refusing = on
        if on:
            self.cut()

    def hang(self, on: bool) -> None:
        """Nothing comes through, and nobody is told."""
        self._loop.call_soon_threadsafe(self._passing.clear if on else self._passing.set)

    def slow(self, seconds: float) -> None:
        """So much later each way; 0: no later."""
        self._delay = seconds

    def heal(self) -> None:
        self._refusing, self._delay = False, 0.0
        self.hang(False)

    def close(self) -> None:
        self.heal()
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _listen(self) -> int:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        return int(server.sockets[0].getsockname()[1])

    async def _cut(self) -> int:
        lines = list(self._lines)
        for line in lines:
            line.transport.abort()
        return len(lines) // 2

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passing.wait()
        if self._refusing:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._lines |= {writer, back}
        try:
            await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        finally:
            self._lines -= {writer, back}
            for line in (writer, back):
                line.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
