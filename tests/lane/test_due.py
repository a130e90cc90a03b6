"""The SOP gives each step 60 minutes; these say which minutes count."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lane.due import WIB, Calendar, due_at, is_overdue

# Hypothesis wants bounds without a zone and adds it.
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
MINUTES = st.integers(min_value=1, max_value=3_000)


def wib(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


@pytest.mark.parametrize(
    ("arrived", "due"),
    [
        pytest.param("2026-11-23 09:00", "2026-11-23 10:00", id="in the morning"),
        pytest.param("2026-11-23 05:00", "2026-11-23 08:30", id="before opening"),
        pytest.param("2026-11-23 11:30", "2026-11-23 13:30", id="over the rest"),
        pytest.param("2026-11-23 12:15", "2026-11-23 14:00", id="during the rest"),
        pytest.param("2026-11-23 15:00", "2026-11-23 16:00", id="ends at closing"),
        pytest.param("2026-11-23 15:01", "2026-11-24 07:31", id="a minute too late for today"),
        pytest.param("2026-11-27 11:00", "2026-11-27 13:30", id="the longer rest on Friday"),
        pytest.param("2026-11-27 15:30", "2026-11-27 16:30", id="Friday closes later"),
        pytest.param("2026-11-27 16:00", "2026-11-30 08:00", id="over a weekend"),
        pytest.param("2026-08-14 16:00", "2026-08-18 08:00", id="over Independence Day, a Monday"),
        pytest.param("2026-12-23 15:30", "2026-12-28 08:00", id="over joint leave, Christmas and a weekend"),
    ],
)
def test_office_counts_working_hours_only(arrived: str, due: str) -> None:
    assert due_at(wib(arrived), minutes=60, calendar=Calendar.OFFICE) == wib(due)


def test_wall_counts_every_minute() -> None:
    assert due_at(wib("2026-11-28 23:30"), minutes=60, calendar=Calendar.WALL) == wib("2026-11-29 00:30")


@given(MOMENTS, st.sampled_from(Calendar))
def test_a_full_working_week_is_37_and_a_half_hours(arrived: datetime, calendar: Calendar) -> None:
    monday = wib("2026-11-23 07:30")
    assert due_at(monday, minutes=37 * 60 + 30, calendar=Calendar.OFFICE) == wib("2026-11-27 16:30")
    assert due_at(arrived, minutes=60, calendar=calendar).tzinfo is UTC


@given(MOMENTS, st.timedeltas(timedelta(), timedelta(days=10)), MINUTES, st.sampled_from(Calendar))
def test_what_arrives_later_is_never_due_earlier(arrived: datetime, later: timedelta, minutes: int, calendar: Calendar) -> None:
    first = due_at(arrived, minutes=minutes, calendar=calendar)
    assert first <= due_at(arrived + later, minutes=minutes, calendar=calendar)
    assert first >= arrived + timedelta(minutes=minutes)


@given(MOMENTS, MINUTES)
def test_nothing_falls_due_while_the_office_is_shut(arrived: datetime, minutes: int) -> None:
    due = due_at(arrived, minutes=minutes, calendar=Calendar.OFFICE).astimezone(WIB)
    assert due.isoweekday() <= 5
    assert (due.month, due.day) not in {(1, 1), (5, 1), (8, 17), (12, 25)}
    clock = (due.hour, due.minute, due.second, due.microsecond)
    assert (7, 30, 0, 0) < clock <= (16, 30, 0, 0)


def test_the_zone_of_the_clock_makes_no_difference() -> None:
    tokyo = wib("2026-11-23 09:00").astimezone(timezone(timedelta(hours=9)))
    assert due_at(tokyo, minutes=60, calendar=Calendar.OFFICE) == wib("2026-11-23 10:00")


def test_a_time_without_zone_or_no_minutes_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due_at(wib("2026-11-23 09:00").replace(tzinfo=None), minutes=60, calendar=Calendar.WALL)
    with pytest.raises(ValueError, match="minutes"):
        due_at(wib("2026-11-23 09:00"), minutes=0, calendar=Calendar.OFFICE)


def test_exactly_on_the_minute_is_on_time() -> None:
    due = wib("2026-11-23 10:00")
    assert not is_overdue(due, now=due)
    assert is_overdue(due, now=due + timedelta(microseconds=1))


def test_a_far_year_costs_no_more_than_this_one() -> None:
    due = due_at(datetime(2999, 3, 4, 2, tzinfo=UTC), minutes=60, calendar=Calendar.OFFICE)
    assert due.date() == date(2999, 3, 4)
