"""The tests here play on an installation of several processes."""

import pytest

from tests.cluster.running import Cluster


@pytest.fixture(scope="session")
def stack(cluster: Cluster) -> Cluster:
    """What the tests of tests/stack play on, when they are played here."""
    return cluster
