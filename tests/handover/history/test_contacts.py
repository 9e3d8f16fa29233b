"""The customer view: all contact moments of a person over every channel, and nothing of anybody else."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from handover.conversation import events as ev
from handover.conversation.conversation import Conversation, Insert, Recorded, Step, begin, decide, record
from handover.conversation.events import BotReply, BotTurn, Event, Person
from handover.history.contacts import Contacts
from handover.history.people import People, Verified
from tests.handover.conftest import MORNING

ANJA = Person(UUID(int=1), "Anja")


class Talks:
    """Conversations that are stored step by step, an hour apart."""

    def __init__(self, store, library) -> None:
        self.store, self.library, self.at = store, library, MORNING

    async def of(self, person: ev.Identity | None, *events: Event, channel: str = "web") -> Conversation:
        self.at += timedelta(hours=1)
        step = begin(self._new(channel), self.at, self.library, uuid4)
        await self.store.commit(step)
        for event in (*([ev.Identified(person)] if person else []), *events):
            step = decide(step.after, event, self.at, self.library, uuid4)
            await self.store.commit(step)
        return step.after

    async def recorded(self, person: ev.Identity, channel: str, **what: str) -> Conversation:
        self.at += timedelta(hours=1)
        c = self._new(channel)
        c.identity = person
        step: Step = record(c, Recorded(**what), self.at, self.library, uuid4)
        await self.store.commit(step)
        return step.after

    def _new(self, channel: str) -> Conversation:
        id = uuid4()
        return Conversation(id=id, reference=str(id.int)[:10], channel=channel, language="nl", created_at=self.at, last_at=self.at)


def asked_and_answered(topic: str, **more) -> list[Event]:
    reply = BotReply([BotTurn(kind="answer", text="Zo zit het.", topic=topic, **more)], {"slots": {"topic": topic}, "loop": None}, {})
    return [ev.Said("Hoe zit het?"), ev.BotAnswered(2, 1, reply)]


@pytest.fixture
def talks(store, library) -> Talks:
    return Talks(store, library)


async def known(store, sub: str) -> ev.Identity:
    return await People(store).known(Verified("sub", sub, "digid-midden", uuid4().bytes * 2, MORNING + timedelta(days=1)), MORNING)


async def test_everything_of_a_person_newest_first_over_every_channel(store, talks):
    fatma, joris = await known(store, "fatma"), await known(store, "joris")
    await talks.of(fatma, *asked_and_answered("paspoort"), ev.Closed())
    await talks.of(joris, *asked_and_answered("woz"), ev.Closed())
    await talks.of(None, *asked_and_answered("hondenbelasting"), ev.Closed())
    await talks.recorded(
        fatma, "balie", subject="verhuismelding", topic="verhuizing", report="Formulier meegegeven.", by="Bram", outcome="resolved"
    )
    now = await talks.of(fatma, *asked_and_answered("rijbewijs"))
    found = await Contacts(store).view(now.id, fatma.person)
    assert [(row.channel, row.topic, row.outcome, row.by) for row in found.moments] == [
        ("balie", "verhuizing", "resolved", "Bram"),
        ("web", "paspoort", "answered", "Digitale assistent"),
    ]
    assert found.moments[0].summary == "Formulier meegegeven."
    assert found.moments[0].ended_at == found.moments[0].started_at


async def test_of_somebody_unknown_only_this_conversation(store, talks):
    fatma = await known(store, "fatma")
    await talks.of(fatma, *asked_and_answered("paspoort"), ev.Closed())
    now = await talks.of(None, *asked_and_answered("woz"), ev.HumanAsked("kcc", "request"), ev.Claimed(ANJA))
    assert (await Contacts(store).view(now.id, None)).moments == []
    done = decide(now, ev.WrappedUp(ANJA, "resolved", "Klaar.", ["woz"]), talks.at, talks.library, uuid4)
    await store.commit(done)
    assert [row.summary for row in (await Contacts(store).view(now.id, None)).moments] == ["Klaar."]


async def test_call_backs_that_are_still_to_be_done_wherever_they_were_asked_for(store, talks):
    fatma, joris = await known(store, "fatma"), await known(store, "joris")
    for person, phone in ((fatma, "+31612345678"), (joris, "+31687654321")):
        await talks.of(person, *asked_and_answered("paspoort", callback={"phone": phone}))
    cancelled = asked_and_answered("woz", callback={"phone": "+31600000000"})
    reply = BotReply([BotTurn(kind="form", text="Goed.", callback={"confirmed": False})], {"slots": {}, "loop": None}, {})
    await talks.of(fatma, *cancelled, ev.Said("nee"), ev.BotAnswered(4, 1, reply))
    now = await talks.of(fatma)
    found = await Contacts(store).view(now.id, fatma.person)
    assert [row.phone for row in found.callbacks] == ["+31612345678"]
    assert [row.promised for row in found.moments if row.topic == "paspoort"] == ["Wij bellen terug."]


async def test_a_number_that_nobody_checked_is_a_clue_and_joins_nobody(store, talks):
    """SEC-13: unverified clues are shown as such and never merge people."""
    fatma = await known(store, "fatma")
    await talks.of(fatma, *asked_and_answered("paspoort", callback={"phone": "+31612345678"}), ev.Closed())
    stranger = await talks.of(None, *asked_and_answered("woz", callback={"phone": "06 12345678"}), channel="voice")
    caller = {"id": uuid4(), "conversation_id": stranger.id, "person_id": None, "kind": "phone", "value": "+31612345678",
              "source": "caller", "verified_at": None, "reuse_consent": False}  # fmt: skip
    await store.write(Insert("contact_detail", caller))
    found = await Contacts(store).view(stranger.id, None)
    assert [row.topic for row in found.moments] == []
    assert [(one["value"], one["source"], one["verified_at"]) for one in found.details] == [
        ("06 12345678", "callback", None), ("+31612345678", "caller", None)
    ]  # fmt: skip


async def test_what_the_site_verified_is_shown_as_verified(store, talks):
    who = Verified("sub", "fatma", "digid-midden", b"x" * 32, MORNING + timedelta(days=1), (("email", "fatma@example.nl"),))
    fatma = await People(store).known(who, MORNING)
    now = await talks.of(fatma)
    assert (await Contacts(store).view(now.id, fatma.person)).details == [
        {"kind": "email", "value": "fatma@example.nl", "source": "session", "verified_at": MORNING}
    ]
