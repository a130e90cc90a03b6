"""What the folder portal writes of a publication, as bytes: metadata.json and the pages. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from events.contracts import Reason
from lane.due import day_of
from portals.desired import Publication
from portals.folder.names import mailto, names_on_disk

MONTHS: Final = ["Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"]
FREQUENCIES: Final = {
    "continuous": "terus-menerus",
    "daily": "harian",
    "weekly": "mingguan",
    "monthly": "bulanan",
    "quarterly": "triwulanan",
    "semiannual": "semesteran",
    "annual": "tahunan",
    "biennial": "dua tahunan",
    "quinquennial": "lima tahunan",
    "irregular": "tidak tentu",
    "never": "tidak diperbarui",
}
CLASSES: Final = {
    "berkala": "informasi berkala",
    "serta-merta": "informasi serta-merta",
    "setiap-saat": "informasi setiap saat",
    "dikecualikan": "informasi yang dikecualikan",
}
REASONS: Final = {"personal_data": "memuat data pribadi", "wrong_file": "berkas yang salah"}
"""A tombstone says no more than the code of the reason: its note may quote the very data that were taken down."""


def record_of(publication: Publication) -> dict[str, Any]:
    """metadata.json of an edition: all that is public, retention schedules are not (domain: never published)."""
    names = names_on_disk(publication.files)
    files = [file.model_dump(mode="json") | {"path": f"files/{name}"} for file, name in zip(publication.files, names, strict=True)]
    return _about(publication) | {
        "manifest": publication.manifest,
        "approved_at": publication.approved_at.astimezone(UTC).isoformat(),
        "dataset": publication.dataset.model_dump(mode="json", exclude_none=True, exclude={"retention"}),
        "files": files,
    }


def retracted_record(publication: Publication, reason: Reason) -> dict[str, Any]:
    """metadata.json of a tombstone."""
    return _about(publication) | {"retracted": {"title": publication.dataset.title, "code": reason.code}}


def to_json(value: object) -> bytes:
    """As metadata.json is written: the same value always gives the same bytes."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def fields_of(record: bytes) -> dict[str, str] | None:
    """metadata.json field by field as text, for comparing; None when it has not the shape of ours."""
    try:
        said = orjson.loads(record)
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("dataset", {}), dict):
        return None
    fields = {name: value for name, value in said.items() if name != "dataset"} | said.get("dataset", {})
    try:
        return {name: value if isinstance(value, str) else json.dumps(value, sort_keys=True) for name, value in fields.items()}
    except RecursionError:
        return None


def edition_page(publication: Publication, *, earlier: Sequence[tuple[str, int, datetime]] | None) -> bytes:
    """`earlier`: folder, number and approval of the editions before the listed one, newest first. None: this is one of those; its page
    says so, and leads to the current one.
    """
    return render(
        "dataset.html",
        publication=publication,
        dataset=publication.dataset,
        files=[(file, f"files/{name}") for file, name in zip(publication.files, names_on_disk(publication.files), strict=True)],
        earlier=earlier or (),
        superseded=earlier is None,
    )


def tombstone_page(record: Mapping[str, Any]) -> bytes:
    """The page in place of an edition that was taken down."""
    return render("tombstone.html", record=record, reason=REASONS.get(record["retracted"]["code"], record["retracted"]["code"]))


def render(template: str, **values: object) -> bytes:
    return _template(template).render(values).encode()


def _about(publication: Publication) -> dict[str, Any]:
    return {
        "submission_id": str(publication.submission_id),
        "edition": publication.edition,
        "sequence": publication.sequence,
        "opd": publication.opd,
        "opd_name": publication.opd_name,
    }


@lru_cache(maxsize=16)
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("portals.folder"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"day": _day, "size": _size, "frequency": FREQUENCIES.get, "information_class": CLASSES.get, "mailto": mailto}
    return environment.get_template(name)


def _day(value: date | datetime) -> str:
    day = day_of(value) if isinstance(value, datetime) else value
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}".replace(".", ",")
    return f"{count} bita"
