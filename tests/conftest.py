"""The running stack, started once for all tests that do not break it."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.cluster.running import Cluster
from tests.stack.running import Stack, running

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30

# Databases are made and committed to thousands of times, and a slow disk takes longer for that than we do. Processes that are killed
# lose no more in memory than on a disk. TMPDIR chooses another folder.
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    tempfile.tempdir = str(MEMORY)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service with Rasa, open day and night. Tests leave no colleague available behind."""
    with running(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    with servers.postgres() as started:
        yield started


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.Redis]:
    with servers.redis() as started:
        yield started


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two service processes and two Rasa processes on a PostgreSQL and a Redis of their own, behind proxies that can be cut.

    Tests may break parts of it, and wait until they are back.
    """
    if not (servers.HAS_POSTGRES and servers.HAS_REDIS):
        pytest.skip("needs both: apt-get install postgresql redis-server")
    with servers.postgres() as database, servers.redis() as bell:
        name = asyncio.run(database.new_database())
        started = Cluster(tmp_path_factory.mktemp("cluster"), database, bell, name)
        try:
            yield started.start()
        finally:
            started.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="renew the pictures of the README")
