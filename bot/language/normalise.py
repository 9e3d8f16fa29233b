"""Makes the many ways of writing one thing look alike.

`readable` keeps the text as a person would read it; `normalise` makes the form that features and patterns see:
lower case, no diacritics, no fillers of speech, common phone spelling written out.
"""

import functools
import re
import unicodedata
from typing import Callable, TypeVar

T = TypeVar("T")

WORDS_KEPT = 10_000  # of which is remembered what was worked out for them, each time something else
SLASHES = "/\\\u2044\u2215\u29f8\uff0f\uff3c"
APOSTROPHES = dict.fromkeys(map(ord, "\u2019\u2018\u00b4"), "'")

FILLERS = re.compile(r"\b(?:e+h+m*|u+h+m*|hm+|mm+|tja|pff+|ehm)\b")
ELONGATED = re.compile(r"([a-z])\1{2,}")
NOT_A_WORD = re.compile(r"[^a-z0-9?!\u20ac]+")

PHONE_SPELLING = {
    "mn": "mijn",
    "m'n": "mijn",
    "zn": "zijn",
    "z'n": "zijn",
    "ff": "even",
    "effe": "even",
    "ffe": "even",
    "idd": "inderdaad",
    "ivm": "in verband met",
    "tel": "telefoon",
    "nr": "nummer",
    "telnr": "telefoonnummer",
    "wrm": "waarom",
    "hvl": "hoeveel",
    "hoelang": "hoe lang",
    "hoeveel": "hoe veel",
    "zsm": "zo snel mogelijk",
    "gem": "gemeente",
    "mss": "misschien",
    "pp": "paspoort",
    "idkaart": "id kaart",
    "idee": "idee",
    "wnr": "wanneer",
    "verg": "vergunning",
    "svp": "alstublieft",
    "aub": "alstublieft",
    "pls": "please",
    "plz": "please",
    "dr": "er",
    "ie": "hij",
    "k": "ik",
    "t": "het",
    "'t": "het",
    "n": "een",
    "'n": "een",
    "'k": "ik",
    "u're": "you are",
    "im": "i am",
    "i'm": "i am",
    "i've": "i have",
    "don't": "do not",
    "can't": "can not",
    "cant": "can not",
    "dont": "do not",
    "what's": "what is",
    "it's": "it is",
    "isn't": "is not",
}
TOKEN = re.compile(r"'?[a-z0-9]+(?:'[a-z]+)?|[?!\u20ac]")


def readable(text: str) -> str:
    """The text without what cannot be seen: control and zero-width characters go, runs of white space become one space."""
    if text.isascii() and text.isprintable():  # as most are
        return " ".join(text.split())
    visible = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs"))
    return " ".join("".join(visible).split())


def without_command(text: str) -> str:
    """Resident text that Rasa cannot read as a command: no leading slash of any kind, whatever hides before it."""
    return readable(text).lstrip(SLASHES + " ")


def fold(text: str) -> str:
    """Lower case without diacritics and with plain apostrophes; elongated letters become two."""
    plain = readable(text).lower()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain.translate(APOSTROPHES)) if not unicodedata.combining(c))
    return ELONGATED.sub(r"\1\1", plain.replace("`", "'"))


def normalise(text: str) -> str:
    """Words separated by one space; "" when nothing but signs is left."""
    return " ".join(filter(None, map(_normal, text.split())))  # nothing here looks across a space


def remembered(of_word: Callable[[str], T]) -> Callable[[str], T]:
    """The same, with what came out for plain words kept: most come again. Numbers and addresses are worked out anew each time."""
    kept = functools.lru_cache(maxsize=WORDS_KEPT)(of_word)
    return functools.wraps(of_word)(lambda word: kept(word) if is_plain(word) else of_word(word))


def is_plain(word: str) -> bool:
    """Letters only, or a single sign: nothing that tells one resident from another, but for a name."""
    return word.isalpha() or len(word) == 1


@remembered
def _normal(word: str) -> str:
    """The normal form of what stands between two spaces: one word, several, or none."""
    words = TOKEN.findall(FILLERS.sub(" ", fold(word)))
    return " ".join(PHONE_SPELLING.get(found, found.replace("'", "")) for found in words)
