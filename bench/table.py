"""The lines of the table."""

import statistics
from typing import Any


def row(
    what: str, ours: list[float], peer: list[float] | None = None, against: str = "", *, bar: tuple[str, float] | None = None
) -> dict[str, Any]:
    """One line of the table: medians over the rounds, and the median of the rounds' ratios.

    `bar` is what the issue asks for: ("ours <=", 100) or ("ratio >=", 10).
    """
    middle = statistics.median(peer) if peer else None
    ratio = statistics.median(a / b for a, b in zip(ours, peer, strict=True)) if peer else None
    line: dict[str, Any] = {"what": what, "ours": statistics.median(ours), "peer": middle, "ratio": ratio, "against": against}
    if bar:
        measured = ratio if bar[0].startswith("ratio") else line["ours"]
        line["bar"] = f"{bar[0]} {bar[1]:g}"
        line["met"] = measured is not None and (measured >= bar[1] if bar[0].endswith(">=") else measured <= bar[1])
    return line


def percentile(values: list[float], share: float) -> float:
    """`share` 0..1 of the values lie at or below it."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
