"""Everybody who may appear in a test, by name."""

from collections.abc import Callable

import pytest

from tests.conversations.cast import Bot, Play, Resident, Staff, file_of, transcript_of


@pytest.fixture
def fatma() -> Resident:
    return Resident(Play(1, "Fatma"))


@pytest.fixture
def joris() -> Resident:
    return Resident(Play(2, "Joris"))


@pytest.fixture
def anja(fatma: Resident) -> Staff:
    return Staff(101, "Anja", fatma)


@pytest.fixture
def bram(fatma: Resident) -> Staff:
    return Staff(102, "Bram", fatma)


@pytest.fixture
def bot(fatma: Resident) -> Bot:
    return Bot(fatma)


@pytest.fixture
def transcript(fatma: Resident) -> Callable[..., list[str]]:
    """What Fatma (or another resident) sees."""
    return lambda of=fatma: transcript_of(of)


@pytest.fixture
def file(fatma: Resident) -> Callable[..., list[str]]:
    """What staff see of Fatma's (or another resident's) conversation."""
    return lambda of=fatma: file_of(of)
