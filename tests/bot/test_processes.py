"""A process of the bot ends with the one that started it, and starts wherever that one stands."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIVES = "import sys, time; from bot.processes import die_with_parent; die_with_parent(int(sys.argv[1])); print('lives', flush=True); time.sleep(60)"
STARTS = "import os, subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1], str(os.getpid())])"


def start(*command: str) -> subprocess.Popen:
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_it_does_not_start_when_its_parent_is_gone_already():
    child = start(sys.executable, "-c", LIVES, str(os.getppid()))  # somebody else's number
    out, error = child.communicate(timeout=20)
    assert child.returncode == 1 and not out and "is gone" in error


def test_it_ends_with_its_parent():
    parent = start(sys.executable, "-c", STARTS, LIVES)
    assert parent.stdout.readline() == "lives\n"
    killed = time.monotonic()
    parent.send_signal(signal.SIGKILL)
    assert parent.stdout.read() == ""  # until the child has ended too
    assert time.monotonic() - killed < 30, "the child lived on to its end"


def test_it_starts_where_its_parent_is_the_first_process_as_in_a_container():
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-pf", "true"], capture_output=True).returncode:
        pytest.skip("no process namespaces here")
    first = start(unshare, "-pf", "--kill-child", sys.executable, "-c", STARTS, LIVES)
    try:
        assert first.stdout.readline() == "lives\n"
    finally:
        first.kill()
        first.wait(20)
