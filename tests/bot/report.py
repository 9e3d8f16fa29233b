"""`make report`: what the bot makes of our own test questions, as docs/understanding.md with a calibration plot.

Runs in Rasa's environment, which has matplotlib: `python tests/bot/report.py results.jsonl`.
"""

import json
import sys
from pathlib import Path
from typing import Any, Dict, List

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.questions import score  # noqa: E402

PAGE, PICTURE = ROOT / "docs/understanding.md", ROOT / "docs/calibration.png"
HEAD = """# What the bot understands

Made by `make report` out of our own test questions (tests/questions, {count} of them), asked through the whole path that
serves residents. The sets `main`, `kinds`, `lookalike`, `not_urgent`, `foreign`, `followup`, `two`, `story` and `asr` were written
apart from the training examples, by writers who had read only the lists of topics and aspects. The sets that begin with `dev_` were
written apart as well, `dev_hard_` to be hard; the numbers in bot/components and actions/thresholds.py that decide when to answer are
chosen with these. Former versions of these numbers were chosen with the other sets: expect a little less on questions of your own.
`right` is the right topic and the right aspect (or the right kind of reply); `aspect` the right topic and another
aspect; `asked` a question back, the offer of a person or an honest "I do not know"; `wrong` an answer to something else.

| | n | right % | aspect % | asked % | wrong % |
|---|--:|--:|--:|--:|--:|
"""


def main() -> None:
    said = {row["id"]: row for row in map(json.loads, Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())}
    asked = [question for question in score.questions() if question["id"] in said]
    table = score.scored(asked, said)
    PAGE.write_text(_page(asked, said, table), encoding="utf-8")
    _plot(score.calibration(asked, said))
    for name, row in table.items():
        print(f"{name:28} n {row['n']:5.0f}  " + "  ".join(f"{outcome} {row[outcome]:5.1f} %" for outcome in score.OUTCOMES))
    print(f"report: {PAGE.relative_to(ROOT)} and {PICTURE.relative_to(ROOT)} are written")


def _page(asked: List[Dict[str, Any]], said: Dict[str, Any], table: Dict[str, Dict[str, float]]) -> str:
    rows = [f"| {name} | {row['n']:.0f} | " + " | ".join(f"{row[o]:.1f}" for o in score.OUTCOMES) + " |" for name, row in table.items()]
    mixed = [f"| {expected} | {told} | {count} |" for expected, told, count in score.confusions(asked, said)]
    taken = sorted(row["ms"] for row in said.values())
    return (
        HEAD.format(count=len(asked))
        + "\n".join(rows)
        + f"\n\nFrom sending to the answer: p50 {taken[len(taken) // 2]:.0f} ms, p95 {taken[len(taken) * 95 // 100]:.0f} ms, eight conversations at a time.\n"
        + "\n## Topics taken for another\n\n| asked | answered | times |\n|---|---|--:|\n"
        + "\n".join(mixed)
        + "\n\n## Confidence against truth\n\n![How often the topic is right, by confidence](calibration.png)\n"
    )


def _plot(table: Any) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], "--", color="grey", label="as it should be")
    axes.plot([sure for sure, _, _ in table], [right for _, right, _ in table], "o-", label="measured")
    for sure, right, count in table:
        axes.annotate(str(count), (sure, right), textcoords="offset points", xytext=(6, -10), fontsize=8)
    axes.set(xlabel="confidence of the topic", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=90, metadata={"Software": None})


if __name__ == "__main__":
    main()
