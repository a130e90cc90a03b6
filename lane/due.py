"""When a step is due: the time a submission reached a lane comes in, the time by which the lane has to act goes out.

The SOP gives every step 60 minutes (SOP 000.8.3.3/18.21 TAHUN 2025, column "waktu"). It does not say which minutes;
`wall` counts all of them, `office` only those in which the offices are open.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from importlib.metadata import version
from typing import Final

from holidays import country_holidays

# Fixed, as Asia/Jakarta has been since 1964: no time zone database has to be installed.
WIB: Final = timezone(timedelta(hours=7), "WIB")

HOLIDAYS: Final = f"holidays {version('holidays')} ID public, government"
"""The list of days off in force, and its version."""

# Working hours of the civil service, 37.5 hours a week (Perpres 21/2023); the shorter hours of Ramadan are not counted.
MONDAY_TO_THURSDAY: Final = ((time(7, 30), time(12)), (time(13), time(16)))
FRIDAY: Final = ((time(7, 30), time(11, 30)), (time(13), time(16, 30)))


class Calendar(StrEnum):
    """Which minutes count: every one (`wall`), or those of working hours in Western Indonesia (`office`)."""

    WALL = "wall"
    OFFICE = "office"


def due_at(arrived_at: datetime, *, minutes: int, calendar: Calendar) -> datetime:
    """The last moment, in UTC, that is still on time; what arrives later is never due earlier.

    In `office` a step that ends with the working day is due at its close, not at the next opening.
    Raises ValueError for a time without zone or fewer than one minute.
    """
    if arrived_at.utcoffset() is None:
        raise ValueError("arrived_at needs a time zone")
    if minutes < 1:
        raise ValueError("minutes must be at least 1")
    allowed = timedelta(minutes=minutes)
    if calendar is Calendar.WALL:
        return arrived_at.astimezone(UTC) + allowed
    return _after_working(allowed, since=arrived_at.astimezone(UTC))


def day_of(moment: datetime) -> date:
    """The date on the calendars of the offices, which is a day further than that of UTC before seven in the morning."""
    return moment.astimezone(WIB).date()


def is_overdue(due: datetime, *, now: datetime) -> bool:
    """Exactly on the minute is on time, in the inbox as in the trail."""
    return now > due


def _after_working(allowed: timedelta, *, since: datetime) -> datetime:
    day = day_of(since)
    while True:
        for opens, closes in _working_periods(day):
            starts = max(opens, since)
            if starts + allowed <= closes:
                return starts + allowed
            allowed -= max(closes - starts, timedelta())
        day += timedelta(days=1)


@lru_cache(maxsize=4096)
def _working_periods(day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The opening and closing times of one day, in UTC; none on a weekend or a day off."""
    if day.isoweekday() > 5 or day in _days_off(day.year):
        return ()
    hours = FRIDAY if day.isoweekday() == 5 else MONDAY_TO_THURSDAY
    return tuple((_utc(day, opens), _utc(day, closes)) for opens, closes in hours)


@lru_cache(maxsize=64)
def _days_off(year: int) -> frozenset[date]:
    """Public holidays and *cuti bersama*, the joint leave of the civil service: offices are shut on both."""
    return frozenset(country_holidays("ID", years=year, categories=("public", "government")))


def _utc(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=WIB).astimezone(UTC)
