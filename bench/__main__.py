"""Runs the benchmarks, prints a table and writes it as JSON to bench/results/latest.json.

Each figure stands beside a peer in the same run, on the same machine: our relay beside a bare Sanic echo that stores
nothing, our store beside plain sqlite3. Rounds alternate; the ratio is the median over the rounds.
"""

import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import calls, history, relay, start, storing

ROUNDS = 5
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="wegwijs-bench-") as folder:
        rows = asyncio.run(_measure(Path(folder)))
    machine = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version(), "system": platform.platform()}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps({"at": time.time(), "machine": machine, "rows": rows}, indent=2))
    print(f"\n{machine['cores']} cores, load {machine['load']:.1f}, Python {machine['python']}\n")
    print(f"{'what':<62}{'ours':>12}{'peer':>12}{'ratio':>9}  peer is")
    for row in rows:
        peer = f"{row['peer']:>12.2f}{row['ratio']:>9.2f}" if row["peer"] else f"{'-':>12}{'-':>9}"
        print(f"{row['what']:<62}{row['ours']:>12.2f}{peer}  {row['against']}")


async def _measure(folder: Path) -> list[dict[str, Any]]:
    _say("start: twice, the first one makes the database")
    rows = await start.measure(folder / "start")
    _say(f"relay and answers, {ROUNDS} rounds")
    rows += await relay.measure(folder / "relay", ROUNDS)
    _say(f"{calls.CALLS} callers at once")
    rows += await calls.measure(folder / "calls")
    _say(f"store, {ROUNDS} rounds")
    rows += await storing.measure(folder / "store", ROUNDS)
    _say(f"contact history of up to 1,000,000 turns, {ROUNDS} rounds (some minutes)")
    rows += await history.measure(folder / "history", ROUNDS)
    return rows


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
