"""Makes a bare clone ready: uv, both Python environments, the trained model. Run by the Makefile, by path.

Only the standard library, and nothing newer than Python 3.8, because it runs on whatever `python3` is there. Two runs
from one checkout wait for each other. What is up to date is left alone, so a second run takes no time.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator  # noqa: UP035 (Python 3.8)

ROOT = Path(__file__).resolve().parent.parent
UV_VERSION = "0.8.0"  # at least
# what training reads, and no more of bot/: a change to how turns are served needs no training
MODEL_INPUTS = (
    "config.yml", "domain.yml", "data/topics.csv", "data/aspects.csv", "data/nlu", "data/rules", "data/follow_ups.csv",
    "data/two_subjects.csv", "data/settled.csv",
    "bot/components", "bot/language", "bot/importer.py", "bot/train.py", "bot/requirements.lock",
)  # fmt: skip


class SetupError(Exception):
    """One line that says what is wrong and what to do."""


def main(arguments: list) -> None:
    """`service`, `tests`, `bot`, `model` (with --force): what to make ready, in this order."""
    try:
        with _alone():
            for what in arguments:
                if what in ("service", "tests"):
                    _service(with_tests=what == "tests")
                elif what == "bot":
                    _bot()
                elif what == "model":
                    _model(force="--force" in arguments)
    except SetupError as error:
        sys.exit(f"wegwijs: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with open(ROOT / ".setup.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _say("another run is installing or training; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    print(f"wegwijs: {text}", file=sys.stderr, flush=True)


# Environments


def _service(with_tests: bool) -> None:
    venv, lock = ROOT / ".venv", ROOT / ("requirements-dev.lock" if with_tests else "requirements.lock")
    wanted = _digest(lock, ROOT / "pyproject.toml", extra=str(ROOT))
    stamps = _stamps(venv)
    if stamps.get(lock.name) == wanted and (venv / "bin" / "wegwijs").exists():
        return
    _say("installing the service's packages" + (" and the test tools" if with_tests else ""))
    uv = _uv()
    _environment(uv, ROOT, venv)
    python = str(venv / "bin" / "python")
    # not `sync`: the test tools are installed on top of the service's packages and may stay
    _run([uv, "pip", "install", "--python", python, "--require-hashes", "-r", str(lock)], ROOT)
    _run([uv, "pip", "install", "--python", python, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], ROOT)
    stamps[lock.name] = wanted
    if with_tests:
        stamps["requirements.lock"] = _digest(ROOT / "requirements.lock", ROOT / "pyproject.toml", extra=str(ROOT))
    _stamp(venv, stamps)


def _bot() -> None:
    folder = ROOT / "bot"
    venv, lock = folder / ".venv", folder / "requirements.lock"
    wanted = _digest(lock)
    if _stamps(venv).get(lock.name) == wanted:
        return
    _say("installing Rasa and what it needs (about 500 MB; this takes some minutes the first time)")
    uv = _uv()
    _environment(uv, folder, venv)
    _run([uv, "pip", "sync", "--python", str(venv / "bin" / "python"), "--require-hashes", str(lock)], folder)
    _stamp(venv, {lock.name: wanted})


def _environment(uv: str, folder: Path, venv: Path) -> None:
    """`.python-version` in the folder names the Python; uv finds it (pyenv's too) or downloads it."""
    if not (venv / "bin" / "python").exists():
        shutil.rmtree(str(venv), ignore_errors=True)
        _run([uv, "venv", "--quiet", str(venv)], folder)


def _uv() -> str:
    """The uv of the PATH, or one of our own in .uv/."""
    found = shutil.which("uv")
    if found:
        return found
    own = ROOT / ".uv" / "bin" / "uv"
    if not own.exists():
        _say("installing uv into .uv/")
        shutil.rmtree(str(ROOT / ".uv"), ignore_errors=True)
        # from outside the checkout: pyenv would look for the Python that our .python-version names
        _run([sys.executable, "-m", "venv", str(ROOT / ".uv")], Path("/"),
             hint="python3 has no venv: on Debian, 'apt-get install python3-venv'")  # fmt: skip
        _run([str(ROOT / ".uv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv>=" + UV_VERSION], Path("/"))
    return str(own)


def _run(command: list, folder: Path, hint: str = "") -> None:
    # pyenv's python3 sets PYENV_VERSION, which would outweigh the folder's .python-version
    unwanted = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PYENV_VERSION", "PYENV_DIR", "UV_PYTHON")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    result = subprocess.run(command, cwd=str(folder), env=environment)  # noqa: S603 (our own commands)
    if result.returncode != 0:
        shown = " ".join([Path(command[0]).name, *command[1:3]])
        raise SetupError(f"'{shown} …' ended with {result.returncode}; its own message stands above. {hint}")


def _stamps(venv: Path) -> dict:
    try:
        lines = (venv / ".wegwijs").read_text().split("\n")
        return dict(line.split(" ", 1) for line in lines if line)
    except (OSError, ValueError):
        return {}


def _stamp(venv: Path, stamps: dict) -> None:
    (venv / ".wegwijs").write_text("".join(f"{name} {digest}\n" for name, digest in sorted(stamps.items())))


# The model


def model_path() -> Path:
    """Where the model that belongs to the present inputs is, trained or not."""
    return ROOT / "models" / f"wegwijs-{_model_fingerprint()[:16]}.tar.gz"


def _model_fingerprint() -> str:
    files = []
    for name in MODEL_INPUTS:
        path = ROOT / name
        if path.is_dir():
            found = (file for file in path.rglob("*") if file.is_file())
            files += [file for file in found if file.suffix in (".py", ".yml", ".lock", ".csv") and ".venv" not in file.parts]
        else:
            files.append(path)
    return _digest(*sorted(files))


def _model(force: bool) -> None:
    model = model_path()
    if model.exists() and not force:
        return
    _say("training the model (some ten minutes); only needed again when its inputs change")
    began = time.time()
    _run([str(ROOT / "bot" / ".venv" / "bin" / "python"), "-m", "bot.train", "--out", str(model)], ROOT)
    for old in model.parent.glob("wegwijs-*.tar.gz"):
        if old != model:
            old.unlink()
    _say(f"trained in {time.time() - began:.0f} s")


def _digest(*files: Path, extra: str = "") -> str:
    digest = hashlib.sha256(extra.encode())
    for file in files:
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])
