"""Runs the benchmarks, prints a table, and writes it as JSON and as pictures to bench/results/.

    make bench                                    everything; see PARTS below for how long each takes
    make bench PARTS=relay,store ROUNDS=3         some of it
    make bench PARTS=turns,understanding QUICK=1  with few intents and few turns, to see whether it runs: its figures mean little

Each figure stands beside a peer in the same run, on the same machine. Rounds alternate; the ratio is the median over the
rounds. BENCH_PEERS names a folder in which plain Rasa's trained models are kept for the next run.
"""

import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import calls, flatness, history, live, relay, sockets, start, storing, turns, understanding
from bench.peers import PYTHON

RESULTS = Path(__file__).parent / "results"
QUICK_INTENTS = 12

Rows = list[dict[str, Any]]


def _asynchronous(measure: Callable[[Path, int, int | None], Any]) -> Callable[[Path, int, int | None], Rows]:
    return lambda folder, rounds, limit: asyncio.run(measure(folder, rounds, limit))


PARTS: dict[str, Callable[[Path, int, int | None], Rows]] = {
    "start": _asynchronous(lambda folder, _rounds, _limit: start.measure(folder / "start")),
    "relay": _asynchronous(lambda folder, rounds, _limit: relay.measure(folder / "relay", rounds)),
    "live": _asynchronous(lambda folder, _rounds, _limit: live.measure(folder / "live")),
    "sockets": _asynchronous(lambda folder, _rounds, _limit: sockets.measure(folder / "sockets", sockets.SOCKETS, sockets.STORM)),
    "calls": _asynchronous(lambda folder, _rounds, _limit: calls.measure(folder / "calls")),
    "store": _asynchronous(lambda folder, rounds, _limit: storing.measure(folder / "store", rounds)),
    "history": _asynchronous(lambda folder, rounds, _limit: history.measure(folder / "history", rounds)),
    "understanding": lambda folder, rounds, limit: understanding.measure(understanding.peers_folder(folder), rounds, limit),
    "turns": _asynchronous(
        lambda folder, rounds, limit: turns.measure(folder / "turns", understanding.peers_folder(folder), rounds, limit)
    ),
    "flatness": _asynchronous(
        lambda folder, rounds, limit: flatness.measure(folder / "flatness", understanding.peers_folder(folder), rounds, limit)
    ),
}


def main() -> None:
    wanted = (os.environ.get("PARTS") or ",".join(PARTS)).replace(",", " ").split()
    rounds, limit = int(os.environ.get("ROUNDS") or 3), QUICK_INTENTS if os.environ.get("QUICK") else None
    unknown = set(wanted) - set(PARTS)
    if unknown:
        sys.exit(f"bench: no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    rows: Rows = []
    machine = _machine()
    with tempfile.TemporaryDirectory(prefix="wegwijs-bench-") as folder:
        for name in wanted:
            began, load = time.monotonic(), round(os.getloadavg()[0], 1)
            print(f"bench: {name}, {rounds} rounds", file=sys.stderr, flush=True)
            run = {"part": name, "at": time.time(), "load": load, "rounds": rounds, "quick": limit is not None}
            rows += [{**run, **row} for row in PARTS[name](Path(folder), rounds, limit)]
            print(f"bench: {name} took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            _write(machine, rows)
    _print(machine, rows)
    subprocess.run([PYTHON, Path(__file__).parent / "plots.py", RESULTS], check=True)  # Rasa brings matplotlib, the service does not


def _machine() -> dict[str, Any]:
    """What the figures were measured on; the load at the start shows whether anything else ran."""
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    memory = next((int(line.split()[1]) * 1024 / 1e9 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0.0)
    return {
        "cores": os.cpu_count(), "processor": model, "memory_gb": round(memory, 1), "load": os.getloadavg()[0],
        "python": platform.python_version(), "system": platform.platform(),
    }  # fmt: skip


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _write(machine: dict[str, Any], rows: Rows) -> None:
    """After each part: an hour of figures must not be lost to an error in the last one. What other parts gave before stays."""
    RESULTS.mkdir(exist_ok=True)
    latest = RESULTS / "latest.json"
    before: Rows = json.loads(latest.read_text())["rows"] if latest.exists() else []
    measured = {row["part"] for row in rows}
    kept = [row for row in before if row["part"] not in measured and "load" in row]
    latest.write_text(json.dumps({"machine": machine, "rows": [*kept, *rows]}, indent=2))


def _print(machine: dict[str, Any], rows: Rows) -> None:
    print(
        f"\n{machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB, load {machine['load']:.1f} at the start, "
        f"Python {machine['python']}\n"
    )
    width = max(len(row["what"]) for row in rows) + 2
    print(f"{'what':<{width}}{'ours':>10}{'peer':>10}{'ratio':>8}  {'bar':<16}peer is")
    for row in rows:
        peer = f"{row['peer']:>10.2f}{row['ratio']:>8.2f}" if row["peer"] is not None else f"{'-':>10}{'-':>8}"
        bar = f"{row['bar']} {'ok' if row['met'] else 'NO'}" if "bar" in row else ""
        print(f"{row['what']:<{width}}{row['ours']:>10.2f}{peer}  {bar:<16}{row['against']}")


if __name__ == "__main__":
    main()
