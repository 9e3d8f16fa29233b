"""A resident and a member of staff, as their widget and console speak: over the sockets, frame by frame."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.stack.running import Stack

PATIENCE = 60.0  # seconds that a test waits for a frame: on a busy machine, for it costs nothing when all goes well


class Client:
    """One socket; remembers every frame it got."""

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws
        self.frames: list[dict[str, Any]] = []
        self._read = 0

    async def send(self, **frame: Any) -> str:
        """Sends it with an id of its own (unless it has one); the id."""
        frame.setdefault("id", str(uuid4()))
        await self._ws.send(json.dumps(frame))
        return str(frame["id"])

    async def send_raw(self, frame: str | bytes) -> None:
        await self._ws.send(frame)

    async def next(self, seconds: float = PATIENCE) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(self._ws.recv(), seconds))
        self.frames.append(frame)
        return frame

    async def until(self, condition: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE) -> dict[str, Any]:
        """The next frame that fits; frames that were read before count once."""
        async with asyncio.timeout(seconds):
            while True:
                if self._read < len(self.frames):
                    frame = self.frames[self._read]
                else:
                    frame = await self.next(seconds)
                self._read += 1
                if condition(frame):
                    return frame

    async def of_type(self, kind: str, seconds: float = PATIENCE, **values: Any) -> dict[str, Any]:
        return await self.until(lambda frame: frame["type"] == kind and all(frame.get(k) == v for k, v in values.items()), seconds)

    async def do(self, **frame: Any) -> dict[str, Any]:
        """Sends, and waits for the `ack` or `error` of that very frame."""
        id = await self.send(**frame)
        return await self.until(lambda got: got["type"] in ("ack", "error") and got.get("id") == id)

    async def closed(self, seconds: float = PATIENCE) -> int:
        """Reads on until the socket is closed; the code."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.next(seconds)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    async def close(self) -> None:
        await self._ws.close()

    @property
    def local_port(self) -> int:
        return int(self._ws.local_address[1])

    def cut(self) -> None:
        """The line is gone, without a word."""
        self._ws.transport.abort()


class Resident(Client):
    token: str
    conversation: str

    @property
    def turns(self) -> list[dict[str, Any]]:
        """Every turn seen on this socket, in the order in which it came."""
        found: list[dict[str, Any]] = []
        for frame in self.frames:
            found += frame["turns"] if frame["type"] == "welcome" else [frame["turn"]] if frame["type"] == "turn" else []
        return found

    async def turn(self, seconds: float = PATIENCE, **values: Any) -> dict[str, Any]:
        """The next turn with these values."""
        found = await self.until(lambda f: f["type"] == "turn" and all(f["turn"].get(k) == v for k, v in values.items()), seconds)
        turn: dict[str, Any] = found["turn"]
        return turn

    async def says(self, text: str) -> dict[str, Any]:
        return await self.do(type="message", text=text)

    async def asks(self, text: str) -> dict[str, Any]:
        """Says it, and waits for what the bot answers."""
        await self.says(text)
        found = await self.until(lambda f: f["type"] == "turn" and f["turn"]["from"] == "bot")
        turn: dict[str, Any] = found["turn"]
        return turn

    async def state(self, state: str, **values: Any) -> dict[str, Any]:
        return await self.of_type("state", state=state, **values)


class Colleague(Client):
    me: dict[str, Any]
    conversations: list[dict[str, Any]]

    async def here(self, status: str = "available") -> None:
        """Says so, and waits until the service has it, unless it had it already (then nothing is told anew)."""
        known = next(frame for frame in reversed(self.frames) if frame["type"] in ("ready", "presence"))
        await self._ws.send(json.dumps({"type": "presence", "status": status}))
        if not self._is(status, known):
            await self.until(lambda frame: frame["type"] == "presence" and self._is(status, frame))

    def _is(self, status: str, frame: dict[str, Any]) -> bool:
        return any(one["staff"] == self.me["staff"] and one["status"] == status for one in frame["colleagues"])

    async def waiting(self) -> dict[str, Any]:
        """The next conversation that waits."""
        return await self.of_type("conversation", state="waiting")

    async def opens(self, conversation: str, after: int = 0) -> dict[str, Any]:
        await self.send(type="open", conversation=conversation, after=after)
        return await self.of_type("context", conversation=conversation)

    async def takes(self, conversation: str, epoch: int | None = None) -> dict[str, Any]:
        return await self.do(type="claim", conversation=conversation, **({"epoch": epoch} if epoch else {}))

    async def says(self, conversation: str, text: str) -> dict[str, Any]:
        return await self.do(type="reply", conversation=conversation, text=text)


async def resident(
    stack: Stack, token: str | None = None, after: int | None = None, *, language: str = "nl", origin: str | None = None,
    identity: str | None = None,
) -> Resident:  # fmt: skip
    """Connected, and welcomed."""
    client = Resident(await connect(f"{stack.ws_url}/chat/ws", origin=origin or stack.origin, max_size=2**22, compression=None))  # type: ignore[arg-type]
    hello = {
        "type": "hello",
        "language": language,
        **({"token": token} if token else {}),
        **({"after": after} if after is not None else {}),
        **({"identity": identity} if identity else {}),
    }
    await client.send_raw(json.dumps(hello))
    welcome = await client.until(lambda frame: frame["type"] in ("welcome", "error"))
    if welcome["type"] == "welcome":
        client.token, client.conversation = welcome["token"], welcome["conversation"]
        await client.of_type("state")
    return client


async def colleague(
    stack: Stack, name: str, status: str | None = "available", *, cookie: str | None = None, team: str = "kcc"
) -> Colleague:
    """Logged in, connected, and (unless `status` is None) there."""
    cookie = cookie or stack.log_in(name, team=team)
    headers = {"Cookie": f"wegwijs={cookie}"}
    ws = await connect(f"{stack.ws_url}/console/ws", origin=stack.origin, additional_headers=headers, max_size=2**22, compression=None)  # type: ignore[arg-type]
    client = Colleague(ws)
    ready = await client.of_type("ready")
    client.me, client.conversations = ready["me"], ready["conversations"]
    if status:
        await client.here(status)
    return client
