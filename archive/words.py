"""Times and spans as people in Karanganyar read them: UTC in, Indonesian out. No locale has to be installed."""

from datetime import datetime
from typing import Final

from lane.due import WIB

DAYS: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS: Final = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip
UNITS: Final = ((86_400, "hari"), (3_600, "jam"), (60, "menit"))


def moment(at: datetime) -> str:
    """ "Senin, 23 November 2026 09.05 WIB"."""
    return f"{day(at)} {clock(at)}"


def day(at: datetime) -> str:
    """ "Senin, 23 November 2026", the day in Western Indonesia."""
    here = at.astimezone(WIB)
    return f"{DAYS[here.weekday()]}, {here.day} {MONTHS[here.month - 1]} {here.year}"


def clock(at: datetime) -> str:
    """ "09.05 WIB"."""
    return f"{at.astimezone(WIB):%H.%M} WIB"


def span(seconds: float) -> str:
    """The two largest units: "1 jam 5 menit", "2 hari 3 jam"; below a minute "kurang dari satu menit"."""
    left, parts = int(seconds), []
    for size, unit in UNITS:
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts[:2]) or "kurang dari satu menit"


def stamp(at: datetime) -> str:
    """ "2026-11-23 09.05 WIB", for columns."""
    return f"{at.astimezone(WIB):%Y-%m-%d} {clock(at)}"
