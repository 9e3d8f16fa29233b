"""Telephone numbers and digits as people say them, and as they are read back."""

import re

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

REGION = "NL"
MOBILE_LENGTH = 9  # digits of a Dutch mobile number without its first 0
CALLABLE = {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP,
            PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.UAN}  # fmt: skip

_UNITS_NL = ["nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf", "dertien",
             "veertien", "vijftien", "zestien", "zeventien", "achttien", "negentien"]  # fmt: skip
_TENS_NL = {"twintig": 20, "dertig": 30, "veertig": 40, "vijftig": 50, "zestig": 60, "zeventig": 70, "tachtig": 80, "negentig": 90}
_UNITS_EN = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
             "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]  # fmt: skip
_TENS_EN = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_REPEATED = {"dubbel": 2, "dubbele": 2, "double": 2, "driemaal": 3, "triple": 3}


def _words() -> dict[str, str]:
    """Every word for a number below a hundred → its digits."""
    found = {word: str(number) for units in (_UNITS_NL, _UNITS_EN) for number, word in enumerate(units)}
    found |= {word: str(number) for tens in (_TENS_NL, _TENS_EN) for word, number in tens.items()}
    for word, ten in _TENS_NL.items():
        for number, unit in enumerate(_UNITS_NL[1:10], 1):
            found[f"{unit}en{word}"] = str(ten + number)
    for word, ten in _TENS_EN.items():
        for number, unit in enumerate(_UNITS_EN[1:10], 1):
            found[f"{word}{unit}"] = str(ten + number)
    return {**found, "oh": "0", "o": "0", "één": "1", "plus": "+"}


_NUMBERS = _words()


def digits_in(text: str) -> str:
    """The digits of what was said, words for numbers included: "nul zes, twaalf 34" → "061234"."""
    plain = text.lower().replace("ë", "e").replace("é", "e").replace("-", "")
    found, times = "", 1
    for word in re.findall(r"[a-z]+|\d+|\+", plain):
        if word in _REPEATED:
            times = _REPEATED[word]
            continue
        found += (word if word.isdigit() or word == "+" else _NUMBERS.get(word, "")) * times
        times = 1
    return found


def dialable(text: str) -> str | None:
    """The number in `text` that people can be called on, as +31612345678; None if there is none."""
    said = digits_in(text)
    bare = said.replace("+", "")
    if len(bare) == MOBILE_LENGTH and bare.startswith("6"):
        said = "0" + bare
    said = f"+{bare[2:]}" if bare.startswith("00") else said
    for match in phonenumbers.PhoneNumberMatcher(said, REGION):
        if phonenumbers.number_type(match.number) in CALLABLE:
            return phonenumbers.format_number(match.number, PhoneNumberFormat.E164)
    return None


WITHHELD = {"+266696687", "+7378742833", "+2562533", "+8656696"}  # "anonymous", "restricted" … on a keypad, as some carriers send it


def known(number: str | None) -> str | None:
    """What a network says about a caller, as +31612345678; None for a withheld or strange number."""
    text = (number or "").removeprefix("sip:").removeprefix("sips:").removeprefix("tel:").partition("@")[0].partition(";")[0]
    return dialable(text) if text not in WITHHELD and re.fullmatch(r"\+?[\d ().-]{8,20}", text) else None


def readable(phone: str) -> str:
    """+31612345678 → 06 12 34 56 78; numbers from abroad with their country."""
    number = phonenumbers.parse(phone)
    if number.country_code != phonenumbers.country_code_for_region(REGION):
        return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    if phonenumbers.number_type(number) == PhoneNumberType.MOBILE:
        return pairs(f"0{number.national_number}")
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)


def pairs(digits: str) -> str:
    """In twos: 12345678 → 12 34 56 78."""
    return " ".join(digits[i : i + 2] for i in range(0, len(digits), 2))
