"""What the trained model makes of questions that it has never seen, and how fast."""

import re
import time

import numpy as np
import pytest
from bot.components.context import Before
from bot.components.understanding import Words

from conftest import ROOT, test_questions, trained_on

# read as a text: the actions are written for a newer Python than Rasa's
TWO = float(re.search(r"^TWO = ([\d.]+)", (ROOT / "actions/thresholds.py").read_text(), re.M)[1])


@pytest.fixture(scope="module")
def heard(understanding):
    return [(row, understanding.understand(row["text"])) for row in test_questions() if row["set"] in ("main", "kinds")]


def of_kind(heard, kind):
    return [(row, found) for row, found in heard if row["kind"] == kind]


def test_no_test_question_is_trained_on():
    assert not {row["text"].strip().lower() for row in test_questions()} & trained_on()


def test_topics_and_aspects(heard):
    asked = of_kind(heard, "vraag")
    topic = np.mean([found["topics"][0]["topic"] == row["topic"] for row, found in asked])
    first_three = np.mean([row["topic"] in [t["topic"] for t in found["topics"][:3]] for row, found in asked])
    aspect = np.mean([found["aspects"][0]["aspect"] == row["aspect"] for row, found in asked])
    assert (topic >= 0.93, first_three >= 0.97, aspect >= 0.90) == (True, True, True), (topic, first_three, aspect)


@pytest.mark.parametrize("kind,at_least", [("urgent", 0.90), ("handover_request", 0.91), ("out_of_scope", 0.84), ("chitchat", 0.88)])
def test_kinds(heard, kind, at_least):
    assert np.mean([found["kind"] == kind for _, found in of_kind(heard, kind)]) >= at_least


def test_questions_stay_questions(heard):
    asked = of_kind(heard, "vraag")
    assert np.mean([found["kind"] == "vraag" for _, found in asked]) >= 0.96
    assert np.mean([found["kind"] == "urgent" for _, found in asked]) <= 0.01


def test_confidence_means_what_it_says(heard):
    asked = of_kind(heard, "vraag")
    sure = np.array([found["topics"][0]["confidence"] for _, found in asked])
    right = np.array([found["topics"][0]["topic"] == row["topic"] for row, found in asked])
    bins = np.clip((sure * 10).astype(int), 0, 9)
    error = sum((bins == b).mean() * abs(sure[bins == b].mean() - right[bins == b].mean()) for b in range(10) if (bins == b).any())
    assert error <= 0.08
    assert right[sure >= 0.9].mean() >= 0.92


def test_it_is_fast(understanding):
    texts = [row["text"] for row in test_questions()][:300]
    taken = []
    for text in texts:
        started = time.perf_counter()
        understanding.understand(text)
        taken.append(time.perf_counter() - started)
    assert np.median(taken) * 1000 <= 10  # ms; 1.3 on an idle machine, tests share theirs


def test_what_follows_is_read_behind_the_subject_before_it(understanding):
    asked = [row for row in test_questions() if row["set"] == "followup"]
    right = []
    for row in asked:
        first = understanding.understand(row["before"][-1])
        before = Before(first["topics"][0]["topic"], first["aspects"][0]["aspect"])
        found = understanding.understand(row["text"], before=before)
        right.append((found["topics"][0]["topic"], found["aspects"][0]["aspect"]) == (row["topic"], row["aspect"]))
    assert np.mean(right) >= 0.83


def test_going_on_about_a_subject_is_told_from_leaving_it(understanding):
    before = Before("paspoort", "aanvragen")
    assert understanding.understand("en wat kost dat?", before=before)["on_topic"] > 0.8
    assert understanding.understand("iets anders: wanneer wordt het oud papier opgehaald?", before=before)["on_topic"] < 0.2
    assert understanding.understand("en wat kost dat?")["on_topic"] == 0


def test_an_emergency_is_one_whatever_was_spoken_of_before(understanding):
    asked = [row for row in test_questions() if row["kind"] == "urgent"]
    found = [understanding.understand(row["text"], before=Before("paspoort", "kosten"))["kind"] == "urgent" for row in asked]
    assert np.mean(found) >= 0.92


def test_two_subjects_are_told_from_one(understanding):
    def likely(row):
        two = understanding.understand(row["text"])["two"]
        return two is not None and two["chance"] >= TWO

    rows = test_questions()
    assert np.mean([likely(row) for row in rows if row["set"] == "two"]) >= 0.85
    assert np.mean([likely(row) for row in rows if row["set"] == "main"]) <= 0.05


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wat kost een paspoort en een rijbewijs?", {("paspoort", "kosten"), ("rijbewijs", "kosten")}),
        ("Hoe lang is een paspoort geldig? En een rijbewijs?", {("paspoort", "geldigheid"), ("rijbewijs", "geldigheid")}),
        ("Where can I get a passport, and a driving licence?", {("paspoort", "waar_wanneer"), ("rijbewijs", "waar_wanneer")}),
    ],
)
def test_a_second_subject_of_which_only_the_name_is_said_is_asked_the_same_about(understanding, text, expected):
    two = understanding.understand(text)["two"]
    assert two["chance"] >= TWO
    assert {(subject["topic"], subject["aspect"]) for subject in two["subjects"]} == expected


def test_a_message_that_names_its_own_subject_does_not_lean_on_the_one_before(understanding):
    found = understanding.understand("Ik wil weten wat een nieuw rijbewijs kost", before=Before("hondenbelasting", "betalen"))
    assert (found["topics"][0]["topic"], found["aspects"][0]["aspect"], found["on_topic"]) == ("rijbewijs", "kosten", 0)


def test_a_question_that_is_not_sure_does_not_interrupt_a_form(understanding):
    assert understanding.understand("morgen na drieen ofzo", in_form=True)["kind"] == "nonsense"
    assert understanding.understand("Wat kost een paspoort?", in_form=True)["kind"] == "vraag"


@pytest.mark.parametrize("text", ["", " ", "\u200b", "a" * 2000, "😂" * 500, "?" * 2000, "\x00", "ok " * 600])
def test_no_text_breaks_it(understanding, text):
    found = understanding.understand(text)
    assert found["intent"]["name"] and len(found["topics"]) == 5


def test_confidences_are_probabilities(heard):
    for _, found in heard[:50]:
        values = [found["intent"]["confidence"], *(t["confidence"] for t in found["topics"]), *(a["confidence"] for a in found["aspects"])]
        assert all(0 <= value <= 1 for value in values)
        assert found["intent_ranking"][0] == found["intent"]


def test_the_tokenizer_forgets_what_was_said(monkeypatch):
    words = Words()
    monkeypatch.setattr("bot.components.understanding.STRINGS_AT_MOST", len(words.tokenize.vocab.strings) + 50)
    texts = [f"dossier{number} van straat{number}, mijn paspoort" for number in range(100)]
    once = [words(text) for text in texts]
    assert "dossier0" not in words.tokenize.vocab.strings and "dossier99" in words.tokenize.vocab.strings
    assert once == [words(text) for text in texts] == [f"dossier{number} van straat{number} mijn paspoort" for number in range(100)]
