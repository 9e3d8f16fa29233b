"""A copy of the database while the service runs, and putting one back. SQLite by its own backup, PostgreSQL by pg_dump."""

import os
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from handover.history.database import is_sqlite

ENDING = {True: ".db", False: ".dump"}  # of a copy of SQLite, of PostgreSQL


class BackupError(Exception):
    """One line that says what is wrong and what to do."""


def back_up(url: str, folder: Path, keep: int) -> Path:
    """A new copy in `folder`, whole and checked, under a name that sorts by time; only the newest `keep` stay. Raises BackupError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = folder / f"wegwijs-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}{ENDING[is_sqlite(url)]}"
        fresh = made.with_suffix(".new")  # a copy that was broken off must not look like one
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        if is_sqlite(url):
            _copy_sqlite(_file_of(url), fresh)
        else:
            _postgres(url, "pg_dump", "--format=custom", f"--file={fresh}")
        fresh.replace(made)
        for old in sorted(folder.glob(f"wegwijs-*{made.suffix}"))[:-keep]:
            old.unlink()
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"the copy could not be made in {folder}: {error}") from error
    return made


def restore(url: str, copy: Path) -> None:
    """Puts `copy` in the place of what is there. Nothing may use the database meanwhile. Raises BackupError."""
    if copy.suffix != ENDING[is_sqlite(url)]:
        raise BackupError(f"'{copy}' should end in {ENDING[is_sqlite(url)]}: it is no copy of a database like this one")
    if not copy.is_file():
        raise BackupError(f"'{copy}' should be a file that exists")
    if not is_sqlite(url):
        _postgres(url, "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", str(copy))
        return
    try:
        _check(copy)
        place = _file_of(url)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            _must_be_free(place)
        fresh = place.with_suffix(".restoring")
        _copy_sqlite(copy, fresh)
        for left in ("-wal", "-shm"):  # they belong to what was there
            Path(f"{place}{left}").unlink(missing_ok=True)
        fresh.replace(place)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"'{copy}' could not be put back: {error}") from error


def _file_of(url: str) -> Path:
    return Path(url.split("///", 1)[1])


def _copy_sqlite(source: Path, to: Path) -> None:
    if not source.exists():
        raise FileNotFoundError(f"there is no database {source}")
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reading, closing(sqlite3.connect(to)) as writing:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")  # one file, without others beside it
    _check(to)


def _check(copy: Path) -> None:
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as reading:
        if reading.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise BackupError(f"'{copy}' is damaged")


def _must_be_free(place: Path) -> None:
    """A service that runs keeps it open, and would write into a file that is no more."""
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            used = descriptor.samefile(place)
        except OSError:
            continue
        if used:
            raise BackupError(f"process {descriptor.parts[2]} uses {place}: stop the service first")


def _postgres(url: str, program: str, *arguments: str) -> None:
    parts = make_url(url)
    where = {"--host": parts.host, "--port": parts.port, "--username": parts.username}
    options = [f"{name}={value}" for name, value in where.items() if value]
    password = {"PGPASSWORD": str(parts.password)} if parts.password else {}
    command = [program, *options, "--no-password", f"--dbname={parts.database}", *arguments]
    try:
        ended = subprocess.run(command, env={**os.environ, **password}, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise BackupError(f"'{program}' is not there: on Debian, 'apt-get install postgresql-client'") from None
    if ended.returncode != 0:
        raise BackupError(f"{program}: {ended.stderr.strip().splitlines()[-1] if ended.stderr.strip() else ended.returncode}")
