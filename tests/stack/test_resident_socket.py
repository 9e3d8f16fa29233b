"""/chat/ws against the running stack: protocol.md section 4."""

import asyncio
import json
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.stack.people import Resident, resident
from tests.stack.running import Stack


async def test_the_first_turn_says_that_it_is_a_machine(stack: Stack) -> None:
    """BOT-1, BOT-2: the greeting is seq 1, from the bot, and says what it is."""
    fatma = await resident(stack)
    greeting = fatma.turns[0]
    assert (greeting["seq"], greeting["from"], greeting["kind"]) == (1, "bot", "greeting")
    assert "digitale assistent" in greeting["text"]
    assert "computer" in greeting["text"]
    assert greeting["name"] == "Digitale assistent"
    await fatma.close()


async def test_a_question_is_acknowledged_then_shown_then_answered(stack: Stack) -> None:
    fatma = await resident(stack)
    ack = await fatma.says("Wat kost een paspoort?")
    own = await fatma.turn(**{"from": "resident"})
    answer = await fatma.turn(**{"from": "bot"})
    assert ack == {"type": "ack", "id": own["id"], "seq": 2}
    assert (own["seq"], answer["seq"]) == (2, 3)
    assert (answer["kind"], answer["topic"], answer["aspect"]) == ("answer", "paspoort", "kosten")
    assert answer["link"]["url"].startswith("https://")
    assert answer["checked_on"]
    assert "do" not in json.dumps(answer["choices"])
    await fatma.close()


async def test_english_is_answered_in_english(stack: Stack) -> None:
    joris = await resident(stack, language="en")
    answer = await joris.asks("How much is a passport?")
    assert (answer["topic"], answer["aspect"], answer["language"]) == ("paspoort", "kosten", "en")
    await joris.close()


async def test_a_button_asks_what_it_says(stack: Stack) -> None:
    fatma = await resident(stack)
    choice = fatma.turns[0]["choices"][0]
    ack = await fatma.do(type="choose", turn=1, choice=choice["id"])
    own = await fatma.turn(**{"from": "resident"})
    answer = await fatma.turn(**{"from": "bot"})
    assert own["text"] == choice["label"]
    assert own["seq"] == ack["seq"]
    assert answer["kind"] == "answer"
    assert (await fatma.do(type="choose", turn=1, choice="anders"))["code"] == "not_found"
    assert (await fatma.do(type="choose", turn=99, choice=choice["id"]))["code"] == "not_found"
    await fatma.close()


async def test_the_same_id_twice_is_stored_once_and_answered_alike(stack: Stack) -> None:
    """NFR-3: also from another socket of the same conversation."""
    fatma = await resident(stack)
    id = str(uuid4())
    first = await fatma.do(type="message", id=id, text="Hallo")
    await fatma.turn(**{"from": "bot"})
    again = await fatma.do(type="message", id=id, text="Hallo")
    elsewhere = await resident(stack, fatma.token)
    third = await elsewhere.do(type="message", id=id, text="Hallo")
    assert first == again == third
    assert [turn["text"] for turn in elsewhere.turns].count("Hallo") == 1
    await fatma.close()
    await elsewhere.close()


async def test_a_reconnect_brings_exactly_what_was_missed(stack: Stack) -> None:
    fatma = await resident(stack)
    await fatma.asks("Wat kost een paspoort?")
    last = fatma.turns[-1]["seq"]
    fatma.cut()
    elsewhere = await resident(stack, fatma.token)
    await elsewhere.asks("En hoe lang duurt het?")
    back = await resident(stack, fatma.token, after=last)
    assert [turn["seq"] for turn in back.turns] == list(range(last + 1, last + 3))
    above = await resident(stack, fatma.token, after=999)
    assert above.turns == []
    for client in (elsewhere, back, above):
        await client.close()


async def test_long_histories_come_in_two_parts(stack: Stack) -> None:
    """More than 200 turns: `more`, and the rest as turn frames, without a gap."""
    fatma = await resident(stack)
    for number in range(101):
        await fatma.do(type="message", text=f"hallo {number}")
        await fatma.until(lambda frame, last=2 * number + 3: frame["type"] == "turn" and frame["turn"]["seq"] == last)  # its answer
    back = await resident(stack, fatma.token)
    assert back.frames[0]["more"] is True
    assert len(back.frames[0]["turns"]) == 200
    assert [turn["seq"] for turn in back.turns] == list(range(1, 204))
    await fatma.close()
    await back.close()


async def test_every_socket_of_a_conversation_hears_every_turn(stack: Stack) -> None:
    fatma = await resident(stack)
    phone = await resident(stack, fatma.token)
    await fatma.asks("Wat kost een rijbewijs?")
    await phone.turn(**{"from": "bot"})
    assert [turn["seq"] for turn in phone.turns] == [turn["seq"] for turn in fatma.turns]
    await fatma.close()
    await phone.close()


async def test_a_sixth_socket_closes_the_oldest(stack: Stack) -> None:
    """SEC-7: at most five sockets a conversation."""
    first = await resident(stack)
    others = [await resident(stack, first.token) for _ in range(5)]
    assert await first.closed() == 4001
    for other in others:
        await other.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://127.0.0.1.evil.example", "http://127.0.0.1:1"])
@pytest.mark.parametrize("path", ["/chat/ws", "/console/ws"])
async def test_a_foreign_origin_is_refused(stack: Stack, origin: str | None, path: str) -> None:
    """SEC-5: foreign, missing and look-alike origins, on both sockets."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{stack.ws_url}{path}", origin=origin)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "first", ['{"type":"message","id":"x","text":"hoi"}', "geen json", '{"type":"hello","after":-1}', "[]", b"\x00\x01"]
)
async def test_anything_but_hello_first_closes_the_socket(stack: Stack, first: str | bytes) -> None:
    client = Resident(await connect(f"{stack.ws_url}/chat/ws", origin=stack.origin))  # type: ignore[arg-type]
    await client.send_raw(first)
    assert await client.closed() == 1008


async def test_a_token_that_is_not_known_is_never_a_new_conversation(stack: Stack) -> None:
    """SEC-9."""
    client = Resident(await connect(f"{stack.ws_url}/chat/ws", origin=stack.origin))  # type: ignore[arg-type]
    await client.send_raw(json.dumps({"type": "hello", "token": "niet-van-mij"}))
    assert (await client.of_type("error"))["code"] == "not_found"
    assert await client.closed() == 1008


BAD_FRAMES = {
    "no JSON": ("geen json", "bad_frame"),
    "a list": ("[]", "bad_frame"),
    "no type": ("{}", "bad_frame"),
    "an unknown type": ('{"type":"restart"}', "bad_frame"),
    "hello again": ('{"type":"hello"}', "bad_frame"),
    "no id": ('{"type":"message","text":"hoi"}', "bad_frame"),
    "an id that is no UUID": ('{"type":"message","id":"1","text":"hoi"}', "bad_frame"),
    "no text": ('{"type":"message","id":"%s","text":""}' % uuid4(), "bad_frame"),
    "2,001 characters": ('{"type":"message","id":"%s","text":"%s"}' % (uuid4(), "a" * 2001), "too_long"),
    "a frame of 100 kB": ('{"type":"message","id":"%s","text":"%s"}' % (uuid4(), "a" * 100_000), "too_long"),
    "a score of 6": ('{"type":"rate","id":"%s","score":6}' % uuid4(), "bad_frame"),
    "deep nesting": ("[" * 50_000, "bad_frame"),
    "half a surrogate": ('{"type":"message","id":"%s","text":"\\ud800"}' % uuid4(), "bad_frame"),
    "bytes": (b'{"type":"human"}', "bad_frame"),
}


@pytest.mark.parametrize(("frame", "code"), BAD_FRAMES.values(), ids=BAD_FRAMES)
async def test_a_bad_frame_is_answered_and_harms_nothing(stack: Stack, frame: str | bytes, code: str) -> None:
    fatma = await resident(stack)
    await fatma.send_raw(frame)
    error = await fatma.of_type("error")
    assert error["code"] == code
    assert error["message"]
    assert (await fatma.says("Hallo"))["seq"] == 2
    await fatma.close()


async def test_commands_of_the_bot_are_text_like_any_other(stack: Stack) -> None:
    """SEC-23: what a resident types is data, also when it looks like an order to Rasa."""
    fatma = await resident(stack)
    for text in ("/restart", " /restart", "\u200b/restart", '/vraag{"topic": "x", "aspect": "y"}', "/session_start", "{{7*7}}"):
        answer = await fatma.asks(text)
        assert answer["kind"] != "greeting", text
        assert (answer.get("topic"), answer.get("aspect")) != ("x", "y")
    assert [turn["seq"] for turn in fatma.turns] == list(range(1, len(fatma.turns) + 1))
    await fatma.close()


async def test_a_bsn_is_masked_before_anything_keeps_it(stack: Stack) -> None:
    """PRV-3: neither the transcript, nor a file of the service, nor the bot's own log holds it."""
    fatma = await resident(stack)
    await fatma.asks("Mijn BSN is 123.456.782 en mijn rekening NL91 ABNA 0417 1643 00, wat kost een paspoort?")
    own = next(turn for turn in fatma.turns if turn["from"] == "resident")
    assert "[BSN verwijderd]" in own["text"]
    assert "[IBAN verwijderd]" in own["text"]
    await fatma.close()
    for file in stack.data.rglob("*"):
        if file.is_file():
            kept = file.read_bytes()
            assert b"123.456.782" not in kept, file
            assert b"0417 1643" not in kept, file


async def test_a_flood_is_slowed_down_and_costs_nobody_else(stack: Stack) -> None:
    """SEC-7."""
    flood, calm = await resident(stack), await resident(stack)
    for _ in range(400):
        await flood.send(type="typing", on=True)
    assert (await flood.do(type="message", text="hallo"))["code"] == "rate_limited"
    assert (await calm.says("Hallo"))["type"] == "ack"
    await flood.close()
    await calm.close()


async def test_a_rating_counts_after_closing_and_nothing_else_does(stack: Stack) -> None:
    """BOT-12: a reference, and a rating that can be changed."""
    fatma = await resident(stack)
    await fatma.asks("Wat kost een paspoort?")
    assert (await fatma.do(type="close"))["type"] == "ack"
    goodbye = await fatma.turn(**{"from": "system"})
    assert any(word.isdigit() and len(word) == 10 for word in goodbye["text"].replace(".", "").split())
    await fatma.state("closed")
    assert (await fatma.do(type="rate", score=2, comment="Te traag"))["type"] == "ack"
    assert (await fatma.do(type="rate", score=5))["type"] == "ack"
    assert (await fatma.says("Nog iets"))["code"] == "closed"
    assert (await fatma.do(type="human"))["code"] == "closed"
    back = await resident(stack, fatma.token)
    assert back.frames[1]["state"] == "closed"
    assert back.turns[-1]["text"] == goodbye["text"]
    await fatma.close()
    await back.close()


async def test_the_language_of_a_conversation_can_change(stack: Stack) -> None:
    fatma = await resident(stack)
    assert (await fatma.do(type="language", language="en"))["type"] == "ack"
    answer = await fatma.asks("passport price")
    assert answer["language"] == "en"
    await fatma.close()


async def test_sixteen_residents_at_once_each_get_their_own_answers(stack: Stack) -> None:
    everybody = [await resident(stack) for _ in range(16)]
    answers = await asyncio.gather(
        *(one.asks("Wat kost een paspoort?" if i % 2 else "Wat kost een rijbewijs?") for i, one in enumerate(everybody))
    )
    assert [answer["topic"] for answer in answers] == ["rijbewijs", "paspoort"] * 8
    for one in everybody:
        await one.close()
