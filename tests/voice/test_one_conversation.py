"""Phone and web are one conversation: codes there and back, the place in the queue, and the screen of who answers."""

import asyncio
import re
from datetime import timedelta
from uuid import uuid4

import httpx
import msgspec
import pytest

from handover.channels import frames
from handover.conversation.states import State
from tests.stack.people import resident
from tests.voice.world import World, answer


def code_in(text: str) -> str:
    """The digits that a caller hears after "Uw code is"."""
    return re.sub(r"\D", "", re.search(r"Uw code is ([\d ,]+)\.", text)[1])


async def typed(world: World, code: str):
    """A chat in which this code was typed: the socket, and the answer to it."""
    chat = await resident(world)
    return chat, await chat.do(type="code", code=code)


async def test_a_call_goes_on_in_the_chat(world):
    line = world.line()
    await line.start()
    await line.say("wat kost een paspoort")
    heard = await line.say("ik wil chatten")
    code = code_in(heard.text)
    assert len(code) == 8
    chat, got = await typed(world, code)
    assert got["type"] == "ack"
    welcome = await chat.of_type("welcome")
    c = await world.conversation(line)
    assert welcome["conversation"] == str(c.id)
    assert [turn["text"] for turn in welcome["turns"]][1:3] == ["wat kost een paspoort", "Een paspoort kost € 83,87."]
    chat.token = welcome["token"]

    await line.hang_up()
    c = await world.conversation(line)
    assert (c.state, c.channel) == (State.BOT, "web"), "the call is over, the conversation is not"
    world.bot.says = lambda asked: [answer("Vijf dagen.")]
    assert (await chat.asks("en hoe lang duurt dat"))["text"] == "Vijf dagen."
    assert world.bot.asked[-1].by_ear is False
    assert (await world.conversation(line)).memory == world.bot.memory, "what the bot knew moved along"
    await chat.close()
    again = await resident(world, welcome["token"])
    assert again.conversation == str(c.id), "the token of that chat holds"
    await again.close()


async def test_the_code_is_not_in_the_history(world):
    line = world.line()
    await line.start()
    code = code_in((await line.say("website")).text)
    kept = [f"{turn.text} {turn.data}" for turn in await world.turns(line)]
    assert not any(code in text.replace(" ", "").replace(",", "") for text in kept)
    fresh = code_in((await line.press("*")).text)
    assert fresh != code, "said again it is another one, and the first holds no more"
    chat, got = await typed(world, code)
    assert got["code"] == "not_found"
    await chat.close()


async def test_a_chat_goes_on_by_telephone(world):
    chat = await resident(world)
    await chat.asks("wat kost een paspoort")
    await chat.do(type="call")
    given = await chat.of_type("code")
    msgspec.convert(given, frames.ResidentCode)
    assert given["phone"]["label"] == "14 0999"
    line = world.line()
    await line.start()
    assert "Toets de acht cijfers" in (await line.press("1")).text
    heard = await line.press(given["code"])
    assert heard.text.startswith("Ik zie uw gesprek uit de chat.")
    c = await world.conversation(line)
    assert (str(c.id), c.channel) == (chat.conversation, "voice")
    await line.say("en voor een kind")
    assert [asked.memory for asked in world.bot.asked][-1] == world.bot.memory
    turn = await chat.turn(text="en voor een kind")
    assert turn["from"] == "resident", "the page shows what is said"
    first = next(row for row in await world.rows("conversation") if row["id"] != c.id)
    assert first["state"] == "closed"
    await line.hang_up()
    await chat.turn(text="Het telefoongesprek is voorbij. U kunt hier verder typen.")
    assert (await world.conversation(line)).state is State.BOT
    await chat.close()


async def test_a_code_can_be_said(world):
    chat = await resident(world)
    await chat.do(type="call")
    code = (await chat.of_type("code"))["code"]
    line = world.line()
    await line.start()
    await line.say("ik heb een code")
    heard = await line.say(" ".join(code))
    assert heard.text.startswith("Ik zie uw gesprek uit de chat.")
    assert code not in "".join(turn.text.replace(" ", "") for turn in await world.turns(line))
    await chat.close()


async def test_the_place_in_the_queue_moves_along(world):
    anja = await world.colleague("Anja")
    first, second = await resident(world), await resident(world)
    for chat in (first, second):
        await chat.do(type="human")
        await chat.state("waiting")
    before = [id for id, _ in await world.service.store.queue("kcc")]
    await first.do(type="call")
    code = (await first.of_type("code"))["code"]
    line = world.line()
    await line.start()
    await line.press("1")
    heard = await line.press(code)
    assert "U houdt uw plek" in heard.text
    assert heard.transfer["headers"]["X-Wegwijs-Handover"]
    assert [id for id, _ in await world.service.store.queue("kcc")] == before
    c = await world.conversation(line)
    assert (c.state, "nobody_came" in c.timers) == (State.WAITING, False)
    await line.hang_up()
    c = await world.conversation(line)
    assert (c.state, c.channel, "nobody_came" in c.timers) == (State.WAITING, "web", True)
    assert [id for id, _ in await world.service.store.queue("kcc")] == before
    for client in (first, second, anja):
        await client.close()


@pytest.mark.parametrize("how", ["wrong", "used", "old", "of the other kind", "no digits"])
async def test_a_code_that_is_not_right_tells_nothing(world, how):
    line = world.line()
    await line.start()
    code = code_in((await line.say("chat")).text)
    if how == "used":
        chat, got = await typed(world, code)
        assert got["type"] == "ack"
        await chat.close()
    if how == "old":
        clock = world.service.now
        world.service.codes._now = lambda: clock() + timedelta(minutes=11)
    if how == "of the other kind":
        chat = await resident(world)
        await chat.do(type="call")
        code = (await chat.of_type("code"))["code"]
        await chat.close()
    given = {"wrong": f"{(int(code) + 1) % 10**8:08}", "no digits": "abc"}.get(how, code)
    chat, got = await typed(world, given)
    assert (got["type"], got["code"], got["message"]) == ("error", "not_found", "Dit gesprek is er niet meer.")
    await chat.do(type="close")
    await chat.close()


async def test_guessing_is_limited(world):
    chat = await resident(world)
    got = [await chat.do(type="code", code=f"{number:08}") for number in range(7)]
    assert [one["code"] for one in got] == ["not_found"] * 5 + ["rate_limited"] * 2
    await chat.close()

    line = world.line()
    await line.start()
    await line.press("1")
    for _ in range(2):
        assert "Die code klopt niet" in (await line.press("00000000")).text
    assert "Wij kunnen hier gewoon beginnen" in (await line.press("00000000")).text


async def test_one_code_for_one_of_many_at_once(world):
    line = world.line()
    await line.start()
    code = code_in((await line.say("chat")).text)
    chats = [await resident(world) for _ in range(4)]
    got = await asyncio.gather(*(chat.do(type="code", code=code) for chat in chats))
    assert sorted(one["type"] for one in got) == ["ack", "error", "error", "error"]
    for chat in chats:
        await chat.close()


async def test_staff_see_a_waiting_call_as_it_grows_and_cannot_write_to_it(world):
    anja = await world.colleague("Anja")
    line = world.line()
    await line.start()
    await line.say("wat kost een paspoort", 0.88)
    await line.press("0")
    seen = await anja.waiting()
    assert (seen["channel"], seen["reason"]) == ("voice", "request")
    context = await anja.opens(seen["conversation"])
    msgspec.convert(context, frames.Context)
    assert context["call"] == {"number": "+31612345678", "live": True}
    assert context["packet"]["channel"] == "voice"
    assert {"name": "caller", "value": "+31612345678", "confidence": None, "source": "network"} in context["packet"]["slots"]
    said = next(turn for turn in context["turns"] if turn["text"] == "wat kost een paspoort")
    assert said["confidence"] == 0.88
    assert any(turn.get("spoken", "").endswith("Heeft u nog een vraag?") for turn in context["turns"])
    await line.transferred("busy")
    await anja.until(lambda f: f["type"] == "turn" and "terugbellen" in f["turn"]["text"])
    await line.press("0")
    await anja.waiting()
    await anja.takes(seen["conversation"])
    refused = await anja.says(seen["conversation"], "Dag")
    assert refused["code"] == "not_allowed"
    await anja.close()


async def test_staff_give_a_caller_a_code_and_a_link(world):
    anja = await world.colleague("Anja")
    karel = await world.colleague("Karel", team="belastingen")
    line = world.line()
    await line.start()
    await line.press("0")
    id = (await anja.waiting())["conversation"]
    assert (await karel.do(type="code", conversation=id))["code"] == "not_allowed"
    await anja.do(type="code", conversation=id)
    given = await anja.of_type("code", conversation=id)
    assert given["link"] == f"https://chat.gemeente.example/#gesprek={given['code']}"
    chat, got = await typed(world, given["code"])
    assert got["type"] == "ack"
    assert (await chat.of_type("welcome"))["conversation"] == id
    audited = [(row["action"], row["result"]) for row in await world.rows("audit") if row["action"] == "conversation.code"]
    assert audited == [("conversation.code", "denied"), ("conversation.code", "given")]
    for client in (anja, karel, chat):
        await client.close()


async def test_the_screen_of_who_answers(world):
    line = world.line()
    await line.start()
    await line.say("wat kost een paspoort")
    code = (await line.press("0")).transfer["headers"]["X-Wegwijs-Handover"]
    c = await world.conversation(line)
    async with httpx.AsyncClient(base_url=world.url, trust_env=False) as browser:
        assert (await browser.get(f"/console/handovers/{code}")).status_code == 401
        anja, karel, chef = [
            {"Cookie": await world.cookie(name, team=team, role=role)}
            for name, team, role in (("Anja", "kcc", "medewerker"), ("Karel", "belastingen", "medewerker"), ("Chef", "kcc", "beheerder"))
        ]
        for given in (code, code.lower(), "+31612345678", "0612345678"):
            found = await browser.get(f"/console/handovers/{given}", headers=anja)
            assert found.status_code == 200, given
            assert (found.json()["conversation"], found.json()["code"], found.json()["open"]) == (str(c.id), code, True)
        for given in ("ZZZZZZ", "+31687654321", "x", str(uuid4())):
            assert (await browser.get(f"/console/handovers/{given}", headers=anja)).status_code == 404
        for who in (karel, chef):
            assert (await browser.get(f"/console/handovers/{code}", headers=who)).status_code == 403
        opened = await browser.get(f"/console/handovers/{code}", headers={"Accept": "text/html,*/*"})
        assert (opened.status_code, opened.headers["location"]) == (302, f"/console#handover={code}")
        clock = world.service.now
        world.service.now = lambda: clock() + timedelta(minutes=6)
        pop = world.app.ctx.pop
        pop._now = world.service.now
        assert (await browser.get("/console/handovers/+31612345678", headers=anja)).status_code == 404, "a number is good for five minutes"
        assert (await browser.get(f"/console/handovers/{code}", headers=anja)).status_code == 200
    audited = {(row["action"], row["result"]) for row in await world.rows("audit") if row["action"] == "handover.look"}
    assert audited == {("handover.look", "read"), ("handover.look", "denied")}


async def test_what_is_typed_during_the_call_is_answered_in_writing_and_what_is_said_aloud(world):
    line = world.line()
    await line.start()
    code = code_in((await line.say("chat")).text)
    chat, _ = await typed(world, code)
    await chat.of_type("welcome")
    await chat.asks("wat kost een rijbewijs")
    assert world.bot.asked[-1].by_ear is False
    await line.say("en een paspoort")
    assert world.bot.asked[-1].by_ear is True
    await chat.close()
