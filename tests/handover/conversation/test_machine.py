"""Random interleavings of everybody: whatever they do, and in whatever order, the rules of a conversation hold.

The machine plays resident, bot, two members of staff, time, and a process that dies between deciding and storing, or
between storing and telling. What it remembers itself is little: every turn that was stored, and what the bot was asked.
"""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from handover.content.library import Library
from handover.conversation import events as ev
from handover.conversation.conversation import AskBot, Conversation, Refused, Step, Turn, begin, decide
from handover.conversation.events import BotReply, BotTurn, Event, Person
from handover.conversation.states import TRANSITIONS, State
from handover.history.retention import KINDS
from handover.perform import DUE_EVENTS
from handover.settings import ROOT

STAFF = [Person(UUID(int=1), "Anja"), Person(UUID(int=2), "Bram")]
LIBRARY = Library(ROOT / "data", ROOT / "data" / "municipality.yml", "municipality")
WITHIN = timedelta(seconds=5)  # a stored message is answered by a turn

somebody = st.sampled_from(STAFF)
words = st.sampled_from(["Wat kost een paspoort?", "/restart", "medewerker", "…"])
epochs = st.one_of(st.none(), st.integers(1, 8))
choices = st.lists(
    st.sampled_from([
        {"label": "Kosten", "do": {"ask": {"topic": "paspoort", "aspect": "kosten"}}},
        {"label": "Medewerker", "do": {"human": {"reason": "request"}}},
        {"label": "Bel mij", "do": {"intent": "callback", "entities": {}}},
        {"label": "Telefoon", "do": {"show": "phone"}},
        {"label": "Opnieuw", "do": {"again": "Wat kost een paspoort?"}},
    ]),
    max_size=3,
)  # fmt: skip
callbacks = st.sampled_from([None, None, {"phone": "+31612345678"}, {"confirmed": True}, {"confirmed": False}])
kinds = st.sampled_from(["answer", "clarify", "fallback", "form"])
bot_turns = st.builds(BotTurn, kind=kinds, text=st.just("Vijf dagen."), choices=choices, callback=callbacks)
memories = st.sampled_from([{"slots": {}, "loop": None}, {"slots": {"topic": "paspoort", "question": "?"}, "loop": "callback_form"}])
replies = st.builds(BotReply, turns=st.lists(bot_turns, min_size=1, max_size=2), memory=memories, understanding=st.just({"language": "nl"}))


class Machine(RuleBasedStateMachine):
    conversation: Conversation
    now: datetime

    @initialize(language=st.sampled_from(["nl", "en"]))
    def a_conversation_begins(self, language: str) -> None:
        self.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
        self.stored: list[Turn] = []
        self.asked: list[AskBot] = []  # outstanding at the bot
        self.answered: list[AskBot] = []  # may be answered a second time
        self.waiting_for_an_answer: dict[int, datetime] = {}  # pos of the resident's turn → when it was stored
        self.records: list[Any] = []
        new = Conversation(id=uuid4(), reference="1234567890", channel="web", language=language, created_at=self.now, last_at=self.now)
        self._store(begin(new, self.now, LIBRARY, uuid4))

    # How anything happens

    def _happens(self, event: Event) -> Step | None:
        before, as_it_was = self.conversation, msgspec.json.encode(self.conversation)
        try:
            step = decide(before, event, self.now, LIBRARY, uuid4)
        except Refused:
            assert msgspec.json.encode(self.conversation) == as_it_was, "a refusal changed something"
            return None
        finally:
            assert msgspec.json.encode(before) == as_it_was, "deciding changed what was decided on"
        self._check(before, event, step)
        self._store(step)
        return step

    def _store(self, step: Step) -> None:
        """As the store does: the body goes through JSON and comes back the same."""
        body = msgspec.json.decode(msgspec.json.encode(step.after))
        self.conversation = msgspec.convert(body, Conversation)
        assert self.conversation == step.after
        self.stored += step.turns
        self.records += step.records
        self.asked += step.asks

    def _check(self, before: Conversation, event: Event, step: Step) -> None:
        after = step.after
        assert type(event) in TRANSITIONS[before.state]
        changed = (before.state, before.owner) != (after.state, after.owner)
        assert after.epoch == before.epoch + changed, "the epoch grows with the owner, and only then"
        assert after.version == before.version + 1
        assert before.state is not State.CLOSED or after.state is State.CLOSED, "closed stays closed"
        assert not changed or any(turn.seq for turn in step.turns), "the resident is told of every change of owner"
        visible = [turn for turn in step.turns if turn.seq is not None]
        if isinstance(event, ev.BotAnswered):
            timely = event.epoch == before.epoch and event.ask in [ask.pos for ask in before.asks]
            assert all(turn.author == "bot" and turn.suppressed is not timely for turn in step.turns)
            assert timely or (not step.records and after.memory == before.memory and after.timers == before.timers)
        elif before.state is not State.BOT and after.state is not State.BOT:
            assert not [turn for turn in visible if turn.author == "bot"], "the bot is silent"
        if isinstance(event, ev.BotFailed) and event.epoch != before.epoch:
            assert not step.turns
        if before.state is State.CLOSED:
            assert not visible, "nothing is said to the resident after the end"
        for asked in step.asks:
            assert (after.state, asked.epoch, asked.ask) == (State.BOT, after.epoch, after.asks[0])
        gone = {ask.pos for ask in before.asks} - {ask.pos for ask in after.asks}
        assert not gone or any(turn.author != "resident" for turn in visible), "a question went without a turn"
        self._note_questions(before, event, after, visible)

    def _note_questions(self, before: Conversation, event: Event, after: Conversation, visible: list[Turn]) -> None:
        if any(turn.author != "resident" for turn in visible):
            still = {ask.pos for ask in after.asks}
            self.waiting_for_an_answer = {pos: at for pos, at in self.waiting_for_an_answer.items() if pos in still}
        if before.state is State.BOT and isinstance(event, ev.Said | ev.Chose) and visible[-1].author == "resident":
            self.waiting_for_an_answer[visible[-1].pos] = self.now
        for ask in {ask.pos for ask in after.asks} - {ask.pos for ask in before.asks}:
            self.waiting_for_an_answer[ask] = self.now  # also of a button that led out of the queue

    # The resident

    @rule(text=words)
    def the_resident_says(self, text: str) -> None:
        step = self._happens(ev.Said(text, str(uuid4())))
        assert (step is None) == (self.conversation.state is State.CLOSED)

    @rule(there=st.booleans(), label=st.sampled_from([None, "Medewerker"]))
    def the_resident_asks_for_a_person(self, there: bool, label: str | None) -> None:
        if there:
            self._happens(ev.HumanAsked("kcc", "request", label))
        else:
            self._happens(ev.NobodyAvailable("request", self.now + timedelta(hours=1), open=True, label=label))

    @rule(data=st.data())
    def the_resident_presses_a_button(self, data: st.DataObject) -> None:
        offered = [choice for turn in self.stored if turn.seq is not None for choice in turn.data.get("choices", [])]
        choice = data.draw(st.sampled_from(offered))
        label, do = choice["label"], choice["do"]
        if "human" in do:
            self._happens(ev.HumanAsked("kcc", do["human"]["reason"], label))
        elif self.conversation.state is State.WAITING and do.get("intent") == "callback":
            self._happens(ev.QueueLeft(label, do))
        elif "stay" not in do or self.conversation.state is State.BOT:
            self._happens(ev.Chose(label, do))

    @rule()
    def the_resident_leaves_the_queue(self) -> None:
        self._happens(ev.QueueLeft())

    @rule(language=st.sampled_from(["nl", "en"]))
    def the_resident_changes_the_language(self, language: Any) -> None:
        self._happens(ev.LanguageChanged(language))

    @rule(score=st.integers(1, 5))
    def the_resident_rates(self, score: int) -> None:
        assert self._happens(ev.Rated(score))

    @rule(sure=st.integers(0, 3))
    def the_resident_ends_it(self, sure: int) -> None:
        if not sure:
            self._happens(ev.Closed())

    # The bot

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), reply=replies)
    def the_bot_answers(self, data: st.DataObject, reply: BotReply) -> None:
        asked = data.draw(st.sampled_from(self.asked))
        self.asked = [other for other in self.asked if other is not asked]
        self.answered.append(asked)
        self._happens(ev.BotAnswered(asked.ask.pos, asked.epoch, reply))

    @precondition(lambda self: self.answered)
    @rule(data=st.data(), reply=replies)
    def the_bot_answers_again(self, data: st.DataObject, reply: BotReply) -> None:
        asked = data.draw(st.sampled_from(self.answered))
        step = self._happens(ev.BotAnswered(asked.ask.pos, asked.epoch, reply))
        assert step is not None
        assert all(turn.suppressed for turn in step.turns)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), answers_after_all=st.booleans())
    def the_bot_fails(self, data: st.DataObject, answers_after_all: bool) -> None:
        asked = data.draw(st.sampled_from(self.asked))
        if not answers_after_all:
            self.asked = [other for other in self.asked if other is not asked]
        self._happens(ev.BotFailed(asked.ask.pos, asked.epoch, "slow"))

    # Staff

    @rule(by=somebody, epoch=epochs)
    def staff_claim(self, by: Person, epoch: int | None) -> None:
        before = self.conversation
        step = self._happens(ev.Claimed(by, epoch))
        assert (step is not None) == (before.state is State.WAITING and epoch in (None, before.epoch))

    @rule(by=somebody)
    def both_claim_at_once(self, by: Person) -> None:
        epoch, waiting = self.conversation.epoch, self.conversation.state is State.WAITING
        winners = [one for one in (by, *[other for other in STAFF if other != by]) if self._happens(ev.Claimed(one, epoch))]
        assert winners == ([by] if waiting else [])

    @rule(by=somebody, text=words)
    def staff_reply(self, by: Person, text: str) -> None:
        owner = self.conversation.owner
        assert (self._happens(ev.Replied(by, text)) is not None) == (owner == by)

    @rule(by=somebody)
    def staff_note(self, by: Person) -> None:
        step = self._happens(ev.Noted(by, "Belde eerder"))
        assert step is None or [turn.seq for turn in step.turns] == [None]

    @rule(by=somebody, to=st.one_of(st.none(), somebody), epoch=epochs)
    def staff_pass_on(self, by: Person, to: Person | None, epoch: int | None) -> None:
        self._happens(ev.Transferred(by, "belastingen", "Aanslag", to, epoch))

    @rule(by=somebody, text=st.one_of(st.none(), words), epoch=epochs)
    def staff_give_back(self, by: Person, text: str | None, epoch: int | None) -> None:
        self._happens(ev.Returned(by, text, epoch))

    @rule(by=somebody, epoch=epochs, sure=st.integers(0, 3))
    def staff_wrap_up(self, by: Person, epoch: int | None, sure: int) -> None:
        if not sure:
            self._happens(ev.WrappedUp(by, "resolved", "Klaar", ["paspoort"], epoch))

    @rule(owner=somebody)
    def staff_are_lost(self, owner: Person) -> None:
        self._happens(ev.StaffLost(owner.staff))

    # Time, and processes that die

    @rule(passed=st.sampled_from([0.2, 1, 4, 30, 200, 700, 2000]))
    def time_passes(self, passed: float) -> None:
        """The clock's loop carries out what is due, earliest first, when it is due."""
        end = self.now + timedelta(seconds=passed)
        for _ in range(20):
            due = {kind: at for kind, at in self.conversation.timers.items() if kind not in KINDS and at <= end}
            if not due:
                break
            kind = min(due, key=lambda name: due[name])
            self.now = max(self.now, due[kind])
            assert self._happens(DUE_EVENTS[kind]()) is not None, "a time limit that can never be worked off"
            assert self.conversation.timers.get(kind) != due[kind], "a time limit that stays due"
        else:
            raise AssertionError("time limits without end")
        self.now = end

    @rule(text=words, by=somebody)
    def the_process_dies_before_storing(self, text: str, by: Person) -> None:
        """What was decided and not stored has not happened: the same may be decided again."""
        as_it_was = deepcopy(self.conversation)
        for event in (ev.Said(text), ev.Claimed(by), ev.HumanAsked("kcc", "request"), ev.Returned(by), ev.AnswerOverdue()):
            try:
                decide(self.conversation, event, self.now, LIBRARY, uuid4)
            except Refused:
                continue
        assert self.conversation == as_it_was

    @rule()
    def the_process_dies_after_storing(self) -> None:
        """Whatever the bot was asked is forgotten; the time limits still stand in the database."""
        self.asked, self.answered = [], []

    # What always holds

    @invariant()
    def numbers_have_no_gaps(self) -> None:
        assert [turn.pos for turn in self.stored] == list(range(1, self.conversation.pos + 1))
        seen = [turn.seq for turn in self.stored if turn.seq is not None]
        assert seen == list(range(1, self.conversation.seq + 1))

    @invariant()
    def notes_and_suppressed_turns_are_not_seen(self) -> None:
        assert all((turn.seq is None) == (turn.note or turn.suppressed) for turn in self.stored)
        assert all(not turn.suppressed or turn.author == "bot" for turn in self.stored)

    @invariant()
    def there_is_one_owner(self) -> None:
        c = self.conversation
        assert (c.state is State.STAFF) == (c.owner is not None)
        assert c.state is not State.WAITING or (c.team and c.waiting_since)
        assert (c.state is State.CLOSED) == (c.closed_at is not None)
        assert (c.state in (State.WAITING, State.STAFF)) == (c.handover is not None)
        assert c.state in (State.WAITING, State.STAFF, State.CLOSED) or (c.priority, c.waiting_since) == (0, None)

    @invariant()
    def questions_are_the_bots_only_while_it_owns_them(self) -> None:
        c = self.conversation
        assert c.state is State.BOT or c.asks == ()
        assert bool(c.asks) == ("answer" in c.timers)
        assert set(self.waiting_for_an_answer) == {ask.pos for ask in c.asks}, "a question that nobody will answer"

    @invariant()
    def every_question_is_answered_in_time(self) -> None:
        if self.conversation.asks:
            assert self.conversation.timers["answer"] <= min(self.waiting_for_an_answer.values()) + WITHIN

    @invariant()
    def time_limits_belong_to_the_state(self) -> None:
        allowed = {
            State.BOT: {"answer", "idle_warning", "idle_close", "unused"},
            State.WAITING: {"long_wait", "nobody_came"},
            State.STAFF: set(),
            State.CLOSED: {"unused", "transcript", "destroy"},
        }
        c = self.conversation
        assert set(c.timers) <= allowed[c.state]
        assert (c.state is State.CLOSED) == ("destroy" in c.timers), "what is closed is destroyed one day"
        assert ("unused" in c.timers) == (not c.spoke), "what was never used is removed, and only that"
        assert c.state is not State.WAITING or "nobody_came" in c.timers, "somebody waits for ever"
        assert not (c.state is State.BOT and c.spoke) or {"idle_warning", "idle_close"} & set(c.timers)

    @invariant()
    def what_the_bot_missed_is_bounded(self) -> None:
        assert len(self.conversation.missed) <= 20

    def teardown(self) -> None:
        """At the end of all time nobody waits for an answer."""
        if hasattr(self, "conversation"):
            self.time_passes(4000)
            assert not self.waiting_for_an_answer
            assert self.conversation.state in (State.STAFF, State.CLOSED) or not self.conversation.spoke


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
