"""A message behind the subject before it: how it is read, and what the models learn from."""

import pytest
from bot.components.context import Before, Context
from bot.components.examples import rows

TITLES = {"paspoort": {"nl": "Paspoort", "en": "Passport"}, "woz": {"nl": "WOZ-waarde", "en": "Property value"}}
ORDINARY = [(f"wat kost een paspoort {number}", "vraag/paspoort", "kosten") for number in range(60)] + [
    (f"dank je {number}", "chitchat/thanks", "") for number in range(60)
]


@pytest.fixture
def context():
    return Context(TITLES, {"kosten", "termijn"})


def test_a_message_is_read_behind_the_title_and_a_sign_for_the_aspect(context):
    assert context.behind(Before("paspoort", "kosten"), "en een ID-kaart?", "nl") == "Paspoort zqb. en een ID-kaart?"
    assert context.behind(Before("paspoort", "termijn"), "and an ID card?", "en") == "Passport zqc. and an ID card?"


@pytest.mark.parametrize("aspect", [None, "anders"])
def test_no_aspect_or_one_that_nobody_knows_is_the_general_one(context, aspect):
    assert context.behind(Before("woz", aspect), "en nu?", "nl") == "WOZ-waarde zqa. en nu?"


def test_a_topic_without_a_title_is_no_context(context):
    assert "paspoort" in context and "niets" not in context and None not in context


def test_examples_are_those_of_the_file_and_a_share_of_the_ordinary_ones(context, tmp_path):
    file = tmp_path / "follow_ups.csv"
    file.write_text('before_topic,before_aspect,topic,aspect,language,text\npaspoort,kosten,woz,kosten,nl,"en de woz, wat kost die?"\n')
    found = context.examples(file, ORDINARY)
    assert found[0] == ("Paspoort zqb. en de woz, wat kost die?", "vraag/woz", "kosten")
    assert len(found) == 1 + len(ORDINARY) // 6
    labels = {text.rpartition(". ")[2]: (label, aspect) for text, label, aspect in found[1:]}
    assert all((label, aspect) == labels[text] for text, label, aspect in ORDINARY if text in labels)
    assert found == context.examples(file, ORDINARY)


def test_without_a_file_there_are_no_rows(tmp_path):
    assert rows(tmp_path / "none.csv") == []
