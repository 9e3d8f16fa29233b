"""SEC-18: the audit log only grows, and shows if anybody touched it."""

import asyncio
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from handover.conversation.conversation import Insert
from handover.history import audit, tables
from handover.history.audit import Verified
from handover.history.store import Store
from tests.databases import new_sqlite


@pytest.fixture
def database(tmp_path: Path) -> str:
    """SQLite's: most of these tests go behind the back of the service. On PostgreSQL the chain is the same, and the triggers' own."""
    new_sqlite(tmp_path / "wegwijs.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'wegwijs.db'}"


def line(now: datetime, object: str = "conversation", actor: str = "anja") -> Insert:
    return Insert("audit", audit.line(actor, "open", object, "ok", now, origin="127.0.0.1", request_id="r"))


async def verified(store: Store, known: tuple[int, str] | None = None) -> Verified:
    return await store.read(lambda connection: audit.verify(connection, store.audit_key, known))


def tamper(database: str, *statements: str) -> None:
    """As somebody would who can write to the file, and knows of the triggers."""
    with sqlite3.connect(database.split("///")[1]) as connection:
        for name in ("audit_not_changed", "audit_not_removed", "audit_at_the_end", "audit_checkpoint_not_changed",
                     "audit_checkpoint_not_removed"):  # fmt: skip
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def test_a_log_that_nobody_touched_is_whole(store: Store, now: datetime):
    assert (await verified(store)).problems == []
    for number in range(5):
        await store.write(line(now, f"c{number}"), line(now, "twice"))
    found = await verified(store)
    assert (found.lines, found.last, found.problems) == (10, 10, [])


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE id = 2", "never changed"),
        ("DELETE FROM audit WHERE id = 2", "retention job only"),
        ("DELETE FROM audit", "retention job only"),
        ("INSERT OR REPLACE INTO audit SELECT id, at, 'nobody', action, object, result, origin, request_id, seal FROM audit WHERE id = 2",
         "at its end"),
        ("DELETE FROM audit_head", "retention job only"),
    ],
)  # fmt: skip
async def test_the_database_refuses_changes(store: Store, database: str, now: datetime, statement: str, refused: str):
    await store.write(*(line(now) for _ in range(3)))
    connection = sqlite3.connect(database.split("///")[1])
    with pytest.raises(sqlite3.IntegrityError, match=refused):
        connection.execute(statement)
    connection.close()
    assert (await verified(store)).lines == 3


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE id = 2", "line 2 is not as it was written"),
        ("UPDATE audit SET at = '2026-01-01 00:00:00.000000' WHERE id = 3", "line 3 is not as it was written"),
        ("UPDATE audit SET seal = zeroblob(32) WHERE id = 1", "line 1 is not as it was written"),
        ("UPDATE audit SET seal = NULL WHERE id = 1", "line 1 is not as it was written"),
        ("DELETE FROM audit WHERE id = 2", "between line 1 and line 3 lines are missing"),
        ("DELETE FROM audit WHERE id = 1", "between line 0 and line 2 lines are missing"),
        ("DELETE FROM audit WHERE id = 5", "the log ends at line 4, where it should end at 5"),
        ("DELETE FROM audit", "the log ends at line 0, where it should end at 5"),
        ("DELETE FROM audit_head", "the head of the chain is gone"),
        ("INSERT INTO audit SELECT 6, at, actor, action, object, result, origin, request_id, seal FROM audit WHERE id = 5", "line 6"),
        ("INSERT INTO audit_checkpoint VALUES (1, '2026-11-24 09:00:00.000000', 2, 2, zeroblob(32), zeroblob(32))",
         "checkpoint 1, through line 2, was not made by the retention job"),
    ],
)  # fmt: skip
async def test_whoever_changes_it_all_the_same_is_seen(store: Store, database: str, now: datetime, statement: str, problem: str):
    for number in range(5):
        await store.write(line(now, f"c{number}"))
    extra = ["DROP TRIGGER audit_head_not_removed"] if "audit_head" in statement else []
    tamper(database, *extra, statement)
    assert any(problem in told for told in (await verified(store)).problems)


async def test_an_older_copy_of_the_whole_database_is_seen_by_what_was_noted(store: Store, now: datetime):
    await store.write(line(now, "one"), line(now, "two"))
    noted = await verified(store)
    note = (noted.last, noted.seal.hex()[:16])
    assert (await verified(store, note)).problems == []
    assert (await verified(store, (3, "00"))).problems == ["line 3, which was noted, is not there any more"]
    assert (await verified(store, (1, "0000000000000000"))).problems == ["line 1 is another one than was noted"]


async def test_another_key_makes_no_chain_that_fits(store: Store, database: str, now: datetime):
    await store.write(line(now))
    stranger = Store(database)
    await stranger.start()
    await stranger.write(line(now))
    await stranger.stop()
    assert len((await verified(store)).problems) == 1


async def test_concurrent_writers_in_several_stores_make_one_chain(store: Store, database: str, now: datetime):
    """Grouped commits, and more than one process on the database: each line has one before it."""
    others = [Store(database, store.vault) for _ in range(3)]
    for other in others:
        await other.start()
    await asyncio.gather(*(each.write(line(now, f"{number}")) for number in range(100) for each in (store, *others)))
    for other in others:
        await other.stop()
    found = await verified(store)
    assert (found.lines, found.last, found.problems) == (400, 400, [])


async def test_what_is_old_is_cleared_and_recorded(store: Store, database: str, now: datetime):
    """PRV-5: the audit log has a term of its own; what is removed leaves a checkpoint from which the chain goes on."""
    for days in (600, 590, 580, 10, 0):
        await store.write(line(now - timedelta(days=days)))

    def clear(connection: Connection) -> int:
        return audit.clear(connection, store.audit_key, now - timedelta(days=548), now, at_most=2)

    assert [await store.transact(clear) for _ in range(3)] == [2, 1, 0]
    found = await verified(store)
    assert (found.cleared, found.lines, found.problems) == (3, 4, [])
    await store.write(line(now))
    assert (await verified(store)).problems == []
    told = await store.read(lambda c: c.scalars(select(tables.audit.c.object).where(tables.audit.c.action == "audit.cleared")).all())
    assert told == ["audit:2", "audit:3"]
    connection = sqlite3.connect(database.split("///")[1])
    with pytest.raises(sqlite3.IntegrityError, match="retention job only"):
        connection.execute("DELETE FROM audit WHERE id = 4")
    connection.close()


async def test_a_line_that_is_not_stored_takes_no_number(store: Store, now: datetime):
    """What is rolled back is no gap."""

    def fail(connection: Connection) -> None:
        audit.append(connection, store.audit_key, [audit.line("a", "b", "c", "d", now)])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.transact(fail)
    await store.write(line(now))
    assert (await verified(store)).problems == []
    assert await store.read(lambda c: c.scalar(select(func.max(tables.audit.c.id)))) == 1


def test_lines_from_before_the_chain_are_told_apart(tmp_path: Path):
    """An older database has lines without a seal; what comes after them is sealed."""

    async def run() -> None:
        from alembic import command
        from alembic.config import Config

        from handover.history.database import MIGRATIONS, migrate, open_engine, open_writer

        url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"

        def to_before(connection: Connection) -> None:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "0002")

        writer = open_writer(url, open_engine(url))
        await writer.transact(to_before)
        await writer.dispose()
        with sqlite3.connect(tmp_path / "old.db") as connection:
            connection.execute("INSERT INTO audit VALUES (3, '2026-11-24 09:00:00.000000', 'a', 'b', 'c', 'd', 'e', 'f')")
        connection.close()
        await migrate(url)
        store = Store(url)
        await store.start()
        await store.write(line(datetime.fromisoformat("2026-11-24T09:00:00+00:00")))
        found = await verified(store)
        assert (found.lines, found.unsealed, found.last, found.problems) == (2, 1, 4, [])
        await store.stop()

    asyncio.run(run())
