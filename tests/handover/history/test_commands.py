"""`wegwijs history …` on a real database: summary, exit code, --dry-run, and what is written down of it (PRV-6, PRV-7)."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from handover.history import tables
from handover.history.store import Store
from handover.history.vault import Vault
from handover.settings import ROOT
from tests.databases import new_sqlite
from tests.handover.history.test_retention import NAME, NUMBER, REPORT, WORD, Talk, counted, everything_about

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Where the command looks for it."""
    new_sqlite(tmp_path / "wegwijs.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'wegwijs.db'}"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    fresh = Vault.fresh()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "vault").write_text(fresh.ring())
    return fresh


@pytest.fixture
async def store(database: str, vault: Vault):
    opened = Store(database, vault)
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        env = {"WEGWIJS_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"}
        command = [str(ROOT / ".venv" / "bin" / "wegwijs"), "history", *arguments]
        return subprocess.run(command, env=env, input=stdin, capture_output=True, text=True, check=False, timeout=120)

    return run


async def call_back_is_done(store: Store) -> None:
    await store.transact(lambda c: c.execute(update(tables.callback).values(status="done")))


async def audited(store: Store) -> list[tuple[str, str, str]]:
    return [(row["action"], row["object"], row["result"]) for row in await store.rows(tables.audit.select().order_by(tables.audit.c.id))]


async def test_an_export_has_everything_of_the_resident_and_nobody_elses_name(store: Store, library: Any, run: Run, tmp_path: Path):
    """PRV-6: as JSON and as text; staff are shown by role; logged without content."""
    talk = await everything_about(store, library)
    await store.transact(lambda c: c.execute(update(tables.wrap_up).values(summary=f"{REPORT}, Anja")))
    done = run("export", "--reference", talk.c.reference, "--to", str(tmp_path / "out"))
    assert (done.returncode, done.stderr) == (0, "")
    written = {path.suffix: path for path in (tmp_path / "out").iterdir()}
    assert all(path.stat().st_mode & 0o077 == 0 for path in written.values())
    for text in (written[".json"].read_text(), written[".txt"].read_text()):
        assert all(mark in text for mark in (WORD, REPORT, NUMBER, talk.c.reference))
        assert "anja" not in text.lower()
        assert "een medewerker" in text
    data = json.loads(written[".json"].read_text())
    [one] = data["conversations"]
    assert (one["kept"]["as"], one["kept"]["legal_basis"][:3]) == ("staff", "AVG")
    assert [turn["text"] for turn in one["turns"] if turn.get("note")] == [f"Let op {WORD}"]
    assert await audited(store) == [("conversation.export", str(talk.c.id), "ok")]


async def test_a_person_is_found_by_what_was_verified_and_given_on_standard_input(store: Store, library: Any, run: Run, tmp_path: Path):
    """PRV-4: no number in the command, nor in the names of files."""
    await everything_about(store, library)
    wrong = run("export", "--person", "email", "--to", str(tmp_path / "out"), stdin="somebody@example.nl\n")
    assert (wrong.returncode, wrong.stdout) == (1, "nothing is kept of that\n")
    done = run("export", "--person", "email", "--to", str(tmp_path / "out"), stdin=f"{NAME.upper()}@example.nl\n")
    assert done.returncode == 0
    [data, text] = sorted((tmp_path / "out").iterdir())
    assert NAME not in data.name
    assert {one["kind"] for one in json.loads(data.read_text())["person"]["identities"]} == {"sub", "email"}
    assert f"{NAME}@example.nl" in text.read_text()


async def test_a_redacted_export_is_for_others(store: Store, library: Any, run: Run, tmp_path: Path):
    """PRV-8: for a Woo request, without what leads to the resident."""
    talk = await everything_about(store, library)
    done = run("export", "--reference", talk.c.reference, "--redacted", "--to", str(tmp_path / "out"))
    assert done.returncode == 0
    for path in (tmp_path / "out").iterdir():
        assert NUMBER not in path.read_text()
        assert NAME not in path.read_text()
        assert REPORT in path.read_text()


async def test_erasing_leaves_nothing_but_that_it_was_done(store: Store, library: Any, run: Run):
    """PRV-6; what may not be erased stays, with the reason and another exit code."""
    await everything_about(store, library)
    stays = run("erase", "--person", "sub", stdin=f"{NAME}\n")
    assert (stays.returncode, stays.stdout.splitlines()[-1]) == (3, "erased 0, kept 1")
    assert "a call-back is still to be done" in stays.stdout
    await call_back_is_done(store)
    trial = run("erase", "--person", "sub", "--dry-run", stdin=f"{NAME}\n")
    assert (trial.returncode, trial.stdout) == (0, "would erase 1, kept 0\n")
    assert (await counted(store))["conversation"] == 1
    done = run("erase", "--person", "sub", stdin=f"{NAME}\n")
    assert (done.returncode, done.stdout) == (0, "erased 1, kept 0\n")
    assert set(await counted(store)) <= {"audit", "audit_head", "series", "used_token"}
    assert [(action, result) for action, _, result in await audited(store)] == [
        ("conversation.erase", "callback"), ("conversation.erase", "ok"),
    ]  # fmt: skip
    assert run("erase", "--person", "sub", stdin=f"{NAME}\n").returncode == 1


async def test_a_hold_is_set_and_lifted(store: Store, library: Any, run: Run):
    """PRV-7."""
    talk = await everything_about(store, library)
    await call_back_is_done(store)
    assert run("hold", "--reference", talk.c.reference, "--reason", "Woo 12", "--dry-run").stdout == "would hold 1\n"
    assert run("hold", "--reference", talk.c.reference, "--reason", "Woo 12").stdout == "held 1 of 1\n"
    stays = run("erase", "--reference", talk.c.reference)
    assert (stays.returncode, "it is held" in stays.stdout) == (3, True)
    assert run("hold", "--reference", talk.c.reference, "--lift").stdout == "released 1 of 1\n"
    assert run("erase", "--reference", talk.c.reference).returncode == 0


async def test_retention_by_hand_does_what_is_due(store: Store, library: Any, run: Run):
    """PRV-5."""
    assert run("retention").stdout == "nothing was due\n"
    talk = Talk(store, library)
    talk.now = datetime.now(UTC) - timedelta(days=29)
    await talk.begins()
    await talk.happens()
    await _closes(talk)
    trial = run("retention", "--dry-run")
    assert (trial.returncode, trial.stdout) == (0, "conversations destroyed: 1\nnothing was changed\n")
    done = run("retention")
    assert (done.returncode, done.stdout) == (0, "conversations destroyed: 1\ndone\n")
    assert "conversation" not in await counted(store)


async def _closes(talk: Talk) -> None:
    from handover.conversation import events as ev

    await talk.happens(ev.Said("Hoi"), ev.Closed())


async def test_verify_tells_whether_the_audit_log_is_whole(store: Store, library: Any, run: Run, database: str):
    """SEC-18."""
    import sqlite3

    talk = await everything_about(store, library)
    run("hold", "--reference", talk.c.reference, "--reason", "Woo 12")
    run("hold", "--reference", talk.c.reference, "--lift")
    whole = run("verify")
    assert (whole.returncode, whole.stdout.splitlines()[-1]) == (0, "The log is whole.")
    noted = whole.stdout.split("last ")[1].split()[0]
    assert run("verify", "--expect", noted).returncode == 0
    assert run("verify", "--expect", "2:0011223344556677").returncode == 1
    assert run("verify", "--expect", "nonsense").returncode == 2
    with sqlite3.connect(database.split("///")[1]) as connection:
        connection.execute("DROP TRIGGER audit_not_changed")
        connection.execute("UPDATE audit SET actor = 'somebody' WHERE id = 1")
    connection.close()
    broken = run("verify")
    assert broken.returncode == 1
    assert "line 1 is not as it was written" in broken.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("erase",), "give a --reference, or a --person"),
        (("erase", "--reference", "1", "--person", "bsn"), "give a --reference, or a --person"),
        (("erase", "--person", "shoe"), "should be one of bsn"),
        (("erase", "--person", "bsn"), "standard input"),
        (("hold", "--reference", "1"), "give a --reason, or --lift"),
    ],
)
def test_a_wrong_call_is_told_in_words(vault: Vault, run: Run, arguments: tuple[str, ...], told: str):
    done = run(*arguments)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.replace("│", " ").split())


def test_without_keys_nothing_is_made(run: Run, tmp_path: Path):
    done = run("verify")
    assert done.returncode == 1
    assert "there are no keys" in done.stderr
    assert list(tmp_path.iterdir()) == []
