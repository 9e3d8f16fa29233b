"""/console/ws: what staff do becomes events, and what was stored becomes frames for those who may see it."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from handover.bus import Alone, Bus
from handover.channels.connection import BadFrame, Bucket, Connection
from handover.channels.console import messages as m
from handover.channels.wire import moment, turn_for_staff
from handover.codes import Codes
from handover.content.library import Library
from handover.conversation import events as ev
from handover.conversation.conversation import Conversation, Insert, Refused, Step, Update
from handover.conversation.events import Event, Person
from handover.conversation.privacy import mask
from handover.conversation.states import CODE_VALID, State
from handover.history.contacts import Contacts
from handover.history.store import Receipt, Store, Unavailable
from handover.hub import Hub
from handover.perform import NotFound, Performer
from handover.staff.accounts import MAY_TALK, Member
from handover.staff.presence import Presence

log = structlog.get_logger()
BURST, PER_SECOND = 300, 10.0  # frames of one socket
NEWS = timedelta(minutes=1)  # how long what was done is told along with what is still to be done
ONE_READING = timedelta(minutes=15)  # opening the same conversation again within this is one line in the audit log


class Consoles:
    """What all consoles need, and what all of them are told."""

    def __init__(
        self,
        performer: Performer,
        store: Store,
        hub: Hub,
        presence: Presence,
        library: Library,
        codes: Codes,
        chat_url: str,
        bus: Bus | None = None,
        *,
        calls: bool,
    ) -> None:
        """`chat_url`: the page with the chat, to which a link for a caller leads. `calls`: a telephone gateway is connected."""
        self.codes, self.chat_url, self.calls = codes, chat_url, calls
        self.performer, self.store, self.hub, self.presence, self.library = performer, store, hub, presence, library
        self.contacts = Contacts(store)
        self.presence_stale = self.callbacks_stale = False  # the broadcaster tells everybody at the next tick
        bus = bus or Alone()
        self._bus = bus
        bus.on("gap", lambda _what: self._stale(presence=True, callbacks=True))
        bus.on("presence", lambda _what: self._stale(presence=True))
        bus.on("stepped", lambda what: self._stale(presence=bool(what["moved"]), callbacks=what["callbacks"]))
        bus.on("callbacks", lambda _what: self._stale(callbacks=True))

    def _stale(self, *, presence: bool = False, callbacks: bool = False) -> None:
        self.presence_stale |= presence
        self.callbacks_stale |= callbacks

    def callbacks_changed(self) -> None:
        self.callbacks_stale = True
        self._bus.tell("callbacks")

    async def presence_frame(self) -> dict[str, Any]:
        now = self.performer.now()
        waiting = await self.store.waiting_by_team()
        there = self.presence.colleagues(now)
        known = [team.id for team in self.library.facts.teams]
        teams = [*known, *sorted({team for colleague in there for team in colleague.teams} | set(waiting) - set(known))]
        return {
            "teams": [
                {"team": team, "name": self.library.facts.team_name(team), "available": len(self.presence.available(now, team)),
                 "waiting": waiting.get(team, 0)} for team in dict.fromkeys(teams)
            ],
            "colleagues": [
                {"staff": str(one.staff), "name": one.name, "teams": list(one.teams), "status": one.status} for one in there
            ],
        }  # fmt: skip

    async def teams(self) -> set[str]:
        """Those of the facts file, and those that somebody has an account for."""
        accounts = await self.store.all_staff()
        return {team.id for team in self.library.facts.teams} | {
            team for row in accounts if not row["disabled_at"] for team in row["teams"]
        }

    async def broadcast(self, *, beat: bool) -> None:
        """Tells every console who is there (when it changed, or as a heartbeat) and which call-backs there are (when they changed)."""
        if not self.hub.consoles:
            return
        if beat or self.presence_stale:
            self.presence_stale = False
            frame = {"type": "presence", **await self.presence_frame()}
            for console in list(self.hub.consoles):
                console.tell(frame)
        if self.callbacks_stale:
            self.callbacks_stale = False
            lately = self.performer.now() - NEWS  # also those that are done now, so that nobody calls twice
            frame = {"type": "callbacks", "callbacks": await self.callbacks(changed_since=lately)}
            for console in list(self.hub.consoles):
                console.tell(frame)

    async def callbacks(self, **which: Any) -> list[dict[str, Any]]:
        """As on the wire; `which` as of Store.callbacks."""
        return [callback(row) for row in await self.store.callbacks(**which)]

    async def customer_view(self, c: Conversation) -> dict[str, Any]:
        """What is known of this resident's contacts, as on the wire."""
        found = await self.contacts.view(c.id, c.identity.person if c.identity else None)
        return {
            "contacts": [contact(row._asdict()) for row in found.moments],
            "callbacks": [callback(row._asdict()) for row in found.callbacks],
            "details": [{**detail, "verified_at": moment(detail["verified_at"])} for detail in found.details],
        }


@dataclass(frozen=True)
class Origin:
    """Where a request came from, for the audit log."""

    address: str
    request_id: str


class ConsoleSocket(Connection):
    """One console of one member of staff."""

    def __init__(self, ws: Any, consoles: Consoles, member: Member, origin: Origin) -> None:
        super().__init__(ws, Bucket(BURST, PER_SECOND))
        self._on, self.member, self._origin = consoles, member, origin
        self._opened: dict[UUID, int] = {}  # the last `pos` that was sent of each
        self.listed: set[UUID] = set()
        self._me = Person(member.staff, member.name)
        self.active = True  # something came in since the session was last touched
        self._held: list[dict[str, Any]] | None = []  # news from before `ready`, told right after it

    @property
    def staff(self) -> UUID:
        return self.member.staff

    @property
    def session(self) -> bytes:
        return self.member.session

    async def run(self) -> None:
        try:
            self._on.hub.consoles.add(self)
            await self._alive()
            await self._ready()
            while (frame := await self.next(m.from_staff)) is not None:
                await self._handle(frame)
        except Unavailable:
            self.complain("unavailable")
            self.drop(1013, "unavailable")
        finally:
            self._on.hub.remove(self)
            try:
                await self._leave()
            finally:
                await self.end()

    async def _leave(self) -> None:
        if not any(self._on.hub.consoles_of(self.staff)):
            self._on.presence_stale = True
            with contextlib.suppress(Unavailable):
                await self._on.presence.gone(self.staff, self._on.performer.now())

    # In

    async def _alive(self, status: Any = None) -> None:
        now = self._on.performer.now()
        status = status if self._may_talk else "away"  # whoever may not talk must not be waited for
        if await self._on.presence.seen(self.staff, self.member.name, self.member.teams, now, status):
            self._on.presence_stale = True

    async def _ready(self) -> None:
        own = await self._on.store.for_staff(self.staff, self.member.teams) if self._may_talk else []
        topics = [
            {"id": topic, "label": {language: self._on.library.answers.title(topic, language) for language in ("nl", "en")}}
            for topic in self._on.library.topics
        ]
        frame = {"me": me(self.member), **await self._on.presence_frame(), "topics": topics, "calls": self._on.calls}
        self.listed |= {c.id for c in own}
        held, self._held = self._held or [], None
        self.push({"type": "ready", **frame, "conversations": [summary(c) for c in own]})
        for news in held:
            self.push(news)

    def _news(self, frame: dict[str, Any]) -> None:
        if self._held is None:
            self.push(frame)
        else:
            self._held.append(frame)

    async def _noticed(self, frame: m.FromStaff) -> None:
        """Every frame is a sign of life; all but a bare heartbeat keep the session alive."""
        self.active = self.active or not isinstance(frame, m.Presence) or frame.active
        await self._alive(frame.status if isinstance(frame, m.Presence) else None)

    async def _handle(self, frame: m.FromStaff) -> None:
        id = str(getattr(frame, "id", None) or "") or None
        try:
            await self._noticed(frame)
            match frame:
                case m.Presence():
                    return
                case m.Typing():
                    await self._types(frame)
                case _ if not self._may_talk:
                    raise BadFrame("not_allowed")
                case m.Open():
                    await self._open(frame)
                case m.Callbacks():
                    await self._audit("callbacks.list", self.staff, "read")
                    self.push({"type": "callbacks", "callbacks": await self._on.callbacks(status=frame.status)})
                    self.push({"type": "ack", "id": id})
                case m.CallbackDone():
                    await self._callback_done(frame)
                case m.Code():
                    await self._code(frame)
                case _:
                    await self._perform(frame)
        except (BadFrame, Refused) as refused:
            self.complain(refused.code, id, by=getattr(refused, "by", None))
            if refused.code == "not_allowed" and not isinstance(frame, m.Open):  # what is denied is on record too (SEC-14)
                await self._audit(type(frame).__name__.lower(), getattr(frame, "conversation", self.staff), "denied")
        except NotFound:
            self.complain("not_found", id)
        except Unavailable:
            self.complain("unavailable", id)

    @property
    def _may_talk(self) -> bool:
        return self.member.role in MAY_TALK

    async def _perform(self, frame: Any) -> None:
        conversation: UUID = frame.conversation

        def acknowledge(result: dict[str, Any]) -> None:
            if isinstance(frame, m.Claim):
                self._follow(conversation, 0)  # who takes it hears what is said in it, opened or not
            self.push({"type": "ack", "id": str(frame.id), **({"pos": result["pos"]} if "pos" in result else {})})

        event = await self._event(frame)
        await self._on.performer.perform(conversation, event, Receipt(str(self.staff), frame.id), acknowledge)

    async def _event(self, frame: Any) -> "Event | Callable[[Conversation], Event | None]":
        written = _written(getattr(frame, "text", None) or "")
        match frame:
            case m.Claim():
                return lambda c: self._claimed(c, frame.epoch)
            case m.Reply():
                return lambda c: ev.Replied(self._me, written) if c.channel != "voice" else _refuse("not_allowed")
            case m.Note():
                return lambda c: ev.Noted(self._me, written) if self._of_my_teams(c) else None
            case m.Transfer():
                return await self._transfer(frame)
            case m.Return(epoch=epoch):
                return ev.Returned(self._me, written or None, epoch)
            case m.Close(outcome=outcome, summary=said, subjects=subjects, epoch=epoch):
                if any(subject not in self._on.library.topics for subject in subjects):
                    raise BadFrame("bad_frame")
                return ev.WrappedUp(self._me, outcome, _written(said), subjects, epoch)
        raise BadFrame

    async def _transfer(self, frame: m.Transfer) -> "Callable[[Conversation], Event | None]":
        """To one of the two: a team, or a colleague who is there now. Decided after a repeated frame was recognised."""
        if bool(frame.team) == bool(frame.staff):
            raise BadFrame
        reason, teams = _written(frame.reason), await self._on.teams()
        return lambda _c: self._transferred(frame, reason, teams)

    def _transferred(self, frame: m.Transfer, reason: str, teams: set[str]) -> Event:
        if frame.team:
            team = frame.team.lower()
            if team not in teams:
                raise Refused("not_found")
            return ev.Transferred(self._me, team, reason, epoch=frame.epoch)
        there = self._on.presence.available(self._on.performer.now())
        to = next((one for one in there if frame.staff in (str(one.staff), one.name)), None)
        if to is None:
            raise Refused("not_found")
        if not to.teams or to.staff == self.staff:
            raise Refused("not_allowed")
        return ev.Transferred(self._me, to.teams[0], reason, Person(to.staff, to.name), frame.epoch)

    def _claimed(self, conversation: Conversation, epoch: int | None) -> Event | None:
        if epoch is not None and epoch != conversation.epoch and conversation.state is not State.CLOSED:
            raise Refused("taken", conversation.owner.name if conversation.owner else None)
        return ev.Claimed(self._me, epoch) if self._of_my_teams(conversation) else None

    def _of_my_teams(self, conversation: Conversation) -> bool:
        owner = conversation.owner and conversation.owner.staff == self.staff
        return bool(owner) or conversation.team in self.member.teams or _refuse("not_allowed")

    async def _open(self, frame: m.Open) -> None:
        id = frame.conversation

        async def read(c: Conversation) -> None:
            allowed = await self._may_read(c)
            await self._audit("conversation.open", id, "read" if allowed else "denied")
            if not allowed:
                raise Refused("not_allowed")
            turns = await self._on.store.turns_after_pos(id, frame.after)
            self.push({
                "type": "context", "conversation": str(id), "state": c.state.value, "epoch": c.epoch, "team": c.team,
                "owner": _owner(c), "language": c.language, "packet": c.packet, "turns": [turn_for_staff(turn) for turn in turns],
                **await self._on.customer_view(c), "call": _call(c),
            })  # fmt: skip
            self.push({"type": "ack", "id": str(frame.id)})
            self._follow(id, turns[-1].pos if turns else c.pos)

        await self._on.performer.look(id, read)

    def _follow(self, id: UUID, pos: int) -> None:
        """Every turn beyond `pos` is sent from now on."""
        self._opened[id] = max(pos, self._opened.get(id, 0))
        self._on.hub.watch(id, self)

    async def _code(self, frame: m.Code) -> None:
        """For a caller who wants to read or write: a code to say, and a link to send."""
        id = frame.conversation

        async def allowed(c: Conversation) -> None:
            if not await self._may_read(c):
                await self._audit("conversation.code", id, "denied")
                raise Refused("not_allowed")
            if c.state is State.CLOSED:
                raise Refused("closed")

        await self._on.performer.look(id, allowed)
        await self._audit("conversation.code", id, "given")
        code = await self._on.codes.make(id, "web")
        self.push({"type": "ack", "id": str(frame.id)})
        expires = moment(self._on.performer.now() + CODE_VALID)
        link = f"{self._on.chat_url}#gesprek={code}"
        self.push({"type": "code", "conversation": str(id), "code": code, "link": link, "expires_at": expires})

    async def _may_read(self, c: Conversation) -> bool:
        return await may_read(self._on.store, c, self.member)

    async def _audit(self, action: str, object: UUID, result: str) -> None:
        now, actor = self._on.performer.now(), str(self.staff)
        if result == "read" and await self._on.store.audited_since(actor, action, str(object), now - ONE_READING):
            return
        values = {"at": now, "actor": actor, "action": action, "object": str(object), "result": result,
                  "origin": self._origin.address, "request_id": self._origin.request_id}  # fmt: skip
        await self._on.store.write(Insert("audit", values))

    async def _callback_done(self, frame: m.CallbackDone) -> None:
        now = self._on.performer.now()
        values = {"status": "done", "changed_at": now, "done_by": self.staff}
        if not await self._on.store.callbacks(id=frame.callback):
            raise NotFound
        await self._on.store.write(Update("callback", frame.callback, values, unless=("done", "cancelled")))
        await self._audit("callback.done", frame.callback, "done")
        self._on.callbacks_changed()
        self.push({"type": "ack", "id": str(frame.id)})

    async def _types(self, frame: m.Typing) -> None:
        """Shown to the resident, and to colleagues who have it open, as long as this person owns it."""

        async def tell(c: Conversation) -> None:
            if not c.owner or c.owner.staff != self.staff:
                raise Refused("not_owner")
            self._on.hub.staff_types(c.id, frame.on, self.member.name, self)

        await self._on.performer.look(frame.conversation, tell, fresh=False)

    # Out

    def stepped(self, step: Step, position: int | None) -> None:
        c = step.after
        if c.id in self._opened:
            for turn in step.turns:
                if turn.pos > self._opened[c.id]:
                    self._opened[c.id] = turn.pos
                    self._news({"type": "turn", "conversation": str(c.id), "turn": turn_for_staff(turn)})
        if step.before is not None and step.owner_changed:  # not when it is only read here for the first time
            self._on.presence_stale = True
        if any(record.table == "callback" for record in step.records):
            self._on.callbacks_stale = True
        concerns = self._concerns(c)
        if concerns or c.id in self.listed or c.id in self._opened:
            self._news({"type": "conversation", **summary(c)})
        (self.listed.add if concerns else self.listed.discard)(c.id)

    def _concerns(self, c: Conversation) -> bool:
        waits = c.state is State.WAITING and c.team in self.member.teams and self._may_talk
        return waits or (c.state is State.STAFF and c.owner is not None and c.owner.staff == self.staff)

    def resident_types(self, conversation: UUID, on: bool) -> None:
        self.somebody_types(conversation, on, None)

    def somebody_types(self, conversation: UUID, on: bool, name: str | None) -> None:
        if conversation in self._opened:
            who = {"from": "staff", "name": name} if name else {"from": "resident"}
            self._news({"type": "typing", "conversation": str(conversation), "on": on, **who})

    def tell(self, frame: dict[str, Any]) -> None:
        if frame["type"] != "callbacks" or self._may_talk:
            self._news(frame)

    def _too_slow(self) -> None:
        self._on.performer.metrics.dropped.labels("too_slow").inc()

    def _words(self, code: str) -> str:
        return self._on.library.text(f"errors.{code}", self.member.language)


def me(member: Member) -> dict[str, Any]:
    return {"staff": str(member.staff), "name": member.name, "role": member.role, "teams": list(member.teams)}


def contact(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `segment` as an earlier contact. `subject`: its topic, or in words where it has none."""
    return {
        "segment": str(row["id"]), "conversation": str(row["conversation_id"]), "reference": row["reference"],
        "at": moment(row["started_at"]), "ended_at": moment(row["ended_at"]), "channel": row["channel"],
        "subject": [row["topic"] or row["subject"]], "outcome": row["outcome"], "summary": row["summary"],
        "promised": row["promised"], "by": row["by"] or "",
    }  # fmt: skip


async def may_read(store: Store, c: Conversation, member: Member) -> bool:
    """What waits for their teams or was handed to them, and what is or was theirs (SEC-14, PRV-9)."""
    if c.owner and c.owner.staff == member.staff:
        return True
    if c.state in (State.WAITING, State.STAFF) and c.team in member.teams:
        return True
    return await store.took_part(c.id, member.staff, member.teams)


def _call(c: Conversation) -> dict[str, Any] | None:
    return {"number": c.call.caller.number, "live": c.call.question != "over"} if c.call else None


def callback(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "callback": str(row["id"]), "conversation": str(row["conversation_id"]), "phone": row["phone"], "name": row["name"],
        "question": row["question"], "topic": row["topic"], "status": row["status"], "created_at": moment(row["created_at"]),
        "done_by": str(row["done_by"]) if row["done_by"] else None, "preferred": row["preferred"],
    }  # fmt: skip


def summary(c: Conversation) -> dict[str, Any]:
    return {
        "conversation": str(c.id), "state": c.state.value, "epoch": c.epoch, "team": c.team, "waiting_since": moment(c.waiting_since),
        "reason": c.reason, "topic": c.topic, "channel": c.channel, "language": c.language, "owner": _owner(c),
        "last_text": c.last_text, "unread": c.unread, "priority": c.priority,
    }  # fmt: skip


def _owner(c: Conversation) -> dict[str, str] | None:
    return {"staff": str(c.owner.staff), "name": c.owner.name} if c.owner else None


def _written(text: str) -> str:
    """What staff wrote, masked as residents' texts are. Raises BadFrame."""
    if len(text) > m.TEXT_AT_MOST:
        raise BadFrame("too_long")
    return mask(text)


def _refuse(code: str) -> Any:
    raise Refused(code)
