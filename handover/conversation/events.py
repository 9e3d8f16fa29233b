"""What can happen in a conversation. Past tense, frozen, and complete: an event carries all that deciding needs."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

Outcome = Literal["resolved", "referred", "callback", "abandoned", "abuse"]
Language = Literal["nl", "en"]


class Event(msgspec.Struct, frozen=True):
    """The base of all events."""


class Person(msgspec.Struct, frozen=True):
    """A member of staff, as the conversation knows them."""

    staff: UUID
    name: str


class Identity(msgspec.Struct, frozen=True):
    """A known resident: our own id of the person, how they were known (level of assurance) and when that was."""

    person: UUID
    level: str
    verified_at: datetime


class Ask(msgspec.Struct, frozen=True):
    """A question that the bot still has to answer: the `pos` of the turn that asked it, when, and what is asked.

    Exactly one of `text` and `intent` is set. An intent comes from a button of ours, never from what was typed.
    """

    pos: int
    at: datetime
    text: str | None = None
    intent: str | None = None
    entities: dict[str, Any] = {}
    label: str | None = None  # of the button


class BotTurn(msgspec.Struct, frozen=True, omit_defaults=True):
    """One turn as the bot's actions send it (`{"turn": …}`); `choices` still carry what each button does."""

    kind: str
    text: str
    topic: str | None = None
    aspect: str | None = None
    topics: list[dict[str, Any]] | None = None
    link: dict[str, str] | None = None
    checked_on: str | None = None
    choices: list[dict[str, Any]] = []
    confidence: float | None = None
    reason: str | None = None
    candidates: list[str] | None = None
    callback: dict[str, Any] | None = None
    accept: bool = False  # the resident agreed in words to be handed over
    language: str | None = None
    spoken: str | None = None  # the same in few words, for the ear


class Caller(msgspec.Struct, frozen=True):
    """Who calls. `row`: of the table `call`; `key`: `<gateway>:<call id>`; `number`: as the network told it, which proves nothing.

    `told`: the gateway tells how a transfer ended; where it does not, a call-back is drafted before the caller is passed on.
    """

    row: UUID
    key: str
    number: str | None = None
    told: bool = True


class BotReply(msgspec.Struct, frozen=True):
    """What Rasa answered to one ask."""

    turns: list[BotTurn]
    memory: dict[str, Any]
    understanding: dict[str, Any]


# What residents do


class Said(Event, frozen=True):
    """`id`, here and below: what the resident's client calls it."""

    text: str
    id: str | None = None


class Chose(Event, frozen=True):
    """A button. `label` is what the transcript shows, `do` what the button was stored with."""

    label: str
    do: dict[str, Any]
    id: str | None = None


class HumanAsked(Event, frozen=True):
    """Asks for a person, and there is one: `team` has somebody available."""

    team: str
    reason: str
    label: str | None = None  # of the button, when a button of a turn was pressed
    id: str | None = None


class NobodyAvailable(Event, frozen=True):
    """Asks for a person, and nobody is there. `opens_at`: the next time that somebody is; `open`: it is within hours."""

    reason: str
    opens_at: datetime
    open: bool
    label: str | None = None
    id: str | None = None


class QueueLeft(Event, frozen=True):
    """Back to the bot, with the button that did it if it was one (a call-back instead of waiting on)."""

    label: str | None = None
    do: dict[str, Any] | None = None
    id: str | None = None


class LanguageChanged(Event, frozen=True):
    language: Language


class Rated(Event, frozen=True):
    score: int
    comment: str | None = None


class Closed(Event, frozen=True):
    """The resident ends it."""


class Identified(Event, frozen=True):
    """Somebody who can vouch for it says who the resident is."""

    identity: Identity


# What a caller does, by telephone. `person`: what asking for a person comes to at this moment.


class CallJoined(Event, frozen=True):
    """A conversation that was a chat goes on by telephone."""

    caller: Caller


class CallerKnown(Event, frozen=True):
    """The gateway told the number only after the call had begun."""

    number: str | None


class Spoke(Event, frozen=True):
    """`confidence`: of the recogniser, 0..1, if it gives one."""

    text: str
    confidence: float | None = None
    person: "HumanAsked | NobodyAvailable | None" = None


class Keyed(Event, frozen=True):
    """One key or more: digits, * and #."""

    keys: str
    person: "HumanAsked | NobodyAvailable | None" = None


class Silent(Event, frozen=True):
    """Nothing was heard within the time that was given."""

    person: "HumanAsked | NobodyAvailable | None" = None


class CodeRefused(Event, frozen=True):
    """The code that the caller gave is wrong, used or too old; which of these is not told."""

    person: "HumanAsked | NobodyAvailable | None" = None


class CallMoved(Event, frozen=True):
    """The code was right: the call goes on in another conversation, and this one was only its beginning."""


class WebJoined(Event, frozen=True):
    """The caller has the conversation in a chat as well."""


class TransferFailed(Event, frozen=True):
    """Busy, no answer, refused: the caller is with us again."""


class TransferDone(Event, frozen=True):
    """The caller has spoken with somebody, and that talk is over."""


class StillThere(Event, frozen=True):
    """A sign of life of the gateway, without words of the caller."""


class LineLost(Event, frozen=True):
    """The gateway is gone; the call may live on, and the gateway come back."""


class HungUp(Event, frozen=True):
    """The call is over. `key`: which one; another call may go on in the same conversation."""

    key: str
    reason: str = "hung_up"


# What the bot does


class BotAnswered(Event, frozen=True):
    """`then`: the resident agreed in words to be handed over, and this is what that comes to now, in the same step."""

    ask: int  # pos of the turn that asked
    epoch: int  # under which it was asked
    reply: BotReply
    then: HumanAsked | NobodyAvailable | None = None


class BotFailed(Event, frozen=True):
    """No answer: not reachable, an error, or too slow. `alone`: the bot is there, and failed at this question only."""

    ask: int
    epoch: int
    alone: bool = False


# What staff do


class Claimed(Event, frozen=True):
    by: Person
    epoch: int | None = None


class Replied(Event, frozen=True):
    by: Person
    text: str


class Noted(Event, frozen=True):
    by: Person
    text: str


class Transferred(Event, frozen=True):
    """To a team's queue (`to` is None) or to a colleague by name."""

    by: Person
    team: str
    reason: str
    to: Person | None = None
    epoch: int | None = None


class Returned(Event, frozen=True):
    by: Person
    text: str | None = None
    epoch: int | None = None


class WrappedUp(Event, frozen=True):
    by: Person
    outcome: Outcome
    summary: str
    subjects: list[str]
    epoch: int | None = None


# What time does


class StaffLost(Event, frozen=True):
    """Nothing was heard of the owner for a minute."""

    owner: UUID


class AnswerOverdue(Event, frozen=True):
    pass


class WaitedLong(Event, frozen=True):
    pass


class NobodyCame(Event, frozen=True):
    pass


class IdleWarned(Event, frozen=True):
    pass


class IdleClosed(Event, frozen=True):
    pass


class CallLost(Event, frozen=True):
    """Nothing was heard of a call for so long that it must be over; or it is, and nobody took over who asked for a person."""
