"""Start and stop of several processes. The last file of this folder: it leaves nothing running that others could play on."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import servers
from tests.cluster.running import Cluster
from tests.stack.running import ROOT, WEGWIJS


def _start(tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WEGWIJS_")}
    settings = {"WEGWIJS_DATA": str(tmp_path), "WEGWIJS_PORT": str(servers.free_port()), "WEGWIJS_WORKERS": "2", **env}
    return subprocess.run([WEGWIJS, "serve"], env=clean | settings, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_neighbour_that_cannot_be_reached_stops_the_start_with_one_line(cluster: Cluster, tmp_path: Path) -> None:
    """Each waits for it for a while first; here both at once."""
    nobody = servers.free_port()
    there = {"WEGWIJS_DATABASE_URL": cluster.database.url(), "WEGWIJS_REDIS_URL": cluster.bell.url()}
    gone = {"WEGWIJS_DATABASE_URL": cluster.database.url(port=nobody), "WEGWIJS_REDIS_URL": cluster.bell.url(nobody)}
    with ThreadPoolExecutor() as threads:
        started = {away: threads.submit(_start, tmp_path / away, **{**there, away: gone[away]}) for away in gone}
        ended = {away: one.result() for away, one in started.items()}
    for away, one in ended.items():
        assert one.returncode != 0, away
        assert one.stderr.strip().count("\n") == 0, one.stderr
        assert one.stderr.startswith(f"wegwijs: {away}=")


def test_when_the_supervisor_is_killed_nobody_is_left(cluster: Cluster) -> None:
    """And the port is free for the next start."""
    children = cluster.children()
    assert len(children) >= 3
    cluster.kill()
    deadline = time.monotonic() + 60
    while any(_alive(pid) for pid in children):
        assert time.monotonic() < deadline, "an orphan is left"
        time.sleep(0.05)
    cluster.start(wait_for_bot=False)
    assert len(cluster.worker_pids()) == 2
    children = cluster.children()
    assert cluster.stop() == 0
    assert not any(_alive(pid) for pid in children)


def _alive(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
