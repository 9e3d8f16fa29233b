"""Masks what must not be kept, before anything stores, logs or understands a text (PRV-3)."""

import re
import unicodedata

BSN, IBAN, CARD = "[BSN verwijderd]", "[IBAN verwijderd]", "[kaartnummer verwijderd]"

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DIGIT_GROUPS = re.compile(r"\d+(?:[ .\-/\u00a0]{1,3}\d+)*")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ .\-]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_ABROAD = re.compile(r"(?:\+|\b00)\s*$")


def clean(text: str) -> str:
    """The text in composed form, without control and invisible characters."""
    return _CONTROL.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).replace("\r\n", "\n").replace("\r", "\n")


def mask(text: str) -> str:
    """`text` cleaned, with citizen service numbers, IBANs and card numbers replaced by a word that says what stood there."""
    text = _IBAN.sub(lambda found: _masked_iban(found.group()), clean(text))
    return _DIGIT_GROUPS.sub(lambda found: _masked_digits(found), text)


def passes_eleven_test(digits: str) -> bool:
    """True for nine digits that can be a BSN: 9a+8b+…+2h−i is a multiple of 11, and not all zero."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return len(digits) == 9 and digits.strip("0") != "" and sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 == 0


def _passes_luhn(digits: str) -> bool:
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _is_iban(text: str) -> bool:
    moved = text[4:] + text[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _masked_iban(found: str) -> str:
    """An IBAN may be followed by words that look like part of it: the longest beginning that is valid counts."""
    for end in range(len(found), 14, -1):
        compact = re.sub(r"[^A-Za-z0-9]", "", found[:end])
        if found[end - 1].isalnum() and 15 <= len(compact) <= 34 and compact.isascii() and _is_iban(compact.upper()):
            return IBAN + found[end:]
    return found


def _masked_digits(found: re.Match[str]) -> str:
    """Looks at every run of whole groups: "12.34.56.782" is nine digits, "12 123456782" holds nine of its own."""
    text = found.group()
    if _ABROAD.search(found.string[: found.start()]):
        return text  # an international telephone number
    groups = [(match.start(), match.end()) for match in re.finditer(r"\d+", text)]
    for first, (start, _) in enumerate(groups):
        for _, end in groups[first:]:
            digits = "".join(str(int(char)) for char in text[start:end] if char.isdigit())
            word = BSN if passes_eleven_test(digits) else CARD if 13 <= len(digits) <= 19 and _passes_luhn(digits) else None
            if word:
                rest = text[end:]
                return text[:start] + word + _DIGIT_GROUPS.sub(_masked_digits, rest)
    return text
