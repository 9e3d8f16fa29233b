"""From `wegwijs serve` to the first sign of life, to the bot, and to the first answer; on a data folder that exists."""

import asyncio
import time
from pathlib import Path
from typing import Any

from bench.table import row
from tests.stack.people import resident
from tests.stack.running import Stack


async def measure(folder: Path) -> list[dict[str, Any]]:
    stack = Stack(folder)
    await asyncio.to_thread(stack.start, wait_for_bot=False)
    await asyncio.to_thread(stack.close)
    began = time.perf_counter()
    try:
        await asyncio.to_thread(stack.start, wait_for_bot=False)
        healthy = time.perf_counter() - began
        await asyncio.to_thread(stack.wait_until, stack.bot_is_up, 240)
        fatma = await resident(stack)
        await fatma.asks("Wat kost een paspoort?")
        answered = time.perf_counter() - began
        await fatma.close()
    finally:
        await asyncio.to_thread(stack.close)
    return [row("second start to /health, s", [healthy]), row("second start to the first answer, s", [answered])]
