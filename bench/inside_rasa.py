"""Runs in Rasa's environment: loads one model, and understands texts in this process, without HTTP around it.

    bot/.venv/bin/python bench/inside_rasa.py MODEL ours|plain

Each line in is a JSON list of texts; each line out a JSON list with, for each text, its intent (for ours topic and
aspect), how sure, and the milliseconds that it took.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    model, kind = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Rasa prints is no answer
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    processor = ours(model) if kind == "ours" else plain(model)
    print("[]", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(loop.run_until_complete(understand(processor, json.loads(line)))), file=answers, flush=True)


def ours(model: str) -> Any:
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")  # as bot/serve.py does
    from bot.light import leave_out_tensorflow
    from bot.quiet import quiet

    quiet()
    leave_out_tensorflow()
    from bot.faster import ActionServer
    from bot.turn import TurnProcessor

    return TurnProcessor(model, ActionServer("http://127.0.0.1:1/", ""))


def plain(model: str) -> Any:
    from rasa.core.agent import Agent

    return Agent.load(model).processor


async def understand(processor: Any, texts: list[str]) -> list[dict[str, Any]]:
    from rasa.core.channels.channel import UserMessage

    found = []
    for text in texts:
        message = UserMessage(text, metadata={"language": "nl"})
        began = time.perf_counter()
        parsed = await processor.parse_message(message)
        took = (time.perf_counter() - began) * 1000
        intent = parsed["intent"]["name"]
        if parsed.get("topics") and intent == "vraag":
            intent = f"{parsed['topics'][0]['topic']}__{parsed['aspects'][0]['aspect']}"
        found.append({"intent": intent, "confidence": parsed["intent"]["confidence"], "ms": took})
    return found


if __name__ == "__main__":
    main()
