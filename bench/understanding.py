"""Understanding alone, in one process: how long a question takes, how much of it is right, how long training takes.

Ours beside plain Rasa's default and lean pipelines, all three trained on the same few examples. Questions are texts that
none of the three was trained on.
"""

import os
from pathlib import Path
from typing import Any

from bench.peers import Inside, Peers, trained
from bench.table import percentile, row
from handover.bootstrap import model_path

QUESTIONS = 150  # a round, to each
NAMES = ("ours", "lean", "default")


def measure(folder: Path, rounds: int, limit: int | None = None) -> list[dict[str, Any]]:
    peers = trained(folder, NAMES, limit)
    texts = unseen(peers)
    if len(texts) < QUESTIONS * rounds:
        raise RuntimeError(f"there are only {len(texts)} texts that nobody was trained on: fewer ROUNDS")
    asked: dict[str, Inside] = {}
    times: dict[str, list[float]] = {name: [] for name in (*NAMES, "all")}
    right = dict.fromkeys(NAMES, 0)
    try:
        for name in NAMES:
            asked[name] = Inside(peers.models[name], "ours" if name == "ours" else "plain")
        asked["all"] = Inside(model_path(), "ours")
        for one in asked.values():
            one.understand([text for text, _ in texts[-20:]])
        for number in range(rounds):
            questions = texts[number * QUESTIONS : (number + 1) * QUESTIONS]
            order = list(asked)[number % 4 :] + list(asked)[: number % 4]
            for name in order:
                found = asked[name].understand([text for text, _ in questions])
                times[name].append(percentile([one["ms"] for one in found], 0.5))
                if name in right:
                    right[name] += sum(one["intent"] == intent for one, (_, intent) in zip(found, questions, strict=True))
    finally:
        for one in asked.values():
            one.close()
    examples = sum(map(len, peers.data.learnt.values()))
    total = rounds * QUESTIONS / 100
    rows = [row("understanding one question p50, ms: the model that is served", times["all"], bar=("ours <=", 5))]
    for name in ("default", "lean"):
        against = f"plain Rasa, {name}; both trained on {examples} examples"
        rows.append(row("understanding one question p50, ms", times["ours"], times[name], against))
        bar = ("ratio <=", 0.2) if name == "default" else None
        rows.append(row("training from nothing, s", [peers.seconds["ours"]], [peers.seconds[name]], against, bar=bar))
        rows.append(row("questions not trained on, right, %", [right["ours"] / total], [right[name] / total], against))
    return rows


def unseen(peers: Peers) -> list[tuple[str, str]]:
    """Texts that none of the models of `peers` was trained on, with their intents, intents mixed."""
    longest = max(map(len, peers.data.rest.values()))
    questions = [(name, texts) for name, texts in peers.data.rest.items() if "__" in name]
    return [(texts[at], name) for at in range(longest) for name, texts in questions if at < len(texts)]


def peers_folder(temporary: Path) -> Path:
    """Where the peers' models are: temporary, or a folder that is kept between runs (BENCH_PEERS)."""
    return Path(os.environ.get("BENCH_PEERS") or temporary / "peers").absolute()
