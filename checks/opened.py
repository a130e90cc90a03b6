"""The tables of a file, whatever its kind: a path in; sheets with their rows as streams out. Nothing is judged here."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from checks.content import kind_of
from checks.documents import check_json
from checks.findings import Found
from checks.limits import Limits
from checks.text import form_of, rows_of
from checks.workbooks import Sheet, open_other, open_xlsx


def tables_in(path: Path, limits: Limits) -> Iterator[Sheet]:
    """Each may be read once, in order, or be passed over. What holds no table (PDF, ZIP) has none. Raises what a broken file raises."""
    unheard = Found()
    match kind_of(path):
        case "csv" | "tsv":
            yield Sheet("", rows_of(path, form_of(path), limits, unheard))
        case "xlsx" | "xlsm":
            yield from open_xlsx(path, limits, unheard)
        case "xls" | "ods":
            yield from open_other(path, limits, unheard)
        case "json" | "geojson":
            for where, rows in check_json(path, limits, unheard):
                yield Sheet(where, rows)
        case "zip" if not zipfile.is_zipfile(path):
            raise ValueError("it begins like a workbook or an archive, and is none")
