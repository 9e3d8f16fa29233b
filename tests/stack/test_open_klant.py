"""A running service beside a register that hangs, and that is killed while it tells it: nobody waits, and nothing is told twice."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from handover.registers.open_klant.client import READ
from tests.handover.registers.fake import TOKEN, FakeOpenKlant
from tests.stack.people import colleague, resident
from tests.stack.running import Stack


@pytest.fixture
def fake() -> FakeOpenKlant:
    return FakeOpenKlant()


@pytest.fixture
def told(tmp_path_factory: pytest.TempPathFactory, fake: FakeOpenKlant) -> Iterator[Stack]:
    """A service that tells the fake. Its Rasa is not waited for: people do."""
    with fake.serving() as url:
        stack = Stack(tmp_path_factory.mktemp("told"), WEGWIJS_OPENKLANT_URL=url, WEGWIJS_OPENKLANT_TOKEN=TOKEN)
        yield stack
        stack.close()


async def test_nobody_waits_for_a_register_that_hangs_and_a_killed_service_goes_on(told: Stack, fake: FakeOpenKlant) -> None:
    """SEC-20: what is outside may fail."""
    goes_on = threading.Event()
    fake.before = lambda _method, _path: goes_on.wait(300) and None  # on the register's own thread: it answers nothing
    await asyncio.to_thread(told.start, wait_for_bot=False)
    anja = await colleague(told, "Anja")
    fatma = await resident(told)
    began = time.monotonic()
    assert (await fatma.do(type="human"))["type"] == "ack"
    await anja.waiting()
    assert (await anja.takes(fatma.conversation))["type"] == "ack"
    assert (await fatma.says("Wat kost een paspoort?"))["type"] == "ack"
    assert (await anja.says(fatma.conversation, "83 euro en 87 cent."))["type"] == "ack"
    done = await anja.do(type="close", conversation=fatma.conversation, outcome="resolved", summary="Prijs genoemd.", subjects=["paspoort"])
    assert done["type"] == "ack"
    assert time.monotonic() - began < READ, "somebody waited until the register was given up"
    await asyncio.to_thread(told.kill)
    goes_on.set()
    fake.before = lambda _method, _path: None
    await asyncio.to_thread(told.start, wait_for_bot=False)
    await asyncio.to_thread(told.wait_until, lambda: bool(fake.all("bijlagen")), 60)
    made = fake.one("klantcontacten")
    assert (made["onderwerp"], made["inhoud"].split(".")[0], made["metadata"]["eindReden"]) == ("paspoort", "Prijs genoemd", "staff")
    assert "Anja" in fake.actors_of(made)
    assert "waiting 0" in (await asyncio.to_thread(told.command, "register", "status")).stdout
