"""Finds what can be told apart by form alone: dates, licence plates, addresses, streets, phone and case numbers, documents.

Each is {"entity", "value", "start", "end", "extractor"}; start and end count characters of the text that was given.
Dates become ISO days; a date without a year is the next one that comes, seen from `today`.
"""

import datetime
import re
from typing import Any, Dict, List, Optional

MONTHS = {
    "januari": 1,
    "jan": 1,
    "january": 1,
    "februari": 2,
    "feb": 2,
    "february": 2,
    "maart": 3,
    "mrt": 3,
    "march": 3,
    "april": 4,
    "apr": 4,
    "mei": 5,
    "may": 5,
    "juni": 6,
    "jun": 6,
    "june": 6,
    "juli": 7,
    "jul": 7,
    "july": 7,
    "augustus": 8,
    "aug": 8,
    "august": 8,
    "september": 9,
    "sep": 9,
    "sept": 9,
    "oktober": 10,
    "okt": 10,
    "october": 10,
    "oct": 10,
    "november": 11,
    "nov": 11,
    "december": 12,
    "dec": 12,
}
DAYS = {
    "maandag": 0,
    "monday": 0,
    "dinsdag": 1,
    "tuesday": 1,
    "woensdag": 2,
    "wednesday": 2,
    "donderdag": 3,
    "thursday": 3,
    "vrijdag": 4,
    "friday": 4,
    "zaterdag": 5,
    "saturday": 5,
    "zondag": 6,
    "sunday": 6,
}
NEAR = {
    "vandaag": 0,
    "today": 0,
    "vanmiddag": 0,
    "vanavond": 0,
    "vanochtend": 0,
    "tonight": 0,
    "morgen": 1,
    "tomorrow": 1,
    "morgenochtend": 1,
    "morgenmiddag": 1,
    "morgenavond": 1,
    "overmorgen": 2,
    "gisteren": -1,
    "gister": -1,
    "yesterday": -1,
    "eergisteren": -2,
}
_months = "|".join(sorted(MONTHS, key=len, reverse=True))
NUMERIC = re.compile(r"(?<![\d-])(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?![\d-])")
ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
WRITTEN = re.compile(rf"(?<!\d)(\d{{1,2}})(?:e|ste|de|st|nd|rd|th)?\s+(?:of\s+)?({_months})\b\.?(?:\s+(\d{{4}}))?", re.I)
WRITTEN_EN = re.compile(rf"\b({_months})\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*uur)(?:,?\s+(\d{{4}}))?", re.I)
WEEKDAY = re.compile(rf"\b(volgende week |next |aanstaande |komende |this )?({'|'.join(DAYS)})\b", re.I)
NEAR_DAY = re.compile(rf"\b({'|'.join(sorted(NEAR, key=len, reverse=True))})\b", re.I)
POSTCODE = re.compile(
    r"\b([1-9]\d{3})\s?([A-Za-z]{2})\b(?:\s*,?\s*(?:nr\.?|nummer|huisnummer|number)?\s*(\d{1,5}(?:\s?-?\s?[a-zA-Z]{1,2}\b|-\d{1,4})?))?"
)
NOT_LETTERS = {"sa", "sd", "ss"}  # never given out in a postcode
PHONE = re.compile(r"(?<![\d+])((?:\+31|0031|0)\s?(?:\(0\))?[\s.-]?[1-9](?:[\s.-]?\d){8})(?!\d)")
PHONE_ABROAD = re.compile(r"(?<!\d)(\+(?!31)\d(?:[\s.-]?\d){8,13})(?!\d)")
PLATES = [
    r"[A-Z]{2}\d{2}\d{2}",
    r"\d{2}\d{2}[A-Z]{2}",
    r"\d{2}[A-Z]{2}\d{2}",
    r"[A-Z]{2}\d{2}[A-Z]{2}",
    r"[A-Z]{2}[A-Z]{2}\d{2}",
    r"\d{2}[A-Z]{2}[A-Z]{2}",
    r"\d{2}[A-Z]{3}\d",
    r"\d[A-Z]{3}\d{2}",
    r"[A-Z]{2}\d{3}[A-Z]",
    r"[A-Z]\d{3}[A-Z]{2}",
    r"[A-Z]{3}\d{2}[A-Z]",
    r"[A-Z]\d{2}[A-Z]{3}",
    r"\d[A-Z]{2}\d{3}",
    r"\d{3}[A-Z]{2}\d",
]
PLATE_PATTERN = re.compile("|".join(f"(?:{p})" for p in PLATES))
PLATE_SHAPE = re.compile(r"\b[A-Za-z0-9]{1,3}-[A-Za-z0-9]{2,3}-[A-Za-z0-9]{1,2}\b")
PLATE_NAMED = re.compile(
    r"\b(?:kenteken|nummerbord|kentekenplaat|number plate|licen[cs]e plate)\w*\s*(?:is|van|:|nummer)?\s*([A-Za-z0-9]{6})\b", re.I
)
_street_end = "straat|(?<!s)laan|weg|plein|gracht|kade|dijk|singel|steeg|hof|dreef|plantsoen|wal|markt|baan|brink|pad|park"
STREET_ENDS = [end.split(")")[-1] for end in _street_end.split("|")]
STREET = re.compile(
    rf"\b((?!(?:Het|De|Op|In|Aan|Bij|Van|Mijn)\b)(?:[A-Z][\w'’.-]*\s+(?:(?:van|de|den|der|het|ten|ter|la)\s+){{0,2}}){{0,3}}"
    rf"[\w'’-]+(?:{_street_end}))(?:\s+(\d{{1,4}}(?:\s?[a-zA-Z]\b)?))?(?!\w)"
)
# common words with such an ending, at the start of a sentence or before a number
NO_STREET = re.compile(
    r"(?:snel|auto|spoor|fiets|voet|wandel|rij|vaar|water|af|uit|onder|over|ver|be|ge)?(?:weg|pad|baan|park)|kerkhof|gerechtshof|"
    r"(?:milieu|afval|woning|arbeids|kerst|rommel|vrij|huur|bij)(?:straat|markt)|halverweg|wagenpark|vakantiepark|bestrating",
    re.I,
)
CASE = re.compile(
    r"\b((?:zaak|dossier|meldings?|aanslag|beschikkings?|kenmerk|referentie|case|reference|file)[\s-]?(?:nummer|nr|number|no)?\.?"
    r"\s*(?:is|:|#|van)?\s*)([A-Z]{0,4}[-/.]?\d[\w./-]{4,19})\b",
    re.I,
)
CASE_SHAPE = re.compile(r"\b(?:Z|ZK|ZAAK|WGW|OLO|BZW|MOR)[-/.]?\d{2,4}[-/.]?\d{3,10}\b", re.I)
DOCUMENTS = {
    "paspoort": r"paspoort\w*|pasport|passports?",
    "identiteitskaart": r"id-?\s?kaart\w*|identiteitskaart\w*|identiteitsbewijs|identity cards?|id cards?",
    "rijbewijs": r"rijbewij[sz]\w*|driving licen[cs]e|driver'?s licen[cs]e",
    "vog": r"vog|verklaring omtrent (?:het )?gedrag|certificate of conduct",
    "uittreksel": r"(?:brp-?)?uittreksel\w*|(?:brp )?extract",
    "akte": r"(?:geboorte|huwelijks|trouw|overlijdens|echtscheidings)akte\w*|(?:birth|marriage|death) certificates?",
    "parkeervergunning": r"parkeervergunning\w*|parking permits?",
    "gehandicaptenparkeerkaart": r"gehandicaptenparkeerkaart\w*|gpk|disabled parking (?:card|badge)|blue badge",
    "stempas": r"stempas\w*|polling card|voting pass",
    "afvalpas": r"afvalpas\w*|milieupas\w*|waste (?:card|pass)",
    "trouwboekje": r"trouwboekje\w*",
}
DOCUMENT = re.compile(rf"\b(?:{'|'.join(f'(?P<{name}>{pattern})' for name, pattern in DOCUMENTS.items())})\b", re.I)
DIGIT = re.compile(r"\d")


def _entity(name: str, value: str, start: int, end: int) -> Dict[str, Any]:
    return {"entity": name, "value": value, "start": start, "end": end, "extractor": "wegwijs"}


def _day(day: int, month: int, year: Optional[int], today: datetime.date) -> Optional[datetime.date]:
    try:
        if year is not None:
            return datetime.date(year + 2000 if year < 100 else year, month, day)
        found = datetime.date(today.year, month, day)
        return found if found >= today else datetime.date(today.year + 1, month, day)
    except ValueError:
        return None


def find_dates(text: str, today: datetime.date) -> List[Dict[str, Any]]:
    found = []

    def add(match: "re.Match[str]", day: Optional[datetime.date]) -> None:
        if day and not any(match.start() < e["end"] and e["start"] < match.end() for e in found):
            found.append(_entity("date", day.isoformat(), match.start(), match.end()))

    if DIGIT.search(text):
        for m in ISO.finditer(text):
            add(m, _day(int(m[3]), int(m[2]), int(m[1]), today))
        for m in NUMERIC.finditer(text):
            add(m, _day(int(m[1]), int(m[2]), int(m[3]), today))
        for m in WRITTEN.finditer(text):
            add(m, _day(int(m[1]), MONTHS[m[2].lower()], int(m[3]) if m[3] else None, today))
        for m in WRITTEN_EN.finditer(text):
            add(m, _day(int(m[2]), MONTHS[m[1].lower()], int(m[3]) if m[3] else None, today))
    for m in NEAR_DAY.finditer(text):
        add(m, today + datetime.timedelta(days=NEAR[m[1].lower()]))
    for m in WEEKDAY.finditer(text):
        ahead = (DAYS[m[2].lower()] - today.weekday()) % 7 or 7
        if m[1] and m[1].strip().lower() == "volgende week":
            ahead = 7 - today.weekday() + DAYS[m[2].lower()]
        add(m, today + datetime.timedelta(days=ahead))
    return found


def find_plates(text: str) -> List[Dict[str, Any]]:
    spans = [(m[0], m.start(), m.end()) for m in PLATE_SHAPE.finditer(text)]
    spans += [(m[1], m.start(1), m.end(1)) for m in PLATE_NAMED.finditer(text)]
    return [
        _entity("licence_plate", bare, start, end)
        for shown, start, end in spans
        for bare in [shown.replace("-", "").upper()]
        if PLATE_PATTERN.fullmatch(bare)
    ]


def find_addresses(text: str) -> List[Dict[str, Any]]:
    return [
        _entity("address", f"{m[1]} {m[2].upper()}" + (f" {re.sub(r'[ -]+', ' ', m[3]).upper()}" if m[3] else ""), m.start(), m.end())
        for m in POSTCODE.finditer(text)
        if m[2].lower() not in NOT_LETTERS and (m[3] or not re.match(r"(?:en|of|is|in|to|or|we|ik|op|te)\b", m[2].lower()))
    ]


def find_phones(text: str) -> List[Dict[str, Any]]:
    found = []
    for m in PHONE.finditer(text):
        digits = re.sub(r"\D", "", m[1].replace("(0)", ""))
        national = (
            digits[2:] if digits.startswith("31") and m[1].startswith("+") else digits[4:] if digits.startswith("0031") else digits[1:]
        )
        if len(national) == 9:
            found.append(_entity("phone", "+31" + national, m.start(), m.end()))
    abroad = [_entity("phone", "+" + re.sub(r"\D", "", m[1]), m.start(), m.end()) for m in PHONE_ABROAD.finditer(text)]
    return found + abroad


def find_streets(text: str) -> List[Dict[str, Any]]:
    """A street is written with a capital, or has a house number: "op straat" and "onderweg" are none."""
    if not any(end in text for end in STREET_ENDS):  # as most texts; the pattern takes long to find that out
        return []
    return [
        _entity("street", m[0].strip(), m.start(), m.end())
        for m in STREET.finditer(text)
        if (m[1][0].isupper() or m[2]) and not NO_STREET.fullmatch(m[1].split()[-1])
    ]


def find_cases(text: str) -> List[Dict[str, Any]]:
    """Case numbers, in capitals: named as such ("zaaknummer 2026-0123"), or of a shape that case numbers have."""
    named = [_entity("case_number", m[2].upper(), m.start(2), m.end(2)) for m in CASE.finditer(text)]
    taken = {e["start"] for e in named}
    return named + [_entity("case_number", m[0].upper(), m.start(), m.end()) for m in CASE_SHAPE.finditer(text) if m.start() not in taken]


def find_documents(text: str) -> List[Dict[str, Any]]:
    return [_entity("document", m.lastgroup, m.start(), m.end()) for m in DOCUMENT.finditer(text)]


def find_entities(text: str, today: datetime.date) -> List[Dict[str, Any]]:
    """Everything found, in order of place; a date in a phone number is the phone number's."""
    taken: List[Dict[str, Any]] = []
    numbered = [find(text) for find in (find_phones, find_plates, find_cases, find_addresses)] if DIGIT.search(text) else []
    for group in (*numbered, find_dates(text, today), find_streets(text), find_documents(text)):
        for entity in group:
            if not any(entity["start"] < e["end"] and e["start"] < entity["end"] for e in taken):
                taken.append(entity)
    return sorted(taken, key=lambda e: e["start"])
