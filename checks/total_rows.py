"""Rows of totals among the data: the cells of a row in, whether it is called a total out."""

from collections.abc import Sequence
from typing import Final

from checks.grid import TOTAL
from checks.personal import is_of_a_person
from checks.persons import is_person_name

_BEGINS: Final = frozenset("tTjJgGsSrR ")


def may_be_total(cells: Sequence[str]) -> bool:
    """A quick look at the first letters."""
    begins, width = _BEGINS, len(cells)
    return not cells[0] or cells[0][0] in begins or (width > 1 and cells[1][:1] in begins) or (width > 2 and cells[2][:1] in begins)


def is_total(cells: tuple[str, ...]) -> bool:
    """By the first three cells, or the first that is filled; not where a person stands in the row, whatever its first cell says."""
    if not may_be_total(cells):
        return False
    said = cells[:3]
    if not any(said):
        said = (next((cell for cell in cells if cell), ""),)
    return any(cell[:1] in _BEGINS and TOTAL.fullmatch(cell) for cell in said) and not any(map(_is_of_a_person, cells))


def _is_of_a_person(cell: str) -> bool:
    """A name or a number. Units (`Orang`, `KK`) and regions stand beside totals too."""
    return bool(cell) and (is_of_a_person(cell) or (not cell.isdecimal() and is_person_name(cell)))
