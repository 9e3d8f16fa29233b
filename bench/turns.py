"""Whole turns: our path (socket, store, Rasa, action, store, push) beside plain Rasa's pipelines over their REST channel.

All are asked the same texts in conversations of six turns; no process is asked a text twice. Which texts: those that all
three understand, found by a rehearsal in processes that are stopped afterwards. After that an empty or a wrong answer
fails the run. Systems take turns within a round, and begin with another one in each round.
"""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.driving import Chat, Resident, Rest, Wrong, cpu_seconds, memory_mb
from bench.peers import SEPARATOR, Inside, Peers, PlainRasa, response, trained
from bench.table import percentile, row
from bench.understanding import unseen
from tests.stack.running import Stack

SIX = 6  # turns of a conversation
CLOSED = {1: 6, 16: 16, 64: 64}  # residents at once: conversations a round
EVERY_SECOND = (16, 1.0, 16)  # residents, seconds between the turns of each, conversations a round
EVERY_TEN = (200, 10.0, 200)  # once, in the last round: it takes a minute for each system
WARM = 10  # conversations
CONNECTIONS = 16
PEERS = ("default", "lean")

Conversation = list[tuple[str, str]]  # text and intent of each turn


@dataclass
class System:
    """One that answers, and what was measured of it: {what: one figure a round}."""

    name: str
    begin: Callable[[], Awaitable[Resident]]
    right: Callable[[str, Any], bool]  # intent, answer
    processes: dict[str, list[int]]
    measured: dict[str, list[float]] = field(default_factory=dict)
    turns: int = 0
    memory: dict[str, float] = field(default_factory=dict)  # MB, once a thousand turns were taken

    def add(self, what: str, value: float) -> None:
        self.measured.setdefault(what, []).append(value)

    def cpu(self) -> dict[str, float]:
        return {name: cpu_seconds(pids) for name, pids in self.processes.items()}


async def measure(folder: Path, peers_in: Path, rounds: int, limit: int | None = None) -> list[dict[str, Any]]:
    peers = await asyncio.to_thread(trained, peers_in, PEERS, limit)
    plans = [_plan(fewer, quick=limit is not None) for fewer in range(rounds, 0, -1)]
    conversations = await _rehearsed(folder / "rehearsal", peers, _needed(plans[0]))
    plan = next((plan for plan in plans if _needed(plan) <= len(conversations)), None)
    if plan is None:
        raise RuntimeError(f"all three answer only {len(conversations)} conversations rightly, too few for one round")
    if len(plan) < rounds:
        print(f"bench: {len(conversations)} conversations are enough for {len(plan)} rounds only", file=sys.stderr, flush=True)
    stack, plain = Stack(folder / "ours"), {name: PlainRasa(peers.models[name]) for name in PEERS}
    try:
        for one in plain.values():  # not all at once: the machine is small
            await asyncio.to_thread(one.wait)
        await asyncio.to_thread(stack.start)
        systems = [_ours(stack), *(_plain(name, one) for name, one in plain.items())]
        warm, left = conversations[:WARM], conversations[WARM:]
        for system in systems:
            await _closed(system, 4, warm)
        for number, stages in enumerate(plan):
            order = systems[number % 3 :] + systems[: number % 3]
            for residents, every, count in stages:
                now, left = left[:count], left[count:]
                for system in order:
                    await (_clock(system, residents, every, now) if every else _closed(system, residents, now, keep=True))
    finally:
        await asyncio.to_thread(stack.close)
        for one in plain.values():
            await asyncio.to_thread(one.close)
    return _rows(systems)


def _plan(rounds: int, quick: bool) -> list[list[tuple[int, float, int]]]:
    """For each round its stages: (residents, seconds on their clock or 0, conversations)."""
    one = [(residents, 0.0, count) for residents, count in CLOSED.items()] + [EVERY_SECOND]
    if quick:
        one = [(residents, every, min(count, residents)) for residents, every, count in one if residents <= 16]
    return [one + ([EVERY_TEN] if number == rounds - 1 and not quick else []) for number in range(rounds)]


def _needed(plan: list[list[tuple[int, float, int]]]) -> int:
    """Conversations, those of the warm-up too."""
    return WARM + sum(count for stages in plan for _, _, count in stages)


def _ours(stack: Stack) -> System:
    def right(intent: str, turn: Any) -> bool:
        topic, aspect = intent.split(SEPARATOR)
        return turn["kind"] == "answer" and turn.get("topic") == topic and turn.get("aspect") == aspect and bool(turn["text"])

    return System("ours", lambda: Chat.begin(stack.ws_url, stack.origin), right, {"service": [stack.pid], "rasa": stack.rasa_pids()})


def _plain(name: str, rasa: PlainRasa) -> System:
    def right(intent: str, answer: Any) -> bool:
        return [one.get("text") for one in answer] == [response(intent)]

    return System(name, lambda: Rest.begin(rasa.port), right, {"rasa": rasa.pids})


# Asking


async def _closed(system: System, residents: int, conversations: list[Conversation], keep: bool = False) -> None:
    """Every resident asks the next question as soon as the one before is answered."""
    opened = [(await system.begin(), conversation) for conversation in conversations]
    waiting = iter(opened)
    times: list[float] = []

    async def one() -> None:
        for talker, conversation in waiting:
            for text, intent in conversation:
                began = time.perf_counter()
                await _ask(system, talker, text, intent)
                times.append((time.perf_counter() - began) * 1000)

    before, began = system.cpu(), time.perf_counter()
    await asyncio.gather(*(one() for _ in range(residents)))
    took, after = time.perf_counter() - began, system.cpu()
    await asyncio.gather(*(talker.close() for talker, _ in opened))
    if keep:
        system.add(f"turns/s {residents}", len(times) / took)
        system.add(f"p50 {residents}", percentile(times, 0.5))
        system.add(f"p95 {residents}", percentile(times, 0.95))
        for process in before:
            system.add(f"cpu {process} {residents}", (after[process] - before[process]) * 1000 / len(times))
    _remember_memory(system)


async def _clock(system: System, residents: int, every: float, conversations: list[Conversation]) -> None:
    """Every resident asks at fixed moments, whatever the answers do. A late answer delays the next question, not its moment."""
    shares = [conversations[at::residents] for at in range(residents)]
    opened = [[await system.begin() for _ in share] for share in shares]
    times: list[float] = []
    start = time.perf_counter() + 0.1

    async def one(at: int) -> None:
        due = start + every * at / residents
        for talker, conversation in zip(opened[at], shares[at], strict=True):
            for text, intent in conversation:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                await _ask(system, talker, text, intent)
                times.append((time.perf_counter() - due) * 1000)
                due += every

    await asyncio.gather(*(one(at) for at in range(residents)))
    await asyncio.gather(*(talker.close() for share in opened for talker in share))
    system.add(f"clock p50 {residents}", percentile(times, 0.5))
    system.add(f"clock p95 {residents}", percentile(times, 0.95))
    _remember_memory(system)


async def _ask(system: System, talker: Resident, text: str, intent: str) -> None:
    answer = await talker.ask(text)
    system.turns += 1
    if not system.right(intent, answer):
        raise Wrong(f"{system.name} answered {text!r} ({intent}) with {str(answer)[:300]}")


def _remember_memory(system: System) -> None:
    if system.turns >= 1000 and not system.memory:
        system.memory = {name: sum(map(memory_mb, pids)) for name, pids in system.processes.items()}


# The rehearsal


async def _rehearsed(folder: Path, peers: Peers, enough: int) -> list[Conversation]:
    """Up to so many conversations that all three answer rightly, in processes that are gone when this returns."""
    candidates = unseen(peers) + [(text, name) for name, texts in peers.data.learnt.items() if SEPARATOR in name for text in texts]
    inside = [await asyncio.to_thread(Inside, peers.models[name], "plain") for name in PEERS]
    stack, dice = Stack(folder), random.Random(6)
    good: list[Conversation] = []
    left: Conversation = []
    try:
        await asyncio.to_thread(stack.start)
        for at in range(0, len(candidates), 300):
            some = candidates[at : at + 300]
            for one in inside:
                found = await asyncio.to_thread(one.understand, [text for text, _ in some])
                some = [asked for asked, answer in zip(some, found, strict=True) if answer["intent"] == asked[1]]
            left += some
            dice.shuffle(left)
            whole, left = await _answered(_ours(stack), left)
            good += whole
            if len(good) >= enough:
                break
    finally:
        for one in inside:
            await asyncio.to_thread(one.close)
        await asyncio.to_thread(stack.close)
    return good[:enough]


async def _answered(system: System, asked: Conversation) -> tuple[list[Conversation], Conversation]:
    """Conversations of which every answer is right; and what was right beside a wrong one, to be tried in other company."""
    conversations = [asked[at : at + SIX] for at in range(0, len(asked) - SIX + 1, SIX)]
    waiting, good, again = iter(conversations), [], asked[len(conversations) * SIX :]

    async def some() -> None:
        for conversation in waiting:
            talker = await system.begin()
            right = [turn for turn in conversation if system.right(turn[1], await talker.ask(turn[0]))]
            await talker.close()
            if right == conversation:
                good.append(conversation)
            else:
                again.extend(right)

    await asyncio.gather(*(some() for _ in range(CONNECTIONS)))
    return sorted(good), sorted(again)


# The table


def _rows(systems: list[System]) -> list[dict[str, Any]]:
    ours, *plain = systems
    rows = []
    for peer in plain:
        default = peer.name == "default"
        against = f"plain Rasa over REST, {peer.name} pipeline"

        def both(what: str, name: str, bar: tuple[str, float] | None = None, peer: System = peer, against: str = against) -> None:
            if name in ours.measured:
                rows.append(row(what, ours.measured[name], peer.measured[name], against, bar=bar))

        for residents in CLOSED:
            both(f"turns/s, {residents} at once", f"turns/s {residents}", ("ratio >=", 10) if default and residents == 16 else None)
            both(f"answer p95, {residents} at once, ms", f"p95 {residents}")
        both("answer p50, 16 residents each every second, ms", "clock p50 16")
        both("answer p95, 16 residents each every second, ms", "clock p95 16", ("ours <=", 100) if default else None)
        both("answer p50, 200 residents each every 10 s, ms", "clock p50 200")
        both("answer p95, 200 residents each every 10 s, ms", "clock p95 200")
        both("Rasa alone, CPU a turn, ms", "cpu rasa 16", ("ours <=", 6) if default else None)
        total = [a + b for a, b in zip(ours.measured["cpu rasa 16"], ours.measured["cpu service 16"], strict=True)]
        rows.append(row("all processes, CPU a turn, ms", total, peer.measured["cpu rasa 16"], against))
        if ours.memory and peer.memory:
            bar = ("ours <=", 700.0) if default else None
            rows.append(row("memory of Rasa after 1,000 turns, MB", [ours.memory["rasa"]], [peer.memory["rasa"]], against, bar=bar))
    if ours.memory:
        rows.append(row("memory of the service after 1,000 turns, MB", [ours.memory["service"]]))
    return rows
