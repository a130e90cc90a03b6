"""What the metadata says of the columns, against what the file holds: missing, spelt otherwise, more than declared, of another type."""

import difflib
import re
from collections.abc import Sequence
from typing import Final

from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found
from checks.grid import Table, key_of
from checks.notation import NUMBERS, Notation
from events.metadata import Column

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_ALIKE: Final = 0.84
_SHORT: Final = {
    short: whole
    for whole, shorts in {
        "jumlah": "jml jmlh", "kecamatan": "kec", "kelurahan": "kel", "kabupaten": "kab", "provinsi": "prov prop", "desa": "ds",
        "kode": "kd", "nama": "nm", "tahun": "thn th", "tanggal": "tgl", "bulan": "bln", "nomor": "no", "keterangan": "ket",
        "penduduk": "pddk pend", "laki": "lk l", "perempuan": "pr p", "satuan": "sat", "persen": "pct",
    }.items()
    for short in shorts.split()
}  # fmt: skip
"""What people shorten the words of column names to."""
_FITS: Final[dict[str, frozenset[Notation]]] = {
    "integer": NUMBERS | {"missing", "percent", "formula", "error"},
    "number": NUMBERS | {"missing", "percent", "formula", "error"},
    "boolean": frozenset({"boolean", "integer", "missing"}),
    "date": NUMBERS | {"date_iso", "date_other", "date_impossible", "datetime", "missing", "error"},
    "datetime": NUMBERS | {"date_iso", "date_other", "date_impossible", "datetime", "missing", "error"},
    "time": frozenset({"time", "missing", "error"}),
    "year": frozenset({"integer", "missing", "error"}),
}


def by_position(table: Table, columns: Sequence[Column]) -> dict[int, Column]:
    """Each declared column where the file has it: the same name, the same but for case and signs, or nearly the same."""
    free = dict(enumerate(table.names))
    found: dict[int, Column] = {}
    left = list(columns)
    for how in (_same, _same_key, _same_longer, _spelt_out, _alike):
        for column in list(left):
            at = next((index for index in free if how(column.name, table.names[index], table.longer[index])), None)
            if at is not None:
                found[at] = column
                free.pop(at)
                left.remove(column)
    return found


def _same(declared: str, name: str, longer: str) -> bool:
    return declared == name


def _same_key(declared: str, name: str, longer: str) -> bool:
    return key_of(declared) == key_of(name) != ""


def _same_longer(declared: str, name: str, longer: str) -> bool:
    return key_of(declared) == key_of(longer) != ""


def _spelt_out(declared: str, name: str, longer: str) -> bool:
    """`jml_pddk` is `jumlah_penduduk`."""
    return [_SHORT.get(word, word) for word in _words(declared)] == [_SHORT.get(word, word) for word in _words(name)] != []


def _alike(declared: str, name: str, longer: str) -> bool:
    """A letter more or less. `jumlah_l` and `jumlah_p`, `luas_2023` and `luas_2024` are two columns."""
    one, two = key_of(declared), key_of(name)
    others = set(_words(declared)) ^ set(_words(name))
    return (
        len(one) > 3
        and len(two) > 3
        and difflib.SequenceMatcher(None, one, two).ratio() >= _ALIKE
        and one.strip("0123456789") != two.strip("0123456789")
        and not (len(_words(declared)) == len(_words(name)) and all(len(word) < 3 or word.isdecimal() for word in others))
    )


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name.casefold()) if word]


def check_declared(facts: TableFacts, columns: Sequence[Column], placed: dict[int, Column], found: Found) -> None:
    """Nothing is said of a table whose metadata declares no columns."""
    if not columns:
        return
    there = {column.name for column in placed.values()}
    for column in columns:
        if column.name not in there:
            found("column_missing", column=column.name)
    for index, column in placed.items():
        if column.name not in (facts.table.names[index], facts.table.longer[index]):
            found("column_spelling", column=facts.table.names[index], declared=column.name)
    if more := [c.name for c in facts.columns if c.index not in placed and (c.name or c.filled)]:
        found("column_undeclared", column=", ".join(more[:10]), count=len(more))
    for facts_of in facts.columns:
        _type(facts_of, facts, found)
        _required(facts_of, found)


def _type(column: ColumnFacts, facts: TableFacts, found: Found) -> None:
    fits = _FITS.get(column.declared.type) if column.declared else None
    if fits is None or column.declared is None:
        return
    others = [notation for notation in column.notations if notation not in fits and notation != "blank"]
    if column.declared.type == "integer":
        others += [
            notation for notation in ("decimal_point", "decimal_comma") if column.notations[notation] and not _whole(column, notation)
        ]
    years = {v for v in column.values if _YEAR.fullmatch(v.strip())} if column.declared.type in {"date", "datetime"} else set()
    if years and not others:
        count = sum(column.values[year] for year in years)
        found("column_type", column=column.name, rows=facts.rows_of(column, years), count=count, type=column.declared.type)
    elif others:
        found("column_type", column=column.name, rows=column.rows_with(others), count=column.count(others), type=column.declared.type)


def _whole(column: ColumnFacts, notation: Notation) -> bool:
    """`5.0` is an integer with a point; `5.5` is none."""
    values = [v.strip() for v in column.values if any(c in v for c in ".,")]
    return all(v.replace(",", ".").rpartition(".")[2].strip("0") == "" or v.replace(",", ".").count(".") > 1 for v in values)


def _required(column: ColumnFacts, found: Found) -> None:
    if column.declared is None or not (column.declared.required or column.declared.key):
        return
    if count := column.count(["blank", "missing"]):
        found("required_missing", column=column.name, rows=column.rows_with(["blank", "missing"]), count=count)
