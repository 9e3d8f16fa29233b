"""SEC-25: a copy made while the service writes is put back, and everybody can go on from there."""

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from handover.conversation import events as ev
from handover.history.backup import BackupError, back_up, restore
from handover.history.database import is_sqlite, migrate
from handover.history.store import Receipt, Store
from tests.handover.history.test_store import ANJA, Talk


async def _empty_one(request: pytest.FixtureRequest, database: str, folder: Path) -> str:
    """Another database of the same kind, as on a new machine."""
    if is_sqlite(database):
        return f"sqlite+aiosqlite:///{folder / 'new machine' / 'wegwijs.db'}"
    server = request.getfixturevalue("postgres_server")
    return str(server.url(await server.new_database()))


async def test_what_was_acknowledged_before_the_copy_is_there_after_the_restore(request, database, store, library, tmp_path):
    talk = await Talk(store, library).begins(token_hash=b"h" * 32)
    await talk.happens(ev.Said("Hallo", "x"), ev.HumanAsked("kcc", "request"), ev.Claimed(ANJA), ev.Noted(ANJA, "belde"))
    over = asyncio.Event()

    async def others() -> None:
        while not over.is_set():
            await (await Talk(store, library).begins()).happens(ev.Said("Hallo"))

    writing = asyncio.create_task(others())
    copy = await asyncio.to_thread(back_up, database, tmp_path / "copies", 3)
    over.set()
    await writing
    await talk.happens(ev.Noted(ANJA, "na de kopie"))

    elsewhere = await _empty_one(request, database, tmp_path)
    await asyncio.to_thread(restore, elsewhere, copy)
    await migrate(elsewhere)
    found = Store(elsewhere)
    await found.start()
    try:
        conversation, _ = await found.load(talk.c.id)
        assert conversation.owner == ANJA
        assert await found.by_token(b"h" * 32) == talk.c.id
        assert [turn.text for turn in await found.turns_after_pos(talk.c.id, 0)][-1] == "belde"
        on = Talk(found, library)
        on.c = conversation
        await on.happens(ev.Replied(ANJA, "Daar ben ik weer."), receipt=Receipt("x", talk.c.id), result={})
        assert [turn.pos for turn in await found.turns_after_pos(talk.c.id, 0)] == [1, 2, 3, 4, 5, 6]
    finally:
        await found.stop()


async def test_a_restore_takes_the_place_of_what_was_there(database, store, library, tmp_path):
    before = await Talk(store, library).begins()
    copy = await asyncio.to_thread(back_up, database, tmp_path / "copies", 3)
    after = await Talk(store, library).begins()
    await store.stop()
    await asyncio.to_thread(restore, database, copy)
    found = Store(database)
    assert await found.load(before.c.id)
    assert await found.load(after.c.id) is None
    await found.stop()
    await store.start()  # the fixture stops it once more


async def test_copies_are_for_the_owners_eyes_and_old_ones_go(database, store, tmp_path):
    copies = [await asyncio.to_thread(back_up, database, tmp_path / "copies", 2) for _ in range(3)]
    assert sorted((tmp_path / "copies").iterdir()) == copies[1:]
    assert stat.S_IMODE(copies[2].stat().st_mode) == 0o600
    assert stat.S_IMODE(copies[2].parent.stat().st_mode) == 0o700


def test_what_is_no_copy_is_refused(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'wegwijs.db'}"
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database" * 100)
    for copy, problem in ((tmp_path / "x.dump", "should end in .db"), (tmp_path / "x.db", "should be a file"), (broken, "put back")):
        with pytest.raises(BackupError, match=problem):
            restore(url, copy)
    with pytest.raises(BackupError, match="there is no database"):
        back_up(url, tmp_path / "copies", 1)
    assert not list((tmp_path / "copies").glob("wegwijs-*.db"))
    with pytest.raises(BackupError, match="pg_dump"):
        back_up("postgresql+asyncpg://wegwijs@127.0.0.1:1/none", tmp_path, 1)


async def test_a_database_in_use_is_not_replaced(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'wegwijs.db'}"
    await migrate(url)
    copy = await asyncio.to_thread(back_up, url, tmp_path / "copies", 1)
    uses = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM turn'); print('open', flush=True); input()"
    service = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-c", uses, str(tmp_path / "wegwijs.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    try:
        await asyncio.to_thread(service.stdout.readline)
        with pytest.raises(BackupError, match="stop the service first"):
            await asyncio.to_thread(restore, url, copy)
    finally:
        service.communicate(b"\n", timeout=60)
    await asyncio.to_thread(restore, url, copy)
