"""Training from the command line: a bad file ends it with one clear line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conftest import ROOT


def train(folder: Path, *extra: str) -> subprocess.CompletedProcess:
    import os

    return subprocess.run(
        [sys.executable, "-m", "bot.train", "--out", "models/x.tar.gz", *extra],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "data/rules", tmp_path / "data/rules")
    (tmp_path / "data/nlu/vraag").mkdir(parents=True)
    shutil.copy(ROOT / "data/nlu/vraag/paspoort.yml", tmp_path / "data/nlu/vraag")  # Rasa reads a file of examples in half a second
    shutil.copytree(ROOT / "bot", tmp_path / "bot", ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    return tmp_path


def test_missing_inputs_are_named(tmp_path, checkout):
    shutil.rmtree(checkout / "data/rules")
    done = train(checkout)
    assert done.returncode == 1 and done.stderr.strip().splitlines()[-1].startswith("train: not found: data/rules")


def test_a_bad_file_ends_the_training(checkout):
    (checkout / "data/nlu/vraag/paspoort.yml").write_text("version: '3.1'\nnlu:\n- intent: vraag\n  examples: |\n    - [kapot\n  : :\n")
    done = train(checkout)
    assert done.returncode == 1
    assert "paspoort.yml" in done.stderr and "Traceback" not in done.stderr
    assert not (checkout / "models/x.tar.gz").exists()


def test_a_question_without_a_topic_ends_the_training(checkout):
    (checkout / "data/nlu/vraag/extra.yml").write_text("version: '3.1'\nnlu:\n- intent: vraag\n  examples: |\n    - zonder onderwerp\n")
    done = train(checkout)
    assert done.returncode == 1 and "zonder onderwerp" in done.stderr and "Traceback" not in done.stderr


def test_labels_are_known_topics_and_aspects():
    """Every topic file is named after its one topic; kinds have a subkind."""
    for path in (ROOT / "data/nlu").rglob("*.yml"):
        for block in yaml.safe_load(path.read_text())["nlu"]:
            told = block["metadata"]
            assert told["language"] in ("nl", "en"), path
            if path.parent.name == "vraag":
                assert block["intent"] == "vraag" and told["topic"] == path.stem and told["aspect"], path
            else:
                assert block["intent"] == path.stem and told["subkind"], path


def test_rules_do_not_grow_with_content():
    rules = [rule for path in (ROOT / "data/rules").glob("*.yml") for rule in yaml.safe_load(path.read_text())["rules"]]
    topics = {path.stem for path in (ROOT / "data/nlu/vraag").glob("*.yml")}
    assert len(rules) < 20 and len(topics) >= 67
    assert not any(topic in yaml.dump(rules) for topic in topics - {"contact"})
