"""Linear models: texts in, a score for each label out.

Two opinions are added up: the margins of a linear support vector machine, and a complement naive Bayes, which errs
elsewhere and knows rare words better.
"""

from typing import Dict, List, Sequence, Tuple

import numpy as np
from scipy import sparse
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from bot.components.features import Row


class Labels:
    """One model; `balanced` gives rare labels the say of common ones. `bayes` is how much the second opinion counts.

    `weights` is (features, 2 x labels): the vector machine's, then the naive Bayes'.
    """

    def __init__(self, strength: float = 0.3, balanced: bool = False, bayes: float = 0.15) -> None:
        self.strength, self.balanced, self.bayes = strength, balanced, bayes
        self.names: List[str] = []
        self.weights = np.zeros((0, 0), dtype=np.float16)
        self.bias = np.zeros(0, dtype=np.float32)

    def learn(self, vectors: sparse.csr_matrix, labels: Sequence[str]) -> "Labels":
        machine = LinearSVC(C=self.strength, class_weight="balanced" if self.balanced else None, tol=0.01, random_state=0).fit(
            vectors, labels
        )
        second = ComplementNB(alpha=0.3).fit(vectors, labels)
        self.names = list(machine.classes_)
        self.weights = np.concatenate([machine.coef_.T, second.feature_log_prob_.T], axis=1).astype(np.float16)
        self.bias = machine.intercept_.astype(np.float32)
        return self

    def scores(self, row: Row) -> Tuple[np.ndarray, np.ndarray]:
        """Margins of the vector machine alone, and the scores of both together; each of shape (labels,).

        The naive Bayes comes in standard deviations, because its raw numbers grow with the length of the text.
        """
        both = row.values @ self.weights[row.ids].astype(np.float32)
        margins, second = both[: len(self.names)] + self.bias, both[len(self.names) :]
        return margins, margins + self.bayes * (second - second.mean()) / (second.std() or 1)

    def state(self) -> Dict[str, object]:
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: Dict[str, object]) -> "Labels":
        made = cls()
        vars(made).update(state)
        return made
