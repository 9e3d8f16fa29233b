"""Holds what the bot said (the lines of `make evaluate`) against what it should have said. Standard library only.

Each question has an outcome: `right`; `asked` (it asked back, offered a person, or admitted that it does not know);
`aspect` (the right topic, another aspect of it); `wrong` (an answer or a referral that is about something else).
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
OUTCOMES = ("right", "aspect", "asked", "wrong")
SINGLE = {"main"}  # sets of one plain question each
DEVELOPMENT = "dev_"  # sets that begin with this are for choosing numbers: they stand in no other group than their own
ASKED = {"clarify", "fallback", "handover_offer", "notice", "form"}
DECLINED = {"referral", "fallback", "handover_offer", "notice"}
RIGHT_KINDS = {
    "out_of_scope": DECLINED,
    "handover_request": {"handover_offer", "notice", "form"},
    "urgent": {"urgent"},
    "chitchat": {"smalltalk"},
    "nonsense": {"fallback", "smalltalk", "handover_offer"},
    "other_language": {"fallback", "handover_offer"},
}

Row = dict[str, Any]


def questions() -> list[Row]:
    """Every test question: {"id", "set", "kind", "style", "lang", "text"} and what is expected of it."""
    return [json.loads(line) for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]


def outcome(question: Row, said: Row) -> str:
    kind = said["kind"]
    if question["kind"] != "vraag":
        if kind in RIGHT_KINDS[question["kind"]]:
            return "right"
        return "asked" if kind in ASKED else "wrong"
    if kind in ASKED:
        return "asked"
    if kind != "answer":
        return "wrong"
    if "topics" in question:
        told = {(row["topic"], row["aspect"]) for row in said["topics"]}
        expected = set(zip(question["topics"], question["aspects"], strict=True))
        if told == expected:
            return "right"
        return "aspect" if {topic for topic, _ in told} <= set(question["topics"]) else "wrong"
    if said["topic"] != question["topic"]:
        return "wrong"
    return "right" if said["aspect"] == question["aspect"] else "aspect"


def shares(outcomes: Iterable[str]) -> dict[str, float]:
    """How often each outcome came, in percent, and `n`."""
    found = Counter(outcomes)
    total = sum(found.values())
    return {"n": total, **{name: 100 * found[name] / total if total else 0.0 for name in OUTCOMES}}


def scored(asked: list[Row], said: dict[str, Row]) -> dict[str, dict[str, float]]:
    """Shares of outcomes by set, and by kind, and for single questions by style and language; "set:main", "style:story" and so on."""
    groups: dict[str, list[str]] = {}
    for question in asked:
        found = outcome(question, said[question["id"]])
        names = [f"set:{question['set']}"]
        if question["set"] in SINGLE and question["kind"] == "vraag":
            names += [f"style:{question['style']}", f"language:{question['lang']}"]
        if question["kind"] != "vraag" and not _for_development(question):
            names.append(f"kind:{question['kind']}")
        for name in names:
            groups.setdefault(name, []).append(found)
    return {name: shares(groups[name]) for name in sorted(groups)}


def _for_development(question: Row) -> bool:
    return str(question["set"]).startswith(DEVELOPMENT)


def confusions(asked: list[Row], said: dict[str, Row], most: int = 30) -> list[tuple[str, str, int]]:
    """(expected topic, topic answered, how often), commonest first."""
    found = Counter(
        (question["topic"], said[question["id"]]["topic"])
        for question in asked
        if not _for_development(question)
        and question.get("topic")
        and said[question["id"]]["kind"] == "answer"
        and said[question["id"]]["topic"] != question["topic"]
    )
    return [(*pair, count) for pair, count in found.most_common(most)]


def calibration(asked: list[Row], said: dict[str, Row], bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean confidence, share of right topics, number) for each tenth of confidence that occurs; of single questions."""
    rows = [
        (said[question["id"]]["confidence"], said[question["id"]]["topic"] == question["topic"])
        for question in asked
        if question["set"] in SINGLE
        and question["kind"] == "vraag"
        and said[question["id"]]["confidence"] is not None
        and said[question["id"]]["kind"] in ("answer", "clarify")
    ]
    table = []
    for number in range(bins):
        inside = [(sure, right) for sure, right in rows if min(int(sure * bins), bins - 1) == number]
        if inside:
            table.append((sum(s for s, _ in inside) / len(inside), sum(r for _, r in inside) / len(inside), len(inside)))
    return table
