"""What is learnt from messages about more than one subject: their halves, and questions beside what is only said."""

import pytest
from bot.components import halves, settled
from bot.components.understanding import Words

ORDINARY = [
    *((f"wat kost een paspoort voor {who}", "vraag/paspoort", "kosten") for who in ("mij", "mijn kind", "mijn man", "ons")),
    *((f"de container is {how}", "vraag/afvalcontainer", "probleem") for how in ("stuk", "niet geleegd", "weg", "vol")),
    *((f"what does a passport cost for my {who}", "vraag/paspoort", "kosten") for who in ("son", "wife", "daughter", "mother")),
    *((f"hoi {name}", "chitchat/greet", "") for name in ("daar", "allemaal")),
] * settled.SHARE


def two(tmp_path, *texts):
    file = tmp_path / "two_subjects.csv"
    lines = [f'paspoort,kosten,afvalcontainer,probleem,nl,"{text}"' for text in texts]
    file.write_text("\n".join(["topic,aspect,second_topic,second_aspect,language,text", *lines, ""]))
    return file


@pytest.mark.parametrize(
    ("text", "learnt"),
    [
        (
            "wat kost een paspoort voor mij? de container is weer niet geleegd",
            [("wat kost een paspoort voor mij?", "paspoort"), ("de container is weer niet geleegd", "afvalcontainer")],
        ),
        # either may come first, and a part that speaks of neither goes with the one before it
        (
            "de container is zo vol. dat vind ik heel erg. wat kost een paspoort voor mijn kind",
            [("wat kost een paspoort voor mijn kind", "paspoort"), ("de container is zo vol. dat vind ik heel erg.", "afvalcontainer")],
        ),
        ("wat kost een paspoort voor ons en de container", [("wat kost een paspoort voor ons", "paspoort")]),  # a bare name asks nothing
        ("paspoort container stuk", []),  # has no parts
        ("wat kost een paspoort voor mij? en voor mijn man?", []),  # both about one
    ],
)
def test_a_half_is_learnt_with_its_own_subject(tmp_path, text, learnt):
    aspects = {"paspoort": "kosten", "afvalcontainer": "probleem"}
    found = halves.examples(two(tmp_path, text), ORDINARY, Words())
    assert found == [(half, f"vraag/{topic}", aspects[topic]) for half, topic in learnt]


def test_without_the_file_or_the_topics_there_are_no_halves(tmp_path):
    assert halves.examples(tmp_path / "none.csv", ORDINARY, Words()) == []
    text = "wat kost een paspoort voor mij? de container is weer niet geleegd"
    assert halves.examples(two(tmp_path, text), [row for row in ORDINARY if row[1] != "vraag/paspoort"], Words()) == []
    assert halves.examples(two(tmp_path, text), [], Words()) == []


@pytest.fixture
def statements(tmp_path):
    file = tmp_path / "settled.csv"
    file.write_text(
        "topic,language,text\npaspoort,nl,Mijn paspoort heb ik al.\nhondenbelasting,nl,de hond is aangemeld\nwoz,en,The WOZ is fine.\n"
    )
    return file


def test_a_question_is_learnt_beside_what_is_only_said(statements):
    found = settled.examples(statements, ORDINARY)
    assert found and found == settled.examples(statements, ORDINARY)
    known = {text: (label, aspect) for text, label, aspect in ORDINARY}
    for text, label, aspect in found:
        question = max((one for one in known if one in text), key=len)
        assert (label, aspect) == known[question] and text != question
        assert "paspoort heb ik al" not in text or label != "vraag/paspoort"
        assert ("WOZ" in text) == question.startswith("what does")  # in its own language


def test_without_the_file_nothing_is_put_beside(tmp_path):
    assert settled.examples(tmp_path / "none.csv", ORDINARY) == []
