"""Names on the folder portal's disk and in its addresses: editions and files in, plain distinct names out. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from slugify import slugify

from events.metadata import File
from portals.desired import Publication

SERVED_AS_THEY_ARE: Final = frozenset(
    re.findall(r"\w+", "csv doc docx geojson gpkg gz jpeg jpg json jsonld ndjson ods odt parquet pdf png ppt pptx tsv txt xls xlsx zip")
)
"""Name endings that no browser runs and no web server executes; anything else is handed out as plain bytes."""


def key_of(publication: Publication) -> str:
    """The folder of an edition: the same for ever, because DataPublished names it."""
    return f"{publication.approved_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{publication.submission_id}"


def names_on_disk(files: Sequence[File]) -> list[str]:
    """For each file a safe name, distinct also where case does not count. Endings are kept."""
    names: list[str] = []
    taken: set[str] = set()
    for number, file in enumerate(files, start=1):
        plain = safe(file.name)
        candidates = [plain, *(f"{n}-{plain}" for n in range(number, number + len(files) + 1))]
        name = next(name for name in candidates if name.casefold() not in taken)
        taken.add(name.casefold())
        names.append(name)
    return names


def mailto(email: str) -> str:
    """Its address as a link (RFC 6068): what has a meaning there, or in a web address, is encoded."""
    return f"mailto:{quote(email, safe='@')}"


@lru_cache(maxsize=4096)
def safe(name: str) -> str:
    """At most 100 characters from `[A-Za-z0-9_-]` and one ending that no browser runs; web servers act on inner dots too."""
    stem, dot, ending = name.rpartition(".")
    stem = slugify(stem if dot else name, max_length=80, lowercase=False, regex_pattern=r"[^A-Za-z0-9_-]+") or "file"
    ending = re.sub(r"[^a-z0-9]+", "", ending.lower())[:12] if dot else ""
    if ending in SERVED_AS_THEY_ARE:
        return f"{stem}.{ending}"
    return f"{stem}-{ending}.bin" if ending else f"{stem}.bin"
