"""The shell around the core, on a real store: store, then acknowledge, then tell, then ask; whoever goes away meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from handover.conversation import events as ev
from handover.conversation.conversation import AskBot, Insert, Refused, Step, Update
from handover.conversation.events import BotReply, BotTurn, Person
from handover.conversation.states import State
from handover.history.store import Receipt, Store
from handover.hub import Hub
from handover.perform import NotFound, Performer
from handover.rasa import Bot, BotError

ANJA = Person(UUID(int=1), "Anja")


class ScriptedBot(Bot):
    """Answers when the test says so; everything else is the bot's own."""

    def __init__(self) -> None:
        super().__init__("token")
        self.asked: asyncio.Queue[tuple[AskBot, asyncio.Future[BotReply]]] = asyncio.Queue()

    async def ask(self, conversation: UUID, language: str, asked: AskBot) -> BotReply:
        answer: asyncio.Future[BotReply] = asyncio.get_running_loop().create_future()
        self.asked.put_nowait((asked, answer))
        return await answer

    async def answers(self, text: str, **turn) -> None:
        _, answer = await asyncio.wait_for(self.asked.get(), 60)
        answer.set_result(BotReply([BotTurn(kind="answer", text=text, **turn)], {"slots": {}, "loop": None}, {}))


class Listener:
    """A resident's socket that only remembers."""

    def __init__(self) -> None:
        self.steps: asyncio.Queue[Step] = asyncio.Queue()
        self.told: list[str] = []
        self.places: list[int] = []

    def stepped(self, step: Step, position: int | None) -> None:
        self.told += [turn.text for turn in step.turns if turn.seq]
        self.steps.put_nowait(step)

    def moved(self, epoch: int, position: int) -> None:
        self.places.append(position)

    async def hears(self) -> Step:
        return await asyncio.wait_for(self.steps.get(), 60)


class World:
    def __init__(self, store: Store, library, now: datetime) -> None:
        self.store, self.hub, self.bot, self.time = store, Hub(), ScriptedBot(), now
        self.performer = Performer(store, self.hub, self.bot, library, lambda: self.time)

    async def begins(self) -> tuple[UUID, Listener]:
        begun = await self.performer.begin(language="nl", channel="web", page=None, token_hash=uuid4().bytes * 2)
        listener = Listener()
        self.hub.join(begun.id, listener)
        return begun.id, listener


@pytest.fixture
async def world(store, library, now) -> AsyncIterator[World]:
    made = World(store, library, now)
    yield made
    while not made.bot.asked.empty():
        made.bot.asked.get_nowait()[1].set_exception(BotError("over"))
    await made.performer.stop()
    await made.bot.close()


async def test_stored_then_acknowledged_then_told_then_asked(world):
    id, fatma = await world.begins()
    order = []
    await world.performer.perform(
        id, ev.Said("Hallo"), Receipt("resident", uuid4()), lambda result: order.append((result, list(fatma.told)))
    )
    assert order == [({"seq": 2, "pos": 2}, [])]
    assert fatma.told == ["Hallo"]
    await fatma.hears()
    await world.bot.answers("Dag!")
    await fatma.hears()
    assert [turn.text for turn in await world.store.turns_after_seq(id, 1)] == fatma.told == ["Hallo", "Dag!"]


async def test_the_same_id_again_gives_the_same_and_stores_nothing(world):
    id, fatma = await world.begins()
    receipt, results = Receipt("resident", uuid4()), []
    for _ in range(3):
        await world.performer.perform(id, ev.Said("Hallo"), receipt, results.append)
    again = World(world.store, None, world.time).performer  # another process, or this one after a restart
    await again.perform(id, ev.Said("Hallo"), receipt, results.append)
    assert results == [{"seq": 2, "pos": 2}] * 4
    assert fatma.told == ["Hallo"]


async def test_two_at_once_with_the_same_id_are_one(world):
    id, fatma = await world.begins()
    receipt, results = Receipt("resident", uuid4()), []
    await asyncio.gather(*(world.performer.perform(id, ev.Said("Hallo"), receipt, results.append) for _ in range(5)))
    assert results == [{"seq": 2, "pos": 2}] * 5
    assert fatma.told == ["Hallo"]


async def test_a_socket_that_closes_in_the_middle_changes_nothing(world):
    """Its handler is cancelled while the turn is being stored: the bot is asked and the others hear of it all the same."""
    id, fatma = await world.begins()
    saying = asyncio.create_task(world.performer.perform(id, ev.Said("Hallo"), Receipt("resident", uuid4())))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    saying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saying
    await fatma.hears()
    await world.bot.answers("Dag!")
    await fatma.hears()
    assert fatma.told == ["Hallo", "Dag!"]


async def test_what_another_process_did_is_decided_on_again(world, library):
    id, _ = await world.begins()
    other = World(world.store, library, world.time).performer
    await world.performer.perform(id, ev.HumanAsked("kcc", "request"))
    await other.perform(id, ev.Claimed(ANJA, 2))
    with pytest.raises(Refused) as refused:
        await world.performer.perform(id, ev.Claimed(Person(UUID(int=2), "Bram"), 2))
    assert (refused.value.code, refused.value.by) == ("taken", "Anja")


async def test_a_console_hears_of_a_conversation_that_was_read_here_before_its_bell_rang(world, library):
    """Else a colleague on this process never sees who waits: found by the chaos suite."""
    id, _ = await world.begins()
    other = World(world.store, library, world.time)
    other.hub.consoles.add(console := Console())
    await world.performer.perform(id, ev.HumanAsked("kcc", "request"))
    await other.performer.look(id, _nothing)
    assert console.listed == {id}
    await other.performer.stop()


class Console(Listener):
    """One that lists who waits."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: set[UUID] = set()

    def stepped(self, step: Step, position: int | None) -> None:
        (self.listed.add if step.after.state is State.WAITING else self.listed.discard)(step.after.id)


async def _nothing(_conversation) -> None:
    """Only looks."""


async def test_a_slow_bot_is_admitted_and_its_answer_kept_back(world):
    id, fatma = await world.begins()
    world.bot.answer_limit = 0.01
    await world.performer.perform(id, ev.Said("Hallo"))
    await fatma.hears()
    notice = await fatma.hears()
    assert notice.turns[0].kind == "notice"
    await world.bot.answers("Dag!")
    late = await fatma.hears()
    assert [turn.suppressed for turn in late.turns] == [True]
    assert "Dag!" not in fatma.told


async def test_a_bot_that_fails_is_admitted_at_once(world):
    id, fatma = await world.begins()
    await world.performer.perform(id, ev.Said("Hallo"))
    await fatma.hears()
    _, answer = await world.bot.asked.get()
    answer.set_exception(BotError("gone"))
    assert (await fatma.hears()).turns[0].kind == "notice"


async def test_agreeing_in_words_hands_over(world):
    id, fatma = await world.begins()
    world.performer.hand_over = lambda c, reason: ev.HumanAsked("kcc", reason)
    await world.performer.perform(id, ev.Said("graag"))
    await fatma.hears()
    await world.bot.answers("Goed.", accept=True, reason="two_failures")
    handed_over = (await fatma.hears()).after  # one step: a crash cannot come between the yes and the queue
    assert (handed_over.state, handed_over.reason) == (State.WAITING, "two_failures")


async def test_what_is_due_after_a_crash_is_worked_off_by_the_next_process(world, library):
    id, _ = await world.begins()
    await world.performer.perform(id, ev.Said("Hallo"))
    next_one = World(world.store, library, world.time + timedelta(seconds=5))
    await next_one.performer.work_off()
    conversation, _ = await world.store.load(id)
    assert conversation.asks == ()
    assert (await world.store.turns_after_seq(id, 2))[0].kind == "notice"
    await next_one.performer.work_off()
    assert len(await world.store.turns_after_seq(id, 2)) == 1


async def test_a_conversation_in_which_nothing_was_said_is_removed(world):
    unused, used = (await world.begins())[0], (await world.begins())[0]
    await world.performer.perform(used, ev.Said("Hallo"))
    closed = (await world.begins())[0]
    await world.performer.perform(closed, ev.Closed())
    for id in (unused, closed):
        for socket in world.hub.residents(id):
            world.hub.leave(id, socket)
    world.time += timedelta(hours=24)
    await world.performer.work_off()
    assert [await world.store.load(id) is None for id in (unused, closed, used)] == [True, True, False]
    with pytest.raises(NotFound):
        await world.performer.perform(unused, ev.Said("Hallo"))


async def test_what_is_closed_is_destroyed_when_its_time_is_over(world):
    """PRV-5; not while a call-back request of it is still to be done."""
    (plain, _), (with_callback, _) = await world.begins(), await world.begins()
    for id in (plain, with_callback):
        await world.performer.perform(id, ev.Said("Hallo"))
    row = {"id": uuid4(), "conversation_id": with_callback, "phone": "+31612345678", "status": "open"}
    await world.store.write(Insert("callback", {**row, "created_at": world.time, "changed_at": world.time}))
    for id in (plain, with_callback):
        await world.performer.perform(id, ev.Closed())
        for socket in world.hub.residents(id):
            world.hub.leave(id, socket)
    world.time += timedelta(days=27)
    await world.performer.work_off()
    assert await world.store.load(plain)
    world.time += timedelta(days=2)
    await world.performer.work_off()
    assert await world.store.load(plain) is None
    assert await world.store.load(with_callback)
    await world.store.write(Update("callback", row["id"], {"status": "done", "changed_at": world.time}))
    world.time += timedelta(days=91)
    await world.performer.work_off()
    assert await world.store.load(with_callback) is None


async def test_who_speaks_just_before_the_end_is_not_cut_off(world):
    """The time limit was due when the clock looked, and gone when its turn came."""
    id, fatma = await world.begins()
    await world.performer.perform(id, ev.Said("Hallo"))
    await world.bot.answers("Dag!")
    await asyncio.wait_for(_until(lambda: "Dag!" in fatma.told), 60)
    world.time += timedelta(minutes=31)
    await world.performer.work_off()
    world.time += timedelta(minutes=6)
    working_off = asyncio.create_task(world.performer._run_out(id, world.time))
    speaking = asyncio.create_task(world.performer.perform(id, ev.Said("Ik ben er nog")))
    await asyncio.gather(working_off, speaking, return_exceptions=True)
    conversation, _ = await world.store.load(id)
    spoke = any(turn.text == "Ik ben er nog" for turn in await world.store.turns_after_pos(id, 0))
    assert spoke is (conversation.state is State.BOT)


async def _until(true) -> None:
    while not true():
        await asyncio.sleep(0)


async def test_one_that_cannot_be_worked_off_does_not_hold_up_the_others(world, monkeypatch):
    stuck, fine = (await world.begins())[0], (await world.begins())[0]
    for id in (stuck, fine):
        await world.performer.perform(id, ev.Said("Hallo"))
    run_out = world.performer._run_out

    async def failing(id: UUID, now: datetime) -> None:
        if id == stuck:
            raise KeyError("text")
        await run_out(id, now)

    monkeypatch.setattr(world.performer, "_run_out", failing)
    world.time += timedelta(seconds=5)
    await world.performer.work_off()
    assert (await world.store.load(fine))[0].asks == ()


async def test_who_waits_hears_of_a_new_place(world):
    (first, _), (second, joris) = await world.begins(), await world.begins()
    for id in (first, second):
        await world.performer.perform(id, ev.HumanAsked("kcc", "request"))
        world.time += timedelta(seconds=1)
    conversation, _ = await world.store.load(second)
    assert await world.performer.position(conversation) == 2
    await world.performer.perform(first, ev.QueueLeft())
    await world.performer.stop()
    assert joris.places[-1] == 1


async def test_a_refusal_stores_nothing(world):
    id, fatma = await world.begins()
    with pytest.raises(Refused):
        await world.performer.perform(id, ev.QueueLeft(), Receipt("resident", uuid4()))
    assert fatma.told == []
    assert (await world.store.load(id))[1] == {}
