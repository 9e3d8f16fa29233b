"""Plain Dutch (LANG-1, LANG-2): every text that residents get, measured as it is shown, with the facts filled in."""

import re
from collections.abc import Iterator
from functools import cache
from statistics import mean, median
from typing import Any

import pytest
import textstat
import yaml

from handover.content.library import Library
from tests.actions.conftest import DATA

SENTENCE_MEAN, SENTENCE_MOST = 15, 25  # words
LONG = 30  # words: from here a text is measured on its own
EASE_EACH, EASE_MEDIAN = 60, 70  # Flesch-Douma
FEW = 8  # words: labels of buttons say nothing about how a text reads

# officialese → what to write instead
DENIED = {
    "aangaande": "over", "aldaar": "daar", "alsmede": "en", "alsook": "en", "benevens": "en", "betreffende": "over", "conform": "volgens",
    "derhalve": "dus", "desgewenst": "als u wilt", "desondanks": "toch", "dient u te": "moet u", "dienen te": "moeten",
    "dientengevolge": "daardoor", "echter": "maar", "eveneens": "ook", "gaarne": "graag", "geschiedt": "gebeurt", "heden": "nu",
    "hieromtrent": "hierover", "hiertoe": "hiervoor", "indien": "als", "ingevolge": "volgens", "inzake": "over", "jegens": "tegen",
    "krachtens": "volgens", "middels": "met", "mits": "als", "momenteel": "nu", "nadien": "daarna", "nochtans": "toch", "omtrent": "over",
    "onderhavige": "deze", "onverwijld": "direct", "onzerzijds": "wij", "reeds": "al", "ten aanzien van": "over", "ten behoeve van": "voor",
    "ten gevolge van": "door", "teneinde": "om", "tevens": "ook", "thans": "nu", "uwerzijds": "u", "verstrekken": "geven",
    "voornemens": "van plan", "voornoemde": "deze", "vooralsnog": "voorlopig", "wegens": "door", "woonachtig": "wonend",
    "zorg dragen voor": "zorgen voor", "bijv.": "bijvoorbeeld", "d.m.v.": "met", "evt.": "misschien", "i.v.m.": "door", "m.b.t.": "over",
    "max.": "hoogstens", "min.": "minstens", "nl.": "namelijk", "o.a.": "onder andere", "t.a.v.": "voor",
    "t/m": "tot en met", "z.s.m.": "zo snel mogelijk",
}  # fmt: skip
OFFICIALESE = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in DENIED), re.IGNORECASE)
# the reader is "u"
FAMILIAR = re.compile(r"\b(?:je|jij|jou|jouw|jullie)\b", re.IGNORECASE)


NAMES = re.compile(r"Verklaring Omtrent het Gedrag", re.IGNORECASE)  # as the law calls them
ADDRESSES = re.compile(r"https?://\S*[^\s.]|\S+@\S*[^\s.]|\b[\w-]+(?:\.[\w-]+)*\.(?:nl|example)\b", re.IGNORECASE)


def plain(text: str) -> str:
    """`text` with addresses as one word, and without names that nobody can change."""
    return NAMES.sub("verklaring", ADDRESSES.sub("adres", text))


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence. A number with spaces and a clock time count as one word."""
    text = re.sub(r"\d[\d .,:+]*\d", "9", plain(text))
    found = [re.findall(r"[\w'’-]+", part) for part in re.split(r"[.!?…]+(?:\s|$|[”\")])|\n+", text)]
    return [words for words in found if words]


@cache
def syllables(word: str) -> int:
    return max(1, textstat.syllable_count(word))


def reading_ease(text: str) -> float:
    """Flesch-Douma: 206.835 − 0.93 · words a sentence − 77 · syllables a word."""
    parts = sentences(text)
    words = [word for part in parts for word in part]
    return 206.835 - 0.93 * len(words) / len(parts) - 77 * sum(map(syllables, words)) / len(words)


def complaints(text: str) -> list[str]:
    """What is wrong with one text."""
    parts = sentences(text)
    lengths = [len(part) for part in parts] or [0]
    found = [f"{max(lengths)} words in a sentence"] if max(lengths) > SENTENCE_MOST else []
    if mean(lengths) > SENTENCE_MEAN:
        found.append(f"{mean(lengths):.1f} words a sentence")
    if sum(lengths) >= LONG and (ease := reading_ease(text)) < EASE_EACH:
        found.append(f"reading ease {ease:.0f}")
    found += [f"'{word}': {DENIED[word.lower()]}" for word in OFFICIALESE.findall(plain(text))]
    found += [f"'{word}': u" for word in FAMILIAR.findall(text)]
    return found


def fixed_texts(entry: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, Dutch text) of texts.yml; addresses are no texts."""
    if not isinstance(entry, dict) or key.endswith(".url"):
        return
    if isinstance(entry.get("nl"), str):
        yield key, entry["nl"]
        return
    for name, value in entry.items():
        yield from fixed_texts(value, f"{key}.{name}".lstrip("."))


def answer_texts(file: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for aspect, entry in file["answers"].items():
        yield aspect, entry["nl"]
        if spoken := entry.get("spoken"):
            yield f"{aspect}.spoken", spoken["nl"]


@pytest.fixture(scope="module", autouse=True)
def dutch() -> None:
    textstat.set_lang("nl")


def read(path: Any) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def wrong(library: Library, texts: Iterator[tuple[str, str]]) -> list[str]:
    return [f"{key}: {', '.join(found)}" for key, text in texts if (found := complaints(library.facts.fill(text, "nl")))]


def test_the_measure_itself():
    easy, hard = "U kunt dit hier doen. Dat is gratis.", "Belanghebbende wordt verzocht onverwijld bewijsstukken te overleggen."
    assert reading_ease(easy) > 90 > 30 > reading_ease(hard)
    assert complaints(hard) == ["'onverwijld': direct"]
    assert complaints("Wil je dit? " + "woord " * 26) == ["26 words in a sentence", "'je': u"]
    assert sentences("Bel 0800 20 00. Kijk op www.gemeente.nl.") == [["Bel", "9"], ["Kijk", "op", "adres"]]
    assert complaints("Mail naar a@b.nl of kijk op gemeente.nl. Vraag een Verklaring Omtrent het Gedrag aan.") == []


def test_the_fixed_texts_are_plain(library):
    assert wrong(library, fixed_texts(read(DATA / "texts.yml"))) == []


@pytest.mark.parametrize("topic", [path.stem for path in sorted((DATA / "answers").glob("*.yml"))])
def test_the_answers_are_plain(library, topic):
    assert wrong(library, answer_texts(read(DATA / "answers" / f"{topic}.yml"))) == []


def test_all_texts_together_read_easily(library):
    files = [read(path) for path in sorted((DATA / "answers").glob("*.yml"))]
    texts = [*fixed_texts(read(DATA / "texts.yml")), *(text for file in files for text in answer_texts(file))]
    filled = [library.facts.fill(text, "nl") for _, text in texts]
    assert median(reading_ease(text) for text in filled if len(text.split()) >= FEW) >= EASE_MEDIAN
