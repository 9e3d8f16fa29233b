"""Words to numbers: the features that both kinds of model read (bot/components/linear.py, bot/components/network.py).

Three sets, each weighed by how telling it is and brought to length 1: groups of characters inside words, words with
their pairs, and concepts. `learn` reads all training texts with scikit-learn; `row` does the same for the one text of a
turn, without the sparse matrices that would take most of the time.
"""

from collections import Counter
from typing import Callable, Dict, Iterable, List, NamedTuple, Sequence, Tuple

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.language.concepts import concepts_in


class Row(NamedTuple):
    """One text: the numbers of its features, and how much each counts."""

    ids: np.ndarray  # int64
    values: np.ndarray  # float32, as long as ids


def words_of(normalised: str) -> List[str]:
    return normalised.split()


class Features:
    """Texts come in normalised (bot/language/normalise.py)."""

    def __init__(self, characters: Tuple[int, int] = (2, 5), words: Tuple[int, int] = (1, 2), concept_weight: float = 0.7) -> None:
        self.sets = [
            (
                TfidfVectorizer(
                    analyzer="char_wb", ngram_range=characters, sublinear_tf=True, min_df=2, lowercase=False, dtype=np.float32
                ),
                1.0,
            ),
            (
                TfidfVectorizer(
                    analyzer="word", tokenizer=words_of, token_pattern=None, ngram_range=words, sublinear_tf=True, min_df=2,
                    lowercase=False, dtype=np.float32,
                ),
                1.0,
            ),
            (TfidfVectorizer(analyzer=concepts_in, dtype=np.float32), concept_weight),
        ]  # fmt: skip
        self._analyzers: List[Callable[[str], Iterable[str]]] = []

    def learn(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Chooses the features out of `texts`; gives the matrix (texts, features)."""
        return sparse.hstack([weight * vectorizer.fit_transform(texts) for vectorizer, weight in self.sets]).tocsr()

    def __call__(self, texts: Sequence[str]) -> sparse.csr_matrix:
        return sparse.hstack([weight * vectorizer.transform(texts) for vectorizer, weight in self.sets]).tocsr()

    def row(self, text: str) -> Row:
        """The same as a row of the matrix, for one text."""
        if not self._analyzers:
            self._analyzers = [vectorizer.build_analyzer() for vectorizer, _ in self.sets]
        ids, values, offset = [], [], 0
        for (vectorizer, weight), analyze in zip(self.sets, self._analyzers, strict=True):
            known = vectorizer.vocabulary_
            found = Counter(known[part] for part in analyze(text) if part in known)
            here = np.fromiter(found.keys(), dtype=np.int64, count=len(found))
            counts = np.fromiter(found.values(), dtype=np.float32, count=len(found))
            if vectorizer.sublinear_tf:
                counts = 1 + np.log(counts)
            counts = counts * vectorizer.idf_[here]
            length = np.sqrt((counts * counts).sum())
            ids.append(here + offset)
            values.append((weight / length * counts if length else counts).astype(np.float32))
            offset += len(known)
        return Row(np.concatenate(ids), np.concatenate(values))

    def __getstate__(self) -> Dict[str, object]:
        return {"sets": self.sets}  # analyzers are closures, and quickly made

    def __setstate__(self, state: Dict[str, object]) -> None:
        self.sets, self._analyzers = state["sets"], []
