"""Words to numbers: the features that the network of bag_of_words.py reads.

Three sets, each weighed by how telling it is and brought to length 1: groups of characters inside words, words with their
pairs, and concepts. `learn` reads all training texts with scikit-learn. For the one text of a turn scikit-learn would spend
nine tenths of the time on checks and intermediate matrices; `groups_in` and `others_in` say the same of it.
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
    """The numbers of features, and how much each counts."""

    ids: np.ndarray  # int64
    values: np.ndarray  # float32, as long as ids


def words_of(normalised: str) -> List[str]:
    return normalised.split()


def _words_and_pairs(text: str) -> List[str]:
    words = words_of(text)
    return [*words, *map(" ".join, pairwise(words))]


class Features:
    """Texts come in normalised (bot/language/normalise.py)."""

    def __init__(self, lengths: Tuple[int, int] = (3, 5), concept_weight: float = 0.7) -> None:
        self._groups = TfidfVectorizer(analyzer="char_wb", ngram_range=lengths, norm=None, min_df=2, lowercase=False, dtype=np.float32)
        words = TfidfVectorizer(analyzer=_words_and_pairs, sublinear_tf=True, min_df=2, dtype=np.float32)
        concepts = TfidfVectorizer(analyzer=concepts_in, dtype=np.float32)
        self._others: List[Tuple[TfidfVectorizer, float]] = [(words, 1.0), (concepts, concept_weight)]

    @functools.cached_property
    def _rarity(self) -> List[np.ndarray]:
        """Of each set; scikit-learn works it out anew whenever it is asked."""
        return [one.idf_.astype(np.float32) for one in (self._groups, *(one for one, _ in self._others))]

    def learn(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Chooses the features out of `texts`; gives the matrix (texts, features)."""
        return self._matrix(lambda vectorizer: vectorizer.fit_transform(texts))

    def __call__(self, texts: Sequence[str]) -> sparse.csr_matrix:
        return self._matrix(lambda vectorizer: vectorizer.transform(texts))

    def _matrix(self, of: Callable[[TfidfVectorizer], sparse.csr_matrix]) -> sparse.csr_matrix:
        groups = of(self._groups)
        # a group counts as often as it stands there: so a text is the sum of its words, and what a word adds can be remembered
        lengths = np.sqrt(groups @ self._groups.idf_).astype(np.float32)
        scaled = sparse.diags(1 / np.where(lengths, lengths, 1)) @ groups
        return sparse.hstack([scaled, *(weight * of(one) for one, weight in self._others)]).tocsr()

    def groups_in(self, word: str) -> Row:
        """The groups of characters inside one word, each as often as it stands there, before they are brought to length 1."""
        known, (shortest, longest) = self._groups.vocabulary_, self._groups.ngram_range
        padded = f" {word} "
        found: List[str] = []
        for size in range(shortest, longest + 1):
            found += [padded[at : at + size] for at in range(max(1, len(padded) - size + 1))]
            if size >= len(padded):
                break  # a short word is counted whole, once
        ids = np.array([known[group] for group in found if group in known], dtype=np.int64)
        return Row(ids, self._rarity[0][ids])

    def others_in(self, text: str) -> Row:
        """The words, pairs of words and concepts of a text, as in its row of the matrix."""
        ids: List[np.ndarray] = []
        values: List[np.ndarray] = []
        offset = len(self._rarity[0])
        for (vectorizer, weight), rarity in zip(self._others, self._rarity[1:], strict=True):
            known = vectorizer.vocabulary_
            counts = Counter([known[part] for part in vectorizer.analyzer(text) if part in known])
            at = np.array(list(counts), dtype=np.int64)
            found = rarity[at]
            if len(counts) < counts.total():
                often = np.fromiter(counts.values(), np.float32, len(counts))
                found *= 1 + np.log(often) if vectorizer.sublinear_tf else often
            ids.append(at + offset)
            values.append(found * np.float32(weight / (math.sqrt(found @ found) or 1.0)))
            offset += len(rarity)
        return Row(np.concatenate(ids), np.concatenate(values))

    def __getstate__(self) -> Dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "_rarity"}  # quickly made, and of one training
