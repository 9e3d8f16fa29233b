"""Residents who ask: over our socket, or over the REST channel of plain Rasa. And what the processes use meanwhile."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 120.0  # seconds for one answer: a peer that is far behind still gets its turn
TICKS = os.sysconf("SC_CLK_TCK")

HEAD = b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Wrong(RuntimeError):
    """An answer is empty, or not the one to this question: such a run measures nothing."""


class Resident(Protocol):
    """One conversation. `ask` returns the whole answer."""

    async def ask(self, text: str) -> Any: ...
    async def close(self) -> None: ...


class Chat:
    """A resident on /chat/ws. The answer is the bot's turn, as stored and pushed."""

    def __init__(self, ws: ClientConnection, token: str, last: int) -> None:
        self._ws, self.token, self.last = ws, token, last

    @classmethod
    async def begin(cls, url: str, origin: str, again: "Chat | None" = None) -> "Chat":
        """A new conversation; or, with `again`, the one of a socket that was closed, from where it had come."""
        ws = await connect(f"{url}/chat/ws", origin=origin, compression=None)  # type: ignore[arg-type]
        known = {"token": again.token, "after": again.last} if again else {}
        await ws.send(json.dumps({"type": "hello", "language": "nl", **known}))
        chat = cls(ws, "", again.last if again else 0)
        chat.token = (await chat._next("welcome"))["token"]
        await chat._next("state")
        return chat

    async def ask(self, text: str) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            await self._ws.send(json.dumps({"type": "message", "id": str(uuid4()), "text": text}))
            while True:
                turn: dict[str, Any] = (await self._next("turn"))["turn"]
                self.last = turn["seq"]
                if turn["from"] != "resident":
                    return turn

    async def _next(self, kind: str) -> dict[str, Any]:
        while True:
            frame: dict[str, Any] = json.loads(await self._ws.recv())
            if frame["type"] == kind:
                return frame
            if frame["type"] == "error":
                raise Wrong(frame["code"])

    async def close(self) -> None:
        await self._ws.close()


class Rest:
    """A resident on /webhooks/rest/webhook, on a connection that stays open. The answer is the list of messages."""

    def __init__(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._port, self._reader, self._writer, self._sender = port, reader, writer, uuid4().hex

    @classmethod
    async def begin(cls, port: int) -> "Rest":
        return cls(port, *await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, text: str) -> list[dict[str, Any]]:
        body = json.dumps({"sender": self._sender, "message": text}).encode()
        async with asyncio.timeout(PATIENCE):
            try:
                content = await self._post(body)
            except (asyncio.IncompleteReadError, ConnectionError):
                # Rasa closes a connection that was idle for some seconds; nothing of this question was read then
                self._writer.close()
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
                content = await self._post(body)
        found: list[dict[str, Any]] = json.loads(content)
        return found

    async def _post(self, body: bytes) -> bytes:
        self._writer.write(HEAD % len(body) + body)
        answered = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        return await self._reader.readexactly(int(answered.split("content-length:")[1].split("\r\n")[0]))

    async def close(self) -> None:
        self._writer.close()


def cpu_seconds(pids: list[int]) -> float:
    """Processor time that these processes have used so far, all their threads."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory_mb(pid: int) -> float:
    """What the process holds in memory now, MB (10^6 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(pid)
