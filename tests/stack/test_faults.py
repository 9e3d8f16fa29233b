"""What is broken on purpose: processes killed in the middle of things. Nothing is lost, nothing doubled (NFR-3)."""

import asyncio
import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.stack.people import colleague, resident
from tests.stack.running import ROOT, WEGWIJS, Stack


@pytest.fixture
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service that a test may break."""
    stack = Stack(tmp_path_factory.mktemp("own"))
    yield stack
    stack.close()


async def test_the_bot_dies_in_the_middle_of_a_question(own_stack: Stack) -> None:
    """The resident is told within 5 s, can ask again, and is answered once Rasa is back."""
    await asyncio.to_thread(own_stack.start)
    fatma = await resident(own_stack)
    [rasa] = own_stack.rasa_pids()
    os.kill(rasa, signal.SIGSTOP)  # it has the question, and will not answer it any more
    await fatma.says("Wat kost een paspoort?")
    killing = asyncio.get_running_loop().call_later(1.0, os.kill, rasa, signal.SIGKILL)
    notice = await fatma.turn(kind="notice")
    killing.cancel()
    asked = next(turn for turn in fatma.turns if turn["from"] == "resident")
    assert datetime.fromisoformat(notice["at"]) - datetime.fromisoformat(asked["at"]) < timedelta(seconds=8)  # a busy machine adds some
    assert "bewaard" in notice["text"]
    labels = [choice["label"] for choice in notice["choices"]]
    assert labels[0] == "Stel mijn vraag opnieuw"
    assert any("edewerker" in label for label in labels)
    await asyncio.to_thread(own_stack.wait_until, lambda: own_stack.rasa_pids() not in ([], [rasa]) and own_stack.bot_is_up(), 240)
    await fatma.do(type="choose", turn=notice["seq"], choice=notice["choices"][0]["id"])
    answer = await fatma.turn(kind="answer")
    assert answer["topic"] == "paspoort"
    assert [turn["seq"] for turn in fatma.turns] == list(range(1, len(fatma.turns) + 1))
    await fatma.close()


async def test_a_slow_answer_is_suppressed(own_stack: Stack) -> None:
    """It comes after the notice: kept for the record, never shown."""
    await asyncio.to_thread(own_stack.start)
    anja, fatma = await colleague(own_stack, "Anja"), await resident(own_stack)
    [rasa] = own_stack.rasa_pids()
    os.kill(rasa, signal.SIGSTOP)
    try:
        await fatma.says("Wat kost een paspoort?")
        await fatma.turn(kind="notice")
        await fatma.do(type="human")
        await fatma.state("waiting")
    finally:
        os.kill(rasa, signal.SIGCONT)
    await anja.of_type("conversation", conversation=fatma.conversation)
    await anja.opens(fatma.conversation)
    late = next((t for t in anja.frames[-1].get("turns", []) if t["suppressed"]), None)
    late = late or (await anja.until(lambda f: f["type"] == "turn" and f["turn"]["suppressed"]))["turn"]
    assert late["seq"] is None
    assert late["topic"] == "paspoort"
    assert not [turn for turn in fatma.turns if turn.get("kind") == "answer"]
    for client in (anja, fatma):
        await client.close()


async def test_the_service_dies_in_the_middle_of_a_talk(own_stack: Stack) -> None:
    """Restarted, both come back: no turn lost, none doubled, order and owner kept."""
    await asyncio.to_thread(own_stack.start, wait_for_bot=False)
    anja, fatma = await colleague(own_stack, "Anja"), await resident(own_stack)
    await fatma.do(type="human")
    await fatma.state("waiting")
    await anja.opens(fatma.conversation)
    await anja.takes(fatma.conversation)
    acked: list[str] = []

    async def talk() -> None:
        for number in range(500):
            await fatma.says(f"resident {number}")
            acked.append(f"resident {number}")
            await anja.says(fatma.conversation, f"medewerker {number}")
            acked.append(f"medewerker {number}")

    talking = asyncio.create_task(talk())
    while len(acked) < 40:
        await asyncio.sleep(0.005)
    rasa = own_stack.rasa_pids()
    own_stack.kill()
    await asyncio.gather(talking, return_exceptions=True)
    await asyncio.to_thread(_gone, rasa)

    await asyncio.to_thread(own_stack.start, wait_for_bot=False)
    fatma = await resident(own_stack, fatma.token)
    anja = await colleague(own_stack, "Anja")
    said = [turn["text"] for turn in fatma.turns if turn["from"] in ("resident", "staff")]
    assert said[: len(acked)] == acked
    assert len(said) <= len(acked) + 1  # one may have been stored and not yet acknowledged
    assert len(set(said)) == len(said)
    assert [turn["seq"] for turn in fatma.turns] == list(range(1, len(fatma.turns) + 1))
    [mine] = anja.conversations
    assert (mine["state"], mine["owner"]["name"]) == ("staff", "Anja")
    await anja.says(fatma.conversation, "Daar ben ik weer.")
    assert (await fatma.turn(**{"from": "staff"}))["text"] == "Daar ben ik weer."
    for client in (anja, fatma):
        await client.close()


def _gone(pids: list[int]) -> None:
    """Children die with the service: no orphan is left."""
    for pid in pids:
        for _ in range(1200):
            if not os.path.exists(f"/proc/{pid}") or "zombie" in Path(f"/proc/{pid}/status").read_text():
                break
            subprocess.run(["sleep", "0.05"], check=True)
        else:
            raise AssertionError(f"process {pid} is still there")


async def test_a_colleague_whose_console_is_lost_loses_the_conversation(own_stack: Stack) -> None:
    """After 60 s of silence it is first in the queue again."""
    await asyncio.to_thread(own_stack.start, wait_for_bot=False)
    anja, fatma, joris = await colleague(own_stack, "Anja"), await resident(own_stack), await resident(own_stack)
    await fatma.do(type="human")
    await anja.takes(fatma.conversation)
    await fatma.state("staff")
    bram = await colleague(own_stack, "Bram")
    await joris.do(type="human")
    anja.cut()
    keep = asyncio.create_task(_stay(bram))
    state = await fatma.of_type("state", 180, state="waiting", position=1)
    keep.cancel()
    assert state["position"] == 1
    fresh = await colleague(own_stack, "Bram")
    assert [row["conversation"] for row in fresh.conversations] == [fatma.conversation, joris.conversation]
    for client in (bram, fresh, fatma, joris):
        await client.close()


async def _stay(one: object) -> None:
    while True:
        await one.here()  # type: ignore[attr-defined]
        await asyncio.sleep(15)


def test_stopping_leaves_nothing_behind(own_stack: Stack) -> None:
    own_stack.start(wait_for_bot=False)
    rasa = own_stack.rasa_pids()
    assert rasa
    assert own_stack.stop() == 0
    _gone(rasa)


def test_a_taken_port_is_one_clear_line(own_stack: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", own_stack.port))
        taken.listen()
        ended = own_stack.command("serve")
    assert ended.returncode != 0
    assert ended.stderr.strip().count("\n") == 0
    assert str(own_stack.port) in ended.stderr
    assert "WEGWIJS_PORT" in ended.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("WEGWIJS_PORT", "poort"), ("WEGWIJS_OPENING_HOURS", "soms"), ("WEGWIJS_HOST", "0.0.0.0"), ("WEGWIJS_MUNICIPALITY", "/nergens.yml"),
     ("WEGWIJS_DATABASE_URL", "mysql://x"), ("WEGWIJS_WORKERS", "2"), ("WEGWIJS_ORIGINS", "gemeente.nl")],
)  # fmt: skip
def test_a_wrong_variable_is_one_clear_line(tmp_path: object, name: str, value: str) -> None:
    env = {**os.environ, "WEGWIJS_DATA": str(tmp_path), name: value}
    ended = subprocess.run([WEGWIJS, "serve"], env=env, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert ended.returncode != 0
    assert ended.stderr.strip().count("\n") == 0
    assert "WEGWIJS_" in ended.stderr


async def test_hundreds_who_come_back_while_the_service_is_busy_wait_in_line(own_stack: Stack) -> None:
    """Those that the kernel has no place for would knock again only after seconds, then minutes."""
    await asyncio.to_thread(own_stack.start)
    os.kill(own_stack.pid, signal.SIGSTOP)  # as busy as can be: it accepts nobody
    knocking = []
    try:
        for _ in range(600):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", own_stack.port))
            knocking.append(one)
        _, connected, _ = await asyncio.to_thread(select.select, [], knocking[-50:], [], 0.5)
        assert len(connected) == 50
    finally:
        os.kill(own_stack.pid, signal.SIGCONT)
        for one in knocking:
            one.close()
