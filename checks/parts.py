"""Text in the parts of a package (XLSX, ODS) that no sheet shows: an archive in, what is said of persons in them out.

Comments, text boxes, addresses behind cells, the values that charts, pivot tables and links to other files keep, headers and footers,
properties.
"""

import html
import re
import urllib.parse
import zipfile
from collections.abc import Iterator
from typing import IO, Final

from checks.around import check_notes, check_texts
from checks.findings import Found

LOOKED_THROUGH: Final = re.compile(
    r"xl/(?:comments|(?:worksheets|drawings)/_rels/|threadedcomments|drawings/drawing|charts/chart|diagrams/data|pivotcache/pivotcache|externallinks/externallink|workbook\.xml|connections\.xml)"
    r"|docprops/.*\.xml|customxml/item\d*\.xml|styles\.xml|meta\.xml"
)  # fmt: skip
_WRITTEN: Final = re.compile(r"xl/(?:comments|threadedcomments|drawings/drawing)")
"""By people, for people."""
_BLOCK: Final = 1 << 20
_ENDS: Final = re.compile(r"</(?:\w+:)?(?:p|text|si)>")
_RUN: Final = re.compile(r"<(?:\w+:)?(?:t|span)\b[^>]*>([^<]*)<")
_PIECE: Final = re.compile(r'>([^<>]+)|\bv="([^"]*)|\bTarget="([^"]*)')
"""An element's text, a pivot table's value or a link's address, also one whose end is not yet read."""
_OVERLAP: Final = 512
_SIGNS: Final = re.compile(r'&(?:"[^"]*"|[A-Z]|\d{1,2}(?!\d))')
"""In headers and footers: where it stands, its letters, the number of the page."""


def check_parts(archive: zipfile.ZipFile, found: Found) -> None:
    """Of all parts that are looked through, from their beginning to their end."""
    for part in archive.namelist():
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
