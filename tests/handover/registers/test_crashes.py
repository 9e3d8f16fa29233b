"""Cut off between request and answer, and everywhere else: restarted and drained there is one klantcontact for each segment.

Three ways: in the process, at every place where a request is made or something is kept; a real process that is killed
with SIGKILL by the register, at every request; and at random, with a seed that is printed.
"""

import asyncio
import os
import pickle
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from handover.history import tables
from handover.registers.register import Contact
from handover.settings import ROOT
from tests.handover.registers.fake import Answer, FakeOpenKlant
from tests.handover.registers.world import ANJA, World, callback
from tests.servers import needs_postgres

CASCADE = 90  # places at most; a test fails if it has not come to an end by then


class Killed(BaseException):
    """No handler of ours catches it, like the end of the process."""


async def _small_scene(world: World) -> list[Contact]:
    """One subject, with a call-back: each place takes two processes."""
    contact = world.contact(callbacks=(callback(),))
    await world.closes(contact)
    return [contact]


async def _scene(world: World) -> list[Contact]:
    """One conversation with two subjects, the second handed over and with a call-back."""
    conversation = uuid4()
    first = world.contact(conversation, 1, person=uuid4())
    second = world.contact(conversation, 2, ended_at=None, handed_over=True, summary=None, answer=None)
    await world.closes(first, second)
    second = world.change(second, employees=(ANJA,), callbacks=(callback(),), ended_at=world.now, summary="Teruggebeld.", answer="Ja.")
    await world.tells(second, "callback")
    await world.tells(second)
    return [first, second]


def _whole(world: World, contacts: list[Contact]) -> None:
    """Exactly one of everything, complete and in order."""
    made = world.fake.all("klantcontacten")
    by_segment = {(row["metadata"]["gesprekId"], row["metadata"]["segment"]): row for row in made}
    assert len(made) == len(by_segment) == len(contacts)
    for contact in contacts:
        row = by_segment[str(contact.conversation), str(contact.number)]
        assert row["metadata"]["eindTijd"], "the last state is there"
        assert world.fake.actors_of(row) == ["Digitale assistent", *(who.name for who in contact.employees)]
    order = [int(row["metadata"]["segment"]) for row in made if row["metadata"]["gesprekId"] == str(contacts[0].conversation)]
    assert order == sorted(order)
    reported = [contact for contact in contacts if contact.person or contact.followed_up]
    with_callback = [contact for contact in contacts if contact.callbacks]
    assert len(world.fake.all("bijlagen")) == len(reported)
    assert len(world.fake.all("betrokkenen")) == len([contact for contact in contacts if contact.person or contact.callbacks])
    assert len(world.fake.all("digitaleadressen")) == len(world.fake.all("internetaken")) == len(with_callback)
    assert len({row["naam"] for row in world.fake.all("actoren")}) == len(world.fake.all("actoren"))
    known = any(contact.person for contact in contacts)  # who all have one BSN in these tests
    assert known <= len(world.fake.all("partijen")) <= 1


@pytest.mark.parametrize(
    ("database", "moment"),
    [("sqlite", "before"), ("sqlite", "after"), pytest.param("postgresql", "after", marks=needs_postgres)],
    indirect=["database"],
)
async def test_killed_at_every_request_and_at_everything_that_is_kept(store, database, now, moment):
    """`before`: a request that never arrived, or what came of it that was not kept any more; `after`: the answer was lost."""
    for place in range(CASCADE):
        world = World(store, database, now)
        contacts = await _scene(world)
        killing = _kill_at(world, place, moment)
        try:
            await world.drain(senders=1)
            survived = True
        except Killed:
            survived = False
        killing["on"] = False
        await world.restart()
        await world.drain()
        _whole(world, contacts)
        assert set(await world.states()) == {"sent"}
        await world.stop()
        await store.change(_forget_everything)
        if survived:
            assert place > 15, "every place was walked"
            return
    raise AssertionError("it never came to an end")


def _kill_at(world: World, place: int, moment: str) -> dict[str, Any]:
    state: dict[str, Any] = {"on": True, "left": place}

    def crossing(*_where: str) -> None:
        if state["on"]:
            if state["left"] == 0:
                raise Killed
            state["left"] -= 1

    setattr(world.fake, moment, crossing)
    if moment == "before":
        world.crossing = crossing
    return state


def _forget_everything(connection: Any) -> None:
    for table in (tables.outbox, tables.register_link, tables.register_actor):
        connection.execute(table.delete())


# A real process


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_process_that_is_killed_by_signal_9_at_every_request(store, database, now, tmp_path):
    """The register carries the request out and kills who asked, before it answers. The next process goes on."""
    for place in range(CASCADE):
        fake = FakeOpenKlant()
        world = World(store, database, now, fake=fake)
        contacts = await _small_scene(world)
        facts = tmp_path / "facts"
        facts.write_bytes(pickle.dumps(world.contacts))
        with fake.serving() as url:
            killed = await asyncio.to_thread(_killed_at, fake, place, database, url, str(facts))
        fake.after = lambda _method, _path: None
        await world.drain()
        _whole(world, contacts)
        await world.stop()
        await store.change(_forget_everything)
        if not killed:
            assert place > 8
            return
    raise AssertionError("it never came to an end")


def _killed_at(fake: FakeOpenKlant, place: int, *arguments: str) -> bool:
    """Whether it was killed; else it ended well before its request number `place`."""
    command = [sys.executable, "-m", "tests.handover.registers.child", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    left = [place]

    def kill(_method: str, _path: str) -> None:
        if left[0] == 0:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(60)
            raise ConnectionError
        left[0] -= 1

    fake.after = kill
    _, errors = process.communicate(timeout=180)
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()[-2000:]
    return process.returncode != 0


# At random


@pytest.mark.parametrize("round", range(3))
async def test_whatever_goes_wrong_it_comes_right(store, database, now, round):
    """Requests that never arrive, answers that are lost, 503, 500, nonsense, restarts, deletions. The seed is printed."""
    seed = int(os.environ.get("WEGWIJS_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
    print(f"WEGWIJS_TEST_SEED={seed}")  # shown when it fails
    chance = random.Random(seed + round)
    world = World(store, database, now)
    trouble = [True]
    world.fake.before = _sometimes(chance, trouble, 0.12)
    world.fake.after = _sometimes(chance, trouble, 0.12)
    conversations = [uuid4() for _ in range(3)]
    numbers = dict.fromkeys(conversations, 0)
    contacts: dict[Any, Contact] = {}
    removed: set[Any] = set()
    for _ in range(30):
        _make_trouble(world.fake, chance)
        match chance.choice(["new", "new", "staff", "callback", "end", "correct", "delete", "restart", "work", "work", "work"]):
            case "new":
                conversation = chance.choice(conversations)
                numbers[conversation] += 1
                person = chance.choice([None, uuid4()])
                contact = world.contact(conversation, numbers[conversation], ended_at=None, handed_over=True, person=person)
                contacts[contact.id] = contact
                await world.tells(contact)
            case "restart":
                await world.restart()
            case "work":
                await world.work(chance.choice([1, 3]))
                world.passes(seconds=chance.choice([1, 20, 300]))
            case what:
                living = [contact for id, contact in contacts.items() if id not in removed]
                if living:
                    await _change(world, chance, chance.choice(living), what, contacts, removed)
    trouble[0] = False
    world.fake.broken = world.fake.busy = world.fake.nonsense = world.fake.down = False
    world.fake.answers.clear()
    await world.restart()
    for contact in [contact for id, contact in contacts.items() if id not in removed]:
        contacts[contact.id] = world.change(contact, ended_at=world.now)
        await world.tells(contact)
    await world.outbox.retry(world.now)
    await world.drain()
    await world.outbox.retry(world.now)
    await world.drain()
    assert set(await world.states()) <= {"sent"}
    _whole(world, [contact for id, contact in contacts.items() if id not in removed])
    await world.stop()


def _sometimes(chance: random.Random, trouble: list[bool], how_often: float) -> Callable[[str, str], None]:
    def fail(_method: str, _path: str) -> None:
        if trouble[0] and chance.random() < how_often:
            raise ConnectionError

    return fail


def _make_trouble(fake: FakeOpenKlant, chance: random.Random) -> None:
    fake.broken, fake.busy, fake.down = (chance.random() < 0.07 for _ in range(3))
    fake.answers.clear()
    if chance.random() < 0.15:
        wrong = chance.choice([Answer(500, {"code": "error"}), Answer(200, raw=b"<html>"), Answer(400, {"code": "invalid"}), Answer(503)])
        where = chance.choice(["maak-klantcontact", "actorklantcontacten", "internetaken", "digitaleadressen", "bijlagen"])
        fake.answers["POST", where] = wrong


async def _change(
    world: World, chance: random.Random, contact: Contact, what: str, contacts: dict[Any, Contact], removed: set[Any]
) -> None:
    if what == "delete":
        removed.add(contact.id)
        del world.contacts[contact.id]
        await world.tells(contact, "delete")
        return
    if what == "staff":
        contact = replace(contact, employees=(ANJA,))
    elif what == "callback" and not contact.callbacks:
        contact = replace(contact, callbacks=(callback(phone=f"+316{chance.randrange(10**7, 10**8)}"),))
    elif what == "end":
        contact = replace(contact, ended_at=world.now, summary=f"Klaar {chance.random()}.")
    contacts[contact.id] = world.keep(contact)
    await world.tells(contact, {"staff": "actor", "callback": "callback", "end": "klantcontact", "correct": "patch"}[what])
