"""Trains the model: `bot/.venv/bin/python -m bot.train --out models/x.tar.gz` from the root of the checkout.

Reads config.yml, domain.yml, data/nlu, data/rules, the tables of examples in data and the titles of data/answers. Prints a
few lines; a bad file ends it with one line on stderr and exit code 1.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

from bot.quiet import quiet

INPUTS = ("config.yml", "domain.yml", "data/nlu", "data/rules")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="where the model comes: a path that ends in .tar.gz")
    out = parser.parse_args().out
    if not out.name.endswith(".tar.gz"):
        parser.error("--out must end in .tar.gz")
    missing = [name for name in INPUTS if not Path(name).exists()]
    if missing:
        print(f"train: not found: {', '.join(missing)} (run this from the root of the checkout)", file=sys.stderr)
        return 1
    try:
        train(out)
    except KeyboardInterrupt:
        return 130
    except SystemExit as stopped:  # Rasa's own way out of a bad file, after it printed why
        return 1 if stopped.code else 0
    except Exception as error:
        print(f"train: {_one_line(error)}", file=sys.stderr)
        return 1
    return 0


def train(out: Path) -> None:
    """Writes the model to `out`, at once and whole: a run that is stopped leaves the old model as it was."""
    started = time.monotonic()
    quiet()
    logging.disable(logging.ERROR)  # what goes wrong is said in one line, below
    print("train: loading Rasa", flush=True)
    import rasa.model_training

    print(f"train: reading and training ({time.monotonic() - started:.0f} s)", flush=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".training-") as scratch:
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(scratch) / "cache")
        result = rasa.model_training.train(
            domain="domain.yml",
            config="config.yml",
            training_files=["data/nlu", "data/rules"],
            output=scratch,
            fixed_model_name=out.name,
            force_training=True,
        )
        if result.model is None:
            raise RuntimeError("no model came out of the training")
        os.replace(result.model, out)
    print(f"train: {out} is ready ({time.monotonic() - started:.0f} s)", flush=True)


def _one_line(error: BaseException) -> str:
    """The error that all others came from, which names the file or the example; Rasa wraps it in its own."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"


if __name__ == "__main__":
    sys.exit(main())
