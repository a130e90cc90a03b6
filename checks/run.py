"""Everything at once: metadata and files in, one report out, as intake, review and the command line ask for it."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from checks.catalogue import Report
from checks.content import ALLOWED
from checks.files import check_file
from checks.findings import Found
from checks.limits import LIMITS, Limits
from checks.profile import Profile
from events.metadata import Column

COLLECT_AFTER: Final = 50_000
"""Objects; Python's own 700 is for programs whose objects point at each other."""


@dataclass(frozen=True)
class Given:
    """One file to look at: where it lies, and what it is called and said to be."""

    path: Path
    name: str
    media_type: str = ""
    field: str | None = None


@dataclass(frozen=True)
class Metadata:
    """What of the metadata the files are checked against."""

    columns: tuple[Column, ...] = ()
    title: str = ""
    says_personal: bool | None = None


def collect_rarely() -> None:
    """For a process that only looks at files: rows and cells hold no circles, and to look for some took a fifth of the time."""
    gc.set_threshold(COLLECT_AFTER)


def look_at(
    files: Sequence[Given],
    metadata: Metadata,
    *,
    limits: Limits = LIMITS,
    allowed: frozenset[str] = ALLOWED,
    told: Callable[[Given], None] = lambda _: None,
) -> tuple[Found, dict[str, list[Profile]]]:
    """The notes of all files, and their profiles by name. `told` hears of each file before it is read."""
    found = Found()
    profiles: dict[str, list[Profile]] = {}
    for file in files:
        told(file)
        here = Found(field=file.field, notes=found.notes)
        profiles[file.name] = check_file(
            file.path,
            name=file.name,
            media_type=file.media_type,
            found=here,
            columns=metadata.columns,
            about=metadata.title,
            limits=limits,
            allowed=allowed,
        )
    if metadata.says_personal and not any(note.code.startswith("personal_data_") for note in found.notes.values()):
        found("personal_declared")
    return found, profiles


def as_json(told: Report) -> dict[str, Any]:
    """The shape of `jejak check --json`: every finding has every key."""
    return {
        "findings": [
            {
                "code": f.code,
                "severity": f.severity,
                "word": f.word,
                "file": f.file,
                "sheet": f.sheet,
                "rows": list(f.rows or ()),
                "column": f.column,
                "count": f.count,
                "message": f.message,
                "message_en": f.message_en,
                "sample": f.sample,
            }
            for f in told.findings
        ],
        "more": told.more,
        "scores": dict(told.scores),
    }


def exit_code(told: Report) -> int:
    """0: nothing above info; 1: an error; 3: warnings only."""
    scores = set(told.scores.values())
    return 1 if "fail" in scores else 3 if "attention" in scores else 0
