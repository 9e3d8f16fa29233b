"""Tells staff that a text holds data of a special kind: on somebody's health, or on crimes (PRV-3; AVG articles 9 and 10).

By the word lists of special_words.txt. Some words leave no doubt; others say something of somebody's health only beside a word for a
person, and not where an animal or a tree is ill. A flag is a reminder to be careful with what one copies, never a decision.
"""

import re
from pathlib import Path
from typing import Literal

Special = Literal["health", "criminal"]

_SENTENCE = re.compile(r"[^.?!\n]+")


def _lists(path: Path) -> dict[str, re.Pattern[str]]:
    """A pattern for each section of the file."""
    found: dict[str, list[str]] = {}
    section: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            section.append(line.replace(" ", r"\s"))
    return {name: re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?!\w)", re.IGNORECASE) for name, words in found.items()}


_LISTS = _lists(Path(__file__).with_name("special_words.txt"))
_HEALTH, _CRIMINAL, _MAYBE = _LISTS["health"], _LISTS["criminal"], _LISTS["health, beside a word for a person"]
_PERSON, _NO_PERSON = _LISTS["person"], _LISTS["animals, trees and places"]


def special_data(text: str) -> list[Special]:
    """Which special kinds of personal data `text` seems to hold; [] for most texts."""
    text = text.replace("’", "'")
    found: list[Special] = []
    if _HEALTH.search(text) or any(_of_somebody(sentence) for sentence in _SENTENCE.findall(text)):
        found.append("health")
    if _CRIMINAL.search(text):
        found.append("criminal")
    return found


def _of_somebody(sentence: str) -> bool:
    return bool(_MAYBE.search(sentence) and _PERSON.search(sentence) and not _NO_PERSON.search(sentence))
