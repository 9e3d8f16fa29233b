"""The core: an event goes in, a step comes out. No I/O and no clock; the time is an argument.

A `Step` is everything one event changes: the conversation as it is afterwards, the turns and records to store with
it in one transaction, and the effects to carry out once that is durable.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec

from handover.conversation import calls, states
from handover.conversation import events as ev
from handover.conversation.calls import VOICE, Call
from handover.conversation.events import Ask, Event, Identity, Person
from handover.conversation.segments import Segment, Subjects
from handover.conversation.states import TRANSITIONS, State

Author = Literal["resident", "bot", "staff", "system"]
WORTH_TELLING = 0.05  # confidence below which a guess of the bot only distracts a colleague
MISSED_AT_MOST = 20  # turns that the bot is told of when it gets a conversation back


class Refused(Exception):
    """The event is not allowed now; nothing changed. `code` is one of protocol.md's error codes."""

    def __init__(self, code: str, by: str | None = None) -> None:
        super().__init__(code)
        self.code, self.by = code, by


class Content(Protocol):
    """What the core needs from the municipality's texts and topics."""

    def text(self, key: str, language: str, **values: object) -> str: ...
    def spoken(self, key: str, language: str, **values: object) -> str: ...
    def top_choices(self, language: str) -> list[dict[str, Any]]: ...
    def upl_uri(self, topic: str) -> str | None: ...
    def upl_name(self, topic: str) -> str: ...
    def title(self, topic: str, language: str) -> str: ...
    def moment(self, at: datetime, language: str) -> str: ...
    def kept_for(self, *, with_staff: bool) -> timedelta: ...
    def summary_kept(self) -> timedelta: ...
    def legal_basis(self) -> str: ...


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was said. `pos` counts everything, `seq` what the resident sees; both start at 1 and have no gaps.

    `data` holds what only some turns have: choices (with what they do), link, checked_on, topics, candidates,
    confidence, understanding, reason, id (the resident's own), author_id (of staff).
    """

    pos: int
    seq: int | None
    author: Author
    name: str
    text: str
    at: datetime
    language: str
    kind: str | None = None
    topic: str | None = None
    aspect: str | None = None
    note: bool = False
    suppressed: bool = False
    data: dict[str, Any] = {}


class Conversation(msgspec.Struct, kw_only=True):
    """All that is known of a conversation but its turns. `version` grows with every step stored."""

    id: UUID
    reference: str
    channel: str
    language: str
    created_at: datetime
    last_at: datetime
    state: State = State.BOT
    epoch: int = 1
    version: int = 0
    pos: int = 0
    seq: int = 0
    external_key: str | None = None
    page: str | None = None
    team: str | None = None
    owner: Person | None = None
    priority: int = 0  # 1: back in the queue after its member of staff was lost
    waiting_since: datetime | None = None
    closed_at: datetime | None = None
    end_reason: str | None = None
    topic: str | None = None
    spoke: bool = False
    last_text: str = ""
    unread: int = 0
    reason: str | None = None  # why it was handed over
    handover: UUID | None = None
    packet: dict[str, Any] | None = None
    callback: UUID | None = None  # the call-back request that this conversation made
    memory: dict[str, Any] | None = None  # the bot's: slots and active form
    understanding: dict[str, Any] | None = None
    unanswered: str | None = None  # the last question that the bot failed to answer
    asks: tuple[Ask, ...] = ()
    missed: tuple[dict[str, str], ...] = ()
    timers: dict[str, datetime] = {}
    rating: dict[str, Any] | None = None
    identity: Identity | None = None
    segment: Segment | None = None  # the subject it is about now
    segments: int = 0  # that it has had
    participants: dict[str, UUID] = {}  # resident, bot, staff: those who are in it now
    call: Call | None = None  # its telephone side, also after that has ended
    kept_as: str = "bot"  # the class that says how long it is kept: bot, staff; moment: recorded for another channel
    legal_basis: str = ""
    destroy_at: datetime | None = None  # known once it is closed

    @property
    def due_at(self) -> datetime | None:
        return min(self.timers.values(), default=None)


# What a step writes beside the conversation and its turns


class Insert(msgspec.Struct, frozen=True):
    table: str
    values: dict[str, Any]


class Update(msgspec.Struct, frozen=True):
    """Sets `values` on the rows whose column `by` is this `id`, unless their `status` is one of `unless`."""

    table: str
    id: UUID
    values: dict[str, Any]
    unless: tuple[str, ...] = ()
    by: str = "id"


class AskBot(msgspec.Struct, frozen=True):
    ask: Ask
    epoch: int
    memory: dict[str, Any] | None
    missed: tuple[dict[str, str], ...]
    by_ear: bool = False  # the answer will be spoken


class Step(msgspec.Struct):
    """`segments`: those that are new, changed or closed by it, as they are afterwards; their rows are among the records."""

    before: Conversation | None
    after: Conversation
    turns: list[Turn]
    records: list[Insert | Update]
    asks: list[AskBot]
    segments: list[Segment] = []

    @property
    def nameless(self) -> list[Insert]:
        """The new segments that have no reference yet."""
        return [
            record for record in self.records
            if isinstance(record, Insert) and record.table == "segment" and record.values["reference"] is None
        ]  # fmt: skip

    def name(self, references: list[str]) -> None:
        """Gives each of `nameless` its reference, in every place where the segment stands."""
        given = {}
        for record, reference in zip(self.nameless, references, strict=True):
            record.values["reference"] = given[record.values["id"]] = reference

        def named(segment: Segment) -> Segment:
            return msgspec.structs.replace(segment, reference=given.get(segment.id, segment.reference))

        self.segments = [named(segment) for segment in self.segments]
        self.after.segment = named(self.after.segment) if self.after.segment else None

    @property
    def empty(self) -> bool:
        """Nothing to store: the event was allowed and had no effect."""
        return self.before is not None and not self.turns and not self.records and self.after == msgspec.structs.replace(
            self.before, version=self.after.version
        )  # fmt: skip

    @property
    def owner_changed(self) -> bool:
        return self.before is None or self.before.epoch != self.after.epoch


def decide(conversation: Conversation, event: Event, now: datetime, content: Content, new_id: Callable[[], UUID]) -> Step:
    """What `event` does to `conversation` at `now`. Raises Refused, and then nothing has changed."""
    row = TRANSITIONS[conversation.state]
    if type(event) not in row:
        raise Refused(_why_not(conversation, event), by=conversation.owner.name if conversation.owner else None)
    deciding = _Deciding(conversation, now, content, new_id)
    deciding.take(event)
    deciding.subjects.finish()
    return deciding.step


def without_words(conversation: Conversation) -> Conversation:
    """Once the term of the transcript is over: what it was, who took part and when; nothing of what was said, and no number."""
    c = conversation
    return msgspec.structs.replace(
        c, version=c.version + 1, external_key=None, page=None, last_text="", packet=None, memory=None, understanding=None, unanswered=None,
        asks=(), missed=(), rating={**c.rating, "comment": None} if c.rating else None, segment=None, call=None,
        timers={kind: due for kind, due in c.timers.items() if kind != "transcript"},
    )  # fmt: skip


def nothing(conversation: Conversation) -> Step:
    """A step in which nothing happens: what was asked for is so already. Stored all the same if it has a receipt to keep."""
    return Step(conversation, msgspec.structs.replace(conversation, version=conversation.version + 1), [], [], [])


def begin(conversation: Conversation, now: datetime, content: Content, new_id: Callable[[], UUID], caller: ev.Caller | None = None) -> Step:
    """The first step of a new conversation: the greeting, which says that it is a machine that answers."""
    deciding = _Deciding(conversation, now, content, new_id)
    deciding.step.before = None
    if caller:
        calls.begin(deciding, caller)
    else:
        deciding.bot("greeting", deciding.say("greeting"), choices=content.top_choices(conversation.language))
    deciding.timer("unused", states.UNUSED)
    deciding.c.legal_basis = content.legal_basis()
    deciding.joins("resident", deciding.say("name.resident"))
    deciding.joins("bot", deciding.say("name.bot"))
    return deciding.step


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A contact moment that happened elsewhere: at the counter, on the phone, by letter, mail or form."""

    subject: str
    topic: str | None = None
    upl_uri: str | None = None
    question: str = ""
    report: str = ""
    answer: str = ""
    outcome: str | None = None
    by: str | None = None


def record(conversation: Conversation, what: Recorded, now: datetime, content: Content, new_id: Callable[[], UUID]) -> Step:
    """A conversation without turns, closed from its beginning (`created_at`), with the one contact moment that it is."""
    deciding = _Deciding(conversation, now, content, new_id)
    deciding.step.before = None
    c = deciding.c
    c.state, c.closed_at, c.end_reason, c.spoke, c.topic = State.CLOSED, now, "recorded", True, what.topic
    deciding.subjects.recorded(what)
    deciding.keep("moment", content.summary_kept())
    deciding.subjects.finish()
    return deciding.step


CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another


def handover_code(handover: UUID) -> str:
    """The short name of a handover, for a SIP header and a telephone's screen. No secret: whoever asks must be staff."""
    number = handover.int
    return "".join(CODE_LETTERS[number // len(CODE_LETTERS) ** place % len(CODE_LETTERS)] for place in range(6))


def _why_not(conversation: Conversation, event: Event) -> str:
    match conversation.state, event:
        case State.CLOSED, _:
            return "closed"
        case State.STAFF, ev.Claimed():
            return "taken"
        case _, ev.Claimed(epoch=epoch) if epoch not in (None, conversation.epoch):
            return "taken"  # it left the queue before this came in
        case _, ev.Replied() | ev.Transferred() | ev.Returned() | ev.WrappedUp():
            return "not_owner"
        case _:
            return "not_allowed"


class _Deciding:
    """Collects one step. Containers of the conversation are replaced, never changed in place."""

    def __init__(self, before: Conversation, now: datetime, content: Content, new_id: Callable[[], UUID]) -> None:
        self.c = msgspec.structs.replace(before, version=before.version + 1)
        self.step = Step(before=before, after=self.c, turns=[], records=[], asks=[])
        self.now, self.content, self.new_id = now, content, new_id
        self.subjects = Subjects(self)

    def take(self, event: Event) -> None:
        calls.medium(self, event)
        match event:
            case _ if isinstance(event, calls.EVENTS):
                calls.take(self, event)
            case ev.Said(text, id):
                self.resident(text, id)
                self.subjects.said(text)
                self._ask(self.c.pos, text=text)
            case ev.Chose(label, do, id):
                self.resident(label, id)
                self._chose(label, do)
            case ev.HumanAsked():
                self._hand_over(event)
            case ev.NobodyAvailable():
                self._nobody_available(event)
            case ev.QueueLeft():
                self._leave_queue(event)
            case ev.LanguageChanged(language):
                self.c.language = language
            case ev.Rated(score, comment):
                self.c.rating = {"score": score, "comment": comment, "at": self.now.isoformat()}
            case ev.Identified(identity):
                self._identified(identity)
            case ev.Closed():
                self.close("resident")
                self.system("closed.resident", reference=self.c.reference)
            case ev.BotAnswered():
                self._bot_answered(event)
            case ev.BotFailed(ask, epoch, alone):
                if epoch == self.c.epoch and any(waiting.pos == ask for waiting in self.c.asks):
                    self._apologise([waiting for waiting in self.c.asks if waiting.pos == ask or not alone])
            case ev.AnswerOverdue():
                self._apologise(list(self.c.asks))
            case ev.Claimed(by, epoch):
                self._claim(by, epoch)
            case ev.Replied(by, text):
                self._owned_by(by)
                self.staff(by, text)
                self.c.unread = 0
            case ev.Noted(by, text):
                self._turn("staff", by.name, text, note=True, data={"author_id": str(by.staff)})
            case ev.Transferred():
                self._transfer(event)
            case ev.Returned(by, text, epoch):
                self._give_back(by, text, epoch)
            case ev.WrappedUp():
                self._wrap_up(event)
            case ev.StaffLost(owner):
                self._staff_lost(owner)
            case ev.WaitedLong():
                self._drop_timer("long_wait")
                self.system("queue.long", choices=self._ways_out())
            case ev.NobodyCame():
                self._end_handover("nobody_came")
                self._own(State.BOT)
                self.bot(
                    "notice", self.say("queue.nobody_came"), choices=[self._human_choice(self.c.reason or "request"), *self._ways_out()]
                )
                self._await_resident()
            case ev.IdleWarned():
                self._drop_timer("idle_warning")
                self.timer("idle_close", states.IDLE_CLOSE)
                self.system("idle.warning", choices=[{"label": self.say("button.stay"), "do": {"stay": True}}])
            case ev.IdleClosed():
                self.close("idle")
                self.system("closed.idle", reference=self.c.reference)

    # Turns

    def say(self, key: str, **values: object) -> str:
        return (self.content.spoken if self.c.channel == VOICE else self.content.text)(key, self.c.language, **values)

    def insert(self, table: str, values: dict[str, Any], *, first: bool = False) -> None:
        self.step.records.insert(0 if first else len(self.step.records), Insert(table, values))

    def update(self, table: str, id: UUID, values: dict[str, Any]) -> None:
        self.step.records.append(Update(table, id, values))

    def _turn(
        self, author: Author, name: str, text: str, *, visible: bool = True, note: bool = False, spoken: str | None = None, **rest: Any
    ) -> Turn:
        seen = visible and not note
        if seen and self.c.channel == VOICE:
            rest["data"] = calls.sounded(self, author, rest.get("kind"), text, rest.get("data", {}), spoken)
        self.c.pos += 1
        self.c.seq += seen
        turn = Turn(
            pos=self.c.pos, seq=self.c.seq if seen else None, author=author, name=name, text=text, at=self.now,
            note=note, suppressed=not visible, **{"language": self.c.language, **rest},
        )  # fmt: skip
        self.step.turns.append(turn)
        if seen:
            if author in ("resident", "staff"):
                self.c.last_text = text
            if self.c.state is not State.BOT and author != "bot":
                said = {"from": author, "name": name, "text": text}
                self.c.missed = (*self.c.missed, said)[-MISSED_AT_MOST:]
        return turn

    def resident(self, text: str, id: str | None, **more: Any) -> None:
        self.c.spoke = True
        self.c.last_at = self.now
        self._drop_timer("unused")
        self._await_resident()
        self.c.unread += self.c.state is not State.BOT
        self._turn("resident", self.say("name.resident"), text, data={**({"id": id} if id else {}), **more})

    def staff(self, by: Person, text: str) -> None:
        self._turn("staff", by.name, text, data={"author_id": str(by.staff)})
        self.subjects.staff_answered(text, by.name)

    def system(self, key: str, choices: list[dict[str, Any]] | None = None, **values: object) -> None:
        data = {"choices": self._numbered(choices)} if choices else {}
        self._turn("system", self.say("name.system"), self.say(key, **values), kind="notice", data=data)

    def bot(self, kind: str, text: str, choices: list[dict[str, Any]] | None = None, data: dict[str, Any] | None = None) -> None:
        numbered = {"choices": self._numbered(choices)} if choices else {}
        self._turn("bot", self.say("name.bot"), text, kind=kind, data={**numbered, **(data or {})})

    def _numbered(self, choices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Gives each choice the id by which it is chosen; what it does never leaves the service."""
        return [{"id": f"{self.c.pos + 1}-{number}", **choice} for number, choice in enumerate(choices, 1)]

    def _human_choice(self, reason: str) -> dict[str, Any]:
        return {"label": self.say("button.human"), "do": {"human": {"reason": reason}}}

    def _ways_out(self) -> list[dict[str, Any]]:
        return [
            {"label": self.say("button.callback"), "do": {"intent": "callback", "entities": {}}},
            {"label": self.say("button.phone"), "do": {"show": "phone"}},
            {"label": self.say("button.hours"), "do": {"show": "hours"}},
        ]

    # Who is in it

    def _identified(self, identity: Identity) -> None:
        """Whoever it is known to be stays that; the same person may be verified again, at a higher level too."""
        if self.c.identity and self.c.identity.person != identity.person:
            raise Refused("not_allowed")
        if not self.c.identity:
            for table in ("segment", "contact_detail"):
                self.step.records.append(Update(table, self.c.id, {"person_id": identity.person}, by="conversation_id"))
        self.c.identity = identity
        if self.c.packet:
            self.c.packet = {**self.c.packet, "identity": self._who()}

    def _who(self) -> dict[str, str] | None:
        """What colleagues are told of how sure it is who this is."""
        known = self.c.identity
        return {"level": known.level, "verified_at": known.verified_at.isoformat()} if known else None

    def joins(self, kind: str, name: str, staff: UUID | None = None) -> None:
        self.leaves(kind)
        id = self.new_id()
        self.c.participants = {**self.c.participants, kind: id}
        values = {"id": id, "conversation_id": self.c.id, "kind": kind, "staff_id": staff, "name": name, "joined_at": self.now,
                  "left_at": None}  # fmt: skip
        self.step.records.append(Insert("participant", values))

    def leaves(self, *kinds: str) -> None:
        for kind in kinds:
            if id := self.c.participants.get(kind):
                self.step.records.append(Update("participant", id, {"left_at": self.now}))
        self.c.participants = {kind: id for kind, id in self.c.participants.items() if kind not in kinds}

    # Time

    def timer(self, kind: str, after: timedelta) -> None:
        self.c.timers = {**self.c.timers, kind: self.now + after}

    def _drop_timer(self, *kinds: str) -> None:
        self.c.timers = {kind: due for kind, due in self.c.timers.items() if kind not in kinds}

    def _await_resident(self) -> None:
        """The clock of a conversation that nobody closes; only while the bot has it."""
        self._drop_timer("idle_warning", "idle_close")
        if self.c.state is State.BOT and self.c.spoke and self.c.channel != VOICE:
            self.timer("idle_warning", states.IDLE_WARNING)

    # Who owns it

    def _own(self, state: State, *, owner: Person | None = None, team: str | None = None) -> None:
        if owner:
            self.joins("staff", owner.name, owner.staff)
        else:
            self.leaves("staff")
        self.c.state, self.c.owner, self.c.team = state, owner, team or self.c.team
        self.c.epoch += 1
        self.c.asks = ()  # what the bot was asked under the old epoch is no longer its business
        if state is State.WAITING:
            self.c.waiting_since = self.c.waiting_since or self.now
            self.c.timers = {"long_wait": self.now + states.LONG_WAIT, "nobody_came": self.now + states.NOBODY_CAME}
        else:
            self.c.timers = {}
        if self.c.channel == VOICE and state is not State.CLOSED:
            self._drop_timer("long_wait", "nobody_came")
            calls.set_timers(self)
        if state is State.BOT:
            self.c.waiting_since, self.c.priority = None, 0

    def close(self, reason: str) -> None:
        self._end_handover(reason)
        unused = {kind: due for kind, due in self.c.timers.items() if kind == "unused"}
        self._own(State.CLOSED)
        self.c.timers = unused  # nothing was ever said: it is removed, closed or not
        self.c.closed_at, self.c.end_reason = self.now, reason
        self.subjects.close()
        self.leaves(*self.c.participants)
        with_staff = bool(self.c.packet or self.c.callback)
        self.keep("staff" if with_staff else "bot", self.content.kept_for(with_staff=with_staff))

    def keep(self, kept_as: str, words: timedelta) -> None:
        """From now on the terms run: of what was said, and of the contact moments that it was, if it was any (PRV-5, PRV-7)."""
        whole = max(words, self.content.summary_kept()) if self.c.segments else words
        if words < whole:
            self.timer("transcript", words)
        self.timer("destroy", whole)
        self.c.kept_as, self.c.destroy_at, self.c.legal_basis = kept_as, self.now + whole, self.content.legal_basis()

    def _update_handover(self, **values: Any) -> None:
        if self.c.handover:
            self.step.records.append(Update("handover", self.c.handover, values))

    def _end_handover(self, outcome: str) -> None:
        self._update_handover(ended_at=self.now, outcome=outcome)
        self.c.handover = None

    # The bot

    def _ask(self, pos: int, **what: Any) -> None:
        """Asks the bot, if it owns the conversation. One question at a time, in the order in which they came."""
        if self.c.state is not State.BOT:
            return
        self.c.asks = (*self.c.asks, Ask(pos=pos, at=self.now, **what))
        if len(self.c.asks) == 1:
            self._ask_next()

    def _ask_next(self) -> None:
        """The time limit counts from when the question was stored, not from when its turn came."""
        if not self.c.asks:
            self._drop_timer("answer")
            return
        self.c.timers = {**self.c.timers, "answer": self.c.asks[0].at + states.ANSWER_OVERDUE}
        self.step.asks.append(AskBot(self.c.asks[0], self.c.epoch, self.c.memory, self.c.missed, self.c.channel == VOICE))

    def _chose(self, label: str, do: dict[str, Any]) -> None:
        match do:
            case {"ask": entities}:
                self._ask(self.c.pos, intent="vraag", entities=entities, label=label)
            case {"intent": intent}:
                self._ask(self.c.pos, intent=intent, entities=do.get("entities", {}), label=label)
            case {"again": text}:
                self._ask(self.c.pos, text=text)
            case {"show": ("phone" | "hours") as what} if self.c.state is not State.STAFF:
                self.system(f"show.{what}")
            case {"stay": True} if self.c.state is State.BOT:
                self.bot("notice", self.say("idle.stay"))

    def _bot_answered(self, event: ev.BotAnswered) -> None:
        asked = next((ask for ask in self.c.asks if ask.pos == event.ask), None) if event.epoch == self.c.epoch else None
        if asked and calls.instead(self, event.reply):
            self._answered(event.ask)
            return
        for turn in event.reply.turns:
            self._bot_turn(turn, event.reply.understanding, asked)
        if not asked:
            return
        self.c.memory, self.c.understanding = event.reply.memory, event.reply.understanding
        self.c.missed, self.c.unanswered = (), None
        self.c.topic = self.c.memory.get("slots", {}).get("topic") or self.c.topic
        self._answered(event.ask)
        if event.then:
            self.take(event.then)

    def _answered(self, pos: int) -> None:
        self.c.asks = tuple(ask for ask in self.c.asks if ask.pos != pos)
        self._ask_next()

    def _bot_turn(self, turn: ev.BotTurn, understanding: dict[str, Any], asked: Ask | None) -> None:
        """Answers `asked`; where that is not asked any more, it is kept and not shown."""
        visible = asked is not None
        keep = ("topics", "link", "checked_on", "confidence", "reason", "candidates")
        data = {name: value for name in keep if (value := getattr(turn, name)) is not None}
        if turn.choices:
            data["choices"] = self._numbered(turn.choices)
        data["understanding"] = understanding
        language = turn.language or self.c.language
        self._turn("bot", self.say("name.bot"), turn.text, visible=visible, kind=turn.kind, topic=turn.topic,
                   aspect=turn.aspect, language=language, data=data, spoken=turn.spoken)  # fmt: skip
        if visible:
            self.subjects.bot_answered(turn, asked)
        if turn.callback and visible:
            self._callback(turn.callback, asked)

    def _callback(self, wanted: dict[str, Any], asked: Ask | None) -> None:
        """Stored as soon as there is a number, so that nobody who drops out then is forgotten; confirmed or mended after."""
        match wanted:
            case {"confirmed": confirmed} if self.c.callback:
                status = "open" if confirmed else "cancelled"
                if not confirmed:
                    self.subjects.call_cancelled()
                self.step.records.append(Update("callback", self.c.callback, {"status": status, "changed_at": self.now}, ("done",)))
                self.c.callback = self.c.callback if confirmed else None
            case {"phone": phone} if self.c.callback:
                values = {"phone": phone, "status": "unconfirmed", "changed_at": self.now}
                self.step.records.append(Update("callback", self.c.callback, values))
                self.step.records.append(Update("contact_detail", self.c.callback, {"kind": "phone", "value": phone}))
            case {"phone": phone}:
                self.c.callback = self.new_id()
                slots = (self.c.memory or {}).get("slots", {})
                self.subjects.call_promised(slots.get("topic"), self.c.unanswered or slots.get("question"), asked)
                self.step.records.append(
                    Insert("callback", {
                        "id": self.c.callback, "conversation_id": self.c.id, "phone": phone, "name": None, "team": self.c.team,
                        "question": self.c.unanswered or slots.get("question"), "topic": slots.get("topic"),
                        "status": "unconfirmed", "created_at": self.now, "changed_at": self.now, "done_by": None,
                        "segment_id": self.subjects.now.id,
                    })
                )  # fmt: skip
                self.contact_detail(self.c.callback, "phone", phone, "callback")

    def contact_detail(self, id: UUID, kind: str, value: str, source: str) -> None:
        """What a resident gave to be reached at, or a clue to who it is, for this contact only. The store encrypts the value."""
        person = self.c.identity.person if self.c.identity else None
        self.step.records.append(
            Insert("contact_detail", {
                "id": id, "conversation_id": self.c.id, "person_id": person, "kind": kind, "value": value, "source": source,
                "verified_at": None, "reuse_consent": False,
            })
        )  # fmt: skip

    def _apologise(self, asks: list[Ask]) -> None:
        """The bot is down or slow: one honest notice with ways on. A late answer will find its question gone."""
        if not asks:
            return
        question = next((ask.text for ask in reversed(asks) if ask.text), None)
        self.c.unanswered = question or self.c.unanswered
        again = [{"label": self.say("button.again"), "do": {"again": question}}] if question else self._same_again(asks[-1])
        choices = [*again, self._human_choice("bot_down"), {"label": self.say("button.phone"), "do": {"show": "phone"}}]
        answered = {ask.pos for ask in asks}
        self.c.asks = tuple(ask for ask in self.c.asks if ask.pos not in answered)
        self.bot("notice", self.say("bot.down"), choices=[*choices, *self.content.top_choices(self.c.language)[:2]])
        self._ask_next()

    def _same_again(self, ask: Ask) -> list[dict[str, Any]]:
        do = {"ask": ask.entities} if ask.intent == "vraag" else {"intent": ask.intent, "entities": ask.entities}
        return [{"label": self.say("button.again"), "do": do}]

    # People

    def _hand_over(self, event: ev.HumanAsked) -> None:
        self._asked_for_a_person(event)
        self.c.reason, self.c.unread = event.reason, 0
        self.c.unanswered = next((ask.text for ask in reversed(self.c.asks) if ask.text), self.c.unanswered)
        if self.c.memory:
            self.c.memory = {"slots": self._kept_slots(), "loop": None}
        self._own(State.WAITING, team=event.team)
        self._new_handover()
        self.subjects.handed_over()
        self.system("queue.entered")
        if self.c.channel == VOICE:
            calls.handed_over(self)

    def _kept_slots(self) -> dict[str, Any]:
        """What the bot still knows after people had the conversation: its facts, not what it was about to do."""
        slots = (self.c.memory or {}).get("slots", {})
        return {name: value for name, value in slots.items() if name not in ("requested_slot", "offered")}

    def _new_handover(self) -> None:
        self.c.packet, self.c.kept_as = self._packet(), "staff"
        self.c.handover = self.new_id()
        number = self.c.call.caller.number if self.c.call and self.c.channel == VOICE else None
        self.step.records.append(
            Insert("handover", {
                "code": handover_code(self.c.handover), "number": number,
                "id": self.c.handover, "conversation_id": self.c.id, "epoch": self.c.epoch, "team": self.c.team,
                "reason": self.c.reason, "packet": self.c.packet, "asked_at": self.now, "claimed_at": None,
                "claimed_by": None, "ended_at": None, "outcome": None,
            })
        )  # fmt: skip

    def _packet(self) -> dict[str, Any]:
        """What a colleague needs to go on without asking again, from the tracker, the NLU result and what was answered."""
        slots = (self.c.memory or {}).get("slots", {})
        understood = self.c.understanding or {}
        topic = slots.get("topic")
        likely = [item for item in understood.get("topics", []) if item["confidence"] >= WORTH_TELLING]
        intents = [{"intent": item["topic"], "confidence": item["confidence"]} for item in likely[:3]]
        if not intents and (intent := understood.get("intent")):
            intents = [{"intent": intent["name"], "confidence": intent["confidence"]}]
        known = {"phone": (slots.get("callback_pending") or {}).get("phone"), "agreed": (slots.get("agreed") or {}).get("text")}
        filled = [{"name": name, "value": value, "confidence": None, "source": "form"} for name, value in known.items() if value]
        filled += [
            {"name": entity.get("entity"), "value": entity.get("value"), "confidence": entity.get("confidence"), "source": "text"}
            for entity in slots.get("entities") or []
        ]
        if self.c.call and self.c.call.caller.number and self.c.channel == VOICE:
            filled.append({"name": "caller", "value": self.c.call.caller.number, "confidence": None, "source": "network"})
        return {
            "reason": self.c.reason,
            "subject": {"topic": topic, "aspect": slots.get("aspect"), "upl_uri": self.content.upl_uri(topic) if topic else None},
            "question": self.c.unanswered or slots.get("question"),
            "slots": filled,
            "understanding": intents,
            "tried": slots.get("tried") or [],
            "channel": self.c.channel,
            "language": self.c.language,
            "page": self.c.page,
            "identity": self._who(),
            "waiting_since": self.c.waiting_since.isoformat() if self.c.waiting_since else None,
        }

    def _asked_for_a_person(self, event: ev.HumanAsked | ev.NobodyAvailable) -> None:
        """A button of a turn is a turn itself; the widget's own button is none, but counts as having been here."""
        if event.label:
            self.resident(event.label, event.id)
        self.c.last_at, self.c.spoke = self.now, True
        self._drop_timer("unused")
        self._await_resident()

    def _nobody_available(self, event: ev.NobodyAvailable) -> None:
        self._asked_for_a_person(event)
        key = "closed_now.busy" if event.open else "closed_now.closed"
        opens = self.content.moment(event.opens_at, self.c.language)
        self.bot("notice", self.say(key, opens=opens), choices=self._ways_out(), data={"opens_at": event.opens_at.isoformat()})

    def _leave_queue(self, event: ev.QueueLeft) -> None:
        if event.label:
            self.resident(event.label, event.id)
        pressed, do = self.c.pos, event.do
        self._end_handover("left_queue")
        self._own(State.BOT)
        self._await_resident()
        if do and "intent" in do:
            self._ask(pressed, intent=do["intent"], entities=do.get("entities", {}))
        else:
            self.bot("notice", self.say("queue.left"))

    def _claim(self, by: Person, epoch: int | None) -> None:
        if epoch is not None and epoch != self.c.epoch:
            raise Refused("taken")
        self._own(State.STAFF, owner=by)
        self._update_handover(claimed_at=self.now, claimed_by=by.staff)
        calls.claimed(self)
        self.system("staff.joined", name=by.name)

    def _owned_by(self, by: Person, epoch: int | None = None) -> None:
        if not self.c.owner or self.c.owner.staff != by.staff or epoch not in (None, self.c.epoch):
            raise Refused("not_owner", by=self.c.owner.name if self.c.owner else None)

    def _transfer(self, event: ev.Transferred) -> None:
        self._owned_by(event.by, event.epoch)
        if event.to and event.to.staff == event.by.staff:
            raise Refused("not_allowed")
        self._turn("staff", event.by.name, event.reason, note=True, data={"author_id": str(event.by.staff), "transfer": True})
        self._end_handover("transferred")
        self.c.reason = "transfer"
        if event.to:
            self._own(State.STAFF, owner=event.to, team=event.team)
        else:
            self.c.waiting_since = self.now
            self._own(State.WAITING, team=event.team)
        self._new_handover()
        if event.to:
            self._update_handover(claimed_at=self.now, claimed_by=event.to.staff)
            self.system("staff.transferred_to", name=event.to.name)
        else:
            self.system("staff.transferred")

    def _give_back(self, by: Person, text: str | None, epoch: int | None) -> None:
        self._owned_by(by, epoch)
        if text:
            self.staff(by, text)
        agreed = text or next((said["text"] for said in reversed(self.c.missed) if said["from"] == "staff"), "")
        slots = self._kept_slots() | {"agreed": {"by": by.name, "text": agreed}, "failures": 0}
        self.c.memory = {"slots": slots, "loop": None}
        self._end_handover("returned")
        self._own(State.BOT)
        self._await_resident()
        self.bot("notice", self.say("staff.returned", name=by.name))

    def _wrap_up(self, event: ev.WrappedUp) -> None:
        self._owned_by(event.by, event.epoch)
        self._end_handover("closed")
        self.subjects.reported(event)
        self.close("staff")
        self.step.records.append(
            Insert("wrap_up", {
                "id": self.new_id(), "conversation_id": self.c.id, "at": self.now, "by_staff": event.by.staff, "by_name": event.by.name,
                "outcome": event.outcome, "summary": event.summary, "subjects": event.subjects,
            })
        )  # fmt: skip
        self.system("closed.staff", name=event.by.name, reference=self.c.reference)

    def _staff_lost(self, owner: UUID) -> None:
        if not self.c.owner or self.c.owner.staff != owner:
            raise Refused("not_owner")
        lost = self.c.owner.name
        self._update_handover(claimed_at=None, claimed_by=None)
        self.c.priority = 1
        self._own(State.WAITING)
        self.system("staff.lost", name=lost)
