"""Numbers in words: how somebody dictates one, and how speech recognition writes it down. Dutch, and the digits in English.

"een twee drie", "twaalf vierendertig", "honderddrieëntwintig", "dubbel acht", "twenty-one"; with "uh" and "en dan" in between.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_UNITS = ("nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen")
_TEENS = ("tien", "elf", "twaalf", "dertien", "veertien", "vijftien", "zestien", "zeventien", "achttien", "negentien")
_TENS = ("twintig", "dertig", "veertig", "vijftig", "zestig", "zeventig", "tachtig", "negentig")
_ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
            "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
_ENGLISH_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_DOUBLE = ("dubbel", "dubbele", "double", "tweemaal")
# Said while one thinks or takes a breath. "en" and "and" also join two numbers that have nothing to do with each other.
_WEAK = frozenset(("en", "and"))
_FILLERS = _WEAK | frozenset(("dan", "uh", "eh", "euh", "uhm", "ehm", "um", "punt", "streep", "streepje", "komma", "then", "dash"))
_FILLERS_AT_MOST = 3  # in a row

_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_GAP = re.compile(r"[\s.,;…\-/_\u00b7\u2010-\u2015]{1,4}")


def _below_a_hundred() -> dict[str, int]:
    found = {word: value for value, word in enumerate((*_UNITS, *_TEENS))}
    for tens, word in enumerate(_TENS, 2):
        found[word] = tens * 10
        found |= {f"{unit}en{word}": tens * 10 + value for value, unit in enumerate(_UNITS) if value}
    return found


def _numbers() -> dict[str, str]:
    small = _below_a_hundred()
    found = {word: str(value) for word, value in small.items()}
    hundreds = {"honderd": 1} | {f"{unit}honderd": value for value, unit in enumerate(_UNITS) if value > 1}
    for word, hundred in hundreds.items():
        found[word] = f"{hundred}00"
        found |= {f"{word}{between}{rest}": f"{hundred}{value:02}" for rest, value in small.items() if value for between in ("", "en")}
    found |= {word: str(value) for value, word in enumerate(_ENGLISH)}
    return found | {word: str(tens * 10) for tens, word in enumerate(_ENGLISH_TENS, 2)}


_NUMBERS = _numbers()


@dataclass(frozen=True)
class Piece:
    """A part of a number: from `start` to `end` of the text. `loose`: what stands before it may part two numbers."""

    start: int
    end: int
    digits: str
    spoken: bool
    loose: bool


def digits_of(word: str) -> str | None:
    """The digits of one word: "vierendertig" → "34"."""
    plain = word.casefold()
    if not plain.isascii():
        plain = "".join(char for char in unicodedata.normalize("NFD", plain) if not unicodedata.combining(char))
    return _NUMBERS.get(plain)


def runs(text: str) -> Iterator[list[Piece]]:
    """Every row of numbers in words or digits, but for those of digits alone with nothing but signs in between."""
    run: list[Piece] = []
    end = fillers = 0
    loose = sure = double = said = False
    start_of_double = 0
    for token in _TOKEN.finditer(text):
        word = token.group()
        if run and not _GAP.fullmatch(text, end, token.start()):
            yield from [run] if said else []
            run = []
        if not run:
            fillers, loose, sure, said = 0, False, False, False
        elif word.casefold() in _FILLERS and fillers < _FILLERS_AT_MOST:
            sure = sure or word.casefold() not in _WEAK
            end, fillers, loose, said = token.end(), fillers + 1, not sure, True
            continue
        if word.casefold() in _DOUBLE:
            double, start_of_double = True, token.start()
            end = token.end() if run else end
            continue
        digits = "".join(str(int(char)) for char in word) if word[0].isdecimal() else digits_of(word)
        if digits is None:
            yield from [run] if run and said else []
            run, double = [], False
            continue
        if run and _completes(text, run[-1], digits, token.start()):
            last = run.pop()
            run.append(Piece(last.start, token.end(), last.digits[0] + digits, True, last.loose))
        else:
            start = start_of_double if double else token.start()
            run.append(Piece(start, token.end(), digits * (1 + double), not word[0].isdecimal(), loose))
        said = said or not word[0].isdecimal()
        end, fillers, loose, sure, double = token.end(), 0, False, False, False
    if run and said:
        yield run


def _completes(text: str, last: Piece, digits: str, start: int) -> bool:
    """ "twenty" before "one"."""
    return text[last.start : last.end].casefold() in _ENGLISH_TENS and len(digits) == 1 and digits != "0" and start == last.end + 1
