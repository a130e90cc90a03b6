"""A profile of one table, as JSON: what stands in it, for people to see before they judge; columns with personal data are masked."""

from typing import Any, Final

from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found, masked, plain
from checks.notation import DATES, NUMBERS, number_in
from checks.persons import hint_of

Profile = dict[str, Any]
_FREQUENT: Final = 5
_BINS: Final = 10
_MAY_NAME: Final = 1e14
MASKED_BY: Final = ("personal_data_", "mask_weak", "column_personal")


def profile_of(facts: TableFacts, found: Found) -> Profile:
    """`{"sheet", "rows", "columns": [...], "preview": [[…]], "preview_rows": [...]}`; rows are numbered from 1 as in the file.

    `found` says which columns are masked.
    """
    masks = masked_columns(facts, found)
    preview = facts.preview
    return {
        "sheet": plain(found.sheet) if found.sheet else None,
        "rows": facts.rows,
        "columns": [_column(column, is_masked=column.index in masks) for column in facts.columns],
        "preview": [[_shown(cell, masks, at) for at, cell in enumerate(cells)] for _, cells in preview],
        "preview_rows": [row for row, _ in preview],
    }


def masked_columns(facts: TableFacts, found: Found) -> set[int]:
    """The columns that were found to hold personal data, or are named so, though they may count."""
    hidden = {
        note.column
        for note in found.notes.values()
        if note.file == found.file and note.sheet == found.sheet and note.code.startswith(MASKED_BY)
    }
    return {column.index for column in facts.columns if column.name in hidden or hint_of(column.name) not in {None, "name"}}


def _shown(cell: str, masks: set[int], at: int) -> str:
    return (masked(cell) if len(cell) >= 8 else "*" * len(cell)) if at in masks else plain(cell)


def _column(column: ColumnFacts, *, is_masked: bool) -> Profile:
    told: Profile = {
        "name": plain(column.name),
        "type": type_of(column),
        "declared": column.declared.type if column.declared else None,
        "missing": column.notations["blank"] + column.notations["missing"],
        "distinct": len(column.values) - ("" in column.values),
        "distinct_is_at_least": not column.all_counted,
        "masked": is_masked,
    }
    if is_masked:
        return told
    if column.first:
        told |= {"smallest": column.first.isoformat(), "largest": (column.last or column.first).isoformat()}
    elif column.count(NUMBERS):
        told |= {"smallest": _number(column.smallest), "largest": _number(column.largest), "histogram": _histogram(column)}
    told["frequent"] = [[plain(value), times] for value, times in column.values.most_common(_FREQUENT + 1) if value][:_FREQUENT]
    return told


def _number(value: float | None) -> float | None:
    """As it is; of a number so long that it may name a person only how large it is."""
    return value if value is None or abs(value) < _MAY_NAME else float(f"{value:.2e}")


def type_of(column: ColumnFacts) -> str:
    """The type that nine in ten of its cells have, in the words of Table Schema."""
    filled = column.filled - column.notations["missing"]
    if not filled:
        return "string"
    if column.count(DATES) * 10 >= filled * 9:
        return "date"
    if column.notations["boolean"] * 10 >= filled * 9:
        return "boolean"
    if column.notations["leading_zero"] or column.count(NUMBERS) * 10 < filled * 9:
        return "string"
    return "integer" if column.count(["integer", "grouped_id", "grouped_en"]) * 10 >= filled * 9 else "number"


def _histogram(column: ColumnFacts) -> list[int]:
    """Ten bins of equal width from the smallest to the largest value, over the values that were counted."""
    low, high = column.smallest or 0.0, column.largest or 0.0
    bins = [0] * _BINS
    width = (high - low) / _BINS
    for value, times in column.values.items():
        number = number_in(value, indonesian=True)
        if number is not None:
            bins[min(_BINS - 1, int((number - low) / width)) if width else 0] += times
    return bins
