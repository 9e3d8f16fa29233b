"""Two processes are one installation: whatever is done on one is seen, counted and kept on the other."""

import asyncio
import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from tests.cluster.running import Cluster
from tests.stack.people import Client, Resident, colleague, resident


def whole(client: Resident) -> bool:
    """Every turn once, in order."""
    return [turn["seq"] for turn in client.turns] == list(range(1, len(client.turns) + 1))


async def close(*clients: Client) -> None:
    for client in clients:
        await client.close()


async def test_a_resident_on_one_process_talks_with_staff_on_another(cluster: Cluster) -> None:
    fatma = await resident(cluster)
    anja = await cluster.colleague_elsewhere(fatma, "Anja")
    assert cluster.worker_of(fatma) != cluster.worker_of(anja)
    assert (await fatma.asks("Wat kost een paspoort?"))["topic"] == "paspoort"
    await fatma.do(type="human")
    await fatma.state("waiting", position=1)
    assert (await anja.waiting())["conversation"] == fatma.conversation
    context = await anja.opens(fatma.conversation)
    assert "Wat kost een paspoort?" in [turn["text"] for turn in context["turns"]]
    assert (await anja.takes(fatma.conversation))["type"] == "ack"
    assert (await fatma.state("staff"))["staff"] == "Anja"
    for number in range(20):
        await fatma.says(f"vraag {number}")
        await anja.until(lambda frame, n=number: frame["type"] == "turn" and frame["turn"]["text"] == f"vraag {n}")  # type: ignore[misc]
        await anja.says(fatma.conversation, f"antwoord {number}")
        assert (await fatma.turn(**{"from": "staff"}))["text"] == f"antwoord {number}"
    await fatma.send(type="typing", on=True)
    await anja.of_type("typing", conversation=fatma.conversation, on=True)
    await anja.send(type="typing", conversation=fatma.conversation, on=True)
    await fatma.of_type("typing", on=True)
    await anja.do(type="return", conversation=fatma.conversation)
    await fatma.state("bot")
    again = await cluster.elsewhere(fatma, fatma.token)
    assert again.turns == fatma.turns
    assert whole(fatma)
    await close(fatma, again, anja)


async def test_of_many_claims_at_once_over_two_processes_one_wins(cluster: Cluster) -> None:
    """SEC-17."""
    first = await colleague(cluster, "Collega 0")
    others = [await cluster.colleague_elsewhere(first, f"Collega {number}") for number in range(1, 4)]
    near = [await cluster.colleague_elsewhere(others[0], f"Collega {number}") for number in range(4, 7)]
    staff = [first, *others, *near]
    assert len({cluster.worker_of(one) for one in staff}) == 2
    for _ in range(5):
        fatma = await resident(cluster)
        await fatma.do(type="human")
        await fatma.state("waiting")
        results = await asyncio.gather(*(one.takes(fatma.conversation) for one in staff))
        won = [one for one, result in zip(staff, results, strict=True) if result["type"] == "ack"]
        assert len(won) == 1
        lost = [result for result in results if result["type"] == "error"]
        assert {(result["code"], result["by"]) for result in lost} == {("taken", won[0].me["name"])}
        assert (await fatma.state("staff"))["staff"] == won[0].me["name"]
        await won[0].do(type="close", conversation=fatma.conversation, outcome="resolved", summary="Klaar", subjects=[])
        await close(fatma)
    await close(*staff)


async def test_redis_dies_and_comes_back_under_traffic(cluster: Cluster) -> None:
    """No turn is lost or doubled, also while it is away: then the store itself is looked into."""
    fatma = await resident(cluster)
    anja = await cluster.colleague_elsewhere(fatma, "Anja")
    await fatma.do(type="human")
    await fatma.state("waiting")
    await anja.opens(fatma.conversation)
    await anja.takes(fatma.conversation)
    said: list[str] = []

    async def talk(until: asyncio.Event) -> None:
        while not until.is_set():
            for text, saying in ((f"resident {len(said)}", fatma.says), (f"collega {len(said)}", None)):
                answer = await (saying(text) if saying else anja.says(fatma.conversation, text))
                assert answer["type"] == "ack", answer
                said.append(text)
            await asyncio.sleep(0.6)  # within the limits for one socket

    over = asyncio.Event()
    talking = asyncio.create_task(talk(over))
    await _until(lambda: len(said) >= 4)
    cluster.bell.kill()
    while_away = len(said)
    await _until(lambda: len(said) >= while_away + 8)
    found = said[while_away & ~1]
    await _until(lambda: any(f["type"] == "turn" and f["turn"]["text"] == found for f in anja.frames))  # Redis is still away
    await asyncio.to_thread(cluster.bell.start)
    again = len(said)
    await _until(lambda: len(said) >= again + 8)
    over.set()
    await talking
    await fatma.until(lambda f: f["type"] == "turn" and f["turn"]["text"] == said[-1])
    assert [turn["text"] for turn in fatma.turns if turn["from"] in ("resident", "staff")] == said
    assert whole(fatma)
    await anja.until(lambda f: f["type"] == "turn" and f["turn"]["text"] == said[-1])
    heard = [f["turn"] for f in anja.frames if f["type"] == "turn" and f["conversation"] == fatma.conversation]
    assert [turn["text"] for turn in heard if turn["from"] in ("resident", "staff")] == said
    assert [turn["pos"] for turn in heard] == list(range(heard[0]["pos"], heard[0]["pos"] + len(heard)))
    await anja.do(type="close", conversation=fatma.conversation, outcome="resolved", summary="Klaar", subjects=[])
    await close(fatma, anja)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not true():
            await asyncio.sleep(0.05)


async def test_a_killed_process_takes_nothing_with_it(cluster: Cluster) -> None:
    """Its clients come back on another one, and everything acknowledged is there; it is started again."""
    fatma = await resident(cluster)
    anja = await cluster.colleague_elsewhere(fatma, "Anja")
    await fatma.do(type="human")
    await fatma.state("waiting")
    await anja.opens(fatma.conversation)
    await anja.takes(fatma.conversation)
    acked = []
    for number in range(10):
        await fatma.says(f"nummer {number}")
        acked.append(f"nummer {number}")
    unacked = await fatma.send(type="message", text="nummer 10")
    victim = cluster.worker_of(fatma)
    os.kill(victim, signal.SIGKILL)
    await fatma.closed()
    again = await resident(cluster, fatma.token)
    assert cluster.worker_of(again) != victim
    await again.do(type="message", id=unacked, text="nummer 10")  # as the widget does with what was not acknowledged
    acked.append("nummer 10")
    await again.says("nummer 11")
    acked.append("nummer 11")
    await again.until(lambda frame: frame["type"] == "turn" and frame["turn"]["text"] == "nummer 11")
    assert [turn["text"] for turn in again.turns if turn["from"] == "resident"] == acked
    assert whole(again)
    await anja.until(lambda frame: frame["type"] == "turn" and frame["turn"]["text"] == "nummer 11")
    heard = [frame["turn"]["text"] for frame in anja.frames if frame["type"] == "turn" and frame["turn"]["from"] == "resident"]
    assert heard == acked
    await asyncio.to_thread(cluster.wait_until, lambda: len(cluster.worker_pids()) == 2 and victim not in cluster.worker_pids(), 60)
    await anja.do(type="close", conversation=fatma.conversation, outcome="resolved", summary="Klaar", subjects=[])
    await close(again, anja)


async def test_logging_out_closes_the_consoles_on_every_process(cluster: Cluster) -> None:
    """SEC-8."""
    cookie = cluster.log_in("Bram")
    one = await colleague(cluster, "Bram", cookie=cookie)
    other = await cluster.colleague_elsewhere(one, "Bram")
    request = urllib.request.Request(
        f"{cluster.url}/console/logout", b"{}",
        {"Cookie": f"wegwijs={cookie}", "Origin": cluster.origin, "Content-Type": "application/json"},
    )  # fmt: skip
    answer = await asyncio.to_thread(urllib.request.urlopen, request, timeout=60)
    assert answer.status == 204
    assert [await client.closed() for client in (one, other)] == [1008, 1008]


async def sees(console: Client, as_wanted: Callable[[set[str]], bool]) -> None:
    """Reads on until the console shows colleagues as wanted; perhaps it does so already."""

    def fits(frame: dict[str, Any]) -> bool:
        return frame["type"] in ("ready", "presence") and as_wanted({one["name"] for one in frame["colleagues"]})

    if not fits(next(frame for frame in reversed(console.frames) if frame["type"] in ("ready", "presence"))):
        await console.until(fits)


async def test_who_is_available_is_known_on_every_process(cluster: Cluster) -> None:
    bram = await colleague(cluster, "Bram")
    anja = await cluster.colleague_elsewhere(bram, "Anja", "away")
    await sees(anja, lambda names: {"Bram", "Anja"} <= names)
    fatma = await cluster.elsewhere(bram)
    await fatma.do(type="human")
    await fatma.state("waiting")  # Bram can be reached, although he is on the other process
    await fatma.do(type="leave")
    await bram.close()
    await sees(anja, lambda names: "Bram" not in names)
    await fatma.do(type="human")
    await fatma.turn(kind="notice")
    await close(fatma, anja)


async def test_who_waits_hears_of_a_new_place_on_another_process(cluster: Cluster) -> None:
    anja = await colleague(cluster, "Anja")
    fatma = await resident(cluster)
    joris = await cluster.elsewhere(fatma)
    for one, place in ((fatma, 1), (joris, 2)):
        await one.do(type="human")
        await one.state("waiting", position=place)
    await fatma.do(type="leave")
    await joris.state("waiting", position=1)
    await joris.do(type="leave")
    await close(fatma, joris, anja)


async def test_the_sixth_socket_of_a_conversation_closes_the_oldest_wherever_it_is(cluster: Cluster) -> None:
    first = await resident(cluster)
    others = [await cluster.elsewhere(first, first.token) for _ in range(5)]
    assert await first.closed() == 4001
    await close(*others)


async def test_failed_log_ins_are_counted_over_all_processes(cluster: Cluster) -> None:
    """SEC-16: each request may be answered by another process."""

    def tries() -> int:
        body = json.dumps({"name": "Niemand", "password": "verkeerd"}).encode()
        headers = {"Content-Type": "application/json", "Origin": cluster.origin, "Connection": "close"}
        try:
            urllib.request.urlopen(urllib.request.Request(f"{cluster.url}/console/login", body, headers), timeout=60)
        except urllib.error.HTTPError as refused:
            return refused.code
        raise AssertionError("nobody should get in")

    codes = [await asyncio.to_thread(tries) for _ in range(10)]
    assert codes == [401] * 8 + [429] * 2


async def test_one_rasa_process_dies_and_the_other_answers(cluster: Cluster) -> None:
    await asyncio.to_thread(cluster.wait_until, lambda: len(cluster.rasa_pids()) == 2 and cluster.bot_is_up(), 240)
    fatma = await resident(cluster)
    os.kill(cluster.rasa_pids()[0], signal.SIGKILL)
    turns = [await fatma.asks("Wat kost een paspoort?") for _ in range(4)]
    assert [turn["kind"] for turn in turns[-2:]] == ["answer", "answer"]
    await close(fatma)
