"""TwiML webhooks: what is particular about them. Signatures are made by the vendor's own library."""

import asyncio
import hashlib
import json
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from twilio.request_validator import RequestValidator

from handover.channels.voice.twiml import Signature
from handover.conversation.states import State
from tests.voice.world import PUBLIC, TWIML, answer, running

URL = f"{PUBLIC}/voice/twiml"
FORM = {"CallSid": "CA77", "AccountSid": "AC1", "From": "+31612345678", "To": "+31201112222", "CallStatus": "ringing", "Naam": "Zoë & <co>"}
VENDOR = RequestValidator(TWIML)


async def posted(world, line, url=URL, form=FORM, signature=None, content=None, kind="application/x-www-form-urlencoded", **headers):
    """As it reaches us behind a proxy: another host, another scheme, another port."""
    signed = {"X-Twilio-Signature": signature} if signature is not None else {}
    body = content if content is not None else urlencode(form)
    return await line._client.post(url.replace(PUBLIC, world.url), content=body, headers={"Content-Type": kind, **signed, **headers})


async def test_a_signature_of_the_vendors_own_library_is_accepted_with_and_without_port(world):
    line = world.line("twiml")
    for url in (URL, URL.replace("example/", "example:443/")):
        answered = await posted(world, line, signature=VENDOR.compute_signature(url, FORM))
        assert answered.status_code == 200
        assert answered.headers["content-type"].startswith("text/xml")
    signature = VENDOR.compute_signature(f"{URL}/turn?n=1", FORM)
    assert (await posted(world, line, f"{URL}/turn?n=1", signature=signature)).status_code == 200


async def test_the_newer_algorithm_too(world):
    line = world.line("twiml")
    settings = {"X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}
    signature = VENDOR.compute_signature(URL, FORM, "HMAC_SHA256")
    assert (await posted(world, line, signature=signature, **settings)).status_code == 200
    assert (await posted(world, line, signature=signature)).status_code == 403
    unknown = {"X-Twilio-Webhooks-Signature-Settings": "algorithm=NONE"}
    assert (await posted(world, line, signature=signature, **unknown)).status_code == 403


async def test_ours_and_the_vendors_agree_on_repeated_fields_and_on_a_hashed_body(world):
    class Many(dict):
        def getall(self, name):
            return self[name]

    form = Many({"b": ["2", "1", "2"], "a": ["é"], "A": [""]})
    assert Signature(TWIML, PUBLIC).sign(URL, form) == VENDOR.compute_signature(URL, form)

    line, body = world.line("twiml"), json.dumps({"CallSid": "CA1"})
    url = f"{URL}/status?bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    signature = VENDOR.compute_signature(url, {})
    good = await posted(world, line, url, content=body, signature=signature, kind="application/json")
    assert good.status_code == 400, "the signature holds; there is no call in it"
    bad = await posted(world, line, url, content=body + " ", signature=signature, kind="application/json")
    assert bad.status_code == 403


@pytest.mark.parametrize("case", ["none", "wrong", "other token", "other field", "other address", "the address of the proxy", "no sense"])
async def test_no_or_a_wrong_signature_is_refused_and_nothing_stored(world, case):
    """SEC-21"""
    signature = {
        "none": None, "wrong": "AAAA", "other token": RequestValidator("another").compute_signature(URL, FORM),
        "other field": VENDOR.compute_signature(URL, {**FORM, "From": "+31687654321"}),
        "other address": VENDOR.compute_signature(f"{URL}/turn", FORM),
        "the address of the proxy": VENDOR.compute_signature(f"{world.url}/voice/twiml", FORM), "no sense": "é".encode(),
    }[case]  # fmt: skip
    answered = await posted(world, world.line("twiml"), signature=signature)
    assert answered.status_code == 403
    assert await world.rows("conversation") == []


async def test_the_document_says_what_it_should(world):
    line = world.line("twiml")
    heard = await line.start()
    notice, gather, fallback = heard.raw
    assert (notice.tag, gather.tag, fallback.tag) == ("Say", "Gather", "Redirect")
    assert "computer" in notice.text
    wanted = {"input": "dtmf speech", "language": "nl-NL", "speechTimeout": "auto", "timeout": "7", "numDigits": "1", "finishOnKey": "",
              "actionOnEmptyResult": "true", "bargeIn": "true", "action": f"{URL}/turn?n=1", "method": "POST"}  # fmt: skip
    assert wanted.items() <= gather.attrib.items()
    assert {say.attrib["language"] for say in gather} == {"nl-NL"}


async def test_an_older_number_gets_its_own_document_again(world):
    line = world.line("twiml")
    await line.start()
    first_action = line.action
    first = (await line.post(first_action, SpeechResult="wat kost een paspoort", Confidence="0.9")).text
    line._heard(first)
    await line.say("iets anders over mijn rijbewijs dan maar")
    again = (await line.post(first_action, SpeechResult="wat kost een paspoort", Confidence="0.9")).text
    assert again == first
    at_once = await asyncio.gather(*(line.post(line.action, SpeechResult="en de milieustraat") for _ in range(4)))
    assert len({one.text for one in at_once}) == 1
    assert len(world.bot.asked) == 3


async def test_text_is_escaped_and_marks_only_for_a_voice_that_was_chosen(world, tmp_path):
    line = world.line("twiml")
    await line.start()
    world.bot.says = lambda asked: [answer("Bel 14 0999 & vraag naar \"Jan\" <of> 'Piet'.")]
    document = (await line.post(line.action, SpeechResult="<Response>&</Response>")).text
    ElementTree.fromstring(document)
    assert "<say-as" not in document
    async with running(tmp_path / "other", WEGWIJS_VOICE_NL="Polly.Laura-Neural") as other:
        line = other.line("twiml")
        await line.start()
        other.bot.says = lambda asked: [answer("Bel 14 0999 & vraag naar Jan.")]
        document = (await line.post(line.action, SpeechResult="x")).text
        assert 'voice="Polly.Laura-Neural"' in document
        assert '<say-as interpret-as="characters">0999</say-as>' in document


async def test_the_header_travels_in_the_sip_address(world):
    line = world.line("twiml")
    await line.start()
    heard = await line.press("0")
    [handover] = await world.rows("handover")
    dial = heard.raw.find("Dial")
    assert (dial.attrib["timeout"], dial.attrib["answerOnBridge"]) == ("30", "true")
    assert dial.find("Sip").text.startswith(f"sip:kcc@pbx.lindewaard.example?X-Wegwijs-Handover={handover['code']}&User-to-User=")


async def test_a_status_makes_no_turn_and_ends_the_call_whenever_it_comes(world):
    line = world.line("twiml")
    for status in ("ringing", "in-progress", "completed"):  # of a call that never asked anything
        answered = await line.post(f"{URL}/status", CallStatus=status)
        assert (answered.status_code, answered.text) == (204, "")
    assert await world.rows("conversation") == []
    await line.start()
    await line.post(f"{URL}/status", CallStatus="completed")
    assert (await world.conversation(line, "twiml")).state is State.CLOSED
    assert (await line.say("hallo")).hung_up


async def test_odd_fields(world):
    line = world.line("twiml")
    await line.start()
    both = await line._asked(line.action, SpeechResult="een vraag", Digits="0", Confidence="much")
    assert both.transfer, "a key is never a mistake of the recogniser"
    assert (await line.post(f"{URL}/turn?n=x", SpeechResult="hallo")).status_code == 200
    assert (await line.post(f"{URL}/turn?n=99999999999", Confidence="NaN", SpeechResult="hallo")).status_code == 200
