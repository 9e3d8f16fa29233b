"""The vocabulary: topics and aspects, from data/topics.csv and data/aspects.csv."""

import csv
from dataclasses import dataclass
from pathlib import Path

from handover.content.files import ContentError


@dataclass(frozen=True)
class Topic:
    id: str
    upl_name: str
    upl_uri: str | None
    domain: str


def read_topics(path: Path) -> dict[str, Topic]:
    """Topic id → Topic. Raises ContentError."""
    return {
        row["topic_id"]: Topic(row["topic_id"], row["upl_name"] or _words(row["topic_id"]), row["upl_uri"] or None, row["domain"])
        for row in _rows(path, "topic_id", "upl_name", "upl_uri", "domain")
    }


def _words(id: str) -> str:
    return id.replace("_", " ")


def read_aspects(path: Path) -> list[str]:
    """Aspect ids in the order of the file. Raises ContentError."""
    return [row["aspect_id"] for row in _rows(path, "aspect_id")]


def _rows(path: Path, *columns: str) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise ContentError(path, None, f"cannot be read: {error.strerror}") from error
    for number, row in enumerate(rows, 2):
        if any(row.get(column) is None for column in columns):
            raise ContentError(path, number, f"should have the columns {', '.join(columns)}")
    return rows
