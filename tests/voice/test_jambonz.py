"""jambonz: what is particular about it. Every list of verbs is held against the vendor's own validators."""

import asyncio
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from handover.conversation.events import BotTurn
from handover.conversation.states import State
from tests.voice.world import answer, asks

HERE = Path(__file__).parent
PACKAGES = ("@jambonz/schema@0.4.15", "@jambonz/verb-specifications@0.1.13")


@pytest.fixture(scope="session")
def validator() -> Any:
    """Raises if the vendor's packages refuse a list of verbs."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("needs node and npm")
    if not (HERE / "node_modules" / "@jambonz" / "schema").exists():
        command = [npm, "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", str(HERE), *PACKAGES]
        if subprocess.run(command, capture_output=True, timeout=120, check=False).returncode != 0:
            pytest.skip("needs the npm packages @jambonz/schema and @jambonz/verb-specifications")

    def validate(lists: list[list[dict[str, Any]]]) -> None:
        done = subprocess.run(
            [node, "validate.cjs"], cwd=HERE, input=json.dumps(lists), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]

    return validate


async def upgrade(world: Any, **options: Any) -> int:
    """The status with which an upgrade is refused, or 101."""
    try:
        async with connect(world.url.replace("http", "ws") + "/voice/jambonz", **options):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_no_or_a_wrong_password_or_no_subprotocol_is_refused_and_nothing_stored(world):
    """SEC-21"""
    line = world.line()
    good = line._headers
    wrong = {"Authorization": "Basic Z2F0ZXdheTp3cm9uZw=="}
    assert await upgrade(world, subprotocols=["ws.jambonz.org"]) == 401
    assert await upgrade(world, subprotocols=["ws.jambonz.org"], additional_headers=wrong) == 401
    assert await upgrade(world, additional_headers=good) == 400
    assert await upgrade(world, additional_headers=good, subprotocols=["audio.jambonz.org"]) == 400
    assert await upgrade(world, additional_headers=good, subprotocols=["ws.jambonz.org"]) == 101
    assert await world.rows("conversation") == []


async def test_the_vendors_validators_accept_every_verb(world, closed, validator):
    seen = []
    for place in (world, closed):
        line = place.line()
        seen.append((await line.start()).raw)
        place.bot.says = lambda asked: [asks("Paspoort: wat kost het?", "Rijbewijs: wat kost het?")]
        seen.append((await line.say('iets over <kosten> & "meer" 😀')).raw)
        place.bot.says = lambda asked: [answer("Bel 06 12 34 56 78. " * 60, "Bel 14 0999.")]
        seen += [(await line.press("1")).raw, (await line.say("ja")).raw, (await line.press("9")).raw, (await line.silence()).raw]
        seen += [(await line.say("code")).raw, (await line.press("12345678")).raw, (await line.say("chat")).raw]
        place.service.calls.filler_after, place.bot.slow = 0.02, 0.2
        seen.append((await line.say("what does a passport cost")).raw)
        seen.append((await line.press("0")).raw)
        if place is world:
            seen.append((await line.transferred("busy")).raw)
        seen += [
            (await line.say("no")).raw,
            (await line.press("0612345678#")).raw,
            (await line.say("yes")).raw,
            (await line.say("morning")).raw,
        ]
        seen.append((await line.say("hello?")).raw)
    verbs = {verb["verb"] for one in seen for verb in one}
    assert verbs == {"say", "gather", "dial", "hangup"}
    validator(seen)


async def test_a_named_voice_is_accepted_too(tmp_path, validator):
    from tests.voice.world import running

    voices = {"WEGWIJS_VOICE_NL": "microsoft:nl-NL-FennaNeural", "WEGWIJS_VOICE_EN": "en-GB-SoniaNeural", "WEGWIJS_VOICE_SSML": "off"}
    async with running(tmp_path / "data", **voices) as world:
        line = world.line()
        greeting = await line.start()
        english = await line.press("9")
        validator([greeting.raw, english.raw])
        assert greeting.raw[0]["synthesizer"] == {"vendor": "microsoft", "language": "nl-NL", "voice": "nl-NL-FennaNeural"}
        assert english.listens["recognizer"]["language"] == "en-GB"
        assert english.listens["say"]["synthesizer"]["voice"] == "en-GB-SoniaNeural"


async def test_barge_in_is_for_everything_but_the_notice_and_what_is_read_back(world):
    line = world.line()
    heard = await line.start()
    notice, gather = heard.raw
    assert notice["verb"] == "say"
    assert "computer" in notice["text"]
    assert (gather["bargein"], gather["dtmfBargein"], gather["minBargeinWordCount"]) == (True, True, 2)
    await line.press("0")
    heard = await line.transferred("busy")
    assert [verb["verb"] for verb in heard.raw] == ["say", "say", "gather"]
    assert "terugbellen op dit nummer" in heard.raw[1]["text"]


async def test_the_same_message_again_is_one_turn_and_the_same_answer(world):
    line = world.line()
    await line.start()
    first = await line.say("wat kost een paspoort", msgid="m77")
    again = await line.say("wat kost een paspoort", msgid="m77")
    assert again.raw == first.raw
    assert len(world.bot.asked) == 1
    assert len(await world.turns(line)) == 3


async def test_a_dropped_socket_comes_back_without_a_greeting_and_hears_what_it_missed(world):
    line = world.line()
    await line.start()
    world.bot.slow = 0.3

    async def answered() -> bool:
        return len(await world.turns(line)) == 3

    asking = asyncio.create_task(line.say("wat kost een paspoort"))
    await world.until(_when(lambda: world.bot.asked))
    line.cut()
    await asyncio.gather(asking, return_exceptions=True)
    await world.until(answered)  # and nobody could be told
    heard = await line.reconnect()
    assert heard.raw == []
    heard = await line.redirected()
    assert "83 euro" in heard.text
    assert heard.listens
    assert [turn.author for turn in await world.turns(line)] == ["bot", "resident", "bot"]


async def test_a_greeting_that_was_never_acknowledged_comes_with_the_reconnect(world):
    line = world.line()
    await line.connect()
    heard = await line.exchange({"type": "session:reconnect", "data": {**line.facts, "sip": {"headers": {}}}})
    assert "computer" in heard.text
    assert heard.listens


async def test_a_socket_that_does_not_come_back_ends_the_call_after_a_minute(world):
    from datetime import timedelta

    line = world.line()
    await line.start()
    line.cut()
    clock = world.service.now

    async def lost() -> bool:
        c = await world.conversation(line)
        return c.timers["call_lost"] <= clock() + timedelta(seconds=61)

    await world.until(lost)
    world.service.performer.now = lambda: clock() + timedelta(seconds=62)
    await world.service.performer.work_off()
    assert (await world.conversation(line)).state is State.CLOSED


async def test_unknown_frames_and_fields_are_ignored(world):
    line = world.line()
    await line.start()
    for frame in ("no json", "[]", "7", '{"type":"nothing"}', '{"type":"verb:hook"}', '{"type":"verb:hook","call_sid":7,"msgid":"x"}'):
        await line._ws.send(frame)
    for kind in ("call:status", "verb:status", "jambonz:error", "llm:event"):
        await line._ws.send(json.dumps({"type": kind, "msgid": "s1", "call_sid": line.id, "data": {"call_status": "in-progress"}}))
    heard = await line.hook("/voice/jambonz/turn", reason="speechDetected", speech={"alternatives": []}, digits="", extra={"a": 1})
    assert heard.said[0].startswith("Ik hoor u niet.")
    heard = await line.hook("/something", reason="stt-low-confidence", speech={"alternatives": [{"transcript": "hm", "confidence": "?"}]})
    assert heard.said[0].startswith("Dat verstond ik niet goed.")
    heard = await line.hook("", reason="error", details={"error": "stt"})
    assert heard.listens


async def test_a_hook_about_an_ended_call_is_acknowledged(world):
    line = world.line()
    await line.start()
    await line.hang_up()
    assert (await world.conversation(line)).end_reason == "hung_up"
    await line.connect()
    heard = await line.say("hallo?")
    assert heard.hung_up
    assert len(await world.turns(line)) == 2


async def test_a_signature_is_checked_on_the_raw_bytes_and_not_for_ever(world):
    """SEC-21: HTTP mode"""
    line = world.line("jambonz-http")
    body = json.dumps({"call_sid": line.id, "from": "+31612345678"}).encode()
    cases = {
        "none": {}, "wrong": {"Jambonz-Signature": f"t={int(time.time())},v1={'0' * 64}"}, "no sense": {"Jambonz-Signature": "t=x,v1=y"},
        "old": line.signed(body, time.time() - 301), "of tomorrow": line.signed(body, time.time() + 301),
        "of another body": line.signed(b"{}"),
    }  # fmt: skip
    for name, headers in cases.items():
        answered = await line._client.post(f"{world.url}/voice/jambonz", content=body, headers=headers)
        assert answered.status_code == 401, name
    assert await world.rows("conversation") == []
    answered = await line._client.post(f"{world.url}/voice/jambonz", content=body, headers=line.signed(body))
    assert (answered.status_code, answered.headers["content-type"]) == (200, "application/json")


async def test_a_retry_over_http_has_the_same_signature_and_gets_the_same_answer(world, validator):
    line = world.line("jambonz-http")
    await line.start()
    body = json.dumps(
        {"call_sid": line.id, "reason": "speechDetected", "speech": {"alternatives": [{"transcript": "wat kost dat"}]}}
    ).encode()
    headers = line.signed(body)
    sent = [await line._client.post(f"{world.url}/voice/jambonz/turn", content=body, headers=headers) for _ in range(3)]
    assert len({one.text for one in sent}) == 1
    assert len(world.bot.asked) == 1
    at_once = line.signed(body + b" ")
    both = await asyncio.gather(
        *(line._client.post(f"{world.url}/voice/jambonz/turn", content=body + b" ", headers=at_once) for _ in range(3))
    )
    assert len({one.text for one in both}) == 1
    assert len(world.bot.asked) == 2
    validator([sent[0].json()])


async def test_bodies_that_are_no_call(world):
    line = world.line("jambonz-http")
    for body in (b"", b"[]", b"{}", b'{"call_sid": 7}', b"\xff"):
        answered = await line._client.post(f"{world.url}/voice/jambonz/turn", content=body, headers=line.signed(body))
        assert answered.status_code == 400
    assert await world.rows("conversation") == []


def _when(condition: Any) -> Any:
    async def met() -> Any:
        return condition()

    return met


async def test_the_form_of_the_bot_becomes_the_telephones_own(world):
    line = world.line()
    await line.start()
    world.bot.says = lambda asked: [BotTurn(kind="form", text="Klopt 06 87 65 43 21?", callback={"phone": "+31687654321"})]
    heard = await line.say("bel mij op nul zes acht zeven")
    assert "Ik herhaal het nummer: 0 6, 8 7, 6 5, 4 3, 2 1. Klopt dat?" in heard.text
