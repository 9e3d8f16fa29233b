"""PRV-5 and PRV-7 with a moved clock: what has had its time is gone from every store, and what is held is not."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, func, insert, select, update

from handover.conversation import events as ev
from handover.conversation.conversation import Conversation, Insert, begin, decide
from handover.conversation.events import BotReply, BotTurn, Caller, Event, Identity, Person
from handover.history import audit, retention, tables
from handover.history.people import People, Verified
from handover.history.retention import RULES, Retention
from handover.history.store import Receipt, Store
from handover.ids import uuid7
from tests.handover.conftest import MORNING

WORD, REPORT, NUMBER, NAME = "Kwintebank", "Zandloperij", "+31687654321", "fatma-9731"
ANJA = Person(UUID(int=7), "Anja")


class Talk:
    """One conversation with everything in it that a conversation can have; WORD is said, REPORT is reported, NUMBER is called."""

    def __init__(self, store: Store, library: Any) -> None:
        self.store, self.library, self.now = store, library, MORNING
        self.c = Conversation(
            id=uuid7(MORNING), reference=f"{uuid4().int % 10**10:010}", channel="web", language="nl", created_at=MORNING, last_at=MORNING,
            page=f"https://example.nl/{WORD}", external_key=f"voice:test:{NUMBER}:{uuid4()}",
        )  # fmt: skip

    async def begins(self) -> "Talk":
        step = begin(self.c, self.now, self.library, uuid4)
        await self.store.commit(step, token_hash=uuid4().bytes * 2)
        self.c = step.after
        return self

    async def happens(self, *events: Event) -> None:
        for event in events:
            step = decide(self.c, event, self.now, self.library, uuid4)
            await self.store.commit(step, Receipt("resident", uuid4()), {"seq": 1, "word": WORD})
            self.c = step.after

    async def is_answered(self, text: str = f"Over {WORD}: dat kan", **turn: Any) -> None:
        memory = {"slots": {"topic": "paspoort", "question": WORD, "callback_pending": {"phone": NUMBER}}, "loop": None}
        understood = {"intent": {"name": "vraag", "confidence": 0.9}, "topics": [], "text": WORD}
        reply = BotReply([BotTurn(text=text, **{"kind": "answer", "topic": "paspoort", **turn})], memory, understood)
        await self.happens(ev.BotAnswered(self.c.asks[0].pos, self.c.epoch, reply))

    async def is_known(self, sub: str = NAME) -> UUID:
        who = Verified("sub", sub, "digid", uuid4().bytes * 2, self.now + timedelta(minutes=5), (("email", f"{NAME}@example.nl"),))
        identity = await People(self.store).known(who, self.now)
        await self.happens(ev.Identified(identity))
        return identity.person

    async def is_called_back(self) -> None:
        await self.happens(ev.Said(f"Bel mij over {WORD}"))
        await self.is_answered("Op welk nummer?", kind="form", topic=None, callback={"phone": NUMBER})

    async def is_a_call(self) -> None:
        """What the telephone stores beside it."""
        call = uuid4()
        await self.store.write(
            Insert("call", {"id": call, "key": f"test:{NUMBER}", "conversation_id": self.c.id, "started_at": MORNING, "ended_at": MORNING})
        )
        await self.store.write(Insert("call_reply", {"call_id": call, "event": "1", "reply": WORD, "at": MORNING}))
        detail = {"id": uuid4(), "conversation_id": self.c.id, "person_id": None, "kind": "phone", "value": NUMBER, "source": "caller"}
        await self.store.write(Insert("contact_detail", {**detail, "verified_at": None, "reuse_consent": False}))

    async def is_with_staff(self) -> None:
        await self.happens(
            ev.Said(f"Mijn vraag gaat over {WORD}"), ev.HumanAsked("kcc", "request"), ev.Claimed(ANJA), ev.Noted(ANJA, f"Let op {WORD}"),
            ev.Replied(ANJA, f"Goedemiddag, {WORD} dus"),
        )  # fmt: skip

    async def is_wrapped_up(self) -> None:
        await self.happens(ev.WrappedUp(ANJA, "resolved", f"Uitgelegd: {REPORT}", ["paspoort"]), ev.Rated(4, f"{WORD}!"))


async def everything_about(store: Store, library: Any) -> Talk:
    talk = await Talk(store, library).begins()
    await talk.is_a_call()
    await talk.is_known()
    await talk.happens(ev.Said(f"Wat is {WORD}?"))
    await talk.is_answered(choices=[{"label": WORD, "do": {"intent": "vraag", "entities": {}}}])
    await talk.is_called_back()
    await talk.is_with_staff()
    await talk.is_wrapped_up()
    return talk


async def stored(store: Store) -> str:
    """Everything that is in the database, as one text; what is encrypted is decrypted."""

    def read(connection: Connection) -> str:
        found: list[Any] = []
        for name, table in tables.metadata.tables.items():
            for row in connection.execute(select(table)).mappings():
                values = dict(row)
                if name in ("identity", "contact_detail"):
                    values["value"] = store.vault.decrypt(values["value"], name)
                found.append([name, {key: str(value) if not isinstance(value, dict | list) else value for key, value in values.items()}])
        return json.dumps(found, default=str, ensure_ascii=False)

    return await store.read(read)


async def counted(store: Store) -> dict[str, int]:
    def read(connection: Connection) -> dict[str, int]:
        return {name: connection.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables.metadata.tables.items()}

    return {name: count for name, count in (await store.read(read)).items() if count}


async def call_back_is_done(store: Store, at: datetime) -> None:
    await store.transact(lambda connection: connection.execute(update(tables.callback).values(status="done", changed_at=at)))


def on_disk(database: str) -> bytes:
    """What the files of an SQLite database hold, used or not. PostgreSQL's are its own affair: its vacuum overwrites them some time."""
    if "sqlite" not in database:
        return b""
    path = Path(database.split("///")[1])
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def test_every_table_has_a_rule_for_how_long_its_rows_are_kept():
    assert set(RULES) == set(tables.metadata.tables)


async def test_every_clock_is_kept_in_every_store(store: Store, database: str, library: Any):
    """PRV-5: the words after 90 days, the call-back 90 days after it was done, the contact moment and whose it was after a year."""
    talk, job = await everything_about(store, library), Retention(store)
    await call_back_is_done(store, MORNING + timedelta(days=20))
    assert (await job.run(MORNING + timedelta(days=89))) == {"tokens": 1}
    before = await stored(store)
    assert all(mark in before for mark in (WORD, REPORT, NUMBER, NAME))
    assert "sqlite" not in database or WORD.encode() in on_disk(database)

    done = await job.run(MORNING + timedelta(days=91))
    assert done["transcript"] == 1
    words_over = await stored(store)
    assert "seq" in words_over
    assert REPORT in words_over
    left = [row for row in json.loads(words_over) if WORD in json.dumps(row, ensure_ascii=False)]
    assert {name for name, _ in left} <= {"segment", "callback"}  # the report in the resident's words, and what was asked to call about
    assert [name for name, row in json.loads(words_over) if NUMBER in json.dumps(row)] == ["callback", "contact_detail"]
    turns = [row for name, row in json.loads(words_over) if name == "turn"]
    assert len(turns) == talk.c.pos
    assert all(turn["text"] == "" and turn["data"] == {} and turn["author"] for turn in turns)
    assert f"Bel mij over {WORD}".encode() not in on_disk(database)
    assert f"Let op {WORD}".encode() not in on_disk(database)

    done = await job.run(MORNING + timedelta(days=111))
    assert done["call-backs"] == 1
    assert NUMBER not in await stored(store)
    assert NUMBER.encode() not in on_disk(database)
    assert NAME in await stored(store)

    done = await job.run(MORNING + timedelta(days=366))
    assert done["destroy"] == 1
    assert set(await counted(store)) <= {"audit", "audit_head", "series"}
    for mark in (WORD, REPORT, NUMBER, NAME, talk.c.reference):
        assert mark not in await stored(store)
        assert mark.encode() not in on_disk(database)  # nor in what the file has no use for any more

    assert (await job.run(MORNING + timedelta(days=366 + 549)))["audit"] > 0
    assert str(talk.c.id) not in await stored(store)
    found = await store.read(lambda connection: audit.verify(connection, store.audit_key))
    assert found.problems == []


async def test_each_conversation_carries_class_date_and_basis(store: Store, library: Any):
    """PRV-7."""
    await everything_about(store, library)
    rows = tables.conversation.c
    found = await store.read(lambda c: c.execute(select(rows.kept_as, rows.destroy_at, rows.legal_basis)).one())
    assert (found.kept_as, found.destroy_at) == ("staff", MORNING + timedelta(days=365))
    assert "artikel 6" in found.legal_basis


async def test_what_is_with_the_assistant_alone_goes_after_28_days(store: Store, library: Any):
    talk = await Talk(store, library).begins()
    await talk.happens(ev.Said(f"Wat is {WORD}?"))
    await talk.is_answered()
    await talk.happens(ev.Closed())
    job = Retention(store)
    assert await job.run(MORNING + timedelta(days=27, hours=23)) == {}
    assert await job.run(MORNING + timedelta(days=28)) == {"transcript": 1}
    assert await job.run(MORNING + timedelta(days=28)) == {}


async def test_small_talk_is_no_contact_moment_and_goes_whole(store: Store, library: Any):
    talk = await Talk(store, library).begins()
    await talk.happens(ev.Said(f"Hoi {WORD}"), ev.Closed())
    assert await Retention(store).run(MORNING + timedelta(days=28)) == {"destroy": 1}
    assert "conversation" not in await counted(store)


async def test_a_hold_stops_every_clock_until_it_is_lifted(store: Store, library: Any):
    """PRV-7: a Woo request or a complaint."""
    talk = await everything_about(store, library)
    await call_back_is_done(store, MORNING)
    key, job, later = store.audit_key, Retention(store), MORNING + timedelta(days=500)
    assert await store.transact(lambda c: retention.hold(c, key, talk.c.id, "Woo 2026-12", MORNING, "officer"))
    assert not await store.transact(lambda c: retention.hold(c, key, talk.c.id, "again", MORNING, "officer"))
    assert (await job.run(later))["held"] == 1
    kept = await stored(store)
    assert all(mark in kept for mark in (WORD, REPORT, NUMBER, NAME))
    assert await store.transact(lambda c: retention.erase(c, key, talk.c.id, later, "officer")) == "held"
    assert await store.transact(lambda c: retention.hold(c, key, talk.c.id, None, later, "officer"))
    assert await job.run(later + timedelta(hours=23)) == {"call-backs": 1}
    assert (await job.run(later + timedelta(days=1)))["destroy"] == 1
    assert WORD not in await stored(store)


async def test_a_call_back_that_is_still_to_be_done_keeps_its_contact_moment(store: Store, library: Any):
    await everything_about(store, library)
    job, late = Retention(store), MORNING + timedelta(days=400)
    assert (await job.run(late))["transcript"] == 1
    assert (await job.run(late))["callback"] == 1
    assert NUMBER in await stored(store)
    await call_back_is_done(store, late)
    assert "destroy" not in await job.run(late + timedelta(days=89))
    assert (await job.run(late + timedelta(days=92)))["destroy"] == 1
    assert NUMBER not in await stored(store)


async def test_a_trial_says_the_same_and_changes_nothing(store: Store, library: Any):
    await everything_about(store, library)
    await call_back_is_done(store, MORNING)
    before, job, late = await stored(store), Retention(store), MORNING + timedelta(days=91)
    would = await job.run(late, dry=True)
    assert await stored(store) == before
    assert await job.run(late) == would


async def test_registers_are_told_what_was_destroyed(store: Store, library: Any):
    talk = await everything_about(store, library)
    segment = await store.read(lambda c: c.scalar(select(tables.segment.c.id)))
    link = {"register": "open_klant", "local_type": "klantcontact", "local_id": str(segment), "remote_uuid": uuid4(), "reference": None}
    await store.transact(lambda c: c.execute(insert(tables.register_link).values(**link, state="done", changed_at=MORNING)))
    await call_back_is_done(store, MORNING)
    await Retention(store).run(MORNING + timedelta(days=366))
    await Retention(store).run(MORNING + timedelta(days=366))
    told = await store.read(lambda c: c.execute(select(tables.outbox)).all())
    assert [(item.kind, item.conversation_id, item.payload) for item in told] == [("delete", talk.c.id, {})]


async def test_a_resident_with_another_conversation_stays_known(store: Store, library: Any):
    first, second = await Talk(store, library).begins(), await Talk(store, library).begins()
    for talk in (first, second):
        await talk.is_known()
        await talk.happens(ev.Said("Wat kost een paspoort?"))
        await talk.is_answered()
    await first.happens(ev.Closed())
    late = MORNING + timedelta(days=366)
    await Retention(store).run(late)
    assert (await counted(store))["person"] == 1
    await second.happens(ev.Closed())
    await Retention(store).run(late + timedelta(days=366))
    assert "person" not in await counted(store)
    assert "identity" not in await counted(store)


async def test_many_are_worked_off_in_pages_and_a_run_that_dies_goes_on(store: Store, library: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    for _ in range(10):
        talk = await Talk(store, library).begins()
        await talk.happens(ev.Said(f"Hoi {WORD}"), ev.Closed())
    job, real, calls = Retention(store), retention.remove, 0

    def dies(*args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise ZeroDivisionError
        real(*args)

    monkeypatch.setattr(retention, "remove", dies)
    with pytest.raises(ZeroDivisionError):
        await job.run(MORNING + timedelta(days=28))
    assert (await counted(store))["conversation"] == 6
    assert job.ran_at is None
    assert await job.run(MORNING + timedelta(days=28)) == {"destroy": 6}
    assert job.ran_at == MORNING + timedelta(days=28)


async def test_that_nobody_works_it_off_is_seen(store: Store, library: Any, monkeypatch: pytest.MonkeyPatch):
    talk = await Talk(store, library).begins()
    await talk.happens(ev.Said("Hoi"), ev.Closed())
    job = Retention(store)

    async def fails(*_: Any, **__: Any) -> str:
        return "nothing"

    monkeypatch.setattr(job, "expire", fails)
    await job.run(MORNING + timedelta(days=30))
    assert job.late == 1


async def test_two_processes_work_it_off_together(store: Store, database: str, library: Any):
    for _ in range(20):
        talk = await Talk(store, library).begins()
        await talk.happens(ev.Said(f"Hoi {WORD}"), ev.Closed())
    other = Store(database, store.vault)
    await other.start()
    done = await asyncio.gather(*(Retention(each).run(MORNING + timedelta(days=28)) for each in (store, other)))
    await other.stop()
    assert sum(one["destroy"] for one in done) == 20
    assert "conversation" not in await counted(store)


def test_a_call_leaves_no_number_in_the_conversation(library: Any):
    """The telephone side of a conversation has the caller's number."""
    from handover.conversation.calls import Call
    from handover.conversation.conversation import without_words

    c = Conversation(
        id=uuid4(), reference="1" * 10, channel="voice", language="nl", created_at=MORNING, last_at=MORNING,
        call=Call(caller=Caller(uuid4(), f"jambonz:{NUMBER}", NUMBER), said=WORD), identity=Identity(uuid4(), "digid", MORNING),
    )  # fmt: skip
    assert NUMBER not in repr(without_words(c))
    assert WORD not in repr(without_words(c))


async def test_what_is_deleted_is_overwritten_in_the_file(store: Store, database: str):
    """SQLite may be built with another default."""
    if "sqlite" not in database:
        pytest.skip("of SQLite")
    assert await store.transact(lambda connection: connection.exec_driver_sql("PRAGMA secure_delete").scalar()) == 1


async def test_a_reader_holds_up_neither_the_writer_nor_the_emptying_for_good(store: Store, database: str, library: Any):
    if "sqlite" not in database:
        pytest.skip("of SQLite")
    await everything_about(store, library)
    async with store.reading() as reader:
        await reader.scalar(select(func.count()).select_from(tables.turn))
        await (await Talk(store, library).begins()).happens(ev.Said("Hoi"))
        assert await store.shrink() is False
        await (await Talk(store, library).begins()).happens(ev.Said("Hoi"))
    assert await store.shrink() is True
