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
from typing import Any
from uuid import UUID

import msgspec

from handover.conversation.privacy import without_contact_details

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
    return cut(without_contact_details("\n".join(lines)), REPORT_AT_MOST)


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
