"""Tells text that nobody can understand (keyboard mash, only signs, only digits) from short words that somebody means."""

import functools
import re

from bot.language.normalise import normalise, readable

ONE_KEY = re.compile(r"(?:([a-z])\1{4,}\W*)+")
VOWELS = re.compile(r"[aeiouy]")
CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}")
# runs of neighbouring keys
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertz", "azerty")
DUTCH_RUNS = re.compile(
    r"(?:chtst|chtsc|rschr|ngstr|ntschr|chtsp|ftsch|ndschr|rtschr|lsschr|dsschr|tsschr|ngsch|gschr|rststr|chtbr|chtpl|chtwg|rstbr|chtd|chtv|nds|cht|sch|rst|ngs)"
)


@functools.lru_cache(maxsize=10_000)  # most words come again
def _mashed(word: str) -> bool:
    if len(word) < 4 or word.isdigit():
        return False
    if any(word[i : i + 5] in row for row in KEYBOARD for i in range(max(1, len(word) - 4)) if len(word) >= 5):
        return True
    letters = re.sub(r"\d", "", word)
    if len(set(letters)) <= 2 and len(letters) >= 6:
        return True
    if len(letters) >= 5 and not VOWELS.search(letters):
        return True
    return bool(CONSONANTS.search(DUTCH_RUNS.sub("", letters)))


def nothing_said(text: str) -> bool:
    """True for no words at all, only digits and signs, or mostly keyboard mash."""
    words = [word for word in normalise(text).split() if word not in "?!\u20ac"]
    if not words or ONE_KEY.fullmatch(readable(text).lower()):
        return True
    if all(word.isdigit() for word in words):
        return True
    mashed = sum(_mashed(word) for word in words)
    return mashed * 2 > len(words) or (mashed * 2 == len(words) and len(words) <= 2)
