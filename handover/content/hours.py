"""When staff can be reached: weekly hours, Dutch public holidays, local exceptions, Europe/Amsterdam."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Mode = Literal["municipality", "always", "never"]
Period = tuple[time, time]


def period(text: str) -> Period:
    """ "08:30-17:00" → (08:30, 17:00). Raises ValueError."""
    found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", text)
    if not found:
        raise ValueError(f"'{text}' should look like 08:30-17:00")
    opens, minute, closes, minute_to = (int(number) for number in found.groups())
    start, end = time(opens, minute), time(closes, minute_to)
    if start >= end:
        raise ValueError(f"'{text}' ends before it begins")
    return start, end


@dataclass(frozen=True)
class OpeningHours:
    """`weekly`: weekday 0..6 → periods, local time. Public holidays are closed unless named in `open_on`."""

    weekly: dict[int, list[Period]]
    closed_dates: frozenset[date] = frozenset()
    closed_on: frozenset[str] = frozenset()  # names of optional holidays, as `holiday_names` gives them
    open_on: frozenset[str] = frozenset()
    mode: Mode = "municipality"
    _holidays: dict[int, dict[date, frozenset[str]]] = field(default_factory=dict, repr=False, compare=False)

    def is_open(self, at: datetime) -> bool:
        """Whether staff can be reached at this moment (aware)."""
        if self.mode != "municipality":
            return self.mode == "always"
        local = at.astimezone(AMSTERDAM)
        return any(start <= local.time() < end for start, end in self._periods(local.date()))

    def opens_at(self, at: datetime) -> datetime:
        """The next beginning of a period after `at`, in UTC; by the municipality's own hours, whatever the mode is."""
        local = at.astimezone(AMSTERDAM)
        for days in range(370):
            day = local.date() + timedelta(days=days)
            for start, _ in self._periods(day):
                begins = datetime.combine(day, start, AMSTERDAM)
                if begins > at:
                    return begins.astimezone(UTC)
        raise ValueError("the opening hours have no open day in a year")

    def _periods(self, day: date) -> list[Period]:
        return [] if day in self.closed_dates or self._is_holiday(day) else self.weekly.get(day.weekday(), [])

    def _is_holiday(self, day: date) -> bool:
        if day.year not in self._holidays:
            public, optional = _holidays_of(day.year, "public"), _holidays_of(day.year, "optional")
            named = {when: names for when, names in optional.items() if self.closed_on & names}
            self._holidays[day.year] = {**named, **public}
        names = self._holidays[day.year].get(day)
        return names is not None and not self.open_on & names


def holiday_names() -> frozenset[str]:
    """Every Dutch holiday that `closed_on` and `open_on` may name, in small letters."""
    year = 2025  # one in which Liberation Day is a public holiday
    found = [*_holidays_of(year, "public").values(), *_holidays_of(year, "optional").values()]
    return frozenset().union(*found)


def _holidays_of(year: int, category: str) -> dict[date, frozenset[str]]:
    found = holidays.country_holidays("NL", years=year, language="nl", categories=(category,))
    return {when: frozenset(names.casefold().split("; ")) for when, names in found.items()}
