"""Loads a conversation, lets the core decide, stores the step, then carries out what follows from it.

Everything that happens in one conversation happens in one order: under its lock here, and between processes by the
version that the store compares. What others see comes out of a step after it is durable, in the order of the steps.

Other processes are rung by the bus. Whoever is rung and has somebody who listens reads from the store what is new since
the last turn that was told here. So a bell that comes twice, late or in the wrong order tells nothing twice, and one that
never comes is made up for by the next, or by looking round (`catch_up`).
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from handover.bus import Alone, Bus
from handover.conversation import events as ev
from handover.conversation.conversation import (
    AskBot,
    Content,
    Conversation,
    Insert,
    Recorded,
    Refused,
    Step,
    Update,
    begin,
    decide,
    nothing,
    record,
)
from handover.conversation.events import Event
from handover.conversation.states import State
from handover.history.retention import KINDS, Retention
from handover.history.store import NUMBER_AT_MOST, Conflict, Receipt, Stale, Store, Unavailable
from handover.hub import Hub
from handover.ids import new_reference, uuid7
from handover.metrics import Metrics
from handover.rasa import Bot, BotError, within
from handover.tracing import span

log = structlog.get_logger()
KEPT_IN_MEMORY = 10_000  # conversations; the rest is read again when something happens in it
WITH_PEOPLE = (State.WAITING, State.STAFF)
DUE_EVENTS: dict[str, type[Event]] = {
    "answer": ev.AnswerOverdue,
    "long_wait": ev.WaitedLong,
    "nobody_came": ev.NobodyCame,
    "idle_warning": ev.IdleWarned,
    "idle_close": ev.IdleClosed,
    "call_lost": ev.CallLost,
}

Decision = Event | Callable[[Conversation], Event | None]  # a function is called with the conversation as it is now
Acknowledge = Callable[[dict[str, Any]], None]  # called with what the client is told, once that is durable


class NotFound(Exception):
    """There is no such conversation (any more)."""


@dataclass
class _Live:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    conversation: Conversation | None = None
    told: Conversation | None = None  # as those who listen here were last told of it
    receipts: dict[Receipt, Any] = field(default_factory=dict)  # those known here; others may have been given elsewhere
    users: int = 0  # that hold or wait for the lock


class Performer:
    def __init__(
        self, store: Store, hub: Hub, bot: Bot, content: Content, now: Callable[[], datetime], bus: Bus | None = None,
        metrics: Metrics | None = None,
    ) -> None:  # fmt: skip
        self._store, self._hub, self._bot, self._content, self.now = store, hub, bot, content, now
        self._bus = bus or Alone()
        self._live: OrderedDict[UUID, _Live] = OrderedDict()
        self._room = KEPT_IN_MEMORY
        self._tasks: set[asyncio.Task[Any]] = set()
        self.retention = Retention(store)
        self._catching: set[UUID] = set()  # will be caught up with soon
        self._doubtful: set[UUID] = set()  # what was stored there last could not be told
        self._moving: set[str] = set()  # teams whose queue will be told soon
        self._bus.on("stepped", self._rung)
        self._bus.on("deleted", lambda what: self._gone(UUID(what["id"])))
        self.hand_over: Callable[[Conversation, str], ev.HumanAsked | ev.NobodyAvailable | None] = lambda _c, _reason: None
        self.beside: Callable[[Step], list[Insert | Update]] = lambda _step: []  # what is stored with a step for others, a register say
        self.metrics = metrics or Metrics()

    # The way in

    async def begin(
        self, *, language: str, channel: str, page: str | None, token_hash: bytes | None, external_key: str | None = None,
        caller: ev.Caller | None = None,
    ) -> Conversation:  # fmt: skip
        """A new conversation with its greeting, durable. Raises Unavailable; Conflict if there is one with this key."""
        now = self.now()
        conversation = Conversation(
            id=uuid7(now), reference=new_reference(), channel=channel, language=language, page=page, created_at=now, last_at=now,
            external_key=external_key,
        )  # fmt: skip
        step = begin(conversation, now, self._content, self._new_id, caller)
        await self._store.commit(step, token_hash=token_hash)
        live = self._keep(conversation.id)
        live.conversation = live.told = step.after
        log.info("conversation.began", conversation=str(conversation.id), channel=channel)
        return step.after

    async def record(self, conversation: Conversation, what: Recorded, more: Callable[[Step], list[Insert]]) -> Step:
        """Stores a contact moment that happened elsewhere, with what `more` adds. Raises Conflict or Unavailable."""
        step = record(conversation, what, self.now(), self._content, self._new_id)
        step.records += more(step)
        await self._store.name(step)
        step.records += self.beside(step)
        await self._store.commit(step)
        log.info("contact.recorded", conversation=str(conversation.id), channel=conversation.channel)
        return step

    async def perform(
        self, id: UUID, decision: Decision, receipt: Receipt | None = None, acknowledge: Acknowledge = lambda _result: None
    ) -> Conversation:
        """Lets `decision` happen. Raises NotFound, Refused or Unavailable, and then nothing has happened.

        A socket that closes cancels who waits here; what was begun is finished all the same, so that what was stored
        is also told to the others and asked of the bot.
        """
        task = asyncio.create_task(self._measured(id, decision, receipt, acknowledge))
        self._tasks.add(task)
        task.add_done_callback(self._performed)
        return await asyncio.shield(task)

    async def _measured(self, id: UUID, decision: Decision, receipt: Receipt | None, acknowledge: Acknowledge) -> Conversation:
        began = time.perf_counter()

        def acknowledged(result: dict[str, Any]) -> None:
            self.metrics.turn_seconds.observe(time.perf_counter() - began)
            acknowledge(result)

        with span("turn", conversation=id):
            return await self._perform(id, decision, receipt, acknowledged)

    async def _perform(self, id: UUID, decision: Decision, receipt: Receipt | None, acknowledge: Acknowledge) -> Conversation:
        async with self._at(id) as live:
            while True:
                before = await self._load(id, live)
                if receipt and receipt in live.receipts:
                    acknowledge(live.receipts[receipt])
                    return before
                try:
                    event = decision(before) if callable(decision) else decision
                    step = decide(before, event, self.now(), self._content, self._new_id) if event else nothing(before)
                except Refused:
                    if await self._changed(id, live):
                        continue
                    if not self._bus.shared or (given := await self._given(id, receipt)) is None:
                        raise
                    acknowledge(given)
                    return before
                result = _result(step)
                if step.empty and receipt is None:
                    if await self._changed(id, live):
                        continue
                    acknowledge(result)
                    return before
                await self._store.name(step)
                step.records += self.beside(step)
                try:
                    with span("commit"):
                        await self._store.commit(step, receipt, result)
                except Stale:
                    live.conversation = None
                    continue
                except Conflict:  # another process has done it, as the client tells by the same id
                    live.conversation = None
                    if (given := await self._given(id, receipt)) is None:
                        raise Unavailable from None
                    acknowledge(given)
                    return before
                except Unavailable:  # a database that went away in mid-commit may have stored it all the same
                    live.conversation = None
                    self._doubtful.add(id)
                    self.metrics.unavailable.inc()
                    raise
                if why := _failed_handover(event):
                    self.metrics.failed_handovers.labels(why).inc()
                live.conversation = step.after
                if receipt:
                    live.receipts[receipt] = result
                acknowledge(result)
                await self._announce(live, step)
                return step.after

    async def _given(self, id: UUID, receipt: Receipt | None) -> Any:
        """What was answered to the same id, wherever that was."""
        return await self._store.receipt(id, receipt) if receipt else None

    async def _changed(self, id: UUID, live: _Live) -> bool:
        """Whether another process has changed it since it was read here; then it is up to date now."""
        if not self._bus.shared or live.conversation is None:
            return False
        if await self._store.version(id) == live.conversation.version:
            return False
        await self._refresh(id, live)
        return True

    async def look(self, id: UUID, look: Callable[[Conversation], Any], *, fresh: bool = True) -> Any:
        """Awaits `look(conversation)` while nothing else can happen in it here. Raises NotFound.

        `fresh`: as it is in the store now, not only as this process last saw it.
        """
        async with self._at(id) as live:
            await self._load(id, live)
            if fresh:
                await self._changed(id, live)
            return await look(await self._load(id, live))

    # Time

    async def work_off(self) -> None:
        """Carries out every time limit that has passed. May die at any moment: what is due stays due."""
        now = self.now()
        for id in await self._store.due(now):
            try:
                await self._run_out(id, now)
            except (NotFound, Refused):
                continue
            except Exception as error:  # one that cannot be worked off must not hold up the others
                log.error("timer.failed", conversation=str(id), error=type(error).__name__)

    async def _run_out(self, id: UUID, now: datetime) -> None:
        kind = await self.look(id, _first_due(now))
        if kind in KINDS:
            await self._expire(id, now)
        elif kind:
            await self.perform(id, lambda c: DUE_EVENTS[kind]() if (at := c.timers.get(kind)) and at <= now else None)

    async def _expire(self, id: UUID, now: datetime) -> None:
        async with self._at(id) as live:
            action = await self.retention.expire(id, now)
            live.conversation = live.told = None  # it is not what it was
        if action in ("unused", "destroy"):
            self._gone(id)
            self._bus.tell("deleted", id=str(id))
            log.info("conversation.deleted", conversation=str(id), why=action)

    async def erase[T](self, id: UUID, erase: Callable[[], Awaitable[T]]) -> T:
        """Lets `erase` happen while nothing else can in this conversation; it may be gone afterwards."""
        async with self._at(id) as live:
            done = await erase()
            live.conversation = live.told = None
        if await self._store.load(id) is None:
            self._gone(id)
            self._bus.tell("deleted", id=str(id))
        return done

    def _gone(self, id: UUID) -> None:
        self._live.pop(id, None)
        for socket in self._hub.residents(id):
            socket.drop(1008, "not_found")

    def let_go(self) -> None:
        """Forgets closed conversations here: another process, or a command, may have removed what they said."""
        known = {id: live.conversation or live.told for id, live in self._live.items() if not live.users and not self._hub.listens(id)}
        for id in [id for id, conversation in known.items() if conversation is None or conversation.closed_at]:
            del self._live[id]

    # The way out

    async def _announce(self, live: _Live, step: Step) -> None:
        """Everybody who listens hears of the step, on every process; then the bot is asked, if it was."""
        c, before = step.after, step.before
        people = c.state in WITH_PEOPLE or (before is not None and before.state in WITH_PEOPLE)
        moved = _queues_that_moved(step)
        callbacks = any(record.table == "callback" for record in step.records)
        self._bus.tell("stepped", id=str(c.id), version=c.version, people=people, moved=moved, callbacks=callbacks)
        await self._tell(live, step)
        if step.owner_changed:
            log.info("conversation.owner", conversation=str(c.id), state=c.state, epoch=c.epoch)
        for team in moved:
            self._move(team)
        for asked in step.asks:
            self._spawn(self._ask(c.id, c.language, asked))

    async def _tell(self, live: _Live, step: Step) -> None:
        """Tells those who listen here, in the order of the turns; first what others stored before this step."""
        told, c = live.told, step.after
        try:
            if told and step.before and told.version != step.before.version:
                turns = await self._store.turns_after_pos(c.id, told.pos) if step.before.pos > told.pos else []
                between = [turn for turn in turns if turn.pos <= step.before.pos]
                step = Step(told, c, [*between, *step.turns], step.records, step.asks)
        except Unavailable:
            self._doubtful.add(c.id)  # told later, but in order
            return
        live.told = c
        residents = self._hub.residents(c.id)
        try:
            position = await self.position(c) if residents and c.state is State.WAITING else None
        except Unavailable:
            position = None  # the step itself is stored, and is told
        for resident in residents:
            resident.stepped(step, position)
        if _concerns_staff(step) or self._hub.listens(c.id):
            for console in list(self._hub.consoles):
                console.stepped(step, position)

    # Other processes

    def _rung(self, what: dict[str, Any]) -> Any:
        """Another process has stored a step."""
        id, version = UUID(what["id"]), what["version"]
        for team in what["moved"]:
            self._move(team)
        live = self._live.get(id)
        if live and live.told and live.told.version >= version:
            return None
        if self._hub.listens(id) or (what["people"] and self._hub.consoles) or (live and live.users):
            return self._catch_up_with(id)
        if live:
            live.conversation = live.told = None  # read again when something happens in it here
        return None

    async def catch_up(self) -> None:
        """Finds what was stored elsewhere while the bus could not tell, for everybody who listens here."""
        listening = self._hub.open_here()
        now = await self._store.versions(list(listening))
        if self._hub.consoles:
            now |= await self._store.versions_with_people()
        for id in listening.union(now):
            live = self._live.get(id)
            if live is None or live.told is None or live.told.version != now.get(id):
                await self._catch_up_with(id)

    async def mend(self) -> None:
        """Tells what could not be told when it was stored, because the store was away."""
        doubtful, self._doubtful = self._doubtful, set()
        for id in doubtful:
            await self._catch_up_with(id)

    async def _catch_up_with(self, id: UUID) -> None:
        if id in self._catching:
            return
        self._catching.add(id)
        try:
            async with self._at(id) as live:
                self._catching.discard(id)  # what is rung from now on is not in what is read now
                await self._refresh(id, live)
        except NotFound:
            pass
        except Unavailable:
            self._doubtful.add(id)
        finally:
            self._catching.discard(id)

    async def _refresh(self, id: UUID, live: _Live) -> None:
        """Brings it up to date and tells those who listen. Raises NotFound."""
        told = live.told
        found = await self._store.since(id, told.pos if told else NUMBER_AT_MOST)
        if found is None:
            self._gone(id)
            raise NotFound
        c, turns = found
        live.conversation = c
        if not told or told.version != c.version:
            await self._tell(live, Step(told, c, turns, [], []))

    async def position(self, conversation: Conversation) -> int | None:
        """Its place in its team's queue, from 1."""
        waiting = [id for id, _ in await self._store.queue(conversation.team or "")]
        return waiting.index(conversation.id) + 1 if conversation.id in waiting else None

    def _move(self, team: str) -> None:
        if team not in self._moving and len(self._hub):
            self._moving.add(team)
            self._spawn(self._move_up(team))

    async def _move_up(self, team: str) -> None:
        """Tells those who wait for `team` their new places."""
        self._moving.discard(team)
        with contextlib.suppress(Unavailable):
            for place, (id, epoch) in enumerate(await self._store.queue(team), 1):
                for resident in self._hub.residents(id):
                    resident.moved(epoch, place)

    async def _ask(self, id: UUID, language: str, asked: AskBot) -> None:
        """Asks the bot; if it is not in time the resident is told so, and what comes later is only kept."""
        began = asyncio.get_running_loop().time()
        task = asyncio.create_task(self._traced(id, language, asked))
        ask, epoch = asked.ask.pos, asked.epoch
        try:
            if not await within(task, self._bot.answer_limit):
                self.metrics.bot_failures.inc()
                await self._quietly(id, ev.BotFailed(ask, epoch))
            reply = await task
        except BotError as error:
            log.warning("bot.failed", conversation=str(id), reason=str(error))
            self.metrics.bot_failures.inc()
            await self._quietly(id, ev.BotFailed(ask, epoch, error.alone))
            return
        self.metrics.answer_seconds.observe(asyncio.get_running_loop().time() - began)
        accepted = next((turn.reason or "request" for turn in reply.turns if turn.accept), None)
        await self._quietly(id, lambda c: ev.BotAnswered(ask, epoch, reply, self.hand_over(c, accepted) if accepted else None))

    async def _traced(self, id: UUID, language: str, asked: AskBot) -> ev.BotReply:
        with span("bot", conversation=id):
            return await self._bot.ask(id, language, asked)

    async def _quietly(self, id: UUID, decision: Decision) -> None:
        """For what nobody waits for: a conversation that is gone or a store that is down is not this task's to report."""
        try:
            await self.perform(id, decision)
        except (NotFound, Refused):
            pass
        except Exception as error:
            log.error("perform.failed", conversation=str(id), error=type(error).__name__)

    def _performed(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited was told, or is gone: nobody else wants to know

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("task.failed", error=type(error).__name__, exc_info=error)

    async def stop(self) -> None:
        """Lets what is under way end, for a moment."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=2)
        for task in set(self._tasks):
            task.cancel()

    # Memory

    def _new_id(self) -> UUID:
        return uuid7(self.now())

    @contextlib.asynccontextmanager
    async def _at(self, id: UUID) -> AsyncIterator[_Live]:
        """Alone with the conversation."""
        live = self._keep(id)
        live.users += 1
        try:
            async with live.lock:
                yield live
        finally:
            live.users -= 1

    def _keep(self, id: UUID) -> _Live:
        live = self._live.get(id)
        if live is None:
            live = self._live[id] = _Live()
            if len(self._live) > self._room:
                self._make_room(id)
        self._live.move_to_end(id)
        return live

    def _make_room(self, wanted: UUID) -> None:
        """Lets go of the conversations that were quiet longest; never of one that is worked on or listened to."""
        quiet = [id for id, live in self._live.items() if not live.users and id != wanted and not self._hub.listens(id)]
        for id in quiet[: max(len(self._live) - KEPT_IN_MEMORY, 0) + KEPT_IN_MEMORY // 10]:
            del self._live[id]
        self._room = max(KEPT_IN_MEMORY, len(self._live) + KEPT_IN_MEMORY // 10)  # not at every step, if all are busy

    async def _load(self, id: UUID, live: _Live) -> Conversation:
        if live.conversation is None:
            found = await self._store.load(id)
            if found is None:
                self._live.pop(id, None)
                raise NotFound
            live.conversation, live.receipts = found
            if live.told is None:  # whoever joins now is told up to here by a replay; the lists of the consoles must hear of it now
                live.told = live.conversation
                for console in list(self._hub.consoles):
                    console.stepped(Step(None, live.conversation, [], [], []), None)
        return live.conversation


def _failed_handover(event: Event | None) -> str | None:
    """Why somebody who asked for a person did not get one; outside opening hours nobody expects it."""
    match event:
        case ev.NobodyAvailable(open=True):
            return "nobody_available"
        case ev.NobodyCame():
            return "nobody_came"
        case ev.StaffLost():
            return "staff_lost"
    return None


def _concerns_staff(step: Step) -> bool:
    """Most steps are between a resident and the bot, and no console needs to look at them."""
    callbacks = any(record.table == "callback" for record in step.records)
    return callbacks or step.before is None or step.before.state in WITH_PEOPLE or step.after.state in WITH_PEOPLE


def _queues_that_moved(step: Step) -> list[str]:
    before = step.before
    if not step.owner_changed or State.WAITING not in (step.after.state, before.state if before else None):
        return []
    return sorted({team for team in (step.after.team, before.team if before else None) if team})


def _first_due(now: datetime) -> Callable[[Conversation], Any]:
    async def kind(conversation: Conversation) -> str | None:
        due = [(at, kind) for kind, at in conversation.timers.items() if at <= now]
        return min(due)[1] if due else None

    return kind


def _result(step: Step) -> dict[str, Any]:
    """What the sender is told: the number of the turn that they made, if they made one."""
    for turn in step.turns:
        if turn.author == "resident":
            return {"seq": turn.seq, "pos": turn.pos}
        if turn.author == "staff":
            return {"pos": turn.pos}
    return {}
