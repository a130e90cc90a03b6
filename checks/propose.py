"""Metadata proposed from a file: profiles of its tables in, a DataSubmitted form out, with `ISI: …` wherever a person has to say it."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from checks.around import ways
from checks.findings import plain
from checks.profile import Profile

FILL: Final = "ISI: "
_YEAR: Final = re.compile(r"(?:19|20)\d\d")


def propose(
    names: Sequence[str], media_types: Mapping[str, str], profiles: Mapping[str, Sequence[Profile]], *, personal: bool
) -> dict[str, Any]:
    """Columns, types, period and regions as the files show them; a number of a person in a file's name is masked."""
    shown = {name: plain(name) if ways(name) else name for name in names}
    tables = [table for told in profiles.values() for table in told]
    columns = tables[0]["columns"] if tables else []
    first, last = _period(list(shown.values()), columns)
    stem = re.sub(r"[^a-z0-9]+", "-", shown[names[0]].rsplit(".", 1)[0].casefold()).strip("-") or "data"
    return {
        "type": "DataSubmitted",
        "opd": FILL + "kode OPD",
        "submitted_by": FILL + "surel jabatan yang menyerahkan",
        "dataset": {
            "dataset_id": stem[:100],
            "title": FILL + "judul",
            "summary": FILL + "ringkasan isi",
            "keywords": [FILL + "kata kunci"],
            "section": FILL + "bidang/seksi",
            "responsible": {"position": FILL + "jabatan", "email": "isi@contoh.go.id"},
            "period_start": first.isoformat() if first else FILL + "tttt-bb-hh",
            "period_end": last.isoformat() if last else FILL + "tttt-bb-hh",
            "frequency": "annual",
            "regions": _regions(tables) or [FILL + "kode wilayah"],
            "information_class": "berkala",
            "license": "cc-by",
            "personal_data": {"contains": personal},
            "columns": [{"name": c["name"], "type": c["type"], "description": FILL + "keterangan"} for c in columns],
        },
        "files": [{"name": shown[name], "media_type": media_types[name]} for name in names],
    }


def _period(names: Sequence[str], columns: Sequence[Profile]) -> tuple[date | None, date | None]:
    for column in columns:
        if column["type"] == "date" and not column["masked"] and "smallest" in column:
            return date.fromisoformat(column["smallest"]), date.fromisoformat(column["largest"])
        if re.fullmatch(r"(?:tahun|year|thn)", column["name"], re.IGNORECASE) and isinstance(column.get("smallest"), float):
            low, high = int(column["smallest"]), int(column["largest"])
            if 1900 <= low <= high <= 2100:
                return date(low, 1, 1), date(high, 12, 31)
    years = [int(year) for name in names for year in _YEAR.findall(name)]
    return (date(min(years), 1, 1), date(max(years), 12, 31)) if years else (None, None)


def _regions(tables: Sequence[Profile]) -> list[str]:
    """The smallest region that holds all codes of the preview."""
    codes = [
        cell for table in tables for row in table["preview"] for cell in row if re.fullmatch(r"\d{2}(?:\.\d{2}){1,2}(?:\.\d{4})?", cell)
    ]
    if not codes:
        return []
    parts = [code.split(".")[:2] for code in codes]
    if len({tuple(part) for part in parts}) == 1:
        return [".".join(parts[0])]
    return sorted({part[0] for part in parts})[:34]
