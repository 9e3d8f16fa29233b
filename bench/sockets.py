"""Many open resident sockets on one process: memory each, the relay's latency meanwhile, and a storm of returning ones.

Beside it a bare Sanic socket that only echoes, with as many open sockets. The clients are as small as possible, since
they run on the same machine. `python -m bench.sockets [sockets] [storm]` runs this part alone.
"""

import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.relay import ECHO
from bench.table import percentile, row
from handover.cli import raise_file_limit
from tests.stack.people import colleague, resident
from tests.stack.running import Stack, free_port

SOCKETS, STORM = 10_000, 5_000
OPENED_AT_ONCE = 100
MESSAGES = 120  # of the relay, while all are open
AGAIN_AFTER = 1.0  # seconds
WITHIN = 300.0  # seconds for all of them


class Small(asyncio.Protocol):
    """A client of a few hundred bytes: shakes hands, says hello, and waits for its welcome."""

    __slots__ = ("_buffer", "_hello", "_request", "done", "token", "transport", "turns")

    def __init__(self, port: int, path: str, hello: dict[str, Any] | None) -> None:
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        self._hello = masked(json.dumps(hello).encode()) if hello else b""
        self._buffer = b""
        self.token, self.turns = "", 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._request:
            if b"\r\n\r\n" not in self._buffer:
                return
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101"):
                self.done.set_exception(ConnectionError(head[:80].decode(errors="replace")))
                return
            self._request = b""
            self.transport.write(self._hello)
            if not self._hello:
                self.done.set_result(None)
        while (frame := self._frame()) is not None:
            opcode, body = frame
            if opcode == 0x9:
                self.transport.write(bytes([0x8A, 0x80 | len(body)]) + b"\0\0\0\0" + body)  # a pong, or we are taken for gone
            elif opcode == 0x1 and not self.done.done() and body.startswith(b'{"type":"welcome"'):
                welcome = json.loads(body)
                self.token, self.turns = welcome["token"], len(welcome["turns"])
            elif opcode == 0x1 and not self.done.done() and body.startswith(b'{"type":"state"'):
                self.done.set_result(None)

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame of the buffer: opcode and body. Servers do not mask."""
        if len(self._buffer) < 2 or (self._buffer[1] & 0x7F == 126 and len(self._buffer) < 4):
            return None
        length, start = self._buffer[1] & 0x7F, 2
        if length == 126:
            length, start = int.from_bytes(self._buffer[2:4]), 4
        if len(self._buffer) < start + length:
            return None
        opcode, body = self._buffer[0] & 0x0F, self._buffer[start : start + length]
        self._buffer = self._buffer[start + length :]
        return opcode, body

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("lost"))


def masked(text: bytes) -> bytes:
    """A text frame from a client, with a mask of zeros."""
    assert len(text) < 65_536
    length = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0x80 | 126]) + len(text).to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + text


async def measure(folder: Path, sockets: int = SOCKETS, storm: int = STORM) -> list[dict[str, Any]]:
    raise_file_limit()
    stack = Stack(folder)
    port = free_port()
    echo = subprocess.Popen([sys.executable, "-c", ECHO, str(port)])
    try:
        await asyncio.to_thread(stack.start)  # with Rasa at rest: it must not compete for the cores
        idle, relay, back, relay_full = await _ours(stack, sockets, storm)
        await asyncio.to_thread(stack.close)
        bare = await _bare(echo.pid, port, sockets)
    finally:
        await asyncio.to_thread(stack.close)
        echo.terminate()
        echo.wait(10)
    peer = "bare Sanic echo, as many sockets"
    return [
        row(f"{sockets:,} idle sockets: memory each, KB", [idle], [bare], peer),
        row("resident to staff p50, nobody else, ms", [percentile(relay, 0.5)]),
        row(f"resident to staff p50, {sockets:,} open, ms", [percentile(relay_full, 0.5)]),
        row(f"resident to staff p99, {sockets:,} open, ms", [percentile(relay_full, 0.99)]),
        row(f"{storm:,} come back at once, all whole after, s", [back]),
    ]


async def _ours(stack: Stack, sockets: int, storm: int) -> tuple[float, list[float], float, list[float]]:
    relay = await _relay(stack, "Anja")
    before = _memory(stack.pid)
    clients = await _open(stack.port, "/chat/ws", [{"type": "hello"}] * sockets)
    idle = (_memory(stack.pid) - before) / sockets
    relay_full = await _relay(stack, "Bram")
    tokens = [client.token for client in clients]
    for client in clients:
        client.transport.abort()
    await asyncio.sleep(2)
    began = time.perf_counter()
    again = await _open(stack.port, "/chat/ws", [{"type": "hello", "token": token} for token in tokens[:storm]], storm)
    back = time.perf_counter() - began
    if any(client.turns < 1 for client in again):
        raise RuntimeError("somebody came back and was not replayed what was said")
    for client in again:
        client.transport.abort()
    return idle, relay, back, relay_full


async def _bare(pid: int, port: int, sockets: int) -> float:
    await asyncio.sleep(1)
    before = _memory(pid)
    clients = await _open(port, "/", [None] * sockets)
    used = (_memory(pid) - before) / sockets
    for client in clients:
        client.transport.abort()
    return used


async def _open(port: int, path: str, hellos: list[Any], at_once: int = OPENED_AT_ONCE) -> list[Small]:
    loop, places = asyncio.get_running_loop(), asyncio.Semaphore(at_once)

    async def one(hello: Any) -> Small:
        async with places:
            while True:
                try:
                    _, client = await loop.create_connection(lambda: Small(port, path, hello), "127.0.0.1", port)
                    await client.done
                except ConnectionError:  # who is turned away comes back, as the widget does
                    await asyncio.sleep(AGAIN_AFTER)
                else:
                    return client

    async with asyncio.timeout(WITHIN):
        return await asyncio.gather(*(one(hello) for hello in hellos))


async def _relay(stack: Stack, name: str) -> list[float]:
    """Milliseconds from a resident's message to the colleague's screen, one at a time."""
    anja, fatma = await colleague(stack, name), await resident(stack)
    await fatma.do(type="human")
    await fatma.state("waiting")
    await anja.opens(fatma.conversation)
    await anja.takes(fatma.conversation)
    times = []
    for number in range(MESSAGES):
        text = f"{fatma.conversation} {number}"
        began = time.perf_counter()
        await fatma.send(type="message", text=text)
        await anja.until(lambda frame, text=text: frame["type"] == "turn" and frame["turn"]["text"] == text)  # type: ignore[misc]
        times.append((time.perf_counter() - began) * 1000)
        await fatma.turn(text=text)  # a client that does not read is dropped in the end
        await asyncio.sleep(0.03 if number < 100 else 0.52)  # within the limits for one socket
    await fatma.do(type="close")
    await fatma.close()
    await anja.close()
    return times


def _memory(pid: int) -> float:
    """Kilobytes that this process has resident."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return float(line.split()[1])


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:3]]
    sockets, storm = [*given, *(SOCKETS, STORM)[len(given) :]]
    with tempfile.TemporaryDirectory(prefix="wegwijs-bench-") as folder:
        for found in asyncio.run(measure(Path(folder), sockets, min(storm, sockets))):
            print(f"{found['what']:<56}{found['ours']:>10.2f}" + (f"{found['peer']:>10.2f}  {found['against']}" if found["peer"] else ""))


if __name__ == "__main__":
    main()
