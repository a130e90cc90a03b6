"""Sudden jumps between two versions of a table: sums and rows of numbers in, findings out.

A number that is five times what it was a year ago, or a fifth, is more often a comma lost than a change in the world.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from checks.columns import ColumnFacts
from checks.findings import Found
from checks.limits import ROWS, Limits
from checks.notation import number_in

_ROW_FACTOR: Final = 5
_MEAN_FACTOR: Final = 2
_COUNT_FACTOR: Final = 2
_LEAST: Final = 50
"""Of the larger number: 3 that become 20 are no news."""
_FEW_ROWS: Final = 10
_NO_MEASURE: Final = re.compile(r"(?:^|[\W_])(?:kode|id|no|nomor|tahun|thn|bulan|rt|rw|lintang|bujur|lat|lon)(?:$|[\W_])", re.IGNORECASE)


@dataclass
class Values:
    """The columns that measure something; for each their sum and how many cells, and the numbers of each row by its key."""

    columns: dict[str, ColumnFacts] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    by_key: dict[int, tuple[int, tuple[float | None, ...]]] = field(default_factory=dict)

    def take(self, key: int | None, number: int, cells: Sequence[str], limits: Limits) -> None:
        """A row of the table."""
        if not self.columns:
            return
        told = tuple(number_in(cells[column.index], indonesian=column.is_indonesian) for column in self.columns.values())
        for name, value in zip(self.columns, told, strict=True):
            if value is not None:
                self.sums[name] = self.sums.get(name, 0.0) + value
                self.counts[name] = self.counts.get(name, 0) + 1
        if key is not None and len(self.by_key) < limits.jump_rows:
            self.by_key[key] = (number, told)

    def mean(self, name: str) -> float | None:
        return self.sums[name] / self.counts[name] if self.counts.get(name) else None


def numbers_of(columns: Mapping[str, ColumnFacts], shared: Sequence[str]) -> dict[str, ColumnFacts]:
    """Those that measure: numbers, no codes, years or places; nothing of persons."""
    told = {key: columns[key] for key in shared}
    return {key: c for key, c in told.items() if c.is_numeric and not _NO_MEASURE.search(c.name) and c.hint is None}


def find_jumps(old: Values, new: Values, rows: tuple[int, int], found: Found) -> None:
    """`rows`: how many the table had and has."""
    before, after = rows
    if before >= _FEW_ROWS and _jumps(before, after, _COUNT_FACTOR):
        found("sudden_jump", what=f"banyaknya baris {before} menjadi {after}", what_en=f"the number of rows from {before} to {after}")
    for name, column in new.columns.items():
        if name not in old.columns:
            continue
        if at := _row_jumps(old, new, name):
            what = f"nilai kolom {column.name} pada baris yang sama menjadi lima kali atau seperlimanya"
            what_en = f"values of column {column.name} grew or shrank fivefold in the same row"
            found("sudden_jump", column=column.name, rows=at[:ROWS], count=len(at), what=what, what_en=what_en)
        elif (was := old.mean(name)) is not None and (now := new.mean(name)) is not None and _jumps(was, now, _MEAN_FACTOR):
            what, what_en = (
                f"rata-rata kolom {column.name} {was:g} menjadi {now:g}",
                f"the mean of column {column.name} from {was:g} to {now:g}",
            )
            found("sudden_jump", column=column.name, what=what, what_en=what_en)


def _row_jumps(old: Values, new: Values, name: str) -> list[int]:
    """Rows of the new version whose number is far from that of the same key before."""
    was_at, is_at = list(old.columns).index(name), list(new.columns).index(name)
    at = []
    for key, (number, values) in new.by_key.items():
        _, before = old.by_key.get(key, (0, ()))
        was, now = (before[was_at] if before else None), values[is_at]
        if was is not None and now is not None and max(abs(was), abs(now)) >= _LEAST and _jumps(was, now, _ROW_FACTOR):
            at.append(number)
    return sorted(at)


def _jumps(was: float, now: float, factor: int) -> bool:
    """By this factor or more, up or down; also over zero."""
    low, high = sorted((abs(was), abs(now)))
    return high > 0 and (high >= factor * low or was * now < 0)
