"""The store on a real database: whole steps or nothing, in groups, and still there afterwards."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import Connection, text

from handover.conversation import events as ev
from handover.conversation.conversation import Conversation, Insert, Step, Update, begin, decide
from handover.conversation.events import BotReply, BotTurn, Event, Person
from handover.history import store as store_module
from handover.history import tables
from handover.history.database import migrate, open_engine, open_writer
from handover.history.store import Conflict, Job, Receipt, Stale, Store, Unavailable
from tests.handover.conftest import MORNING

ANJA = Person(UUID(int=1), "Anja")


class Talk:
    """A conversation that is stored step by step."""

    def __init__(self, store: Store, library: Any, at: datetime = MORNING) -> None:
        self.store, self.library, self.at = store, library, at
        id = uuid4()
        self.c = Conversation(id=id, reference=str(id.int)[:10], channel="web", language="nl", created_at=at, last_at=at)

    async def begins(self, **options: Any) -> "Talk":
        step = begin(self.c, self.at, self.library, uuid4)
        await self.store.commit(step, **options)
        self.c = step.after
        return self

    def step(self, event: Event) -> Step:
        return decide(self.c, event, self.at, self.library, uuid4)

    async def happens(self, *events: Event, **options: Any) -> "Talk":
        for event in events:
            step = self.step(event)
            await self.store.commit(step, **options)
            self.c = step.after
        return self


@pytest.fixture
def talk(store, library):
    return Talk(store, library)


# Durable


async def test_sqlite_writes_ahead_and_waits_for_the_disk(tmp_path):
    """Durable means: survives a power cut."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'wegwijs.db'}"

    def pragmas(connection: Connection) -> list[Any]:
        return [connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")]

    reading = open_engine(url)
    writing = open_writer(url, reading)
    async with reading.connect() as connection:
        assert await connection.run_sync(pragmas) == ["wal", 2, 1, 5000]  # 2 is FULL
    assert await writing.transact(pragmas) == ["wal", 2, 1, 5000]
    await reading.dispose()
    await writing.dispose()


async def test_the_schema_is_what_the_tables_say(database):
    """The migrations and tables.py agree: column for column, index for index."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    await migrate(database)
    await migrate(database)  # the second time does nothing
    engine = open_engine(database)
    async with engine.connect() as connection:
        found = await connection.run_sync(lambda sync: compare_metadata(MigrationContext.configure(sync), tables.metadata))
    await engine.dispose()
    assert found == []


async def test_what_was_committed_is_there_after_reopening(database, store, talk):
    await talk.begins()
    await talk.happens(ev.Said("Wat kost een paspoort?", "x"), ev.HumanAsked("kcc", "request"), ev.Claimed(ANJA), ev.Noted(ANJA, "belde"))
    await store.stop()
    again = Store(database)
    try:
        conversation, _ = await again.load(talk.c.id)
        assert conversation == talk.c
        turns = await again.turns_after_pos(talk.c.id, 0)
        assert [turn.pos for turn in turns] == [1, 2, 3, 4, 5]
        assert turns[1].text == "Wat kost een paspoort?"
        assert turns[1].at == MORNING
        assert [turn.seq for turn in await again.turns_after_seq(talk.c.id, 2)] == [3, 4]
        assert (await again.turn_at(talk.c.id, 4)).pos == 4
        assert await again.turn_at(talk.c.id, 9) is None
        assert await again.owned() == [(talk.c.id, ANJA.staff)]
    finally:
        await again.stop()


async def test_stopping_writes_what_was_handed_in(database, store, talk):
    await talk.begins()
    step = talk.step(ev.Said("Hallo"))
    committing = asyncio.create_task(store.commit(step))
    await asyncio.sleep(0)
    await store.stop()
    await committing
    again = Store(database)
    assert (await again.load(talk.c.id))[0] == step.after
    await again.stop()


async def test_a_conversation_that_is_not_there(store):
    assert await store.load(uuid4()) is None
    assert await store.by_token(b"x" * 32) is None


# Contact moments


async def test_contact_moments_get_references_that_nobody_else_gets(database, store, talk, library):
    """Ten digits, the first two of the installation: the key by which a register recognises them."""
    await talk.begins()
    await talk.happens(ev.HumanAsked("kcc", "request"))
    assert talk.c.segment.reference == "1000000001"
    other = Store(database, prefix="42")
    await other.start()
    try:
        theirs = await Talk(other, library).begins()
        await theirs.happens(ev.HumanAsked("kcc", "request"))
        assert theirs.c.segment.reference == f"42{1 + store_module.REFERENCES_AT_ONCE:08}"
    finally:
        await other.stop()
    [row] = await _rows(database, tables.segment, conversation=talk.c.id)
    assert (row["reference"], row["number"], row["person_id"]) == ("1000000001", 1, None)


async def test_more_contact_moments_than_one_block_of_references(store, library):
    talks = [await Talk(store, library).begins() for _ in range(store_module.REFERENCES_AT_ONCE + 5)]
    await asyncio.gather(*(talk.happens(ev.HumanAsked("kcc", "request")) for talk in talks))
    assert len({talk.c.segment.reference for talk in talks}) == len(talks)


async def test_a_number_to_call_is_encrypted_and_found_by_its_hash(database, store, talk):
    """PRV-4: what identifies somebody is encrypted, the keys are not in the database."""
    await talk.begins()
    await talk.happens(ev.Said("Bel mij"))
    for phone in ("+31612345678", "+31687654321"):
        reply = BotReply([BotTurn(kind="form", text="Klopt het?", callback={"phone": phone})], {"slots": {}}, {})
        talk.c.asks = (ev.Ask(pos=2, at=MORNING, text="Bel mij"),)
        await talk.happens(ev.BotAnswered(2, talk.c.epoch, reply))
    [row] = await _rows(database, tables.contact_detail, conversation=talk.c.id)
    assert store.vault.decrypt(row["value"], "contact_detail") == "+31687654321"
    assert row["lookup"] == store.vault.lookup("phone", "06 87654321")
    [callback] = await store.callbacks(conversation=talk.c.id)
    assert callback["segment_id"] == talk.c.segment.id


async def test_all_contact_moments_of_a_conversation_become_the_persons(database, store, talk):
    await talk.begins()
    await talk.happens(ev.HumanAsked("kcc", "request"), ev.QueueLeft(), ev.Identified(ev.Identity(UUID(int=9), "midden", MORNING)))
    await talk.happens(ev.Closed())
    [row] = await _rows(database, tables.segment, conversation=talk.c.id)
    assert (row["person_id"], row["outcome"]) == (UUID(int=9), "abandoned")
    [stored] = await _rows(database, tables.conversation, id=talk.c.id)
    assert stored["person_id"] == UUID(int=9)
    assert {person["kind"] for person in await _rows(database, tables.participant, conversation=talk.c.id)} == {"resident", "bot"}


async def _rows(url: str, table: Any, *, conversation: UUID | None = None, id: UUID | None = None) -> list[dict[str, Any]]:
    where = table.c.id == id if id else table.c.conversation_id == conversation
    engine = open_engine(url)
    async with engine.connect() as connection:
        found = [dict(row) for row in (await connection.execute(tables.metadata.tables[table.name].select().where(where))).mappings()]
    await engine.dispose()
    return found


# Groups, and what goes wrong in them


async def test_those_who_wait_are_written_together(store, library, monkeypatch):
    groups: list[int] = []
    write_group = store._write_group

    async def counted(group: list[Job]) -> None:
        groups.append(len(group))
        await write_group(group)

    monkeypatch.setattr(store, "_write_group", counted)
    talks = [Talk(store, library) for _ in range(40)]
    await asyncio.gather(*(talk.begins() for talk in talks))
    await asyncio.gather(*(talk.happens(ev.Said("Hallo")) for talk in talks))
    assert sum(groups) == 80
    assert len(groups) < 20
    for talk in talks:
        assert (await store.load(talk.c.id))[0] == talk.c


async def test_a_group_has_a_bound(store, library, monkeypatch):
    monkeypatch.setattr(store_module, "GROUP_AT_MOST", 3)
    talks = [Talk(store, library) for _ in range(10)]
    await asyncio.gather(*(talk.begins() for talk in talks))
    assert all([await store.load(talk.c.id) for talk in talks])


async def test_a_step_on_an_old_version_is_stale_and_leaves_no_trace(store, talk):
    await talk.begins()
    first, second = talk.step(ev.Said("een")), talk.step(ev.Said("twee"))
    await store.commit(first)
    with pytest.raises(Stale):
        await store.commit(second, Receipt("resident", uuid4()), {"seq": 2})
    found, receipts = await store.load(talk.c.id)
    assert (found, receipts) == (first.after, {})
    assert [turn.text for turn in await store.turns_after_pos(talk.c.id, 1)] == ["een"]


async def test_of_two_steps_on_the_same_version_at_once_one_is_stored(store, talk):
    """Also when neither makes a turn, and both are written in one group."""
    await talk.begins()
    steps = [talk.step(ev.Rated(score)) for score in (1, 5)]
    results = await asyncio.gather(*(store.commit(step) for step in steps), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), Stale]
    assert (await store.load(talk.c.id))[0].rating["score"] == 1


async def test_of_many_claims_on_many_stores_one_wins(database, store, talk):
    """SEC-17: a compare-and-set on every process."""
    await (await talk.begins()).happens(ev.HumanAsked("kcc", "request"))
    others = [Store(database) for _ in range(3)]
    for other in others:
        await other.start()
    steps = [talk.step(ev.Claimed(Person(UUID(int=number), f"Collega {number}"))) for number in range(8)]
    stores = [store, *others] * 2
    results = await asyncio.gather(*(one.commit(step) for one, step in zip(stores, steps, strict=True)), return_exceptions=True)
    for other in others:
        await other.stop()
    assert sorted(type(result).__name__ for result in results) == ["NoneType"] + ["Stale"] * 7
    winner = next(step for step, result in zip(steps, results, strict=True) if result is None)
    assert (await store.load(talk.c.id))[0] == winner.after


async def test_one_bad_job_does_not_spoil_the_others(store, library):
    good = [Talk(store, library) for _ in range(3)]
    twin = Talk(store, library)
    twin.c = msgspec.structs.replace(twin.c, reference=good[0].c.reference)  # there is one already
    jobs = [good[0].begins(), twin.begins(), good[1].begins(), store.write(Insert("nothing", {"id": 1})), good[2].begins()]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(result) for result in results if isinstance(result, Exception)] == [Conflict, Unavailable]
    for talk in good:
        assert await store.load(talk.c.id)
    assert await store.load(twin.c.id) is None


async def test_a_job_is_written_whole_or_not_at_all(store, talk):
    await talk.begins()
    step = talk.step(ev.Said("Hallo"))
    step.records.append(Insert("wrap_up", {"id": uuid4(), "conversation_id": talk.c.id}))  # lacks what it must have
    with pytest.raises(Conflict):
        await store.commit(step)
    assert (await store.load(talk.c.id))[0] == talk.c
    assert len(await store.turns_after_pos(talk.c.id, 0)) == 1


async def test_the_writer_outlives_whoever_stops_waiting(store, library, talk):
    """A socket that closes cancels its handler, in the middle of a commit that fails as well as of one that does not."""
    fine, broken = asyncio.create_task(talk.begins()), asyncio.create_task(store.write(Insert("nothing", {"id": 1})))
    await asyncio.sleep(0)
    fine.cancel()
    broken.cancel()
    await asyncio.gather(fine, broken, return_exceptions=True)
    await Talk(store, library).begins()
    assert await store.load(talk.c.id) is not None


# Receipts


async def test_the_same_id_has_the_same_result(store, talk):
    await talk.begins()
    receipt = Receipt("resident", uuid4())
    await talk.happens(ev.Said("Hallo"), receipt=receipt, result={"seq": 2, "pos": 2})
    _, receipts = await store.load(talk.c.id)
    assert receipts == {receipt: {"seq": 2, "pos": 2}}
    with pytest.raises(Conflict):
        await store.commit(talk.step(ev.Said("Hallo")), receipt, {"seq": 3, "pos": 3})
    assert len(await store.turns_after_pos(talk.c.id, 0)) == 2


async def test_an_id_is_its_senders_own_and_its_conversations(store, library, talk):
    other, id = await Talk(store, library).begins(), uuid4()
    await talk.begins()
    await talk.happens(ev.Said("een"), receipt=Receipt("resident", id), result={})
    await talk.happens(ev.Said("twee"), receipt=Receipt(str(ANJA.staff), id), result={})
    await other.happens(ev.Said("drie"), receipt=Receipt("resident", id), result={})
    assert len((await store.load(talk.c.id))[1]) == 2


# Queries


async def test_a_conversation_is_found_by_the_hash_of_its_token(store, talk):
    await talk.begins(token_hash=b"h" * 32)
    assert await store.by_token(b"h" * 32) == talk.c.id
    await talk.happens(ev.Said("Hallo"))
    assert await store.by_token(b"h" * 32) == talk.c.id


async def test_who_was_lost_is_first_in_the_queue_then_who_waits_longest(store, library):
    first, second, lost, elsewhere = [Talk(store, library, MORNING + timedelta(minutes=minutes)) for minutes in (0, 1, 2, 0)]
    for talk in (second, first, lost):
        await (await talk.begins()).happens(ev.HumanAsked("kcc", "request"))
    await (await elsewhere.begins()).happens(ev.HumanAsked("sociaal", "request"))
    await lost.happens(ev.Claimed(ANJA), ev.StaffLost(ANJA.staff))
    assert await store.queue("kcc") == [(lost.c.id, 4), (first.c.id, 2), (second.c.id, 2)]
    assert await store.waiting_by_team() == {"kcc": 3, "sociaal": 1}
    assert await store.oldest_waiting_by_team() == {"kcc": MORNING, "sociaal": MORNING}
    await first.happens(ev.Claimed(ANJA))
    mine = await store.for_staff(ANJA.staff, ["kcc"])
    assert [conversation.id for conversation in mine] == [lost.c.id, second.c.id, first.c.id]
    assert [c.id for c in await store.for_staff(uuid4(), ["sociaal"])] == [elsewhere.c.id]


async def test_what_is_due_longest_ago_comes_first(store, library):
    late, later, idle = [Talk(store, library, MORNING + timedelta(seconds=seconds)) for seconds in (0, 1, 0)]
    for talk in (later, late):
        await (await talk.begins()).happens(ev.Said("Hallo"))
    await (await idle.begins()).happens(ev.HumanAsked("kcc", "request"), ev.Claimed(ANJA))
    assert await store.due(MORNING + timedelta(seconds=2)) == []
    assert await store.due(MORNING + timedelta(seconds=6)) == [late.c.id, later.c.id]
    assert await store.due(MORNING + timedelta(seconds=6), at_most=1) == [late.c.id]


async def test_who_took_part_may_read_on(store, talk):
    await (await talk.begins()).happens(ev.HumanAsked("kcc", "request"), ev.Claimed(ANJA), ev.Returned(ANJA))
    assert await store.took_part(talk.c.id, ANJA.staff, [])
    assert await store.took_part(talk.c.id, uuid4(), ["kcc"])
    assert not await store.took_part(talk.c.id, uuid4(), ["sociaal"])


async def test_what_is_forgotten_leaves_nothing(store, talk):
    await (await talk.begins()).happens(ev.HumanAsked("kcc", "request"), receipt=Receipt("resident", uuid4()), result={})
    await store.forget(talk.c.id, MORNING)
    async with store._view.connect() as connection:
        for name in ("conversation", "turn", "receipt", "handover"):
            assert await connection.scalar(text(f"SELECT count(*) FROM {name}")) == 0


async def test_call_backs_are_listed_until_they_are_done(store, talk):
    await talk.begins()
    row = {"conversation_id": talk.c.id, "phone": "+31612345678", "status": "open", "created_at": MORNING, "changed_at": MORNING}
    ids = [uuid4(), uuid4()]
    await store.write(*(Insert("callback", {"id": id, **row}) for id in ids))
    await store.write(Update("callback", ids[0], {"status": "done", "done_by": ANJA.staff}))
    assert [found["id"] for found in await store.callbacks()] == [ids[1]]
    assert [found["done_by"] for found in await store.callbacks(status="done")] == [ANJA.staff]
    assert len(await store.callbacks(conversation=talk.c.id)) == 2
    assert (await store.callbacks(id=ids[0]))[0]["created_at"] == MORNING


async def test_moments_come_back_in_utc(store, talk):
    amsterdam = MORNING.astimezone(tables.UTC)
    await talk.begins()
    found, _ = await store.load(talk.c.id)
    assert found.created_at == amsterdam
    assert found.created_at.tzinfo == UTC


async def test_an_audit_line_within_the_quarter_is_found(store):
    line = {"at": MORNING, "actor": "a", "action": "open", "object": "o", "result": "read", "origin": "::1", "request_id": "r"}
    await store.write(Insert("audit", line))
    assert await store.audited_since("a", "open", "o", MORNING)
    assert not await store.audited_since("a", "open", "o", MORNING + timedelta(seconds=1))
    assert not await store.audited_since("b", "open", "o", MORNING)


async def test_presence_is_one_line_a_person(store):
    person = {
        "id": ANJA.staff,
        "name": "Anja",
        "login": "anja",
        "password_hash": "x",
        "role": "medewerker",
        "teams": ["kcc"],
        "language": "nl",
    }
    await store.write(Insert("staff", {**person, "disabled_at": None, "created_at": MORNING}))
    for status in ("available", "away"):
        await store.save_presence(ANJA.staff, status, MORNING)
    assert [(row.staff_id, row.status) for row in await store.presence(MORNING - timedelta(days=1))] == [(ANJA.staff, "away")]


def test_the_newest_revision_is_the_last_file_by_name():
    """What `migrate` compares with before it takes the trouble to import Alembic."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from handover.history.database import MIGRATIONS, newest_revision

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert newest_revision() == ScriptDirectory.from_config(config).get_current_head()
