"""/chat/ws: a resident's frames become events, and what was stored becomes frames. No dialogue logic."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog

from handover.channels.connection import POLICY, BadFrame, Bucket, Connection
from handover.channels.web import messages as m
from handover.channels.web.identity import Identities, NotIdentified
from handover.channels.wire import moment, turn_for_resident
from handover.codes import Codes, Throttled
from handover.content.library import Library
from handover.conversation import events as ev
from handover.conversation.conversation import Conversation, Refused, Step
from handover.conversation.events import Event
from handover.conversation.states import CODE_VALID, REPLAY_AFTER_CLOSING, State
from handover.history.people import People, Replayed
from handover.history.store import Receipt, Store, Unavailable
from handover.hub import Hub
from handover.perform import NotFound, Performer
from handover.staff.accounts import hashed
from handover.staff.desk import Desk

log = structlog.get_logger()
WELCOME_AT_MOST = 200  # turns; the rest follows one by one
BURST, PER_SECOND = 120, 2.0  # frames of one socket
HELLO_WITHIN = 45.0  # seconds: thousands who come back at once are served side by side, and all end late
IDENTITY_HOLDS = 1800.0  # seconds that a socket may speak for a known resident; then it must be shown anew who it is
IDENTIFY_AGAIN = 4003  # closes such a socket: the widget comes back with a fresh token
SECONDS_PER_PLACE = 180  # a rough promise of the waiting time: an average conversation of three minutes


class Residents:
    """What all resident sockets need."""

    def __init__(
        self, performer: Performer, store: Store, hub: Hub, desk: Desk, library: Library, identities: Identities, people: People,
        codes: Codes, *, calls: bool,
    ) -> None:  # fmt: skip
        """`calls`: a telephone gateway is connected."""
        self.codes, self.calls = codes, calls
        self.performer, self.store, self.hub, self.desk, self.library = performer, store, hub, desk, library
        self.identities, self.people = identities, people

    async def who(self, token: str) -> ev.Identity:
        """Uses the token up. Raises NotIdentified or Unavailable."""
        now = self.performer.now()
        try:
            return await self.people.known(self.identities.read(token, now), now)
        except Replayed:
            raise NotIdentified("used before") from None


class ResidentSocket(Connection):
    """One socket of one resident. Listens in the hub once it has said hello."""

    def __init__(self, ws: Any, residents: Residents, may_start: Callable[[], Awaitable[bool]], address: str) -> None:
        """`address`: of the client, by which wrong codes are counted."""
        self._address = address
        super().__init__(ws, Bucket(BURST, PER_SECOND))
        self._on = residents
        self._may_start = may_start
        self._conversation: UUID | None = None
        self._language = "nl"
        self._holds: asyncio.TimerHandle | None = None
        self._identity: ev.Identity | None = None  # that this very socket proved
        self._place: tuple[int, int | None] = (0, None)  # epoch and place in the queue, as last told
        self._seen = 0  # the last `seq` that was sent

    async def run(self) -> None:
        """Until the socket is closed, by either side."""
        try:
            if await self._greet():
                while (frame := await self.next(_after_hello)) is not None:
                    await self._handle(frame)
        finally:
            if self._holds:
                self._holds.cancel()
            if self._conversation:
                self._on.hub.leave(self._conversation, self)
            await self.end()

    # In

    async def _greet(self) -> bool:
        """The first frame must be `hello`."""
        try:
            frame = await asyncio.wait_for(self.receive(), HELLO_WITHIN)
            if frame is None:
                return False
            hello = m.from_resident(frame)
            if not isinstance(hello, m.Hello):
                raise BadFrame
        except (BadFrame, TimeoutError):
            self.drop(POLICY, "hello expected")
            return False
        self._language = hello.language
        try:
            self._identity = await self._on.who(hello.identity) if hello.identity else None
            return await self._welcome(hello)
        except NotIdentified as error:
            log.warning("identity.refused", reason=str(error))
            return self._refuse("identify")
        except Unavailable:
            self.complain("unavailable")
            self.drop(1013, "unavailable")
            return False

    async def _welcome(self, hello: m.Hello) -> bool:
        token = hello.token or secrets.token_urlsafe(24)
        if hello.token is None:
            if not await self._may_start():
                self.complain("rate_limited")
                self.drop(1013, "rate_limited")
                return False
            page = hello.page.split("?")[0].split("#")[0] if hello.page else None  # a query may hold what is nobody's business
            begun = await self._on.performer.begin(language=hello.language, channel="web", page=page, token_hash=hashed(token))
            id: UUID | None = begun.id
        else:
            id = await self._on.store.by_token(hashed(token))

        async def attach(conversation: Conversation) -> str | None:
            """Why not, or None."""
            closed = conversation.closed_at
            if closed and self._on.performer.now() - closed > REPLAY_AFTER_CLOSING:
                return "not_found"
            if not self._may_see(conversation):
                return "not_found" if self._identity else "identify"
            await self._replay(conversation, token, hello.after)
            return None

        wrong: str | None = "not_found"
        with contextlib.suppress(NotFound):
            if id and await self._becomes_theirs(id):
                wrong = await self._on.performer.look(id, attach)
        return self._refuse(wrong) if wrong else True

    def _refuse(self, code: str) -> bool:
        self.complain(code)
        self.drop(POLICY, code)
        return False

    async def _becomes_theirs(self, id: UUID) -> bool:
        """A conversation that was nobody's is the known resident's from now on; somebody else's stays theirs. Raises NotFound."""
        if self._identity is None:
            return True
        self._holds = asyncio.get_running_loop().call_later(IDENTITY_HOLDS, self.drop, IDENTIFY_AGAIN, "identify")
        identified = ev.Identified(self._identity)
        try:
            await self._on.performer.perform(id, lambda c: identified if c.state is not State.CLOSED else None)
        except Refused:
            return False
        return True

    def _may_see(self, conversation: Conversation) -> bool:
        """Of a known resident only who has just proved to be them, whoever has the token (SEC-13)."""
        known = conversation.identity
        return known is None or (self._identity is not None and self._identity.person == known.person)

    async def _replay(self, conversation: Conversation, token: str, after: int) -> None:
        """Nothing is told between reading the turns and listening for the next: this runs under the conversation's lock.

        What another process stores meanwhile may be in what is read, and is told once more when the bus rings: `_seen`.
        """
        turns = [turn_for_resident(turn) for turn in await self._on.store.turns_after_seq(conversation.id, after)]
        self._seen = turns[-1]["seq"] if turns else conversation.seq
        self._language = conversation.language
        first, rest = turns[:WELCOME_AT_MOST], turns[WELCOME_AT_MOST:]
        welcome = {
            "type": "welcome",
            "conversation": str(conversation.id),
            "token": token,
            "language": conversation.language,
            "turns": first,
        }
        self.push({**welcome, "more": True} if rest else welcome)
        self.replay([{"type": "turn", "turn": turn} for turn in rest])
        position = await self._on.performer.position(conversation) if conversation.state is State.WAITING else None
        self._push_state(conversation, position)
        self._conversation = conversation.id
        self._on.hub.join(conversation.id, self)

    async def _handle(self, frame: m.FromResident) -> None:
        assert self._conversation is not None  # noqa: S101 (for the type checker)
        assert not isinstance(frame, m.Hello)  # noqa: S101
        if isinstance(frame, m.Typing):
            self._on.hub.resident_types(self._conversation, frame.on)
            return
        id = str(frame.id)
        try:
            if isinstance(frame, m.Call):
                await self._by_telephone(frame)
                return
            if isinstance(frame, m.Code):
                await self._from_a_call(frame)
                return
            decision = await self._decision(frame)
            receipt = Receipt("resident", frame.id)
            await self._on.performer.perform(self._conversation, decision, receipt, lambda result: self._acknowledge(id, result))
        except BadFrame as wrong:
            self.complain(wrong.code, id)
        except Refused as refused:
            self.complain(refused.code if refused.code in ("closed", "not_found") else "bad_frame", id)
        except NotFound:
            self.complain("not_found", id)
            self.drop(POLICY, "not_found")
        except Unavailable:
            self.complain("unavailable", id)

    async def _by_telephone(self, frame: m.Call) -> None:
        """A code for going on by telephone. It is told to this socket alone, and stands nowhere else."""
        assert self._conversation is not None  # noqa: S101
        if not self._on.calls:
            raise Refused("not_found")
        await self._on.performer.look(self._conversation, _still_open)
        code = await self._on.codes.make(self._conversation, "phone")
        self.push({"type": "ack", "id": str(frame.id)})
        expires = moment(self._on.performer.now() + CODE_VALID)
        self.push({"type": "code", "code": code, "expires_at": expires, "phone": self._on.library.facts.calls_at})

    async def _from_a_call(self, frame: m.Code) -> None:
        """Goes on here with the conversation of a call. Wrong, used and old codes get the same answer."""
        token = secrets.token_urlsafe(24)
        try:
            found = await self._on.codes.redeem(frame.code, "web", self._address, hashed(token))
        except Throttled:
            raise BadFrame("rate_limited", str(frame.id)) from None
        if found is None:
            raise BadFrame("not_found", str(frame.id))
        with contextlib.suppress(Refused):  # closed meanwhile: what was said can be read all the same
            await self._on.performer.perform(found, ev.WebJoined())

        async def attach(conversation: Conversation) -> None:
            if not self._may_see(conversation):
                raise BadFrame("not_found", str(frame.id))
            if self._conversation:
                self._on.hub.leave(self._conversation, self)
            self.push({"type": "ack", "id": str(frame.id)})
            await self._replay(conversation, token, 0)

        await self._on.performer.look(found, attach)

    async def _decision(self, frame: m.FromResident) -> "Event | Callable[[Conversation], Event | None]":
        desk = self._on.desk
        match frame:
            case m.Message(id, text):
                return ev.Said(m.checked(text, id), str(id))
            case m.Choose():
                return await self._choice(frame)
            case m.Human():
                await desk.be_sure()
                return lambda c: desk.human_asked(c, "request") if _while_open(c) else None
            case m.Leave():
                return lambda c: ev.QueueLeft() if _while_open(c) and c.state is State.WAITING else None
            case m.Language(language=language):
                self._language = language
                return ev.LanguageChanged(language)
            case m.Rate(id, score, comment):
                return ev.Rated(score, m.checked(comment, id) if comment else None)
            case m.Close():
                return lambda c: ev.Closed() if c.state is not State.CLOSED else None
        raise BadFrame

    async def _choice(self, frame: m.Choose) -> "Callable[[Conversation], Event | None]":
        """Looks up what the button was stored with; a client can only name it."""
        assert self._conversation is not None  # noqa: S101
        turn = await self._on.store.turn_at(self._conversation, frame.turn)
        choices = turn.data.get("choices", []) if turn else []
        chosen = next((choice for choice in choices if choice["id"] == frame.choice), None)
        if chosen is None:
            raise BadFrame("not_found", str(frame.id))
        label, do, id = chosen["label"], chosen["do"], str(frame.id)
        if "human" in do:
            await self._on.desk.be_sure()

        def event(c: Conversation) -> Event | None:
            _while_open(c)
            if "human" in do:
                return self._on.desk.human_asked(c, do["human"]["reason"], label, id) or ev.Chose(label, {}, id)
            if c.state is State.WAITING and do.get("intent") == "callback":
                return ev.QueueLeft(label, do, id)
            return ev.Chose(label, do, id)

        return event

    # Out

    def stepped(self, step: Step, position: int | None) -> None:
        if not self._may_see(step.after):
            self.drop(IDENTIFY_AGAIN, "identify")
            return
        for turn in step.turns:
            if turn.seq is not None and turn.seq > self._seen:
                self._seen = turn.seq
                self.push({"type": "turn", "turn": turn_for_resident(turn)})
        nobody_there = any(turn.data.get("opens_at") for turn in step.turns)
        if step.owner_changed or nobody_there:
            self._push_state(step.after, position)

    def moved(self, epoch: int, position: int) -> None:
        if epoch == self._place[0] and position != self._place[1]:  # an older epoch: news from before somebody took it
            self._place = (epoch, position)
            self.push({"type": "state", "state": State.WAITING.value, "epoch": epoch, **_queue_place(position)})

    def typing(self, on: bool) -> None:
        self.push({"type": "typing", "on": on})

    def _push_state(self, c: Conversation, position: int | None) -> None:
        frame: dict[str, Any] = {"type": "state", "state": c.state.value, "epoch": c.epoch}
        self._place = (c.epoch, position)
        if position:
            frame |= _queue_place(position)
        if c.owner:
            frame["staff"] = c.owner.name
        if c.state is State.BOT and not self._on.desk.reachable():
            frame["opens_at"] = moment(self._on.desk.opens_at())
        self.push(frame)

    def _acknowledge(self, id: str, result: dict[str, Any]) -> None:
        seq = {"seq": result["seq"]} if result.get("seq") else {}
        self.push({"type": "ack", "id": id, **seq})

    def _too_slow(self) -> None:
        self._on.performer.metrics.dropped.labels("too_slow").inc()

    def _words(self, code: str) -> str:
        return self._on.library.text(f"errors.{code}", self._language)


def _after_hello(frame: str) -> m.FromResident:
    """Any frame but a second hello. Raises BadFrame."""
    decoded = m.from_resident(frame)
    if isinstance(decoded, m.Hello):
        raise BadFrame
    return decoded


def _queue_place(position: int) -> dict[str, int]:
    return {"position": position, "wait_seconds": position * SECONDS_PER_PLACE}


async def _still_open(conversation: Conversation) -> None:
    _while_open(conversation)


def _while_open(conversation: Conversation) -> bool:
    if conversation.state is State.CLOSED:
        raise Refused("closed")
    return True
