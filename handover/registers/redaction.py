"""What leaves for a register: without numbers and addresses of a person, and not longer than it takes."""

import re

import phonenumbers

from handover.conversation.privacy import clean, mask

PHONE, EMAIL, ADDRESS = "[telefoonnummer verwijderd]", "[e-mailadres verwijderd]", "[adres verwijderd]"

_SEP = r"[\s.\-/()\u00b7\u2010-\u2015]"
_PHONE = re.compile(
    rf"(?<![\w+])(?:(?:\+|00){_SEP}{{0,2}}[1-9](?:{_SEP}{{0,3}}\d){{6,13}}|\(?0{_SEP}{{0,2}}[1-9](?:{_SEP}{{0,3}}\d){{8}})(?!\d)"
)
_DOT = r"(?:\s?\.\s?|\s(?:punt|dot)\s)"
_EMAIL = re.compile(
    rf"[\w.+%'\-]+\s?(?:@|\(at\)|\[at\]|\sat\s|\sapenstaartje\s)\s?[\w\-]+(?:{_DOT}[\w\-]+)*{_DOT}[a-z]{{2,}}\b", re.IGNORECASE
)
# Two letters that are a word make no postcode of the year before them: "in 2026 en 12 …"
_WORDS = "en|of|is|in|op|te|de|om|er|ze|we|ik|je|me|nu|al|zo|na|as|da|wo|do|vr|za|ma|di|km|cm|mm|ml|kg|gr|st|uu"
_POSTCODE = rf"(?<!\d)[1-9]\d{{3}}(?:[A-Za-z]{{2}}|\s?[A-Z]{{2}}|\s(?!(?:{_WORDS})\b)[a-z]{{2}})\b"
_NUMBER = r"\d{1,5}(?:\s?[-/]?\s?[a-zA-Z0-9]{1,4}(?!\w))?"
_AFTER = re.compile(rf"{_POSTCODE}[\s,]*(?:(?:nr|no|nummer|huisnummer|huisnr)\b\.?\s*)?{_NUMBER}")
_BEFORE = re.compile(rf"(?<!\d){_NUMBER}[\s,]+(?:in\s+)?{_POSTCODE}")


def redact(text: str) -> str:
    """`text` cleaned, without BSN, IBAN, card, telephone number, e-mail address, or postcode with house number."""
    text = _EMAIL.sub(EMAIL, mask(text))
    text = _PHONE.sub(PHONE, text)
    for found in reversed(list(phonenumbers.PhoneNumberMatcher(text, "NL"))):
        text = text[: found.start] + PHONE + text[found.end :]
    return _BEFORE.sub(ADDRESS, _AFTER.sub(ADDRESS, text))


def shortened(text: str, length: int) -> str:
    """At most `length` characters, cut after a sentence if there is one in the second half, else after a word."""
    text = clean(text).strip()
    if len(text) <= length:
        return text
    kept = text[: length - 2]
    ends = [found.end() for found in re.finditer(r"[.!?…](?=\s|$)|\n", kept)]
    if ends and ends[-1] > length // 2:
        return kept[: ends[-1]].rstrip() + " …"
    words = kept.rpartition(" ")[0] if " " in kept[length // 2 :] else kept
    return words.rstrip(" ,;:") + "…"
