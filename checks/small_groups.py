"""Cells that count one or two persons in a small region: a table's columns in, findings out."""

import re
from typing import Final

from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found
from checks.limits import ROWS
from checks.persons import COUNTS_PERSONS, DISEASES
from checks.persons_found import some_values

_SEX: Final = re.compile(r"l|p|lk|pr|lk2|laki|pria|wanita", re.IGNORECASE)
"""What counts persons if the table is about persons."""


def check_small_groups(facts: TableFacts, found: Found) -> None:
    """One or two persons beside a village: whoever lives there knows who they are. A column is read with the headings over it, `Kasus` over
    `L` and `P`, and one that says the sex alone with the title of the table."""
    if not any(_is_fine(column) for column in facts.columns):
        return
    title = " ".join(cell for number, cells in facts.table.around if number < facts.table.header_row for cell in cells)
    for column in facts.columns:
        said = facts.table.longer[column.index].replace("_", " ")
        if _SEX.fullmatch(said.rpartition(" ")[2]):
            said += f" {title}"
        unit = (column.declared.unit or "") if column.declared else ""
        counts = COUNTS_PERSONS.search(said) or DISEASES.search(said) or unit.casefold() in {"jiwa", "orang"}
        if column.is_numeric and counts and (count := column.values["1"] + column.values["2"]):
            rows = [number for number, cells in facts.held if cells[column.index].strip() in {"1", "2"}][:ROWS]
            found("small_group", column=column.name, rows=rows, count=count)


def _is_fine(column: ColumnFacts) -> bool:
    """A village, a hamlet or less."""
    return (
        column.key.startswith(("kodedesa", "desa", "kelurahan", "namadesa", "namakelurahan", "dusun", "rt", "rw", "kodekelurahan"))
        or column.personal.count("rt_rw") > 0
        or any(len(value) == 13 and value.count(".") == 3 for value in some_values(column))
    )
