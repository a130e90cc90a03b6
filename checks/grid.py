"""Where the table lies in a sheet: rows as they stand in; header, names of columns, and the data between title and notes out.

A printed report has a title above, a header over two rows, a line of column numbers, notes and a signature below. Whoever reads it by
program needs one header row and data under it: what is more is found here, told, and left out of the columns.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from checks.findings import Found
from checks.notation import NUMBERS, notation_of

Row = tuple[int, Sequence[str]]
AHEAD: Final = 60
TAIL: Final = 40
_ALL: Final = r"(?:total|keseluruhan|seluruhnya|umum|akhir|semua)"
TOTAL: Final = re.compile(rf"\s*(?:sub ?|grand )?(?:total|jumlah|jml\.?|rata-rata|rerata)(?: *{_ALL})?\s*[:.]?\s*", re.IGNORECASE)
NOTE: Final = re.compile(
    r"\s*(?:\*|(?:sumber|catatan|keterangan|ket|note|source|mengetahui|dibuat|dicetak|tanggal cetak|nip)\b)", re.IGNORECASE
)


@dataclass(frozen=True)
class Table:
    """Names of the columns (what the header says, made different), the same as the header rows say them above each other, the
    row of the header, and the data rows as a stream; `shown` says which columns the header names at all."""

    names: tuple[str, ...]
    longer: tuple[str, ...]
    header_row: int
    rows: Iterator[Row]


def find_table(rows: Iterable[Row], *, declared: Sequence[str], merged: Sequence[tuple[int, int, int, int]], found: Found) -> Table | None:
    """`merged`: ranges of cells (first row, first column, last row, last column), rows from 1, columns from 0. None: there is no table."""
    stream = iter(rows)
    head = [(number, list(row)) for number, row in itertools.islice(stream, AHEAD)]
    if not any(_filled(row) for _, row in head):
        return None
    at = _header_at([row for _, row in head], declared)
    if titles := [number for number, row in head[:at] if _filled(row)]:
        found("rows_before_header", rows=titles)
    header = [head[at][1]]
    below = at + 1
    while below < len(head) and len(header) < 3 and _goes_on(header, head[below], head[at][0], merged):
        header.append(head[below][1])
        below += 1
    if len(header) > 1 or _is_merged(head[at][0], merged):
        found("header_merged", rows=[number for number, _ in head[at:below]])
    if below < len(head) and _is_numbering(head[below][1]):
        found("column_numbers", rows=[head[below][0]])
        below += 1
    names, longer = _names(header)
    if _is_data(header[0], declared) and len(header) == 1:
        found("header_missing", rows=[head[at][0]])
        below, names = at, [f"kolom {n}" for n in range(1, len(names) + 1)]
        if len(declared) == len(names):
            names = list(declared)
        longer = names
    data = _without_notes(itertools.chain(head[below:], stream), len(names), found)
    return Table(tuple(names), tuple(longer), head[at][0], data)


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell and not cell.isspace())


def key_of(name: str) -> str:
    """A column's name without case, spaces and signs: `Nama Kecamatan` and `nama_kecamatan` are one."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _header_at(rows: Sequence[Sequence[str]], declared: Sequence[str]) -> int:
    wanted = {key_of(name) for name in declared} - {""}
    for index, row in enumerate(rows[:30]):
        if wanted and 2 * len(wanted & {key_of(cell) for cell in row}) >= len(wanted) and _filled(row) >= min(2, len(wanted)):
            return index
    counts = [_filled(row) for row in rows]
    width = max(counts)
    usual = max(set(counts) - {0}, key=lambda n: (sum(1 for c in counts if c == n), n))
    least = max(1, (max(usual, 2) + 1) // 2 if width > 1 else 1)
    return next(index for index, n in enumerate(counts) if n >= least)


def _goes_on(header: Sequence[Sequence[str]], row: Row, first: int, merged: Sequence[tuple[int, int, int, int]]) -> bool:
    """Is this row part of the header too? Merged cells say so, or words under the gaps of the row above."""
    number, cells = row
    if any(
        top <= number <= bottom and top >= first and (top, left) != (bottom, right) and top != number for top, left, bottom, right in merged
    ):
        return True
    above = header[-1]
    words = [i for i, cell in enumerate(cells) if cell.strip()]
    if not words or any(notation_of(cells[i]) in NUMBERS and not re.fullmatch(r"(19|20)\d\d", cells[i].strip()) for i in words):
        return False
    gaps = [i for i in words if i >= len(above) or not above[i].strip()]
    left_out = any(cell.strip() and (i >= len(cells) or not cells[i].strip()) for i, cell in enumerate(above))
    return bool(gaps) and left_out and _filled(above) >= 2


def _is_merged(header_row: int, merged: Sequence[tuple[int, int, int, int]]) -> bool:
    return any(top <= header_row <= bottom and right > left for top, left, bottom, right in merged)


def _is_numbering(row: Sequence[str]) -> bool:
    said = [re.sub(r"[()\s]", "", cell) for cell in row if cell.strip()]
    return len(said) >= 3 and said[:3] == ["1", "2", "3"] and all(re.fullmatch(r"\d{1,3}.{0,6}", cell) for cell in said)


def _is_data(row: Sequence[str], declared: Sequence[str]) -> bool:
    """A first row of numbers, dates or codes is no header, unless the metadata says that these are names. Years are."""
    said = [cell.strip() for cell in row if cell.strip()]
    if {key_of(cell) for cell in said} & {key_of(name) for name in declared}:
        return False
    kinds = [notation_of(cell) for cell in said if not re.fullmatch(r"(?:19|20)\d\d", cell)]
    data = [kind for kind in kinds if kind in NUMBERS or kind in {"date_iso", "date_other", "datetime"}]
    return (len(data) * 4 >= len(said) and bool(data)) or any(re.fullmatch(r"\d{2}\.\d{2}(\.\d{2}(\.\d{4})?)?", cell) for cell in said)


def _names(header: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
    """The lowest word over each column; where two columns would share a name, the group's heading in front of it."""
    width = max(len(row) for row in header)
    rows = [[(row[i].strip() if i < len(row) else "") for i in range(width)] for row in header]
    while width and not any(row[width - 1] for row in rows):
        width -= 1
    lowest = [next((row[i] for row in reversed(rows) if row[i]), "") for i in range(width)]
    headings: list[str] = []
    for i in range(width):
        headings.append(rows[0][i] or (headings[-1] if headings and len(rows) > 1 and any(row[i] for row in rows[1:]) else ""))
    longer = [f"{headings[i]} {lowest[i]}".strip() if headings[i] != lowest[i] else lowest[i] for i in range(width)]
    if len(rows) > 1:
        lowest = [longer[i] if lowest.count(lowest[i]) > 1 else lowest[i] for i in range(width)]
    return [" ".join(name.split()) for name in lowest], [" ".join(name.split()) for name in longer]


def _without_notes(rows: Iterable[Row], width: int, found: Found) -> Iterator[Row]:
    """The data rows, with the last ones held back until it is known which of them are notes under the table."""
    stream = iter(rows)
    held = list(itertools.islice(stream, TAIL))
    while block := list(itertools.islice(stream, AHEAD * TAIL)):
        held += block
        yield from held[:-TAIL]
        held = held[-TAIL:]
    while held and not _filled(held[-1][1]):
        held.pop()
    end = _end_of_data([cells for _, cells in held], width)
    if notes := [number for number, cells in held[end:] if _filled(cells)]:
        found("rows_after_table", rows=notes)
    yield from held[:end]


def _end_of_data(rows: Sequence[Sequence[str]], width: int) -> int:
    """The first row from which on there are only blank rows and notes: rows of few cells after a gap, or that begin as notes do."""
    few = max(1, width // 3)
    end = len(rows)
    for index in range(len(rows) - 1, -1, -1):
        count = _filled(rows[index])
        first = next((cell for cell in rows[index] if cell.strip()), "")
        if count == 0 or (
            count <= few
            and width >= 2
            and (NOTE.match(first) or (width >= 3 and not TOTAL.fullmatch(first) and _alone(rows, index, count)))
        ):
            end = index
        else:
            break
    return end


def _alone(rows: Sequence[Sequence[str]], index: int, count: int) -> bool:
    """Words on their own: one cell in the row, not a number, with a gap or other notes between it and the data."""
    words = [cell for cell in rows[index] if cell.strip()]
    if any(notation_of(cell) in NUMBERS for cell in words):
        return False
    return count == 1 or index == 0 or not _filled(rows[index - 1])
