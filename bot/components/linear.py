"""Linear models over character and word n-grams, with calibrated probabilities.

`Labels` is one such model: texts in, a ranking out. Probabilities are a softmax over the margins of a linear
support vector machine, with a temperature chosen by cross-validation so that 0.8 means right in 8 of 10 cases.
"""

from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from bot.language.concepts import concepts_in

KEPT = 8  # labels that share the probability; a long tail of bad ones would eat up most of it

Ranking = List[Tuple[str, float]]


def words_of(normalised: str) -> List[str]:
    return normalised.split()


class Features:
    """Weighs character groups inside words, words, pairs of words, and concepts. Texts come in normalised."""

    def __init__(self, characters: Tuple[int, int] = (2, 5), words: Tuple[int, int] = (1, 2), concept_weight: float = 0.7) -> None:
        self.characters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=characters, sublinear_tf=True, min_df=2, lowercase=False, dtype=np.float32
        )
        self.words = TfidfVectorizer(
            analyzer="word", tokenizer=words_of, token_pattern=None, ngram_range=words, sublinear_tf=True, lowercase=False, dtype=np.float32
        )
        self.concepts = TfidfVectorizer(analyzer=concepts_in, dtype=np.float32)
        self.concept_weight = concept_weight

    def learn(self, texts: Sequence[str]) -> sparse.csr_matrix:
        return sparse.hstack([self.characters.fit_transform(texts), self.words.fit_transform(texts), self.concept_weight * self.concepts.fit_transform(texts)]).tocsr()

    def __call__(self, texts: Sequence[str]) -> sparse.csr_matrix:
        return sparse.hstack([self.characters.transform(texts), self.words.transform(texts), self.concept_weight * self.concepts.transform(texts)]).tocsr()


class Labels:
    """One linear model; `balanced` gives rare labels the say of common ones. `weights` is (features, labels) so that one short text costs one sparse product."""

    def __init__(self, strength: float = 1.0, balanced: bool = False) -> None:
        self.strength, self.balanced, self.temperature = strength, balanced, 1.0
        self.names: List[str] = []
        self.weights = np.zeros((0, 0), dtype=np.float32)
        self.bias = np.zeros(0, dtype=np.float32)

    def learn(self, vectors: sparse.csr_matrix, labels: Sequence[str], folds: int = 3) -> "Labels":
        labels = np.array(labels)
        margins, truth = [], []
        for train, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(vectors, labels):
            held_back = Labels(self.strength, self.balanced)._fit(vectors[train], labels[train])
            known = np.isin(labels[test], held_back.names)
            margins.append(held_back.margins(vectors[test][known]))
            truth.append(np.searchsorted(held_back.names, labels[test][known]))
        self._fit(vectors, labels)
        self.temperature = _temperature(margins, truth)
        return self

    def _fit(self, vectors: sparse.csr_matrix, labels: np.ndarray) -> "Labels":
        model = LinearSVC(C=self.strength, class_weight="balanced" if self.balanced else None, random_state=0).fit(vectors, labels)
        self.names = list(model.classes_)
        self.weights, self.bias = model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32)
        return self

    def margins(self, vectors: sparse.csr_matrix) -> np.ndarray:
        return vectors @ self.weights + self.bias

    def probabilities(self, vectors: sparse.csr_matrix) -> np.ndarray:
        """Shape (texts, labels); every row adds up to 1, and all but the best few are 0."""
        return _softmax(self.margins(vectors) / self.temperature)

    def ranking(self, vector: sparse.csr_matrix, first: Optional[int] = None) -> Ranking:
        """Best first, also where probabilities are 0."""
        margins = self.margins(vector)
        chances = _softmax(margins / self.temperature)[0]
        return [(self.names[i], float(chances[i])) for i in np.argsort(-margins[0])[:first]]

    def state(self) -> Dict[str, object]:
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: Dict[str, object]) -> "Labels":
        made = cls()
        vars(made).update(state)
        return made


def _softmax(scores: np.ndarray) -> np.ndarray:
    if scores.shape[1] > KEPT:
        scores = np.where(scores >= np.partition(scores, -KEPT, axis=1)[:, -KEPT, None], scores, -np.inf)
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _temperature(margins: List[np.ndarray], truth: List[np.ndarray]) -> float:
    def loss(log_temperature: float) -> float:
        total = sum(
            -np.log(_softmax(m / np.exp(log_temperature))[np.arange(len(t)), t] + 1e-9).sum() for m, t in zip(margins, truth, strict=True)
        )
        return float(total)

    return float(np.exp(minimize_scalar(loss, bounds=(-4, 2), method="bounded").x))
