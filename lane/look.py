"""A file to be looked at: how it is named among what was found before, what its check is told, and what is said of one that failed."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import orjson

from checks.catalogue import report
from checks.findings import Found
from checks.persons import sensitive_words
from events.metadata import Dataset, File
from lane.beside import Told
from lane.tracing import Step

VERSION: Final = 8
"""Of what the checks find: raise it, and files are looked at again."""
Open = Callable[[File], Iterable[bytes]]


@dataclass(frozen=True)
class Look:
    """A file to be looked at, or to be held against the one of the version `before`; what it is checked against, how its bytes are read.

    `step`: for which event, where it is for one.
    """

    file: File
    dataset: Dataset
    read: Open
    before: File | None = None
    step: Step | None = None


def name_of(look: Look, allowed: frozenset[str]) -> str:
    """Under which what is told of it is kept: the same name, the same answer."""
    if look.before is None:
        return _against(look.dataset, look.file.name, look.file.media_type, allowed)
    said = [VERSION, look.file.name, look.before.sha256, keys(look.dataset)]
    return f"changes-{hashlib.sha256(orjson.dumps(said)).hexdigest()[:32]}"


def _against(dataset: Dataset, name: str, media_type: str, allowed: frozenset[str]) -> str:
    """Names what a file is checked against: the same name, the same findings."""
    said = [VERSION, about(dataset), name, media_type, sorted(allowed)]
    columns = dataset.model_dump(mode="json", include={"columns"}, exclude_none=True)["columns"]
    return f"check-{hashlib.sha256(orjson.dumps([said, columns])).hexdigest()[:32]}"


def keys(dataset: Dataset) -> list[str]:
    return [column.name for column in dataset.columns if column.key]


def about(dataset: Dataset) -> str:
    return sensitive_words(f"{dataset.title} {dataset.summary} {' '.join(dataset.keywords)}")


TOO_MUCH: Final = "pemeriksaan terlalu lama atau butuh terlalu banyak memori", "it takes too long or too much memory"


def one(file: File, code: str, reason: str = TOO_MUCH[0], reason_en: str = TOO_MUCH[1]) -> Told:
    """A single finding of the whole file."""
    found = Found(file=file.name)
    found(code, reason=reason, reason_en=reason_en, why="terlalu besar", why_en="too large")
    return {"findings": [f.model_dump(mode="json", exclude_none=True) for f in report(found).findings], "more": {}, "profiles": []}
