"""Making a bare clone ready: nothing newer than Python 3.8, nothing done twice, two runs wait for each other."""

import ast
import fcntl
import sys
import threading
from pathlib import Path

import pytest

from handover import bootstrap

SOURCE = Path(bootstrap.__file__)
INPUTS = [
    "config.yml",
    "domain.yml",
    "data/topics.csv",
    "data/follow_ups.csv",
    "data/settled.csv",
    "data/nlu/a.yml",
    "data/rules/r.yml",
    "bot/components/c.py",
    "bot/language/l.py",
    "bot/importer.py",
    "bot/train.py",
    "bot/requirements.lock",
]
OTHERS = ["bot/.venv/lib/x.py", "bot/notes.txt", "bot/turn.py", "data/texts.yml"]


def test_it_runs_on_an_old_python_with_nothing_installed():
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 8))
    names = {alias.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= sys.stdlib_module_names
    written = [node.returns for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    written += [node.annotation for node in ast.walk(tree) if isinstance(node, ast.arg)]
    subscripted = {part.value.id for found in written if found for part in ast.walk(found) if isinstance(part, ast.Subscript)}
    assert not subscripted & {"list", "dict", "tuple", "set", "type"}  # not before Python 3.9


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A checkout that has everything a fingerprint looks at."""
    for name in ("data/nlu", "data/rules", "bot/components", "bot/language", "bot/.venv/lib", "models"):
        (tmp_path / name).mkdir(parents=True)
    for name in [
        *INPUTS,
        *OTHERS,
        "data/aspects.csv",
        "data/two_subjects.csv",
        "requirements.lock",
        "requirements-dev.lock",
        "pyproject.toml",
        "bot/requirements.lock",
    ]:
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def commands(monkeypatch):
    """What would be run."""
    ran: list[list[str]] = []

    def run(command: list[str], folder: Path, hint: str = "") -> None:
        ran.append(command)
        programs = Path(folder) / ".venv" / "bin"
        if "venv" in command:
            programs.mkdir(parents=True)
            (programs / "python").touch()
        elif "-e" in command:
            (programs / "wegwijs").touch()

    monkeypatch.setattr(bootstrap, "_run", run)
    monkeypatch.setattr(bootstrap, "_uv", lambda: "uv")
    return ran


@pytest.mark.parametrize("name", INPUTS)
def test_training_is_needed_when_an_input_changes(clone, name):
    before = bootstrap.model_path()
    (clone / name).write_text("changed")
    assert bootstrap.model_path() != before


@pytest.mark.parametrize("name", OTHERS)
def test_and_not_when_anything_else_does(clone, name):
    before = bootstrap.model_path()
    (clone / name).write_text("changed")
    assert bootstrap.model_path() == before


def test_a_file_that_moves_or_is_new_counts_too(clone):
    before = bootstrap.model_path()
    (clone / "data/nlu/a.yml").rename(clone / "data/nlu/b.yml")
    assert bootstrap.model_path() != before


def test_the_model_is_trained_once_and_older_ones_go(clone, commands, capsys):
    old = clone / "models" / "wegwijs-0000000000000000.tar.gz"
    old.touch()
    bootstrap.main(["model"])
    assert len(commands) == 1
    assert str(bootstrap.model_path()) in commands[0]
    assert not old.exists()
    assert "training the model" in capsys.readouterr().err
    bootstrap.model_path().touch()
    bootstrap.main(["model"])
    assert len(commands) == 1
    bootstrap.main(["model", "--force"])
    assert len(commands) == 2


def test_packages_are_installed_once_for_each_lock(clone, commands):
    bootstrap.main(["service"])
    first = len(commands)
    assert any("requirements.lock" in part for command in commands for part in command)
    assert any("--require-hashes" in command for command in commands)
    bootstrap.main(["service"])
    assert len(commands) == first
    bootstrap.main(["tests"])
    second = len(commands)
    assert second > first
    bootstrap.main(["service", "tests"])
    assert len(commands) == second
    (clone / "requirements.lock").write_text("changed")
    bootstrap.main(["service"])
    assert len(commands) > second


def test_a_second_run_waits_for_the_first(clone, capsys):
    done = []
    with (clone / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = threading.Thread(target=lambda: (bootstrap.main([]), done.append(True)))
        waiting.start()
        waiting.join(0.05)
        assert not done
        fcntl.flock(lock, fcntl.LOCK_UN)
        waiting.join(10)
    assert done
    assert "another run is installing or training; waiting for it" in capsys.readouterr().err


def test_a_command_that_fails_ends_with_one_line(clone, monkeypatch):
    monkeypatch.setattr(bootstrap, "_bot", lambda: bootstrap._run(["false", "a", "b", "c"], clone))
    with pytest.raises(SystemExit) as end:
        bootstrap.main(["bot"])
    assert str(end.value).startswith("wegwijs: 'false a b …' ended with 1")
    assert "\n" not in str(end.value)


def test_commands_do_not_inherit_another_environment(clone, monkeypatch, tmp_path):
    seen = tmp_path / "seen"
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    bootstrap._run(["sh", "-c", f'echo "$VIRTUAL_ENV$PYTHONPATH" > {seen}'], clone)
    assert seen.read_text() == "\n"
