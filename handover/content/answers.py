"""The answers, one YAML file a topic in data/answers/. A changed file is used at once, without training or restart."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from handover.content.facts import LANGUAGES, Facts
from handover.content.files import PLACEHOLDER, ContentError, Mapping, read_yaml

LOOK_AGAIN = 2.0  # seconds between looks at the files


@dataclass(frozen=True)
class Answer:
    """One answer in one language, with the municipality's facts filled in."""

    topic: str
    aspect: str
    text: str
    spoken: str
    link: dict[str, str] | None  # {"url", "title"}
    checked_on: date
    owner: str
    next: tuple[tuple[str, str], ...]  # (topic, aspect)


class Answers:
    """Raises ContentError at the start; an edit that is wrong later is reported once and the former version stays."""

    def __init__(self, folder: Path, facts: Facts, topics: set[str], aspects: set[str], complain: Callable[[str], None] = print) -> None:
        self._folder, self._facts, self._topics, self._aspects, self._complain = folder, facts, topics, aspects, complain
        self._read_at: dict[Path, float] = {}
        self._files: dict[str, Mapping] = {}
        self._made: dict[tuple[str, str, str], Answer] = {}  # those asked for since their file was read
        self._looked = 0.0
        self._lock = threading.Lock()
        for path in sorted(folder.glob("*.yml")):
            self._read(path)
        if not self._files:
            raise ContentError(folder, None, "should hold a YAML file for each topic")
        self._check_targets()

    def title(self, topic: str, language: str) -> str:
        """The topic's short name, as on a button; its id in words where nothing is written about it yet."""
        found = self._topic(topic)
        return str(found["title"][language]) if found else topic.replace("_", " ").capitalize()

    def aspects(self, topic: str) -> list[str]:
        found = self._topic(topic)
        return list(found["answers"]) if found else []

    def topics(self) -> list[str]:
        return list(self._files)

    def find(self, topic: str, aspect: str, language: str, today: date) -> Answer | None:
        """None where nothing is written, or where it is past its review date and so withheld."""
        file = self._topic(topic)
        entry = file["answers"].get(aspect) if file else None
        if not file or not entry:
            return None
        if entry.get("review_by", file["review_by"]) < today:
            return None
        made = self._made.get((topic, aspect, language))
        if made is None:
            made = self._made[topic, aspect, language] = self._make(file, entry, aspect, language)
        return made

    def _make(self, file: Mapping, entry: Mapping, aspect: str, language: str) -> Answer:
        topic = str(file["topic"])
        merged: dict[str, Any] = {**{key: file.get(key) for key in ("link", "owner", "checked_on")}, **entry}
        fill = self._facts.fill
        link = merged["link"] and {"url": fill(merged["link"]["url"], language), "title": merged["link"][language]}
        spoken = entry.get("spoken", {}).get(language) or entry[language]
        following = tuple(self._target(topic, name) for name in entry.get("next", []))
        text, spoken = fill(entry[language], language).strip(), fill(spoken, language).strip()
        return Answer(topic, aspect, text, spoken, link, merged["checked_on"], merged["owner"], following)

    def overdue(self, today: date) -> list[tuple[str, str, str]]:
        """(topic, aspect, owner) of the answers that are withheld because nobody has checked them in time."""
        return [
            (topic, aspect, entry.get("owner", file["owner"]))
            for topic, file in self._files.items()
            for aspect, entry in file["answers"].items()
            if entry.get("review_by", file["review_by"]) < today
        ]

    @staticmethod
    def _target(topic: str, name: str) -> tuple[str, str]:
        other, dot, aspect = name.partition(".")
        return (other, aspect) if dot else (topic, name)

    def _topic(self, topic: str) -> Mapping | None:
        if time.monotonic() - self._looked > LOOK_AGAIN:
            self._look_again()
        return self._files.get(topic)

    def _look_again(self) -> None:
        with self._lock:
            self._looked = time.monotonic()
            for path in self._folder.glob("*.yml"):
                try:
                    if path.stat().st_mtime != self._read_at.get(path):
                        self._read(path)
                except (ContentError, OSError) as error:
                    self._read_at[path] = path.stat().st_mtime if path.exists() else 0.0
                    self._complain(f"{error}; the former answers stay in use")

    def _read(self, path: Path) -> None:
        modified = path.stat().st_mtime
        found = read_yaml(path)
        self._check(path, found)
        self._files[found["topic"]] = found
        self._made = {key: made for key, made in self._made.items() if key[0] != found["topic"]}
        self._read_at[path] = modified

    def _check(self, path: Path, file: Mapping) -> None:
        for key in ("topic", "title", "owner", "checked_on", "review_by", "answers"):
            if key not in file:
                raise ContentError(path, 1, f"the key '{key}' is missing")
        if str(file["topic"]) not in self._topics or path.stem != file["topic"]:
            expected = "one of topics.csv and the file's own name"
            raise ContentError(path, file.lines["topic"], f"topic '{file['topic']}' should be {expected}")
        self._check_fields(path, file)
        if not isinstance(file["answers"], Mapping):
            raise ContentError(path, file.lines["answers"], "answers should hold an entry for each aspect")
        for aspect, entry in file["answers"].items():
            line = file["answers"].lines[aspect]
            if aspect not in self._aspects:
                raise ContentError(path, line, f"'{aspect}' is no aspect of aspects.csv")
            if not isinstance(entry, Mapping):
                raise ContentError(path, line, f"'{aspect}' should hold nl, en, spoken and next")
            self._check_fields(path, entry)
            self._check_languages(path, entry, aspect)
            self._check_placeholders(path, entry)
            if "spoken" in entry:
                self._check_placeholders(path, entry["spoken"])
            following = entry.get("next", [])
            if not isinstance(following, list) or not all(isinstance(name, str) for name in following):
                raise ContentError(path, entry.lines["next"], "next should be a list of aspects: [termijn, kosten]")

    def _check_fields(self, path: Path, entry: Mapping) -> None:
        for key in ("title", "link", "spoken"):
            if key in entry and not isinstance(entry[key], Mapping):
                raise ContentError(path, entry.lines[key], f"{key} should hold 'key: value' lines")
        for key in ("checked_on", "review_by"):
            if key in entry and type(entry[key]) is not date:
                raise ContentError(path, entry.lines[key], f"{key} should be a date like 2026-11-02")
        for key in ("title", "link"):
            if key in entry:
                self._check_languages(path, entry[key], key)
        if "link" in entry:
            if not isinstance(entry["link"].get("url"), str):
                raise ContentError(path, entry["link"].line, "link should have a url")
            self._check_placeholders(path, entry["link"])

    def _check_languages(self, path: Path, entry: Mapping, what: str) -> None:
        for language in LANGUAGES:
            if not isinstance(entry.get(language), str) or not entry[language].strip():
                raise ContentError(path, entry.line, f"'{what}' should have a text in '{language}'")

    def _check_placeholders(self, path: Path, entry: Mapping) -> None:
        for key, text in entry.items():
            for name in PLACEHOLDER.findall(text) if isinstance(text, str) else []:
                try:
                    self._facts.value(name, "nl")
                except KeyError:
                    raise ContentError(path, entry.lines.get(key), f"{{{name}}} is not in {self._facts.path}") from None

    def _check_targets(self) -> None:
        for topic, file in self._files.items():
            for aspect, entry in file["answers"].items():
                for name in entry.get("next", []):
                    other, wanted = self._target(topic, name)
                    if other not in self._files or wanted not in self._files[other]["answers"]:
                        path = self._folder / f"{topic}.yml"
                        raise ContentError(path, file["answers"].lines[aspect], f"next: there is no answer '{name}'")
