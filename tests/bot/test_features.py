"""One text of a turn is read as the thousands of a training are."""

import re

import numpy as np
import pytest
from bot.components.features import Features
from bot.language.concepts import _LINES, _pattern, concepts_in
from bot.language.normalise import normalise

from conftest import test_questions

TEXTS = [normalise(row["text"]) for row in test_questions()[:800]]


@pytest.fixture(scope="module")
def features() -> Features:
    learnt = Features()
    learnt.learn(TEXTS[::2])
    return learnt


def test_a_row_is_the_row_of_the_matrix(features):
    for text, expected in zip(TEXTS, features(TEXTS), strict=True):
        row = features.row(text)
        assert row.values.dtype == np.float32 and len(row.ids) == len(row.values)
        found = np.zeros(expected.shape[1], dtype=np.float32)
        found[row.ids] = row.values
        assert abs(found - expected.toarray()[0]).max() < 1e-5
        assert len(row.ids) == expected.nnz


def test_what_is_not_known_is_no_feature(features):
    assert len(features.row("").ids) == 0
    assert len(features.row("\u4f60\u597d").ids) == 0


def test_concepts_are_found_as_their_patterns_say():
    whole = [(line.split(":")[0], re.compile("|".join(map(_pattern, line.split(":", 1)[1].split())))) for line in _LINES]
    assert sum(map(len, map(concepts_in, TEXTS))) > len(TEXTS)
    for text in [*TEXTS, "", "!", "paspoort" * 50]:
        assert concepts_in(text) == [name for name, pattern in whole if pattern.search(text)]
