"""From the bot to a person and back, over both sockets of the running stack."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.stack.people import Colleague, Resident, colleague, resident
from tests.stack.running import PASSWORD, Stack


@pytest.fixture
async def anja(stack: Stack) -> AsyncIterator[Colleague]:
    client = await colleague(stack, "Anja")
    yield client
    await client.here("away")
    await client.close()


@pytest.fixture
async def bram(stack: Stack) -> AsyncIterator[Colleague]:
    client = await colleague(stack, "Bram")
    yield client
    await client.here("away")
    await client.close()


async def waiting_resident(stack: Stack, question: str = "Wat kost een paspoort?") -> Resident:
    fatma = await resident(stack)
    await fatma.asks(question)
    await fatma.do(type="human")
    await fatma.state("waiting")
    return fatma


async def talking(stack: Stack, anja: Colleague) -> Resident:
    """A resident whom Anja has claimed and reads."""
    fatma = await waiting_resident(stack)
    await anja.of_type("conversation", conversation=fatma.conversation)
    await anja.opens(fatma.conversation)
    await anja.takes(fatma.conversation)
    await fatma.state("staff")
    return fatma


async def test_the_whole_way_there_and_back(stack: Stack, anja: Colleague) -> None:
    """BOT-8, BOT-3: nobody has to tell anything twice, and it is always clear who speaks."""
    fatma = await waiting_resident(stack)
    shown = await anja.of_type("conversation", conversation=fatma.conversation, state="waiting")
    assert shown["topic"] == "paspoort"
    context = await anja.opens(fatma.conversation)
    assert context["packet"]["question"] == "Wat kost een paspoort?"
    assert context["packet"]["subject"]["topic"] == "paspoort"
    assert context["packet"]["subject"]["upl_uri"].endswith("/paspoort")
    assert context["packet"]["tried"]
    assert [turn["pos"] for turn in context["turns"]] == list(range(1, len(context["turns"]) + 1))

    assert (await anja.takes(fatma.conversation, shown["epoch"]))["type"] == "ack"
    state = await fatma.state("staff")
    assert state["staff"] == "Anja"
    assert (await anja.says(fatma.conversation, "Goedemiddag, ik lees even mee."))["pos"]
    heard = await fatma.turn(**{"from": "staff"})
    assert (heard["name"], heard["text"]) == ("Anja", "Goedemiddag, ik lees even mee.")

    await fatma.says("Wat kost het met spoed?")
    said = await anja.until(lambda f: f["type"] == "turn" and f["turn"]["from"] == "resident")
    assert said["turn"]["text"] == "Wat kost het met spoed?"

    await anja.do(type="return", conversation=fatma.conversation, text="Ik bel u morgen om tien uur.")
    await fatma.state("bot")
    answer = await fatma.asks("Wat zei uw collega?")
    assert "Ik bel u morgen om tien uur." in answer["text"]
    assert not [turn for turn in fatma.turns if turn["from"] == "bot" and turn["text"].startswith("Spoed")]
    await fatma.close()


async def test_while_staff_own_it_the_bot_says_nothing(stack: Stack, anja: Colleague) -> None:
    fatma = await talking(stack, anja)
    before = len(fatma.turns)
    for text in ("Wat kost een rijbewijs?", "medewerker", "/restart", "help"):
        await fatma.says(text)
    await anja.says(fatma.conversation, "Klaar.")
    await fatma.turn(text="Klaar.")
    assert {turn["from"] for turn in fatma.turns[before:]} == {"resident", "staff"}
    await fatma.close()


async def test_of_simultaneous_claims_one_wins(stack: Stack, anja: Colleague, bram: Colleague) -> None:
    """SEC-17."""
    for _ in range(5):
        fatma = await waiting_resident(stack)
        answers = await asyncio.gather(anja.takes(fatma.conversation), bram.takes(fatma.conversation))
        assert sorted(answer["type"] for answer in answers) == ["ack", "error"]
        winner, loser = ("Anja", answers[1]) if answers[0]["type"] == "ack" else ("Bram", answers[0])
        assert (loser["code"], loser["by"]) == ("taken", winner)
        await fatma.close()


async def test_colleagues_see_each_others_changes(stack: Stack, anja: Colleague, bram: Colleague) -> None:
    fatma = await talking(stack, anja)
    seen = await bram.of_type("conversation", conversation=fatma.conversation, state="staff")
    assert seen["owner"]["name"] == "Anja"
    refused = await bram.says(fatma.conversation, "Ik ook!")
    assert (refused["code"], refused["by"]) == ("not_owner", "Anja")
    await fatma.close()


async def test_a_note_is_for_staff_only(stack: Stack, anja: Colleague, bram: Colleague) -> None:
    fatma = await talking(stack, anja)
    assert (await bram.do(type="note", conversation=fatma.conversation, text="Ken ik van de balie."))["pos"]
    noted = await anja.until(lambda f: f["type"] == "turn" and f["turn"]["note"])
    assert (noted["turn"]["seq"], noted["turn"]["name"]) == (None, "Bram")
    await anja.says(fatma.conversation, "Dank u.")
    await fatma.turn(text="Dank u.")
    assert "balie" not in str(fatma.frames)
    assert [turn["seq"] for turn in fatma.turns] == list(range(1, len(fatma.turns) + 1))
    await fatma.close()


async def test_a_transfer_to_a_colleague_and_to_a_team(stack: Stack, anja: Colleague, bram: Colleague) -> None:
    fatma = await talking(stack, anja)
    await anja.do(type="transfer", conversation=fatma.conversation, staff=bram.me["staff"], reason="Bram weet dit.")
    state = await fatma.state("staff", staff="Bram")
    assert (await bram.says(fatma.conversation, "Ik neem het over."))["type"] == "ack"
    await bram.do(type="transfer", conversation=fatma.conversation, team="kcc", reason="Pauze.")
    waiting = await fatma.state("waiting")
    assert waiting["epoch"] == state["epoch"] + 1
    assert (await anja.takes(fatma.conversation))["type"] == "ack"
    await fatma.close()


async def test_the_queue_has_places_and_can_be_left(stack: Stack, anja: Colleague) -> None:
    """BOT-9."""
    first, second = await waiting_resident(stack), await waiting_resident(stack)
    places = [next(frame for frame in one.frames if frame["type"] == "state" and frame["state"] == "waiting") for one in (first, second)]
    ahead = places[0]["position"]  # others may be waiting, too
    assert places[1]["position"] == ahead + 1
    await first.do(type="leave")
    await first.state("bot")
    assert (await second.state("waiting", position=ahead))["wait_seconds"]
    await second.do(type="leave")
    assert (await first.asks("Wat kost een rijbewijs?"))["topic"] == "rijbewijs"
    await first.close()
    await second.close()


async def test_words_for_a_person_get_an_offer_and_yes_takes_it(stack: Stack, anja: Colleague) -> None:
    """BOT-5: at most one confirmation."""
    fatma = await resident(stack)
    offer = await fatma.asks("Ik wil een medewerker spreken")
    assert offer["kind"] == "handover_offer"
    await fatma.says("ja graag")
    await fatma.state("waiting")
    await fatma.do(type="leave")
    await fatma.close()


async def test_two_failures_in_a_row_offer_a_person(stack: Stack, anja: Colleague) -> None:
    """BOT-6."""
    fatma = await resident(stack)
    await fatma.asks("qwxz plop frr")
    second = await fatma.asks("zzrk blub wup")
    assert second["kind"] == "handover_offer"
    human = next(choice for choice in second["choices"] if "edewerker" in choice["label"])
    await fatma.do(type="choose", turn=second["seq"], choice=human["id"])
    await fatma.state("waiting")
    shown = await anja.of_type("conversation", conversation=fatma.conversation)
    assert shown["reason"] == "two_failures"
    await fatma.do(type="leave")
    await fatma.close()


async def test_nobody_there_is_said_and_a_call_back_is_stored(stack: Stack) -> None:
    """BOT-7: open, but nobody available."""
    fatma = await resident(stack)
    await fatma.do(type="human")
    notice = await fatma.turn(kind="notice")
    state = await fatma.state("bot")
    assert state["opens_at"]
    assert "14 0999" in notice["text"]
    callback = notice["choices"][0]
    await fatma.do(type="choose", turn=notice["seq"], choice=callback["id"])
    await fatma.turn(kind="form")
    await fatma.says("06 12 34 56 78")
    read_back = await fatma.turn(kind="form")
    assert "06 12 34 56 78" in read_back["text"].replace("\u00a0", " ")
    await fatma.do(type="choose", turn=read_back["seq"], choice=read_back["choices"][0]["id"])
    await fatma.turn(**{"from": "bot"})

    anja = await colleague(stack, "Anja", "away")
    await anja.send(type="callbacks")
    listed = (await anja.of_type("callbacks"))["callbacks"]
    mine = next(row for row in listed if row["conversation"] == fatma.conversation)
    assert (mine["phone"], mine["status"]) == ("+31612345678", "open")
    assert (await anja.do(type="callback_done", callback=mine["callback"]))["type"] == "ack"
    await anja.send(type="callbacks", status="done")
    assert any(row["callback"] == mine["callback"] for row in (await anja.of_type("callbacks"))["callbacks"])
    await fatma.close()
    await anja.close()


async def test_a_wrap_up_closes_it_for_both(stack: Stack, anja: Colleague) -> None:
    fatma = await talking(stack, anja)
    wrong = await anja.do(type="close", conversation=fatma.conversation, outcome="resolved", summary="x", subjects=["bestaat_niet"])
    assert wrong["code"] == "bad_frame"
    done = await anja.do(type="close", conversation=fatma.conversation, outcome="resolved", summary="Prijs genoemd.", subjects=["paspoort"])
    assert done["type"] == "ack"
    await fatma.state("closed")
    assert (await anja.says(fatma.conversation, "Nog iets"))["code"] == "closed"
    context = await anja.opens(fatma.conversation)
    assert context["contacts"][0]["summary"] == "Prijs genoemd."
    await fatma.close()


async def test_typing_is_shown_both_ways(stack: Stack, anja: Colleague) -> None:
    """BOT-4: only of people."""
    fatma = await talking(stack, anja)
    await anja.send(type="typing", conversation=fatma.conversation, on=True)
    assert (await fatma.of_type("typing"))["on"] is True
    await fatma.send_raw('{"type":"typing","on":true}')
    assert (await anja.of_type("typing", conversation=fatma.conversation))["on"] is True
    await fatma.close()


async def test_staff_reconnect_brings_exactly_what_was_missed(stack: Stack, anja: Colleague) -> None:
    fatma = await talking(stack, anja)
    await fatma.says("Bent u er?")
    seen = await anja.until(lambda f: f["type"] == "turn" and f["turn"]["text"] == "Bent u er?")
    again = await colleague(stack, "Anja", "available")
    await fatma.says("Hallo?")
    context = await again.opens(fatma.conversation, after=seen["turn"]["pos"])
    assert [turn["text"] for turn in context["turns"]] == ["Hallo?"]
    assert any(row["conversation"] == fatma.conversation for row in again.conversations)
    await again.close()
    await fatma.close()


async def test_other_teams_and_other_roles_see_nothing(stack: Stack, anja: Colleague) -> None:
    """SEC-14, PRV-9."""
    fatma = await talking(stack, anja)
    carla = await colleague(stack, "Carla", "away", team="belastingen")
    assert carla.conversations == []
    assert (await carla.do(type="open", conversation=fatma.conversation))["code"] == "not_allowed"
    stack.staff("Edit", role="redacteur")
    edit = await colleague(stack, "Edit", "away")
    assert (await edit.do(type="open", conversation=fatma.conversation))["code"] == "not_allowed"
    assert (await edit.do(type="callbacks"))["code"] == "not_allowed"
    for client in (carla, edit, fatma):
        await client.close()


async def test_logging_out_closes_the_consoles(stack: Stack) -> None:
    """SEC-8."""
    import urllib.request

    cookie = stack.log_in("Dirk")
    dirk = await colleague(stack, "Dirk", cookie=cookie)
    request = urllib.request.Request(
        f"{stack.url}/console/logout", b"", {"Cookie": f"wegwijs={cookie}", "Origin": stack.origin}, method="POST"
    )
    await asyncio.to_thread(urllib.request.urlopen, request, timeout=60)
    assert await dirk.closed() == 1008


async def test_a_disabled_account_is_thrown_out(stack: Stack) -> None:
    """SEC-8: also when it was another process that disabled it."""
    added = await asyncio.to_thread(stack.command, "staff", "add", "Eva", "--team", "kcc", "--password-stdin", stdin=PASSWORD)
    assert (added.returncode, added.stderr) == (0, "")
    eva = await colleague(stack, "Eva", cookie=stack.new_session("Eva"))
    changed = await asyncio.to_thread(stack.command, "staff", "set", "Eva", "--disable")
    assert changed.returncode == 0
    assert await eva.closed() == 1008
