"""Where the table lies in a sheet: rows as they stand in; header, names of columns, and the data between title and notes out.

A printed report has a title above, a header over two rows, a line of column numbers, notes and a signature below. Whoever reads it by
program needs one header row and data under it: what is more is found here, told, and left out of the columns.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from checks.findings import Found
from checks.notation import NUMBERS, notation_of

Row = tuple[int, Sequence[str]]
AHEAD: Final = 60
_DAYS: Final = frozenset({"date_iso", "date_other", "datetime"})
TAIL: Final = 40
_ALL: Final = r"(?:total|keseluruhan|seluruhnya|umum|akhir|semua)"
TOTAL: Final = re.compile(
    rf"\s*(?:(?:grand )?(?:total|t o t a l|jumlah|j u m l a h|jml\.?|rata-rata|rerata)(?: *[/(]? *(?:{_ALL}|total|jumlah)\)?)?\s*[:.]?\s*"
    r"|sub ?-?(?:total|jumlah)\b.{0,60})",
    re.IGNORECASE,
)
TOTAL_OF: Final = re.compile(r"\s*(?:grand )?(?:total|jumlah|jml\.?)\b.{1,80}", re.IGNORECASE)
"""What may be a row of totals, `Jumlah Kabupaten Karanganyar`, or an indicator, `Jumlah Penduduk`: the numbers say which."""
NOTE: Final = re.compile(
    r"\s*(?:\*|(?:sumber|catatan|keterangan|ket|note|source|mengetahui|dibuat|dicetak|dicatat|disusun|diolah|diinput|petugas|operator"
    r"|hubungi|narahubung|tanggal cetak|nip)\b)",
    re.IGNORECASE,
)
PLACE_AND_DATE: Final = re.compile(r"[A-Za-z .]{3,30}, ?\d{1,2}[-/ ](?:\d{1,2}|[A-Za-z]{3,9})[-/ ]\d{4}")


@dataclass(frozen=True)
class Table:
    """Names of the columns (what the header says, made different), the same as the header rows say them above each other, the
    row of the header, and the data rows as a stream; `shown` says which columns the header names at all."""

    names: tuple[str, ...]
    longer: tuple[str, ...]
    header_row: int
    rows: Iterator[Row]
    around: list[Row] = field(default_factory=list)
    """The rows above and under the table; those under it once `rows` was read to its end."""


def find_table(rows: Iterable[Row], *, declared: Sequence[str], merged: Sequence[tuple[int, int, int, int]], found: Found) -> Table | None:
    """`merged`: ranges of cells (first row, first column, last row, last column), rows from 1, columns from 0. None: there is no table."""
    stream = iter(rows)
    head = [(number, list(row)) for number, row in itertools.islice(stream, AHEAD)]
    if not any(_filled(row) for _, row in head):
        return None
    at = _header_at([row for _, row in head], declared)
    if at and _is_groups(head[at - 1][1], head[at][1]):
        at -= 1
    titles = [(number, row) for number, row in head[:at] if _filled(row)]
    if at:
        found("rows_before_header", rows=[number for number, _ in titles] or range(1, head[at][0]))
    header = [head[at][1]]
    below = at + 1
    while below < len(head) and len(header) < 4 and _goes_on(header, head[below], head[at][0], merged):
        header.append(head[below][1])
        below += 1
    if len(header) > 1 or _is_merged(head[at][0], merged):
        found("header_merged", rows=[number for number, _ in head[at:below]])
    if below < len(head) and _is_numbering(head[below][1]):
        found("column_numbers", rows=[head[below][0]])
        below += 1
    names, longer = _names(header)
    if len(header) == 1 and _is_data(header[0], declared, head[below][1] if below < len(head) else ()):
        found("header_missing", rows=[head[at][0]])
        below, names = at, [f"kolom {n}" for n in range(1, len(names) + 1)]
        if len(declared) == len(names):
            names = list(declared)
        longer = names
    around: list[Row] = list(titles)
    data = _without_notes(itertools.chain(head[below:], stream), len(names), around, found)
    return Table(tuple(names), tuple(longer), head[at][0], data, around)


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
    told = [n for n in counts if n > 1]  # titles and signatures are of one cell, and may be more than the rows of a small table
    told = told if len(told) > 1 else [n for n in counts if n]
    usual = max(set(told), key=lambda n: (told.count(n), n))
    least = max(1, (max(usual, 2) + 1) // 2 if width > 1 else 1)
    wide = [index for index, n in enumerate(counts) if n >= least]
    return next((index for index in wide if not _is_pair(rows, index, usual)), wide[0])


def _is_pair(rows: Sequence[Sequence[str]], index: int, usual: int) -> bool:
    """`Kabupaten : Karanganyar` above the table: what it is about, said in the first cells of a row, with the header still to come."""
    row = rows[index]
    said = [i for i, cell in enumerate(row) if cell.strip()]
    if len(said) >= usual or len(said) > 3 or said != list(range(said[0], said[0] + len(said))):
        return False
    below = next((later for later in rows[index + 1 :] if _filled(later)), [])
    if not (_filled(below) >= usual or [i for i, cell in enumerate(below) if cell.strip()] == said):
        return False
    return any(row[i].strip().endswith(":") for i in said) or (_filled(below) >= usual and not _is_data(below, ()))


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
    named = [any(i < len(each) and each[i].strip() for each in header) for i in range(max(map(len, header)))]
    gaps = [i for i in words if i >= len(above) or not above[i].strip()]
    left_out = any(is_named and (i >= len(cells) or not cells[i].strip()) for i, is_named in enumerate(named))
    under_groups = not all(named[: words[-1] + 1]) and named[0] and not cells[0].strip()
    if len(header) == 1 and len(gaps) > 1 and _is_groups(above, cells):
        return True
    return (bool(gaps) or under_groups) and left_out and _filled(header[0]) >= 2


def _is_groups(above: Sequence[str], below: Sequence[str]) -> bool:
    """`Identitas, , Penduduk, ` over `kode, nama, L, P`: words with gaps between them, and a word under each gap and each word."""
    words = [i for i, cell in enumerate(above) if cell.strip()]
    if len(words) < 2 or any(notation_of(above[i]) in NUMBERS for i in words):
        return False
    gaps = [i for i in range(words[-1]) if i not in words]
    return bool(gaps) and all(i < len(below) and below[i].strip() and notation_of(below[i]) not in NUMBERS for i in (*words, *gaps))


def _is_merged(header_row: int, merged: Sequence[tuple[int, int, int, int]]) -> bool:
    return any(top <= header_row <= bottom and right > left for top, left, bottom, right in merged)


def _is_numbering(row: Sequence[str]) -> bool:
    said = [re.sub(r"[()\s]", "", cell) for cell in row if cell.strip()]
    return len(said) >= 3 and said[:3] == ["1", "2", "3"] and all(re.fullmatch(r"\d{1,3}.{0,6}", cell) for cell in said)


def _is_data(row: Sequence[str], declared: Sequence[str], below: Sequence[str] = ()) -> bool:
    """A first row of numbers, dates or codes is no header, unless the metadata calls them names. Years are, and dates over numbers."""
    said = [cell.strip() for cell in row if cell.strip()]
    if {key_of(cell) for cell in said} & {key_of(name) for name in declared}:
        return False
    kinds = [(notation_of(cell), at) for at, cell in enumerate(row) if not re.fullmatch(r"(?:19|20)\d\d", cell.strip())]
    over = {at for at, cell in enumerate(below) if notation_of(cell) in NUMBERS}
    data = [kind for kind, at in kinds if kind in NUMBERS or (kind in _DAYS and at not in over)]
    return (len(data) * 4 >= len(said) and bool(data)) or any(re.fullmatch(r"\d{2}\.\d{2}(\.\d{2}(\.\d{4})?)?", cell) for cell in said)


def _names(header: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
    """The lowest word over each column; where two columns would share a name, the group's heading in front of it."""
    width = max(len(row) for row in header)
    rows = [[(row[i].strip() if i < len(row) else "") for i in range(width)] for row in header]
    while width and not any(row[width - 1] for row in rows):
        width -= 1
    lowest = [next((row[i] for row in reversed(rows) if row[i]), "") for i in range(width)]
    above = [""] * len(rows)
    longer: list[str] = []
    for i in range(width):
        for level, row in enumerate(rows):  # a heading reaches as far as words stand under it and no other stands beside it
            if row[i]:
                above[level:] = [row[i], *[""] * (len(rows) - level - 1)]
            elif not any(under[i] for under in rows[level + 1 :]):
                above[level] = ""
        longer.append(" ".join(dict.fromkeys(word for word in above if word)))
    if len(rows) > 1:
        lowest = [longer[i] if lowest.count(lowest[i]) > 1 else lowest[i] for i in range(width)]
    return [" ".join(name.split()) for name in lowest], [" ".join(name.split()) for name in longer]


def _without_notes(rows: Iterable[Row], width: int, around: list[Row], found: Found) -> Iterator[Row]:
    """The data rows, with the last ones held back until it is known which of them are notes under the table; these go to `around`."""
    stream = iter(rows)
    held = list(itertools.islice(stream, TAIL))
    while block := list(itertools.islice(stream, AHEAD * TAIL)):
        held += block
        yield from held[:-TAIL]
        held = held[-TAIL:]
    while held and not _filled(held[-1][1]):
        held.pop()
    end = _end_of_data([cells for _, cells in held], width)
    if notes := [(number, cells) for number, cells in held[end:] if _filled(cells)]:
        around += notes
        found("rows_after_table", rows=[number for number, _ in notes])
    yield from held[:end]


def _end_of_data(rows: Sequence[Sequence[str]], width: int) -> int:
    """The first row from which on there are only blank rows and notes: rows of few words after a gap, or that begin as notes do."""
    if width < 2:
        return len(rows)
    end = len(rows)
    for index in range(len(rows) - 1, -1, -1):
        if _filled(rows[index]) and not _is_note(rows, index, width):
            break
        end = index
    return end


def _is_note(rows: Sequence[Sequence[str]], index: int, width: int) -> bool:
    place, first = next((place, cell) for place, cell in enumerate(rows[index]) if cell.strip())
    if _filled(rows[index]) <= max(1, width // 3) and NOTE.match(first):
        return True
    if not _is_wordy(rows[index], width) or TOTAL.fullmatch(first):
        return False
    above = next((row for row in rows[index - 1 :: -1] if not _is_wordy(row, width)), None) if index else None
    if above is None or not _filled(above) or PLACE_AND_DATE.fullmatch(first.strip()):
        return True  # a gap lies between it and the data
    longest = max((len(row[place]) for row in rows[:index] if place < len(row) and not _is_wordy(row, width)), default=0)
    return _filled(rows[index]) == 1 and width >= 3 and len(first) > longest


def _is_wordy(row: Sequence[str], width: int) -> bool:
    """A few words and no number: no row of data, unless that is only begun."""
    words = [cell for cell in row if cell.strip()]
    return 0 < len(words) <= max(1, width // 2) and not any(notation_of(cell) in NUMBERS for cell in words)
