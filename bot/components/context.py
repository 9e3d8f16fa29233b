"""What a message is about once the turn before it is known: "en wat kost dat?" after a question on passports.

The models read such a message behind the title of the subject so far and a sign for what was last asked about it. They
learn to do so from data/follow_ups.csv, and from ordinary examples put behind a subject, their own or another: what a
message plainly says counts for more than what was said before.
"""

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

import numpy as np
import yaml

from bot.components.examples import QUESTION, Example, rows

Titles = Dict[str, Dict[str, str]]

SHARE = 6  # one in so many examples is also learnt behind a subject
GENERAL = "algemeen"  # the aspect where none was asked


class Before(NamedTuple):
    """The subject so far, and which aspect of it was asked last."""

    topic: str
    aspect: Optional[str] = None


class Context:
    def __init__(self, titles: Titles, aspects: Sequence[str]) -> None:
        self.titles = titles
        # signs that no word contains, not even in part: they must not be taken for what the message says itself
        self._signs = {aspect: "zq" + chr(ord("a") + at) for at, aspect in enumerate(sorted({*aspects, GENERAL}))}

    def __contains__(self, topic: object) -> bool:
        return topic in self.titles

    def behind(self, before: Before, text: str, language: str) -> str:
        """`text` as it is read after a turn about `before`, of which the topic must have a title."""
        title = self.titles[before.topic]["en" if language == "en" else "nl"]
        sign = self._signs.get(before.aspect or GENERAL) or self._signs[GENERAL]
        return f"{title} {sign}. {text}"

    def examples(self, follow_ups: Path, ordinary: Sequence[Example]) -> List[Example]:
        """Those of the file, and some of the `ordinary` ones behind a subject; the same at every training. [] without titles."""
        if not self.titles:
            return []
        random = np.random.RandomState(0)
        topics, aspects = sorted(self.titles), sorted(self._signs)
        found = [
            (self.behind(Before(row["before_topic"], row["before_aspect"]), row["text"], row["language"]),
             f"{QUESTION}/{row['topic']}", row["aspect"])
            for row in rows(follow_ups)
        ]  # fmt: skip
        for at in random.permutation(len(ordinary))[: len(ordinary) // SHARE]:
            text, label, aspect = ordinary[at]
            kind, name = label.split("/", 1)
            stays = kind == QUESTION and name in self.titles and random.rand() < 0.5
            before = Before(name if stays else topics[random.randint(len(topics))], aspects[random.randint(len(aspects))])
            found.append((self.behind(before, text, "nl" if random.rand() < 0.7 else "en"), label, aspect))
        return found


def titles(folder: Path) -> Titles:
    """{"paspoort": {"nl": "Paspoort", "en": "Passport"}} of every topic that has both; {} when there is no such folder."""
    found = (yaml.safe_load(path.read_text(encoding="utf-8")) or {} for path in sorted(folder.glob("*.yml")))
    return {content["topic"]: dict(content["title"]) for content in found if {"nl", "en"} <= set(content.get("title") or {})}
