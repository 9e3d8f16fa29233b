"""All tests, two runs of pytest beside each other: many of them wait for something. `python -m tests`, which `make test` does.

Each run has services, databases and ports of its own. What comes after the command is given to each: `python -m tests -x`.
"""

import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = 2
RUNS = {  # the longest first; folders that stand nowhere are in the last one
    "stack": ["tests/stack"],
    "browser": ["tests/browser"],
    "handover": ["tests/handover"],
    "cluster": ["tests/chaos", "tests/cluster"],  # they share an installation of several processes, which the last test stops
    "bot": ["tests/bot"],
    "voice": ["tests/voice"],
}
REST = "rest"


def command(name: str) -> list[str]:
    """tests/bot runs inside Rasa's own environment."""
    python = ROOT / ("bot/.venv" if name == "bot" else ".venv") / "bin" / "python"
    named = [folder for folders in RUNS.values() for folder in folders]
    what = RUNS.get(name) or ["tests", *(f"--ignore={folder}" for folder in named)]
    return [str(python), "-u", "-m", "pytest", *what, "-o", f"cache_dir={ROOT}/.pytest_cache/{name}", *sys.argv[1:]]


class Runs:
    """What is to be done, what failed, and lines that say how far it is."""

    def __init__(self) -> None:
        self._waiting = deque([*RUNS, REST])
        self.failed: dict[str, str] = {}  # the whole output of each run in which something did

    def work(self) -> None:
        while True:
            try:
                name = self._waiting.popleft()
            except IndexError:
                return
            code, output = self._one(name)
            if code not in (0, 5):  # 5: what was asked for is in none of these folders
                self.failed[name] = output

    def _one(self, name: str) -> tuple[int, str]:
        lines = []
        with subprocess.Popen(
            command(name), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process:
            assert process.stdout
            summary = False
            for line in process.stdout:
                lines.append(line)
                summary = summary or "short test summary" in line
                if summary or line.rstrip().endswith("%]"):
                    print(f"{name:8} | {line}", end="", flush=True)
        if not summary:
            print(f"{name:8} | {lines[-1] if lines else ''}", end="", flush=True)
        return process.returncode, "".join(lines)


def main() -> int:
    began, runs = time.monotonic(), Runs()
    threads = [threading.Thread(target=runs.work) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, output in runs.failed.items():
        print(f"\n{'-' * 20} {name}, where something failed {'-' * 20}\n{output}")
    print(f"{'failed: ' + ', '.join(runs.failed) if runs.failed else 'all tests passed'}, {time.monotonic() - began:.0f} s")
    return 1 if runs.failed else 0


if __name__ == "__main__":
    sys.exit(main())
