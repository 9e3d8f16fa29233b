"""A mistake in the training examples is told with its file and its line, before any training."""

import re
from pathlib import Path

import pytest

from handover.content.examples import check_examples, check_tables
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


FOLLOW_UPS = 'before_topic,before_aspect,topic,aspect,language,text\npaspoort,kosten,paspoort,kosten,nl,"en dan, wat kost dat?"\n'
PAIRS = "topic,aspect,second_topic,second_aspect,language,text\npaspoort,kosten,paspoort,kosten,nl,twee vragen\n"
SETTLED = "topic,language,text\npaspoort,nl,mijn paspoort heb ik al\n"


def tables(folder: Path, follow_ups: str = FOLLOW_UPS, pairs: str = PAIRS, settled: str = SETTLED) -> int:
    (folder / "follow_ups.csv").write_text(follow_ups, encoding="utf-8")
    (folder / "two_subjects.csv").write_text(pairs, encoding="utf-8")
    (folder / "settled.csv").write_text(settled, encoding="utf-8")
    return check_tables(folder, {"paspoort"}, {"kosten"})


def test_the_rows_of_the_tables_are_counted(tmp_path):
    assert tables(tmp_path, FOLLOW_UPS) == 3


@pytest.mark.parametrize(
    ("right", "wrong", "line", "says"),
    [
        ("before_topic,before", "topic_before,before", 1, "the columns should be before_topic,before_aspect,topic"),
        ("paspoort,kosten,paspoort", "pasport,kosten,paspoort", 2, "'before_topic: pasport' is not known"),
        ("kosten,nl", "prijs,nl", 2, "'aspect: prijs' is not known"),
        ("nl,", "fr,", 2, "'language: fr' is not known"),
        (',"en dan, wat kost dat?"', "", 2, "6 columns are expected here"),
        ('"en dan, wat kost dat?"', '""', 2, "6 columns are expected here"),
    ],
)
def test_a_mistake_in_a_table_is_told_with_its_line(tmp_path, right, wrong, line, says):
    with pytest.raises(ContentError, match=re.escape(says)) as told:
        tables(tmp_path, FOLLOW_UPS.replace(right, wrong))
    assert f"follow_ups.csv:{line}: " in str(told.value)


def test_a_mistake_in_what_is_only_said_is_told_with_its_line(tmp_path):
    with pytest.raises(ContentError, match=r"settled.csv:2: 'topic: pasport' is not known"):
        tables(tmp_path, settled=SETTLED.replace("paspoort,nl", "pasport,nl"))
