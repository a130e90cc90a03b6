"""Checks of a table as a whole: header, rows, totals; and the list of all checks of a table's facts (`TABLE_CHECKS`)."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from checks import written
from checks.codes import codes
from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found
from checks.grid import TOTAL, TOTAL_OF, key_of
from checks.notation import NUMBERS, notation_of, number_in
from checks.total_rows import may_be_total

_DERIVED: Final = re.compile(r"kepadatan|rasio|ratio|persen|%|rata|indeks|laju|tingkat|proporsi|harga|umur|usia", re.IGNORECASE)
SUMS_AGREE: Final = 3
"""Rows (not of zeros) in which a total is the sum of the columns before it, until that is taken for what the column means."""


def header(facts: TableFacts, found: Found) -> None:
    names = facts.table.names
    if blank := [i + 1 for i, column in enumerate(facts.columns) if not names[i] and column.filled]:
        found("header_blank", rows=[facts.table.header_row], count=len(blank), places=", ".join(map(str, blank[:5])))
    twice = [name for name, n in Counter(key_of(name) for name in names if name).items() if n > 1]
    if twice:
        shown = [name for name in names if key_of(name) in twice]
        found("header_twice", rows=[facts.table.header_row], count=len(twice), names=", ".join(dict.fromkeys(shown)))


def rows(facts: TableFacts, found: Found) -> None:
    if facts.ragged_count:
        found("row_ragged", rows=facts.ragged, count=facts.ragged_count, width=len(facts.columns))
    if facts.blank_count:
        found("row_blank", rows=facts.blank, count=facts.blank_count)
    if facts.twice_count:
        found("row_twice", rows=facts.twice, count=facts.twice_count)
    if facts.headers_count:
        found("header_repeated", rows=facts.headers, count=facts.headers_count)
    if facts.keys_twice_count:
        keys = ", ".join(facts.columns[at].name for at in facts.keys)
        found("key_twice", column=keys, rows=facts.keys_twice, count=facts.keys_twice_count)
    if facts.rows == 0:
        found("table_empty")


def totals(facts: TableFacts, found: Found) -> None:
    """Rows of totals among the data, by what they are called or what they count; and whether they are the sums that they should be."""
    marks = {number for number, _ in facts.totals}
    numeric = [c for c in facts.columns if c.is_numeric or c.count(NUMBERS) * 10 >= max(1, c.filled) * 9]
    if facts.all_held:
        marks |= _unnamed_totals(facts, numeric, marks)
    if not marks:
        return
    found("total_row", rows=sorted(marks), count=max(len(marks), len(facts.totals)))
    if not facts.all_held:
        return
    named = dict(facts.totals)
    wrong = {column.index: _wrong_sums(facts.held, set(named), column) for column in numeric}
    is_sum = any(not wrong[column.index] and any(_number(cells, column) for cells in named.values()) for column in numeric)
    for column in numeric:
        if wrong[column.index] and not _is_derived(column, facts.held, named, is_beside_sums=is_sum):
            found("sum_differs", column=column.name, rows=wrong[column.index])


def _unnamed_totals(facts: TableFacts, numeric: Sequence[ColumnFacts], marks: set[int]) -> set[int]:
    """`Jumlah Kabupaten Karanganyar`, or the regency's own row under its districts: what adds up to all before it."""
    unnamed: set[int] = set()
    if not numeric:
        return unnamed
    last, summed = len(facts.held) - 1, 0
    sums = dict.fromkeys((column.index for column in numeric), 0.0)
    since, rows_since = dict(sums), 0
    """Of the rows after the total before."""
    for place, (number, cells) in enumerate(facts.held):
        is_called = may_be_total(cells) and any(TOTAL_OF.fullmatch(cell) or TOTAL.fullmatch(cell) for cell in cells[:3])
        is_last = place == last and place > 2 and notation_of(cells[0]) == "text"
        if number in marks or not (is_called or is_last) or place < 2:
            continue
        told = [(value, column) for column in numeric if (value := _number(cells, column))]
        for at, earlier in facts.held[summed:place]:  # each row once, however many are called totals
            if at in marks or at in unnamed:
                since, rows_since = dict.fromkeys(since, 0.0), 0
                continue
            rows_since += 1
            for column in numeric:
                value = _number(earlier, column) or 0
                sums[column.index] += value
                since[column.index] += value
        summed = place
        is_part = is_called and rows_since > 1 and all(_is_sum(value, since[column.index]) for value, column in told)
        adds_up = told and (is_part or all(_is_sum(value, sums[column.index]) for value, column in told))
        if adds_up and (is_called or len(told) > 1 or place > 5):
            unnamed.add(number)
    return unnamed


def _is_derived(
    column: ColumnFacts, held: Sequence[tuple[int, Sequence[str]]], totals: Mapping[int, Sequence[str]], *, is_beside_sums: bool
) -> bool:
    """A density, a ratio, a price: that of all lies between the smallest and the largest, where a sum would not."""
    values = [value for number, cells in held if number not in totals and (value := _number(cells, column)) is not None]
    said = [value for cells in totals.values() if (value := _number(cells, column)) is not None]
    between = bool(values) and all(min(values) < value < max(values) for value in said)
    return between and (is_beside_sums or column.notations["decimal_point"] > 0 or _DERIVED.search(column.name) is not None)


def _number(cells: Sequence[str], column: ColumnFacts) -> float | None:
    return number_in(cells[column.index], indonesian=column.is_indonesian)


def _is_sum(value: float, total: float) -> bool:
    """As good as the same: people round."""
    return abs(value - total) <= max(0.5, abs(total) * 0.0005)


def _wrong_sums(held: Sequence[tuple[int, tuple[str, ...]]], marks: set[int], column: ColumnFacts) -> list[int]:
    """A total may be that of the rows since the one before, of all rows before it, or of the whole table."""
    values = [(number, _number(cells, column), cells) for number, cells in held]
    whole = sum(value or 0 for number, value, _ in values if number not in marks)
    since = all_of_them = 0.0
    wrong = []
    for number, value, cells in values:
        if number not in marks:
            since, all_of_them = since + (value or 0), all_of_them + (value or 0)
            continue
        is_mean = any(re.match(r"\s*(?:rata|rerata)", cell, re.IGNORECASE) for cell in cells[:3])
        sums = (since, all_of_them, whole)
        if value is not None and not is_mean and not any(_is_sum(value, total) for total in sums):
            wrong.append(number)
        since = 0.0
    return wrong


def row_sums(facts: TableFacts, found: Found) -> None:
    """A column called a total that is the sum of the columns before it in nearly every row: the others are told."""
    numeric = [column for column in facts.columns if column.is_numeric and not column.key.startswith("kode")]
    totals_of_columns = {number for number, _ in facts.totals}  # what is wrong in a row is wrong in its total too
    for place, column in enumerate(numeric):
        if not re.search(r"total|jumlah", column.name, re.IGNORECASE):
            continue
        for first in range(max(0, place - 6), place - 1):
            parts = numeric[first:place]
            told = [
                (n, *_sum_of(cells, parts, column)) for n, cells in facts.held if cells[column.index].strip() and n not in totals_of_columns
            ]
            wrong = [n for n, total, parts_sum in told if total is not None and abs(total - parts_sum) > max(0.5, abs(total) * 0.0005)]
            told_wrong = set(wrong)
            right = sum(bool(total) and n not in told_wrong for n, total, _ in told)
            if wrong and right >= SUMS_AGREE and len(wrong) * 4 <= len(told):
                found("sum_differs", column=column.name, rows=wrong)
                break


def _sum_of(cells: Sequence[str], parts: Sequence[ColumnFacts], total: ColumnFacts) -> tuple[float | None, float]:
    return _number(cells, total), sum(_number(cells, part) or 0.0 for part in parts)


TABLE_CHECKS: Final[tuple[Callable[[TableFacts, Found], None], ...]] = (
    header, rows, totals, row_sums, written.numbers, written.rounded, written.dates, codes, written.cells, written.mixed,
)  # fmt: skip
