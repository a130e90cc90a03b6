"""Spreadsheets: XLSX through our own stream, XLS and ODS through calamine; sheets out, and findings about what a sheet hides."""

import re
import urllib.parse
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

import python_calamine as calamine

from checks.archives import check_archive
from checks.around import check_links
from checks.columns import TableFacts
from checks.content import OLE
from checks.findings import Found
from checks.limits import ROWS, Limits
from checks.ole import HiddenInXls, check_container
from checks.parts import check_asides, check_comments, check_parts, owners_of
from checks.persons import is_person_name
from checks.xlsx import Broken, SheetSeen, Strings, merged_in, new_parser, number_text, parse, sheets_of, strings_of
from checks.xlsx_rows import Reading, rows_of_sheet
from checks.xlsx_styles import styles_of

Row = tuple[int, list[str]]
_BEHIND: Final = (
    (r"xl/pivotcache/pivotcacherecords", "data di balik tabel pivot", "the records behind a pivot table"),
    (r"xl/embeddings/", "berkas lain di dalam berkas ini", "another file inside this one"),
)
"""Parts that go with a workbook and that no sheet shows."""
_PROPERTIES_AT_MOST: Final = 1 << 20
_MOST_CELLS: Final = 20_000_000
_PROPERTIES: Final = (
    ("creator", "pembuat", "creator"),
    ("lastModifiedBy", "pengubah terakhir", "last changed by"),
    ("manager", "manajer", "manager"),
)


@dataclass(frozen=True)
class Sheet:
    """A sheet: its rows as a stream (read once, in order), merged ranges, and what else is seen while it is read."""

    name: str
    rows: Iterator[Row]
    hidden: bool = False
    seen: SheetSeen = field(default_factory=SheetSeen)


def open_xlsx(path: Path, limits: Limits, found: Found) -> Iterator[Sheet]:
    """Raises `Broken`, zipfile.BadZipFile. An archive past the limits is told and not unpacked."""
    with zipfile.ZipFile(path) as archive:
        if not check_archive(archive, limits, found):
            return
        sheets, from_1904 = sheets_of(archive)
        check_workbook(archive, owners_of(archive, [(sheet.name, sheet.part) for sheet in sheets]), found)
        if not sheets:
            raise Broken("tidak ada lembar", "it has no sheets")
        names = set(archive.namelist())
        strings: Strings = strings_of(archive)
        styles = styles_of(archive)
        for sheet in sheets[: limits.sheets]:
            if sheet.part not in names or "/worksheets/" not in f"/{sheet.part}":
                continue  # a chart has a sheet of its own, without cells
            seen = SheetSeen(merged=merged_in(archive, sheet.part, limits))
            reading = Reading(strings, styles, from_1904, limits, seen)
            yield Sheet(sheet.name, rows_of_sheet(archive, sheet.part, reading), sheet.hidden, seen)


def open_other(path: Path, limits: Limits, found: Found) -> Iterator[Sheet]:
    """XLS and ODS, which calamine takes in as a whole. Raises `Broken`."""
    if path.stat().st_size > limits.whole_bytes:
        return found(
            "not_checked",
            reason="berkas terlalu besar untuk format ini; simpan sebagai XLSX atau CSV",
            reason_en="too large for this format; save it as XLSX or CSV",
        )
    if not _may_be_read(path, limits, found):
        return None
    try:
        book = calamine.CalamineWorkbook.from_path(path)
        for about in book.sheets_metadata[: limits.sheets]:
            sheet = book.get_sheet_by_name(about.name)
            merged = [(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]
            hidden = about.visible != calamine.SheetVisibleEnum.Visible
            yield Sheet(about.name, _rows(sheet.to_python(skip_empty_area=False), limits), hidden, SheetSeen(merged=merged))
    except calamine.PasswordError:
        found("file_encrypted")
    except (calamine.CalamineError, ValueError, OSError) as error:
        raise Broken(type(error).__name__, type(error).__name__) from None
    except BaseException as panic:  # of a file's making too, but a panic of Rust is no Exception
        if type(panic).__name__ != "PanicException":
            raise
        raise Broken("bentuk isinya tidak sesuai", "its content has another shape") from None
    return None


def _may_be_read(path: Path, limits: Limits, found: Found) -> bool:
    """What calamine would not survive, or may not see, is looked for before. Raises `Broken`."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if not check_archive(archive, limits, found):
                return False
            if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in archive.read("META-INF/manifest.xml"):
                found("file_encrypted")
                return False
            _check_ods(archive, found)
    elif (content := path.read_bytes()).startswith(OLE):
        _tell_hidden(check_container(content), found)
    return True


def _tell_hidden(seen: HiddenInXls, found: Found) -> None:
    if seen.rows or seen.columns:
        what = [f"{n} {word}" for n, word in ((seen.rows, "baris"), (seen.columns, "kolom")) if n]
        what_en = [f"{n} {word}" for n, word in ((seen.rows, "rows"), (seen.columns, "columns")) if n]
        found("hidden_content", what=", ".join(what), what_en=", ".join(what_en), count=seen.rows + seen.columns)
    if seen.notes:
        found("comments", count=seen.notes)


def _rows(rows: Sequence[Sequence[object]], limits: Limits) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        yield number, [_text(cell)[: limits.cell_characters] for cell in row[: limits.columns]]


def _text(cell: object) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() | int():
            return number_text(repr(cell))
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.replace(microsecond=0).isoformat(" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
    return ""


def check_workbook(archive: zipfile.ZipFile, owners: Mapping[str, str], found: Found) -> None:
    """Macros, links to other files, comments, names in the properties. `owners`: the sheet of a part."""
    names = [name.lower() for name in archive.namelist()]
    if any(name.startswith("xl/externallinks/") for name in names):
        found("external_link")
    check_comments(archive, owners, found)
    for pattern, what, what_en in _BEHIND:
        if any(re.match(pattern, name) for name in names):
            found("hidden_content", what=what, what_en=what_en, count=1)
    for part in archive.namelist():
        if part.lower().startswith("docprops/") and part.endswith(".xml"):
            with archive.open(part) as source:
                check_properties(source.read(_PROPERTIES_AT_MOST).decode("utf-8", "replace"), found)
    check_parts(archive, found, owners)


def check_properties(text: str, found: Found) -> None:
    """Whether creator and editor are persons; offices and programs (openpyxl, LibreOffice) are not."""
    said = [
        (words, words_en)
        for name, words, words_en in _PROPERTIES
        for match in re.finditer(rf"<(?:\w+:)?{name}>([^<]{{2,100}})<", text)
        if is_person_name(match[1])
    ]
    if said:
        where, where_en = (", ".join(dict.fromkeys(words)) for words in zip(*said, strict=True))
        found("properties_person", where=where, where_en=where_en)


_INSIDE_TEXT: Final = frozenset({"text:span", "text:a", "text:s"})


@dataclass
class _SeenInOds:
    """What is seen on the way through an ODS's content. Raises `Broken` for a cell that stands for more cells than fit into memory."""

    hidden: int = 0
    annotations: int = 0
    rows: int = 1
    cells: int = 0
    aside: int = 0
    asides: list[str] = field(default_factory=list)
    """How deep in a comment or a drawing it is, and the paragraphs of these, the drop-down lists and the links."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.hidden += attributes.get("table:visibility") in {"collapse", "filter"}
        if self.aside or name == "office:annotation" or name.startswith("draw:"):
            self.aside += 1
            self.asides += [""] if name not in _INSIDE_TEXT else []
        if name == "office:annotation":
            self.annotations += 1
        elif name == "text:a":
            self.asides += [urllib.parse.unquote(attributes.get("xlink:href", "")), ""]
        elif name == "table:content-validation":
            self.asides.append(attributes.get("table:condition", ""))
        elif name == "table:table-row":
            self.rows = _repeated(attributes, "table:number-rows-repeated")
        elif name in {"table:table-cell", "table:covered-table-cell"} and "office:value-type" in attributes:
            if "HYPERLINK" in (formula := attributes.get("table:formula", "")):
                self.asides += [formula, ""]
            self.cells += self.rows * _repeated(attributes, "table:number-columns-repeated")
            if self.cells > _MOST_CELLS:
                raise Broken("terlalu banyak sel berulang", "too many repeated cells")

    def end(self, _: str) -> None:
        self.aside -= self.aside > 0

    def text(self, data: str) -> None:
        if self.aside and self.asides:
            self.asides[-1] += data


def _repeated(attributes: dict[str, str], name: str) -> int:
    said = attributes.get(name, "1")
    return int(said[:12]) if said.isdecimal() else 1


def _check_ods(archive: zipfile.ZipFile, found: Found) -> None:
    names = archive.namelist()
    if "meta.xml" in names and archive.getinfo("meta.xml").file_size < 1 << 20:
        check_properties(archive.read("meta.xml").decode("utf-8", "replace"), found)
    if any(name.startswith("Basic/") for name in names):
        found("file_macros", name="")
    if "content.xml" not in names:
        raise Broken("content.xml tidak ada", "it has no content.xml")
    seen = _SeenInOds()
    parser = new_parser()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = seen.start, seen.end, seen.text
    with archive.open("content.xml") as source:
        for _ in parse(source, parser):  # what is not well-formed would keep calamine busy for ever
            continue
    check_asides(seen.asides, found)
    check_parts(archive, found)
    if hidden := seen.hidden:
        found("hidden_content", what=f"{hidden} baris atau kolom", what_en=f"{hidden} rows or columns")
    if seen.annotations:
        found("comments", count=seen.annotations)


def check_sheet(sheet: Sheet, facts: TableFacts | None, found: Found) -> None:
    """Called when the sheet was read to its end."""
    what, what_en = [], []
    if sheet.hidden:
        what, what_en = ["seluruh lembar"], ["the whole sheet"]
    if rows := sheet.seen.hidden_rows:
        what.append(f"{len(rows)} baris")
        what_en.append(f"{len(rows)} rows")
    if columns := sheet.seen.hidden_columns:
        what.append(f"{columns} kolom")
        what_en.append(f"{columns} columns")
    if unseen := sheet.seen.unseen_count:
        what.append(f"{unseen} sel dengan huruf putih atau format tanpa isi")
        what_en.append(f"{unseen} cells in white letters or a format that shows nothing")
    rows = sorted({*rows[:ROWS], *sheet.seen.unseen})
    if what:
        found("hidden_content", rows=rows[:ROWS], count=max(1, len(rows)), what=", ".join(what), what_en=", ".join(what_en))
    check_asides(sheet.seen.asides, found)
    check_links(sheet.seen.links, facts, found)
    if facts is None:
        return found("sheet_empty")
    if sheet.seen.without_value_count:
        found("formula_without_value", rows=sheet.seen.without_value, count=sheet.seen.without_value_count)
    data = {number for number, _ in facts.held}
    if inside := sorted({top for top, left, bottom, right in sheet.seen.merged if top in data}):
        found("cells_merged", rows=inside[:ROWS], count=len(inside))
    return None
