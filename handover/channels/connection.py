"""What both sockets share: reading frames within limits, writing them in order, and letting go of slow readers."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sanic.server.websockets.impl import WebsocketImplProtocol
from websockets.exceptions import ConnectionClosed

from handover.channels.wire import encode

log = structlog.get_logger()
FRAME_AT_MOST = 65_536  # characters; more is answered with `too_long`
SOCKET_AT_MOST = 262_144  # bytes; more closes the socket (1009)
UNSENT_AT_MOST = 4_096  # frames that wait for a slow reader before its socket is dropped
POLICY = 1008


class BadFrame(Exception):
    """The client's fault: `code` of protocol.md, and the frame's own id where it could be read."""

    def __init__(self, code: str = "bad_frame", id: str | None = None) -> None:
        super().__init__(code)
        self.code, self.id = code, id


class Bucket:
    """`burst` at once, then `per_second`."""

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst, self._per_second = burst, per_second
        self._left, self._at = burst, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Connection:
    """One socket. `push` never waits; a task of its own sends, in order."""

    def __init__(self, ws: WebsocketImplProtocol, bucket: Bucket) -> None:
        self._ws, self._bucket = ws, bucket
        self._unsent: deque[str] = deque()
        self._at_most = UNSENT_AT_MOST
        self._more = asyncio.Event()
        self._closing: tuple[int, str] | None = None
        self._sender = asyncio.create_task(self._send_all())

    def push(self, frame: dict[str, Any]) -> None:
        if self._closing:
            return
        if len(self._unsent) >= self._at_most:
            self._unsent.clear()
            self.drop(1013, "too slow")
            self._too_slow()
            return
        self._unsent.append(encode(frame))
        self._more.set()

    def replay(self, frames: list[dict[str, Any]]) -> None:
        """Pushes what may be a long history: a reader is not slow because it has much to read at once."""
        self._at_most = UNSENT_AT_MOST + len(self._unsent) + len(frames)
        for frame in frames:
            self.push(frame)

    def drop(self, code: int, reason: str) -> None:
        """Closes the socket once what was pushed before has been sent."""
        self._closing = self._closing or (code, reason)
        self._more.set()

    async def receive(self) -> str | None:
        """The next text frame; None once the socket is closed. Raises BadFrame for a binary or overlong one."""
        try:
            frame = await self._ws.recv()
        except ConnectionClosed:
            return None
        if frame is None:
            return None
        if not isinstance(frame, str):
            raise BadFrame
        if len(frame) > FRAME_AT_MOST:
            raise BadFrame("too_long", id_of(frame))
        return frame

    async def next[T](self, decoded: Callable[[str], T]) -> T | None:
        """The next frame that is well-formed and within the limit; the others are answered here. None: closed."""
        while True:
            try:
                frame = await self.receive()
                if frame is None:
                    return None
                if not self._bucket.take():
                    raise BadFrame("rate_limited", id_of(frame))
                return decoded(frame)
            except BadFrame as wrong:
                self.complain(wrong.code, wrong.id)

    def complain(self, code: str, id: str | None = None, by: str | None = None) -> None:
        """Sends an `error` frame, in the language of whoever is at the other end."""
        named = {name: value for name, value in (("id", id), ("by", by)) if value}
        self.push({"type": "error", **named, "code": code, "message": self._words(code)})

    def _words(self, code: str) -> str:
        raise NotImplementedError

    def _too_slow(self) -> None:
        """Its reader did not keep up, and it is dropped."""

    async def end(self) -> None:
        """Sends what is left and closes."""
        self.drop(1000, "")
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({self._sender}, timeout=5)
        self._sender.cancel()
        await asyncio.gather(self._sender, return_exceptions=True)

    async def _send_all(self) -> None:
        try:
            while True:
                await self._more.wait()
                self._more.clear()
                while self._unsent:
                    await self._ws.send(self._unsent.popleft())
                if self._closing:
                    await self._ws.close(*self._closing)
                    return
        except ConnectionClosed:
            self._closing = self._closing or (1006, "")
        except Exception as error:
            self._closing = self._closing or (1011, "")
            log.warning("socket.send_failed", error=type(error).__name__)


def id_of(frame: str) -> str | None:
    """The id that the client gave to a frame that is wrong otherwise."""
    with contextlib.suppress(msgspec.MsgspecError, ValueError, RecursionError):
        found = msgspec.json.decode(frame)
        if isinstance(found, dict) and isinstance(found.get("id"), str):
            return str(UUID(found["id"]))
    return None


def decode[T](decoder: msgspec.json.Decoder[T], frame: str) -> T:
    """Raises BadFrame: no JSON, an unknown type, a missing or wrong field."""
    try:
        return decoder.decode(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadFrame("bad_frame", id_of(frame)) from error
