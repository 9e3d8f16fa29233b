"""Every word that the service says: on /chat/ws, on /console/ws and in its JSON over HTTP.

The sockets build plain dicts where they know what to say; these types describe them. docs/asyncapi.json and
docs/openapi.json are made from here (`wegwijs docs`), and tests/stack/test_contract.py holds real frames against them:
a field that stands here and is not sent, or is sent and does not stand here, fails. A docstring is the text that
readers of those files get.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handover.conversation.conversation import Author
from handover.conversation.events import Language, Outcome
from handover.conversation.special import Special
from handover.conversation.states import State
from handover.staff.accounts import Role
from handover.staff.presence import Status

Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339")]
Count = Annotated[int, Meta(ge=1)]
Kind = Literal["greeting", "answer", "clarify", "fallback", "referral", "urgent", "smalltalk", "form", "handover_offer", "notice"]
CallbackStatus = Literal["unconfirmed", "open", "done", "cancelled"]


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of everything here."""


class Frame(Said, frozen=True, tag_field="type"):
    """The base: `{"type": …}`."""


# Parts of both sockets


class Subject(Said, frozen=True):
    topic: str
    aspect: str | None = None


class Link(Said, frozen=True):
    url: str
    title: str


class Choice(Said, frozen=True):
    """A button. The id means something to the service alone."""

    id: str
    label: str


class Turn(Said, frozen=True, kw_only=True):
    """What residents and staff are both shown of a turn."""

    author: Author = msgspec.field(name="from")
    name: str
    text: str
    at: Moment
    language: str
    kind: Kind | UnsetType = UNSET
    topic: str | UnsetType = UNSET
    aspect: str | UnsetType = UNSET
    topics: list[Subject] | UnsetType = UNSET
    candidates: list[str] | UnsetType = UNSET
    link: Link | UnsetType = UNSET
    checked_on: date | UnsetType = UNSET
    choices: list[Choice] | UnsetType = UNSET


class ResidentTurn(Turn, frozen=True, kw_only=True):
    """A turn that the resident may see. `id` is the resident's own, on their turns."""

    seq: Count
    id: UUID | UnsetType = UNSET


class Understanding(Said, frozen=True, kw_only=True):
    """What the bot made of the text that this turn answers."""

    intent: dict[str, Any] | None
    kind: str | None
    subkind: str | None
    topics: list[dict[str, Any]] | None
    aspects: list[dict[str, Any]] | None
    entities: list[dict[str, Any]] | None
    language: str | None
    language_confidence: float | None


class StaffTurn(Turn, frozen=True, kw_only=True):
    """A turn as staff see it. `seq` is null for what the resident does not see: notes and suppressed turns of the bot.
    `confidence`: of the recogniser, of what a caller said. `spoken`: what a caller heard, where that is not the text.
    `special`: kinds of special personal data that a resident's words seem to hold (PRV-3)."""

    pos: Count
    seq: Count | None
    note: bool
    suppressed: bool
    confidence: float | UnsetType = UNSET
    spoken: str | UnsetType = UNSET
    understanding: Understanding | UnsetType = UNSET
    special: list[Special] | UnsetType = UNSET


# /chat/ws


class Welcome(Frame, frozen=True, tag="welcome"):
    """The answer to `hello`: the turns after `after`. With `more`, the rest follows as `turn` frames. One `state` frame follows."""

    conversation: UUID
    token: str
    language: Language
    turns: list[ResidentTurn]
    more: bool | UnsetType = UNSET


class ResidentAck(Frame, frozen=True, tag="ack"):
    """Stored so that it survives a power cut. `seq` if it made a turn."""

    id: UUID
    seq: Count | UnsetType = UNSET


class ResidentHears(Frame, frozen=True, tag="turn"):
    """A new turn, the resident's own too; in order of `seq`, each once."""

    turn: ResidentTurn


class ConversationState(Frame, frozen=True, kw_only=True, tag="state"):
    """Who has the conversation now. `position` and `wait_seconds` while it waits; `staff` is the name of who has it;
    `opens_at` is the next opening, when nobody can be reached."""

    state: State
    epoch: Count
    position: Count | UnsetType = UNSET
    wait_seconds: int | UnsetType = UNSET
    staff: str | UnsetType = UNSET
    opens_at: Moment | UnsetType = UNSET


class StaffTypes(Frame, frozen=True, tag="typing"):
    """A member of staff types. Never sent for the bot."""

    on: bool


class ResidentError(Frame, frozen=True, kw_only=True, tag="error"):
    """Refused, and nothing has changed. `message` is in the resident's language, ready to show."""

    code: Literal["bad_frame", "too_long", "rate_limited", "closed", "not_found", "unavailable", "identify"]
    message: str
    id: UUID | UnsetType = UNSET


class ResidentCode(Frame, frozen=True, kw_only=True, tag="code"):
    """The answer to `call`: who calls `phone` and keys in `code` before it expires goes on with this conversation, once."""

    code: str
    expires_at: Moment
    phone: "Phone"


ToResident = Welcome | ResidentAck | ResidentHears | ConversationState | StaffTypes | ResidentCode | ResidentError


# /console/ws


class Owner(Said, frozen=True):
    staff: UUID
    name: str


class Me(Said, frozen=True):
    """Who is logged in."""

    staff: UUID
    name: str
    role: Role
    teams: list[str]


class Team(Said, frozen=True):
    """`available`: colleagues who can take a conversation. `waiting`: conversations."""

    team: str
    name: str
    available: int
    waiting: int


class Colleague(Said, frozen=True):
    staff: UUID
    name: str
    teams: list[str]
    status: Status


class Label(Said, frozen=True):
    nl: str
    en: str


class Topic(Said, frozen=True):
    id: str
    label: Label


class Summary(Said, frozen=True, kw_only=True):
    """A line of the lists."""

    conversation: UUID
    state: State
    epoch: Count
    team: str | None
    waiting_since: Moment | None
    reason: str | None
    topic: str | None
    channel: str
    language: Language
    owner: Owner | None
    last_text: str
    unread: int
    priority: int


class Ready(Frame, frozen=True, kw_only=True, tag="ready"):
    """The first frame: who this is, and what they may see. `calls`: a telephone gateway is connected."""

    me: Me
    teams: list[Team]
    colleagues: list[Colleague]
    topics: list[Topic]
    conversations: list[Summary]
    calls: bool


class ConversationChanged(Summary, frozen=True, kw_only=True, tag_field="type", tag="conversation"):
    """New or changed, with the fields of a summary. One that this person may no longer see comes once more, with its new state."""


class PacketSubject(Said, frozen=True):
    topic: str | None
    aspect: str | None
    upl_uri: str | None


class Slot(Said, frozen=True):
    name: str
    value: Any
    confidence: float | None
    source: str


class Understood(Said, frozen=True):
    intent: str
    confidence: float


class Identity(Said, frozen=True):
    """How sure it is who the resident is: by what, and since when. Null: nobody vouches for it."""

    level: str
    verified_at: Moment


class Packet(Said, frozen=True, kw_only=True):
    """What a colleague needs to go on without asking again."""

    reason: str | None
    subject: PacketSubject
    question: str | None
    slots: list[Slot]
    understanding: list[Understood]
    tried: list[Subject]
    channel: str
    language: Language
    page: str | None
    identity: Identity | None
    waiting_since: Moment | None


class Contact(Said, frozen=True, kw_only=True):
    """A contact moment over any channel: one subject. `subject` has ids of topics, or words where it is about none; `outcome`
    is null while it goes on; `promised`: what the resident may expect."""

    segment: UUID
    conversation: UUID
    reference: str
    at: Moment
    ended_at: Moment | None
    channel: str
    subject: list[str]
    outcome: Outcome | Literal["answered", "unanswered"] | None
    summary: str
    promised: str | None
    by: str


class Detail(Said, frozen=True, kw_only=True):
    """Where somebody can be reached, or how they call themselves. Without `verified_at` nobody has checked it: it proves nothing."""

    kind: Literal["phone", "email", "name"]
    value: str
    source: Literal["typed", "caller", "callback", "session"]
    verified_at: Moment | None


class Callback(Said, frozen=True, kw_only=True):
    """Somebody who wants to be called back."""

    callback: UUID
    conversation: UUID
    phone: str
    name: str | None
    question: str | None
    topic: str | None
    status: CallbackStatus
    created_at: Moment
    done_by: UUID | None
    preferred: Literal["morning", "afternoon", "any"] | None


class Call(Said, frozen=True, kw_only=True):
    """The telephone side. `number`: as the network told it, which proves nothing. `live`: the call is going on."""

    number: str | None
    live: bool


class Context(Frame, frozen=True, kw_only=True, tag="context"):
    """The answer to `open`. `packet` is null for a conversation that was never handed over. `contacts`: of this person over every
    channel, if it is known who it is, else of this conversation; newest first. `callbacks`: of this conversation, and those of the person
    that are still to be done. `details`: where the person can be reached, and clues to who it is."""

    conversation: UUID
    state: State
    epoch: Count
    team: str | None
    owner: Owner | None
    language: Language
    packet: Packet | None
    turns: list[StaffTurn]
    contacts: list[Contact]
    callbacks: list[Callback]
    details: list[Detail]
    call: "Call | None"


class StaffHears(Frame, frozen=True, tag="turn"):
    """A new turn of a conversation that is open on this console."""

    conversation: UUID
    turn: StaffTurn


class StaffAck(Frame, frozen=True, tag="ack"):
    """Done and stored. `pos` if it made a turn."""

    id: UUID
    pos: Count | UnsetType = UNSET


class SomebodyTypes(Frame, frozen=True, kw_only=True, tag="typing"):
    """The resident types, or a colleague, whose `name` is given then."""

    conversation: UUID
    on: bool
    author: Literal["resident", "staff"] = msgspec.field(name="from")
    name: str | UnsetType = UNSET


class PresenceChanged(Frame, frozen=True, tag="presence"):
    """At every change and every 20 seconds. The console answers it with its own `presence`: that is the heartbeat."""

    teams: list[Team]
    colleagues: list[Colleague]


class Callbacks(Frame, frozen=True, tag="callbacks"):
    """The answer to `callbacks`; also sent to everybody when one is new or changed, with all that are still to be done."""

    callbacks: list[Callback]


class StaffCode(Frame, frozen=True, kw_only=True, tag="code"):
    """The answer to `code`: with either of the two the resident goes on with this conversation in the chat, once."""

    conversation: UUID
    code: str
    link: str
    expires_at: Moment


class StaffError(Frame, frozen=True, kw_only=True, tag="error"):
    """Refused, and nothing has changed. `by`: who has the conversation. `message` is in this person's language, ready to show."""

    code: Literal["bad_frame", "too_long", "rate_limited", "closed", "not_found", "unavailable", "taken", "not_owner", "not_allowed"]
    message: str
    id: UUID | UnsetType = UNSET
    by: str | UnsetType = UNSET


ToStaff = (
    Ready | ConversationChanged | Context | StaffHears | StaffAck | SomebodyTypes | PresenceChanged | Callbacks | StaffCode | StaffError
)


# JSON over HTTP


class Phone(Said, frozen=True):
    label: str
    href: str


class ChatInfo(Said, frozen=True, kw_only=True):
    """What the widget shows before anything is said. `open`: staff can be reached at this moment. `calls`: a chat can go on by
    telephone, and a call here."""

    municipality: str
    assistant: str
    open: bool
    phone: Phone
    hours: str
    privacy_url: str
    contact_url: str
    kept_days: dict[str, int]
    calls: bool


class Health(Said, frozen=True):
    status: Literal["ok", "starting"]
    bot: Literal["ok", "down"] | UnsetType = UNSET


class MeOverHttp(Me, frozen=True, kw_only=True):
    """Who is logged in, and the language of their console."""

    language: Language


class Ringing(Said, frozen=True, kw_only=True):
    """Whom a ringing telephone is about: the handover behind its code or number."""

    handover: UUID
    code: str | None
    conversation: UUID
    state: State
    team: str
    reason: str
    asked_at: Moment
    open: bool


class MineSession(Said, frozen=True):
    """For a quarter of an hour, in place of the site's token."""

    token: str
    until: datetime


class MineContacts(Said, frozen=True):
    """Of one resident, newest first. `person`: by what they are known; null where a conversation's own secret was shown."""

    person: dict[str, Any] | None
    contacts: list[dict[str, Any]]


class MineContact(Said, frozen=True, kw_only=True):
    """One conversation; staff are shown by role. `kept`: class, legal basis and dates."""

    id: UUID
    reference: str
    channel: str
    state: str
    kept: dict[str, Any]
    moments: list[dict[str, Any]]
    turns: list[dict[str, Any]]
    callbacks: list[dict[str, Any]]
    details: list[dict[str, Any]]


class MineCorrection(Said, frozen=True):
    value: str


class MineDetail(Said, frozen=True):
    id: UUID
    value: str


class MineRefusal(Said, frozen=True):
    """Problem details. `code`: token, identify, not_found, throttled, origin, invalid; of what must stay: held, callback, running."""

    status: int
    code: str
    title: str
    detail: str
    instance: str


class Wrong(Said, frozen=True):
    """What is wrong, for developers."""

    error: str


class Problem(Said, frozen=True):
    """RFC 9457. `reference` stands in the log; nothing else is told."""

    status: int
    title: str
    reference: str
