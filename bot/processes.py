"""A process that another one started does not outlive it."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """The kernel ends this process when `parent`, which started it, ends, however that happened. A no-op outside Linux.

    The parent's number must come from the parent: it may have ended before this is called, and then nobody would ever tell.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that started this one is gone")
