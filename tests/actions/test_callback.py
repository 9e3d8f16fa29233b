"""The call-back form: which numbers count, how it is left, and what is stored when."""

import pytest

from actions.callback import ask_phone, phone_number, readable, stops, submit, validated


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0612345678", "+31612345678"),
        ("06 12 34 56 78", "+31612345678"),
        ("06-12345678", "+31612345678"),
        ("612345678", "+31612345678"),
        ("mijn nummer is 06-12 34 56 78, na zes uur", "+31612345678"),
        ("+31 6 12345678", "+31612345678"),
        ("0031612345678", "+31612345678"),
        ("+31 (0)6 12345678", "+31612345678"),
        ("020 624 1111", "+31206241111"),
        ("088 123 65 55", "+31881236555"),
        ("+49 30 901820", "+4930901820"),
        ("+32 470 12 34 56", "+32470123456"),
        ("06 1234", None),
        ("112", None),
        ("0900 8844", None),
        ("0800 2000", None),
        ("[BSN verwijderd]", None),
        ("123456782", None),
        ("bel mij maar", None),
        ("", None),
        ("9" * 200, None),
    ],
)
def test_numbers_that_people_can_be_called_on(text, number):
    assert phone_number(text) == number


@pytest.mark.parametrize(
    ("number", "shown"), [("+31612345678", "06 12 34 56 78"), ("+31206241111", "020 624 1111"), ("+32470123456", "+32 470 12 34 56")]
)
def test_numbers_are_read_back_in_groups(number, shown):
    assert readable(number) == shown


@pytest.mark.parametrize(
    ("text", "left"),
    [("stop", True), ("Stop!", True), ("laat maar", True), ("nee bedankt", True), ("cancel", True), ("06 12", False), ("", False)],
)
def test_words_that_leave_the_form(hears, text, left):
    assert stops(hears(text)) is left


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("0612345678", {"phone": "+31612345678"}),
        ("+31612345678", {"phone": "+31612345678"}),
        ("weet ik niet", {"phone": None}),
        ("stop", {"phone": None, "requested_slot": None}),
    ],
)
def test_what_the_form_keeps(hears, text, kept):
    assert validated(text, hears(text)) == kept


@pytest.mark.parametrize(
    ("refused", "structured", "key"), [(False, False, "callback.ask"), (True, False, "callback.invalid"), (True, True, "callback.ask")]
)
def test_the_form_says_when_it_got_no_number(hears, voice, refused, structured, key):
    reply = ask_phone(hears("weet ik niet", refused=refused, structured=structured), voice)
    assert reply.turn == {"kind": "form", "text": voice.say(key)}


def test_a_number_is_stored_and_read_back(hears, voice):
    reply = submit(hears("0612345678", slots={"phone": "+31612345678"}), voice)
    assert "06 12 34 56 78" in reply.turn["text"]
    assert reply.turn["callback"] == {"phone": "+31612345678"}
    assert [choice["do"] for choice in reply.turn["choices"]] == [
        {"intent": "affirm", "entities": {}},
        {"intent": "callback", "entities": {}},
    ]
    assert reply.slots == {"phone": None, "callback_pending": {"phone": "+31612345678", "denied": False}}


def test_a_form_that_ends_without_a_number_was_left(hears, voice):
    reply = submit(hears("stop"), voice)
    assert (reply.turn["text"], reply.turn["callback"]) == (voice.say("callback.cancelled"), {"confirmed": False})
