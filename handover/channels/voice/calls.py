"""Every call of every gateway: an event comes in, what is said comes out. Each event is taken once, in order.

A call is a conversation. The adapters know how a gateway speaks; the core knows what a caller is asked; this is what
stands between: which conversation a call is, waiting for the bot, and never leaving a caller with nothing.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog

from handover.channels.voice import events as e
from handover.channels.voice.events import CallId, Out
from handover.codes import Codes, Throttled
from handover.content.library import Library
from handover.conversation import events as ev
from handover.conversation import phones
from handover.conversation.calls import CODE, VOICE
from handover.conversation.conversation import Conversation, Insert, Refused, Step, Turn, handover_code
from handover.conversation.events import Event
from handover.conversation.states import State
from handover.history.store import Conflict, Receipt, Store, Unavailable
from handover.hub import Hub
from handover.ids import uuid7
from handover.perform import NotFound, Performer
from handover.staff.desk import Desk

log = structlog.get_logger()
FILLER_AFTER = 1.5  # seconds; then the caller hears that something is going on
HARD_STOP = 3.6  # seconds, all in all; then there is an apology, and the late answer is not said
REPLIES_KEPT = timedelta(minutes=15)  # a repeated event gets the stored reply
CALLS_KEPT = 5_000  # in memory: which conversation a call is
HINTS = {
    "nl": ("medewerker", "herhaal", "stop", "ja", "nee", "paspoort", "rijbewijs", "verhuizing", "afspraak", "grofvuil", "vergunning"),
    "en": ("member of staff", "repeat", "stop", "yes", "no", "passport", "driving licence", "moving house", "appointment", "bulky waste"),
}  # fmt: skip
Render = Callable[[list[Out]], str]


class Answer(NamedTuple):
    """What to send now, and, where that was only a filler, what comes then."""

    body: str
    rest: "asyncio.Future[str] | None" = None


@dataclass
class _Line:
    """One call: its events come one after the other."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class _Ear:
    """Hears every step of a conversation while a caller waits for what follows."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.latest: Conversation | None = None
        self._more = asyncio.Event()

    def stepped(self, step: Step, position: int | None) -> None:
        self.turns += [turn for turn in step.turns if turn.seq is not None]
        self.latest = step.after
        self._more.set()

    def moved(self, epoch: int, position: int) -> None:
        """A caller is not told places."""

    def typing(self, on: bool) -> None:
        """Nor that somebody types."""

    def drop(self, code: int, reason: str) -> None:
        """There is no socket."""

    def now(self, known: Conversation) -> Conversation:
        """The conversation as it is; what comes after this ends the next `more`."""
        self._more.clear()
        return self.latest if self.latest and self.latest.version > known.version else known

    async def more(self, seconds: float) -> None:
        """Until there was another step, or for that long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._more.wait(), seconds)


class Calls:
    """`take` is the way in for every adapter."""

    def __init__(self, performer: Performer, store: Store, hub: Hub, desk: Desk, library: Library, codes: Codes) -> None:
        self._performer, self._store, self._hub, self._desk, self._library = performer, store, hub, desk, library
        self._codes = codes
        self._lines: dict[str, _Line] = {}
        self._rows: OrderedDict[str, tuple[UUID, UUID]] = OrderedDict()  # key → row of the call, its conversation
        self._running: dict[tuple[str, str], asyncio.Future[str]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.filler_after, self.hard_stop = FILLER_AFTER, HARD_STOP
        self.answer_seconds: Callable[[float], None] = lambda _seconds: None

    # The way in

    async def take(self, call: CallId, key: str, event: e.In, render: Render) -> Answer:
        """The answer to `event`, as `render` puts it for the gateway. `key`: the gateway's own; the same again gets the same.

        Never raises: whatever fails on our side is an apology and a person for the caller.
        """
        began = asyncio.get_running_loop().time()
        if (running := self._running.get((call.key, key))) is not None:  # asked again while the first one is being answered
            return Answer(await asyncio.shield(running))
        task: asyncio.Task[str] = asyncio.create_task(self._take(call, key, event, render, began))
        self._keep(task)
        done, _ = await asyncio.wait({task}, timeout=self.filler_after)
        if done:
            return Answer(task.result())
        language = await self._language(call)
        filler = render([e.Say(self._library.spoken("call.filler", language), language=language), e.Wait(key)])
        return Answer(filler, task)

    async def rest(self, call: CallId, key: str) -> str | None:
        """The rest of an answer of which the gateway had only the filler; None: there is none."""
        if (running := self._running.get((call.key, key))) is not None:
            return await asyncio.shield(running)
        for _ in range(40):  # another process is at it, or was
            found = await self._known(call)
            if found and (reply := await self._store.call_reply(found[0], key)) is not None:
                return reply
            await asyncio.sleep(0.1)
        return None

    async def greeted(self, call: CallId) -> bool:
        """Whether any of its events was answered."""
        found = await self._known(call)
        return found is not None and await self._store.last_reply(found[0]) is not None

    async def known(self, call: CallId) -> bool:
        return await self._known(call) is not None

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def later(self, work: Awaitable[Any]) -> None:
        """Goes on when the gateway has gone."""

        async def quietly() -> None:
            with contextlib.suppress(Exception):
                await work

        self._keep(asyncio.create_task(quietly()))

    async def _take(self, call: CallId, key: str, event: e.In, render: Render, began: float) -> str:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._running[call.key, key] = future
        body = ""
        try:
            async with self._alone(call.key):
                body = await self._answered(call, key, event, render, began)
        except Exception as error:
            log.error("call.failed", gateway=call.gateway, what=type(event).__name__, error=type(error).__name__, exc_info=error)
            body = render(self._sorry("nl", None))
        finally:
            self._running.pop((call.key, key), None)
            if not future.done():
                future.set_result(body)
        self.answer_seconds(asyncio.get_running_loop().time() - began)
        return body

    @contextlib.asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[None]:
        """With one call: its events come one after the other."""
        line = self._lines.setdefault(key, _Line())
        line.users += 1
        try:
            async with line.lock:
                yield
        finally:
            line.users -= 1
            if not line.users:
                self._lines.pop(key, None)

    async def _answered(self, call: CallId, key: str, event: e.In, render: Render, began: float) -> str:
        found = await self._known(call)
        if found and (stored := await self._store.call_reply(found[0], key)) is not None:
            return stored
        try:
            outs = await self._outs(call, key, event, began)
        except Exception as error:
            log.error("call.failed", gateway=call.gateway, what=type(event).__name__, error=type(error).__name__, exc_info=error)
            outs = await self._help(call)
        body = render(outs)
        if found := await self._known(call):
            try:
                values = {"call_id": found[0], "event": key, "reply": body, "at": self._performer.now()}
                await self._store.write(Insert("call_reply", values))
            except Conflict:  # another process was first
                body = await self._store.call_reply(found[0], key) or body
            except Unavailable:
                log.error("call.reply_not_kept", gateway=call.gateway)
        return body

    # Which conversation

    async def _known(self, call: CallId) -> tuple[UUID, UUID] | None:
        """(row of the call, conversation)"""
        if call.key in self._rows:
            self._rows.move_to_end(call.key)
            return self._rows[call.key]
        row = await self._store.call(call.key)
        return self._remember(call, row.id, row.conversation) if row else None

    def _remember(self, call: CallId, row: UUID, conversation: UUID) -> tuple[UUID, UUID]:
        self._rows[call.key] = row, conversation
        if len(self._rows) > CALLS_KEPT:
            self._rows.popitem(last=False)
        return row, conversation

    async def _begin(self, call: CallId, started: e.CallStarted) -> tuple[UUID, list[Turn]]:
        """A new conversation and its first words; of another process that was first, its conversation."""
        row = uuid7(self._performer.now())
        caller = ev.Caller(row, call.key, phones.known(started.caller), started.told)
        language = "en" if started.language.lower().startswith("en") else "nl"
        try:
            begun = await self._performer.begin(
                language=language, channel=VOICE, page=None, token_hash=None, external_key=f"{VOICE}:{call.key}", caller=caller
            )
        except Conflict:
            found = await self._known(call)
            if found is None:
                raise
            return found[1], await self._store.turns_after_pos(found[1], 0)
        self._remember(call, row, begun.id)
        return begun.id, await self._store.turns_after_pos(begun.id, 0)

    async def _language(self, call: CallId) -> str:
        found = await self._known(call)
        loaded = await self._store.load(found[1]) if found else None
        return loaded[0].language if loaded else "nl"

    # What follows

    async def _outs(self, call: CallId, key: str, event: e.In, began: float) -> list[Out]:
        found = await self._known(call)
        if found is None:
            if isinstance(event, e.CallEnded | e.Disconnected | e.Refreshed | e.BargeIn):
                return []
            started = event if isinstance(event, e.CallStarted) else e.CallStarted()
            id, greeting = await self._begin(call, started)
            if isinstance(event, e.CallStarted | e.Resumed | e.TransferResult):
                return await self._spoken(id, greeting)
        else:
            id, greeting = found[1], []
        match event:
            case e.BargeIn():
                return []
            case e.Resumed():
                greeting = await self._unsaid(found[0] if found else None, id)
        try:
            if isinstance(event, e.CallStarted):
                return await self._started(id, key, event, began)
            c, turns = await self._perform(id, key, self._event(call, event), began)
            if c.call and c.call.question == "code_check":
                c, turns = await self._redeem(call, c, key, began)
        except Refused:
            self._rows.pop(call.key, None)
            again = await self._known(call)
            if again and again[1] != id:  # it goes on in another conversation, as another process knows
                return await self._outs(call, key, event, began)
            return await self._after_the_end(id, event)
        except NotFound:
            self._rows.pop(call.key, None)
            return [e.Hangup("gone")]
        if isinstance(event, e.CallEnded | e.Disconnected | e.Refreshed) or (isinstance(event, e.Resumed) and not greeting + turns):
            return []
        if isinstance(event, e.TransferResult) and event.ok:
            return [e.Hangup("transferred")]
        return await self._render(c, [*greeting, *turns])

    async def _started(self, id: UUID, key: str, event: e.CallStarted, began: float) -> list[Out]:
        """Of a call that was announced before it began: its first words; of one that is under way, the last ones again."""
        c, _ = await self._perform(id, key, ev.CallerKnown(phones.known(event.caller)), began)
        if c.pos == 1:
            return await self._render(c, await self._store.turns_after_pos(id, 0))
        again: list[Out] = [e.Say(c.call.said, True, c.language)] if c.call and c.call.said else []
        return [*again, *await self._render(c, [])]

    async def _unsaid(self, row: UUID | None, id: UUID) -> list[Turn]:
        """What was decided and never answered to the gateway, because the line or our process broke."""
        last = await self._store.last_reply(row) if row else None
        turns = await self._store.turns_after_pos(id, 0)
        return [turn for turn in turns if turn.seq is not None and (last is None or turn.at > last)]

    def _event(self, call: CallId, event: e.In) -> "Callable[[Conversation], Event | None]":
        def decided(c: Conversation) -> Event | None:
            if c.call is None or c.call.caller.key != call.key:
                raise Refused("closed")  # another call has taken its place
            person = self._desk.human_asked(c, "request")
            match event:
                case e.Utterance(text, confidence):
                    return ev.Spoke(text, confidence, person)
                case e.LowConfidence(text):
                    return ev.Spoke(text or "?", 0.0, person)
                case e.Digits(keys):
                    return ev.Keyed(keys, person)
                case e.Silence():
                    return ev.Silent(person)
                case e.TransferResult(ok=ok):
                    if c.state not in (State.WAITING, State.STAFF):
                        return None
                    return ev.TransferDone() if ok else ev.TransferFailed()
                case e.CallEnded(by=by):
                    return ev.HungUp(call.key, "hung_up" if by == "caller" else "ended")
                case e.Disconnected():
                    return ev.LineLost()
                case e.Refreshed() | e.Resumed():
                    return ev.StillThere()
            return None

        return decided

    async def _after_the_end(self, id: UUID, event: e.In) -> list[Out]:
        """An event of a call that is over, or of a conversation that somebody closed meanwhile."""
        if isinstance(event, e.CallEnded | e.Disconnected | e.Refreshed | e.Resumed):
            return []
        return [e.Hangup("ended")]

    async def _redeem(self, call: CallId, c: Conversation, key: str, began: float) -> tuple[Conversation, list[Turn]]:
        """The caller keyed in a code: goes on in the conversation that it is for."""
        assert c.call is not None  # noqa: S101 (for the type checker)
        with contextlib.suppress(Throttled):
            other = await self._codes.redeem(c.call.digits, "phone", call.key)
            if other:
                with contextlib.suppress(Refused, NotFound):
                    joined = await self._perform(other, key + "/join", ev.CallJoined(c.call.caller), began)
                    self._remember(call, c.call.caller.row, other)
                    if other != c.id:
                        await self._perform(c.id, key + "/moved", ev.CallMoved(), began)
                    return joined
        return await self._perform(c.id, key + "/refused", ev.CodeRefused(self._desk.human_asked(c, "request")), began)

    async def _perform(
        self, id: UUID, key: str, decision: "Event | Callable[[Conversation], Event | None]", began: float
    ) -> tuple[Conversation, list[Turn]]:
        """Lets it happen and waits for what the bot makes of it, at most until the hard stop. Raises Refused, NotFound, Unavailable."""
        ear = _Ear()
        receipts: list[dict[str, Any]] = []
        self._hub.join(id, ear)
        try:
            receipt = Receipt("call", uuid5(NAMESPACE_URL, f"{id}/{key}"))
            said_before = [0]

            def decided(c: Conversation) -> Event | None:
                said_before.append(c.pos)
                return decision(c) if callable(decision) else decision

            c = await self._performer.perform(id, decided, receipt, receipts.append)
            while (c := ear.now(c)).asks and c.state is State.BOT:
                left = began + self.hard_stop - asyncio.get_running_loop().time()
                if left > 0:
                    await ear.more(left)
                else:
                    c = await self._performer.perform(id, ev.BotFailed(c.asks[0].pos, c.epoch))
        finally:
            self._hub.leave(id, ear)
        turns = [turn for turn in ear.turns if turn.pos > said_before[-1]]
        if not turns and receipts and receipts[0].get("pos"):
            turns = [turn for turn in await self._store.turns_after_pos(id, receipts[0]["pos"]) if turn.seq is not None]
        return c, turns

    # What is said

    async def _spoken(self, id: UUID, turns: list[Turn]) -> list[Out]:
        loaded = await self._store.load(id)
        return await self._render(loaded[0], turns) if loaded else [e.Hangup("gone")]

    async def _render(self, c: Conversation, turns: list[Turn]) -> list[Out]:
        """What the caller hears of these turns, and what happens then."""
        outs: list[Out] = []
        for turn in turns:
            if turn.author in ("bot", "system") and turn.seq is not None:
                outs += await self._words(c, turn)
        call = c.call
        if call is None or c.state is State.CLOSED or call.question == "over":
            return [*outs, e.Hangup(c.end_reason or "over")]
        if call.transferring and c.state in (State.WAITING, State.STAFF):
            transfer = self._transfer(c)
            return [*outs, transfer] if transfer else [*outs, *self._sorry(c.language, None)]
        return [*outs, self._listen(c)]

    async def _words(self, c: Conversation, turn: Turn) -> list[Out]:
        whole, spoken = turn.data.get("whole", ""), turn.data.get("spoken", turn.text)
        if CODE in whole + spoken:
            code = phones.pairs(await self._codes.make(c.id, "web"))
            whole, spoken = whole.replace(CODE, code), spoken.replace(CODE, code)
        language = turn.language if turn.language in ("nl", "en") else "nl"
        parts: list[Out] = [e.Say(whole, False, language)] if whole else []
        return [*parts, e.Say(spoken, True, language)] if spoken else parts

    def _listen(self, c: Conversation) -> e.Listen:
        assert c.call is not None  # noqa: S101
        hints = HINTS["en" if c.language == "en" else "nl"]
        match c.call.question:
            case "code" | "code_check":
                return e.Listen(num_digits=8, timeout_s=15, language=c.language)
            case "number":
                return e.Listen(num_digits=None, timeout_s=4 if c.call.digits else 12, language=c.language)
        return e.Listen(timeout_s=20 if c.call.patient else 7, hints=hints, language=c.language)

    def _transfer(self, c: Conversation) -> e.Transfer | None:
        target = self._library.facts.transfer(c.team)
        if target is None:
            return None
        headers = {}
        if c.handover:
            code = handover_code(c.handover)
            headers = {"X-Wegwijs-Handover": code, "User-to-User": f"{code.encode().hex()};encoding=hex"}
        return e.Transfer(target, headers, c.reason or "")

    # When we fail

    async def _help(self, call: CallId) -> list[Out]:
        """An apology and a person: with a record of it if that can still be made, without one if not."""
        language, c = "nl", None
        try:
            if found := await self._known(call):
                c = await asyncio.wait_for(
                    self._performer.perform(found[1], lambda c: self._desk.human_asked(c, "error")), self.hard_stop / 2
                )
                language = c.language
        except Exception as error:
            log.error("call.helpless", gateway=call.gateway, error=type(error).__name__)
        return self._sorry(language, c)

    def _sorry(self, language: str, c: Conversation | None) -> list[Out]:
        target = self._library.facts.transfer(c.team if c else None)
        if not self._desk.open() or target is None:
            return [e.Say(self._library.spoken("call.sorry_closed", language), False, language), e.Hangup("error")]
        known = self._transfer(c) if c and c.state in (State.WAITING, State.STAFF) else None
        return [e.Say(self._library.spoken("call.sorry", language), False, language), known or e.Transfer(target, {}, "error")]

    # Time

    async def forget(self, now: datetime) -> None:
        """Replies that no gateway asks for any more."""
        await self._store.forget_replies(now - REPLIES_KEPT)

    async def stop(self) -> None:
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=2)
        for task in set(self._tasks):
            task.cancel()
