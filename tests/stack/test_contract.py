"""Whatever the service really sends is as handover/channels/frames.py says, and so as docs/asyncapi.json and openapi.json say."""

import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from typing import Any, get_args

import msgspec
import pytest

from handover.channels import frames
from tests.stack.people import Client, Colleague, Resident, colleague, resident
from tests.stack.running import PASSWORD, Stack


@pytest.fixture
async def anja(stack: Stack) -> AsyncIterator[Colleague]:
    client = await colleague(stack, "Anja")
    yield client
    await client.here("away")
    await client.close()


@pytest.fixture
async def bram(stack: Stack) -> AsyncIterator[Colleague]:
    client = await colleague(stack, "Karel", team="belastingen")
    yield client
    await client.here("away")
    await client.close()


def hold_against(union: Any, client: Client) -> set[str]:
    """Every frame of the client fits its type: no field more, none less. The types of frame that were seen."""
    for frame in client.frames:
        try:
            msgspec.convert(frame, union)
        except msgspec.ValidationError as error:
            raise AssertionError(f"{error}\n{json.dumps(frame, indent=1, ensure_ascii=False)}") from None
    return {frame["type"] for frame in client.frames}


def all_types(union: Any) -> set[str]:
    return {str(kind.__struct_config__.tag) for kind in get_args(union)}


async def first_part(fatma: Resident) -> None:
    """With the bot: an answer, a button, a wrong frame, what is out of the ordinary, and a call-back."""
    answer = await fatma.asks("Wat kost een paspoort?")
    choice = next(choice for choice in answer["choices"])
    await fatma.do(type="choose", turn=answer["seq"], choice=choice["id"])
    await fatma.until(lambda f: f["type"] == "turn" and f["turn"]["from"] == "bot")
    await fatma.asks("Waar kan ik mijn rijksbelasting betalen?")
    await fatma.asks("wlkfj sdlkfj")
    await fatma.asks("Er is brand bij de buren!")
    await fatma.do(type="message", text="x" * 3000)
    await fatma.do(type="choose", turn=1, choice="nothing")
    await fatma.send_raw("no json")
    await fatma.asks("Kunt u mij terugbellen op 06 12345678?")
    await fatma.do(type="language", language="en")
    await fatma.do(type="language", language="nl")


async def with_staff(fatma: Resident, anja: Colleague, bram: Colleague) -> None:
    """Through the hands of two colleagues, with everything that the console can do."""
    await fatma.do(type="human")
    await fatma.state("waiting")
    id = fatma.conversation
    await anja.of_type("conversation", conversation=id)
    await anja.do(type="open", conversation=id)
    await anja.takes(id)
    await fatma.state("staff")
    await bram.takes(id)  # too late
    await fatma.send(type="typing", on=True)
    await anja.of_type("typing", conversation=id)
    await anja.send(type="typing", conversation=id, on=True)
    await fatma.of_type("typing")
    await anja.says(id, "Goedemiddag, ik lees even mee.")
    await anja.do(type="code", conversation=id)
    await anja.do(type="note", conversation=id, text="Wacht op de collega van belastingen.")
    await anja.do(type="transfer", conversation=id, staff=bram.me["staff"], reason="Gaat over de aanslag")
    await fatma.state("staff", staff="Karel")
    await bram.do(type="open", conversation=id)
    await bram.do(type="return", conversation=id, text="U krijgt morgen bericht.")
    await fatma.state("bot")
    await fatma.asks("Wat zei uw collega?")


async def the_end(fatma: Resident, anja: Colleague) -> None:
    id = fatma.conversation
    await fatma.do(type="human")
    await fatma.do(type="leave")
    await fatma.do(type="human")
    await anja.takes(id)
    await anja.do(type="close", conversation=id, outcome="resolved", summary="Uitgelegd.", subjects=["paspoort"])
    await fatma.state("closed")
    await fatma.do(type="rate", score=4, comment="Snel geholpen")
    await anja.do(type="open", conversation=id)
    await anja.do(type="callbacks")


async def test_every_frame_of_a_whole_conversation_is_as_described(stack: Stack, anja: Colleague, bram: Colleague) -> None:
    fatma = await resident(stack)
    await first_part(fatma)
    await with_staff(fatma, anja, bram)
    await the_end(fatma, anja)
    again = await resident(stack, fatma.token)

    seen = hold_against(frames.ToResident, fatma) | hold_against(frames.ToResident, again)
    assert seen == all_types(frames.ToResident) - {"code"}, "that one needs a telephone gateway: tests/voice"
    seen = hold_against(frames.ToStaff, anja) | hold_against(frames.ToStaff, bram)
    assert seen == all_types(frames.ToStaff)
    await fatma.close()
    await again.close()


async def test_a_packet_after_a_button_alone_is_as_described(stack: Stack, anja: Colleague) -> None:
    fatma = await resident(stack)
    greeting = fatma.turns[0]
    await fatma.do(type="choose", turn=1, choice=greeting["choices"][0]["id"])
    await fatma.until(lambda f: f["type"] == "turn" and f["turn"]["from"] == "bot" and f["turn"]["seq"] > 1)
    await fatma.do(type="human")
    await anja.of_type("conversation", conversation=fatma.conversation, state="waiting")
    context = await anja.opens(fatma.conversation)
    msgspec.convert(context, frames.Context)
    await fatma.do(type="close")
    await fatma.close()


def asked(stack: Stack, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{stack.url}{path}", data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_what_http_answers_is_as_described(stack: Stack) -> None:
    status, body = asked(stack, "/health")
    assert (status, msgspec.json.decode(body, type=frames.Health).status) == (200, "ok")
    for language in ("nl", "en"):
        status, body = asked(stack, f"/chat/info?language={language}")
        assert (status, msgspec.json.decode(body, type=frames.ChatInfo).open) == (200, True)
    cookie = f"wegwijs={stack.log_in('Anja')}"
    status, body = asked(stack, "/console/me", Cookie=cookie)
    assert (status, msgspec.json.decode(body, type=frames.MeOverHttp).name) == (200, "Anja")
    for path, given, expected in (
        ("/console/me", None, 401),
        ("/console/login", {"name": "Anja", "password": PASSWORD + "x"}, 401),
        ("/console/login", {"name": "Anja"}, 400),
    ):
        status, body = asked(stack, path, given)
        assert status == expected
        assert msgspec.json.decode(body, type=frames.Wrong).error
    status, body = asked(stack, "/console/login", {"name": "Anja", "password": PASSWORD}, Origin="https://elsewhere.example")
    assert (status, msgspec.json.decode(body, type=frames.Problem).status) == (403, 403)
    assert asked(stack, "/metrics")[0] == 403
    status, body = asked(stack, "/.well-known/security.txt")
    assert status == 200
    assert b"Expires: " in body
