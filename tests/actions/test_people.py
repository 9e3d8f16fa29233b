"""Asking for a person, yes, no, and what was agreed."""

import pytest

from actions.people import affirm, deny, offer_person, recap
from actions.turns import Voice
from tests.actions.conftest import FakeDesk, does

HUMAN = {"human": {"reason": "two_failures"}}
PENDING = {"phone": "+31612345678", "denied": False}
ONE = {"topics": [{"topic": "paspoort", "aspect": "kosten"}]}
TWO = {"topics": [{"topic": "paspoort", "aspect": "kosten"}, {"topic": "rijbewijs", "aspect": "kosten"}]}


@pytest.mark.parametrize(
    ("subkind", "key", "buttons"),
    [
        ("person", "handover_offer.request", ["human", "deny"]),
        ("no_robot", "handover_offer.request", ["human", "deny"]),
        ("phone", "handover_offer.phone", ["callback", "human", "deny"]),
    ],
)
def test_a_person_is_offered(hears, voice, subkind, key, buttons):
    reply = offer_person(hears("Ik wil iemand spreken", intent="handover_request", subkind=subkind), voice)
    assert (reply.turn["kind"], reply.turn["text"], reply.turn["reason"]) == ("handover_offer", voice.say(key), "request")
    assert does(reply.turn) == buttons
    assert reply.slots["offered"] == {"human": {"reason": "request"}}


def test_asking_again_is_a_yes(hears, voice):
    """BOT-5: one confirmation at most."""
    reply = offer_person(hears("een mens!", slots={"offered": HUMAN}), voice)
    assert (reply.turn["accept"], reply.turn["reason"]) == (True, "two_failures")


@pytest.mark.parametrize(("within_hours", "key"), [(False, "closed_now.closed"), (True, "closed_now.busy")])
def test_nobody_there_is_said_with_the_ways_out(hears, library, within_hours, key):
    """BOT-7"""
    voice = Voice(library, FakeDesk(within_hours=within_hours, staffed=False), "nl")
    reply = offer_person(hears("Ik wil iemand spreken", slots={"offered": HUMAN}), voice)
    assert reply.turn["kind"] == "notice"
    assert reply.turn["text"] == voice.say(key, opens="woensdag 25 november om 08:30")
    assert does(reply.turn) == ["callback", "show phone", "show hours"]


def test_a_story_told_with_the_request_is_kept_for_the_colleague(hears, voice):
    story = "Mijn uitkering is gestopt en ik wil nu iemand spreken die mij kan helpen"
    assert offer_person(hears(story), voice).slots["question"] == story
    assert "question" not in offer_person(hears(story, slots={"question": "Waar blijft mijn geld?"}), voice).slots
    assert "question" not in offer_person(hears("iemand spreken"), voice).slots


@pytest.mark.parametrize(
    ("slots", "structured", "kind", "more"),
    [
        ({"offered": HUMAN}, False, "handover_offer", {"accept": True, "reason": "two_failures"}),
        ({"offered": ONE}, False, "answer", {"topic": "paspoort", "aspect": "kosten"}),
        ({"offered": TWO}, False, "clarify", {"candidates": ["paspoort", "rijbewijs"]}),
        ({"callback_pending": PENDING}, False, "form", {"callback": {"confirmed": True}}),
        ({"callback_pending": PENDING, "offered": HUMAN}, False, "handover_offer", {"accept": True}),  # yes to what came last
        ({"callback_pending": PENDING, "offered": HUMAN}, True, "form", {"callback": {"confirmed": True}}),  # the button
        ({}, False, "smalltalk", {}),
    ],
)
def test_yes_is_yes_to_what_was_offered_last(hears, voice, slots, structured, kind, more):
    reply = affirm(hears("ja", intent="affirm", structured=structured, slots=slots), voice)
    assert {"kind": kind, **more}.items() <= reply.turn.items()


@pytest.mark.parametrize(
    ("slots", "more", "key"),
    [
        ({"offered": HUMAN}, {}, "handover_offer.no"),
        ({"offered": TWO}, {}, "clarify.none"),
        ({"callback_pending": PENDING}, {}, "callback.other"),
        ({"callback_pending": PENDING | {"denied": True}}, {}, "callback.cancelled"),
        ({"callback_pending": PENDING}, {"structured": True}, "handover_offer.no"),
        ({}, {"in_form": True}, "callback.cancelled"),
        ({}, {}, "smalltalk.no"),
    ],
)
def test_no_is_no_to_what_was_offered_last(hears, voice, slots, more, key):
    reply = deny(hears("nee", intent="deny", slots=slots, **more), voice)
    assert reply.turn["text"] == voice.say(key)
    assert reply.turn.get("callback") == ({"confirmed": False} if key == "callback.cancelled" else None)


@pytest.mark.parametrize(
    ("agreed", "key", "values"),
    [
        (None, "recap.nothing", {}),
        ({"by": "Anja", "text": "U krijgt morgen bericht."}, "recap.agreed", {"by": "Anja", "text": "U krijgt morgen bericht."}),
        ({"by": "Anja", "text": ""}, "recap.silent", {"by": "Anja"}),
    ],
)
def test_what_a_colleague_said_is_told_again(hears, voice, agreed, key, values):
    reply = recap(hears("wat zei uw collega?", intent="recap", slots={"agreed": agreed}), voice)
    assert (reply.turn["kind"], reply.turn["text"]) == ("smalltalk", voice.say(key, **values))
