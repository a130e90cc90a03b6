"""Our metadata in CKAN's words (DIP, Satu Data and DCAT included): a publication in, fields, extras, tags and resources out. Pure.

Beside CKAN's own fields there are extras on the dataset, and on each resource `sha256`, `submission_id`, `sequence`, `approved_at`,
`file_name`, `media_type` and `version_status`.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from events.metadata import Dataset, File
from lane.due import day_of
from portals.desired import Desired, Publication

Package: TypeAlias = dict[str, Any]
Resource: TypeAlias = dict[str, Any]
Status = Literal["incoming", "current", "earlier", "adopted"]
"""Of a resource: being uploaded beside a public edition, of the edition that is listed, of one before it, of the time before Jejak."""

EXTRA_BYTES: Final = 32_000  # Solr indexes an extra as one term, of at most 32,766 bytes
VERSION_LENGTH: Final = 100
NAMES: Final[dict[Status, str]] = {
    "incoming": "{name} (sedang diunggah, belum terbit)",
    "current": "{name}",
    "earlier": "{name} (edisi {edition}, disetujui {day})",
    "adopted": "{name} (sebelum Jejak)",
}


def fields_of(publication: Publication) -> Package:
    """The dataset's own fields, without extras, tags, resources and organization."""
    dataset = publication.dataset
    return {
        "name": dataset.dataset_id,
        "title": dataset.title,
        "notes": dataset.summary,
        "author": dataset.section,
        "maintainer": dataset.responsible.position,
        "maintainer_email": dataset.responsible.email,
        "license_id": dataset.license,
        "version": (dataset.version or "")[:VERSION_LENGTH],
    }


def extras_of(publication: Publication) -> dict[str, str]:
    """Our extras: the trail's, DCAT's, Satu Data's and those of the Daftar Informasi Publik; "" for what is not known.

    Retention is never published.
    """
    dataset = publication.dataset
    regions = ", ".join(dataset.regions)
    period = f"{dataset.period_start.isoformat()}/{dataset.period_end.isoformat()}"
    extras = {
        "submission_id": str(publication.submission_id),
        "edition": str(publication.edition),
        "sequence": str(publication.sequence),
        "manifest": publication.manifest,
        "approved_at": moment_of(publication.approved_at),
        "temporal_start": dataset.period_start.isoformat(),
        "temporal_end": dataset.period_end.isoformat(),
        "frequency": dataset.frequency,
        "spatial_coverage": regions,
        "access_rights": dataset.information_class,
        "de_identified_data": _personal_data(dataset),
        "theme": dataset.theme or "",
        "source": dataset.source or "",
        "method": dataset.method or "",
        "id_dds": dataset.dataset_id,
        "produsen_data_name": publication.opd_name,
        "produsen_data_city_code": regions,
        "ii_unit_eselon2": dataset.section,
        "ii_pj_jabatan": dataset.responsible.position,
        "ii_pj_email": dataset.responsible.email,
        "submission_period": period,
        "dip_unit_yang_menguasai": f"{publication.opd_name}, {dataset.section}",
        "dip_penanggung_jawab": dataset.responsible.position,
        "dip_waktu_dan_tempat": f"{period}; {regions}",
        "dip_bentuk_informasi": ", ".join(sorted({format_of(file) for file in publication.files})),
    }
    return {key: _fitting(value) for key, value in extras.items()}


def tags_of(dataset: Dataset) -> list[str]:
    """Keywords as tags: CKAN takes letters, digits, spaces and `-_.`, two or more, each once."""
    tags: dict[str, str] = {}
    for keyword in dataset.keywords:
        tag = re.sub(r"\s+", " ", re.sub(r"[^\w \-.]+", " ", keyword)).strip()
        if len(tag) > 1:
            tags.setdefault(tag, tag)
    return sorted(tags)


def resources_of(publication: Publication, status: Status) -> list[Resource]:
    """A resource for each file, in order. Ids come from submission and place, so the same file never appears twice."""
    columns = [column.model_dump(mode="json", exclude_none=True) for column in publication.dataset.columns]
    schema = {"schema": json.dumps({"fields": columns}, ensure_ascii=False)} if columns else {}
    return [
        {
            "id": resource_id(publication, number),
            "name": NAMES[status].format(name=file.name, edition=publication.edition, day=day_of(publication.approved_at)),
            "format": format_of(file),
            "sha256": file.sha256,
            "submission_id": str(publication.submission_id),
            "sequence": str(publication.sequence),
            "approved_at": moment_of(publication.approved_at),
            "file_name": file.name,
            "media_type": file.media_type,
            "version_status": status,
            **schema,
        }
        for number, file in enumerate(publication.files)
    ]


def resource_id(publication: Publication, number: int) -> str:
    """The id of the resource that holds a publication's n-th file."""
    return str(uuid.uuid5(publication.submission_id, f"resource:{number}"))


def format_of(file: File) -> str:
    """CKAN's format: the ending of the name, in capitals."""
    ending = file.name.rpartition(".")[2] if "." in file.name else file.media_type.rpartition("/")[2]
    return re.sub(r"[^A-Z0-9+-]", "", ending.upper())[:20] or "DATA"


def wanted_resources(desired: Desired) -> list[Resource]:
    """All that should be there in the order the public sees: the listed edition first, then the ones before it, newest first."""
    listed = resources_of(desired.listed, "current") if desired.listed else []
    return listed + [resource for one in desired.earlier for resource in resources_of(one, "earlier")]


def _personal_data(dataset: Dataset) -> str:
    if not dataset.personal_data.contains:
        return "tidak memuat data pribadi"
    return "data pribadi sudah disamarkan" if dataset.personal_data.deidentified else "memuat data pribadi"


def _fitting(text: str) -> str:
    encoded = text.encode()
    return text if len(encoded) <= EXTRA_BYTES else encoded[: EXTRA_BYTES - 3].decode(errors="ignore") + "…"


def moment_of(moment: datetime) -> str:
    """A moment as our fields hold it: sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
