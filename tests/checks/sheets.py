"""Files for the tests, built by code: tables of characters as bytes, workbooks through xlsxwriter; and one file checked in one call."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from checks.catalogue import Report, report
from checks.limits import LIMITS, Limits
from checks.run import Given, Metadata, look_at
from events.metadata import Column

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def columns(**types: str) -> tuple[Column, ...]:
    return tuple(Column.model_validate({"name": name, "type": kind, "description": "-"}) for name, kind in types.items())


def checked(
    folder: Path, name: str, content: bytes, *declared: Column, media_type: str = "", title: str = "", limits: Limits = LIMITS
) -> Report:
    path = folder / "isi"
    path.write_bytes(content)
    found, _ = look_at([Given(path, name, media_type)], Metadata(tuple(declared), title), limits=limits)
    return report(found)


def told(of: Report) -> list[tuple[str, str, str | None, tuple[int, ...] | None]]:
    """Code, severity, column and rows of each finding, gravest first."""
    return [(f.code, f.severity, f.column, f.rows) for f in of.findings]


def codes(of: Report) -> set[str]:
    return {f.code for f in of.findings}


def workbook(path: Path, write: Callable[[Any], object]) -> bytes:
    """The bytes of a workbook that `write(book)` filled."""
    book = xlsxwriter.Workbook(str(path))
    write(book)
    book.close()
    return path.read_bytes()


def sheet(book: Any, name: str, rows: Sequence[Sequence[Any]]) -> Any:
    """A sheet with these rows."""
    made = book.add_worksheet(name)
    for at, row in enumerate(rows):
        made.write_row(at, 0, row)
    return made
