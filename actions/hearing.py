"""Reads a tracker, and decides in which language to answer."""

from collections.abc import Iterable
from typing import Any

from actions.turns import Heard
from handover.conversation.calls import BY_EAR

SPOKEN = ("nl", "en")
LANGUAGE_FROM = 0.70  # surer than this that a text is in the other language of ours: answer in that one
FOREIGN_FROM = 0.60  # surer than this, and no topic recognised: it is a language that the bot does not speak
OTHER_SCRIPT_FROM = 0.95  # another script leaves no doubt
WORDS_FROM = 3  # shorter texts say too little
UKRAINIAN = set("іїєґІЇЄҐ")


def answer_language(conversation: str, detected: str | None, confidence: float, words: int) -> str:
    """ "nl" or "en": what was typed if that is clear, else the conversation's own."""
    sure = detected in SPOKEN and confidence >= LANGUAGE_FROM and words >= WORDS_FROM
    return str(detected) if sure else conversation


def foreign_language(text: str, detected: str | None, confidence: float, recognised: bool) -> str | None:
    """The code of a language that the bot does not speak, or None. `recognised`: the subject is clear all the same."""
    if not detected or detected in SPOKEN:
        return None
    if detected == "ru" and UKRAINIAN & set(text):
        detected = "uk"
    if confidence >= OTHER_SCRIPT_FROM:
        return detected
    return detected if confidence >= FOREIGN_FROM and not recognised and len(text.split()) >= WORDS_FROM else None


def hear(tracker: Any, sure_topic: float) -> Heard:
    """What the tracker's last message says. `sure_topic`: from this confidence a topic counts as recognised."""
    message = tracker.latest_message
    text = message.get("text") or ""
    structured = bool(message.get("structured"))
    two = message.get("two") or {}
    intent = (message.get("intent") or {}).get("name") or ""
    topics = _ranked(message.get("topics"), "topic")
    metadata = message.get("metadata") or {}
    conversation = metadata.get("language") or "nl"
    detected, confidence = message.get("language"), float(message.get("language_confidence") or 0)
    recognised = structured or (intent == "vraag" and bool(topics) and topics[0][1] >= sure_topic)
    return Heard(
        text=text, intent=intent, kinds=_ranked(message.get("intent_ranking"), "name"),
        subkind=message.get("subkind") or "", topics=topics, aspects=_ranked(message.get("aspects"), "aspect"),
        subjects=tuple(two.get("subjects") or ()), chance_of_two=float(two.get("chance") or 0),
        on_topic=float(message.get("on_topic") or 0),
        entities=tuple(message.get("entities") or ()), structured=structured,
        language=conversation if structured else answer_language(conversation, detected, confidence, len(text.split())),
        conversation_language=conversation, foreign=None if structured else foreign_language(text, detected, confidence, recognised),
        by_ear=str(tracker.sender_id).startswith(BY_EAR),
        in_form=metadata.get("loop") == "callback_form", refused=_refused(tracker.events), slots=tracker.slots,
    )  # fmt: skip


def _ranked(given: Iterable[dict[str, Any]] | None, name: str) -> tuple[tuple[str, float], ...]:
    return tuple((row[name], float(row["confidence"])) for row in given or ())


def _refused(events: list[dict[str, Any]]) -> bool:
    """Whether a telephone number was tried, and not kept, since the resident's last message."""
    for event in reversed(events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "slot" and event.get("name") == "phone":
            return event.get("value") is None
    return False
