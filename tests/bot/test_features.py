"""One text of a turn is read as the thousands of a training are."""

import re

import numpy as np
import pytest
from bot.components.features import Features, words_of
from bot.language.concepts import _LINES, _pattern, concepts_in
from bot.language.normalise import normalise

from conftest import test_questions

TEXTS = [normalise(row["text"]) for row in test_questions()[:800]]


@pytest.fixture(scope="module")
def features() -> Features:
    learnt = Features()
    learnt.learn(TEXTS[::2])
    return learnt


def test_a_text_is_the_row_of_the_matrix(features):
    for text, expected in zip(TEXTS, features(TEXTS), strict=True):
        groups = [features.groups_in(word) for word in words_of(text)]
        length = sum(float(row.values @ row.values) for row in groups) ** 0.5
        found = np.zeros(expected.shape[1], dtype=np.float32)
        for row in groups:
            np.add.at(found, row.ids, row.values / length)
        others = features.others_in(text)
        found[others.ids] = others.values
        assert abs(found - expected.toarray()[0]).max() < 1e-5
        assert (found != 0).sum() == expected.nnz


def test_what_is_not_known_is_no_feature(features):
    for text in ("", "\u4f60\u597d"):
        assert len(features.others_in(text).ids) == len(features.groups_in(text).ids) == 0


def test_concepts_are_found_as_their_patterns_say():
    whole = [(line.split(":")[0], re.compile("|".join(map(_pattern, line.split(":", 1)[1].split())))) for line in _LINES]
    assert sum(map(len, map(concepts_in, TEXTS))) > len(TEXTS)
    for text in [*TEXTS, "", "!", "paspoort" * 50]:
        assert concepts_in(text) == [name for name, pattern in whole if pattern.search(text)]
