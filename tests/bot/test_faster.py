"""The adapters around Rasa: they do what they replace, and notice when that is gone."""

import asyncio
import json

import pytest
from bot.quiet import quiet

quiet()
from bot import faster  # noqa: E402
from jsonschema import ValidationError  # noqa: E402
from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.utils.endpoints import ClientResponseError  # noqa: E402


@pytest.fixture
def shipped(monkeypatch):
    """Rasa's own method, put back afterwards."""
    method = RemoteAction._validate_action_result
    monkeypatch.setattr(RemoteAction, "_validate_action_result", method)
    return method


@pytest.mark.parametrize(
    "result,valid",
    [
        ({"events": [], "responses": []}, True),
        ({"events": [{"event": "slot", "name": "topic", "value": None}], "responses": [{}]}, True),
        ({"responses": [5]}, False),
        ({"events": [{"event": 5}]}, False),
        ([], False),
    ],
)
def test_the_compiled_validator_judges_as_rasas_own(shipped, result, valid):
    action = RemoteAction("action_answer", None)

    def judged(validate):
        try:
            return validate(action, result)
        except ValidationError:
            return False

    own = judged(shipped)
    faster.compile_action_validator()
    assert judged(RemoteAction._validate_action_result) is own is valid


def test_it_notices_that_rasa_changed(shipped, monkeypatch):
    monkeypatch.delattr(RemoteAction, "_validate_action_result")
    with pytest.raises(faster.Moved):
        faster.compile_action_validator()


def test_it_notices_that_the_request_changed(monkeypatch):
    async def request(self, other):
        """Another signature than the one that is replaced."""

    monkeypatch.setattr(faster.EndpointConfig, "request", request)
    with pytest.raises(faster.Moved):
        faster.ActionServer("http://127.0.0.1:1/", "t")


class Server:
    """Answers every request with the next of its answers, counts connections, and may hang up after one."""

    def __init__(self, answers, hang_up=False):
        self.answers, self.hang_up, self.connections, self.tokens, self.asked = list(answers), hang_up, 0, [], []

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while self.answers:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.split("content-length:")[1].split("\r\n")[0])
                self.asked.append(json.loads(await reader.readexactly(length)))
                self.tokens.append(head.split("x-wegwijs-token:")[1].split("\r\n")[0].strip())
                status, body = self.answers.pop(0)
                sent = json.dumps(body).encode()
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent
                )
                await writer.drain()
                if self.hang_up:
                    break
        except asyncio.IncompleteReadError:
            """The client closed the connection."""
        writer.close()


def play(server, calls, body=None):
    async def run():
        listening = await asyncio.start_server(server, "127.0.0.1", 0)
        actions = faster.ActionServer(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/", "secret")
        try:
            done = []
            for _ in range(calls):
                done.append(await actions.request(json=body or {"next_action": "x"}))
                await asyncio.sleep(0.02)
            return done
        finally:
            await actions.close()
            listening.close()

    return asyncio.run(run())


def test_one_connection_serves_many_actions_with_the_token():
    server = Server([(200, {"n": n}) for n in range(5)])
    assert play(server, 5) == [{"n": n} for n in range(5)]
    assert server.connections == 1 and server.tokens == ["secret"] * 5


def test_what_was_understood_is_told_once():
    server = Server([(200, {})])
    tracker = {"latest_message": {"text": "caf\u00e9", "parse_data": 1}, "events": [{"event": "user", "parse_data": 2}, {"event": "slot"}]}
    play(server, 1, {"next_action": "x", "tracker": tracker})
    [asked] = server.asked
    assert asked["tracker"] == {
        "latest_message": {"text": "caf\u00e9", "parse_data": 1},
        "events": [{"event": "user"}, {"event": "slot"}],
    }


def test_a_connection_that_was_closed_meanwhile_is_opened_again():
    server = Server([(200, {"n": n}) for n in range(3)], hang_up=True)
    assert play(server, 3) == [{"n": n} for n in range(3)]


def test_errors_come_as_rasa_expects_them():
    for status in (400, 500):
        with pytest.raises(ClientResponseError) as refused:
            play(Server([(status, {"action_name": "x", "error": "y"})]), 1)
        assert refused.value.status == status and json.loads(refused.value.text)["action_name"] == "x"
