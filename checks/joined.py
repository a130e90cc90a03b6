"""A whole table that lies in the first column, `A1;Jaten;3` in each cell: rows in, the rows as they were meant out, and a finding."""

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from checks.findings import Found
from checks.grid import AHEAD, Row
from checks.notation import DATES, NUMBERS, notation_of
from checks.text import DELIMITERS

_NAMES: Final = {";": ("titik koma", "semicolon"), "\t": ("tab", "tab"), "|": ("garis tegak", "bar"), ",": ("koma", "comma")}
_PROSE: Final = re.compile(r"[\s\d]")
_MEASURED: Final = NUMBERS | DATES
_LEAST: Final = {",": 3}
"""Columns, for a comma stands in a sentence and in a number too."""


def parted(rows: Iterable[Row], found: Found) -> Iterator[Row]:
    """The first rows say whether it is so; all of them are parted then."""
    stream = iter(rows)
    head = list(itertools.islice(stream, AHEAD))
    delimiter = _delimiter([cells for _, cells in head if any(cells)])
    if delimiter is None:
        return itertools.chain(head, stream)
    name, name_en = _NAMES[delimiter]
    first = next(number for number, cells in head if cells and delimiter in cells[0])
    found("columns_joined", rows=[first], delimiter=name, delimiter_en=name_en)
    return ((number, _part(cells, delimiter)) for number, cells in itertools.chain(head, stream))


def _delimiter(rows: Sequence[Sequence[str]]) -> str | None:
    """The one that parts the first cells of nearly all rows alike, from the header on; titles may stand above it."""
    firsts = [row[0] for row in rows if row]
    if len(firsts) < 2 or sum(_is_alone(row) for row in rows) * 10 < len(rows) * 6:
        return None
    for delimiter in DELIMITERS:
        if sum(delimiter in cell for cell in firsts) * 2 < len(firsts):
            continue
        widths = [len(_part(row, delimiter)) for row in rows]
        usual = max(set(widths), key=widths.count)
        begin = widths.index(usual)
        alike = widths[begin:].count(usual)
        if usual >= _LEAST.get(delimiter, 2) and alike >= 2 and alike * 10 >= len(widths[begin:]) * 9 and _is_alone(rows[begin]):
            is_column = begin == 1 and widths[0] == 1 and not _is_header([_part(row, delimiter) for row in rows[1:]])
            return None if is_column else delimiter
    return None


def _is_header(parts: Sequence[Sequence[str]]) -> bool:
    """Are the first of these names of columns? Where blanks or digits stand in half of them, only if numbers or dates stand under words."""
    wordy = sum(bool(_PROSE.search(part)) for part in parts[0])
    under = zip(parts[0], zip(*(row for row in parts[1:] if len(row) == len(parts[0])), strict=True), strict=False)
    return wordy * 2 < len(parts[0]) or any(not _is_number(name) and all(map(_is_number, column)) for name, column in under)


def _is_number(part: str) -> bool:
    return notation_of(part.strip()) in _MEASURED


def _is_alone(row: Sequence[str]) -> bool:
    return bool(row) and bool(row[0].strip()) and not any(cell.strip() for cell in row[1:])


def _part(cells: Sequence[str], delimiter: str) -> list[str]:
    """A row as it was meant; what a comma parted before is put together first."""
    filled = next((at for at in range(len(cells), 0, -1) if cells[at - 1]), 0)
    text = ",".join(cells[:filled])
    if len(text) >= csv.field_size_limit():
        return list(cells)
    return next(csv.reader([text.replace("\n", " ").replace("\r", " ")], delimiter=delimiter), []) if text else []
