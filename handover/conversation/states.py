"""Who owns a conversation, and what may happen then.

This table is the whole state machine. An event that is not in the row of the current state is refused
and changes nothing. An event that leads to the same state leaves the owner as he is, except
`Transferred`, which may go from one member of staff to another. Every change of owner makes the epoch one
higher, and what was decided under an older epoch is not carried out: that is what keeps a slow bot answer
from appearing after a colleague has taken over.

The drawing in docs/states.md is made from this table (`wegwijs docs`), and a test walks every state with
every event.
"""

from datetime import timedelta
from enum import StrEnum

from handover.conversation.events import (
    AnswerOverdue,
    BotAnswered,
    BotFailed,
    CallerKnown,
    CallJoined,
    CallLost,
    CallMoved,
    Chose,
    Claimed,
    Closed,
    CodeRefused,
    Event,
    HumanAsked,
    HungUp,
    Identified,
    IdleClosed,
    IdleWarned,
    Keyed,
    LanguageChanged,
    LineLost,
    NobodyAvailable,
    NobodyCame,
    Noted,
    QueueLeft,
    Rated,
    Replied,
    Returned,
    Said,
    Silent,
    Spoke,
    StaffLost,
    StillThere,
    TransferDone,
    TransferFailed,
    Transferred,
    WaitedLong,
    WebJoined,
    WrappedUp,
)


class State(StrEnum):
    BOT = "bot"
    WAITING = "waiting"
    STAFF = "staff"
    CLOSED = "closed"


TRANSITIONS: dict[State, dict[type[Event], State]] = {
    State.BOT: {
        Said: State.BOT,
        Chose: State.BOT,
        LanguageChanged: State.BOT,
        Identified: State.BOT,
        Rated: State.BOT,
        BotAnswered: State.BOT,
        BotFailed: State.BOT,
        AnswerOverdue: State.BOT,
        NobodyAvailable: State.BOT,
        IdleWarned: State.BOT,
        CallJoined: State.BOT,
        CallerKnown: State.BOT,
        Spoke: State.BOT,
        Keyed: State.BOT,
        Silent: State.BOT,
        CodeRefused: State.BOT,
        StillThere: State.BOT,
        LineLost: State.BOT,
        WebJoined: State.BOT,
        HumanAsked: State.WAITING,
        CallMoved: State.CLOSED,
        HungUp: State.CLOSED,  # or, of a chat that went on by telephone, BOT
        CallLost: State.CLOSED,  # the same
        IdleClosed: State.CLOSED,
        Closed: State.CLOSED,
    },
    State.WAITING: {
        Said: State.WAITING,
        Chose: State.WAITING,
        LanguageChanged: State.WAITING,
        Identified: State.WAITING,
        Rated: State.WAITING,
        BotAnswered: State.WAITING,  # too late: kept, suppressed
        BotFailed: State.WAITING,
        Noted: State.WAITING,
        CallJoined: State.WAITING,
        CallerKnown: State.WAITING,
        Spoke: State.WAITING,  # or, of a caller who should be with a colleague by now, BOT
        Keyed: State.WAITING,  # the same
        Silent: State.WAITING,  # the same
        StillThere: State.WAITING,
        LineLost: State.WAITING,
        WebJoined: State.WAITING,
        HungUp: State.WAITING,  # whoever answers may still look who it was
        WaitedLong: State.WAITING,
        Claimed: State.STAFF,
        QueueLeft: State.BOT,
        NobodyCame: State.BOT,
        TransferFailed: State.BOT,
        TransferDone: State.CLOSED,  # somebody answered, who did not take it on the console
        CallLost: State.CLOSED,
        Closed: State.CLOSED,
    },
    State.STAFF: {
        Said: State.STAFF,
        Chose: State.STAFF,
        LanguageChanged: State.STAFF,
        Identified: State.STAFF,
        Rated: State.STAFF,
        BotAnswered: State.STAFF,
        BotFailed: State.STAFF,
        Replied: State.STAFF,
        Noted: State.STAFF,
        CallJoined: State.STAFF,
        CallerKnown: State.STAFF,
        Spoke: State.STAFF,  # or, of a caller who should be with a colleague by now, BOT
        Keyed: State.STAFF,  # the same
        Silent: State.STAFF,  # the same
        StillThere: State.STAFF,
        LineLost: State.STAFF,
        WebJoined: State.STAFF,
        TransferDone: State.STAFF,  # whoever took it wraps up
        HungUp: State.STAFF,
        CallLost: State.STAFF,
        TransferFailed: State.BOT,
        Transferred: State.WAITING,  # or, to a colleague by name, STAFF with another owner
        Returned: State.BOT,
        StaffLost: State.WAITING,
        WrappedUp: State.CLOSED,
        Closed: State.CLOSED,
    },
    State.CLOSED: {
        Rated: State.CLOSED,
        BotAnswered: State.CLOSED,
        BotFailed: State.CLOSED,
    },
}

# Time limits are edges as well: the row of a conversation says when the next one is due, and a loop that may
# die at any moment works them off.
ANSWER_LIMIT = timedelta(seconds=4)  # for the bot, as long as the process that asked it lives
ANSWER_OVERDUE = timedelta(seconds=4.5)  # whatever happened: residents hear something within 5 seconds
LONG_WAIT = timedelta(minutes=3)
NOBODY_CAME = timedelta(minutes=10)
IDLE_WARNING = timedelta(minutes=30)
IDLE_CLOSE = timedelta(minutes=5)  # after the warning
STAFF_SILENCE = timedelta(seconds=60)
UNUSED = timedelta(hours=24)  # conversations in which the resident never said anything
REPLAY_AFTER_CLOSING = timedelta(hours=24)
PUT_OFF = timedelta(days=1)  # until the next look whether what is due may be destroyed
CALL_SILENT = timedelta(minutes=3)  # nothing of a call that the assistant has: it is over
LINE_LOST = timedelta(seconds=60)  # for the gateway to come back
CALL_AT_MOST = timedelta(hours=2)  # with a colleague
HANDOVER_OPEN = timedelta(minutes=5)  # after hanging up, for whoever answered and still has to take it on the console
CODE_VALID = timedelta(minutes=10)
