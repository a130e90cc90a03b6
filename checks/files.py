"""Is this file fit to publish? A path, its name and media type and the metadata's columns in; notes and profiles of its tables out.

`check_file` is pure but for reading that file. It may be slow and hungry on hostile input: a lane runs it in a process that may be killed.
"""

import csv
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from checks.archives import check_archive
from checks.around import check_around, check_names, check_texts
from checks.columns import TableFacts, gather
from checks.content import ALLOWED, EXTENSIONS, check_kind, check_name, kind_of
from checks.declared import by_position, check_declared
from checks.documents import check_json, check_pdf
from checks.findings import Found
from checks.grid import find_table
from checks.joined import parted
from checks.limits import LIMITS, Limits
from checks.persons_found import check_personal
from checks.profile import Profile, masked_columns, profile_of
from checks.small_groups import check_small_groups
from checks.tables import TABLE_CHECKS
from checks.text import check_form, form_of, rows_of
from checks.workbooks import Sheet, check_sheet, open_other, open_xlsx
from checks.written import spellings
from checks.xlsx import Broken
from events.metadata import Column

Rows = Iterable[tuple[int, Sequence[str]]]
_BY_ITSELF: Final = re.compile(r"^__MACOSX/|(?:^|/)(?:\.DS_Store|\._[^/]*|Thumbs\.db|desktop\.ini)$")
"""What systems put into archives beside the data."""
_SMALL: Final = 1 << 20
UNREADABLE: Final = (
    Broken,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    LookupError,
    csv.Error,
    OSError,
    EOFError,
    UnicodeError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


@dataclass
class Look:
    """What a file is checked against, and what comes of it."""

    columns: tuple[Column, ...]
    about: str
    limits: Limits
    allowed: frozenset[str]
    profiles: list[Profile] = field(default_factory=list)
    matched: bool = False
    unlike: list[str | None] = field(default_factory=list)
    """Whether a table was the declared one, and the sheets of those that were held to be and were not."""


def check_file(
    path: Path,
    *,
    name: str,
    media_type: str,
    found: Found,
    columns: Sequence[Column] = (),
    about: str = "",
    limits: Limits = LIMITS,
    allowed: frozenset[str] = ALLOWED,
) -> list[Profile]:
    """Everything one file shows. Whatever is wrong with the file is a note, never an exception."""
    here = found.at(file=name)
    look = Look(tuple(columns), f"{about} {name}", limits, allowed)
    _name(name, here)
    _content(path, name, media_type, look, here)
    if look.matched and look.unlike:  # a sheet of instructions came first
        for key, note in list(here.notes.items()):
            if note.file == name and note.sheet in look.unlike and note.code in {"column_missing", "column_undeclared", "column_spelling"}:
                del here.notes[key]
    return look.profiles


def _name(name: str, found: Found) -> None:
    """What a file or a sheet is called: a number of a person in it is published with it."""
    check_name(name, found)
    check_names([name], found)


def _content(path: Path, name: str, media_type: str, look: Look, found: Found) -> None:
    try:
        kind = kind_of(path)
        check_kind(kind, name=name, media_type=media_type, found=found, allowed=look.allowed)
        match kind:
            case "csv" | "tsv" if kind in look.allowed:
                _text(path, name, look, found)
            case "xlsx" | "xlsm":
                _sheets(open_xlsx(path, look.limits, found), look, found)
            case "xls" | "ods":
                _sheets(open_other(path, look.limits, found), look, found)
            case "json" | "geojson":
                for where, rows in check_json(path, look.limits, found):
                    check_names([where], found.at(sheet=where))
                    table(rows, look, found.at(sheet=where), ragged=False)
            case "pdf":
                if rows_of_text := check_pdf(path, look.limits, found):
                    _document(rows_of_text, look, found)
            case "zip":
                _archive(path, look, found)
    except UNREADABLE as error:
        why, why_en = (error.why, error.why_en) if isinstance(error, Broken) else [type(error).__name__] * 2
        found("file_broken", why=why, why_en=why_en)


def _text(path: Path, name: str, look: Look, found: Found) -> None:
    form = form_of(path)
    check_form(form, declared_tsv=EXTENSIONS.get(Path(name).suffix.lower()) == "tsv", found=found)
    if table(rows_of(path, form, look.limits, found), look, found, ragged=True) is None:
        found("table_empty")


def table(rows: Rows, look: Look, found: Found, *, ragged: bool, sheet: Sheet | None = None) -> TableFacts | None:
    """One table: found, read, checked against what it should be. None when there is none."""
    merged = sheet.seen.merged if sheet else ()
    at = find_table(parted(rows, found), declared=[column.name for column in look.columns], merged=merged, found=found)
    if at is None:
        return None
    placed = by_position(at, look.columns)
    is_match = len(placed) * 2 >= len(look.columns)
    is_described = is_match or not look.profiles
    look.matched = look.matched or is_match
    look.unlike += [found.sheet] if is_described and not is_match else []
    facts = gather(at, placed if is_described else {}, look.limits, found, strict_width=ragged)
    if is_described:
        check_declared(facts, look.columns, placed, found)
    for check in TABLE_CHECKS:
        check(facts, found)
    check_personal(facts, f"{look.about} {found.sheet or ''}", found)
    check_small_groups(facts, found)
    spellings(facts, masked_columns(facts, found), found)
    check_around(facts, found)
    look.profiles.append(profile_of(facts, found))
    return facts


def _sheets(sheets: Iterator[Sheet], look: Look, found: Found) -> None:
    filled = 0
    for sheet in sheets:
        here = found.at(sheet=sheet.name)
        check_names([sheet.name], here)
        facts = table(sheet.rows, look, here, ragged=False, sheet=sheet)
        check_sheet(sheet, facts, here)
        filled += facts is not None
    if filled > 1:
        found("sheets_several", count=filled)


def _document(rows: Rows, look: Look, found: Found) -> None:
    """Text of a document is looked through for personal data only; it is no table."""
    at = find_table(rows, declared=["isi"], merged=(), found=Found())
    if at is not None:
        facts = gather(at, {}, look.limits, found, strict_width=False)
        check_personal(facts, look.about, found)


def _archive(path: Path, look: Look, found: Found) -> None:
    """Each member by itself, unpacked to a file of its own; archives inside are told, not opened."""
    with zipfile.ZipFile(path) as archive:
        if not check_archive(archive, look.limits, found, is_package=False):
            return
        for part in archive.infolist():
            if part.is_dir() or EXTENSIONS.get(Path(part.filename).suffix.lower()) == "zip":
                continue
            here = found.at(sheet=part.filename)
            if _BY_ITSELF.search(part.filename) and part.file_size < _SMALL:
                check_texts([archive.read(part).decode("latin-1").split("\n")], here)
                continue
            with tempfile.NamedTemporaryFile(prefix="jejak-check-") as unpacked:
                with archive.open(part) as source:
                    while block := source.read(1 << 20):
                        unpacked.write(block)
                unpacked.flush()
                member = Path(part.filename).name
                _name(member, here)
                if kind_of(Path(unpacked.name)) == "zip":
                    here("zip_nested", name=member)
                else:
                    _content(Path(unpacked.name), member, "", look, here)
