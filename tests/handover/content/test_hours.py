"""BOT-7: opening hours know public holidays, local closing days and Europe/Amsterdam."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.content.hours import AMSTERDAM, OpeningHours, holiday_names, period

WEEKLY = {day: [(time(8, 30), time(17))] for day in range(5)} | {3: [(time(8, 30), time(12)), (time(13), time(20))]}
HOURS = OpeningHours(WEEKLY, closed_dates=frozenset({date(2026, 12, 24)}))


def amsterdam(*when: int) -> datetime:
    return datetime(*when, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("when", "opened"),
    [
        ((2026, 11, 24, 8, 29), False),
        ((2026, 11, 24, 8, 30), True),
        ((2026, 11, 24, 16, 59), True),
        ((2026, 11, 24, 17, 0), False),
        ((2026, 11, 26, 12, 30), False),  # Thursday, lunch
        ((2026, 11, 26, 19, 0), True),
        ((2026, 11, 28, 10, 0), False),  # Saturday
        ((2026, 12, 24, 10, 0), False),  # a closed date of our own
        ((2026, 12, 25, 10, 0), False),  # Christmas
        ((2026, 4, 27, 10, 0), False),  # King's Day
        ((2026, 4, 3, 10, 0), False),  # Good Friday
        ((2026, 5, 5, 10, 0), True),  # Liberation Day is no public holiday in 2026
        ((2025, 5, 5, 10, 0), False),  # but in 2025 it is
    ],
)
def test_open_or_not(when, opened):
    assert HOURS.is_open(amsterdam(*when)) is opened


def test_a_municipality_may_close_and_open_on_holidays_of_its_choice():
    own = OpeningHours(WEEKLY, closed_on=frozenset({"bevrijdingsdag"}), open_on=frozenset({"goede vrijdag"}))
    assert not own.is_open(amsterdam(2026, 5, 5, 10, 0))
    assert own.is_open(amsterdam(2026, 4, 3, 10, 0))
    assert {"bevrijdingsdag", "goede vrijdag", "koningsdag"} <= holiday_names()


@pytest.mark.parametrize(
    ("when", "opens"),
    [
        ((2026, 11, 24, 7, 0), (2026, 11, 24, 8, 30)),
        ((2026, 11, 24, 8, 30), (2026, 11, 25, 8, 30)),
        ((2026, 11, 26, 12, 30), (2026, 11, 26, 13, 0)),
        ((2026, 11, 27, 18, 0), (2026, 11, 30, 8, 30)),  # over the weekend
        ((2026, 12, 23, 18, 0), (2026, 12, 28, 8, 30)),  # closed on the 24th, Christmas, the weekend
    ],
)
def test_when_it_opens_next(when, opens):
    assert HOURS.opens_at(amsterdam(*when)) == amsterdam(*opens)
    assert HOURS.opens_at(amsterdam(*when)).tzinfo is UTC


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (datetime(2026, 3, 27, 18, tzinfo=UTC), datetime(2026, 3, 30, 6, 30, tzinfo=UTC)),  # the clock goes forward on Sunday
        (datetime(2026, 10, 23, 18, tzinfo=UTC), datetime(2026, 10, 26, 7, 30, tzinfo=UTC)),  # and back
    ],
)
def test_half_past_eight_is_local_time_on_both_sides_of_the_change(at, opens):
    assert HOURS.opens_at(at) == opens
    assert HOURS.is_open(opens)


def test_on_the_day_of_the_change_itself():
    sundays = OpeningHours({6: [(time(1), time(4))]})
    assert sundays.is_open(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))  # 02:30 the first time
    assert sundays.is_open(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))  # 02:30 the second time
    assert not sundays.is_open(datetime(2026, 10, 25, 3, 0, tzinfo=UTC))
    assert sundays.is_open(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))  # 03:30; 02:30 does not exist


@pytest.mark.parametrize(("mode", "opened"), [("always", True), ("never", False)])
def test_for_demonstrations_it_is_always_or_never_open(mode, opened):
    hours = OpeningHours(WEEKLY, mode=mode)
    assert hours.is_open(amsterdam(2026, 12, 25, 3, 0)) is opened
    assert hours.is_open(amsterdam(2026, 11, 24, 10, 0)) is opened
    assert hours.opens_at(amsterdam(2026, 11, 24, 7, 0)) == amsterdam(2026, 11, 24, 8, 30)


def test_hours_without_an_open_day_have_no_next_opening():
    with pytest.raises(ValueError, match="no open day"):
        OpeningHours({}).opens_at(amsterdam(2026, 11, 24, 7, 0))


@given(st.integers(1_700_000_000, 1_900_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_it_is_open_at_the_next_opening_and_that_lies_ahead(at):
    opens = HOURS.opens_at(at)
    assert opens > at
    assert HOURS.is_open(opens)


@pytest.mark.parametrize("wrong", ["8:30-17:00", "08:30 - 17:00", "17:00-08:30", "08:30-08:30", "25:00-26:00", "08.30-17.00", ""])
def test_a_period_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r".+"):
        period(wrong)
