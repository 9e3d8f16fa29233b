"""Linear models over character and word n-grams, with calibrated probabilities.

`Labels` is one such model: texts in, a ranking out. Two opinions are added up: the margins of a linear support vector
machine, and a complement naive Bayes, which errs elsewhere and knows rare words better. Probabilities are a softmax
over the sum, with a temperature chosen on examples held back, so that 0.8 means right in 8 of 10 cases.
"""

from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import ComplementNB
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
        return sparse.hstack(
            [
                self.characters.fit_transform(texts),
                self.words.fit_transform(texts),
                self.concept_weight * self.concepts.fit_transform(texts),
            ]
        ).tocsr()

    def __call__(self, texts: Sequence[str]) -> sparse.csr_matrix:
        return sparse.hstack(
            [self.characters.transform(texts), self.words.transform(texts), self.concept_weight * self.concepts.transform(texts)]
        ).tocsr()


class Labels:
    """One model; `balanced` gives rare labels the say of common ones.

    `weights` is (features, 2 x labels): the vector machine's, then the naive Bayes', so that one short text costs one
    sparse product. `bayes` is how much the second opinion counts.
    """

    def __init__(self, strength: float = 0.3, balanced: bool = False, bayes: float = 0.15) -> None:
        self.strength, self.balanced, self.bayes, self.temperature = strength, balanced, bayes, 1.0
        self.names: List[str] = []
        self.weights = np.zeros((0, 0), dtype=np.float32)
        self.bias = np.zeros(0, dtype=np.float32)

    def learn(self, vectors: sparse.csr_matrix, labels: Sequence[str], examples: Optional[int] = None) -> "Labels":
        """Fits on all rows. The first `examples` rows are what residents say; a part of these sets the temperature."""
        labels = np.array(labels)
        examples = len(labels) if examples is None else examples
        train, test = next(StratifiedKFold(4, shuffle=True, random_state=0).split(vectors[:examples], labels[:examples]))
        train = np.concatenate([train, np.arange(examples, len(labels))])
        held_back = Labels(self.strength, self.balanced, self.bayes)._fit(vectors[train], labels[train])
        test = test[np.isin(labels[test], held_back.names)]
        self.temperature = _temperature(held_back.opinions(vectors[test])[1], np.searchsorted(held_back.names, labels[test]))
        return self._fit(vectors, labels)

    def _fit(self, vectors: sparse.csr_matrix, labels: np.ndarray) -> "Labels":
        machine = LinearSVC(C=self.strength, class_weight="balanced" if self.balanced else None, tol=0.01, random_state=0).fit(
            vectors, labels
        )
        second = ComplementNB(alpha=0.3).fit(vectors, labels)
        self.names = list(machine.classes_)
        self.weights = np.concatenate([machine.coef_.T, second.feature_log_prob_.T], axis=1).astype(np.float32)
        self.bias = machine.intercept_.astype(np.float32)
        return self

    def opinions(self, vectors: sparse.csr_matrix) -> Tuple[np.ndarray, np.ndarray]:
        """Margins of the vector machine alone and the scores of both together, each (texts, labels).

        The naive Bayes comes in standard deviations, because its raw numbers grow with the length of the text.
        """
        both = vectors @ self.weights
        margins, second = both[:, : len(self.names)] + self.bias, both[:, len(self.names) :]
        spread = second.std(axis=1, keepdims=True)
        return margins, margins + self.bayes * (second - second.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)

    def probabilities(self, vectors: sparse.csr_matrix) -> np.ndarray:
        """Shape (texts, labels); every row adds up to 1, and all but the best few are 0."""
        return _softmax(self.opinions(vectors)[1] / self.temperature)

    def ranking(self, vector: sparse.csr_matrix, first: Optional[int] = None) -> Tuple[Ranking, float]:
        """Best first, also where probabilities are 0; and the largest margin, which is low when nothing was recognised."""
        margins, scores = self.opinions(vector)
        chances = _softmax(scores / self.temperature)[0]
        return [(self.names[i], float(chances[i])) for i in np.argsort(-scores[0])[:first]], float(margins.max())

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


def _temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    """The divisor of the scores that makes the true labels most likely."""

    def loss(log_temperature: float) -> float:
        return float(-np.log(_softmax(scores / np.exp(log_temperature))[np.arange(len(truth)), truth] + 1e-9).sum())

    return float(np.exp(minimize_scalar(loss, bounds=(-4, 2), method="bounded").x))
