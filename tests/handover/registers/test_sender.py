"""When something is sent, put off, parked or stopped; in which order; and by whom."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from handover.history.outbox import Outbox, next_job
from handover.registers import sender as sender_module
from tests.handover.registers.fake import Answer
from tests.handover.registers.world import ANJA, World, callback


def problem(status: int, *params: tuple[str, str]) -> Answer:
    return Answer(status, {"status": status, "code": "x", "invalidParams": [{"name": name, "code": code} for name, code in params]})


def segments_of(world: World, conversation: UUID) -> list[str]:
    """The numbers of the segments of this conversation that are in the register, in the order in which they were made."""
    made = [row["metadata"] for row in world.fake.all("klantcontacten")]
    return [metadata["segment"] for metadata in made if metadata["gesprekId"] == str(conversation)]


async def test_down_and_up_again_loses_nothing(world):
    world.fake.down = True
    contacts = [world.contact() for _ in range(8)]
    await world.closes(*contacts)
    for _ in range(40):
        await world.work(2)
        world.passes(seconds=15)
    assert (await world.states(), world.sender.condition) == (["waiting"] * 8, "down")
    world.fake.down = False
    await world.drain()
    assert {row["referentienummer"] for row in world.fake.all("klantcontacten")} == {contact.reference for contact in contacts}
    assert len(world.fake.all("klantcontacten")) == 8


async def test_put_off_one_second_doubling_to_a_quarter_of_an_hour_with_jitter(world, monkeypatch):
    monkeypatch.setattr(sender_module, "FAILURES_AT_MOST", 10**6)
    await world.work()
    await world.closes(world.contact())
    await world.sender._works()
    world.fake.answers["POST", "maak-klantcontact"] = Answer(503)
    waits = []
    for _ in range(14):
        await world.work()
        (row,) = await world.rows()
        waits.append((row.next_at - world.now).total_seconds())
        world.now = row.next_at
    assert all(0.75 * min(2**n, 900) <= wait <= min(2**n, 900) for n, wait in enumerate(waits)), waits
    assert len(set(waits)) == 14
    assert (await world.rows())[0].tries == 0
    world.fake.answers.clear()
    await world.work()
    assert await world.states() == ["sent"]


async def test_a_register_that_names_a_time_gets_it(world):
    await world.closes(world.contact())
    await world.sender._works()
    world.fake.busy = True
    await world.work()
    (row,) = await world.rows()
    assert (row.next_at - world.now).total_seconds() == 7
    assert row.error["status"] == 503


async def test_the_breaker_opens_after_five_failures_and_probes_each_half_minute(world):
    await world.sender._works()
    await world.closes(*(world.contact() for _ in range(9)))
    asked: list[str] = []

    def gone(_method: str, path: str) -> None:
        asked.append(path)
        raise ConnectionError

    world.fake.before = gone
    await world.work()
    assert asked == ["maak-klantcontact"] * 5
    asked.clear()
    for _ in range(5):
        await world.work(3)
        world.passes(seconds=9)
    assert asked == ["klantcontacten"]  # one probe, and nothing else
    world.fake.before = lambda _method, _path: None
    world.passes(seconds=31)
    await world.drain()
    assert len(world.fake.all("klantcontacten")) == 9


async def test_500_of_one_item_is_parked_at_the_tenth_time_and_the_others_go_on(world):
    await world.closes(world.contact(), world.contact(handed_over=True, employees=(ANJA,)))
    world.fake.answers["POST", "bijlagen"] = problem(500)  # which only the second has
    for _ in range(12):
        await world.work()
        world.passes(minutes=16)
    rows = await world.rows()
    assert [(row.state, row.tries) for row in rows] == [("sent", 0), ("parked", 10)]
    assert rows[1].error == {"kind": "broken", "where": "POST bijlagen", "status": 500, "params": []}
    world.fake.answers.clear()
    assert await world.outbox.retry(world.now) == 1
    await world.drain()
    assert len(world.fake.all("klantcontacten")) == 2
    assert await world.states() == ["sent", "sent"]


async def test_500_of_everything_is_an_outage_and_does_not_count(world):
    world.fake.broken = True
    await world.closes(world.contact())
    for _ in range(30):
        await world.work()
        world.passes(minutes=1)
    world.fake.broken = False
    world.passes(minutes=1)
    await world.work()
    world.fake.broken = True
    assert [(row.state, row.tries) for row in await world.rows()] == [("sent", 0)]


async def test_500_in_between_does_not_count_either(world):
    """The register answers, then its database goes down: the probe tells that it is an outage."""
    await world.sender._works()
    await world.closes(world.contact())
    world.fake.broken = True
    for _ in range(30):
        await world.work()
        world.passes(minutes=16)
    assert [(row.state, row.tries) for row in await world.rows()] == [("waiting", 0)]


async def test_what_is_refused_is_parked_with_names_and_codes_and_its_conversation_waits(world):
    conversation = uuid4()
    first, second = world.contact(conversation, 1, person=uuid4()), world.contact(conversation, 2, person=uuid4())
    other = world.contact(person=uuid4())
    world.fake.answers["POST", "bijlagen"] = problem(400, ("bijlageidentificator.objectId", "max_length"))
    await world.closes(first)
    await world.work()
    world.fake.answers.clear()
    await world.closes(second, other)
    await world.drain()
    rows = await world.rows()
    assert [row.state for row in rows] == ["parked", "waiting", "sent"]
    assert (rows[0].error["kind"], rows[0].error["where"]) == ("refused", "POST bijlagen")
    assert rows[0].error["params"] == [["bijlageidentificator.objectId", "max_length"]]
    standing = await world.outbox.standing()
    assert (standing.waiting, standing.parked, standing.oldest) == (1, 1, None)
    await world.outbox.retry(world.now, rows[0].id)
    await world.drain()
    assert segments_of(world, conversation) == ["1", "2"]
    assert len(world.fake.all("bijlagen")) == 3


async def test_no_value_of_an_answer_is_kept(world):
    wrong = [{"name": "klantcontact.inhoud", "code": "invalid", "reason": "06 12345678"}]
    world.fake.answers["POST", "maak-klantcontact"] = Answer(400, {"code": "invalid", "detail": "Fatma Yilmaz", "invalidParams": wrong})
    await world.closes(world.contact())
    await world.work()
    assert "Fatma" not in str((await world.rows())[0].error)
    assert "12345678" not in str((await world.rows())[0].error)


@pytest.mark.parametrize(
    "raw", [b"<html>onderhoud</html>", b"[]", b'{"klantcontact": {"uuid": 5}}', b'{"klantcontact": null}', b"", b"\xff"]
)
async def test_nonsense_is_parked_and_others_go_on(world, raw):
    """A register that answers nonsense: parked with names and codes, and nothing of the dialogue waits."""
    world.fake.answers["POST", "maak-klantcontact"] = Answer(201, raw=raw)
    await world.closes(world.contact())
    for _ in range(5):
        await world.work()
        world.passes(minutes=1)
    world.fake.answers.clear()
    await world.closes(world.contact())
    await world.drain()
    rows = await world.rows()
    assert [row.state for row in rows] == ["parked", "sent"]
    assert rows[0].error["kind"] == "nonsense"


async def test_nonsense_to_everything_is_an_outage(world):
    """A page of a proxy, for instance."""
    world.fake.nonsense = True
    await world.closes(world.contact())
    for _ in range(10):
        await world.work()
        world.passes(minutes=1)
    assert await world.states() == ["waiting"]
    world.fake.nonsense = False
    await world.drain()
    assert await world.states() == ["sent"]


async def test_a_token_that_does_not_hold_stops_everything_until_it_does(world):
    await world.sender._works()
    await world.closes(*(world.contact() for _ in range(5)))
    world.fake.denied = True
    await world.work(3)
    tried = len(world.fake.calls)
    assert world.sender.condition == "denied"
    world.passes(minutes=4)
    await world.work()
    assert len(world.fake.calls) == tried
    assert await world.states() == ["waiting"] * 5
    world.fake.denied = False
    world.passes(minutes=2)
    await world.drain()
    assert (world.sender.condition, await world.states()) == ("ok", ["sent"] * 5)


async def test_a_register_that_is_too_old_gets_nothing(world):
    world.fake.version = "0.6.1"
    await world.closes(world.contact())
    await world.work()
    assert (world.sender.condition, world.fake.all("klantcontacten")) == ("too_old", [])
    world.fake.version = "0.7.0"
    world.passes(minutes=6)
    await world.drain()
    assert len(world.fake.all("klantcontacten")) == 1


async def test_a_wrong_address_parks_nothing(world):
    """404 to everything: somebody mistyped the URL."""
    world.url = "http://register.example/elders"
    world.start()
    await world.closes(world.contact())
    for _ in range(5):
        await world.work()
        world.passes(minutes=1)
    assert (await world.states(), world.sender.condition) == (["waiting"], "down")


async def test_an_answer_that_was_lost_makes_no_second_klantcontact(world):
    contact = world.contact(person=uuid4())
    lost = iter([True])

    def loses(method: str, path: str) -> None:
        if path == "maak-klantcontact" and next(lost, False):
            raise ConnectionError

    world.fake.after = loses
    await world.closes(contact)
    await world.drain()
    made = world.fake.one("klantcontacten")
    assert world.fake.actors_of(made) == ["Digitale assistent"]
    assert len(world.fake.all("betrokkenen")) == len(world.fake.all("bijlagen")) == 1
    assert (await world.link("klantcontact", contact)).state == "final"


async def test_an_answer_that_was_lost_before_the_end_gets_the_end_all_the_same(world):
    """What is found again may have the report of the handover only."""
    contact = world.contact(ended_at=None, summary=None, answer=None, handed_over=True)

    def loses(_method: str, path: str) -> None:
        if path == "maak-klantcontact":
            raise ConnectionError

    world.fake.after = loses
    await world.tells(contact)
    await world.work()
    world.fake.after = lambda _method, _path: None
    world.change(contact, ended_at=world.now, summary="Klaar.")
    await world.tells(contact)
    await world.drain()
    assert world.fake.one("klantcontacten")["inhoud"].startswith("Klaar.")
    assert (await world.link("klantcontact", contact)).state == "final"


async def test_slow_is_unreachable(world):
    await world.sender._works()
    await world.closes(world.contact())
    world.fake.slow = 60
    await world.work()
    (row,) = await world.rows()
    assert (row.state, row.error["kind"]) == ("waiting", "unreachable")
    assert world.client._http.timeout.connect == 5
    assert world.client._http.timeout.read == 15
    world.fake.slow = 0
    await world.drain()


async def test_create_and_patch_that_both_wait_are_one_create(world):
    contact = world.contact(ended_at=None, summary=None, handed_over=True)
    await world.tells(contact)
    world.change(contact, employees=(ANJA,))
    await world.tells(contact, "actor")
    world.change(contact, ended_at=world.now, summary="Klaar.")
    await world.tells(contact)
    await world.work()
    assert [call for call in world.fake.calls if call[0] == "PATCH" or call[1] == "maak-klantcontact"] == [("POST", "maak-klantcontact")]
    assert world.fake.one("klantcontacten")["inhoud"].startswith("Klaar.")
    assert await world.states() == ["sent"] * 3


async def test_order_within_a_conversation_and_none_between_them(world):
    conversation, slow = uuid4(), world.contact()
    await world.sender._works()
    await world.closes(slow, *(world.contact(conversation, number) for number in range(1, 6)))
    world.fake.answers["POST", "maak-klantcontact"] = Answer(503)
    await world.work()  # all are behind, each at its own time
    world.fake.answers.clear()
    await world.drain()
    assert segments_of(world, conversation) == ["1", "2", "3", "4", "5"]


async def test_what_must_be_removed_does_not_wait_for_what_is_parked(world):
    conversation = uuid4()
    first, second = world.contact(conversation, 1, callbacks=(callback(),)), world.contact(conversation, 2)
    world.fake.answers["POST", "internetaken"] = problem(400, ("toelichting", "max_length"))
    await world.closes(first, second)
    await world.work()
    assert await world.states() == ["parked", "waiting"]
    await world.tells(first, "delete")
    await world.work()
    assert world.fake.all("digitaleadressen") == []
    assert [row["metadata"]["segment"] for row in world.fake.all("klantcontacten")] == ["2"]
    assert await world.states() == ["sent"] * 3


async def test_deleted_here_while_it_is_being_sent_is_removed_there(world):
    contact = world.contact(callbacks=(callback(),))
    await world.closes(contact)
    world.fake.after = lambda _method, path: world.contacts.pop(contact.id, None) if path == "maak-klantcontact" else None
    await world.work()
    for name in ("klantcontacten", "betrokkenen", "digitaleadressen", "internetaken"):
        assert world.fake.all(name) == [], name


async def test_one_sender_at_a_time_has_a_conversation(world, database, store, now):
    """Two of one process, and two processes."""
    conversation = uuid4()
    await world.closes(*(world.contact(conversation, number) for number in (1, 2)))
    elsewhere = Outbox(store, database)
    async with world.outbox.claim(now) as first, world.outbox.claim(now) as second, elsewhere.claim(now) as third:
        assert first is not None
        assert first.job.number == 1
        assert (second, third) == (None, None)
    await world.closes(world.contact())
    async with elsewhere.claim(now) as fourth:
        if "sqlite" in database:
            assert fourth is None  # one process sends at all
        else:
            assert fourth is not None
    await world.outbox.close()
    async with elsewhere.claim(now) as fifth:
        assert fifth is not None
    await elsewhere.close()


async def test_two_processes_send_each_thing_once(world, database, store, now, library):
    other = World(store, database, now, fake=world.fake)
    other.contacts = world.contacts
    conversations = [uuid4() for _ in range(6)]
    await world.closes(*(world.contact(conversation, number) for number in (1, 2, 3) for conversation in conversations))
    await asyncio.gather(world.work(3), other.work(3))
    await world.drain()
    await other.stop()
    for conversation in conversations:
        assert segments_of(world, conversation) == ["1", "2", "3"]
    assert len(world.fake.all("actoren")) == 1


async def test_a_fault_of_ours_holds_up_one_item_only(world, monkeypatch):
    bad, good = world.contact(), world.contact()
    read = world.contact_of

    async def failing(segment):
        if segment == bad.id:
            raise KeyError("column")
        return await read(segment)

    monkeypatch.setattr(world.sender, "_contact_of", failing)
    await world.closes(bad, good)
    await world.work()
    assert await world.states() == ["waiting", "sent"]
    assert (await world.rows())[0].error["kind"] == "fault"


async def test_what_was_sent_is_forgotten_after_a_while(world):
    await world.closes(world.contact())
    await world.work()
    world.fake.down = True
    await world.closes(world.contact())
    assert await world.outbox.forget_sent(world.now - timedelta(days=1)) == 0
    assert await world.outbox.forget_sent(world.now + timedelta(days=1)) == 1
    assert await world.states() == ["waiting"]


async def test_hasten(world):
    await world.sender._works()
    await world.closes(world.contact())
    world.fake.answers["POST", "maak-klantcontact"] = Answer(503)
    await world.work()
    world.fake.answers.clear()
    await world.work()
    assert await world.states() == ["waiting"]
    assert await world.outbox.hasten(world.now) == 1
    await world.work()
    assert await world.states() == ["sent"]


def test_nothing_to_send_is_nothing_to_do(now):
    assert next_job([], now) is None
