"""Plain Rasa, twice, as the yardstick: its default pipeline, and a lean one; and ours, trained on the same few examples.

All three learn the same texts, with one frozen list of intents (intents.txt): for each topic the two aspects that are
asked most, and the other kinds. Each is trained in a folder of its own. The texts that nobody trained on are there to ask.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bench.driving import memory_mb
from handover.settings import ROOT
from tests.stack.running import free_port

PYTHON = ROOT / "bot" / ".venv" / "bin" / "python"
INTENTS = Path(__file__).parent / "intents.txt"
EXAMPLES = 8  # of each intent: some 1,140 in all, which the default pipeline learns in some minutes
STORIES = 3  # as in the project that `rasa init` makes
SEPARATOR = "__"

DEFAULT = """
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- {name: CountVectorsFeaturizer, analyzer: char_wb, min_ngram: 1, max_ngram: 4}
- {name: DIETClassifier, epochs: 100, constrain_similarities: true}
- name: EntitySynonymMapper
- {name: ResponseSelector, epochs: 100, constrain_similarities: true}
- {name: FallbackClassifier, threshold: 0.3, ambiguity_threshold: 0.1}
policies:
- name: MemoizationPolicy
- name: RulePolicy
- {name: UnexpecTEDIntentPolicy, max_history: 5, epochs: 100}
- {name: TEDPolicy, max_history: 5, epochs: 100, constrain_similarities: true}
"""  # what Rasa 3.6 takes when config.yml names nothing, written out
LEAN = """
pipeline:
- name: WhitespaceTokenizer
- {name: CountVectorsFeaturizer, analyzer: char_wb, min_ngram: 1, max_ngram: 4}
- name: LogisticRegressionClassifier
policies:
- name: RulePolicy
"""
CONFIGS = {"default": DEFAULT, "lean": LEAN}


@dataclass
class Data:
    """`learnt` and `rest`: Dutch texts of each intent, trained on and not. `about`: topic and aspect, or the subkind, of a text."""

    learnt: dict[str, list[str]]
    rest: dict[str, list[str]]
    about: dict[str, dict[str, str]]


@dataclass
class Peers:
    """The trained models, and how long each took, in seconds of the clock from an empty folder."""

    data: Data
    models: dict[str, Path] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def read(limit: int | None = None) -> Data:
    """The project's own examples under the frozen intents, in an order that never changes. `limit`: about so many questions."""
    intents = [line.split("#")[0].strip() for line in INTENTS.read_text().splitlines() if line.split("#")[0].strip()]
    if limit:
        questions = [name for name in intents if SEPARATOR in name]
        intents = questions[:: max(1, len(questions) // limit)] + [name for name in intents if SEPARATOR not in name]
    found: dict[str, list[str]] = defaultdict(list)
    about = {}
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        for block in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["nlu"]:  # the safe loader, in C
            told = block["metadata"]
            name = SEPARATOR.join((told["topic"], told["aspect"])) if block["intent"] == "vraag" else block["intent"]
            if told["language"] != "nl" or name not in intents:
                continue
            for line in block["examples"].splitlines():
                text = line.removeprefix("- ").strip()
                if text and text not in about:
                    found[name].append(text)
                    about[text] = {**told, "kind": block["intent"]}
    short = [name for name in intents if len(found[name]) < EXAMPLES]
    if short:
        sys.exit(f"bench: data/nlu has fewer than {EXAMPLES} Dutch examples of {', '.join(short)}, which bench/intents.txt names")
    ordered = {name: sorted(found[name], key=lambda text: hashlib.sha256(text.encode()).digest()) for name in intents}
    return Data(
        {name: texts[:EXAMPLES] for name, texts in ordered.items()}, {name: texts[EXAMPLES:] for name, texts in ordered.items()}, about
    )


def trained(folder: Path, names: tuple[str, ...], limit: int | None = None) -> Peers:
    """Trains what is missing in `folder`. A folder that is kept (BENCH_PEERS) is used again while its data are the same."""
    data = read(limit)
    wanted = hashlib.sha256(json.dumps([data.learnt, CONFIGS], sort_keys=True).encode()).hexdigest()[:12]
    peers = Peers(data)
    for name in names:
        place = folder.absolute() / f"{name}-{wanted}"
        took, model = place / "seconds", place / "models" / "model.tar.gz"
        if not (model.exists() and took.exists()):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            print(f"bench: training {name} on {sum(map(len, data.learnt.values()))} examples", file=sys.stderr, flush=True)
            (_write_ours if name == "ours" else _write_plain)(place, data, name)
            began = time.perf_counter()
            _train(place, name, model)
            took.write_text(str(time.perf_counter() - began))
        peers.models[name], peers.seconds[name] = model, float(took.read_text())
    return peers


def _train(place: Path, name: str, model: Path) -> None:
    command = ["-m", "bot.train", "--out", str(model)] if name == "ours" else ["-m", "rasa", "train", "--fixed-model-name", "model"]
    with (place / "train.log").open("wb") as log:
        done = subprocess.run([PYTHON, *command], cwd=place, env=environment(place), stdout=log, stderr=log)
    if done.returncode or not model.exists():
        raise RuntimeError(f"training {name} failed:\n{(place / 'train.log').read_text(errors='replace')[-2000:]}")


def environment(place: Path) -> dict[str, str]:
    """For a Rasa that runs in `place`: no calls home, nothing of this Python."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WEGWIJS_", "PYTHON", "VIRTUAL_ENV"))}
    return {**clean, "PYTHONPATH": str(place), "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


def response(intent: str) -> str:
    """What a plain peer answers: every intent has a text of its own, so that a wrong one is seen."""
    return f"Antwoord op {intent}."


def _write_plain(place: Path, data: Data, name: str) -> None:
    """A Rasa project as its documentation advises for questions and answers: a rule for each intent, and a few stories."""
    intents = list(data.learnt)
    steps = [[{"intent": intent}, {"action": f"utter_{intent}"}] for intent in intents]
    stories = [{"story": f"s{n}", "steps": [one for two in steps[n :: max(1, len(steps) // 3)][:3] for one in two]} for n in range(STORIES)]
    domain = {"intents": intents, "responses": {f"utter_{intent}": [{"text": response(intent)}] for intent in intents}}
    nlu = [{"intent": intent, "examples": _lines(texts)} for intent, texts in data.learnt.items()]
    (place / "config.yml").write_text(f"recipe: default.v1\nassistant_id: {name}\nlanguage: nl\n{CONFIGS[name]}")
    _dump(place / "domain.yml", domain)
    _dump(place / "data" / "nlu.yml", {"nlu": nlu})
    _dump(place / "data" / "rules.yml", {"rules": [{"rule": f"r{n}", "steps": two} for n, two in enumerate(steps)]})
    if name == "default":
        _dump(place / "data" / "stories.yml", {"stories": stories})
    (place / "credentials.yml").write_text("rest:\n")
    (place / "endpoints.yml").write_text("")


def _write_ours(place: Path, data: Data, _name: str) -> None:
    """Our project with these examples only; no answers, which ours would read as well."""
    for name in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / name, place)
    shutil.copytree(ROOT / "data" / "rules", place / "data" / "rules")
    shutil.copytree(ROOT / "bot", place / "bot", ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    blocks: list[dict[str, Any]] = []
    for texts in data.learnt.values():
        for text in texts:
            told = data.about[text]
            metadata = {key: value for key, value in told.items() if key != "kind"}
            blocks.append({"intent": told["kind"], "metadata": metadata, "examples": _lines([text])})
    _dump(place / "data" / "nlu" / "all.yml", {"nlu": blocks})


def _lines(texts: list[str]) -> str:
    return "".join(f"- {text}\n" for text in texts)


def _dump(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.dump({"version": "3.1", **content}, allow_unicode=True, width=10**6, Dumper=yaml.CSafeDumper), encoding="utf-8")


class PlainRasa:
    """`rasa run` on one of the peers, with the REST channel alone."""

    def __init__(self, model: Path) -> None:
        self.port = free_port()
        place = model.parent.parent
        command = ["-m", "rasa", "run", "-m", str(model), "--port", str(self.port), "-i", "127.0.0.1"]
        with (place / "run.log").open("wb") as log:
            self._process = subprocess.Popen([PYTHON, *command], cwd=place, env=environment(place), stdout=log, stderr=log)
        self._log = place / "run.log"

    @property
    def pids(self) -> list[int]:
        return [self._process.pid]

    def memory_mb(self) -> float:
        return memory_mb(self._process.pid)

    def wait(self, seconds: float = 400) -> None:
        import urllib.request

        deadline = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/webhooks/rest/", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"plain Rasa did not start:\n{self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Inside:
    """A process that understands texts with one model (inside_rasa.py)."""

    def __init__(self, model: Path, kind: str) -> None:
        self._process = subprocess.Popen(
            [PYTHON, str(Path(__file__).parent / "inside_rasa.py"), str(model), kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=ROOT if kind == "ours" else model.parent.parent, env=environment(ROOT),
        )  # fmt: skip
        self._read()

    def understand(self, texts: list[str]) -> list[dict[str, Any]]:
        """{"intent", "confidence", "ms"} of each."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(texts) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> list[dict[str, Any]]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("bench/inside_rasa.py ended")
        found: list[dict[str, Any]] = json.loads(line)
        return found

    def memory_mb(self) -> float:
        return memory_mb(self._process.pid)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
