"""Masks what must not be kept, before anything stores, logs or understands a text (PRV-3).

Where a number could be either, a number too many is masked rather than one too few; but what staff need to help
(telephone numbers, dates) is recognised first and left alone.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator

from stdnum import iban, numdb

from handover.conversation.spoken import Piece, runs

BSN, IBAN, CARD = "[BSN verwijderd]", "[IBAN verwijderd]", "[kaartnummer verwijderd]"
PHONE, EMAIL, ADDRESS = "[telefoonnummer verwijderd]", "[e-mailadres verwijderd]", "[adres verwijderd]"

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_GAP = r"[\s.,\-/_\u00b7\u2010-\u2015]"  # what people put between the digits of one number
_DIGIT = re.compile(r"\d")
_RUN = re.compile(rf"\d+(?:{_GAP}{{1,3}}\d+)*")
_GROUP = re.compile(r"\d+")
_CARD_DIGITS = range(13, 20)
_DATE = re.compile(
    r"(?<!\d)(?:(?:0?[1-9]|[12]\d|3[01])(?P<a>[-/.])(?:0?[1-9]|1[0-2])(?P=a)(?:19|20)\d\d"
    r"|(?:19|20)\d\d(?P<b>[-/.])(?:0[1-9]|1[0-2])(?P=b)(?:0[1-9]|[12]\d|3[01]))(?!\d)"
)

# What stands before a run that is a telephone number, and how many digits of the run belong to it at least
_PLUS, _ZERO_IN_BRACKETS = re.compile(r"\+\s?$"), re.compile(r"(?:\+|\b00)\s?31\s?\(0\)\s?$")
_ABROAD = ("0031", "0032", "0049")

# Only for what leaves the conversation: a report, a subject, a record for another system
_DOT = r"(?:\s?\.\s?|\s(?:punt|dot)\s)"  # also as it is spelled out
_EMAIL = re.compile(
    rf"[\w.+%'-]+(?:\s?(?:@|\(at\)|\[at\])\s?|\s(?:at|apenstaartje)\s)[\w-]+(?:{_DOT}[\w-]+)*{_DOT}[a-z]{{2,}}\b", re.IGNORECASE
)
_AT = re.compile(r"@|[\s([]at[\s)\]]|apenstaartje", re.IGNORECASE)  # without one of these there is no address on the web: quickly seen
# Two small letters after four digits are more often a word: "in 2026 en 12 …", "1500 kg"
_WORDS = "en|of|is|in|op|te|de|om|er|ze|we|ik|je|me|nu|al|zo|na|as|da|wo|do|vr|za|ma|di|km|cm|mm|ml|kg|gr|st|mb|gb"
_HOUSE = r"(?:[\s,]*(?:nr\.?|huisnummer|nummer)?\s*\d{1,5}(?:\s?-?[a-zA-Z]\b)?)"
_POSTCODE = re.compile(
    r"(?:(?<!\d)\d{1,5}\s?[a-zA-Z]?,?\s+)?(?<!\d)[1-9]\d{3}"
    rf"(?:\s?(?!SA|SD|SS)[A-Z]{{2}}(?![A-Za-z]){_HOUSE}?|\s?(?!(?:{_WORDS})\b)[a-z]{{2}}(?![A-Za-z]){_HOUSE})"
)
_PHONE_RUN = re.compile(r"(?:\+|(?<!\d))\(?\d(?:[\s.\-/()]{0,3}\d){8,14}(?!\d)")
_NATIONAL, _SHORTENED = 10, 9  # digits of a Dutch number with its 0, and without

_IBAN_GAP = r"[\s.\-/_]{0,3}"
_IBAN_START = re.compile(rf"[A-Za-z]{_IBAN_GAP}[A-Za-z]{_IBAN_GAP}[0-9]{_IBAN_GAP}[0-9]")
_IBAN_NEXT = re.compile(rf"{_IBAN_GAP}[A-Za-z0-9]")
_COUNTRIES = numdb.get("iban")  # each with the form of its numbers: "4!a10!n"


def clean(text: str) -> str:
    """The text in composed form, without control and invisible characters."""
    return _CONTROL.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).replace("\r\n", "\n").replace("\r", "\n")


def mask(text: str) -> str:
    """`text` cleaned, with citizen service numbers, IBANs and card numbers replaced by a word that says what stood there."""
    cleaned = clean(text)
    if _DIGIT.search(cleaned):
        cleaned = _RUN.sub(_masked_run, _without_ibans(cleaned))
    return _without_spoken(cleaned)


def without_contact_details(text: str) -> str:
    """`mask(text)`, and also without telephone numbers, e-mail addresses and postcodes with house numbers."""
    masked = _EMAIL.sub(EMAIL, mask(text)) if _AT.search(text) else mask(text)
    return _POSTCODE.sub(ADDRESS, _PHONE_RUN.sub(_without_phone, masked)) if _DIGIT.search(masked) else masked


def _without_phone(found: re.Match[str]) -> str:
    run = found.group()
    digits = "".join(char for char in run if char.isdigit())
    abroad = run.startswith("+") or digits.startswith("00")
    national = digits.startswith("0") and len(digits) == _NATIONAL
    shortened = digits.startswith("6") and len(digits) == _SHORTENED  # a mobile number without its 0
    return PHONE if abroad or national or shortened else run


def passes_eleven_test(digits: str) -> bool:
    """True for nine digits that can be a BSN: 9a+8b+…+2h−i is a multiple of 11, and not all zero."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return len(digits) == 9 and digits.strip("0") != "" and sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 == 0


def _passes_luhn(digits: str) -> bool:
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _without_ibans(text: str) -> str:
    kept, done = "", 0
    for start, end in _ibans(text):
        kept += text[done:start] + IBAN
        done = end
    return kept + text[done:]


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    """From where to where each stands, wherever one can begin: also within a word or right after another one."""
    done = 0
    while start := _IBAN_START.search(text, done):
        end = _iban_end(text, start.start())
        if end:
            yield start.start(), end
        done = end or start.start() + 1


def _iban_end(text: str, start: int) -> int | None:
    """Where the IBAN that begins at `start` ends; None if there is none."""
    compact, end, length = "", start, 2
    while len(compact) < length and (found := _IBAN_NEXT.match(text, end)):
        end = found.end()
        compact += text[end - 1]
        if len(compact) == 2:
            length = _iban_length(compact.upper())
    return end if len(compact) == length and iban.is_valid(compact, check_country=False) else None


@functools.cache
def _iban_length(country: str) -> int:
    """0 for a country that has no IBANs."""
    _, known = _COUNTRIES.info(country)[0]
    return 4 + sum(int(part) for part in re.findall(r"\d+", known["bban"])) if "bban" in known else 0


def _masked_run(found: re.Match[str]) -> str:
    """A run of digits and what stands between them, without what it holds that must not be kept."""
    run = found.group()
    kept = _telephone(found)
    done = len(kept)
    for date in _DATE.finditer(run, done):
        if _stands_alone(run, date):
            kept += _masked_groups(run[done : date.start()]) + date.group()
            done = date.end()
    return kept + _masked_groups(run[done:])


def _telephone(found: re.Match[str]) -> str:
    """The international telephone number with which this run begins, or nothing."""
    run, before = found.group(), found.string[max(0, found.start() - 12) : found.start()]
    at_least = 9 if _ZERO_IN_BRACKETS.search(before) else 10 if _PLUS.search(before) else 12 if run.startswith(_ABROAD) else None
    digits = 0
    for group in _GROUP.finditer(run):
        digits += len(group.group())
        if at_least and digits >= at_least:
            return run[: group.end()]
    return ""


def _stands_alone(run: str, date: re.Match[str]) -> bool:
    """Not a piece of a longer number that is written with the same sign in between: 1-12-2034-56."""
    sign = date["a"] or date["b"]
    return run[date.end() : date.end() + 1] != sign and run[max(0, date.start() - 1) : date.start()] != sign


def _masked_groups(run: str) -> str:
    """Looks at every run of whole groups: "12.34.56.782" is nine digits, "12 123456782" holds nine of its own."""
    groups = list(_GROUP.finditer(run))
    digits = ["".join(str(int(char)) for char in group.group()) for group in groups]
    if _dictated_telephone(digits):
        return run
    if _dictated_card(digits):
        return run[: groups[0].start()] + CARD + run[groups[-1].end() :]
    kept, done, first = "", 0, 0
    while first < len(groups):
        word, last = _number_at(digits, first)
        if word:
            kept += run[done : groups[first].start()] + word
            done = groups[last].end()
        first = last + 1
    return kept + run[done:]


def _number_at(groups: list[str], first: int) -> tuple[str | None, int]:
    """What to put for the number that begins with this group of digits, and its last group."""
    number = ""
    for last in range(first, len(groups)):
        number += groups[last]
        if len(number) > _CARD_DIGITS[-1]:
            break
        if passes_eleven_test(number):
            return BSN, last
        if len(number) in _CARD_DIGITS and _written_as_card(groups[first : last + 1]) and _passes_luhn(number):
            return CARD, last
    return None, first


def _dictated_telephone(groups: list[str]) -> bool:
    """Ten digits from a zero on, in small pieces: 0 6 1 2 3 4 5 6 7 8. Nine of them may well pass the eleven-test."""
    number = "".join(groups)
    return len(number) == _NATIONAL and number[0] == "0" != number[1] and max(map(len, groups)) <= 4


def _dictated_card(groups: list[str]) -> bool:
    """All in ones and twos, as one reads it aloud; only if nothing else stands in the row, and it is no telephone number."""
    number = "".join(groups)
    return len(number) in _CARD_DIGITS and max(map(len, groups)) <= 2 and number[0] != "0" and _passes_luhn(number)


def _without_spoken(text: str) -> str:
    """The same for what is dictated: "een twee drie, vierenvijftig …"."""
    rows = list(runs(text))
    if not rows:
        return text
    spans = _spoken_ibans(text, [piece for row in rows for piece in row])
    for row in rows:
        if not any(start < row[-1].end and row[0].start < end for start, end, _ in spans):
            spans += _spoken_numbers(text, row)
    for start, end, word in sorted(spans, reverse=True):
        text = text[:start] + word + text[end:]
    return text


def _spoken_numbers(text: str, row: list[Piece]) -> list[tuple[int, int, str]]:
    """(start, end, what to put there) of each number in a row of words and digits."""
    digits = [piece.digits for piece in row]
    abroad = text[: row[0].start].rstrip().casefold().endswith(("plus", "+")) or "".join(digits[:4]).startswith("0031")
    if _dictated_telephone(digits) or abroad:
        return []
    if _dictated_card(digits):
        return [(row[0].start, row[-1].end, CARD)]
    found, first = [], 0
    while first < len(row):
        word, last = _number_at(digits, first)
        if word and _dictated(row[first : last + 1]):
            found.append((row[first].start, row[last].end, word))
            first = last + 1
        else:
            first += 1
    return found


def _dictated(pieces: list[Piece]) -> bool:
    """Said as one number: "een 12345678" is an article with something else, "12 en 3456789" two numbers."""
    words = sum(len(piece.digits) for piece in pieces if piece.spoken)
    return words * 3 >= sum(len(piece.digits) for piece in pieces) or (not any(piece.loose for piece in pieces[1:]) and words != 1)


def _spoken_ibans(text: str, pieces: list[Piece]) -> list[tuple[int, int, str]]:
    """Those of which digits are said: looked for in the same text with digits in their place."""
    shadow, origin, done = "", [], 0
    for piece in pieces:
        if piece.spoken:
            before = text[done : piece.start]
            shadow += before + piece.digits
            origin += [(at, at + 1) for at in range(done, piece.start)] + [(piece.start, piece.end)] * len(piece.digits)
            done = piece.end
    shadow += text[done:]
    origin += [(at, at + 1) for at in range(done, len(text))]
    return [(origin[start][0], origin[end - 1][1], IBAN) for start, end in _ibans(shadow)]


def _written_as_card(groups: list[str]) -> bool:
    """In one piece, in fours, or four-six-and-the-rest; so that two telephone numbers in a row are no card."""
    sizes = [len(group) for group in groups]
    return len(sizes) == 1 or sizes[:2] == [4, 6] or all(size == 4 for size in sizes[:-1])
