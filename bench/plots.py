"""Draws what make bench measured: `bot/.venv/bin/python bench/plots.py bench/results` (Rasa's environment has matplotlib).

One picture a part, bench/results/<part>.png: a bar for us, one for each peer, and a line for the bar of the issue.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

OURS, PEERS, LIMIT = "#154273", ("#e17000", "#8fcae7", "#777c00"), "#d52b1e"


def main(folder: Path) -> None:
    found = json.loads((folder / "latest.json").read_text())
    for part in dict.fromkeys(row["part"] for row in found["rows"]):
        _draw(folder / f"{part}.png", part, [row for row in found["rows"] if row["part"] == part], found["machine"])


def _draw(path: Path, part: str, rows: list[dict[str, Any]], machine: dict[str, Any]) -> None:
    """Each quantity has a scale of its own: milliseconds and megabytes do not share an axis."""
    named: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        named.setdefault(row["what"], []).append(row)
    figure, axes = pyplot.subplots(len(named), 1, figsize=(9, 0.55 + 1.05 * len(named)), squeeze=False)
    for axis, (what, same) in zip(axes[:, 0], named.items(), strict=True):
        bars = [("Wegwijs", same[0]["ours"], OURS)]
        bars += [(row["against"], row["peer"], PEERS[n % len(PEERS)]) for n, row in enumerate(same) if row["peer"] is not None]
        axis.barh([name for name, _, _ in bars], [value for _, value, _ in bars], color=[colour for *_, colour in bars])
        for at, (_, value, _) in enumerate(bars):
            axis.annotate(f" {value:.3g}", (value, at), va="center", fontsize=7)
        limit = next((row["bar"].split()[2] for row in same if row.get("bar", "").startswith("ours")), None)
        if limit:
            axis.axvline(float(limit), color=LIMIT, linestyle="--", linewidth=1)
        axis.set_title(what, fontsize=8, loc="left")
        axis.tick_params(labelsize=7)
        axis.invert_yaxis()
        axis.margins(x=0.12)
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
    figure.suptitle(f"{part}: {machine['cores']} cores, {machine['processor']}, load {rows[0]['load']:.1f} at the start", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
