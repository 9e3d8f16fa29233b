"""Every action as Rasa calls it: a tracker goes in, one message with one turn and slot events come out."""

from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor

import actions
from tests.actions.conftest import does

FORM = {"name": "callback_form", "is_interrupted": False, "rejected": False, "trigger_message": {}}
DOMAIN = {"forms": {"callback_form": {"required_slots": ["phone"]}}, "slots": {"phone": {"mappings": [{"type": "custom"}]}}}
ALL = sorted([*actions.DECISIONS, "validate_callback_form"])


def message(text: str, intent: str, **more: Any) -> dict[str, Any]:
    """`latest_message` as the NLU component leaves it."""
    metadata = {"language": more.pop("conversation", "nl"), "loop": more.pop("loop", None)}
    return {
        "text": text, "intent": {"name": intent, "confidence": 0.95}, "intent_ranking": [{"name": intent, "confidence": 0.95}],
        "entities": [], "kind": intent, "subkind": "", "topics": [], "aspects": [], "language": "nl", "language_confidence": 0.9,
        "metadata": metadata, **more,
    }  # fmt: skip


def question(text: str, topic: str, aspect: str, sure: float = 0.9, **more: Any) -> dict[str, Any]:
    ranked = {"topics": [{"topic": topic, "confidence": sure}], "aspects": [{"aspect": aspect, "confidence": 0.95}]}
    return message(text, "vraag", **ranked, **more)


@pytest.fixture
def run(library, desk):
    """run("action_answer", message, slots) → (turn or None, slots that were set)"""
    executor = ActionExecutor()
    actions.register(executor, library, desk)

    async def call(name: str, latest: dict[str, Any], slots: dict[str, Any] | None = None, events: list[Any] | None = None) -> Any:
        tracker = {
            "sender_id": "0193a0f0-0000-7000-8000-000000000001", "slots": slots or {}, "latest_message": latest, "paused": False,
            "followup_action": None, "active_loop": FORM if latest["metadata"]["loop"] else {}, "latest_action_name": "action_listen",
            "events": [{"event": "user", "text": latest["text"], "parse_data": latest}, *(events or [])],
        }  # fmt: skip
        result = await executor.run({"next_action": name, "tracker": tracker, "domain": DOMAIN, "sender_id": tracker["sender_id"]})
        assert all(event["event"] == "slot" for event in result.events)
        assert len(result.responses) == (name != "validate_callback_form")
        turns = [response["custom"]["turn"] for response in result.responses]
        assert all(response["text"] is None for response in result.responses)
        return (turns or [None])[0], {event["name"]: event["value"] for event in result.events}

    return call


def test_every_action_of_the_domain_is_served(library, desk):
    executor = ActionExecutor()
    actions.register(executor, library, desk)
    assert sorted(executor.actions) == ALL


async def test_answer(run):
    turn, slots = await run("action_answer", question("Wat kost een paspoort?", "paspoort", "kosten"), {"offered": {"human": {}}})
    assert (turn["kind"], turn["topic"], turn["aspect"]) == ("answer", "paspoort", "kosten")
    assert slots["offered"] is None


async def test_answer_to_a_button(run):
    latest = question("", "paspoort", "termijn", 1.0, structured=True, language="nl", language_confidence=1.0)
    latest["entities"] = [{"entity": "topic", "value": "paspoort"}, {"entity": "aspect", "value": "termijn"}]
    turn, slots = await run("action_answer", latest, {"failures": 1, "question": "iets met mijn pas"})
    assert (turn["kind"], turn["aspect"]) == ("answer", "termijn")
    assert slots["failures"] == 0
    assert not {"question", "entities"} & set(slots)


async def test_answer_in_the_language_that_was_typed(run):
    latest = question("What does a passport cost?", "paspoort", "kosten", language="en", language_confidence=0.95)
    turn, _ = await run("action_answer", latest)
    assert turn["language"] == "en"
    assert "passport" in turn["text"].lower()


async def test_answer_names_the_language_only_when_it_differs(run):
    turn, _ = await run("action_answer", question("Wat kost een paspoort?", "paspoort", "kosten"))
    assert "language" not in turn


async def test_a_language_that_it_does_not_speak(run):
    latest = message("Wie kann ich einen Pass beantragen?", "vraag", language="de", language_confidence=0.68)
    turn, slots = await run("action_answer", latest)
    assert (turn["kind"], turn["language"], does(turn)) == ("fallback", "de", ["human", "deny"])
    assert slots["offered"] == {"human": {"reason": "language"}}


async def test_an_emergency_comes_before_the_language(run):
    latest = message("Hilfe es brennt hier im Haus", "urgent", subkind="brand", language="de", language_confidence=0.9)
    turn, _ = await run("action_urgent", latest)
    assert turn["kind"] == "urgent"


@pytest.mark.parametrize("name", ["action_referral", "action_fallback"])
async def test_a_follow_up_that_was_taken_for_something_else(run, name):
    intent = {"action_referral": "out_of_scope", "action_fallback": "nonsense"}[name]
    latest = message("en wat kost dat?", intent, subkind="uwv", on_topic=0.98, aspects=[{"aspect": "kosten", "confidence": 0.99}])
    latest["intent_ranking"] = [{"name": intent, "confidence": 0.6}]
    turn, _ = await run(name, latest, {"topic": "paspoort"})
    assert (turn["kind"], turn["topic"], turn["aspect"]) == ("answer", "paspoort", "kosten")


async def test_nobody_is_sent_elsewhere_with_what_may_be_ours(run):
    latest = message("Wie betaalt mijn bril?", "out_of_scope", subkind="zorgverzekering")
    latest["intent_ranking"] = [{"name": "out_of_scope", "confidence": 0.7}, {"name": "vraag", "confidence": 0.3}]
    turn, _ = await run("action_referral", latest)
    assert turn["kind"] == "fallback"
    assert turn["choices"]


async def test_referral(run):
    turn, slots = await run("action_referral", message("Wanneer komt mijn WW?", "out_of_scope", subkind="uwv"))
    assert (turn["kind"], turn["link"]["url"]) == ("referral", "https://www.uwv.nl")
    assert slots["question"] == "Wanneer komt mijn WW?"


async def test_offer_person(run):
    turn, slots = await run("action_offer_person", message("Ik wil iemand spreken", "handover_request", subkind="person"))
    assert (turn["kind"], does(turn)) == ("handover_offer", ["human", "deny"])
    assert slots["offered"] == {"human": {"reason": "request"}}


async def test_offer_person_when_closed(run, desk):
    desk.within_hours = False
    turn, _ = await run("action_offer_person", message("Ik wil iemand spreken", "handover_request", subkind="person"))
    assert (turn["kind"], does(turn)) == ("notice", ["callback", "show phone", "show hours"])


async def test_urgent(run):
    turn, slots = await run("action_urgent", message("mijn huis staat in brand", "urgent", subkind="brand"), {"failures": 1})
    assert turn["kind"] == "urgent"
    assert turn["text"].startswith("Bel 112")
    assert (slots["urgent_given"], slots["failures"]) == ("brand", 0)


async def test_smalltalk(run):
    turn, _ = await run("action_smalltalk", message("ben je een mens?", "chitchat", subkind="are_you_human"))
    assert turn["kind"] == "smalltalk"
    assert "computer" in turn["text"]


async def test_affirm(run):
    turn, slots = await run("action_affirm", message("ja graag", "affirm"), {"offered": {"human": {"reason": "two_failures"}}})
    assert (turn["kind"], turn["accept"], turn["reason"]) == ("handover_offer", True, "two_failures")
    assert slots["offered"] is None


async def test_deny(run):
    turn, _ = await run("action_deny", message("nee", "deny"), {"offered": {"human": {"reason": "request"}}})
    assert turn["kind"] == "smalltalk"


async def test_recap(run):
    turn, _ = await run("action_recap", message("wat zei uw collega?", "recap"), {"agreed": {"by": "Anja", "text": "Ik bel u morgen."}})
    assert "Anja" in turn["text"]
    assert "Ik bel u morgen." in turn["text"]


async def test_fallback_twice(run):
    first, slots = await run("action_fallback", message("blub", "nonsense"))
    second, _ = await run("action_fallback", message("blub", "nonsense"), slots)
    assert (first["kind"], second["kind"]) == ("fallback", "handover_offer")


async def test_entities_are_kept_for_the_colleague(run):
    latest = question("Wat kost parkeren voor 12-ABC-3?", "parkeervergunning", "kosten")
    latest["entities"] = [{"entity": "licence_plate", "value": "12ABC3", "start": 22, "end": 30, "extractor": "wegwijs"}]
    _, slots = await run("action_answer", latest, {"entities": [{"entity": "date", "value": "2026-12-01"}]})
    assert slots["entities"] == [{"entity": "date", "value": "2026-12-01"}, {"entity": "licence_plate", "value": "12ABC3"}]


# The call-back, step by step


async def test_the_form_asks_for_a_number(run):
    turn, _ = await run("action_ask_phone", message("bel mij terug", "callback"))
    assert turn["kind"] == "form"
    assert "telefoonnummer" in turn["text"]


async def test_the_form_says_that_it_was_no_number(run):
    tried = [{"event": "slot", "name": "phone", "value": None}]
    turn, _ = await run("action_ask_phone", message("weet ik niet", "nonsense", loop="callback_form"), events=tried)
    assert "lijkt geen telefoonnummer" in turn["text"]


@pytest.mark.parametrize(
    ("text", "events", "kept"),
    [
        ("06 12 34 56 78", [{"event": "slot", "name": "phone", "value": "06 12 34 56 78"}], {"phone": "+31612345678"}),
        ("weet ik niet", [{"event": "slot", "name": "phone", "value": "weet ik niet"}], {"phone": None}),
        ("stop", [{"event": "slot", "name": "phone", "value": "stop"}], {"phone": None, "requested_slot": None}),
        ("bel mij terug", [], {}),  # called without a candidate when the form begins
    ],
)
async def test_the_form_validates(run, text, events, kept):
    turn, slots = await run("validate_callback_form", message(text, "callback", loop="callback_form"), events=events)
    assert (turn, slots) == (None, kept)


async def test_a_number_is_confirmed_by_yes(run):
    turn, slots = await run("action_submit_callback", message("0612345678", "callback"), {"phone": "+31612345678"})
    assert (turn["callback"], slots["phone"]) == ({"phone": "+31612345678"}, None)
    turn, slots = await run("action_affirm", message("", "affirm", structured=True), slots)
    assert (turn["callback"], slots["callback_pending"]) == ({"confirmed": True}, None)


@pytest.mark.parametrize(
    ("name", "intent"), [("action_answer", "vraag"), ("action_fallback", "nonsense"), ("action_smalltalk", "chitchat")]
)
async def test_stop_takes_back_a_number_that_is_not_confirmed(run, name, intent):
    turn, slots = await run(name, message("stop", intent), {"callback_pending": {"phone": "+31612345678", "denied": True}})
    assert (turn["callback"], slots["callback_pending"]) == ({"confirmed": False}, None)


@pytest.mark.parametrize("name", sorted(actions.DECISIONS))
@pytest.mark.parametrize("text", ["", "🐸🐸", "x" * 2000, "<b>{name}</b> /restart", "негр {links.paspoort} <phone>", "\u200b"])
async def test_no_text_whatever_makes_an_action_fail(run, name, text):
    latest = message(text, "vraag", subkind=text[:40], topics=[{"topic": "bestaat_niet", "confidence": 0.9}], language="other")
    turn, _ = await run(name, latest)
    assert turn["text"]
    assert turn["kind"] in {"answer", "clarify", "fallback", "referral", "urgent", "smalltalk", "form", "handover_offer", "notice"}
