"""The vectors of bot/components/linear.py for one short text, without what scikit-learn does for large tables of texts.

A vectorizer checks its own parts, builds index types and intermediate matrices for every call; for one question that is
nine tenths of the work. Here a text is counted in a dictionary. Same numbers: the start compares both on a few texts.
"""

import logging
import math
import re
from collections import Counter
from typing import Any, Iterable, List, Pattern, Sequence, Tuple

import numpy as np
from scipy import sparse

from bot.components.linear import Features
from bot.language import concepts
from bot.light import Moved

PROBES = ("wat kost een paspoort voor mijn dochter", "en en en hoe lang is dat geldig", "groot getal", "", "x")


logger = logging.getLogger(__name__)


def make_quick(components: Iterable[Any]) -> int:
    """Gives every component that has `Features` quick ones instead; how many. What they cannot stand in for stays, and is logged."""
    made = 0
    for component in components:
        if isinstance(getattr(component, "features", None), Features):
            try:
                component.features = QuickFeatures(component.features)
                made += 1
            except Moved as error:
                logger.error("understanding is slower than it could be: %s", error)
    return made


class QuickFeatures:
    """Called as `Features` is: normalised texts in, one sparse row for each out. Raises `Moved` when it would give others."""

    def __init__(self, features: Any) -> None:
        try:
            weighted = ((features.characters, 1.0), (features.words, 1.0), (features.concepts, features.concept_weight))
            self._blocks = [_Block(vectorizer, weight) for vectorizer, weight in weighted]
        except AttributeError as error:
            raise Moved(f"Features: {error}") from None
        at = 0
        for block in self._blocks:
            block.offset, at = at, at + block.width
        self._width = at
        for probe in PROBES:
            expected = features([probe])
            if expected.shape != (1, at) or abs(expected - self([probe])).max() > 1e-5:
                raise Moved("Features: other numbers")

    def __call__(self, texts: Sequence[str]) -> sparse.csr_matrix:
        indices: List[int] = []
        values: List[float] = []
        ends = [0]
        for text in texts:
            for block in self._blocks:
                block.add(text, indices, values)
            ends.append(len(indices))
        made = np.array(values, dtype=np.float32), np.array(indices, dtype=np.int32), np.array(ends, dtype=np.int32)
        return sparse.csr_matrix(made, shape=(len(texts), self._width))


class QuickConcepts:
    """`concepts_in`, after a look whether the letters are there at all: a plain search, where it tries a pattern for every concept."""

    def __init__(self) -> None:
        self._ways: List[Tuple[str, int, Pattern[str]]] = []  # letters that must be there, which concept, how it is written
        self._names: List[str] = []
        for line in concepts.CONCEPTS.strip().splitlines():
            name, ways = line.split(":", 1)
            for way in ways.split():
                # "+" is a space and "*" any letters: what stands between these must be there as it is
                letters = max(way.rstrip("$+").replace("+", " ").split("*"), key=len)
                self._ways.append((letters, len(self._names), re.compile(concepts._pattern(way))))
            self._names.append(name.strip())

    def __call__(self, text: str) -> List[str]:
        found = {at for letters, at, pattern in self._ways if letters in text and pattern.search(text)}
        return [self._names[at] for at in sorted(found)]


class _Block:
    """One fitted TfidfVectorizer, as far as ours use it: terms weighed by rarity, rows of length 1, then `weight`."""

    def __init__(self, vectorizer: Any, weight: float) -> None:
        if vectorizer.norm != "l2" or not vectorizer.use_idf or vectorizer.binary:
            raise Moved("Features: another way of weighing")
        self._terms = QuickConcepts() if vectorizer.analyzer is concepts.concepts_in else vectorizer.build_analyzer()
        self._vocabulary, self._weight = vectorizer.vocabulary_, weight
        self._rarity: List[float] = vectorizer.idf_.tolist()
        self._sublinear = vectorizer.sublinear_tf
        self.width, self.offset = len(self._rarity), 0

    def add(self, text: str, indices: List[int], values: List[float]) -> None:
        known, rarity = self._vocabulary, self._rarity
        counts = Counter([known[term] for term in self._terms(text) if term in known])
        if self._sublinear:
            found = [(1 + math.log(count) if count > 1 else 1.0) * rarity[at] for at, count in counts.items()]
        else:
            found = [count * rarity[at] for at, count in counts.items()]
        length = math.sqrt(sum(value * value for value in found))
        if length:
            scale = self._weight / length
            indices += [self.offset + at for at in counts]
            values += [value * scale for value in found]
