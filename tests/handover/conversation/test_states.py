"""Every state with every event, against the table."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from handover.conversation import events as ev
from handover.conversation.conversation import Conversation, Refused, Step, begin, decide
from handover.conversation.events import Event, Person
from handover.conversation.states import TRANSITIONS, State

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ANJA, BRAM = Person(UUID(int=1), "Anja"), Person(UUID(int=2), "Bram")
CALLER = ev.Caller(UUID(int=9), "jambonz:1", "+31612345678")
REPLY = ev.BotReply([ev.BotTurn(kind="answer", text="Vijf dagen.")], {"slots": {}, "loop": None}, {})

# One of each, such that Anja, who owns the conversation where somebody does, may do it
EVENTS: list[Event] = [
    ev.Said("Hallo"),
    ev.Chose("Toon het telefoonnummer", {"show": "phone"}),
    ev.HumanAsked("kcc", "request"),
    ev.NobodyAvailable("request", NOW + timedelta(days=1), open=False),
    ev.QueueLeft(),
    ev.LanguageChanged("en"),
    ev.Rated(4),
    ev.Closed(),
    ev.Identified(ev.Identity(UUID(int=9), "digid-midden", NOW)),
    ev.BotAnswered(2, 1, REPLY),
    ev.BotFailed(2, 1, "slow"),
    ev.Claimed(ANJA),
    ev.Replied(ANJA, "Dag"),
    ev.Noted(ANJA, "Belde eerder"),
    ev.Transferred(ANJA, "belastingen", "Aanslag"),
    ev.Returned(ANJA),
    ev.WrappedUp(ANJA, "resolved", "Klaar", ["paspoort"]),
    ev.StaffLost(ANJA.staff),
    ev.AnswerOverdue(),
    ev.WaitedLong(),
    ev.NobodyCame(),
    ev.IdleWarned(),
    ev.IdleClosed(),
    ev.CallJoined(CALLER),
    ev.CallerKnown("+31612345678"),
    ev.Spoke("Hallo"),
    ev.Keyed("5"),
    ev.Silent(),
    ev.CodeRefused(),
    ev.CallMoved(),
    ev.WebJoined(),
    ev.TransferFailed(),
    ev.TransferDone(),
    ev.StillThere(),
    ev.LineLost(),
    ev.HungUp("jambonz:1"),
    ev.CallLost(),
]  # fmt: skip
WAY_TO: dict[State, list[Event]] = {
    State.BOT: [],
    State.WAITING: [ev.HumanAsked("kcc", "request")],
    State.STAFF: [ev.HumanAsked("kcc", "request"), ev.Claimed(ANJA)],
    State.CLOSED: [ev.Closed()],
}


def _in(state: State, library) -> Conversation:
    new = Conversation(id=uuid4(), reference="1234567890", channel="web", language="nl", created_at=NOW, last_at=NOW)
    conversation = begin(new, NOW, library, uuid4).after
    for event in [ev.Said("Wat kost een paspoort?"), *WAY_TO[state]]:
        conversation = decide(conversation, event, NOW, library, uuid4).after
    assert conversation.state is state
    return conversation


def _owner(conversation: Conversation) -> tuple[State, Person | None]:
    return conversation.state, conversation.owner


def test_there_is_an_example_of_every_event():
    assert {type(event) for event in EVENTS} == set(Event.__subclasses__())


def test_the_table_has_a_row_for_every_state():
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("state", State)
def test_what_the_table_says_happens_and_nothing_else(state, event, library):
    before = _in(state, library)
    as_it_was = msgspec.json.encode(before)
    later = NOW + timedelta(seconds=1)
    if type(event) not in TRANSITIONS[state]:
        with pytest.raises(Refused):
            decide(before, event, later, library, uuid4)
    else:
        step: Step = decide(before, event, later, library, uuid4)
        assert step.after.state is TRANSITIONS[state][type(event)]
        assert step.after.epoch == before.epoch + (_owner(step.after) != _owner(before))
        assert step.after.version == before.version + 1
    assert msgspec.json.encode(before) == as_it_was


@pytest.mark.parametrize(
    ("state", "event", "code"),
    [
        (State.CLOSED, ev.Said("Hallo"), "closed"),
        (State.CLOSED, ev.Claimed(ANJA), "closed"),
        (State.STAFF, ev.Claimed(BRAM), "taken"),
        (State.BOT, ev.Claimed(ANJA, epoch=9), "taken"),
        (State.BOT, ev.Claimed(ANJA), "not_allowed"),
        (State.BOT, ev.Replied(ANJA, "Dag"), "not_owner"),
        (State.WAITING, ev.Returned(ANJA), "not_owner"),
        (State.WAITING, ev.WrappedUp(ANJA, "resolved", "", []), "not_owner"),
        (State.STAFF, ev.Replied(BRAM, "Dag"), "not_owner"),
        (State.STAFF, ev.Transferred(BRAM, "kcc", "reden"), "not_owner"),
        (State.BOT, ev.Noted(ANJA, "x"), "not_allowed"),
    ],
)
def test_why_not(state, event, code, library):
    with pytest.raises(Refused) as refused:
        decide(_in(state, library), event, NOW, library, uuid4)
    assert refused.value.code == code
    assert refused.value.by == ("Anja" if state is State.STAFF else None)


def test_a_transfer_to_a_colleague_is_the_one_way_from_staff_to_staff(library):
    before = _in(State.STAFF, library)
    after = decide(before, ev.Transferred(ANJA, "kcc", "reden", BRAM), NOW, library, uuid4).after
    assert (after.state, after.owner, after.epoch) == (State.STAFF, BRAM, before.epoch + 1)
