"""XLSX as a stream: sheets, rows, merged and hidden parts, formulas without values, with memory bounded whatever the file's size.

python-calamine holds a whole sheet (514 MB for a file of 50 MB, docs/decisions/0020); this reads the parts with expat, which opens no
external entities, and refuses any document type declaration.
"""

import re
import zipfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath
from typing import IO, Final
from xml.parsers import expat

from checks.limits import Limits

BLOCK: Final = 256 * 1024


class Broken(ValueError):
    """The file is not what it says; a few words in both languages."""

    def __init__(self, why: str, why_en: str) -> None:
        super().__init__(why)
        self.why, self.why_en = why, why_en


@dataclass
class Strings:
    """The shared strings as one stretch of bytes and where each ends: no object for each."""

    text: bytearray = field(default_factory=bytearray)
    ends: "array[int]" = field(default_factory=lambda: array("Q"))

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self.ends):
            return ""
        return self.text[self.ends[index - 1] if index else 0 : self.ends[index]].decode("utf-8", "replace")


@dataclass
class SheetPart:
    """One sheet as the workbook names it."""

    name: str
    part: str
    hidden: bool


@dataclass
class SheetSeen:
    """What is known of a sheet once its rows were read."""

    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: int = 0
    without_value: list[int] = field(default_factory=list)
    without_value_count: int = 0
    unseen: list[int] = field(default_factory=list)
    unseen_count: int = 0
    asides: list[str] = field(default_factory=list)
    """Headers, footers, drop-down lists and what links say."""
    links: list[tuple[int, int, str]] = field(default_factory=list)
    """Formulas that lead to a person's mailbox or telephone: row, column (from 0), formula."""


def parse(source: IO[bytes], parser: expat.XMLParserType) -> Iterator[None]:
    """Feeds a part in blocks; yields after each so that the caller can hand on what came."""

    def refuse(*_: object) -> None:
        raise Broken("deklarasi DTD di dalam XML", "a DTD inside the XML")

    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    try:
        while block := source.read(BLOCK):
            parser.Parse(block, False)  # noqa: FBT003
            yield
        parser.Parse(b"", True)  # noqa: FBT003
    except expat.ExpatError as error:
        told = expat.ErrorString(error.code)
        raise Broken(f"XML rusak: {told}", f"broken XML: {told}") from None
    yield


def new_parser() -> expat.XMLParserType:
    """Names come without their namespaces' addresses: `c`, not `http://…}c`."""
    return expat.ParserCreate()


def local(name: str) -> str:
    return name.rpartition(":")[2]


def sheets_of(archive: zipfile.ZipFile) -> tuple[list[SheetPart], bool]:
    """The sheets in order, and whether dates count from 1904."""
    targets: dict[str, str] = {}
    found: list[SheetPart] = []
    from_1904 = False

    def relation(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def element(name: str, attributes: dict[str, str]) -> None:
        nonlocal from_1904
        if local(name) == "sheet":
            rid = next((value for key, value in attributes.items() if local(key) == "id"), "")
            part = targets.get(rid, "")
            path = str(PurePosixPath("xl") / part) if not part.startswith("/") else part[1:]
            found.append(SheetPart(attributes.get("name", ""), path.replace("xl/../", ""), attributes.get("state", "visible") != "visible"))
        elif local(name) == "workbookPr":
            from_1904 = attributes.get("date1904", "0") in {"1", "true"}

    _walk(archive, "xl/_rels/workbook.xml.rels", relation)
    _walk(archive, "xl/workbook.xml", element)
    return found, from_1904


def _walk(archive: zipfile.ZipFile, part: str, start: object) -> None:
    if part not in archive.namelist():
        return
    parser = new_parser()
    parser.StartElementHandler = start  # type: ignore[assignment]
    with archive.open(part) as source:
        for _ in parse(source, parser):
            continue


@dataclass
class _StringReader:
    """Handlers for the part with the shared strings; phonetic runs are no text."""

    strings: Strings = field(default_factory=Strings)
    pieces: list[str] = field(default_factory=list)
    taking: bool = False
    phonetic: int = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        match local(name):
            case "rPh":
                self.phonetic += 1
            case "t":
                self.taking = not self.phonetic

    def end(self, name: str) -> None:
        match local(name):
            case "t":
                self.taking = False
            case "rPh":
                self.phonetic -= 1
            case "si":
                self.strings.text += "".join(self.pieces).encode("utf-8", "replace")
                self.strings.ends.append(len(self.strings.text))
                self.pieces.clear()

    def text(self, data: str) -> None:
        if self.taking:
            self.pieces.append(data)


def strings_of(archive: zipfile.ZipFile) -> Strings:
    """Cells name their text by its place here."""
    reader, parser = _StringReader(), new_parser()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = reader.start, reader.end, reader.text
    if "xl/sharedStrings.xml" in archive.namelist():
        with archive.open("xl/sharedStrings.xml") as source:
            for _ in parse(source, parser):
                continue
    return reader.strings


def column_number(reference: str) -> int:
    """`C7` → 2."""
    number = 0
    for letter in reference:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter.upper()) - 64
    return number - 1


def number_text(raw: str) -> str:
    """A stored number as a person would see it: `1.0` → `1`, `3.313014101900001E15` → sixteen digits; text that is none stays."""
    try:
        value = float(raw)
    except ValueError:
        return raw
    if value != value or value in (float("inf"), float("-inf")):
        return raw
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    return repr(value) if len(raw) > 17 or "E" in raw.upper() else raw


def day_text(raw: str, *, from_1904: bool) -> str:
    """A stored serial number as the date it stands for."""
    try:
        value = float(raw)
        moment = datetime.combine(date(1904, 1, 1) if from_1904 else date(1899, 12, 30), datetime.min.time()) + timedelta(days=value)
    except (ValueError, OverflowError):
        return raw
    if 0 <= value < 1:
        return (moment + timedelta(milliseconds=500)).time().isoformat("seconds")
    moment += timedelta(milliseconds=500)
    return moment.date().isoformat() if value == int(value) else moment.replace(microsecond=0).isoformat(" ")


def range_of(reference: str) -> tuple[int, int, int, int] | None:
    match = re.fullmatch(r"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})", reference)
    return (int(match[2]), column_number(match[1]), int(match[4]), column_number(match[3])) if match else None


def merged_in(archive: zipfile.ZipFile, part: str, limits: Limits) -> list[tuple[int, int, int, int]]:
    """The merged ranges stand behind the rows in a sheet's part; the header needs them first, so they are looked for beforehand."""
    found: list[tuple[int, int, int, int]] = []
    rest = b""
    with archive.open(part) as source:
        while (block := source.read(BLOCK)) and len(found) < limits.members:
            text = rest + block
            found += [
                r for m in re.finditer(rb'mergeCell\s[^>]*?ref="([^"]{1,40})"', text) if (r := range_of(m[1].decode("ascii", "replace")))
            ]
            cut = max(text.rfind(b">"), len(text) - 200)
            rest = text[cut + 1 :] if cut >= 0 else text[-200:]
    return found
