"""Words for a voice: the one place that knows how numbers, dates, prices and telephone numbers are said.

`plain` is right on its own; `ssml` says the same with marks for engines that know them. What a voice cannot say
(addresses of pages, Markdown, emoji) is left out.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape

AT_MOST = 2000  # characters of one text: some two minutes; also what keeps a message to a gateway small
BREAK = '<break time="200ms"/>'

_MONTHS = {
    "nl": ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
}
_SITE = {"nl": "onze website", "en": "our website"}
_WORDS = {
    "nl": {"%": " procent", "&": " en ", "+": " plus ", "=": " is ", "m²": " vierkante meter", "m2": " vierkante meter",
           "m³": " kubieke meter",
           "°": " graden", "–": ", ", "—": ", ", "…": ".", "•": ","},
    "en": {"%": " percent", "&": " and ", "+": " plus ", "=": " is ", "m²": " square metres", "m2": " square metres",
           "m³": " cubic metres",
           "°": " degrees", "–": ", ", "—": ", ", "…": ".", "•": ","},
}  # fmt: skip

_LINK = re.compile(r"!?\[([^\]]*)\]\((?:[^()\s]|\([^)]*\))*\)")
_URL = re.compile(r"\(?\b(?:https?://|www\.)\S*[\w/]\)?", re.IGNORECASE)
_MARKS = re.compile(r"(?m)^\s{0,3}(?:#{1,6}|[-*+>]|\d+\.)\s+|\*\*|__|[*`~_|]")
_EMOJI = re.compile(
    "[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\ufe00-\ufe0f\u200d\u20e3\U0001f000-\U0001faff\U000e0000-\U000e007f]"
)  # with arrows, dingbats and what joins them
_INVALID = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ud800-\udfff\ufeff\ufffe\uffff]")

_MONEY = re.compile(r"€\s?(\d{1,3}(?:[.,]\d{3})*|\d+)(?:[.,](\d\d|-))?(?!\d)")
_DATE = re.compile(r"(?<![\d-])(?:(\d{1,2})[-/](\d{1,2})[-/]((?:19|20)\d\d)|((?:19|20)\d\d)-(\d\d)-(\d\d))(?![\d-])")
_TIME = re.compile(r"(?<![\d.,:])([01]?\d|2[0-3])[.:]([0-5]\d)(?:\s*(uur)\b)?(?![\d.:]\d)", re.IGNORECASE)
_POSTCODE = re.compile(r"\b([1-9]\d{3})\s?([A-Z]{2})\b")
_PHONE = re.compile(r"(?<![\w+])(?:\+\d{1,3}[\s-]?\d[\d\s-]{5,14}\d|0\d[\d\s-]{4,13}\d|14[\s-]?0\d{2,3}|11[23]|0900[\s-]?\d{4})(?!\d)")
_DIGITS = re.compile(r"(?<![\w.,])(?:\d{2}(?: \d{2}){2,}|\d{6,})(?![\w]|[.,]\d)")
_TOKEN = re.compile("|".join(f"(?P<{name}>{pattern.pattern})" for name, pattern in (
    ("money", _MONEY), ("date", _DATE), ("postcode", _POSTCODE), ("phone", _PHONE), ("digits", _DIGITS), ("time", _TIME),
)))  # fmt: skip


class Piece(NamedTuple):
    """A stretch of words. `groups`: digits and letters that are spelled, a pause between each; else empty."""

    text: str
    groups: tuple[str, ...] = ()


def plain(text: str, language: str) -> str:
    """`text` as any voice says it right."""
    return _tidied("".join(_spelled(piece) if piece.groups else piece.text for piece in pieces(text, language)))


def ssml(text: str, language: str) -> str:
    """The same inside <speak>, with what is spelled marked as such; plain text where there is nothing to mark."""
    found = list(pieces(text, language))
    if not any(piece.groups for piece in found):
        return plain(text, language)
    return f"<speak>{marked(text, language)}</speak>"


def marked(text: str, language: str) -> str:
    """The same without <speak>: for what stands inside another element."""
    parts = []
    for piece in pieces(text, language):
        spelled = (f'<say-as interpret-as="characters">{escape(group)}</say-as>' for group in piece.groups)
        parts.append(BREAK.join(spelled) if piece.groups else escape(piece.text))
    return _tidied("".join(parts))


def _spelled(piece: Piece) -> str:
    return ", ".join(" ".join(group) for group in piece.groups)


def _tidied(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([.,;:!?])", r"\1", text)
    return re.sub(r"([.,;:!?])(?:\s*[.,;:])+(?=\s|$)", r"\1", text).strip()


def pieces(text: str, language: str) -> Iterator[Piece]:
    language = language if language in _SITE else "nl"
    clean, done = _clean(text, language), 0
    for found in _TOKEN.finditer(clean):
        yield Piece(_worded(clean[done : found.start()], language))
        yield _piece(found, language)
        done = found.end()
    yield Piece(_worded(clean[done:], language))


def _clean(text: str, language: str) -> str:
    """Without what is for the eye, and no longer than a caller listens."""
    text = _INVALID.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = _URL.sub(_SITE[language], text)
    text = _EMOJI.sub("", _MARKS.sub(" ", text))
    return cut(re.sub(r"\s*\n+\s*", " ", text))


def cut(text: str, at_most: int = AT_MOST) -> str:
    """At the end of a sentence if there is one, else of a word."""
    if len(text) <= at_most:
        return text
    head = text[:at_most]
    end = max(head.rfind(mark) for mark in (". ", "! ", "? "))
    return head[: end + 1] if end > at_most // 3 else head.rsplit(" ", 1)[0]


def _worded(text: str, language: str) -> str:
    for sign, word in _WORDS[language].items():
        text = text.replace(sign, word)
    return text.replace("<", " ").replace(">", " ")


def _piece(found: re.Match[str], language: str) -> Piece:
    text = found.group()
    match found.lastgroup:
        case "money":
            return Piece(_money(text, language))
        case "date":
            return Piece(_date(text, language))
        case "time":
            return Piece(_time(text, language))
        case "postcode":
            digits, letters = text[:4], text[-2:]
            return Piece(text, (digits[:2], digits[2:], letters))
        case "phone":
            return Piece(text, phone_groups(text))
    return Piece(text, tuple(text.split()) if " " in text else _in_groups(text))


def _money(text: str, language: str) -> str:
    found = _MONEY.fullmatch(text)
    assert found is not None  # noqa: S101 (it was found by this very pattern)
    whole, cents = re.sub(r"[.,]", "", found[1]), (found[2] or "").strip("0-") and found[2]
    if language == "en":
        unit = "euro" if whole == "1" else "euros"
        return f"{whole} {unit}" + (f" and {int(cents)} cents" if cents else "")
    return f"{whole} euro" + (f" en {int(cents)} cent" if cents else "")


def _date(text: str, language: str) -> str:
    found = _DATE.fullmatch(text)
    assert found is not None  # noqa: S101
    day, month, year = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    if not 1 <= int(month) <= 12:
        return text
    return f"{int(day)} {_MONTHS[language][int(month) - 1]} {year}"


def _time(text: str, language: str) -> str:
    found = _TIME.fullmatch(text)
    assert found is not None  # noqa: S101
    hour, minute = int(found[1]), int(found[2])
    if language == "en":
        return f"{hour}:{minute:02}" if minute or not found[3] else f"{hour} o'clock"
    if not found[3] and "." in text:
        return text  # 2.40 meter is no time
    return f"{hour} uur" + (f" {minute}" if minute else "")


def phone_groups(text: str) -> tuple[str, ...]:
    """As it is written in groups; else in the groups that people use."""
    groups = tuple(group for group in re.split(r"[\s-]+", text.replace("+", "00 ")) if group)
    return tuple(part for group in groups for part in (_in_groups(group) if len(group) > 4 else (group,)))


def _in_groups(digits: str) -> tuple[str, ...]:
    """In twos; three at the end of an odd number."""
    cut_at = [*range(0, len(digits) - len(digits) % 2 - (2 if len(digits) % 2 else 0), 2)]
    groups = [digits[i : i + 2] for i in cut_at]
    rest = digits[len(cut_at) * 2 :]
    return tuple([*groups, rest] if rest else groups)
