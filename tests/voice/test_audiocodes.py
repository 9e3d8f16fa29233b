"""AudioCodes Bot API: what is particular about it."""

import asyncio
from datetime import timedelta

import pytest

from handover.conversation import events as ev
from handover.conversation.events import Person
from handover.conversation.states import State
from handover.ids import uuid7
from tests.voice.world import answer

BASE = "/voice/audiocodes"


@pytest.mark.parametrize("token", [None, "Bearer wrong", "Basic ac-token-1234567", "ac-token-1234567", "Bearer"])
async def test_no_or_a_wrong_token_is_refused_everywhere_and_nothing_stored(world, token):
    """SEC-21"""
    line = world.line("audiocodes")
    headers = {"Authorization": token} if token else {}
    body = {"conversation": line.id, "activities": [line.start_activity()]}
    of_a_call = [("POST", f"/conversation/{line.id}/{what}") for what in ("activities", "refresh", "disconnect")]
    for method, path in (("GET", ""), ("POST", ""), *of_a_call):
        answered = await line._client.request(method, f"{world.url}{BASE}{path}", json=body if method == "POST" else None, headers=headers)
        assert answered.status_code == 401, path
    assert await world.rows("conversation") == []


async def test_the_check_and_the_start(world):
    line = world.line("audiocodes")
    checked = await line._client.get(f"{world.url}{BASE}", headers=line.headers)
    assert checked.json() == {"type": "ac-bot-api", "success": True}
    first = await line.post(f"{world.url}{BASE}", {"conversation": line.id, "new": 1})
    again = await line.post(f"{world.url}{BASE}", {"conversation": line.id})
    assert first.json() == again.json() == {
        "activitiesURL": f"conversation/{line.id}/activities", "refreshURL": f"conversation/{line.id}/refresh",
        "disconnectURL": f"conversation/{line.id}/disconnect", "expiresSeconds": 120,
    }  # fmt: skip
    for body in ({}, {"conversation": 7}, {"conversation": ""}, []):
        assert (await line.post(f"{world.url}{BASE}", body)).status_code == 400
    assert len(await world.rows("conversation")) == 1


async def test_the_first_answer_sets_how_the_gateway_listens(world):
    line = world.line("audiocodes")
    heard = await line.start()
    config, notice, question = heard.raw
    assert config["name"] == "config"
    wanted = {"bargeIn": True, "bargeInOnDTMF": True, "bargeInMinWordCount": 2, "sendDTMF": True, "language": "nl-NL",
              "userNoInputTimeoutMS": 7000, "botNoInputTimeoutMS": 1500, "botNoInputSpeech": "Een moment, ik zoek het op."}  # fmt: skip
    assert wanted.items() <= config["sessionParams"].items()
    assert notice["activityParams"] == {"bargeIn": False, "bargeInOnDTMF": False}
    assert "activityParams" not in question
    assert all(activity["id"] and activity["timestamp"] for activity in heard.raw)


async def test_a_repeated_activity_gets_what_it_got_also_among_new_ones(world):
    line = world.line("audiocodes")
    await line.start()
    question = line.activity(type="message", text="wat kost een paspoort", parameters={"confidence": 0.9})
    first = await line.send(question)
    again = await line.send(question)
    assert first.raw == again.raw, "ids and moments too"
    both = await line.send(question, line.activity(type="event", name="noUserInput", value=1))
    assert both.raw[: len(first.raw)] == first.raw
    assert "Ik hoor u niet." in both.text
    await asyncio.gather(*(line.send(question) for _ in range(3)))
    assert len(world.bot.asked) == 1


async def test_keys_one_by_one_make_a_number(closed):
    line = closed.line("audiocodes", number=None)
    await line.start()
    await line.press("0")
    heard = await line.say("ja")
    assert heard.raw[-1]["sessionParams"]["dtmfCollect"] is True
    for key in "061234567":
        assert (await line.press(key)).said == []
    heard = await line.press("8")
    assert "0 6, 1 2, 3 4, 5 6, 7 8" in heard.text
    assert heard.raw[-1]["sessionParams"]["dtmfCollect"] is False


async def test_lower_case_names_unknown_events_and_odd_ones(world):
    line = world.line("audiocodes")
    await line.start()
    nothing = await line.send(
        line.activity(type="event", name="speechHypothesis", parameters={"text": "wa"}), line.activity(type="typing"),
        line.activity(type="message"), line.activity(type="event"), "text", None,
        line.activity(type="event", name="voiceDetected"), line.activity(type="event", name="conversationEnd"),
    )  # fmt: skip
    assert nothing.raw == []
    assert (await line.send(line.activity(type="event", name="dtmf", value="0"))).transfer


async def test_unknown_calls(world):
    line = world.line("audiocodes")
    for what in ("refresh", "disconnect"):
        answered = await line.post(f"{world.url}{BASE}/conversation/{line.id}/{what}", {"conversation": line.id})
        assert answered.status_code == 404
    assert await world.rows("conversation") == []


async def test_a_refresh_keeps_the_call(world):
    line = world.line("audiocodes")
    await line.start()
    clock = world.service.now
    world.service.performer.now = lambda: clock() + timedelta(seconds=100)
    refreshed = await line.post(f"{world.url}{BASE}/{line.urls['refreshURL']}", {"conversation": line.id})
    assert refreshed.json() == {"expiresSeconds": 120}
    world.service.performer.now = lambda: clock() + timedelta(seconds=230)
    await world.service.performer.work_off()
    assert (await world.conversation(line, "audiocodes")).state is State.BOT


async def test_before_a_transfer_that_is_not_reported_a_call_back_is_drafted(world):
    line = world.line("audiocodes")
    await line.start()
    heard = await line.press("0")
    message, transfer = heard.raw
    assert (message["type"], transfer["name"]) == ("message", "transfer")
    assert transfer["activityParams"]["transferTarget"] == "sip:kcc@pbx.lindewaard.example"
    headers = transfer["activityParams"]["transferSipHeaders"]
    assert [header["name"] for header in headers] == ["X-Wegwijs-Handover", "User-to-User"]
    [draft] = await world.rows("callback")
    assert (draft["phone"], draft["status"]) == ("+31612345678", "unconfirmed")
    await line.hang_up()  # as this gateway does after every transfer
    c = await world.conversation(line, "audiocodes")
    assert c.state is State.WAITING, "whoever answers can still see who it is"

    await world.service.performer.perform(c.id, ev.Claimed(Person(uuid7(world.service.now()), "Anja")))
    [draft] = await world.rows("callback")
    assert draft["status"] == "cancelled"


async def test_nobody_took_over_and_the_draft_stays(world):
    line = world.line("audiocodes")
    await line.start()
    await line.press("0")
    await line.hang_up()
    clock = world.service.now
    world.service.performer.now = lambda: clock() + timedelta(minutes=6)
    await world.service.performer.work_off()
    c = await world.conversation(line, "audiocodes")
    assert (c.state, c.end_reason) == (State.CLOSED, "hung_up")
    [draft] = await world.rows("callback")
    assert draft["status"] == "unconfirmed"


async def test_the_answer_waits_for_the_bot_and_the_gateway_fills_the_time(world):
    line = world.line("audiocodes")
    await line.start()
    world.service.calls.filler_after, world.bot.slow = 0.05, 0.3
    world.bot.says = lambda asked: [answer("Vijf dagen.")]
    heard = await line.say("hoe lang duurt dat")
    assert heard.text == "Vijf dagen. Heeft u nog een vraag?"
