"""In which language to answer."""

import pytest

from actions.hearing import answer_language, foreign_language


@pytest.mark.parametrize(
    ("conversation", "detected", "confidence", "words", "expected"),
    [
        ("nl", "en", 0.95, 6, "en"),
        ("en", "nl", 0.95, 6, "nl"),
        ("nl", "en", 0.65, 6, "nl"),  # not sure enough
        ("nl", "en", 1.0, 2, "nl"),  # too short to tell
        ("en", "de", 0.95, 6, "en"),
        ("nl", None, 0.0, 0, "nl"),
    ],
)
def test_the_language_typed_wins_when_it_is_clear(conversation, detected, confidence, words, expected):
    assert answer_language(conversation, detected, confidence, words) == expected


@pytest.mark.parametrize(
    ("text", "detected", "confidence", "recognised", "expected"),
    [
        ("Wo ist das Rathaus?", "de", 0.9, False, "de"),
        ("Wie kann ich einen Pass beantragen?", "de", 0.68, False, "de"),
        ("tarief restafval per keer", "it", 0.76, True, None),  # the subject is clear
        ("hallo ciao", "it", 0.9, False, None),  # too short
        ("كيف أحصل على جواز سفر", "ar", 0.95, False, "ar"),
        ("Де паспорт?", "ru", 0.95, False, "ru"),
        ("Як отримати новий паспорт мені і дітям?", "ru", 0.95, True, "uk"),
        ("paspoort", "nl", 0.9, False, None),
        ("passport", "en", 0.9, False, None),
    ],
)
def test_languages_that_the_bot_does_not_speak(text, detected, confidence, recognised, expected):
    assert foreign_language(text, detected, confidence, recognised) == expected
