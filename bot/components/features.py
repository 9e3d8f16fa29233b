"""Words to numbers: the features that the network of bag_of_words.py reads.

Three sets, each weighed by how telling it is and brought to length 1: groups of characters inside words, words with
their pairs, and concepts. `learn` reads all training texts with scikit-learn; `row` does the same for the one text of a
turn. There scikit-learn would spend nine tenths of the time on checks and intermediate matrices.
"""

import functools
import math
from collections import Counter
from itertools import pairwise
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.language.concepts import concepts_in


class Row(NamedTuple):
    """One text: the numbers of its features, and how much each counts."""

    ids: np.ndarray  # int64
    values: np.ndarray  # float32, as long as ids


WORDS_KEPT = 20_000  # whose groups of characters are remembered


def words_of(normalised: str) -> List[str]:
    return normalised.split()


def _inside_words(vectorizer: TfidfVectorizer) -> Callable[[str], List[int]]:
    """Text to the numbers of the groups of characters inside its words, as char_wb counts them; of each word they are worked out once."""
    known, (shortest, longest) = vectorizer.vocabulary_, vectorizer.ngram_range

    @functools.lru_cache(maxsize=WORDS_KEPT)
    def groups(word: str) -> List[int]:
        padded = f" {word} "
        found = []
        for size in range(shortest, longest + 1):
            found += [padded[at : at + size] for at in range(max(1, len(padded) - size + 1))]
            if size >= len(padded):
                break  # a short word is counted whole, once
        return [known[group] for group in found if group in known]

    return lambda text: [number for word in text.split() for number in groups(word)]


def _words_and_pairs(vectorizer: TfidfVectorizer) -> Callable[[str], List[int]]:
    known = vectorizer.vocabulary_

    def numbers(text: str) -> List[int]:
        words = words_of(text)
        return [known[part] for part in (*words, *map(" ".join, pairwise(words))) if part in known]

    return numbers


def _concepts(vectorizer: TfidfVectorizer) -> Callable[[str], List[int]]:
    known = vectorizer.vocabulary_
    return lambda text: [known[name] for name in concepts_in(text) if name in known]


class Features:
    """Texts come in normalised (bot/language/normalise.py)."""

    def __init__(self, characters: Tuple[int, int] = (3, 5), concept_weight: float = 0.7) -> None:
        self.sets = [
            (
                TfidfVectorizer(
                    analyzer="char_wb", ngram_range=characters, sublinear_tf=True, min_df=2, lowercase=False, dtype=np.float32
                ),
                1.0,
            ),
            (
                TfidfVectorizer(
                    analyzer="word", tokenizer=words_of, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True, min_df=2,
                    lowercase=False, dtype=np.float32,
                ),
                1.0,
            ),
            (TfidfVectorizer(analyzer=concepts_in, dtype=np.float32), concept_weight),
        ]  # fmt: skip
        self._quick: List[Tuple[Callable[[str], List[int]], np.ndarray, bool, float]] = []  # what `row` needs of each set

    def learn(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Chooses the features out of `texts`; gives the matrix (texts, features)."""
        return sparse.hstack([weight * vectorizer.fit_transform(texts) for vectorizer, weight in self.sets]).tocsr()

    def __call__(self, texts: Sequence[str]) -> sparse.csr_matrix:
        return sparse.hstack([weight * vectorizer.transform(texts) for vectorizer, weight in self.sets]).tocsr()

    def row(self, text: str) -> Row:
        """The same as a row of the matrix, for one text."""
        if not self._quick:
            self._quick = [
                (of(v), v.idf_.astype(np.float32), v.sublinear_tf, weight)
                for of, (v, weight) in zip((_inside_words, _words_and_pairs, _concepts), self.sets, strict=True)
            ]
        ids: List[np.ndarray] = []
        values: List[np.ndarray] = []
        offset = 0
        for numbers_of, rarity, sublinear, weight in self._quick:
            counts = Counter(numbers_of(text))
            at = np.fromiter(counts.keys(), np.int64, len(counts))
            often = np.fromiter(counts.values(), np.float32, len(counts))
            found = rarity[at] * (1 + np.log(often) if sublinear else often)
            ids.append(offset + at)
            values.append(found * np.float32(weight / (math.sqrt(found @ found) or 1.0)))
            offset += len(rarity)
        return Row(np.concatenate(ids), np.concatenate(values))

    def __getstate__(self) -> Dict[str, object]:
        return {"sets": self.sets}  # the rest is quickly made, and holds what cannot be stored

    def __setstate__(self, state: Dict[str, object]) -> None:
        self.sets, self._quick = state["sets"], []
