"""`wegwijs register`: what waits and why, another try, and sending without a service; by the real command."""

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from handover.conversation.conversation import Conversation, Insert, Recorded, record
from handover.history.database import migrate
from handover.history.outbox import item
from handover.history.store import Store
from handover.history.vault import open_vault
from handover.settings import ROOT
from tests.handover.registers.fake import TOKEN, Answer, FakeOpenKlant

WEGWIJS = ROOT / ".venv" / "bin" / "wegwijs"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def fake() -> Iterator[FakeOpenKlant]:
    made = FakeOpenKlant()
    with made.serving() as url:
        made.url = url
        yield made


@pytest.fixture
def wegwijs(tmp_path: Path, fake: FakeOpenKlant) -> Command:
    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        set_to = {"WEGWIJS_DATA": str(tmp_path), "WEGWIJS_OPENKLANT_URL": fake.url, "WEGWIJS_OPENKLANT_TOKEN": TOKEN, **env}
        return subprocess.run(
            [WEGWIJS, "register", *arguments], capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **set_to}
        )

    return run


def write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def a_contact(folder: Path, library, at: datetime, **told: str) -> None:
    """One of the counter, and its item."""

    async def store_it() -> None:
        url = f"sqlite+aiosqlite:///{folder / 'wegwijs.db'}"
        await migrate(url)
        store = Store(url, open_vault(folder, None, write_secret))
        await store.start()
        id = uuid4()
        conversation = Conversation(id=id, reference=str(id.int)[:10], channel="balie", language="nl", created_at=at, last_at=at)
        step = record(conversation, Recorded(**{"subject": "paspoort", "report": "Uitgelegd.", **told}), at, library, uuid4)
        (segment,) = [row.values for row in step.records if isinstance(row, Insert) and row.table == "segment"]
        step.records.append(item(id, 1, segment["id"], "klantcontact", at))
        await store.commit(step)
        await store.stop()

    asyncio.run(store_it())


def test_off_is_said_and_is_no_fault(wegwijs):
    done = wegwijs("status", WEGWIJS_OPENKLANT_URL="", WEGWIJS_OPENKLANT_TOKEN="")
    assert (done.returncode, done.stderr) == (0, "")
    assert "WEGWIJS_OPENKLANT_URL" in done.stdout


def test_a_wrong_setting_is_one_line(wegwijs):
    done = wegwijs("status", WEGWIJS_OPENKLANT_TOKEN="")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("wegwijs: WEGWIJS_OPENKLANT_TOKEN=''")
    assert done.stderr.count("\n") == 1


def test_what_waits_is_sent_without_a_service(wegwijs, fake, tmp_path, library):
    a_contact(tmp_path, library, datetime.now(UTC) - timedelta(minutes=20))
    waits = wegwijs("status", "--probe")
    assert waits.returncode == 1  # longer than a quarter of an hour
    assert "waiting 1, the oldest since 20 min; parked 0" in waits.stdout
    assert "Open Klant answers, API 0.9" in waits.stdout
    done = wegwijs("drain")
    assert (done.returncode, done.stderr) == (0, "")
    assert "sent 1; waiting 0; parked 0" in done.stdout
    made = fake.one("klantcontacten")
    assert (made["kanaal"], made["onderwerp"], made["inhoud"]) == ("Balie", "paspoort", "Uitgelegd.")
    after = wegwijs("status")
    assert (after.returncode, after.stdout.strip()) == (0, "waiting 0; parked 0")


def test_what_is_parked_is_told_with_its_codes_and_tried_again(wegwijs, fake, tmp_path, library):
    wrong = [{"name": "klantcontact.kanaal", "code": "invalid", "reason": "Fatma"}]
    fake.answers["POST", "maak-klantcontact"] = Answer(400, {"code": "invalid", "invalidParams": wrong})
    a_contact(tmp_path, library, datetime.now(UTC))
    assert wegwijs("drain").returncode == 1
    status = wegwijs("status")
    assert status.returncode == 1
    assert "parked 1" in status.stdout
    assert "refused 400 POST maak-klantcontact (klantcontact.kanaal: invalid)" in status.stdout
    assert "Fatma" not in status.stdout
    fake.answers.clear()
    assert wegwijs("retry", "99").returncode == 1
    assert "1 to be tried again" in wegwijs("retry", "1").stdout
    assert wegwijs("drain").returncode == 0
    assert len(fake.all("klantcontacten")) == 1


def test_a_token_that_is_refused_is_said(wegwijs, fake, tmp_path, library):
    a_contact(tmp_path, library, datetime.now(UTC))
    done = wegwijs("drain", WEGWIJS_OPENKLANT_TOKEN="0" * 40)
    assert (done.returncode, "waiting 1" in done.stdout) == (1, True)
    probe = wegwijs("status", "--probe", WEGWIJS_OPENKLANT_TOKEN="0" * 40)
    assert probe.returncode == 1
    assert "denied: 401" in probe.stdout
