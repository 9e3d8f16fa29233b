"""PRV-3: what staff are told of health and criminal data, measured on special.tsv.

That is a labelled set of made-up messages (label, language, text), written apart from the word lists: "health", "criminal", "both",
"none". Those without a label sound alike: products for the disabled, the police, ill dogs and trees. Every other line was read when the
lists were made; measured is on those that were not.
"""

from pathlib import Path

import pytest

from handover.conversation.special import special_data

KINDS = {"health": {"health"}, "criminal": {"criminal"}, "both": {"health", "criminal"}, "none": set()}
ROWS = [line.split("\t") for line in Path(__file__).with_name("special.tsv").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("kind", "recall", "precision"), [("health", 0.63, 0.87), ("criminal", 0.75, 0.93)])
def test_prv3_health_and_criminal_data_are_recognised(kind, recall, precision):
    flagged = [(kind in KINDS[label], kind in special_data(text)) for label, _, text in ROWS[1::2]]
    right = sum(held and found for held, found in flagged)
    measured = right / sum(held for held, _ in flagged), right / sum(found for _, found in flagged)
    print(f"\n{kind}: recall {measured[0]:.3f}, precision {measured[1]:.3f}")
    assert measured[0] >= recall
    assert measured[1] >= precision


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wat kost een paspoort?", []),
        ("Mijn moeder is ziek.", ["health"]),
        ("Mijn hond is ziek.", []),
        ("Mijn moeder is thuis. De boom is ziek.", []),
        ("MIJN ZOON ZIT VAST", ["criminal"]),
        ("I’m disabled and my brother is in prison", ["health", "criminal"]),
        ("Is het stembureau rolstoeltoegankelijk?", []),
        ("", []),
    ],
)
def test_words_beside_a_person_count_and_look_alikes_do_not(text, expected):
    assert special_data(text) == expected
