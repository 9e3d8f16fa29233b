"""All content in one hand: what the conversation, the actions and the consoles ask for."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_time

from handover.content.answers import Answers
from handover.content.facts import LANGUAGES, Facts
from handover.content.files import PLACEHOLDER, ContentError, Mapping, read_yaml
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
        self._check_texts(self._texts)
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

    def spoken(self, key: str, language: str, **values: object) -> str:
        """The same for the ear: what stands under `by_ear`, where other words are needed."""
        return self.text(f"by_ear.{key}" if self.has_text(f"by_ear.{key}") else key, language, **values)

    def has_text(self, key: str) -> bool:
        try:
            return bool(self._entry(key))
        except ContentError:
            return False

    def _check_texts(self, texts: Mapping) -> None:
        """Every text in both languages, with facts that are there: a missing one must not wait for a resident."""
        for key, found in texts.items():
            line = texts.lines[key]
            if not isinstance(found, Mapping):
                raise ContentError(self._texts_path, line, f"'{key}' should have a text in nl and en")
            if "nl" not in found:
                self._check_texts(found)
                continue
            for language in LANGUAGES:
                if not isinstance(found.get(language), str):
                    raise ContentError(self._texts_path, line, f"'{key}' should have a text in '{language}'")
                for name in PLACEHOLDER.findall(found[language]):
                    try:
                        self.facts.value(name, language)
                    except KeyError:
                        raise ContentError(self._texts_path, line, f"{{{name}}} is not in {self.facts.path}") from None

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

    def upl_name(self, topic: str) -> str:
        """What the national product list calls it; its id in words where the list does not have it."""
        return self.topics[topic].upl_name if topic in self.topics else topic.replace("_", " ")

    def title(self, topic: str, language: str) -> str:
        return self.answers.title(topic, language)

    def team_for(self, topic: str | None) -> str:
        """The team that knows this topic; the first team of the facts where none says so."""
        domain = self.topics[topic].domain if topic in self.topics else None
        return next((team.id for team in self.facts.teams if domain in team.domains), self.facts.default_team)

    def kept_for(self, *, with_staff: bool) -> timedelta:
        """How long what was said in a closed conversation is kept: with the assistant alone, or with staff as well."""
        return timedelta(days=self.facts.kept_days["staff" if with_staff else "bot"])

    def summary_kept(self) -> timedelta:
        """How long a contact moment is kept: subject, report, outcome, and whose it was."""
        return timedelta(days=self.facts.kept_days["summary"])

    def legal_basis(self) -> str:
        return self.facts.legal_basis

    def moment(self, at: datetime, language: str) -> str:
        """A moment in words, Dutch local time: "dinsdag 24 november om 08:30"."""
        local = at.astimezone(AMSTERDAM)
        day = format_date(local, "EEEE d MMMM", locale=language)
        between = " om " if language == "nl" else " at "
        return day + between + format_time(local, "HH:mm", locale=language)
