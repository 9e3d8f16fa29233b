"""From a conversation to Open Klant and back, on a real store: what a step leaves behind, what is read of it, the nightly look."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from handover.conversation import events as ev
from handover.conversation.conversation import Conversation, Insert, Recorded, Update
from handover.conversation.events import BotReply, BotTurn, Identity, Person
from handover.history import tables
from handover.history.outbox import item
from handover.history.store import Receipt, Store
from handover.hub import Hub
from handover.perform import Performer
from handover.rasa import Bot
from handover.registers.open_klant.rules import Rules
from handover.tell import Teller
from tests.handover.registers.fake import TOKEN, FakeOpenKlant

ANJA = Person(UUID(int=1), "Anja")


class Talk:
    """A performer, a teller and the fake register; the clock is the test's."""

    def __init__(self, store: Store, library: Any, database: str, now: datetime, anonymous: Any = "full") -> None:
        self.store, self.library, self.database, self.now = store, library, database, now
        self.fake = FakeOpenKlant()
        self.bot = _Bot()
        rules = Rules(anonymous=anonymous, assistant="wegwijs-test", team_names={"kcc": "Klantcontactcentrum"})
        self.teller = Teller(
            store, database, ("http://register.example", TOKEN), rules, library.team_for, lambda: self.now, self.fake.transport()
        )
        self.performer = Performer(store, Hub(), self.bot, library, lambda: self.now)
        self.performer.beside = self.teller.beside

    async def begins(self) -> UUID:
        await self.teller.start()
        self.conversation = (await self.performer.begin(language="nl", channel="web", page=None, token_hash=uuid4().bytes * 2)).id
        return self.conversation

    async def happens(self, *events: Any) -> None:
        for event in events:
            self.now += timedelta(seconds=5)
            await self.performer.perform(self.conversation, event)

    async def asks(self, question: str, answer: str, **turn: Any) -> None:
        memory = turn.pop("memory", {"slots": {}, "loop": None})
        self.bot.reply = BotReply([BotTurn(kind=turn.pop("kind", "answer"), text=answer, **turn)], memory, {})
        self.bot.answered.clear()
        await self.happens(ev.Said(question))
        await asyncio.wait_for(self.bot.answered.wait(), 60)
        await self.settled()

    async def settled(self) -> None:
        """What was begun is done."""
        while self.performer._tasks:
            await asyncio.wait(set(self.performer._tasks), timeout=60)

    async def sends(self) -> None:
        for _ in range(50):
            await self.teller.sender.work()
            if not (await self.teller.outbox.standing()).waiting:
                return
            self.now += timedelta(seconds=31)


class _Bot(Bot):
    def __init__(self) -> None:
        super().__init__("token")
        self.reply: BotReply | None = None
        self.answered = asyncio.Event()

    async def ask(self, conversation: UUID, language: str, asked: Any) -> BotReply:
        assert self.reply
        self.answered.set()
        return self.reply


@pytest.fixture
async def talk(store, library, database, now) -> AsyncIterator[Talk]:
    made = Talk(store, library, database, now)
    await made.begins()
    yield made
    await made.performer.stop()
    await made.teller.close()


async def test_two_subjects_that_the_bot_answered_are_two_klantcontacten(talk):
    await talk.asks("Wat kost een paspoort?", "Een paspoort kost 83 euro.", topic="paspoort", aspect="kosten")
    await talk.asks("Ik ga verhuizen, wat nu?", "Geef dat binnen vijf dagen door.", topic="verhuizing", aspect="aanvragen")
    await talk.happens(ev.Closed())
    await talk.sends()
    first, second = talk.fake.all("klantcontacten")
    assert (first["onderwerp"], second["onderwerp"]) == ("paspoort", "verhuismelding")
    assert first["hoofdOnderwerpType"] == "http://standaarden.overheid.nl/owms/terms/paspoort"
    assert "Wat kost een paspoort?" in first["inhoud"]
    assert first["reactie"] == "Een paspoort kost 83 euro."
    assert (first["metadata"].get("eindReden"), second["metadata"]["eindReden"]) == (None, "resident")
    assert [talk.fake.actors_of(row) for row in (first, second)] == [["Digitale assistent"]] * 2
    assert {row["metadata"]["gesprekId"] for row in (first, second)} == {str(talk.conversation)}


async def test_a_handover_with_a_colleague_and_her_report(talk):
    await _add_staff(talk.store, ANJA, "anja@lindewaard.example", talk.now)
    await talk.asks("Wat kost een paspoort?", "Een paspoort kost 83 euro.", topic="paspoort", memory=_about("paspoort"))
    await talk.happens(ev.HumanAsked("kcc", "request"))
    await talk.sends()
    begun = talk.fake.one("klantcontacten")
    assert begun["metadata"]["overgedragen"] == "ja"
    await talk.happens(ev.Claimed(ANJA))
    await talk.sends()
    assert talk.fake.actors_of(begun) == ["Digitale assistent", "Anja"]
    await talk.happens(ev.Replied(ANJA, "Voor u is het gratis."), ev.WrappedUp(ANJA, "resolved", "Gratis wegens leeftijd.", ["paspoort"]))
    await talk.sends()
    ended = talk.fake.one("klantcontacten")
    assert ended["inhoud"].startswith("Gratis wegens leeftijd.")
    assert "Voor u is het gratis." in ended["reactie"]
    assert (ended["metadata"]["wachtrij"], ended["metadata"]["eindReden"], ended["indicatieContactGelukt"]) == ("kcc", "staff", True)
    patches = [path for method, path in talk.fake.calls if method == "PATCH"]
    assert patches == [f"klantcontacten/{ended['uuid']}"]


async def test_what_staff_say_costs_no_call(talk):
    await talk.happens(ev.HumanAsked("kcc", "request"), ev.Claimed(ANJA))
    before = len(await _items(talk.store))
    await talk.happens(ev.Replied(ANJA, "Goedemiddag."), ev.Said("Dag"), ev.Replied(ANJA, "Waarmee kan ik helpen?"), ev.Noted(ANJA, "boos"))
    assert len(await _items(talk.store)) == before


async def test_a_call_back_is_sent_when_it_is_confirmed_and_its_number_is_nowhere_else(talk):
    await talk.asks("Bel mij maar", "Klopt 06 12345678?", kind="form", callback={"phone": "+31612345678"})
    assert await _items(talk.store) == []
    await talk.asks("ja", "Wij bellen u.", kind="form", callback={"confirmed": True})
    await talk.sends()
    assert talk.fake.one("digitaleadressen")["adres"] == "+31612345678"
    assert talk.fake.one("internetaken")["status"] == "te_verwerken"
    rest = str([row for name, rows in talk.fake.rows.items() if name != "digitaleadressen" for row in rows])
    assert "12345678" not in rest
    assert "12345678" not in str(await _items(talk.store))
    assert all(row.payload == {} for row in await _items(talk.store))


async def test_who_drops_out_before_confirming_is_not_forgotten(talk):
    await talk.asks("Bel mij maar", "Klopt 06 12345678?", kind="form", callback={"phone": "+31612345678"})
    await talk.happens(ev.Closed())
    await talk.sends()
    assert talk.fake.one("internetaken")["status"] == "te_verwerken"


async def test_a_call_back_that_was_cancelled_is_not_sent(talk):
    await talk.asks("Bel mij maar", "Klopt 06 12345678?", kind="form", callback={"phone": "+31612345678"})
    await talk.asks("nee laat maar", "Goed.", kind="form", callback={"confirmed": False})
    await talk.happens(ev.Closed())
    await talk.sends()
    assert talk.fake.all("internetaken") == talk.fake.all("digitaleadressen") == talk.fake.all("betrokkenen") == []


async def test_a_known_resident_is_a_partij(talk):
    person = uuid4()
    sealed = talk.store.vault.encrypt("111222333", "identity")

    def make(connection: Any) -> None:
        connection.execute(insert(tables.person).values(id=person, created_at=talk.now))
        values = {"person_id": person, "scheme": "bsn", "lookup": bytes(32), "value": sealed, "level": "digid-midden"}
        connection.execute(insert(tables.identity).values(id=uuid4(), verified_at=talk.now, **values))

    await talk.store.change(make)
    await talk.happens(ev.Identified(Identity(person, "digid-midden", talk.now)))
    await talk.asks("Wat kost een paspoort?", "Een paspoort kost 83 euro.", topic="paspoort")
    await talk.happens(ev.Closed())
    await talk.sends()
    assert talk.fake.one("betrokkenen")["wasPartij"] == {"uuid": talk.fake.one("partijen")["uuid"]}


async def test_what_is_destroyed_here_is_removed_there(talk):
    """PRV-5, PRV-6: in one transaction, and only what a register was told."""
    await talk.asks("Bel mij maar", "Klopt 06 12345678?", kind="form", callback={"phone": "+31612345678"})
    await talk.happens(ev.Closed())
    await talk.sends()
    await talk.store.forget(talk.conversation, talk.now)
    await talk.sends()
    for name in ("klantcontacten", "betrokkenen", "digitaleadressen", "internetaken"):
        assert talk.fake.all(name) == [], name
    second = (await talk.performer.begin(language="nl", channel="web", page=None, token_hash=uuid4().bytes * 2)).id
    await talk.store.forget(second, talk.now)
    assert [row.kind for row in await _items(talk.store)].count("delete") == 1


async def test_nothing_of_the_dialogue_waits_for_it(talk):
    """The register hangs: a turn, a closing and a handover are acknowledged all the same, and it gets them later."""
    talk.fake.down = True
    await talk.asks("Wat kost een paspoort?", "Een paspoort kost 83 euro.", topic="paspoort")
    acknowledged: list[dict[str, Any]] = []
    await talk.performer.perform(talk.conversation, ev.Closed(), Receipt("resident", uuid4()), acknowledged.append)
    assert acknowledged
    assert [row.state for row in await _items(talk.store)] == ["waiting"]
    talk.fake.down = False
    await talk.sends()
    assert len(talk.fake.all("klantcontacten")) == 1


async def test_a_refused_step_leaves_no_item(talk):
    await talk.asks("Wat kost een paspoort?", "Een paspoort kost 83 euro.", topic="paspoort")
    before = await _items(talk.store)
    with pytest.raises(Exception, match="not_owner"):
        await talk.performer.perform(talk.conversation, ev.WrappedUp(ANJA, "resolved", "x", []))
    assert await _items(talk.store) == before


async def test_what_another_system_recorded_goes_there_too(talk):
    """With who answered, who came, and the case that it was about."""
    at = talk.now - timedelta(minutes=30)
    conversation = Conversation(id=uuid4(), reference="1234567890", channel="Balie", language="fra", created_at=at, last_at=at)

    def more(step: Any) -> list[Insert]:
        (segment,) = [record.values for record in step.records if isinstance(record, Insert) and record.table == "segment"]
        segment["data"] = {"vertrouwelijk": True}
        of = {"id": uuid4(), "conversation_id": conversation.id}
        case = {"object_id": "zaak-1", "code_objecttype": "zaak", "code_register": "open-zaak", "code_soort_object_id": "uuid"}
        name = {"person_id": None, "kind": "name", "value": "Fatma Yilmaz", "source": "typed", "verified_at": None, "reuse_consent": False}
        return [
            Insert("participant", {**of, "kind": "staff", "staff_id": ANJA.staff, "name": "Anja", "joined_at": at, "left_at": at}),
            Insert("contact_detail", {**of, **name}),
            Insert("subject_object", {"id": uuid4(), "segment_id": segment["id"], **case}),
        ]

    await talk.performer.record(conversation, Recorded(subject="paspoort", report="Opgehaald.", by="Anja"), more)
    await talk.sends()
    made = talk.fake.one("klantcontacten")
    assert (made["kanaal"], made["inhoud"], made["taal"], made["vertrouwelijk"]) == ("Balie", "Opgehaald.", "fra", True)
    assert talk.fake.actors_of(made) == ["Anja"]
    assert "overgedragen" not in made["metadata"]
    assert talk.fake.one("betrokkenen")["contactnaam"] == {"achternaam": "Fatma Yilmaz"}
    about = [row["onderwerpobjectidentificator"]["objectId"] for row in talk.fake.all("onderwerpobjecten")]
    assert about == [str(conversation.id), "zaak-1"]


# Back, and the nightly look


async def test_done_in_open_klant_is_done_here(talk):
    await talk.asks("Bel mij maar", "Klopt 06 12345678?", kind="form", callback={"phone": "+31612345678"})
    await talk.asks("ja", "Wij bellen u.", kind="form", callback={"confirmed": True})
    await talk.sends()
    told: list[bool] = []
    talk.teller.callback_done = lambda: told.append(True)
    await talk.teller.look_at_callbacks()
    assert (await talk.store.callbacks())[0]["status"] == "open"
    talk.fake.one("internetaken")["status"] = "verwerkt"
    await talk.teller.look_at_callbacks()
    assert told == []  # once in five minutes
    talk.now += timedelta(minutes=5)
    await talk.teller.look_at_callbacks()
    assert told == [True]
    assert await talk.store.callbacks() == []


async def test_done_on_the_console_is_done_in_open_klant(talk):
    await talk.asks("Bel mij maar", "Klopt 06 12345678?", kind="form", callback={"phone": "+31612345678"})
    await talk.asks("ja", "Wij bellen u.", kind="form", callback={"confirmed": True})
    await talk.sends()
    (row,) = await talk.store.callbacks()
    await talk.store.write(Update("callback", row["id"], {"status": "done", "changed_at": talk.now, "done_by": ANJA.staff}))
    await talk.teller.look_at_callbacks()
    await talk.sends()
    assert talk.fake.one("internetaken")["status"] == "verwerkt"
    talk.now += timedelta(minutes=6)
    await talk.teller.look_at_callbacks()
    assert (await talk.teller.outbox.standing()).waiting == 0


async def test_each_night_what_is_missing_is_sent_and_a_sample_is_read_back(talk):
    await talk.asks("Wat kost een paspoort?", "Een paspoort kost 83 euro.", topic="paspoort")
    await talk.happens(ev.Closed())
    await talk.store.change(lambda connection: connection.execute(tables.outbox.delete()))  # as if it never was
    await talk.sends()
    await talk.teller.sender._works()
    talk.now += timedelta(hours=3)
    found = await talk.teller.reconcile(Random(1))
    assert (found.looked_at, found.again, found.read_back, found.gone) == (1, 1, 0, 0)
    assert (await talk.teller.reconcile(Random(1))).again == 0  # it waits already
    await talk.sends()
    assert len(talk.fake.all("klantcontacten")) == 1
    assert (await talk.teller.reconcile(Random(1))).read_back == 1
    talk.fake._delete("klantcontacten", talk.fake.one("klantcontacten"))
    found = await talk.teller.reconcile(Random(1))
    assert (found.again, found.gone) == (0, 1)
    assert (await talk.teller.reconcile(Random(1))).gone == 0


async def test_what_was_before_the_first_start_is_not_sent(talk):
    await talk.asks("Wat kost een paspoort?", "Een paspoort kost 83 euro.", topic="paspoort")
    await talk.happens(ev.Closed())
    later = talk.now + timedelta(days=1)

    def as_if_turned_on_now(connection: Any) -> None:
        connection.execute(tables.outbox.delete())
        connection.execute(tables.register_link.update().values(changed_at=later))

    await talk.store.change(as_if_turned_on_now)
    talk.now = later + timedelta(hours=2)
    await talk.teller.sender._works()
    assert (await talk.teller.reconcile()).looked_at == 0


async def test_the_night_is_once(talk):
    await talk.teller.sender._works()
    looked: list[datetime] = []

    async def reconcile() -> None:
        looked.append(talk.now)

    talk.teller.reconcile = reconcile
    for _ in range(72):
        talk.now += timedelta(hours=1)
        await talk.teller.look_back_at_night()
    assert len(looked) == 3
    assert {moment.hour for moment in looked} <= {1, 2, 3}  # UTC; 2 to 5 in Amsterdam


async def test_an_item_that_waits_long_is_an_alarm_and_in_the_metrics(talk, capsys):
    await talk.store.write(item(talk.conversation, 1, uuid4(), "klantcontact", talk.now))
    talk.now += timedelta(minutes=16)
    await talk.teller.watch()
    await talk.teller.watch()
    assert talk.teller.standing.waiting == 1
    assert talk.teller.oldest_seconds() == 16 * 60
    assert capsys.readouterr().out.count("register.late") == 1


def _about(topic: str) -> dict[str, Any]:
    return {"slots": {"topic": topic}, "loop": None}


async def _items(store: Store) -> list[Any]:
    async with store.reading() as connection:
        return list(await connection.execute(tables.outbox.select().order_by(tables.outbox.c.id)))


async def _add_staff(store: Store, who: Person, login: str, at: datetime) -> None:
    values = {"id": who.staff, "name": who.name, "login": login, "password_hash": "x", "role": "medewerker", "teams": ["kcc"]}
    await store.change(lambda connection: connection.execute(insert(tables.staff).values(language="nl", created_at=at, **values)))
