"""The regression gate: all of our own test questions through the whole path, held against what was reached before.

Better figures may be written into bars.json; worse ones fail. `make report` shows where.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.questions import score

ROOT = Path(__file__).resolve().parents[2]
BARS = json.loads((score.FOLDER / "bars.json").read_text(encoding="utf-8"))
AT_MOST = 600.0  # seconds


@pytest.fixture(scope="module")
def reached(tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions")
    asked = score.questions()
    (folder / "in.jsonl").write_text("".join(json.dumps(question) + "\n" for question in asked), encoding="utf-8")
    subprocess.run(
        [Path(sys.executable).with_name("wegwijs"), "evaluate", folder / "in.jsonl", folder / "out.jsonl"],
        check=True, timeout=AT_MOST, cwd=ROOT, env={**os.environ, "WEGWIJS_DATA": str(folder)},
    )  # fmt: skip
    said = {row["id"]: row for row in map(json.loads, (folder / "out.jsonl").read_text(encoding="utf-8").splitlines())}
    assert said.keys() == {question["id"] for question in asked}  # every question got a turn
    return score.scored(asked, said)


def test_there_are_questions_enough_of_every_kind():
    asked = score.questions()
    assert len(asked) >= 1500
    assert len({question["id"] for question in asked}) == len(asked)
    assert {question["topic"] for question in asked if question.get("topic")} >= set(_topics())


def _topics() -> list[str]:
    return [line.split(",")[0] for line in (ROOT / "data/topics.csv").read_text(encoding="utf-8").splitlines()[1:]]


@pytest.mark.parametrize("group", sorted(BARS))
def test_nothing_got_worse(reached, group):
    bar, found = BARS[group], reached[group]
    assert found["right"] >= bar["right_at_least"]
    assert found["wrong"] <= bar["wrong_at_most"]
