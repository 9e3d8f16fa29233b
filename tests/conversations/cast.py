"""The cast: residents Fatma and Joris, staff Anja and Bram, and the bot. They play the core itself, without I/O.

Fixed texts are their keys in brackets, so that a transcript says what was said and not how it was worded.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from handover.conversation import events as ev
from handover.conversation.conversation import AskBot, Conversation, Insert, Refused, Step, Turn, Update, begin, decide
from handover.conversation.events import BotReply, BotTurn, Event, Person
from handover.conversation.states import State
from handover.perform import DUE_EVENTS

MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday, ten o'clock in Amsterdam
SHOWN_AS = {"name.bot": "Assistent", "name.resident": "U", "name.system": "Gemeente"}


class Texts:
    """Content that says which text it would be."""

    def text(self, key: str, language: str, **values: object) -> str:
        return SHOWN_AS.get(key) or f"({' '.join([key, *map(str, values.values())])})"

    def spoken(self, key: str, language: str, **values: object) -> str:
        return self.text(key, language, **values)

    def kept_for(self, *, with_staff: bool) -> timedelta:
        return timedelta(days=90 if with_staff else 28)

    def summary_kept(self) -> timedelta:
        return timedelta(days=365)

    def legal_basis(self) -> str:
        return "a public task"

    def top_choices(self, language: str) -> list[dict[str, Any]]:
        return [
            {"label": "Paspoort: aanvragen", "do": {"ask": {"topic": "paspoort", "aspect": "aanvragen"}}},
            {"label": "Verhuizing: doorgeven", "do": {"ask": {"topic": "verhuizing", "aspect": "aanvragen"}}},
        ]

    def upl_uri(self, topic: str) -> str | None:
        return f"http://standaarden.overheid.nl/owms/terms/{topic}"

    def upl_name(self, topic: str) -> str:
        return f"upl {topic}"

    def title(self, topic: str, language: str) -> str:
        return topic.capitalize()

    def moment(self, at: datetime, language: str) -> str:
        return at.strftime("%H:%M")


class Play:
    """One conversation, from its greeting on."""

    def __init__(self, number: int, resident: str) -> None:
        self.resident, self.now = resident, MORNING
        self.turns: list[Turn] = []
        self.records: list[Insert | Update] = []
        self.asked: list[AskBot] = []  # what the bot was asked and has not answered
        self.staff_are_there = True
        ids = count(1)
        self._new_id: Callable[[], UUID] = lambda: UUID(int=number << 64 | next(ids))
        self.conversation = Conversation(
            id=UUID(int=number), reference=f"{number:010}", channel="web", language="nl", created_at=self.now, last_at=self.now
        )
        self._take(begin(self.conversation, self.now, Texts(), self._new_id))

    def happens(self, event: Event) -> Step:
        """Raises Refused."""
        return self._take(decide(self.conversation, event, self.now, Texts(), self._new_id))

    def _take(self, step: Step) -> Step:
        self.conversation = step.after
        self.turns += step.turns
        self.records += step.records
        self.asked += step.asks
        return step

    def passes(self, **time: float) -> None:
        """Time goes by; every limit that is reached meanwhile is carried out when it is due."""
        end = self.now + timedelta(**time)
        while (due := self.conversation.due_at) and due <= end:
            self.now = max(due, self.now)
            kind = min(self.conversation.timers, key=lambda name: self.conversation.timers[name])
            if kind not in DUE_EVENTS:
                break
            self.happens(DUE_EVENTS[kind]())
        self.now = end

    def last_choices(self) -> dict[str, dict[str, Any]]:
        """The buttons of the latest turn that has any, by label."""
        turn = next(turn for turn in reversed(self.turns) if turn.seq is not None and "choices" in turn.data)
        return {choice["label"]: choice["do"] for choice in turn.data["choices"]}

    def written(self, table: str) -> list[dict[str, Any]]:
        return [record.values for record in self.records if record.table == table]


class Resident:
    def __init__(self, play: Play) -> None:
        self.play = play

    def says(self, text: str) -> Step:
        return self.play.happens(ev.Said(text))

    def asks_for_a_person(self, label: str | None = None, reason: str = "request") -> None:
        if self.play.conversation.state in (State.WAITING, State.STAFF):
            return  # one is coming, or is there
        if self.play.staff_are_there:
            self.play.happens(ev.HumanAsked("kcc", reason, label))
        else:
            self.play.happens(ev.NobodyAvailable(reason, MORNING + timedelta(days=1), open=False, label=label))

    def chooses(self, label: str) -> None:
        """Presses a button of the latest turn that has any; what it does is looked up, as the channel does."""
        do = self.play.last_choices()[label]
        if "human" in do:
            self.asks_for_a_person(label, do["human"]["reason"])
        elif self.play.conversation.state is State.WAITING and do.get("intent") == "callback":
            self.play.happens(ev.QueueLeft(label, do))
        else:
            self.play.happens(ev.Chose(label, do))

    def leaves_the_queue(self) -> None:
        self.play.happens(ev.QueueLeft())

    def speaks(self, language: ev.Language) -> None:
        self.play.happens(ev.LanguageChanged(language))

    def gives(self, score: int, comment: str | None = None) -> None:
        self.play.happens(ev.Rated(score, comment))

    def ends_it(self) -> None:
        self.play.happens(ev.Closed())

    def waits(self, **time: float) -> None:
        self.play.passes(**time)


class Staff:
    """`of`: whose conversation; Fatma's where nobody is named."""

    def __init__(self, number: int, name: str, fatma: Resident) -> None:
        self.person, self._fatma = Person(UUID(int=number), name), fatma

    def _in(self, of: Resident | None) -> Play:
        return (of or self._fatma).play

    def takes_over(self, of: Resident | None = None, epoch: int | None = None) -> None:
        self._in(of).happens(ev.Claimed(self.person, epoch))

    def says(self, text: str, of: Resident | None = None) -> None:
        self._in(of).happens(ev.Replied(self.person, text))

    def notes(self, text: str, of: Resident | None = None) -> None:
        self._in(of).happens(ev.Noted(self.person, text))

    def passes_on_to(self, to: "str | Staff", reason: str, of: Resident | None = None, epoch: int | None = None) -> None:
        team, colleague = (to, None) if isinstance(to, str) else ("kcc", to.person)
        self._in(of).happens(ev.Transferred(self.person, team, reason, colleague, epoch))

    def gives_back(self, text: str | None = None, of: Resident | None = None, epoch: int | None = None) -> None:
        self._in(of).happens(ev.Returned(self.person, text, epoch))

    def wraps_up(self, summary: str, of: Resident | None = None, outcome: ev.Outcome = "resolved", epoch: int | None = None) -> None:
        self._in(of).happens(ev.WrappedUp(self.person, outcome, summary, ["paspoort"], epoch))

    def is_not_heard_of(self, of: Resident | None = None) -> None:
        self._in(of).happens(ev.StaffLost(self.person.staff))


class Bot:
    """Answers what it was asked longest ago, under the epoch in which it was asked."""

    def __init__(self, fatma: Resident) -> None:
        self._fatma = fatma

    def answers(self, text: str, to: Resident | None = None, memory: dict[str, Any] | None = None, **turn: Any) -> None:
        play = (to or self._fatma).play
        asked = play.asked.pop(0)
        turns = [BotTurn(kind=turn.pop("kind", "answer"), text=text, **turn)]
        reply = BotReply(turns, memory or {"slots": {}, "loop": None}, {"intent": {"name": "vraag", "confidence": 0.9}})
        play.happens(ev.BotAnswered(asked.ask.pos, asked.epoch, reply))

    def fails(self, to: Resident | None = None) -> None:
        play = (to or self._fatma).play
        asked = play.asked.pop(0)
        play.happens(ev.BotFailed(asked.ask.pos, asked.epoch, "not started"))

    def was_asked(self, of: Resident | None = None) -> list[str | None]:
        """What it still has to answer: the words, or the intent of a button."""
        return [asked.ask.text or asked.ask.intent for asked in (of or self._fatma).play.asked]


def transcript_of(resident: Resident) -> list[str]:
    """What the resident sees, without the greeting: "Anja: Goedemiddag"."""
    return _lines(resident.play, [turn for turn in resident.play.turns[1:] if turn.seq is not None])


def file_of(resident: Resident) -> list[str]:
    """What staff see: notes and suppressed answers too, marked as such."""
    return _lines(resident.play, resident.play.turns[1:])


def _lines(play: Play, turns: list[Turn]) -> list[str]:
    marks = {(True, False): " [note]", (False, True): " [suppressed]"}
    names = [play.resident if turn.author == "resident" else turn.name for turn in turns]
    return [f"{name}{marks.get((turn.note, turn.suppressed), '')}: {turn.text}" for name, turn in zip(names, turns, strict=True)]


@contextmanager
def refused(code: str, by: str | None = None) -> Iterator[None]:
    """What is done within must be refused for this reason."""
    with pytest.raises(Refused) as caught:
        yield
    assert (caught.value.code, caught.value.by) == (code, by or caught.value.by)
