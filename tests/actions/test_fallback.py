"""Not understood, once and again; and other languages."""

import pytest

from actions.fallback import fallback, other_language
from actions.turns import Voice
from tests.actions.conftest import FakeDesk, does


@pytest.mark.parametrize(
    ("failures", "kind", "key"),
    [
        (None, "fallback", "fallback.first"),
        (0, "fallback", "fallback.first"),
        (1, "handover_offer", "handover_offer.two_failures"),
        (2, "handover_offer", "handover_offer.still_failing"),
        (7, "handover_offer", "handover_offer.still_failing"),
    ],
)
def test_never_a_third_i_do_not_understand(hears, voice, failures, kind, key):
    """BOT-6"""
    reply = fallback(hears("jkhsd fkjh", intent="nonsense", slots={"failures": failures}), voice)
    assert (reply.turn["kind"], reply.turn["text"]) == (kind, voice.say(key))
    assert reply.slots["failures"] == (failures or 0) + 1


def test_the_first_time_offers_subjects_and_a_person(hears, voice):
    assert does(fallback(hears("blub", intent="nonsense"), voice).turn)[-1] == "human"


def test_the_second_time_offers_at_most_five_buttons(hears, voice):
    """LANG-4"""
    topics = {"paspoort": 0.14, "rijbewijs": 0.12, "vog": 0.1, "wmo": 0.1}
    reply = fallback(hears("blub", topics=topics, aspects={"kosten": 0.9}, slots={"failures": 1}), voice)
    assert does(reply.turn)[-2:] == ["human", "deny"]
    assert 4 <= len(reply.turn["choices"]) <= 5


def test_without_staff_giving_up_says_when_they_are_back(hears, library):
    """BOT-7"""
    closed = Voice(library, FakeDesk(within_hours=False), "nl")
    reply = fallback(hears("blub", slots={"failures": 1}), closed)
    assert reply.turn["kind"] == "notice"
    assert "woensdag 25 november om 08:30" in reply.turn["text"]
    assert "callback" in does(reply.turn)
    assert "offered" not in reply.slots


@pytest.mark.parametrize("language", ["de", "tr", "ar", "pl", "uk", "ru", "fr", "es", "it", "pt", "ro"])
def test_other_languages_are_answered_in_their_own(hears, voice, language):
    reply = other_language(hears("…", foreign=language), voice)
    assert reply.turn["language"] == language
    assert reply.turn["text"] not in (voice.library.text("fallback.language", "nl"), voice.library.text("fallback.language", "en"))
    assert voice.library.facts["phone"] in reply.turn["text"]
    assert does(reply.turn) == ["human", "deny"]


def test_a_language_without_a_text_gets_english(hears, voice):
    reply = other_language(hears("…", foreign="zh"), voice)
    assert (reply.turn["language"], reply.turn["text"]) == ("en", voice.library.text("fallback.language", "en"))


def test_other_languages_are_told_the_emergency_number(voice):
    """Understanding knows emergencies in Dutch and English only."""
    languages = ["nl", "en", "de", "tr", "ar", "pl", "uk", "ru", "fr", "es", "it", "pt", "ro"]
    assert all("112" in voice.library.text("fallback.language", language) for language in languages)
