"""The municipality's facts: who it is, when it is open, its teams, prices and links. One file, data/municipality.yml."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from handover.content.files import PLACEHOLDER, ContentError, Mapping, read_yaml
from handover.content.hours import WEEKDAYS, Mode, OpeningHours, holiday_names, period

LANGUAGES = ("nl", "en")
KEPT = {"bot": 28, "staff": 90, "summary": 365, "callback": 90, "audit": 548, "processing": 548}  # days, where the file does not say
LEGAL_BASIS = "AVG artikel 6 lid 1 onder e: taak van algemeen belang"
REQUIRED = ("name", "assistant", "phone", "phone_href", "website", "email", "address", "privacy_url", "contact_url",
            "balie_hours", "phone_hours", "opening_hours", "kept_days", "teams", "top_questions", "links")  # fmt: skip


@dataclass(frozen=True)
class Team:
    id: str
    name: str
    domains: frozenset[str] = frozenset()
    transfer: str | None = None  # where callers are put through to: sip:… or tel:+31…


class Facts:
    """Read once at the start; raises ContentError with file and line."""

    def __init__(self, path: Path, mode: Mode = "municipality") -> None:
        self.path = path
        self._facts = read_yaml(path)
        for key in REQUIRED:
            if key not in self._facts:
                raise ContentError(path, None, f"the key '{key}' is missing")
        self.hours = self._opening_hours(self._facts["opening_hours"], mode)
        self.kept_days = self._kept_days(self._facts["kept_days"])
        self.legal_basis = str(self._facts.get("legal_basis") or LEGAL_BASIS)[:200]
        self.teams = [self._team(row) for row in self._list(self._facts, "teams")]
        if not self.teams:
            raise ContentError(path, self._facts.lines["teams"], "there should be one team at least")
        self.default_team = self.teams[0].id
        self.top_questions: list[tuple[str, str]] = [self._question(str(name)) for name in self._list(self._facts, "top_questions")]

    def __getitem__(self, key: str) -> Any:
        return self._facts[key]

    def _kept_days(self, given: Any) -> dict[str, int]:
        line = self._facts.lines["kept_days"]
        if not isinstance(given, Mapping) or not all(type(given.get(who)) is int and given[who] > 0 for who in ("bot", "staff")):
            raise ContentError(self.path, line, "kept_days should be whole days for bot and for staff")
        for what, days in given.items():
            if what not in KEPT:
                raise ContentError(self.path, given.lines.get(what, line), f"kept_days: '{what}' should be one of {', '.join(KEPT)}")
            if type(days) is not int or days < 1:
                raise ContentError(self.path, given.lines.get(what, line), f"kept_days: {what} should be whole days, 1 at least")
        return {**KEPT, **given}

    def team_name(self, team: str) -> str:
        return next((known.name for known in self.teams if known.id == team), team)

    @property
    def calls_at(self) -> dict[str, str]:
        """The number that leads to the assistant, as {"label", "href"}; the municipality's own where none is named."""
        label = str(self._facts.get("assistant_phone", self._facts["phone"]))
        return {"label": label, "href": str(self._facts.get("assistant_phone_href", self._facts["phone_href"]))}

    @property
    def chat_url(self) -> str | None:
        """The page with the chat, if it is another one than ours."""
        found = self._facts.get("chat_url")
        return str(found) if found else None

    def transfer(self, team: str | None) -> str | None:
        """Where a caller for this team is put through to: its own telephone, else that of the first team that has one."""
        own = [known.transfer for known in self.teams if known.id == team]
        return next((target for target in [*own, *(known.transfer for known in self.teams)] if target), None)

    def value(self, dotted: str, language: str) -> str:
        """The fact as text in that language. Raises KeyError. Numbers under a key that starts with `prijs` are euros."""
        found: Any = self._facts
        for key in dotted.split("."):
            if not isinstance(found, dict) or key not in found:
                raise KeyError(dotted)
            found = found[key]
        if isinstance(found, dict) and "nl" in found:
            found = found.get(language, found["nl"])
        if isinstance(found, (dict, list)):
            raise KeyError(dotted)
        if isinstance(found, int | float) and dotted.rsplit(".", 1)[-1].startswith("prijs"):
            return euros(found, language)
        return str(found)

    def fill(self, text: str, language: str) -> str:
        """`text` with every {a.b} replaced by its fact. Raises KeyError for one that is not there."""
        return PLACEHOLDER.sub(lambda found: self.value(found.group(1), language), text)

    def _list(self, given: Mapping, key: str) -> list[Any]:
        found = given.get(key, [])
        if not isinstance(found, list):
            raise ContentError(self.path, given.lines[key], f"{key} should be a list: [one, another]")
        return found

    def _team(self, row: Any) -> Team:
        if not isinstance(row, Mapping) or not all(isinstance(row.get(key), str) for key in ("id", "name")):
            raise ContentError(self.path, getattr(row, "line", self._facts.lines["teams"]), "a team should have an id and a name")
        transfer = row.get("transfer")
        if transfer is not None and not re.fullmatch(r"sips?:[^\s?;<>@]+@[\w.:-]+|tel:\+\d{6,15}", str(transfer)):
            raise ContentError(self.path, row.lines["transfer"], "transfer should look like sip:kcc@pbx.gemeente.nl or tel:+31123456789")
        return Team(row["id"], row["name"], frozenset(self._list(row, "domains")), transfer and str(transfer))

    def _question(self, name: str) -> tuple[str, str]:
        topic, dot, aspect = name.partition(".")
        if not dot:
            raise ContentError(self.path, self._facts.lines["top_questions"], f"'{name}' should be topic.aspect")
        return topic, aspect

    def _opening_hours(self, given: Any, mode: Mode) -> OpeningHours:
        if not isinstance(given, Mapping):
            raise ContentError(self.path, self._facts.lines["opening_hours"], "opening_hours should hold a line for each day")
        for key in given:
            if key not in (*WEEKDAYS, "closed_on", "open_on", "closed_dates"):
                raise ContentError(self.path, given.lines[key], f"'{key}' should be a weekday, closed_on, open_on or closed_dates")
        weekly = {}
        for day in WEEKDAYS:
            try:
                weekly[WEEKDAYS.index(day)] = [period(str(text)) for text in self._list(given, day)]
            except ValueError as error:
                raise ContentError(self.path, given.lines.get(day), f"{day}: {error}") from error
        if not any(weekly.values()):
            raise ContentError(self.path, given.line, "opening_hours should have one open day at least")
        dates = self._list(given, "closed_dates")
        if not all(type(day) is date for day in dates):
            raise ContentError(self.path, given.lines["closed_dates"], "closed_dates should be dates like 2026-12-24")
        return OpeningHours(weekly, frozenset(dates), self._holidays(given, "closed_on"), self._holidays(given, "open_on"), mode)

    def _holidays(self, given: Mapping, key: str) -> frozenset[str]:
        found = frozenset(str(name).casefold() for name in self._list(given, key))
        if unknown := found - holiday_names():
            known = ", ".join(sorted(holiday_names()))
            raise ContentError(self.path, given.lines[key], f"{key}: '{min(unknown)}' should be one of {known}")
        return found


def euros(amount: float, language: str) -> str:
    """83.87 → "€ 83,87" (nl) or "€83.87" (en); whole euros without cents."""
    number = f"{amount:,.2f}".removesuffix(".00")
    if language == "en":
        return f"€{number}"
    return "€ " + number.replace(",", "_").replace(".", ",").replace("_", ".")
