"""The answers as extra reading for the models: what a product is about, in the words of its own answers.

An answer that is edited needs no training; the next training just reads the new words too.
"""

import re
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import yaml

PLACEHOLDER = re.compile(r"\{[^}]*\}")
SENTENCE = re.compile(r"(?<=[.!?])\s+")
SHORTEST = 15  # characters; shorter sentences ("Dat mag.") say nothing about a topic
AT_ONCE = 3  # sentences of one answer that make up one example

Reading = Tuple[str, str, str]  # text, topic, aspect or ""


def readings(folder: Path) -> List[Reading]:
    """Titles, links and answers of every topic, in Dutch and English; [] when there is no such folder."""
    return [reading for path in sorted(folder.glob("*.yml")) for reading in _of_topic(path)]


def titles(folder: Path) -> Dict[str, Dict[str, str]]:
    """{"paspoort": {"nl": "Paspoort", "en": "Passport"}} of every topic that has both."""
    found = (yaml.safe_load(path.read_text(encoding="utf-8")) or {} for path in sorted(folder.glob("*.yml")))
    return {content["topic"]: dict(content["title"]) for content in found if {"nl", "en"} <= set(content.get("title") or {})}


def _of_topic(path: Path) -> Iterator[Reading]:
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    topic = content.get("topic") or path.stem
    for language in ("nl", "en"):
        for named in ("title", "link"):
            if language in (content.get(named) or {}):
                yield content[named][language], topic, ""
        for aspect, answer in (content.get("answers") or {}).items():
            sentences = [part for part in SENTENCE.split(PLACEHOLDER.sub(" ", answer.get(language) or "")) if len(part) > SHORTEST]
            for start in range(0, len(sentences), AT_ONCE):
                yield " ".join(sentences[start : start + AT_ONCE]), topic, aspect
