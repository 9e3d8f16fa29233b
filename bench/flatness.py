"""Whether a turn stays cheap: at turn 5, 50 and 500 of a conversation, and with 12, 67 and 1,000 topics.

In processor time of all processes, which is what grows when work is repeated; the clock would also count waiting. The
long conversations stand beside plain Rasa's lean pipeline; topics are made up, and stand beside ourselves with fewer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench import generated
from bench.driving import Chat, Resident, Rest, Wrong, cpu_seconds
from bench.peers import PlainRasa, trained
from bench.table import row
from bench.understanding import unseen
from tests.stack.running import Stack

WINDOW = 10  # turns: the same ten questions at each place
AT = {5: 0, 50: 40, 500: 490}  # turn in the middle of the window: first turn of the window
TOGETHER = 4  # of our conversations that grow at the same time: processor time is counted in hundredths of a second
ALONE = 1  # of the peer: its turns take so long that one is enough
FRAMES = 100  # of one socket, before its limit would slow it down
TOPICS = (12, 67, 1000)
RESIDENTS, TURNS = 8, 160  # a round, for each number of topics
RIGHT = 0.9  # of the answers: made-up names are alike, and a few are asked back; with fewer right ones the cost means nothing


async def measure(folder: Path, peers_in: Path, rounds: int, limit: int | None = None) -> list[dict[str, Any]]:
    quick = limit is not None
    return await _by_length(folder / "length", peers_in, limit) + await _by_topics(folder / "topics", rounds, (12, 67) if quick else TOPICS)


# Length


async def _by_length(folder: Path, peers_in: Path, limit: int | None) -> list[dict[str, Any]]:
    peers = await asyncio.to_thread(trained, peers_in, ("lean",), limit)
    texts = [text for text, _ in unseen(peers)[:WINDOW]]
    stack, plain = Stack(folder), PlainRasa(peers.models["lean"])
    try:
        await asyncio.to_thread(plain.wait)
        await asyncio.to_thread(stack.start)
        ours = await _grow(lambda: LongChat.open(stack), [stack.pid, *stack.rasa_pids()], texts, TOGETHER)
        theirs = await _grow(lambda: Rest.begin(plain.port), plain.pids, texts, ALONE)
    finally:
        await asyncio.to_thread(stack.close)
        await asyncio.to_thread(plain.close)
    against = "plain Rasa over REST, lean pipeline"
    rows = [row(f"turn {turn} of a conversation, CPU of all processes, ms", ours[turn], theirs[turn], against) for turn in AT]
    growth = [[b / a for a, b in zip(one[5], one[500], strict=True)] for one in (ours, theirs)]
    return [*rows, row("turn 500 beside turn 5, CPU, times", growth[0], growth[1], against, bar=("ours <=", 1.2))]


async def _grow(begin: Callable[[], Awaitable[Resident]], pids: list[int], texts: list[str], together: int) -> dict[int, list[float]]:
    """CPU ms a turn in each window of AT, after a warm-up in conversations that are thrown away."""
    await _ask_all([await begin() for _ in range(together)], texts * 3)
    talkers, found, done = [await begin() for _ in range(together)], {}, 0
    for turn, first in AT.items():
        await _ask_all(talkers, [texts[number % WINDOW] for number in range(done, first)])
        before = cpu_seconds(pids)
        await _ask_all(talkers, texts)
        found[turn] = [(cpu_seconds(pids) - before) * 1000 / (WINDOW * together)]
        done = first + WINDOW
    await asyncio.gather(*(talker.close() for talker in talkers))
    return found


async def _ask_all(talkers: list[Resident], texts: list[str]) -> None:
    async def one(talker: Resident) -> None:
        for text in texts:
            if not await talker.ask(text):
                raise Wrong("an empty answer")

    await asyncio.gather(*(one(talker) for talker in talkers))


class LongChat:
    """One conversation over many sockets, as of a resident who comes back: a socket alone has a limit."""

    def __init__(self, stack: Stack, chat: Chat) -> None:
        self._stack, self._chat, self._asked = stack, chat, 0

    @classmethod
    async def open(cls, stack: Stack) -> "LongChat":
        return cls(stack, await Chat.begin(stack.ws_url, stack.origin))

    async def ask(self, text: str) -> Any:
        if self._asked == FRAMES:
            await self._chat.close()
            self._chat, self._asked = await Chat.begin(self._stack.ws_url, self._stack.origin, self._chat), 0
        self._asked += 1
        return await self._chat.ask(text)

    async def close(self) -> None:
        await self._chat.close()


# Topics


async def _by_topics(folder: Path, rounds: int, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    stacks = {size: generated.stack(folder / f"data-{size}", await asyncio.to_thread(generated.checkout, folder / f"checkout-{size}", size))
              for size in sizes}  # fmt: skip
    waiting = {size: iter(_repeated(generated.questions(size))) for size in sizes}
    cpu: dict[int, list[float]] = {size: [] for size in sizes}
    try:
        for stack in stacks.values():
            await asyncio.to_thread(stack.start)
        for number in range(-1, rounds):  # the first one warms up
            for size in [*sizes[number % len(sizes) :], *sizes[: number % len(sizes)]]:
                used = await _topics_round(stacks[size], waiting[size])
                if number >= 0:
                    cpu[size].append(used)
    finally:
        for stack in stacks.values():
            await asyncio.to_thread(stack.close)
    rows = [row(f"a turn with {size} topics, CPU of all processes, ms", cpu[size]) for size in sizes]
    if 1000 in cpu:
        rows.append(row("1,000 topics beside 67, CPU of a turn, ms", cpu[1000], cpu[67], "ourselves with 67 topics", bar=("ratio <=", 1.3)))
    return rows


async def _topics_round(stack: Stack, waiting: Any) -> float:
    """CPU ms a turn."""
    pids = [stack.pid, *stack.rasa_pids()]
    each, missed = TURNS // RESIDENTS, []
    chats = [await Chat.begin(stack.ws_url, stack.origin) for _ in range(RESIDENTS)]
    before = cpu_seconds(pids)

    async def one(chat: Chat) -> None:
        for _ in range(each):
            text, topic, aspect = next(waiting)
            turn = await chat.ask(text)
            if turn["kind"] != "answer" or (turn.get("topic"), turn.get("aspect")) != (topic, aspect):
                missed.append(
                    f"{text!r} was answered with {turn.get('kind')} {turn.get('topic')} {turn.get('aspect')}: {turn['text'][:200]}"
                )

    await asyncio.gather(*(one(chat) for chat in chats))
    used = (cpu_seconds(pids) - before) * 1000 / (each * RESIDENTS)
    if len(missed) > (1 - RIGHT) * TURNS:
        raise Wrong(f"{len(missed)} of {TURNS} answers are not right; the first: {missed[0]}")
    await asyncio.gather(*(chat.close() for chat in chats))
    return used


def _repeated(questions: list[tuple[str, str, str]]) -> Any:
    while True:
        yield from questions
