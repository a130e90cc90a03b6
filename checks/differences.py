"""Two versions of a file's tables: the paths in; columns and rows that were added, removed, retyped or changed out, and sudden jumps.

Rows are told apart by the key columns when the metadata declares them, else by all that stands in them. Only hashes of rows are held.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from checks.columns import ColumnFacts
from checks.findings import Found, plain
from checks.grid import Row, Table, find_table, key_of
from checks.jumps import Values, find_jumps, numbers_of
from checks.limits import Limits
from checks.opened import tables_in
from checks.profile import type_of
from checks.workbooks import Sheet

Changes = dict[str, Any]
_TYPED_ROWS: Final = 20_000
"""Rows from which a column's type is told."""
_BLOCK: Final = 2_000


@dataclass
class Version:
    """One table of one version: its columns by key, how many rows, and the hash of each row under that of its key."""

    columns: dict[str, ColumnFacts]
    rows: int = 0
    by_key: dict[int, int] = field(default_factory=dict)
    whole: Counter[int] = field(default_factory=Counter)
    values: Values = field(default_factory=Values)
    is_compared: bool = True
    is_unique: bool = True


def differences(before: Path, after: Path, *, keys: Sequence[str], limits: Limits, found: Found) -> list[Changes]:
    """One `{"sheet", "columns", "rows", "key"}` for each table that both versions have; `found` hears of them and of jumps."""
    old, new = _headers(before, limits), _headers(after, limits)
    told = []
    for place, (sheet, table) in enumerate(new.items()):
        other = sheet if sheet in old else next(itertools.islice(old, place, None), None) if len(old) == len(new) else None
        if other is None:
            continue
        shared = [key for key in map(key_of, table.names) if key and key in set(map(key_of, old[other].names))]
        wanted = [key for key in map(key_of, keys) if key in shared]
        versions = [_read(path, name, shared, wanted, limits) for path, name in ((before, other), (after, sheet))]
        here = found.at(sheet=sheet or None)
        changes = _between(versions[0], versions[1], wanted)
        told.append({"sheet": plain(sheet) or None, **changes})
        here("version_changes", what=_in_words(changes), what_en=_in_english(changes))
        find_jumps(versions[0].values, versions[1].values, (versions[0].rows, versions[1].rows), here)
    return told


def _headers(path: Path, limits: Limits) -> dict[str, Table]:
    return {sheet.name: table for sheet in tables_in(path, limits) if (table := _table(sheet))}


def _table(sheet: Sheet) -> Table | None:
    return find_table(sheet.rows, declared=(), merged=sheet.seen.merged, found=Found())


def _read(path: Path, name: str, shared: Sequence[str], keys: Sequence[str], limits: Limits) -> Version:
    sheets = tables_in(path, limits)  # kept as long as it is read from: the file is open as long as it is
    table = _table(next(sheet for sheet in sheets if sheet.name == name))
    assert table is not None  # noqa: S101 (its header was read before)
    columns = {key_of(n): ColumnFacts(n, at) for at, n in reversed(list(enumerate(table.names))) if key_of(n)}
    version = Version(dict(reversed(columns.items())))
    places, key_places = [columns[key].index for key in shared], [columns[key].index for key in keys]
    for block in _blocks(table.rows, len(table.names)):
        if version.rows < _TYPED_ROWS:
            for column in version.columns.values():
                column.take([number for number, _ in block], [cells[column.index] for _, cells in block], limits)
        version.values.columns = version.values.columns if version.rows else numbers_of(version.columns, shared)
        for number, cells in block:
            _take(version, number, cells, places, key_places, limits)
    return version


def _blocks(rows: Iterator[Row], width: int) -> Iterator[list[tuple[int, tuple[str, ...]]]]:
    """Rows as wide as the header, blank ones left out."""
    blank = ("",) * width
    while block := list(itertools.islice(rows, _BLOCK)):
        filled = [(number, (tuple(cells) + blank)[:width]) for number, cells in block if any(cell.strip() for cell in cells)]
        if filled:
            yield filled


def _take(version: Version, number: int, cells: Sequence[str], places: Sequence[int], keys: Sequence[int], limits: Limits) -> None:
    version.rows += 1
    if version.rows > limits.compared_rows:
        version.is_compared = False
        return
    row = hash(tuple(cells[place].strip() for place in places))
    key = hash(tuple(cells[place].strip() for place in keys)) if keys else row
    version.whole[row] += 1
    if keys:
        version.is_unique = version.is_unique and key not in version.by_key
        version.by_key[key] = row
    version.values.take(key if keys else None, number, cells, limits)


def _between(old: Version, new: Version, keys: Sequence[str]) -> Changes:
    types = {key: (type_of(old.columns[key]), type_of(new.columns[key])) for key in new.columns if key in old.columns}
    return {
        "columns": {
            "added": [plain(column.name) for key, column in new.columns.items() if key not in old.columns],
            "removed": [plain(column.name) for key, column in old.columns.items() if key not in new.columns],
            "retyped": [
                {"name": plain(new.columns[key].name), "before": was, "after": now} for key, (was, now) in types.items() if was != now
            ],
        },
        "key": [plain(new.columns[key].name) for key in keys],
        "rows": _rows(old, new, is_keyed=bool(keys)),
    }


def _rows(old: Version, new: Version, *, is_keyed: bool) -> dict[str, int | None]:
    """Added, removed and changed are None where they are not known: too many rows; changed also without a key that is each row's own."""
    told: dict[str, int | None] = {"before": old.rows, "after": new.rows, "added": None, "removed": None, "changed": None}
    if not (old.is_compared and new.is_compared):
        return told
    if not (is_keyed and old.is_unique and new.is_unique):
        return told | {"added": (new.whole - old.whole).total(), "removed": (old.whole - new.whole).total()}
    both = old.by_key.keys() & new.by_key.keys()
    changed = sum(old.by_key[key] != new.by_key[key] for key in both)
    return told | {"added": len(new.by_key) - len(both), "removed": len(old.by_key) - len(both), "changed": changed}


def _in_words(changes: Changes) -> str:
    rows, columns = changes["rows"], changes["columns"]
    told = [f"baris {rows['before']} → {rows['after']}"]
    told += [f"{rows[name]} {word}" for name, word in (("added", "baru"), ("removed", "hilang"), ("changed", "berubah")) if rows[name]]
    told += [f"kolom {word}: {', '.join(columns[name][:5])}" for name, word in (("added", "baru"), ("removed", "hilang")) if columns[name]]
    told += [f"tipe kolom {c['name']}: {c['before']} → {c['after']}" for c in columns["retyped"][:5]]
    return "; ".join(told)


def _in_english(changes: Changes) -> str:
    rows, columns = changes["rows"], changes["columns"]
    told = [f"rows {rows['before']} → {rows['after']}"]
    told += [f"{rows[name]} {name}" for name in ("added", "removed", "changed") if rows[name]]
    told += [f"columns {name}: {', '.join(columns[name][:5])}" for name in ("added", "removed") if columns[name]]
    told += [f"type of {c['name']}: {c['before']} → {c['after']}" for c in columns["retyped"][:5]]
    return "; ".join(told)
