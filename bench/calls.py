"""Callers at once, through jambonz' socket and the real bot: from a gateway's message to our answer, which is our share of the wait."""

import asyncio
import random
import time
from pathlib import Path
from typing import Any

from bench.table import percentile, row
from handover.telephone import ANSWER_WITHIN, Dropped, JambonzLine
from tests.stack.running import Stack

CALLS, EVERY, TURNS = 200, 10.0, 4  # at once; seconds between two things that a caller says; things
USER, PASSWORD = "bench", "bench-password"
QUESTIONS = (
    "wat kost een paspoort", "hoe lang is een rijbewijs geldig", "waar kan ik grofvuil brengen", "ik wil mijn verhuizing doorgeven",
    "wanneer wordt het oud papier opgehaald", "kan ik een afspraak maken", "hoe vraag ik een parkeervergunning aan",
)  # fmt: skip


async def measure(folder: Path) -> list[dict[str, Any]]:
    stack = Stack(folder, WEGWIJS_JAMBONZ_USER=USER, WEGWIJS_JAMBONZ_PASSWORD=PASSWORD)
    try:
        await asyncio.to_thread(stack.start)
        greeted, answered = [], []
        dice = random.Random(7)
        await asyncio.gather(*(_caller(stack, dice.uniform(0, EVERY), dice, greeted, answered) for _ in range(CALLS)))
    finally:
        await asyncio.to_thread(stack.close)
    what = f"answer to one of {CALLS} callers"
    return [
        row(f"{what} p50, ms", [percentile(answered, 0.5)]),
        row(f"{what} p95, ms", [percentile(answered, 0.95)]),
        row(f"{what} slowest, ms", [max(answered)]),
        row(f"first words to one of {CALLS} callers p95, ms", [percentile(greeted, 0.95)]),
    ]


async def _caller(stack: Stack, after: float, dice: random.Random, greeted: list[float], answered: list[float]) -> None:
    await asyncio.sleep(after)
    line = JambonzLine(stack.url, USER, PASSWORD)
    times = greeted
    try:
        greeted.append((await line.start()).seconds * 1000)
        times = answered
        for _ in range(TURNS):
            began = time.perf_counter()
            answered.append((await line.say(dice.choice(QUESTIONS))).seconds * 1000)
            await asyncio.sleep(max(0.0, EVERY - (time.perf_counter() - began)))
        await line.hang_up()
    except (Dropped, OSError, TimeoutError):  # a gateway would have given up: that counts as the longest wait
        times.append(ANSWER_WITHIN * 1000)
        await line.close()


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory(prefix="wegwijs-bench-") as own:
        for one in asyncio.run(measure(Path(own) / "calls")):
            print(f"{one['what']:<50}{one['ours']:>10.1f}")
