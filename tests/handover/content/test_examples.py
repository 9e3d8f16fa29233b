"""A mistake in the training examples is told with its file and its line, before any training."""

import re
from pathlib import Path

import pytest

from handover.content.examples import check_examples
from handover.content.files import ContentError

GOOD = """version: "3.1"
nlu:
- intent: vraag
  metadata:
    topic: paspoort
    aspect: kosten
    language: nl
  examples: |
    - Wat kost een paspoort?
    - prijs paspoort
"""


def check(folder: Path, text: str) -> int:
    (folder / "paspoort.yml").write_text(text, encoding="utf-8")
    return check_examples(folder, {"paspoort"}, {"kosten"})


def test_good_examples_are_counted(tmp_path):
    assert check(tmp_path, GOOD) == 2


@pytest.mark.parametrize(
    ("right", "wrong", "line", "says"),
    [
        ("topic: paspoort", "topic: pasport", 5, "'topic: pasport' should be a topic of data/topics.csv"),
        ("aspect: kosten", "aspect: prijs", 6, "'aspect: prijs' should be an aspect of data/aspects.csv"),
        ("language: nl", "language: fr", 7, "'language: fr' should be nl or en"),
        ("    aspect: kosten\n", "", 5, "'aspect: None' should be"),
        ("    - prijs paspoort", "    prijs paspoort", 10, "'- ' and an example is expected here"),
        ("nlu:", "nlu: 3\nrest:", 1, "should hold 'nlu:' with a list"),
        ("- intent: vraag", "- intend: vraag", 3, "an 'intent' and its 'metadata' are expected here"),
        ("  examples: |", "  examples: [", None, "is not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, right, wrong, line, says):
    with pytest.raises(ContentError, match=re.escape(says)) as told:
        check(tmp_path, GOOD.replace(right, wrong))
    if line:
        assert f"paspoort.yml:{line}: " in str(told.value)
