"""When a question is answered, when the bot asks back, and what it says where it knows only part."""

from dataclasses import replace

import pytest

from actions import thresholds as t
from actions.answer import answer, asks_on, choose, is_follow_up, nearest, two_subjects
from actions.turns import Voice
from tests.actions.conftest import FakeDesk, does

PASSPORT = {"paspoort": 0.9, "identiteitskaart": 0.05}
UNSURE = {"paspoort": 0.38, "identiteitskaart": 0.3, "rijbewijs": 0.2, "vog": 0.02}


@pytest.mark.parametrize(
    ("topics", "structured", "topic", "candidates"),
    [
        ({"paspoort": t.ANSWER + 0.01}, False, "paspoort", ()),
        ({"paspoort": t.ANSWER}, False, "paspoort", ()),
        ({"paspoort": t.ANSWER - 0.01}, False, None, ("paspoort",)),
        (UNSURE, False, None, ("paspoort", "identiteitskaart", "rijbewijs")),
        ({"paspoort": 0.15}, False, None, ("paspoort",)),
        ({"paspoort": 0.14, "vog": 0.1}, False, None, ()),
        ({"paspoort": 1.0}, True, "paspoort", ()),
        ({}, False, None, ()),
    ],
)
def test_sure_enough_is_answered_and_half_sure_is_asked_back(hears, topics, structured, topic, candidates):
    chosen = choose(hears("een vraag", topics=topics, aspects={"kosten": 0.9}, structured=structured))
    assert (chosen.topic, chosen.candidates) == (topic, candidates)


@pytest.mark.parametrize(("on_topic", "expected"), [(0.99, True), (0.5, True), (0.3, False), (0.0, False)])
def test_a_follow_up_keeps_its_subject(hears, on_topic, expected):
    assert is_follow_up(hears("en wat kost dat?", topics={"vog": 0.9}, on_topic=on_topic, slots={"topic": "paspoort"})) is expected


def test_without_a_subject_before_it_nothing_is_a_follow_up(hears):
    assert not is_follow_up(hears("en wat kost dat?", topics={"vog": 0.2}, on_topic=0.99))


def test_a_button_is_never_a_follow_up(hears):
    assert not is_follow_up(hears("", topics={"vog": 0.5}, structured=True, on_topic=0.99, slots={"topic": "paspoort"}))


@pytest.mark.parametrize(
    ("text", "confidence", "on_topic", "expected"),
    [
        ("wat reken je daarvoor", 0.6, 0.97, True),
        ("wat reken je daarvoor", 0.95, 0.97, False),  # surely small talk
        ("wat reken je daarvoor", 0.6, 0.7, False),
        ("fijn, bedankt", 0.6, 0.97, False),  # asks nothing
    ],
)
def test_small_talk_that_asks_goes_on_about_the_subject(hears, text, confidence, on_topic, expected):
    heard = hears(text, intent="chitchat", kinds=(("chitchat", confidence),), on_topic=on_topic, slots={"topic": "paspoort"})
    assert asks_on(heard) is expected


@pytest.mark.parametrize(
    ("wanted", "aspects", "written", "expected"),
    [
        ("kosten", {"kosten": 0.9}, ["kosten", "algemeen"], ("kosten", True)),
        ("kosten", {"kosten": 0.9}, ["betalen", "algemeen"], ("betalen", False)),
        ("kosten", {"kosten": 0.9}, ["status"], ("status", False)),
        ("kosten", {"kosten": 0.4, "termijn": 0.3}, ["termijn", "algemeen"], ("termijn", True)),  # unclear: the likeliest there is
        ("kosten", {"kosten": 0.7, "termijn": 0.3}, ["termijn", "algemeen"], ("algemeen", False)),  # clear: said honestly
        ("kosten", {}, ["algemeen"], ("algemeen", False)),
        ("kosten", {"kosten": 0.9}, [], (None, False)),
    ],
)
def test_the_aspect_that_comes_nearest(wanted, aspects, written, expected):
    assert nearest(wanted, tuple(aspects.items()), written) == expected


def test_an_answer_comes_with_its_source_date_and_follow_ups(hears, voice):
    reply = answer(hears("Wat kost een paspoort?", topics=PASSPORT, aspects={"kosten": 0.9}), voice)
    found = voice.find("paspoort", "kosten")
    assert reply.turn | {"choices": ...} == {
        "kind": "answer", "text": found.text, "topic": "paspoort", "aspect": "kosten", "link": found.link,
        "checked_on": found.checked_on.isoformat(), "confidence": 0.9, "choices": ...,
    }  # fmt: skip
    assert does(reply.turn) == [f"ask {topic}.{aspect}" for topic, aspect in found.next][:3]
    assert "{" not in reply.turn["text"]
    remembered = {"topic": "paspoort", "aspect": "kosten", "question": "Wat kost een paspoort?", "failures": 0}
    assert remembered.items() <= reply.slots.items()
    assert reply.slots["tried"] == [{"topic": "paspoort", "aspect": "kosten"}]


def test_what_was_tried_is_remembered_up_to_ten(hears, voice):
    before = [{"topic": "vog", "aspect": "kosten"}] * 10
    reply = answer(hears("Wat kost het?", topics=PASSPORT, aspects={"kosten": 0.9}, slots={"tried": before}), voice)
    assert len(reply.slots["tried"]) == 10
    assert reply.slots["tried"][-1] == {"topic": "paspoort", "aspect": "kosten"}


def test_a_button_is_certain_and_no_question_of_the_resident(hears, voice):
    reply = answer(hears("", topics={"paspoort": 1.0}, aspects={"termijn": 1.0}, structured=True, slots={"failures": 1}), voice)
    assert (reply.turn["kind"], reply.turn["aspect"]) == ("answer", "termijn")
    assert "confidence" not in reply.turn
    assert "question" not in reply.slots
    assert reply.slots["failures"] == 0


def test_a_follow_up_is_answered_about_the_subject_before(hears, voice):
    heard = hears("en wat kost dat?", topics={"vog": 0.2}, aspects={"kosten": 0.99}, on_topic=0.98, slots={"topic": "paspoort"})
    reply = answer(heard, voice)
    assert (reply.turn["topic"], reply.turn["aspect"]) == ("paspoort", "kosten")


@pytest.mark.parametrize(("chance", "kind"), [(t.ELSEWHERE - 0.01, "answer"), (t.ELSEWHERE, "fallback")])
def test_what_may_be_another_organisations_is_not_answered(hears, voice, chance, kind):
    kinds = (("vraag", 1 - chance), ("out_of_scope", chance))
    reply = answer(hears("wanneer komt het geld?", topics=PASSPORT, aspects={"kosten": 0.9}, kinds=kinds), voice)
    assert reply.turn["kind"] == kind


def test_an_unsure_topic_is_asked_back_with_three_choices_and_a_person(hears, voice):
    reply = answer(hears("pas aanvragen", topics=UNSURE, aspects={"aanvragen": 0.9}), voice)
    assert reply.turn["kind"] == "clarify"
    assert reply.turn["topic"] == "paspoort"
    assert reply.turn["candidates"] == ["paspoort", "identiteitskaart", "rijbewijs"]
    assert does(reply.turn) == ["ask paspoort.aanvragen", "ask identiteitskaart.aanvragen", "ask rijbewijs.aanvragen", "human"]
    assert reply.slots["failures"] == 1
    assert [option["topic"] for option in reply.slots["offered"]["topics"]] == reply.turn["candidates"]


def test_an_unsure_aspect_is_asked_back_within_the_topic(hears, voice):
    reply = answer(hears("iets met mijn paspoort", topics=PASSPORT, aspects={"kosten": 0.3, "termijn": 0.25, "status": 0.2}), voice)
    assert (reply.turn["kind"], reply.turn["candidates"]) == ("clarify", ["paspoort"])
    assert does(reply.turn)[:2] == ["ask paspoort.kosten", "ask paspoort.termijn"]
    assert reply.slots["topic"] == "paspoort"


def test_two_failures_in_a_row_offer_a_person_beside_likely_topics(hears, voice):
    """BOT-6"""
    reply = answer(hears("pas aanvragen", topics=UNSURE, aspects={"aanvragen": 0.9}, slots={"failures": 1}), voice)
    assert (reply.turn["kind"], reply.turn["reason"]) == ("handover_offer", "two_failures")
    asks = ["ask paspoort.aanvragen", "ask identiteitskaart.aanvragen", "ask rijbewijs.aanvragen"]
    assert does(reply.turn) == [*asks, "human", "deny"]
    assert reply.slots["offered"] == {"human": {"reason": "two_failures"}}


def test_an_aspect_without_an_answer_is_said_honestly(hears, voice):
    topic, missing = next(
        (topic, aspect) for topic in voice.library.topics for aspect in voice.library.aspects
        if voice.written(topic) and aspect not in voice.written(topic)
    )  # fmt: skip
    reply = answer(hears("een vraag", topics={topic: 0.9}, aspects={missing: 0.9}), voice)
    assert reply.turn["kind"] == "answer"
    assert reply.turn["aspect"] in voice.written(topic)
    assert reply.turn["text"].startswith(voice.say("fallback.no_aspect", title=voice.title(topic)))


class Withheld(FakeDesk):
    """Years later, when every answer is past its review date."""

    def now(self):
        return super().now().replace(year=2036)


def test_answers_past_their_review_date_are_not_told(hears, voice):
    late = replace(voice, desk=Withheld())
    reply = answer(hears("Wat kost een paspoort?", topics=PASSPORT, aspects={"kosten": 0.9}), late)
    assert reply.turn["kind"] == "fallback"
    assert reply.turn["text"] == late.say("fallback.no_answer", title=late.title("paspoort"))
    assert does(reply.turn) == ["human"]


@pytest.mark.parametrize(
    ("text", "topic", "aspect", "offered"),
    [
        ("Mijn man heeft nog een auto, mag ik dan toch een uitkering krijgen?", "bijstandsuitkering", "voorwaarden", True),
        ("Ik heb bijstand aangevraagd, hoe lang duurt het voor ik iets hoor?", "bijstandsuitkering", "termijn", False),
        ("voorwaarden bijstand", "bijstandsuitkering", "voorwaarden", False),
        ("Mijn man woont in een ander land, mag ik zijn paspoort dan ophalen?", "paspoort", "voorwaarden", False),
    ],
)
def test_an_own_story_on_income_or_care_gets_the_rule_and_a_person(hears, voice, text, topic, aspect, offered):
    """BOT-11"""
    reply = answer(hears(text, topics={topic: 0.9}, aspects={aspect: 0.9}), voice)
    people = [choice["do"]["human"]["reason"] for choice in reply.turn["choices"] if "human" in choice["do"]]
    assert reply.turn["kind"] == "answer"
    assert people == (["sensitive"] if offered else [])


def test_english_is_answered_in_english(hears, voice):
    reply = answer(hears("What does a passport cost?", topics=PASSPORT, aspects={"kosten": 0.9}), Voice(voice.library, voice.desk, "en"))
    assert reply.turn["text"] == voice.library.answers.find("paspoort", "kosten", "en", voice.desk.now().date()).text


TOLD = ({"topic": "milieustraat", "aspect": "waar_wanneer"}, {"topic": "grofvuil", "aspect": "kosten"})


@pytest.mark.parametrize(("chance", "structured", "count"), [(t.TWO, False, 2), (t.TWO - 0.01, False, 0), (0.9, True, 0)])
def test_two_subjects_are_told_where_they_are_likely(hears, chance, structured, count):
    found = two_subjects(hears("?", subjects=TOLD, chance_of_two=chance, structured=structured))
    assert found == [("milieustraat", "waar_wanneer"), ("grofvuil", "kosten")][:count]


def test_two_subjects_are_both_answered_in_one_turn(hears, voice):
    topics = {"milieustraat": 0.5, "grofvuil": 0.4}
    asked = "wanneer is de milieustraat open en wat kost grofvuil?"
    reply = answer(hears(asked, topics=topics, aspects={"kosten": 0.9}, subjects=TOLD, chance_of_two=0.8), voice)
    assert reply.turn["topics"] == list(TOLD)
    assert (reply.turn["kind"], reply.turn["topic"], reply.turn["aspect"]) == ("answer", "milieustraat", "waar_wanneer")
    for said in TOLD:
        assert voice.find(said["topic"], said["aspect"]).text in reply.turn["text"]
    assert reply.slots["tried"] == list(TOLD)
    assert reply.slots["topic"] == "grofvuil"
