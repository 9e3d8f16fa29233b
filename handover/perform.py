"""Loads a conversation, lets the core decide, stores the step, then carries out what follows from it.

Everything that happens in one conversation happens in one order: under its lock here, and between processes by the
version that the store compares. What others see comes out of a step after it is durable, in the order of the steps.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

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
from handover.history.store import Receipt, Stale, Store, Unavailable
from handover.hub import Hub
from handover.ids import new_reference, uuid7
from handover.rasa import Bot, BotError, within

log = structlog.get_logger()
KEPT_IN_MEMORY = 10_000  # conversations; the rest is read again when something happens in it
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
    receipts: dict[Receipt, Any] = field(default_factory=dict)
    users: int = 0  # that hold or wait for the lock


class Performer:
    def __init__(self, store: Store, hub: Hub, bot: Bot, content: Content, now: Callable[[], datetime]) -> None:
        self._store, self._hub, self._bot, self._content, self.now = store, hub, bot, content, now
        self._live: OrderedDict[UUID, _Live] = OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.retention = Retention(store)
        self.hand_over: Callable[[Conversation, str], ev.HumanAsked | ev.NobodyAvailable | None] = lambda _c, _reason: None
        self.beside: Callable[[Step], list[Insert | Update]] = lambda _step: []  # what is stored with a step for others, a register say
        self.answer_seconds: Callable[[float], None] = lambda _seconds: None

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
        self._keep(conversation.id).conversation = step.after
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
        task = asyncio.create_task(self._perform(id, decision, receipt, acknowledge))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _perform(self, id: UUID, decision: Decision, receipt: Receipt | None, acknowledge: Acknowledge) -> Conversation:
        async with self._at(id) as live:
            while True:
                before = await self._load(id, live)
                if receipt and receipt in live.receipts:
                    acknowledge(live.receipts[receipt])
                    return before
                event = decision(before) if callable(decision) else decision
                step = decide(before, event, self.now(), self._content, self._new_id) if event else nothing(before)
                result = _result(step)
                if step.empty and receipt is None:
                    acknowledge(result)
                    return before
                await self._store.name(step)
                step.records += self.beside(step)
                try:
                    await self._store.commit(step, receipt, result)
                except Stale:
                    live.conversation = None
                    continue
                live.conversation = step.after
                if receipt:
                    live.receipts[receipt] = result
                acknowledge(result)
                await self._announce(step)
                return step.after

    async def look(self, id: UUID, look: Callable[[Conversation], Any]) -> Any:
        """Awaits `look(conversation)` while nothing else can happen in it. Raises NotFound."""
        async with self._at(id) as live:
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
            live.conversation = None  # it is not what it was
        if action in ("unused", "destroy"):
            self._gone(id)
            log.info("conversation.deleted", conversation=str(id), why=action)

    async def erase[T](self, id: UUID, erase: Callable[[], Awaitable[T]]) -> T:
        """Lets `erase` happen while nothing else can in this conversation; it may be gone afterwards."""
        async with self._at(id) as live:
            done = await erase()
            live.conversation = None
        if await self._store.load(id) is None:
            self._gone(id)
        return done

    def _gone(self, id: UUID) -> None:
        self._live.pop(id, None)
        for socket in self._hub.residents(id):
            socket.drop(1008, "not_found")

    def let_go(self) -> None:
        """Forgets closed conversations here: another process, or a command, may have removed what they said."""
        for id in [id for id, live in self._live.items() if not live.users and live.conversation and live.conversation.closed_at]:
            del self._live[id]

    # The way out

    async def _announce(self, step: Step) -> None:
        """Everybody who listens hears of the step, in the order of the steps; then the bot is asked, if it was."""
        c = step.after
        before = step.before.state if step.before else None
        try:
            position = await self.position(c) if c.state is State.WAITING else None
        except Unavailable:
            position = None  # the step itself is stored, and is told
        for resident in self._hub.residents(c.id):
            resident.stepped(step, position)
        for console in list(self._hub.consoles):
            console.stepped(step, position)
        if step.owner_changed:
            log.info("conversation.owner", conversation=str(c.id), state=c.state, epoch=c.epoch)
            for team in {c.team, step.before.team if step.before else None}:
                if team and State.WAITING in (before, c.state):
                    self._spawn(self._move_up(team))
        for asked in step.asks:
            self._spawn(self._ask(c.id, c.language, asked))

    async def position(self, conversation: Conversation) -> int | None:
        """Its place in its team's queue, from 1."""
        waiting = [id for id, _ in await self._store.queue(conversation.team or "")]
        return waiting.index(conversation.id) + 1 if conversation.id in waiting else None

    async def _move_up(self, team: str) -> None:
        """Tells those who wait for `team` their new places."""
        for place, (id, epoch) in enumerate(await self._store.queue(team), 1):
            for resident in self._hub.residents(id):
                resident.moved(epoch, place)

    async def _ask(self, id: UUID, language: str, asked: AskBot) -> None:
        """Asks the bot; if it is not in time the resident is told so, and what comes later is only kept."""
        began = asyncio.get_running_loop().time()
        task = asyncio.create_task(self._bot.ask(id, language, asked))
        ask, epoch = asked.ask.pos, asked.epoch
        try:
            if not await within(task, self._bot.answer_limit):
                await self._quietly(id, ev.BotFailed(ask, epoch))
            reply = await task
        except BotError as error:
            log.warning("bot.failed", conversation=str(id), reason=str(error))
            await self._quietly(id, ev.BotFailed(ask, epoch, error.alone))
            return
        self.answer_seconds(asyncio.get_running_loop().time() - began)
        accepted = next((turn.reason or "request" for turn in reply.turns if turn.accept), None)
        await self._quietly(id, lambda c: ev.BotAnswered(ask, epoch, reply, self.hand_over(c, accepted) if accepted else None))

    async def _quietly(self, id: UUID, decision: Decision) -> None:
        """For what nobody waits for: a conversation that is gone or a store that is down is not this task's to report."""
        try:
            await self.perform(id, decision)
        except (NotFound, Refused):
            pass
        except Exception as error:
            log.error("perform.failed", conversation=str(id), error=type(error).__name__)

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
            if len(self._live) > KEPT_IN_MEMORY:
                self._make_room()
        self._live.move_to_end(id)
        return live

    def _make_room(self) -> None:
        """Lets go of the conversations that were quiet longest; never of one that is just being worked on."""
        for id in [id for id, live in list(self._live.items())[: KEPT_IN_MEMORY // 10] if not live.users]:
            del self._live[id]

    async def _load(self, id: UUID, live: _Live) -> Conversation:
        if live.conversation is None:
            found = await self._store.load(id)
            if found is None:
                self._live.pop(id, None)
                raise NotFound
            live.conversation, live.receipts = found
        return live.conversation


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
