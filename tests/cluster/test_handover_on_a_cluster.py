"""The tests of the handover, played once more where residents and staff may be on different processes."""

from tests.stack.test_handover import *  # noqa: F403
