"""The disk is full, and later it is not: nothing is acknowledged that is not stored, and nothing stored is lost."""

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from handover.content.library import Library
from handover.conversation import events as ev
from handover.history.backup import BackupError, back_up
from handover.history.database import migrate
from handover.history.store import Receipt, Store, Unavailable
from handover.settings import ROOT
from tests.handover.conftest import MORNING
from tests.handover.test_perform import World

SIZE = 6  # MB


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "wegwijs", str(place)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small disk: run as root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


async def test_a_full_disk_loses_nothing(small_disk: Path) -> None:
    """NFR-3, SEC-20."""
    library = Library(ROOT / "data", ROOT / "data" / "municipality.yml", "always")
    url = f"sqlite+aiosqlite:///{small_disk / 'wegwijs.db'}"
    await migrate(url)
    store = Store(url)
    await store.start()
    world = World(store, library, MORNING)
    world.bot.answer_limit = 3600.0
    id, fatma = await world.begins()
    await world.performer.perform(id, ev.HumanAsked("kcc", "request"))
    acked, refused = [], []

    async def says(number: int) -> None:
        receipt, text = Receipt("resident", uuid4()), f"{number} " + "x" * 1900
        try:
            await world.performer.perform(id, ev.Said(text), receipt, lambda _result: acked.append(text))
        except Unavailable:
            refused.append((receipt, text))

    for number in range(20):
        await says(number)
    _fill(small_disk / "other")
    for number in range(20, 60):
        await says(number)
    assert refused, "the disk was full, and all the same everything was taken"
    assert len(acked) + len(refused) == 60
    with pytest.raises(BackupError, match="could not be made"):
        back_up(url, small_disk / "copies", 1)

    (small_disk / "other").unlink()
    for receipt, text in refused:  # as the widget does with what was not acknowledged
        await world.performer.perform(id, ev.Said(text), receipt, lambda _result, text=text: acked.append(text))
    await world.performer.mend()
    turns = await store.turns_after_pos(id, 0)
    said = [turn.text for turn in turns if turn.author == "resident"]
    assert sorted(said) == sorted(acked)
    assert len(set(said)) == 60
    assert [turn.pos for turn in turns] == list(range(1, len(turns) + 1))
    assert [text for text in fatma.told if "x" * 100 in text] == said
    await world.performer.stop()
    await world.bot.close()
    await store.stop()
    with closing(sqlite3.connect(small_disk / "wegwijs.db")) as left:
        assert left.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _fill(path: Path) -> None:
    """To the last byte."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as other:
        while True:
            other.write(os.urandom(4_096))
