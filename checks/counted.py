"""Does a column count, or does it hold what names persons? Its values and what stands beside it in; yes or no out.

`KK` heads numbers of families and counts of them, `lahir` days of births and how many there were.
"""

from collections.abc import Mapping
from typing import Final

from checks.regions import regions

_DAYS: Final = range(10_000, 46_000)
"""Excel's day numbers of births, 1927 to 2025."""
_EACH: Final = ("tahun", "bulan", "provinsi", "kabupaten", "kabkota", "kota", "kecamatan", "desa", "kelurahan", "wilayah")
_MOVES: Final = frozenset({"mati", "meninggal", "wafat", "kematian", "datang", "pindah"})
"""What is counted beside births."""


def begins_numbers(values: Mapping[str, int]) -> bool:
    """The first six digits of NIK or No. KK: codes of districts, where a count would be any number."""
    told = {value.strip() for value in values if value.strip()}
    return sum(len(value) == 6 and regions().exists(value) for value in told) * 10 >= len(told) * 9


def holds_days(values: Mapping[str, int]) -> bool:
    """Nearly all may be days of births, and they are mostly distinct."""
    filled = sum(times for value, times in values.items() if value.strip())
    days = {value: times for value, times in values.items() if value.strip().isdecimal() and int(value) in _DAYS}
    return sum(days.values()) * 10 >= filled * 9 and len(days) * 2 > filled


def counts_each(key: str, values: Mapping[str, int], rows: int) -> bool:
    """Does this column say that each row counts: one for each year or region, or one of deaths and moves?"""
    return key in _MOVES or (key.removeprefix("nama").startswith(_EACH) and "lahir" not in key and len(values) == rows > 2)
