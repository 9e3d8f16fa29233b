"""The running stack, started once for all tests that do not break it."""

from collections.abc import Iterator

import pytest

from tests.stack.running import Stack, running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service with Rasa, open day and night. Tests leave no colleague available behind."""
    with running(tmp_path_factory.mktemp("stack")) as started:
        yield started


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="renew the pictures of the README")
