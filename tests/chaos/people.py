"""Residents and staff who carry on: they come back after each cut, and send again what was not acknowledged."""

import asyncio
import contextlib
import json
import random
from collections import defaultdict
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

QUESTIONS = ("Wat kost een paspoort?", "Hoe geef ik mijn verhuizing door?", "Wanneer is het gemeentehuis open?", "Mag ik parkeren?")
GONE = (OSError, WebSocketException, InvalidHandshake, TimeoutError, EOFError)
SILENT_FOR = 12.0  # seconds that a client waits for an answer before it connects anew


class Client:
    """One person's client, as careful as the widget and the console are."""

    def __init__(self, url: str, origin: str, chance: random.Random, headers: dict[str, str] | None = None) -> None:
        self._url, self._origin, self.chance, self._headers = url, origin, chance, headers or {}
        self.ws: ClientConnection | None = None
        self.over = False  # nothing new is begun; what was begun is carried through
        self.connects = 0
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def live(self) -> None:
        """Connects again and again, until it is cancelled."""
        while True:
            try:
                async with connect(
                    self._url, origin=self._origin, additional_headers=self._headers, compression=None, max_size=2**22,
                    open_timeout=SILENT_FOR, ping_interval=5, ping_timeout=5, close_timeout=1,
                ) as ws:  # fmt: skip
                    self.connects += 1
                    await self._one_life(ws)
            except GONE:
                pass
            finally:
                self.ws = None
                for waiting in self._waiting.values():
                    if not waiting.done():
                        waiting.set_exception(EOFError())
            await asyncio.sleep(self.chance.uniform(0.05, 0.4))

    async def _one_life(self, ws: ClientConnection) -> None:
        await self.greets(ws)
        async for data in ws:
            frame = json.loads(data)
            if frame["type"] in ("ack", "error") and (waiting := self._waiting.get(frame.get("id", ""))) and not waiting.done():
                waiting.set_result(frame)
            self.hears(frame)
            if frame["type"] in ("welcome", "ready"):
                self.ws = ws

    async def greets(self, ws: ClientConnection) -> None:
        pass

    def hears(self, frame: dict[str, Any]) -> None:
        pass

    async def does(self, **frame: Any) -> dict[str, Any]:
        """Sends the frame until it was answered, with the same id each time; the answer, which is never `unavailable`."""
        id = str(uuid4())
        while True:
            if self.ws is not None:
                answer = self._waiting[id] = asyncio.get_running_loop().create_future()
                try:
                    await self.ws.send(json.dumps({**frame, "id": id}))
                    found = await asyncio.wait_for(answer, SILENT_FOR)
                    if found.get("code") not in ("unavailable", "rate_limited"):
                        return found
                except GONE:
                    if self.ws is not None and not answer.done():
                        self.ws.transport.abort()
                finally:
                    del self._waiting[id]
            await asyncio.sleep(self.chance.uniform(0.05, 0.3))

    def cut(self) -> bool:
        if self.ws is None:
            return False
        self.ws.transport.abort()
        return True


class Resident(Client):
    """Keeps what it saw. What is wrong with what the service sends is noted at once."""

    def __init__(self, number: int, url: str, origin: str, chance: random.Random) -> None:
        super().__init__(f"{url}/chat/ws", origin, chance)
        self.number = number
        self.token: str | None = None
        self.conversation = ""
        self.seen: list[dict[str, Any]] = []
        self.acked: list[str] = []  # texts, in the order in which they were said
        self.wrong: list[str] = []

    async def greets(self, ws: ClientConnection) -> None:
        hello: dict[str, Any] = {"type": "hello", "language": "nl", "after": len(self.seen)}
        await ws.send(json.dumps({**hello, **({"token": self.token} if self.token else {})}))

    def hears(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "welcome":
            if self.conversation and frame["conversation"] != self.conversation:
                self.wrong.append("another conversation")
            self.token, self.conversation = frame["token"], frame["conversation"]
            for turn in frame["turns"]:
                self._sees(turn)
        elif frame["type"] == "turn":
            self._sees(frame["turn"])

    def _sees(self, turn: dict[str, Any]) -> None:
        if turn["seq"] != len(self.seen) + 1:
            self.wrong.append(f"seq {turn['seq']} after {len(self.seen)}")
        self.seen.append(turn)

    async def talks(self) -> None:
        """Says one thing after the other; asks for people now and then, and leaves the queue."""
        count = 0
        while not self.over:
            await asyncio.sleep(self.chance.uniform(0.2, 1.2))
            what = self.chance.random()
            if what < 0.25:
                await self.does(type="human")
            elif what < 0.3:
                await self.does(type="leave")
            else:
                count += 1
                text = f"{self.chance.choice(QUESTIONS)} ({self.number}.{count})"
                if (await self.does(type="message", text=text))["type"] == "ack":
                    self.acked.append(text)


class Colleague(Client):
    """Takes what waits, answers a few times, and gives it back."""

    def __init__(self, name: str, url: str, origin: str, cookie: str, chance: random.Random) -> None:
        super().__init__(f"{url}/console/ws", origin, chance, {"Cookie": f"wegwijs={cookie}"})
        self.name, self.me = name, ""
        self.list: dict[str, dict[str, Any]] = {}
        self.claimed: dict[tuple[str, int], int] = defaultdict(int)  # (conversation, epoch) → acknowledged claims

    def hears(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "ready":
            self.me = frame["me"]["staff"]
            self.list = {row["conversation"]: row for row in frame["conversations"]}
        elif frame["type"] == "conversation":
            self.list[frame["conversation"]] = frame

    async def stays(self) -> None:
        while not self.over:
            if self.ws is not None:
                with contextlib.suppress(*GONE):
                    await self.ws.send(json.dumps({"type": "presence", "status": "available"}))
            await asyncio.sleep(2)

    async def works(self) -> None:
        while not self.over:
            await asyncio.sleep(self.chance.uniform(0.1, 0.6))
            waiting = [row for row in self.list.values() if row["state"] == "waiting"]
            mine = [row for row in self.list.values() if row["state"] == "staff" and row["owner"] and row["owner"]["staff"] == self.me]
            if mine and self.chance.random() < 0.8:
                id = self.chance.choice(mine)["conversation"]
                if self.chance.random() < 0.7:
                    await self.does(type="reply", conversation=id, text=f"Goedemiddag, met {self.name}.")
                else:
                    await self.does(type="return", conversation=id)
            elif waiting:
                row = self.chance.choice(waiting)
                found = await self.does(type="claim", conversation=row["conversation"], epoch=row["epoch"])
                if found["type"] == "ack":
                    self.claimed[row["conversation"], row["epoch"]] += 1
