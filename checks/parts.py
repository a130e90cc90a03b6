"""Text in the parts of a package (XLSX, ODS) that no sheet shows: an archive in, what is said of persons in them out.

Comments, text boxes, addresses behind cells, the values that charts, pivot tables and links to other files keep, headers and footers,
properties.
"""

import html
import posixpath
import re
import urllib.parse
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import IO, Final

from checks.around import check_notes, check_texts
from checks.findings import Found

LOOKED_THROUGH: Final = re.compile(
    r"xl/(?:comments|(?:worksheets|drawings)/_rels/|threadedcomments|drawings/drawing|charts/chart|diagrams/data|pivotcache/pivotcache|externallinks/externallink|workbook\.xml|connections\.xml)"
    r"|docprops/.*\.xml|customxml/item\d*\.xml|styles\.xml|meta\.xml"
)  # fmt: skip
_WRITTEN: Final = re.compile(r"xl/(?:comments|threadedcomments|drawings/drawing)")
"""By people, for people."""
_COMMENTS: Final = re.compile(r"xl/(?:comments|threadedcomments)")
_AT_CELL: Final = re.compile(rb'omment\b[^>]*?\bref="[A-Z]{1,3}(\d{1,7})"')
_TARGET: Final = re.compile(r'\bTarget="([^"]{1,300})"')
_BLOCK: Final = 1 << 20
_ENDS: Final = re.compile(r"</(?:\w+:)?(?:p|text|si)>")
_RUN: Final = re.compile(r"<(?:\w+:)?(?:t|span)\b[^>]*>([^<]*)<")
_PIECE: Final = re.compile(r'>([^<>]+)|\bv="([^"]*)|\bTarget="([^"]*)')
"""An element's text, a pivot table's value or a link's address, also one whose end is not yet read."""
_OVERLAP: Final = 512
_SIGNS: Final = re.compile(r'&(?:"[^"]*"|[A-Z]|\d{1,2}(?!\d))')
"""In headers and footers: where it stands, its letters, the number of the page."""


def owners_of(archive: zipfile.ZipFile, sheets: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Which sheet a part belongs to: comments and drawings, of `sheets` as (name, part)."""
    owners: dict[str, str] = {}
    names = set(archive.namelist())
    for sheet, part in sheets:
        folder, _, name = part.rpartition("/")
        if (told := f"{folder}/_rels/{name}.rels") in names:
            with archive.open(told) as source:
                for target in _TARGET.findall(source.read(_BLOCK).decode("utf-8", "replace")):
                    owners[posixpath.normpath(posixpath.join(f"/{folder}", target)).lstrip("/")] = sheet
    return owners


def check_comments(archive: zipfile.ZipFile, owners: Mapping[str, str], found: Found) -> None:
    """The cells that have any, by sheet; a thread of comments lies in two parts."""
    rows: dict[str | None, set[int]] = {}
    for part in archive.namelist():
        if _COMMENTS.match(part.lower()):
            at = rows.setdefault(owners.get(part), set())
            with archive.open(part) as source:
                at.update(int(row) for row in _AT_CELL.findall(source.read(_BLOCK)))
    for sheet, told in rows.items():
        found.at(sheet=sheet)("comments", rows=sorted(told), count=max(1, len(told)))


def check_parts(archive: zipfile.ZipFile, found: Found, owners: Mapping[str, str] = MappingProxyType({})) -> None:
    """Of all parts that are looked through, from their beginning to their end; said of the sheet that a part belongs to."""
    everywhere = found
    for part in archive.namelist():
        found = everywhere.at(sheet=owners.get(part))
        if LOOKED_THROUGH.match(part.lower()):
            with archive.open(part) as source:
                for text in _stretches(source):
                    told = list(dict.fromkeys(_texts(text)))
                    check_texts([told], found)
                    check_notes(told if _WRITTEN.match(part.lower()) else (), found)


def check_asides(asides: list[str], found: Found) -> None:
    """Headers, footers, drop-down lists and links of a sheet."""
    told = [_SIGNS.sub(" ", aside).strip() for aside in asides]
    check_texts([told], found)
    check_notes(told, found)


def _stretches(source: IO[bytes]) -> Iterator[str]:
    """The part in pieces that end where an element does; of a text that no block ends, a little is read twice."""
    rest = b""
    while block := source.read(_BLOCK):
        text, seen = rest + block, len(rest)
        cut = max(text.rfind(end, seen) for end in (b"</p>", b":p>", b"</text>", b"/>"))
        cut = cut if cut >= 0 else text.rfind(b">", seen)
        if cut >= 0:
            yield text[: cut + 1].decode("utf-8", "replace")
            rest = text[cut:]
        else:
            yield text.decode("utf-8", "replace")
            rest = b">" + text[-_OVERLAP:]
    yield rest.decode("utf-8", "replace")


def _texts(text: str) -> Iterator[str]:
    """Each piece by itself, and those of a paragraph together: programs part a number where its letters change."""
    for element, value, target in _PIECE.findall(text):
        yield html.unescape(element or value).strip() or urllib.parse.unquote(html.unescape(target))
    for paragraph in _ENDS.split(text):
        runs = _RUN.findall(paragraph)
        if len(runs) > 1:
            yield html.unescape("".join(runs))
