"""What a caller meets, whatever gateway stands in between: the same tests for each of them."""

import asyncio
import time
from pathlib import Path

import pytest

from handover.conversation.conversation import Conversation
from handover.conversation.events import BotTurn, Person
from handover.conversation.states import State
from handover.history.store import Unavailable
from handover.ids import uuid7
from tests.voice.world import GATEWAYS, SECRETS, World, answer, asks, dumped, running

pytestmark = pytest.mark.parametrize("gateway", GATEWAYS)


async def callback_of(world: World) -> dict:
    [found] = await world.rows("callback")
    return found


async def test_a_whole_call(world, gateway):
    """BOT-1, PRV-11: the first words say that a machine speaks and writes down, and cannot be talked through."""
    line = world.line(gateway)
    heard = await line.start()
    assert "digitale assistent" in heard.said[0]
    assert "computer" in heard.said[0]
    assert "opgeschreven" in heard.said[0]
    assert "?" not in heard.said[0]
    assert heard.said[-1].endswith("Waarmee kan ik u helpen?")
    heard = await line.say("wat kost een paspoort", 0.91)
    assert heard.text == "Een paspoort kost 83 euro en 87 cent. Heeft u nog een vraag?"
    heard = await line.say("nee dank u wel")
    assert heard.hung_up
    assert "Dag!" in heard.text

    turns = await world.turns(line, gateway)
    assert [(turn.author, turn.data.get("confidence")) for turn in turns] == [
        ("bot", None), ("resident", 0.91), ("bot", None), ("resident", 0.93), ("system", None),
    ]  # fmt: skip
    c = await world.conversation(line, gateway)
    assert (c.channel, c.state, c.end_reason) == ("voice", State.CLOSED, "caller")
    assert c.external_key == f"voice:{gateway.removesuffix('-http')}:{line.id}"
    await line.hang_up()
    assert len(await world.turns(line, gateway)) == len(turns)


async def test_two_calls_of_one_number_are_two_conversations(world, gateway):
    fatma, joris = world.line(gateway, number="+31612345678"), world.line(gateway, number="+31612345678")
    await fatma.start()
    await joris.start()
    await fatma.say("wat kost een paspoort")
    assert (await world.conversation(fatma, gateway)).id != (await world.conversation(joris, gateway)).id
    assert len(await world.turns(joris, gateway)) == 1


async def test_silence_three_times_is_a_person(world, gateway):
    line = world.line(gateway)
    await line.start()
    first, second, third = [await line.silence() for _ in range(3)]
    assert first.said[0].startswith("Ik hoor u niet.")
    assert "Toets nul voor een medewerker" in second.text
    assert first.listens
    assert second.listens
    assert third.transfer["target"] == "sip:kcc@pbx.lindewaard.example"
    [handover] = await world.rows("handover")
    assert third.transfer["headers"]["X-Wegwijs-Handover"] == handover["code"]
    assert (handover["reason"], handover["number"]) == ("no_input", "+31612345678")


async def test_what_is_not_understood_is_counted_apart_from_silence(world, gateway):
    line = world.line(gateway)
    await line.start()
    await line.silence()
    await line.say("brmm", 0.2)
    await line.silence()
    heard = await line.say("hrmf", 0.1)
    assert heard.listens, "twice silent and twice unclear is not three times one of them"
    assert (await world.conversation(line, gateway)).call.failures == 4
    heard = await line.silence()
    assert heard.transfer, "but five in all are enough"
    assert world.bot.asked == []


async def test_an_answer_sets_the_counts_back(world, gateway):
    line = world.line(gateway)
    await line.start()
    await line.silence()
    await line.silence()
    await line.say("wat kost een paspoort")
    assert (await line.silence()).listens


@pytest.mark.parametrize("how", ["key", "word"])
async def test_a_person_by_key_and_by_word_also_in_the_middle_of_something(world, gateway, how):
    line = world.line(gateway)
    await line.start()
    world.bot.memory = {"slots": {"topic": "paspoort"}, "loop": "callback_form"}
    world.bot.says = lambda asked: [BotTurn(kind="form", text="Op welk nummer?")]
    heard = await line.say("bel mij terug")
    assert "terugbellen op dit nummer" in heard.text
    heard = await (line.press("0") if how == "key" else line.say("medewerker"))
    assert heard.transfer
    assert (await world.conversation(line, gateway)).state is State.WAITING
    [packet] = [row["packet"] for row in await world.rows("handover")]
    assert packet["channel"] == "voice"


async def test_a_doubtful_utterance_is_asked_back(world, gateway):
    line = world.line(gateway)
    await line.start()
    heard = await line.say("wat kost een paspoort", 0.5)
    assert heard.text == "Ik verstond: wat kost een paspoort. Klopt dat?"
    assert world.bot.asked == []
    heard = await line.say("ja")
    assert "83 euro" in heard.text
    assert [asked.ask.text for asked in world.bot.asked] == ["wat kost een paspoort"]


async def test_two_wrong_guesses_are_a_person(world, gateway):
    line = world.line(gateway)
    await line.start()
    for _ in range(2):
        await line.say("wat kost een kaspoort", 0.5)
        heard = await line.press("2")
    assert heard.transfer


async def test_repeat_and_stop(world, gateway):
    line = world.line(gateway)
    await line.start()
    said = (await line.say("wat kost een paspoort")).text
    assert (await line.press("*")).text == said
    assert (await line.say("herhaal")).text == said
    assert (await line.say("eh nog een keer alstublieft")).text == said
    world.bot.memory = {"slots": {}, "loop": "callback_form"}
    world.bot.says = lambda asked: [BotTurn(kind="form", text="Op welk nummer?")]
    await line.say("bel mij")
    assert "ik stop" in (await line.press("#")).text
    assert (await line.say("stop")).hung_up


async def test_a_long_answer_is_short_and_the_rest_on_request(world, gateway):
    line = world.line(gateway)
    await line.start()
    whole = "Een paspoort kost € 83,87. " + "Neem alles mee wat u heeft. " * 5
    world.bot.says = lambda asked: [answer(whole, "Een paspoort kost € 83,87.")]
    heard = await line.say("wat kost een paspoort")
    assert heard.text == "Een paspoort kost 83 euro en 87 cent. Wilt u het hele antwoord horen?"
    heard = await line.say("ja graag")
    assert heard.text.count("Neem alles mee") == 5
    turn = (await world.turns(line, gateway))[2]
    assert turn.text == whole, "the history, and the chat that it may go on in, have the whole answer"


async def test_choices_by_key_by_number_and_by_word(world, gateway):
    for how in ("2", "de tweede"):
        line = world.line(gateway)
        await line.start()
        world.bot.says = lambda asked: [asks("Paspoort: wat kost het?", "Rijbewijs: wat kost het?")]
        heard = await line.say("wat kost dat ding")
        assert "Toets 1: Paspoort: wat kost het. Toets 2: Rijbewijs: wat kost het." in heard.text
        world.bot.says = lambda asked: [answer()]
        heard = await (line.press(how) if how.isdigit() else line.say(how))
        assert "83 euro" in heard.text
        assert world.bot.asked[-1].ask.intent == "vraag"


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed"])
async def test_a_transfer_that_fails_ends_in_a_call_back(world, gateway, status):
    line = world.line(gateway)
    await line.start()
    assert (await line.press("0")).transfer
    heard = await line.transferred(status)
    assert "Het lukt nu niet om u door te verbinden" in heard.text
    assert "0 6, 1 2, 3 4, 5 6, 7 8" in heard.text
    assert (await line.say("ja")).text.startswith("Wanneer bellen wij u")
    heard = await line.say("liefst in de ochtend")
    assert heard.hung_up
    reference = (await world.conversation(line, gateway)).reference
    spelled = ", ".join(f"{reference[i]} {reference[i + 1]}" for i in range(0, 10, 2))
    assert heard.text.count(spelled) == 2, "the reference is told twice"
    wanted = await callback_of(world)
    assert (wanted["phone"], wanted["status"], wanted["preferred"]) == ("+31612345678", "open", "morning")
    [handover] = await world.rows("handover")
    assert handover["outcome"] == "transfer_failed"


async def test_a_transfer_that_succeeds_ends_the_call_for_us(world, gateway):
    if gateway == "audiocodes":
        pytest.skip("this gateway does not tell: see test_audiocodes.py")
    line = world.line(gateway)
    await line.start()
    await line.press("0")
    heard = await line.transferred("completed")
    assert heard.hung_up
    await line.hang_up()
    c = await world.conversation(line, gateway)
    assert (c.state, c.end_reason) == (State.CLOSED, "answered_by_phone")
    assert await world.rows("callback") == []


async def test_whoever_took_it_on_the_console_wraps_up(world, gateway):
    line = world.line(gateway)
    await line.start()
    await line.press("0")
    c = await world.conversation(line, gateway)
    anja = Person(uuid7(world.service.now()), "Anja")
    from handover.conversation import events as ev

    await world.service.performer.perform(c.id, ev.Claimed(anja))
    await line.transferred("completed")
    await line.hang_up()
    assert (await world.conversation(line, gateway)).state is State.STAFF
    await world.service.performer.perform(c.id, ev.WrappedUp(anja, "resolved", "Uitgelegd.", []))
    assert (await world.conversation(line, gateway)).state is State.CLOSED


async def test_outside_hours_there_is_a_call_back(closed, gateway):
    line = closed.line(gateway)
    await line.start()
    heard = await line.press("0")
    assert not heard.transfer
    assert "geen medewerker bereikbaar" in heard.text
    assert "0 6, 1 2, 3 4, 5 6, 7 8" in heard.text
    await line.press("1")
    assert (await line.press("2")).hung_up
    wanted = await callback_of(closed)
    assert (wanted["status"], wanted["preferred"]) == ("open", "afternoon")


async def test_a_caller_without_a_number_keys_one_in_and_hears_it(closed, gateway):
    line = closed.line(gateway, number=None)
    await line.start()
    heard = await line.say("medewerker")
    assert heard.text.endswith("Zullen wij u terugbellen?")
    heard = await line.say("ja")
    assert "sluit af met een hekje" in heard.text
    heard = await line.press("0687654321")
    assert "Ik herhaal het nummer: 0 6, 8 7, 6 5, 4 3, 2 1. Klopt dat?" in heard.text
    assert (await callback_of(closed))["status"] == "unconfirmed"
    assert "Op welk nummer" in (await line.say("nee")).text
    heard = await line.say("nul zes, twaalf, vierendertig, zesenvijftig, achtenzeventig")
    assert "0 6, 1 2, 3 4, 5 6, 7 8" in heard.text
    await line.say("klopt")
    assert (await line.say("maakt niet uit")).hung_up
    wanted = await callback_of(closed)
    assert (wanted["phone"], wanted["status"], wanted["preferred"]) == ("+31612345678", "open", "any")


async def test_nobody_is_asked_for_ever(closed, gateway):
    line = closed.line(gateway)
    await line.start()
    for _ in range(12):
        heard = await line.silence()
        if heard.hung_up:
            break
    assert heard.hung_up
    assert (await closed.conversation(line, gateway)).state is State.CLOSED


async def test_hanging_up_while_the_bot_thinks(world, gateway):
    line = world.line(gateway)
    await line.start()
    world.bot.slow = 0.3
    asking = asyncio.create_task(line.say("wat kost een paspoort"))
    await world.until(lambda: _true(world.bot.asked))
    other = world.line(gateway)
    other.id, other._ws = line.id, getattr(line, "_ws", None)
    await other.hang_up()
    await asyncio.gather(asking, return_exceptions=True)
    c = await world.until(lambda: _closed(world, line, gateway))
    assert c.end_reason == "hung_up"
    assert [turn.author for turn in await world.turns(line, gateway)] == ["bot", "resident", "bot", "system"]


async def _true(value: object) -> object:
    return value


async def _closed(world: World, line, gateway: str) -> Conversation | None:
    c = await world.conversation(line, gateway)
    return c if c.state is State.CLOSED else None


async def test_after_the_end_nothing_is_stored_and_the_answer_is_valid(world, gateway):
    line = world.line(gateway)
    await line.start()
    await line.say("nee dat was alles dag")
    heard = await line.say("doei")
    assert heard.hung_up
    stored = len(await world.turns(line, gateway))
    assert (await line.silence()).hung_up
    assert (await line.press("0")).hung_up
    assert len(await world.turns(line, gateway)) == stored


async def test_a_fault_of_ours_is_an_apology_and_a_person(world, gateway, monkeypatch):
    line = world.line(gateway)
    await line.start()

    async def fails(*_args, **_kwargs):
        raise RuntimeError("a fault with a secret in it")

    monkeypatch.setattr(world.service.calls, "_render", fails)
    heard = await line.say("wat kost een paspoort")
    assert heard.text.startswith("Er ging iets mis bij ons.")
    assert heard.transfer["target"] == "sip:kcc@pbx.lindewaard.example"
    assert heard.transfer["headers"]["X-Wegwijs-Handover"], "the record was made all the same"
    assert "secret" not in dumped(heard.raw)


async def test_a_store_that_is_gone_is_an_apology_and_a_person(world, gateway, monkeypatch):
    line = world.line(gateway)
    await line.start()

    async def fails(*_args, **_kwargs):
        raise Unavailable

    monkeypatch.setattr(world.service.store, "_do", fails)
    heard = await line.say("wat kost een paspoort")
    assert heard.text.startswith("Er ging iets mis bij ons.")
    assert heard.transfer == {"target": "sip:kcc@pbx.lindewaard.example", "headers": {}}


async def test_a_fault_outside_hours_tells_when_to_call(closed, gateway, monkeypatch):
    line = closed.line(gateway)
    await line.start()

    async def fails(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr(closed.service.calls, "_render", fails)
    heard = await line.say("wat kost een paspoort")
    assert heard.hung_up
    assert "van maandag tot en met vrijdag" in heard.text


async def test_what_a_voice_cannot_say_is_left_out(world, gateway):
    line = world.line(gateway)
    await line.start()
    world.bot.says = lambda asked: [
        answer(
            "**Let op** <b>\"één\" & 'twee'</b> 😀 [de site](https://a.example/x?y=1&z=2). Zie https://b.example/pad. Mag u 3 < 5 zeggen?"
        )
    ]
    heard = await line.say("wat <kost> & \"een\" 'paspoort' 😀")
    for sign in ("*", "😀", "http", "[", "](", "&", "<b>"):
        assert sign not in heard.text, sign
    assert "één" in heard.text
    assert "twee" in heard.text


async def test_an_answer_of_25_kib_is_shortened(world, gateway):
    line = world.line(gateway)
    await line.start()
    whole = "Bel 06 12 34 56 78 voor meer. " * 900
    world.bot.says = lambda asked: [answer(whole, "Kort.")]
    assert "Kort." in (await line.say("vertel")).text
    heard = await line.say("ja")
    assert "Bel 0 6" in heard.text
    assert len(dumped(heard.raw).encode()) < 20_000
    world.bot.says = lambda asked: [answer(whole, whole)]
    assert len(dumped((await line.say("vertel")).raw).encode()) < 20_000


async def test_a_slow_answer_is_bridged_with_a_phrase(world, gateway):
    """NFR-1: something is heard soon, whatever the bot is doing."""
    line = world.line(gateway)
    await line.start()
    world.service.calls.filler_after, world.bot.slow = 0.05, 1.0
    heard = await line.say("wat kost een paspoort")
    if gateway != "audiocodes":  # there the gateway itself speaks the phrase
        assert heard.said[0] == "Een moment, ik zoek het op."
        assert heard.seconds < 1.0
    assert "83 euro" in heard.text
    assert heard.listens


async def test_too_slow_is_an_apology_and_the_late_answer_is_not_said(world, gateway):
    line = world.line(gateway)
    await line.start()
    world.service.calls.hard_stop, world.bot.slow = 0.2, 0.8
    heard = await line.say("wat kost een paspoort")
    assert "Het lukt mij nu niet om te antwoorden" in heard.text
    assert "Wilt u een medewerker spreken?" in heard.text
    await world.until(lambda: _suppressed(world, line, gateway))
    assert (await line.say("ja")).transfer


async def _suppressed(world: World, line, gateway: str) -> bool:
    return any(turn.suppressed for turn in await world.turns(line, gateway))


async def test_the_bot_is_down(world, gateway):
    line = world.line(gateway)
    await line.start()
    world.bot.broken = True
    heard = await line.say("wat kost een paspoort")
    assert "Het lukt mij nu niet om te antwoorden" in heard.text
    assert (await line.press("1")).transfer


async def test_odd_input_gets_a_valid_answer(world, gateway):
    line = world.line(gateway)
    await line.start()
    assert (await line.say("a" * 10_000)).listens
    assert len((await world.turns(line, gateway))[1].text) == 2000
    for keys in ("123456789012345678901234567890123456789", "7", "***", "#0#0"):
        assert (await line.press(keys)).listens or True
    heard = await line.say("   ")
    assert heard.listens or heard.transfer


async def test_a_bsn_that_is_said_or_keyed_in_is_masked_first(world, gateway):
    """PRV-3"""
    line = world.line(gateway)
    await line.start()
    await line.say("mijn nummer is 111222333")
    await line.press("111222333")
    assert "111222333" not in dumped([turn.text for turn in await world.turns(line, gateway)])
    assert "[BSN verwijderd]" in dumped([turn.text for turn in await world.turns(line, gateway)])


async def test_an_english_caller(world, gateway):
    line = world.line(gateway)
    assert "For English, press nine" in (await line.start()).text
    heard = await line.press("9")
    assert heard.text == "All right, we go on in English. How can I help you?"
    assert (await world.conversation(line, gateway)).language == "en"
    heard = await line.silence()
    assert heard.text.startswith("I cannot hear you.")


async def test_a_moment_please(world, gateway):
    line = world.line(gateway)
    await line.start()
    heard = await line.say("een moment")
    assert "Neem de tijd" in heard.text
    assert (await world.conversation(line, gateway)).call.patient


async def test_a_call_goes_on_after_a_restart(tmp_path: Path, gateway):
    async with running(tmp_path / "data") as first:
        line = first.line(gateway)
        await line.start()
        await line.say("wat kost een paspoort")
    async with running(tmp_path / "data") as second:
        again = second.line(gateway)
        again.id, again.action = line.id, getattr(line, "action", None)
        if gateway == "jambonz":
            heard = await again.reconnect()
            assert heard.raw == [], "it is not greeted again"
        heard = await again.say("en een rijbewijs")
        assert heard.text.startswith("Een paspoort kost")
        assert "computer" not in heard.text
        assert [turn.author for turn in await second.turns(again, gateway)] == ["bot", "resident", "bot", "resident", "bot"]


async def test_words_of_an_unknown_call_begin_one(world, gateway):
    line = world.line(gateway)
    if gateway == "jambonz":
        await line.connect()
    heard = await line.say("wat kost een paspoort")
    assert "computer" in heard.text, "whoever it is hears that a machine speaks"
    assert "83 euro" in heard.text


async def test_a_gateway_that_falls_silent_has_hung_up(world, gateway):
    line = world.line(gateway)
    await line.start()
    c = await world.conversation(line, gateway)
    later = world.service.now
    from datetime import timedelta

    world.service.performer.now = lambda: later() + timedelta(minutes=4)
    await world.service.performer.work_off()
    c = await world.conversation(line, gateway)
    assert (c.state, c.end_reason) == (State.CLOSED, "lost")


async def test_nothing_is_logged_that_was_said(world, gateway, capsys):
    """SEC-18"""
    line = world.line(gateway)
    await line.start()
    await line.say("wat kost een paspoort voor mijn dochter")
    await line.press("0")
    await line.transferred("busy")
    logged = capsys.readouterr().out
    assert logged
    for secret in ("dochter", "+316", "612345678"):
        assert secret not in logged


async def test_off_until_the_secret_is_set(tmp_path: Path, gateway):
    async with running(tmp_path / "data", **dict.fromkeys(SECRETS, "")) as world:
        with pytest.raises(Exception, match="404"):
            await world.line(gateway).start()
        assert await world.rows("conversation") == []


async def test_fifty_calls_at_once(world, gateway):
    lines = [world.line(gateway) for _ in range(50)]
    await asyncio.gather(*(line.start() for line in lines))
    world.bot.slow = 0.01
    began = time.process_time()
    heard = await asyncio.gather(*(line.say(f"vraag {number}") for number, line in enumerate(lines)))
    assert all("83 euro" in one.text for one in heard)
    assert time.process_time() - began < 4, "on a core of its own the last one waits as long as that"
    assert len(await world.rows("conversation")) == 50
