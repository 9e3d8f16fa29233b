"""All content in one hand: what the conversation, the actions and the consoles ask for."""

from datetime import datetime
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_time

from handover.content.answers import Answers
from handover.content.facts import Facts
from handover.content.files import ContentError, Mapping, read_yaml
from handover.content.hours import AMSTERDAM, Mode
from handover.content.topics import read_aspects, read_topics


class Library:
    """Implements conversation.Content. Raises ContentError when a file is wrong."""

    def __init__(self, data: Path, municipality: Path, mode: Mode) -> None:
        self.topics = read_topics(data / "topics.csv")
        self.aspects = read_aspects(data / "aspects.csv")
        self.facts = Facts(municipality, mode)
        self._texts_path = data / "texts.yml"
        self._texts = read_yaml(self._texts_path)
        self.answers = Answers(data / "answers", self.facts, set(self.topics), set(self.aspects))
        for topic, aspect in self.facts.top_questions:
            if aspect not in self.answers.aspects(topic):
                raise ContentError(municipality, None, f"top_questions: there is no answer '{topic}.{aspect}'")

    def text(self, key: str, language: str, **values: object) -> str:
        """A fixed text by its dotted key, facts and `values` filled in. Raises ContentError for a key that is not there."""
        entry = self._entry(key)
        text = self.facts.fill(str(entry.get(language, entry["nl"])), language)
        for name, value in values.items():
            text = text.replace(f"<{name}>", str(value))
        return text.strip()

    def has_text(self, key: str) -> bool:
        try:
            return bool(self._entry(key))
        except ContentError:
            return False

    def _entry(self, key: str) -> Mapping:
        found: Any = self._texts
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if not isinstance(found, Mapping) or "nl" not in found:
            raise ContentError(self._texts_path, None, f"there is no text '{key}'")
        return found

    def top_choices(self, language: str) -> list[dict[str, Any]]:
        return [self.question_choice(topic, aspect, language) for topic, aspect in self.facts.top_questions]

    def question_choice(self, topic: str, aspect: str, language: str, *, with_topic: bool = True) -> dict[str, Any]:
        """A button that asks this question, labelled as the resident would ask it."""
        label = self.text(f"aspects.{aspect}", language)
        if with_topic:
            label = f"{self.answers.title(topic, language)}: {label[0].lower() + label[1:]}"
        return {"label": label, "do": {"ask": {"topic": topic, "aspect": aspect}}}

    def upl_uri(self, topic: str) -> str | None:
        return self.topics[topic].upl_uri if topic in self.topics else None

    def team_for(self, topic: str | None) -> str:
        """The team that knows this topic; the first team of the facts where none says so."""
        domain = self.topics[topic].domain if topic in self.topics else None
        return next((team.id for team in self.facts.teams if domain in team.domains), self.facts.default_team)

    def moment(self, at: datetime, language: str) -> str:
        """A moment in words, Dutch local time: "dinsdag 24 november om 08:30"."""
        local = at.astimezone(AMSTERDAM)
        day = format_date(local, "EEEE d MMMM", locale=language)
        between = " om " if language == "nl" else " at "
        return day + between + format_time(local, "HH:mm", locale=language)
