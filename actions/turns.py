"""What an action hears and what it says. Decisions are functions of these two; nothing here does I/O."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from handover.content.answers import Answer
from handover.content.library import Library

TurnDict = dict[str, Any]
Choice = dict[str, Any]
ENTITIES_AT_MOST = 10


class Desk(Protocol):
    """What actions may know of staff."""

    def now(self) -> datetime: ...
    def open(self) -> bool: ...
    def reachable(self) -> bool: ...
    def opens_at(self) -> datetime: ...


class Desks(Desk, Protocol):
    """`by_phone`: the same as a caller may reach it."""

    @property
    def by_phone(self) -> Desk: ...


@dataclass(frozen=True)
class Heard:
    """One message as the bot understood it, and what it remembers. `structured`: a button, not typed.

    `language` is the one to answer in; `foreign` the code of a language that the bot does not speak, if it is one.
    """

    text: str = ""
    intent: str = ""
    kinds: tuple[tuple[str, float], ...] = ()  # how likely each intent is
    subkind: str = ""
    topics: tuple[tuple[str, float], ...] = ()
    aspects: tuple[tuple[str, float], ...] = ()
    subjects: tuple[dict[str, Any], ...] = ()  # topic and aspect of the two that the message may be about both …
    chance_of_two: float = 0.0  # … with this chance
    on_topic: float = 0.0  # the chance that the message goes on about the subject before; topics and aspects know of it too
    entities: tuple[dict[str, Any], ...] = ()
    structured: bool = False
    language: str = "nl"
    conversation_language: str = "nl"
    foreign: str | None = None
    by_ear: bool = False  # a caller, to whom the answer is spoken
    in_form: bool = False
    refused: bool = False  # what was typed for the form was no telephone number
    slots: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        return "".join(c if c.isalnum() else " " for c in self.text.lower()).split()

    def chance(self, kind: str) -> float:
        """How likely the message is of this kind (an intent)."""
        return dict(self.kinds).get(kind, 0.0)

    def slot(self, name: str) -> Any:
        return self.slots.get(name)

    @property
    def offered(self) -> dict[str, Any]:
        """What the bot's last turn offered: {"human": {"reason"}} or {"topics": [{"topic", "aspect"}]}, or both."""
        return self.slot("offered") or {}


@dataclass(frozen=True)
class Reply:
    """One turn, and what to remember. `offered` is forgotten unless a reply sets it: it is about the last turn only."""

    turn: TurnDict
    slots: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Voice:
    """The municipality's texts and staff, in the language of one reply."""

    library: Library
    desk: Desk
    language: str
    by_ear: bool = False

    def say(self, key: str, **values: object) -> str:
        return (self.library.spoken if self.by_ear else self.library.text)(key, self.language, **values)

    def knows(self, key: str) -> bool:
        return self.library.has_text(key)

    def human(self, reason: str) -> Choice:
        return {"label": self.say("button.human"), "do": {"human": {"reason": reason}}}

    def no_human(self) -> Choice:
        return {"label": self.say("button.no_human"), "do": {"intent": "deny", "entities": {}}}

    def callback(self) -> Choice:
        return {"label": self.say("button.callback"), "do": {"intent": "callback", "entities": {}}}

    def ways_out(self) -> list[Choice]:
        """What is possible when no member of staff is."""
        phone = {"label": self.say("button.phone"), "do": {"show": "phone"}}
        return [self.callback(), phone, {"label": self.say("button.hours"), "do": {"show": "hours"}}]

    def person(self, reason: str = "request") -> Choice:
        """A person if one can be reached, else a call-back."""
        return self.human(reason) if self.desk.reachable() else self.callback()

    def title(self, topic: str) -> str:
        return self.library.answers.title(topic, self.language)

    def find(self, topic: str, aspect: str) -> Answer | None:
        """None where nothing is written, or where it is withheld."""
        return self.library.answers.find(topic, aspect, self.language, self.desk.now().date())

    def written(self, topic: str) -> list[str]:
        """The aspects of `topic` that have an answer."""
        return [aspect for aspect in self.library.answers.aspects(topic) if self.find(topic, aspect)]

    def question(self, topic: str, aspect: str, *, with_topic: bool = True) -> Choice:
        return self.library.question_choice(topic, aspect, self.language, with_topic=with_topic)

    def nobody(self) -> str:
        """Why no member of staff can be reached, and when one can."""
        key = "closed_now.busy" if self.desk.open() else "closed_now.closed"
        return self.say(key, opens=self.library.moment(self.desk.opens_at(), self.language))


Decision = Callable[[Heard, Voice], Reply]


def turn(kind: str, text: str, **more: Any) -> TurnDict:
    """A turn without the fields that are None or empty."""
    return {"kind": kind, "text": text, **{name: value for name, value in more.items() if value not in (None, [])}}


def asked(heard: Heard) -> dict[str, Any]:
    """The slot `question`: what was typed. A button is no question of the resident's own."""
    return {"question": heard.text} if heard.text and not heard.structured else {}


def new_entities(heard: Heard) -> dict[str, Any]:
    """The slot `entities` with what this message adds: staff see it when they take over."""
    if heard.structured:
        return {}
    known = heard.slot("entities") or []
    found = [{name: entity[name] for name in ("entity", "value", "confidence") if name in entity} for entity in heard.entities]
    added = [entity for entity in found if entity not in known]
    return {"entities": [*known, *added][-ENTITIES_AT_MOST:]} if added else {}
