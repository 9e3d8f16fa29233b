"""The bot as the service meets it: a process of its own, behind HTTP, with a real action server beside it."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Tuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.components.examples import rows  # noqa: E402
from handover.bootstrap import model_path  # noqa: E402

MODEL = model_path()  # the one that `make run` serves: nothing is trained twice
TOKEN = "token-of-the-tests"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="session")
def model() -> Path:
    """The model that belongs to the present inputs, trained if nobody did."""
    if not MODEL.exists():
        subprocess.run([sys.executable, "-m", "bot.train", "--out", str(MODEL)], cwd=ROOT, check=True, capture_output=True)
    return MODEL


class Bot:
    """A running bot.serve. `ask` returns (status, body)."""

    def __init__(self, model: Path, actions_url: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/webhooks/wegwijs"
        environment = {**os.environ, "WEGWIJS_BOT_TOKEN": TOKEN, "WEGWIJS_ACTIONS_URL": actions_url, "WEGWIJS_ACTIONS_TOKEN": TOKEN}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot.serve", "--model", str(model), "--port", str(self.port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self, seconds: float = 120) -> "Bot":
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if self.get("/health")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the bot did not start")

    def get(self, path: str, token: str = TOKEN) -> Tuple[int, Any]:
        return self._send(urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {token}"}))

    def post(self, body: Any, token: Optional[str] = TOKEN, path: str = "/webhook") -> Tuple[int, Any]:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token is not None else {})}
        return self._send(urllib.request.Request(self.url + path, data=sent, headers=headers))

    @staticmethod
    def _send(request: urllib.request.Request) -> Tuple[int, Any]:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            body = error.read()
            return error.code, json.loads(body) if body.startswith(b"{") else body

    def ask(
        self, message: Any, memory: Optional[Dict] = None, conversation: str = "c-1", language: str = "nl", missed: Any = ()
    ) -> Dict[str, Any]:
        message = {"text": message} if isinstance(message, str) else message
        status, body = self.post(
            {
                "conversation": conversation,
                "language": language,
                "message": message,
                "memory": memory,
                "missed": list(missed),
            }
        )
        assert status == 200, (status, body)
        return body

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def actions_url() -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/bot/action_server.py"), str(port)],
        cwd=ROOT,
        env={**os.environ, "WEGWIJS_ACTIONS_TOKEN": TOKEN},
    )
    _wait_for(port)
    yield f"http://127.0.0.1:{port}/"
    server.terminate()
    server.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the action server did not start")


@pytest.fixture(scope="session")
def bot(model: Path, actions_url: str) -> Iterator[Bot]:
    running = Bot(model, actions_url)
    yield running.wait()
    running.stop()


@pytest.fixture(scope="session")
def bot_without_actions(model: Path) -> Iterator[Bot]:
    """Nobody listens where this one looks for its actions."""
    running = Bot(model, f"http://127.0.0.1:{free_port()}/")
    yield running.wait()
    running.stop()


@pytest.fixture(scope="session")
def understanding(model: Path) -> Any:
    """The trained component alone, without Rasa around it."""
    import tarfile
    import tempfile
    from contextlib import contextmanager

    from bot.quiet import quiet

    quiet()
    from bot.components.understanding import Understanding

    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(model) as packed:
            packed.extractall(folder)
        inside = next(path.parent for path in Path(folder).rglob("understanding.joblib"))

        class Storage:
            @contextmanager
            def read_from(self, _: Any) -> Iterator[Path]:
                yield inside

        return Understanding.load({}, Storage(), None, None)


def test_questions() -> list:
    """Every test question, as tests/questions holds them. None of them is trained on."""
    paths = sorted((ROOT / "tests/questions").glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


test_questions.__test__ = False  # a helper; pytest takes it for a test


def trained_on() -> set:
    """Every text that the model learns from, in lower case."""
    lines = (line for path in (ROOT / "data/nlu").rglob("*.yml") for line in path.read_text().splitlines())
    examples = {match[1].strip().lower() for line in lines for match in [re.match(r"    - (.*)", line)] if match}
    tables = (ROOT / "data" / name for name in ("follow_ups.csv", "two_subjects.csv", "settled.csv"))
    return examples | {row["text"].strip().lower() for path in tables for row in rows(path)}
