"""Contact moments: a segment is what was said in one conversation about one subject.

A segment opens when the bot answers about a subject, when a call-back is promised, or when people get the
conversation. It goes on as long as the subject does, and is closed when another subject holds, or with the
conversation. A subject that comes back later is a new contact moment: what is closed does not change any more.
Small talk, greetings and the bot's questions back make none.

Everything here may be read by the resident whom it is about, and goes to other systems: what identifies a person is
taken out of it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from handover.conversation import events as ev
from handover.conversation.privacy import without_contact_details
from handover.conversation.states import State

if TYPE_CHECKING:
    from handover.conversation.conversation import Recorded, _Deciding

SUBJECT_AT_MOST, REPORT_AT_MOST, ANSWER_AT_MOST, QUESTION_AT_MOST = 200, 1000, 4000, 2000  # characters, as the standard has them
QUESTIONS_AT_MOST = 10  # kept of one segment
QUESTION_IN_REPORT, ANSWER_IN_REPORT = 300, 400  # characters
CONTACT_MOMENT_KINDS = ("answer", "fallback", "referral")  # of bot turns

Say = Callable[..., str]  # a key of the municipality's texts, and values → the text


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One subject of one conversation. `number` counts from 1 in it; `reference` is given out by the store when it is new."""

    id: UUID
    number: int
    subject: str
    from_pos: int
    to_pos: int
    started_at: datetime
    reference: str | None = None
    topic: str | None = None
    aspect: str | None = None
    upl_uri: str | None = None
    ended_at: datetime | None = None
    questions: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    by: str | None = None  # the name of who answered
    handed_over: int | None = None  # the pos at which people got it
    before_people: int = 0  # how many of the answers are from before that
    promised: str | None = None
    outcome: str | None = None  # answered, unanswered, or one of a wrap-up
    report: str | None = None  # what staff wrote at the wrap-up

    def asked(self, question: str | None) -> "Segment":
        """With one more question, unless it was asked already."""
        text = cut(without_contact_details(question or ""), QUESTION_AT_MOST)
        if not text or text in self.questions or len(self.questions) >= QUESTIONS_AT_MOST:
            return self
        return msgspec.structs.replace(self, questions=(*self.questions, text))

    def answered(self, text: str, by: str, *, ours: bool) -> "Segment":
        """With one more answer. `ours`: the municipality's own text, in which a telephone number is nobody's."""
        told = text if ours else without_contact_details(text)
        room = ANSWER_AT_MOST - sum(len(answer) + 2 for answer in self.answers)
        if not told.strip() or room < 2:
            return msgspec.structs.replace(self, by=by)
        return msgspec.structs.replace(self, by=by, answers=(*self.answers, cut(told, room)))

    def about(self, topic: str | None, subject: str, upl_uri: str | None) -> "Segment":
        """Of another subject than was thought."""
        return msgspec.structs.replace(self, topic=topic, subject=subject, upl_uri=upl_uri, aspect=None)

    def taken_over(self, pos: int) -> "Segment":
        """People have it now."""
        if self.handed_over is not None:
            return self
        return msgspec.structs.replace(self, handed_over=pos, before_people=len(self.answers))

    def split(self, bot: str) -> tuple["Segment", tuple[str, ...]]:
        """As it was before people got it, and the answers that they gave."""
        own, theirs = self.answers[: self.before_people], self.answers[self.before_people :]
        return msgspec.structs.replace(self, answers=own, by=bot, handed_over=None, before_people=0), theirs

    def closed(self, at: datetime, pos: int, outcome: str | None = None) -> "Segment":
        return msgspec.structs.replace(self, ended_at=at, to_pos=pos, outcome=outcome or self._outcome())

    def _outcome(self) -> str:
        if self.promised:
            return "callback"
        return "answered" if self.answers else "abandoned" if self.handed_over is not None else "unanswered"


class Subjects:
    """What one step does to the segments of its conversation; what it did becomes records of the step at the end."""

    def __init__(self, deciding: "_Deciding") -> None:
        self._d, self._c = deciding, deciding.c
        self._touched: dict[UUID, Segment] = {}
        self._opened: set[UUID] = set()

    def finish(self) -> None:
        person = self._c.identity.person if self._c.identity else None
        for segment in self._touched.values():
            values = row(segment, self._d.say)
            if segment.id in self._opened:
                unchanging = {"id": segment.id, "conversation_id": self._c.id, "person_id": person, "number": segment.number,
                              "reference": segment.reference, "channel": self._c.channel, "data": None}  # fmt: skip
                self._d.insert("segment", {**unchanging, **values}, first=True)  # before the call-back that refers to it
            else:
                self._d.update("segment", segment.id, values)
        self._d.step.segments = list(self._touched.values())

    @property
    def now(self) -> Segment:
        """The open one. Only where there is one."""
        return self._c.segment  # type: ignore[return-value]

    @now.setter
    def now(self, segment: Segment) -> None:
        if segment is not self._c.segment:
            self._c.segment = self._touched[segment.id] = segment

    # What happens

    def said(self, text: str) -> None:
        """By the resident, to people: the first thing is the question."""
        if self._c.state is not State.BOT and self._c.segment and not self.now.questions:
            self.now = self.now.asked(text)

    def staff_answered(self, text: str, by: str) -> None:
        if self._c.segment:
            self.now = self.now.answered(text, by, ours=False)

    def bot_answered(self, turn: ev.BotTurn, asked: ev.Ask | None) -> None:
        """A topic holds once the bot has said something about it; a turn about two subjects belongs to two contact moments."""
        if turn.kind not in CONTACT_MOMENT_KINDS:
            return
        subjects = [(item["topic"], item.get("aspect")) for item in turn.topics or []] or [(turn.topic, turn.aspect)]
        name = self._d.say("name.bot")
        parts = parts_of(turn.text, [self._d.content.title(topic, self._c.language) for topic, _ in subjects if topic])
        if self._c.segment and len(subjects) > 1:  # first the one that goes on, so that it is not opened anew
            order = sorted(range(len(subjects)), key=lambda i: subjects[i][0] != self.now.topic)
            subjects, parts = [subjects[i] for i in order], [parts[i] for i in order]
        for (topic, aspect), part in zip(subjects, parts or [turn.text], strict=True):
            if topic:
                self._about(topic, self._d.content.upl_name(topic), asked)
            elif turn.kind == "referral":
                self._about(None, self._d.say("report.subject.referral"), asked)
            else:
                return  # an honest "I do not understand" is about nothing yet
            self.now = msgspec.structs.replace(self.now, aspect=aspect or self.now.aspect)
            if turn.kind != "fallback":
                self.now = self.now.answered(part, name, ours=True)
            if turn.kind == "referral":
                self.close("referred")

    def call_promised(self, topic: str | None, question: str | None, asked: ev.Ask | None) -> None:
        if topic:
            self._about(topic, self._d.content.upl_name(topic), None)
        elif not self._c.segment:
            where = msgspec.structs.replace(asked, text=None, label=None) if asked else None
            self._about(None, self._d.say("report.subject.callback"), where)
        self.now = msgspec.structs.replace(self.now.asked(question), promised=self._d.say("report.callback"))

    def call_cancelled(self) -> None:
        if self._c.segment:
            self.now = msgspec.structs.replace(self.now, promised=None)

    def handed_over(self) -> None:
        """The contact moment goes on with people. Without a subject it is one all the same."""
        packet = self._c.packet or {}
        topic = packet.get("subject", {}).get("topic")
        if topic:
            self._about(topic, self._d.content.upl_name(topic), None)
        elif not self._c.segment:
            self._about(None, self._d.say("report.subject.staff"), None)
        self.now = self.now.asked(packet.get("question")).taken_over(self._c.pos)

    def reported(self, event: ev.WrappedUp) -> None:
        """Staff say what it was about. What the bot answered before on another subject stays a contact moment of its own."""
        open_topic = self._c.segment.topic if self._c.segment else None
        subjects: list[str | None] = list(dict.fromkeys(event.subjects)) or [open_topic]
        start = self._c.pos
        theirs: tuple[str, ...] = ()  # what staff answered
        if self._c.segment:
            start = self.now.handed_over or self.now.from_pos
            if open_topic in subjects:
                subjects = [open_topic, *(topic for topic in subjects if topic != open_topic)]
            elif self.now.before_people:
                self.now, theirs = self.now.split(self._d.say("name.bot"))
                self.close(before=start)
            else:
                self.now = self.now.about(subjects[0], self._subject_of(subjects[0]), self._uri_of(subjects[0]))
        promised = self._d.say("report.callback") if event.outcome == "callback" else None
        for topic in subjects:
            if not self._c.segment or self.now.topic != topic:
                self._open(topic, self._subject_of(topic), pos=start)
            told = self.now.taken_over(start)
            self.now = msgspec.structs.replace(
                told, answers=told.answers or theirs, report=event.summary.strip() or None, by=event.by.name,
                promised=told.promised or promised,
            )  # fmt: skip
            theirs = self.now.answers[self.now.before_people :]
            self.close(event.outcome)

    def recorded(self, what: "Recorded") -> None:
        """The one of a conversation that happened elsewhere."""
        self._open(what.topic, what.subject, at=self._c.created_at, upl_uri=what.upl_uri)
        told = self.now.asked(what.question).answered(what.answer, what.by or "", ours=False)
        self.now = msgspec.structs.replace(told, report=what.report, by=what.by)
        self.close(what.outcome)

    def close(self, outcome: str | None = None, *, before: int | None = None) -> None:
        """Ends the open one, if there is one: with everything so far, or with what stands before the turn `before`."""
        if self._c.segment:
            at = self._c.last_at if self._c.end_reason in ("idle", "recorded") else self._d.now  # not when that was noticed
            self.now = self.now.closed(at, max(self.now.from_pos, (before or self._c.pos + 1) - 1), outcome)
            self._c.segment = None

    def _about(self, topic: str | None, subject: str, asked: ev.Ask | None) -> None:
        """From the question `asked` on it is about this; the segment that is open goes on if it is about this already."""
        pos = asked.pos if asked else None
        if not self._c.segment or self.now.topic != topic or (topic is None and self.now.subject != subject):
            self.close(before=pos)
            self._open(topic, subject, pos=pos, at=asked.at if asked else None)
        question = (asked.text or asked.label) if asked else None
        self.now = self.now.asked(question)

    def _open(
        self, topic: str | None, subject: str, *, pos: int | None = None, at: datetime | None = None, upl_uri: str | None = None
    ) -> None:
        self.close()
        self._c.segments += 1
        fresh = Segment(
            id=self._d.new_id(), number=self._c.segments, subject=subject, topic=topic, started_at=at or self._d.now,
            upl_uri=upl_uri or self._uri_of(topic), from_pos=pos or self._c.pos, to_pos=self._c.pos,
        )  # fmt: skip
        self._opened.add(fresh.id)
        self.now = fresh

    def _subject_of(self, topic: str | None) -> str:
        return self._d.content.upl_name(topic) if topic else self._d.say("report.subject.staff")

    def _uri_of(self, topic: str | None) -> str | None:
        return self._d.content.upl_uri(topic) if topic else None


def summary(segment: Segment, say: Say) -> str:
    """The report: what staff wrote, or question, answers and what was promised; at most 1,000 characters."""
    if segment.report is not None:
        return cut(without_contact_details(segment.report), REPORT_AT_MOST)
    lines = [say("report.question", text=_ended(cut(question, QUESTION_IN_REPORT))) for question in segment.questions[:2]]
    if segment.answers:
        lines.append(say("report.answer", text=_ended(cut(_plain(segment.answers[-1]), ANSWER_IN_REPORT))))
    elif segment.ended_at and segment.questions:
        lines.append(say("report.no_answer"))
    lines += [say("report.handed_over")] if segment.handed_over is not None else []
    lines += [say("report.promised", text=_ended(segment.promised))] if segment.promised else []
    return cut("\n".join(lines), REPORT_AT_MOST)  # questions and answers were masked when they came in


def row(segment: Segment, say: Say) -> dict[str, Any]:
    """The columns of the table `segment` that can change."""
    return {
        "topic": segment.topic, "aspect": segment.aspect, "upl_uri": segment.upl_uri, "subject": cut(segment.subject, SUBJECT_AT_MOST),
        "from_pos": segment.from_pos, "to_pos": segment.to_pos, "started_at": segment.started_at, "ended_at": segment.ended_at,
        "question": "\n".join(segment.questions)[:QUESTION_AT_MOST], "summary": summary(segment, say),
        "answer": "\n\n".join(segment.answers)[:ANSWER_AT_MOST], "outcome": segment.outcome, "by": segment.by, "promised": segment.promised,
    }  # fmt: skip


def cut(text: str, at_most: int) -> str:
    """`text` without NULs, at most so many characters: cut after a sentence, or else a word, with an ellipsis."""
    text = text.replace("\0", "").strip()
    if len(text) <= at_most:
        return text
    kept = text[: at_most - 1]
    ends = max(kept.rfind(end) for end in (". ", "? ", "! ", "\n"))
    if ends < at_most // 2:
        ends = kept.rfind(" ") - 1
    return (kept[: ends + 1] if ends > 0 else kept).rstrip() + "…"


def parts_of(text: str, titles: list[str]) -> list[str]:
    """An answer about several subjects, each under its title on a line of its own: the part of each; else the whole text for all."""
    found, rest = [], "\n\n" + text
    for title in reversed(titles):
        before, sign, part = rest.rpartition(f"\n\n{title}\n")
        if not sign:
            return [text for _ in titles]
        found.append(part)
        rest = before
    return found[::-1]


def _plain(text: str) -> str:
    """In one line."""
    return " ".join(text.split())


def _ended(text: str) -> str:
    """With a full stop, unless it has an end of its own."""
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."
