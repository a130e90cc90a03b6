"""More of the kind: what is like the known faults and yet another is found where it stands, and what only looks like them is not."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import Report
from tests.checks.judged import JUDGED
from tests.checks.more_variants import MORE
from tests.checks.sheets import XLSX, checked, sheet, workbook
from tests.checks.variants import VARIANTS, Variant

ALL = (*VARIANTS, *MORE, *JUDGED)


def _as_csv(variant: Variant) -> bytes:
    if isinstance(variant.table, str):
        return variant.table.encode(variant.encoding)
    text = io.StringIO()
    width = max(len(row) for row in variant.table)
    csv.writer(text).writerows([*row, *[""] * (width - len(row))] for row in variant.table)
    return text.getvalue().encode(variant.encoding)


def _as_xlsx(variant: Variant, path: Path) -> bytes:
    def write(book: Any) -> None:
        assert not isinstance(variant.table, str)
        rows = [[cell if cell != "" else None for cell in row] for row in variant.table]
        sheet(book, "Data", rows)

    return workbook(path, write)


def _faults(variant: Variant, found: Report) -> list[str]:
    """What was looked for in vain, and what was found in vain."""
    told = [
        f"missing: {code} {column} {rows}"
        for code, (column, rows) in variant.wants.items()
        if not any(f.code == code and column in (None, f.column) and rows in (None, f.rows) for f in found.findings)
    ]
    vain = [f"in vain: {f.code} {f.column} {f.rows}" for f in found.findings if f.code.startswith(variant.never or ("?",))]
    return [*told, *vain, *([str([(f.code, f.column, f.rows) for f in found.findings])] if told else [])]


@pytest.mark.parametrize("variant", ALL, ids=lambda v: v.name)
def test_a_table_of_characters_is_judged_rightly(tmp_path: Path, variant: Variant) -> None:
    found = checked(tmp_path, variant.file, _as_csv(variant), *variant.declared, title=variant.title)

    assert _faults(variant, found) == []


@pytest.mark.parametrize("variant", [v for v in ALL if not isinstance(v.table, str)], ids=lambda v: v.name)
def test_the_same_as_a_workbook_is_judged_so_too(tmp_path: Path, variant: Variant) -> None:
    content = _as_xlsx(variant, tmp_path / "b.xlsx")
    found = checked(tmp_path, "data.xlsx", content, *variant.declared, media_type=XLSX, title=variant.title)

    assert _faults(variant, found) == []
