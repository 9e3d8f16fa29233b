"""The bot as the service asks it: over connections that stay open, each kind of failure told from the others."""

import asyncio
import json
import socket
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from handover.rasa import Bot, BotError, Instance

ANSWER = {"turns": [{"kind": "answer", "text": "€ 83"}], "memory": {"slots": {}, "loop": None}, "understanding": {}}
ASKED: Any = SimpleNamespace(ask=SimpleNamespace(text="Wat kost een paspoort?"), memory=None, missed=[], by_ear=False)


class Rasa:
    """Answers every request with the next (status, body); None hangs up."""

    def __init__(self, *answers: tuple[int, Any] | None) -> None:
        self.answers, self.connections, self.heads = list(answers), 0, []

    async def __aenter__(self) -> "Rasa":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.bot = Bot("secret")
        self.instance = Instance(f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}", up=True)
        self.bot.instances.append(self.instance)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.bot.close()
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self.answers:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            except asyncio.IncompleteReadError:
                break
            self.heads.append(head)
            if "content-length:" in head:
                await reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))
            answer = self.answers.pop(0)
            if answer is None:
                break
            status, body = answer
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent)
        writer.close()

    async def ask(self) -> Any:
        return await self.bot.ask(uuid4(), "nl", ASKED)


async def test_an_answer_comes_over_a_connection_that_stays_open_with_the_token():
    async with Rasa(*[(200, ANSWER)] * 5) as rasa:
        for _ in range(5):
            assert (await rasa.ask()).turns[0].text == "€ 83"
        assert rasa.connections == 1
        assert all("authorization: bearer secret" in head for head in rasa.heads)


@pytest.mark.parametrize("answer", [(500, {"error": "generic"}), (400, {}), (200, b"not json"), (200, {"turns": "x"})])
async def test_a_failure_at_one_question_leaves_the_others_alone(answer):
    async with Rasa(answer, (200, ANSWER)) as rasa:
        with pytest.raises(BotError) as failed:
            await rasa.ask()
        assert failed.value.alone
        assert rasa.instance.up
        assert (await rasa.ask()).turns


async def test_a_process_that_hangs_up_failed_for_everybody():
    async with Rasa(None) as rasa:
        with pytest.raises(BotError) as failed:
            await rasa.ask()
        assert not failed.value.alone


async def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with Rasa() as rasa:
            rasa.instance.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            with pytest.raises(BotError) as failed:
                await rasa.ask()
            assert not failed.value.alone
            assert not rasa.instance.up
            with pytest.raises(BotError, match="not started"):
                await rasa.ask()
            assert not await rasa.bot.check(rasa.instance)


async def test_the_health_check_sets_whether_it_is_up():
    async with Rasa((200, {}), (503, {})) as rasa:
        assert await rasa.bot.check(rasa.instance)
        assert rasa.instance.up
        assert not await rasa.bot.check(rasa.instance)
        assert not rasa.instance.up
