"""Names and chances by number: kinds are summed up, topics ranked among their kind."""

import numpy as np
import pytest
from bot.components.labels import Labels, both, named, surer

NAMES = ["chitchat/thanks", "urgent/brand", "urgent/gas", "vraag/paspoort", "vraag/woz"]
CHANCES = np.array([0.1, 0.05, 0.15, 0.2, 0.5])


@pytest.fixture
def labels():
    return Labels(NAMES)


def test_kinds_are_summed_up(labels):
    assert labels.by_kind(CHANCES) == pytest.approx({"chitchat": 0.1, "urgent": 0.2, "vraag": 0.7})


def test_the_likeliest_of_a_kind_come_first(labels):
    assert labels.likeliest(CHANCES, "urgent", 5) == [("gas", 0.15), ("brand", 0.05)]
    assert labels.likeliest(CHANCES, "vraag", 1) == [("woz", 0.5)]
    assert labels.likeliest(CHANCES, "deny", 5) == []


def test_chances_among_a_kind_add_up_to_one_and_are_surer(labels):
    plain, sure = (dict(labels.surest(CHANCES, "vraag", 5, certainty)) for certainty in (1.0, 2.0))
    assert plain == pytest.approx({"woz": 5 / 7, "paspoort": 2 / 7})
    assert sure == pytest.approx({"woz": 25 / 29, "paspoort": 4 / 29})
    assert labels.surest(CHANCES, "deny", 5, 2.0) == []


def test_a_name_that_is_not_known_has_no_chance(labels):
    assert labels.chance(CHANCES, "vraag", "paspoort") == 0.2
    assert labels.chance(CHANCES, "vraag", "grofvuil") == 0.0


def test_two_chances_are_mixed_to_chances():
    mixed = both(np.array([0.5, 0.5]), np.array([0.9, 0.1]), 0.5)
    assert mixed.sum() == pytest.approx(1) and mixed[0] == pytest.approx(0.75)
    assert both(CHANCES, CHANCES, 0.3) == pytest.approx(CHANCES)
    assert surer(np.array([]), 1.6).size == 0


def test_named():
    assert named(["a", "b"], np.array([0.4, 0.6]), 1) == [("b", 0.6)]
