"""What the folder portal writes of a publication, as bytes: metadata.json and the pages. Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from slugify import slugify

from events.contracts import File, Reason
from lane.due import WIB
from portals.portal import Publication

KEY: Final = re.compile(r"\d{8}T\d{12}Z-[0-9a-f-]{36}")
HOUR: Final = len("20261123T02")
SERVED_AS_THEY_ARE: Final = frozenset(
    {
        "csv",
        "doc",
        "docx",
        "geojson",
        "gpkg",
        "gz",
        "jpeg",
        "jpg",
        "json",
        "jsonld",
        "ndjson",
        "ods",
        "odt",
        "parquet",
        "pdf",
        "png",
        "ppt",
        "pptx",
        "tsv",
        "txt",
        "xls",
        "xlsx",
        "zip",
    }
)
"""Name endings that no browser runs and no web server executes; anything else is handed out as plain bytes."""

MONTHS: Final = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
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


@dataclass(frozen=True)
class Entry:
    """A dataset as the catalogue lists it."""

    dataset_id: str
    title: str
    opd: str
    opd_name: str
    approved_at: datetime
    dcat: bytes


def key_of(publication: Publication) -> str:
    """The version's folder name; sorting by name is sorting by `Publication.order`."""
    return f"{publication.approved_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{publication.submission_id}"


def names_on_disk(files: Sequence[File]) -> list[str]:
    """For each file a safe name on disk and in addresses, distinct also where case does not count."""
    names: list[str] = []
    for number, file in enumerate(files, start=1):
        name = _safe(file.name)
        if name.casefold() in (other.casefold() for other in names):
            name = f"{number}-{name}"
        names.append(name)
    return names


def record_of(publication: Publication) -> dict[str, Any]:
    """metadata.json of a version: all that is public, retention schedules are not (domain: never published)."""
    names = names_on_disk(publication.files)
    files = [file.model_dump(mode="json") | {"path": f"files/{name}"} for file, name in zip(publication.files, names, strict=True)]
    return {
        "submission_id": str(publication.submission_id),
        "sequence": publication.sequence,
        "manifest": publication.manifest,
        "approved_at": publication.approved_at.astimezone(UTC).isoformat(),
        "opd": publication.opd,
        "opd_name": publication.opd_name,
        "dataset": publication.dataset.model_dump(mode="json", exclude_none=True, exclude={"retention"}),
        "files": files,
    }


def retracted_record(publication: Publication, reason: Reason) -> dict[str, Any]:
    """metadata.json of a tombstone."""
    return {
        "submission_id": str(publication.submission_id),
        "sequence": publication.sequence,
        "opd": publication.opd,
        "opd_name": publication.opd_name,
        "retracted": {"title": publication.dataset.title, "code": reason.code, "note": reason.note},
    }


def to_json(value: object) -> bytes:
    """As metadata.json is written: the same value always gives the same bytes."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def fields_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The record's metadata field by field as text, for comparing."""
    dataset = record.get("dataset")
    fields = dict(dataset) if isinstance(dataset, dict) else {}
    fields |= {name: record.get(name) for name in ("opd", "opd_name", "manifest")}
    return {name: value if isinstance(value, str) else json.dumps(value, sort_keys=True) for name, value in fields.items()}


def dataset_page(record: Mapping[str, Any], *, earlier: Sequence[str]) -> bytes:
    """The page of a version, from its metadata.json. `earlier`: keys of the versions kept beside it."""
    approved_at = datetime.fromisoformat(record["approved_at"])
    return _render("dataset.html", record=record, approved_at=approved_at, earlier=_dated(earlier))


def tombstone_page(record: Mapping[str, Any], *, earlier: Sequence[str]) -> bytes:
    """The page in place of a version that was taken down."""
    return _render("tombstone.html", record=record, earlier=_dated(earlier))


def index_page(opds: Sequence[tuple[str, str, int]], newest: Sequence[Entry]) -> bytes:
    """The first page: OPDs as (code, name, how many datasets), and the newest datasets."""
    return _render("index.html", opds=opds, newest=newest)


def opd_page(name: str, entries: Sequence[Entry]) -> bytes:
    """All datasets of one OPD."""
    return _render("opd.html", name=name, entries=entries)


def stylesheet() -> bytes:
    """style.css, the same for every page."""
    return _render("style.css")


def _dated(keys: Sequence[str]) -> list[tuple[str, str]]:
    """Versions with the day of their approval in words, newest first."""
    return [(key, _day_of_hour(key[:HOUR])) for key in sorted(keys, reverse=True)]


@lru_cache(maxsize=4096)
def _day_of_hour(start: str) -> str:
    """The day in WIB, in words, of the UTC hour that a version's folder name begins with."""
    return _day(datetime.strptime(start, "%Y%m%dT%H").replace(tzinfo=UTC))


@lru_cache(maxsize=4096)
def _safe(name: str) -> str:
    """At most 100 characters from `[A-Za-z0-9_-]` and one ending that no browser runs; web servers act on inner dots too."""
    stem, dot, ending = name.rpartition(".")
    stem = slugify(stem if dot else name, max_length=80, lowercase=False, regex_pattern=r"[^A-Za-z0-9_-]+") or "file"
    ending = re.sub(r"[^a-z0-9]+", "", ending.lower())[:12] if dot else ""
    if ending in SERVED_AS_THEY_ARE:
        return f"{stem}.{ending}"
    return f"{stem}-{ending}.bin" if ending else f"{stem}.bin"


def _render(template: str, **values: object) -> bytes:
    return _environment().get_template(template).render(values).encode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("portals.folder"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"day": _day, "size": _size, "frequency": FREQUENCIES.get, "information_class": CLASSES.get}
    return environment


def _day(value: str | datetime) -> str:
    day = date.fromisoformat(value) if isinstance(value, str) else value.astimezone(WIB).date()
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}".replace(".", ",")
    return f"{count} bita"
