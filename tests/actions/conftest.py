"""The real content, a desk that is as open as a test says, and messages as they come out of understanding."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actions.turns import Heard, Voice
from handover.content.library import Library

DATA = Path(__file__).resolve().parent.parent.parent / "data"


@dataclass
class FakeDesk:
    """Tuesday at ten, open, and Anja is there; unless a test says otherwise."""

    staffed: bool = True
    within_hours: bool = True

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 9, tzinfo=UTC)

    def open(self) -> bool:
        return self.within_hours

    def reachable(self) -> bool:
        return self.within_hours and self.staffed

    def opens_at(self) -> datetime:
        return datetime(2026, 11, 25, 7, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def library() -> Library:
    return Library(DATA, DATA / "municipality.yml", "municipality")


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def voice(library: Library, desk: FakeDesk) -> Voice:
    return Voice(library, desk, "nl")


@pytest.fixture
def hears() -> Callable[..., Heard]:
    """hears("Wat kost een paspoort?", topics={"paspoort": 0.9}, aspects={"kosten": 0.9}, slots={...})"""

    def heard(text: str = "", *, topics: dict[str, float] | None = None, aspects: dict[str, float] | None = None, **more: Any) -> Heard:
        return Heard(text=text, topics=tuple((topics or {}).items()), aspects=tuple((aspects or {}).items()), **{"intent": "vraag", **more})

    return heard


def does(turn: dict[str, Any]) -> list[str]:
    """What the turn's buttons do, in a word each: "human", "ask paspoort.kosten", "callback", "show phone"."""
    words = []
    for choice in turn.get("choices", []):
        (verb, what), *_ = choice["do"].items()
        ask = f"ask {what['topic']}.{what['aspect']}" if verb == "ask" else None
        words.append(ask or (what if verb == "intent" else f"show {what}" if verb == "show" else verb))
    return words
