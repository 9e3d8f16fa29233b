"""The scoring itself: what counts as right, asked back, another aspect, wrong."""

import pytest

from tests.questions.score import calibration, confusions, outcome, scored

PASSPORT = {"id": "1", "set": "main", "kind": "vraag", "topic": "paspoort", "aspect": "kosten", "style": "formal", "lang": "nl"}
TWO = {
    "id": "2",
    "set": "two",
    "kind": "vraag",
    "topics": ["vog", "grofvuil"],
    "aspects": ["kosten", "termijn"],
    "style": "formal",
    "lang": "nl",
}


def said(
    kind: str, topic: str | None = None, aspect: str | None = None, confidence: float | None = 0.9, **more: object
) -> dict[str, object]:
    return {"kind": kind, "topic": topic, "aspect": aspect, "confidence": confidence, "topics": [], **more}


def both(*rows: tuple[str, str]) -> list[dict[str, str]]:
    return [{"topic": topic, "aspect": aspect} for topic, aspect in rows]


@pytest.mark.parametrize(
    ("question", "reply", "expected"),
    [
        (PASSPORT, said("answer", "paspoort", "kosten"), "right"),
        (PASSPORT, said("answer", "paspoort", "termijn"), "aspect"),
        (PASSPORT, said("answer", "vog", "kosten"), "wrong"),
        (PASSPORT, said("clarify", "paspoort"), "asked"),
        (PASSPORT, said("referral"), "wrong"),
        (TWO, said("answer", "vog", "kosten", topics=both(("vog", "kosten"), ("grofvuil", "termijn"))), "right"),
        (TWO, said("answer", "vog", "kosten", topics=both(("vog", "kosten"))), "aspect"),
        (TWO, said("answer", "woz", "kosten", topics=both(("woz", "kosten"))), "wrong"),
        ({"kind": "urgent"}, said("urgent"), "right"),
        ({"kind": "urgent"}, said("answer", "vog", "kosten"), "wrong"),
        ({"kind": "out_of_scope"}, said("referral"), "right"),
        ({"kind": "out_of_scope"}, said("clarify", "vog"), "asked"),
    ],
)
def test_outcome(question, reply, expected):
    assert outcome(question, reply) == expected


def test_tables():
    asked = [PASSPORT, {**PASSPORT, "id": "3"}]
    replies = {"1": said("answer", "paspoort", "kosten", 0.95), "3": said("answer", "vog", "kosten", 0.93)}
    assert scored(asked, replies)["set:main"] == {"n": 2, "right": 50, "aspect": 0, "asked": 0, "wrong": 50}
    assert confusions(asked, replies) == [("paspoort", "vog", 1)]
    assert calibration(asked, replies) == [(pytest.approx(0.94), 0.5, 2)]
