"""The training examples, checked before a training run: Rasa itself would not say where a mistake stands."""

import csv
from collections.abc import Container
from pathlib import Path

from handover.content.files import ContentError, Mapping, read_yaml

QUESTION = "vraag"
LANGUAGES = ("nl", "en")
TABLES = {
    "follow_ups.csv": ("before_topic", "before_aspect", "topic", "aspect", "language", "text"),
    "two_subjects.csv": ("topic", "aspect", "second_topic", "second_aspect", "language", "text"),
    "settled.csv": ("topic", "language", "text"),
}


def check_examples(folder: Path, topics: Container[str], aspects: Container[str]) -> int:
    """How many examples stand in `folder`. Raises ContentError with file and line at the first mistake."""
    return sum(_check_file(path, topics, aspects) for path in sorted(folder.rglob("*.yml")))


def check_tables(folder: Path, topics: Container[str], aspects: Container[str]) -> int:
    """How many examples stand in the tables of TABLES, which all should be in `folder`. Raises ContentError as above."""
    return sum(_check_table(folder / name, columns, topics, aspects) for name, columns in TABLES.items())


def _check_table(path: Path, columns: tuple[str, ...], topics: Container[str], aspects: Container[str]) -> int:
    allowed = {name: LANGUAGES if name == "language" else topics if name.endswith("topic") else aspects for name in columns[:-1]}
    count = 0
    with path.open(encoding="utf-8", newline="") as lines:
        table = csv.reader(lines)
        if tuple(next(table, ())) != columns:
            raise ContentError(path, 1, f"the columns should be {','.join(columns)}")
        for row in table:
            if len(row) != len(columns) or not row[-1].strip():
                raise ContentError(path, table.line_num, f"{len(columns)} columns are expected here, the last one a text")
            for (name, known), value in zip(allowed.items(), row, strict=False):
                if value not in known:
                    raise ContentError(path, table.line_num, f"'{name}: {value}' is not known")
            count += 1
    return count


def _check_file(path: Path, topics: Container[str], aspects: Container[str]) -> int:
    found = read_yaml(path)
    blocks = found.get("nlu")
    if not isinstance(blocks, list) or not all(isinstance(block, Mapping) for block in blocks):
        raise ContentError(path, 1, "should hold 'nlu:' with a list of '- intent: …'")
    return sum(_check_block(path, block, topics, aspects) for block in blocks)


def _check_block(path: Path, block: Mapping, topics: Container[str], aspects: Container[str]) -> int:
    metadata = block.get("metadata")
    if not isinstance(block.get("intent"), str) or not isinstance(metadata, Mapping):
        raise ContentError(path, block.line, "an 'intent' and its 'metadata' are expected here")

    def expect(name: str, allowed: Container[str], where: str) -> None:
        if metadata.get(name) not in allowed:
            raise ContentError(path, metadata.lines.get(name, metadata.line), f"'{name}: {metadata.get(name)}' should be {where}")

    expect("language", LANGUAGES, "nl or en")
    if block["intent"] == QUESTION:
        expect("topic", topics, "a topic of data/topics.csv")
        expect("aspect", aspects, "an aspect of data/aspects.csv")
    lines = str(block.get("examples", "")).splitlines()
    wrong = next((number for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("- ")), None)
    if not lines or wrong:
        raise ContentError(path, block.lines.get("examples", block.line) + (wrong or 0), "'- ' and an example is expected here")
    return sum(bool(line.strip()) for line in lines)
