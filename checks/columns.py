"""What a table's columns hold, gathered in one pass over blocks of rows; nothing is judged here.

In: the names, the declared columns, a stream of rows. Out: `TableFacts` with one `ColumnFacts` a column. Memory is bounded by
the limits, not by the table: distinct values are counted up to a number, the first rows are held for what has to be looked at together.
"""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from checks.counted import begins_numbers, counts_each, holds_days
from checks.findings import Found
from checks.grid import Row, Table, key_of
from checks.limits import PREVIEW, ROWS, Limits
from checks.notation import DATES, ENGLISH, INDONESIAN, NUMBERS, Notation, date_in, notation_of, number_in
from checks.personal import PersonalFacts
from checks.persons import hint_of
from checks.text import is_broken
from checks.total_rows import is_total
from events.metadata import Column

BLOCK_ROWS: Final = 4_000
BLOCK_CELLS: Final = 200_000
HELD_CELLS: Final = 200_000
"""Cells of the first rows that are held for sums and totals."""
COUNTED: Final = 10_000_000
"""Families, births: what is counted is less, and a number that names somebody is more."""
_PLAIN: Final = frozenset({"blank", "text", "missing", "boolean", "formula", "error", "time"})
_AS_IT_IS: Final = frozenset({"integer", "leading_zero", "decimal_point"})
_WHOLE: Final = frozenset({"integer", "leading_zero"})


@dataclass
class ColumnFacts:
    """One column: how its cells are written, its values as far as they are counted, its numbers and dates."""

    name: str
    index: int
    declared: Column | None = None
    notations: Counter[Notation] = field(default_factory=Counter)
    rows: dict[Notation, list[int]] = field(default_factory=dict)
    lengths: Counter[int] = field(default_factory=Counter)
    length_rows: dict[int, list[int]] = field(default_factory=lambda: {0: [0] * ROWS})
    values: Counter[str] = field(default_factory=Counter)
    all_counted: bool = True
    smallest: float | None = None
    largest: float | None = None
    first: date | None = None
    last: date | None = None
    personal: PersonalFacts = field(default_factory=PersonalFacts)
    broken: list[int] = field(default_factory=list)
    """Rows whose text was read with the wrong encoding."""
    beside_counts: bool = False
    """Do other columns say that each row counts?"""

    @property
    def key(self) -> str:
        return key_of(self.name)

    @property
    def hint(self) -> str | None:
        """The kind of personal data that its name speaks of; none where its cells count: 1,034 under `KK`, 12,310 under `lahir`."""
        kind = hint_of(self.name)
        if kind in {"nik", "kk"}:
            return None if self._counts and not begins_numbers(self.values) else kind
        if self.key in {"lahir", "lhr"}:
            return None if self._counts and (self.beside_counts or not holds_days(self.values)) else kind
        return kind

    @property
    def _counts(self) -> bool:
        whole = self.notations["integer"] + self.notations["grouped_id"] + self.notations["ambiguous"] + self.notations["missing"]
        return 0 < self.filled == whole and (self.largest or 0) < COUNTED

    @property
    def filled(self) -> int:
        return sum(self.notations.values()) - self.notations["blank"]

    def count(self, notations: Iterable[Notation]) -> int:
        return sum(self.notations[notation] for notation in notations)

    def rows_with(self, notations: Iterable[Notation]) -> list[int]:
        return sorted({row for notation in notations for row in self.rows.get(notation, ())})[:ROWS]

    @property
    def is_numeric(self) -> bool:
        """Declared a number, or nearly all of it written as one and not declared anything else."""
        if self.declared and self.declared.type in {"integer", "number"}:
            return True
        known = self.filled - self.notations["missing"]
        said = self.count(NUMBERS) + self.notations["percent"]
        return (self.declared is None or self.declared.type == "any") and known > 0 and said * 10 >= known * 9

    @property
    def is_indonesian(self) -> bool:
        """How its ambiguous numbers (1.234) are read."""
        return self.count(INDONESIAN) >= self.count(ENGLISH)

    def take(self, numbers: Sequence[int], cells: Sequence[str], limits: Limits) -> None:
        """A block of this column."""
        counted = Counter(cells)
        wanted: dict[str, Notation] = {}
        full = {notation for notation, rows in self.rows.items() if len(rows) >= ROWS}
        for value, times in counted.items():
            notation = notation_of(value)
            self.notations[notation] += times
            if notation not in full:
                self.rows.setdefault(notation, [])
                wanted[value] = notation
            if notation not in _PLAIN:
                if notation in _WHOLE and len(self.length_rows.get(_digits(value), ())) < ROWS:
                    wanted[value] = notation
                self._value(value, times, notation)
        if wanted:
            self._rows(numbers, cells, wanted)
        self._count_values(counted, limits)
        if len(self.broken) < ROWS and is_broken("\n".join(counted)):
            self.broken += [number for number, cell in zip(numbers, cells, strict=True) if is_broken(cell)][: ROWS - len(self.broken)]
        self.personal.take(numbers, cells, counted)

    def _value(self, value: str, times: int, notation: Notation) -> None:
        if notation in NUMBERS:
            number = float(value) if notation in _AS_IT_IS else number_in(value, indonesian=True)
            if number is not None:
                self.smallest = number if self.smallest is None else min(self.smallest, number)
                self.largest = number if self.largest is None else max(self.largest, number)
        elif notation in DATES and (day := date_in(value)):
            self.first = day if self.first is None else min(self.first, day)
            self.last = day if self.last is None else max(self.last, day)
        if notation in _WHOLE and (length := _digits(value)):
            self.lengths[length] += times

    def _rows(self, numbers: Sequence[int], cells: Sequence[str], wanted: dict[str, Notation]) -> None:
        for number, cell in zip(numbers, cells, strict=True):
            notation = wanted.get(cell)
            if notation is None:
                continue
            _note(self.rows[notation], number)
            if length := _digits(cell):
                _note(self.length_rows.setdefault(length, []), number)

    def _count_values(self, counted: Counter[str], limits: Limits) -> None:
        if self.all_counted or len(self.values) < limits.distinct:
            self.values.update(counted)
        else:
            known = self.values.keys() & counted.keys()
            for value in known:
                self.values[value] += counted[value]
        if len(self.values) > limits.distinct:
            self.all_counted = False
            self.values = Counter(dict(self.values.most_common(limits.distinct)))


@dataclass
class TableFacts:
    """One table: its columns, how many rows, the first of them, and the rows that are not like the others."""

    table: Table
    columns: list[ColumnFacts]
    rows: int = 0
    held: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    totals: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    all_held: bool = True
    ragged: list[int] = field(default_factory=list)
    ragged_count: int = 0
    blank: list[int] = field(default_factory=list)
    blank_count: int = 0
    twice: list[int] = field(default_factory=list)
    twice_count: int = 0
    seen: set[int] = field(default_factory=set)
    headers: list[int] = field(default_factory=list)
    headers_count: int = 0
    """Rows that say the header again."""
    keys: tuple[int, ...] = ()
    """Where the columns stand that the metadata calls the key."""
    keys_seen: set[int] = field(default_factory=set)
    keys_twice: list[int] = field(default_factory=list)
    keys_twice_count: int = 0

    @property
    def preview(self) -> list[tuple[int, tuple[str, ...]]]:
        return self.held[:PREVIEW]

    def rows_of(self, column: ColumnFacts, values: Collection[str]) -> list[int]:
        """The first rows, of those that are held, in which a column has one of these values."""
        return list(itertools.islice((number for number, cells in self.held if cells[column.index] in values), ROWS))


def gather(table: Table, declared: dict[int, Column], limits: Limits, found: Found, *, strict_width: bool) -> TableFacts:
    """Reads the table to its end. `declared`: the metadata's column by position; `strict_width`: rows of another width are told."""
    facts = TableFacts(table, [ColumnFacts(name, i, declared.get(i)) for i, name in enumerate(table.names[: limits.columns])])
    facts.keys = tuple(i for i, column in declared.items() if column.key and i < limits.columns)
    width = len(facts.columns)
    if len(table.names) > width:
        found("not_checked", reason=f"kolom setelah kolom ke-{width}", reason_en="columns past the limit")
    for block in _blocks(table.rows, max(1, min(BLOCK_ROWS, BLOCK_CELLS // max(1, width)))):
        rows = list(_data_rows(block, width, facts, limits, strict_width=strict_width))
        if not rows:
            continue
        numbers = [number for number, _ in rows]
        for column, cells in zip(facts.columns, zip(*(cells for _, cells in rows), strict=True), strict=True):
            column.take(numbers, cells, limits)
    beside_counts = any(counts_each(column.key, column.values, facts.rows) for column in facts.columns)
    for column in facts.columns:
        column.beside_counts = beside_counts
    return facts


def _blocks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while block := list(itertools.islice(rows, size)):
        yield block


def _data_rows(
    block: Sequence[Row], width: int, facts: TableFacts, limits: Limits, *, strict_width: bool
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The block's rows of data, all as wide as the header; blank rows and totals are noted and left out."""
    blanks = ("",) * width
    names = facts.table.names[:width]
    first = names[0] if width > 1 else None
    for number, given in block:
        if len(given) != width:
            cells = (tuple(given) + blanks)[:width]
            if strict_width and any(given) and (len(given) < width or any(cell.strip() for cell in given[width:])):
                _note(facts.ragged, number)
                facts.ragged_count += 1
        else:
            cells = tuple(given)
        if not cells[0].strip() and not "".join(cells).strip():
            _note(facts.blank, number)
            facts.blank_count += 1
            continue
        if cells[0] == first and tuple(" ".join(cell.split()) for cell in cells) == names:
            _note(facts.headers, number)
            facts.headers_count += 1
            continue
        facts.rows += 1
        if len(facts.held) * width < HELD_CELLS:
            facts.held.append((number, cells))
        else:
            facts.all_held = False
        if width > 1 and is_total(cells):
            facts.totals.append((number, cells))
            continue
        _look_twice(facts, number, cells, limits)
        if facts.keys:
            _look_for_key(facts, number, cells, limits)
        yield number, cells


def _look_twice(facts: TableFacts, number: int, cells: tuple[str, ...], limits: Limits) -> None:
    mark = hash(cells)
    if mark in facts.seen:
        _note(facts.twice, number)
        facts.twice_count += 1
    elif len(facts.seen) < limits.duplicate_rows:
        facts.seen.add(mark)


def _look_for_key(facts: TableFacts, number: int, cells: tuple[str, ...], limits: Limits) -> None:
    key = tuple(cells[at].strip() for at in facts.keys)
    if hash(key) in facts.keys_seen:
        _note(facts.keys_twice, number)
        facts.keys_twice_count += 1
    elif any(key) and len(facts.keys_seen) < limits.duplicate_rows:
        facts.keys_seen.add(hash(key))


def _digits(value: str) -> int:
    """How many digits a value has that is nothing but digits; else 0. `length_rows` holds no rows for 0."""
    bare = value.strip()
    return len(bare) if bare.isdecimal() else 0


def _note(rows: list[int], number: int) -> None:
    if len(rows) < ROWS:
        rows.append(number)
