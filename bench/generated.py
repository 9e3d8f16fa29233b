"""A checkout of its own, with any number of topics that were made up: content, questions and a trained model."""

import csv
import datetime
import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from bench.peers import PYTHON, environment
from handover.settings import ROOT
from tests.stack.running import Stack

COPIED = ("actions", "bot", "handover", "migrations", "web", "config.yml", "domain.yml", "alembic.ini")
KINDS = ("affirm", "callback", "chitchat", "deny", "handover_request", "nonsense", "out_of_scope", "recap", "urgent")
SYLLABLES = ("ba", "dro", "fi", "gel", "hu", "ka", "lor", "mes", "nu", "pit", "ra", "sol", "ti", "vem", "wo", "zak")
LEARNT = {
    "kosten": ("Wat kost een {}?", "Hoeveel betaal ik voor een {}?", "Wat is de prijs van een {}?", "{} kosten"),
    "aanvragen": ("Hoe vraag ik een {} aan?", "Ik wil een {} aanvragen.", "Hoe regel ik een {}?", "{} aanvragen"),
    "meenemen": ("Wat moet ik meenemen voor een {}?", "Welke papieren heb ik nodig voor een {}?", "{} wat meenemen"),
    "termijn": ("Hoe lang duurt het voor ik mijn {} krijg?", "Wanneer is mijn {} klaar?", "{} hoe lang wachten"),
}  # fmt: skip
BEFORE, AFTER = (
    ("", "hallo ", "goedemorgen ", "dag ", "even vragen: ", "vraagje, "),
    ("", " alvast bedankt", " graag", " dank u", " groet", " hoor"),
)
EXAMPLES = 6000  # about so many at least: with few topics each is said in more ways, or training would be over before it begins
ASKED = {
    "kosten": "Wat kost de {} bij jullie?",
    "aanvragen": "Hoe kan ik een {} aanvragen?",
    "meenemen": "Wat moet ik allemaal meenemen voor de {}?",
    "termijn": "Hoe lang duurt het voordat ik de {} krijg?",
}


def names(count: int) -> list[str]:
    """Made-up products, such as "gelmeszak": no two share more than some of their syllables."""
    every = ["".join(parts) for parts in itertools.permutations(SYLLABLES, 3)]
    step = len(every) // count
    return every[::step][:count]


def questions(count: int) -> list[tuple[str, str, str]]:
    """(text, topic, aspect): every topic and every aspect, none of them in the training data."""
    made = []
    for number, name in enumerate(names(count)):
        for turn in range(len(ASKED)):
            aspect, asked = list(ASKED.items())[(number + turn) % len(ASKED)]
            made.append((turn, asked.format(name), name, aspect))
    return [(text, name, aspect) for _, text, name, aspect in sorted(made)]


def checkout(place: Path, topics: int) -> Path:
    """Makes it and trains its model; some minutes for a thousand topics."""
    ignored = shutil.ignore_patterns(".venv", "__pycache__", "node_modules")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=ignored)
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, place / name)
    (place / "bot" / ".venv").symlink_to(ROOT / "bot" / ".venv")
    _write_data(place / "data", topics)
    model = subprocess.run(
        [PYTHON, "-c", "from handover.bootstrap import model_path; print(model_path())"],
        cwd=place, env=environment(place), capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    done = subprocess.run([PYTHON, "-m", "bot.train", "--out", model], cwd=place, env=environment(place), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"training {topics} topics failed: {done.stderr[-2000:]}")
    return place


def stack(data: Path, place: Path) -> Stack:
    """The service of that checkout: Python finds it before the one that is installed."""
    return Stack(data, PYTHONPATH=str(place), PYTHONDONTWRITEBYTECODE=os.environ.get("PYTHONDONTWRITEBYTECODE", ""))


def _write_data(data: Path, topics: int) -> None:
    made = names(topics)
    (data / "answers").mkdir(parents=True)
    (data / "nlu" / "vraag").mkdir(parents=True)
    for name in ("aspects.csv", "texts.yml"):
        shutil.copy(ROOT / "data" / name, data)
    shutil.copytree(ROOT / "data" / "rules", data / "rules")
    top = ", ".join(f"{name}.kosten" for name in made[:4])
    municipality = (ROOT / "data" / "municipality.yml").read_text(encoding="utf-8")
    (data / "municipality.yml").write_text(re.sub(r"(?m)^top_questions: .*$", f"top_questions: [{top}]", municipality), encoding="utf-8")
    with (data / "topics.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["topic_id", "upl_name", "upl_uri", "domain", "description"])
        rows.writerows([name, name, "", "burgerzaken", f"A made-up product: {name}."] for name in made)
    today = datetime.date.today()  # noqa: DTZ011 (an answer must not be withheld)
    for name in made:
        said = {"nl": "Dat mag.", "en": "You may."}  # so short that training does not read it as well: a thousand topics take long
        _dump(data / "answers" / f"{name}.yml", {
            "topic": name, "title": {"nl": name.capitalize(), "en": name.capitalize()}, "owner": "Burgerzaken", "checked_on": today,
            "review_by": today + datetime.timedelta(days=180), "answers": {aspect: dict(said) for aspect in LEARNT},
        })  # fmt: skip
        blocks = [_question(name, aspect, _in_ways([one.format(name) for one in learnt], topics)) for aspect, learnt in LEARNT.items()]
        _dump(data / "nlu" / "vraag" / f"{name}.yml", {"version": "3.1", "nlu": blocks})
    for name in ("follow_ups.csv", "two_subjects.csv", "settled.csv"):  # none of these products follows on another one
        header = (ROOT / "data" / name).read_text(encoding="utf-8").splitlines()[0]
        (data / name).write_text(f"{header}\n", encoding="utf-8")
    for kind in KINDS:  # as many whatever the number of topics, and so few that among twelve topics too most messages are questions
        found = yaml.load((ROOT / "data" / "nlu" / f"{kind}.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)
        found["nlu"] = found["nlu"][:2]
        for block in found["nlu"]:
            block["examples"] = "".join(block["examples"].splitlines(keepends=True)[:2])
        _dump(data / "nlu" / f"{kind}.yml", found)


def _in_ways(texts: list[str], topics: int) -> list[str]:
    ways = [f"{before}{{}}{after}" for before in BEFORE for after in AFTER]
    return [way.format(text) for way in ways[: max(1, EXAMPLES // (topics * len(LEARNT) * len(texts)))] for text in texts]


def _question(topic: str, aspect: str, texts: list[str]) -> dict[str, object]:
    examples = "".join(f"- {text}\n" for text in texts)
    return {"intent": "vraag", "metadata": {"topic": topic, "aspect": aspect, "language": "nl"}, "examples": examples}


def _dump(path: Path, content: dict[str, object]) -> None:
    path.write_text(yaml.dump(content, allow_unicode=True, width=10**6, sort_keys=False, Dumper=yaml.CSafeDumper), encoding="utf-8")
