"""Resident ↔ staff through everything, durably stored, beside a Sanic socket that only echoes; and the bot's answers."""

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from bench.table import percentile, row
from tests.stack.people import Colleague, Resident, colleague, resident
from tests.stack.running import Stack, free_port

MESSAGES = 50  # a round, each way
PAUSE = 0.05  # seconds between them; also keeps within the limits for one socket
QUESTIONS = (
    "Wat kost een paspoort?",
    "Hoe lang is een rijbewijs geldig?",
    "Waar kan ik grofvuil brengen?",
    "Hoe geef ik mijn verhuizing door?",
)
ECHO = """
import sys
from sanic import Sanic
app = Sanic("echo", configure_logging=False)
@app.websocket("/")
async def echo(request, ws):
    async for frame in ws:
        await ws.send(frame)
app.run("127.0.0.1", int(sys.argv[1]), single_process=True, access_log=False, motd=False)
"""


async def measure(folder: Path, rounds: int) -> list[dict[str, Any]]:
    stack = Stack(folder)
    port = free_port()
    echo = subprocess.Popen([sys.executable, "-c", ECHO, str(port)])
    try:
        await asyncio.to_thread(stack.start)
        await asyncio.to_thread(listens, port)
        anja = await colleague(stack, "Anja")
        to_staff, to_resident, echoed, answers = [], [], [], []
        for _ in range(rounds):
            fatma = await _talking(stack, anja, answers)
            echoed.append(await _echo(port))
            there, back = await _talk(fatma, anja)
            to_staff.append(there)
            to_resident.append(back)
            await fatma.close()
        await anja.close()
    finally:
        await asyncio.to_thread(stack.close)
        echo.terminate()
        echo.wait(10)
    peer = "bare Sanic echo, nothing stored"
    return [
        row("answer of the bot p50, ms", [percentile(answers, 0.5)]),
        row("answer of the bot p95, ms", [percentile(answers, 0.95)]),
        row(
            "resident to staff p50, ms", [percentile(times, 0.5) for times in to_staff], [percentile(times, 0.5) for times in echoed], peer
        ),
        row(
            "resident to staff p95, ms",
            [percentile(times, 0.95) for times in to_staff],
            [percentile(times, 0.95) for times in echoed],
            peer,
        ),
        row(
            "staff to resident p50, ms",
            [percentile(times, 0.5) for times in to_resident],
            [percentile(times, 0.5) for times in echoed],
            peer,
        ),
        row(
            "staff to resident p95, ms",
            [percentile(times, 0.95) for times in to_resident],
            [percentile(times, 0.95) for times in echoed],
            peer,
        ),
    ]


def listens(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("the echo server did not start")


async def _talking(stack: Stack, anja: Colleague, answers: list[float]) -> Resident:
    """A resident who asked the bot some questions, and whom Anja has now."""
    fatma = await resident(stack)
    for question in QUESTIONS:
        began = time.perf_counter()
        turn = await fatma.asks(question)
        answers.append((time.perf_counter() - began) * 1000)
        if turn["kind"] == "notice":
            raise RuntimeError("the bot did not answer: this round measures nothing")
    await fatma.do(type="human")
    await fatma.state("waiting")
    await anja.opens(fatma.conversation)
    await anja.takes(fatma.conversation)
    await fatma.state("staff")
    return fatma


async def _talk(fatma: Resident, anja: Colleague) -> tuple[list[float], list[float]]:
    there, back = [], []
    for number in range(MESSAGES):
        text = f"{fatma.conversation} {number}"
        began = time.perf_counter()
        await fatma.send(type="message", text=text)
        await anja.until(lambda frame, text=text: frame["type"] == "turn" and frame["turn"]["text"] == text)  # type: ignore[misc]
        there.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE)
        began = time.perf_counter()
        await anja.send(type="reply", conversation=fatma.conversation, text=text + " terug")
        await fatma.until(lambda frame, text=text: frame["type"] == "turn" and frame["turn"]["text"] == text + " terug")  # type: ignore[misc]
        back.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE)
    return there, back


async def _echo(port: int) -> list[float]:
    times = []
    async with connect(f"ws://127.0.0.1:{port}/", compression=None) as ws:
        for number in range(MESSAGES):
            began = time.perf_counter()
            await ws.send(f'{{"type":"message","id":"{number}","text":"{number}"}}')
            await ws.recv()
            times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(PAUSE)
    return times
