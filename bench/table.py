"""The lines of the table."""

import statistics
from typing import Any


def row(what: str, ours: list[float], peer: list[float] | None = None, against: str = "") -> dict[str, Any]:
    """One line of the table: medians over the rounds, and the median of the rounds' ratios."""
    middle = statistics.median(peer) if peer else None
    ratio = statistics.median(a / b for a, b in zip(ours, peer, strict=True)) if peer else None
    return {"what": what, "ours": statistics.median(ours), "peer": middle, "ratio": ratio, "against": against}


def percentile(values: list[float], share: float) -> float:
    """`share` 0..1 of the values lie at or below it."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
