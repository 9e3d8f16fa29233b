"""The names that the networks tell chances of, such as "vraag/paspoort" and "urgent/brand", by their numbers.

With a thousand topics a list of names and chances for every reading would cost more than the reading.
"""

from typing import Dict, List, Sequence, Tuple

import numpy as np

Ranking = List[Tuple[str, float]]  # best first


class Labels:
    """`names` are kind/topic or kind/subkind; chances come in their order."""

    def __init__(self, names: Sequence[str]) -> None:
        kinds, self._names = zip(*(name.split("/", 1) for name in names), strict=True)
        self._kinds = sorted(set(kinds))
        self._kind_at = np.array([self._kinds.index(kind) for kind in kinds])
        self._of_kind = {kind: np.flatnonzero(self._kind_at == at) for at, kind in enumerate(self._kinds)}
        self._at = {name: at for at, name in enumerate(names)}

    def chance(self, chances: np.ndarray, kind: str, name: str) -> float:
        """0 for one that the networks do not know."""
        at = self._at.get(f"{kind}/{name}")
        return 0.0 if at is None else float(chances[at])

    def by_kind(self, chances: np.ndarray) -> Dict[str, float]:
        return dict(zip(self._kinds, np.bincount(self._kind_at, chances, len(self._kinds)).tolist(), strict=True))

    def likeliest(self, chances: np.ndarray, kind: str, count: int) -> Ranking:
        """The topics or subkinds of a kind."""
        of_kind = self._numbers(kind)
        return self._ranking(of_kind, chances[of_kind], count)

    def surest(self, chances: np.ndarray, kind: str, count: int, certainty: float) -> Ranking:
        """The same, with chances among that kind; see `surer`."""
        of_kind = self._numbers(kind)
        return self._ranking(of_kind, surer(chances[of_kind], certainty), count)

    def _numbers(self, kind: str) -> np.ndarray:
        return self._of_kind.get(kind, np.array([], dtype=int))

    def _ranking(self, numbers: np.ndarray, chances: np.ndarray, count: int) -> Ranking:
        return [(self._names[numbers[at]], chance) for at, chance in _best(chances, count)]


def surer(chances: np.ndarray, certainty: float) -> np.ndarray:
    """The same order, with chances that say how often they are right: the networks are too modest."""
    raised = chances**certainty
    return raised / (raised.sum() or 1.0)


def named(names: Sequence[str], chances: np.ndarray, count: int) -> Ranking:
    return [(names[at], chance) for at, chance in _best(chances, count)]


def both(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """The weighted geometric mean of two chances; `share` is what the other one counts."""
    mixed = one ** (1 - share) * other**share
    return mixed / mixed.sum()


def _best(chances: np.ndarray, count: int) -> List[Tuple[int, float]]:
    best = np.argsort(-chances, kind="stable")[:count]
    return list(zip(best.tolist(), chances[best].tolist(), strict=True))
