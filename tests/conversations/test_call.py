"""A call, played on the core itself: whatever a caller does, in whatever order, they hear something and it ends."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handover.conversation import calls, phones, words
from handover.conversation import events as ev
from handover.conversation.conversation import AskBot, Conversation, Refused, Step, begin, decide, handover_code
from handover.conversation.events import BotReply, BotTurn, Caller, Person
from handover.conversation.states import State
from tests.conversations.cast import MORNING, Texts

ANJA = Person(UUID(int=101), "Anja")
OPEN = ev.HumanAsked("kcc", "request")
SHUT = ev.NobodyAvailable("request", MORNING + timedelta(days=1), open=False)

said = st.sampled_from([
    "wat kost een paspoort", "ja", "nee", "medewerker", "herhaal", "stop", "dag", "een moment", "chat", "ik heb een code", "english", "",
    "nul zes twaalf vierendertig zesenvijftig achtenzeventig", "ochtend", "de tweede", "12345678", "x" * 5000, "111222333",
])  # fmt: skip
persons = st.sampled_from([OPEN, SHUT, None])
kinds = st.sampled_from(["answer", "clarify", "fallback", "handover_offer", "notice", "smalltalk", "urgent", "referral", "form"])
choices = st.lists(st.sampled_from([
    {"label": "Kosten", "do": {"ask": {"topic": "paspoort", "aspect": "kosten"}}}, {"label": "Wie", "do": {"human": {"reason": "request"}}},
    {"label": "Bel mij", "do": {"intent": "callback", "entities": {}}},
]), max_size=4)  # fmt: skip
replies = st.builds(
    BotReply, turns=st.lists(st.builds(BotTurn, kind=kinds, text=st.just("Dat kost € 5. " * 9), choices=choices), min_size=1, max_size=2),
    memory=st.sampled_from([{"slots": {}, "loop": None}, {"slots": {}, "loop": "callback_form"}]), understanding=st.just({}),
)  # fmt: skip
events = st.one_of(
    st.builds(ev.Spoke, said, st.sampled_from([None, 0.1, 0.5, 0.9]), persons), st.builds(ev.Silent, persons),
    st.builds(ev.Keyed, st.sampled_from(["0", "*", "#", "1", "2", "7", "9", "0612345678#", "12345678", "", "?"]), persons),
    st.builds(ev.CodeRefused, persons), st.builds(ev.CallerKnown, st.sampled_from([None, "+31612345678"])),
    st.sampled_from([ev.TransferFailed(), ev.TransferDone(), ev.StillThere(), ev.LineLost(), ev.WebJoined(), ev.HungUp("jambonz:1"),
                     ev.HungUp("jambonz:2"), ev.CallLost(), ev.Claimed(ANJA), ev.Said("hallo"), ev.Closed(), ev.CallMoved()]), replies,
)  # fmt: skip


def new_call(number: str | None = "+31612345678", *, told: bool = True) -> Conversation:
    made = Conversation(id=uuid4(), reference="1234567890", channel="voice", language="nl", created_at=MORNING, last_at=MORNING)
    return begin(made, MORNING, Texts(), uuid4, Caller(uuid4(), "jambonz:1", number, told)).after


class Line:
    """One call on the core; the bot answers when the test says so."""

    def __init__(self, c: Conversation) -> None:
        self.c, self.now = c, MORNING
        self.asked: list[AskBot] = []

    def happens(self, event: ev.Event) -> Step | None:
        self.now += timedelta(seconds=3)
        try:
            step = decide(self.c, event, self.now, Texts(), uuid4)
        except Refused:
            return None
        self.c = msgspec.convert(msgspec.json.decode(msgspec.json.encode(step.after)), Conversation)  # as the store keeps it
        self.asked += step.asks
        return step


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(events, max_size=25), st.sampled_from([None, "+31612345678"]), st.booleans())
def test_nothing_that_a_caller_or_a_gateway_does_leaves_a_caller_with_nothing(happened, number, told):
    line = Line(new_call(number, told=told))
    for what in happened:
        before = line.c
        if isinstance(what, BotReply):
            if not line.asked:
                continue
            asked = line.asked.pop(0)
            what = ev.BotAnswered(asked.ask.pos, asked.epoch, what, None)
        step = line.happens(what)
        if step is None:
            assert msgspec.json.encode(line.c) == msgspec.json.encode(before), "a refusal changes nothing"
            continue
        _check(before, what, step)


def _check(before: Conversation, what: ev.Event, step: Step) -> None:
    c, call = step.after, step.after.call
    heard = [turn for turn in step.turns if turn.author in ("bot", "system") and turn.seq]
    if c.state is State.CLOSED:
        assert "call_lost" not in c.timers
        return
    assert call is not None
    if call.question != "over" and c.channel == "voice":
        assert c.state is State.STAFF or "call_lost" in c.timers, "a call that nobody would miss"
    if (
        isinstance(what, ev.Spoke | ev.Keyed | ev.Silent)
        and before.state is State.BOT
        and c.channel == "voice"
        and before.call.question != "over"
    ):
        partly = call.digits != "" or call.question == "code_check"
        assert heard or c.asks or partly, "silence on the line"
    if c.state in (State.WAITING, State.STAFF) and before.state is State.BOT:
        assert call.transferring
        assert c.handover is not None, "the record comes first"
    assert call.silent < calls.TIMES
    assert call.unclear < calls.TIMES
    assert call.failures <= calls.IN_ALL + 20


def test_who_types_in_the_chat_meanwhile_is_not_asked_why_nothing_is_said():
    line = Line(new_call())
    line.happens(ev.WebJoined())
    line.happens(ev.Said("wat kost een paspoort"))
    for _ in range(5):
        step = line.happens(ev.Silent(OPEN))
        assert step.turns == []
    assert line.c.state is State.BOT


def test_a_caller_who_never_says_anything_is_let_go_in_the_end():
    for person in (OPEN, SHUT):
        line = Line(new_call())
        for _ in range(20):
            if line.c.state is not State.BOT:
                break
            line.happens(ev.Silent(person))
        assert line.c.state is (State.WAITING if person is OPEN else State.CLOSED)


@pytest.mark.parametrize(("text", "phone"), [
    ("06 12345678", "+31612345678"), ("nul zes twaalf vierendertig zesenvijftig achtenzeventig", "+31612345678"),
    ("nul zes, dubbel een, twee drie vier vijf zes zeven", "+31611234567"), ("zes een twee drie vier vijf zes zeven acht", "+31612345678"),
    ("oh six one two three four five six seven eight", "+31612345678"), ("0031 6 12345678", "+31612345678"), ("1234", None), ("112", None),
    ("mijn nummer is 0123 45 67 89 hoor", None), ("0104171234", "+31104171234"),
])  # fmt: skip
def test_numbers_as_they_are_said(text, phone):
    assert phones.dialable(text) == phone


@pytest.mark.parametrize(("told", "known"), [
    ("+31612345678", "+31612345678"), ("sip:+31612345678@carrier.example;user=phone", "+31612345678"), ("0612345678", "+31612345678"),
    ("anonymous", None), ("sip:anonymous@anonymous.invalid", None), ("+266696687", None), ("", None), (None, None), ("112", None),
])  # fmt: skip
def test_what_a_network_tells_about_a_caller(told, known):
    assert phones.known(told) == known


def test_words_with_fillers_are_still_commands():
    assert words.normal("Eh, een medewerker, alstublieft!") in words.COMMANDS["human"]
    assert words.normal("Kunt u dat even herhalen?") in words.COMMANDS["repeat"]
    assert words.is_yes(words.normal("Ja hoor, graag"))
    assert words.is_no(words.normal("Nee, liever niet"))
    assert not words.is_yes(words.normal("ja maar ik wilde eigenlijk iets anders weten over paspoorten"))


def test_the_code_of_a_handover_can_be_read_aloud():
    seen = {handover_code(uuid4()) for _ in range(2000)}
    assert len(seen) == 2000
    assert all(len(code) == 6 and not set(code) & set("01IOL") for code in seen)
