"""Regions against each other in one row: names against codes, codes against the codes of what they lie in. Columns in, findings out."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found
from checks.grid import key_of
from checks.regions import LENGTHS, regions

LEAST_NAMES: Final = 5
_LEVELS: Final = (
    (10, re.compile(r"desa|kelurahan", re.IGNORECASE)),
    (6, re.compile(r"kecamatan|distrik|\bkec\b", re.IGNORECASE)),
    (4, re.compile(r"kabupaten|\bkab\b|\bkota\b", re.IGNORECASE)),
)
"""Digits of a code, and what a column of such regions' names is called."""
_BEFORE: Final = re.compile(
    r"\b(?:kelurahan|desa|kampung|gampong|nagari|kel|ds|kecamatan|distrik|kec|kabupaten|kota|kab)\b\.?", re.IGNORECASE
)
_NAMED: Final = re.compile(r"^nama|^wilayah", re.IGNORECASE)
_OTHER: Final = re.compile(r"asal|tujuan|lahir|pindah|ibu_?kota", re.IGNORECASE)
"""Two regions in a row that need not lie in each other, or be called alike."""
Told = tuple[int, str, str]
"""A row, the official name of its code, and the name that stands there."""


def names_against_codes(column: ColumnFacts, facts: TableFacts, found: Found) -> None:
    """Names beside a code, its own and of what it lies in: where most agree with the list, the others are told."""
    for other in facts.columns:
        if other is column or other.notations["text"] * 2 < other.filled or _OTHER.search(other.name):
            continue
        spelt = other.name.replace("_", " ")
        level = next((digits for digits, called in _LEVELS if called.search(spelt)), None)
        if level is None and not _NAMED.search(other.name):
            continue
        told = list(_told(column, other, level, facts))
        wrong = [each for each in told if not _is_same(each[1], each[2])]
        if wrong and _is_meant(told, wrong):
            found("region_name", column=other.name, rows=[number for number, *_ in wrong])


def _told(column: ColumnFacts, other: ColumnFacts, level: int | None, facts: TableFacts) -> Iterator[Told]:
    """`level`: of which the names are; None where they are those of the codes themselves."""
    for number, cells in facts.held:
        code = cells[column.index].strip().replace(".", "")
        official = regions().name(code[:level]) if len(code) in LENGTHS and len(code) >= (level or 0) else None
        if official and cells[other.index].strip():
            yield number, official, cells[other.index]


def _is_meant(told: Sequence[Told], wrong: Sequence[Told]) -> bool:
    """Are these names of regions at all, and those of the rows? Not where villages' codes stand beside names of something else; names that
    belong to other rows are of the kind, and then few rows are enough."""
    if len(wrong) * 4 <= len(told) and len(told) >= LEAST_NAMES:
        return True
    if len({name for *_, name in told}) * 5 < len(told) * 4:
        return False  # districts are called as some of their villages are, and stand in many rows
    here = {_bare(official) for _, official, _ in told}
    of_others = sum(_bare(name) in here for *_, name in wrong)
    return of_others * 4 >= len(wrong) * 3 and (len(told) >= LEAST_NAMES or of_others == len(wrong) > 1)


def _is_same(official: str, name: str) -> bool:
    return official == name or key_of(official) == key_of(name) or _bare(official) == _bare(name)


def _bare(name: str) -> str:
    return key_of(_BEFORE.sub("", name)) or key_of(name)


def codes_against_codes(coded: Sequence[ColumnFacts], facts: TableFacts, found: Found) -> None:
    """A district's code beside that of a regency that it does not lie in; in all rows, or where it does in most."""
    for column in coded:
        for above in coded:
            if column is above or _OTHER.search(f"{column.name} {above.name}"):
                continue
            pairs = [(number, _digits(cells, column), _digits(cells, above)) for number, cells in facts.held]
            told = [(number, code, upper) for number, code, upper in pairs if len(code) > len(upper) > 1]
            wrong = [number for number, code, upper in told if not code.startswith(upper)]
            if wrong and len(wrong) * 4 <= len(told):
                found("region_code_parent", column=column.name, rows=wrong, other=above.name)


def _digits(cells: Sequence[str], column: ColumnFacts) -> str:
    code = cells[column.index].strip().replace(".", "")
    return code if regions().exists(code) else ""
