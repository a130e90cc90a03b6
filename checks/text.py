"""Tables of characters: encoding and dialect found from the bytes, rows read as a stream of lists of text.

In: a path. Out: `TextForm` (what was found) and rows with their line numbers. Nothing is held but the row at hand.
"""

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checks.findings import Found
from checks.limits import TOLD_EVERY, Limits

DELIMITERS: Final = (";", "\t", "|", ",")
SNIFFED: Final = 256 * 1024
BLOCK: Final = 1 << 20
Row = tuple[int, list[str]]
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The longer marks first: that of UTF-32 begins as that of UTF-16 does."""
_MOJIBAKE: Final = re.compile("Ã[\u0080-\u00bf©¨«¼¶]|â€[™œ\u009d“”˜]|Â[ °²³]")


@dataclass(frozen=True)
class TextForm:
    """Encoding (a Python name), whether a byte order mark stands in front, and the delimiter."""

    encoding: str
    bom: bool
    delimiter: str


def form_of(path: Path) -> TextForm:
    """Read once through the file's bytes for the encoding (a stream), its beginning for the delimiter. Raises OSError."""
    encoding, bom = _encoding(path)
    with path.open("r", encoding=encoding, errors="replace", newline="") as file:
        return TextForm(encoding, bom, _delimiter(file.read(SNIFFED)))


def check_form(form: TextForm, *, declared_tsv: bool, found: Found) -> None:
    """One finding for the form of the file, not one for each row."""
    if form.delimiter != ("\t" if declared_tsv else ","):
        names = {";": ("titik koma", "semicolon"), "\t": ("tab", "tab"), "|": ("garis tegak", "bar"), ",": ("koma", "comma")}
        found("csv_dialect", delimiter=names[form.delimiter][0], delimiter_en=names[form.delimiter][1])
    if form.encoding not in {"utf-8", "utf-8-sig"}:
        found("csv_encoding", encoding={"cp1252": "Windows-1252"}.get(form.encoding, form.encoding.upper()))
    elif form.bom:
        found("csv_bom")


def rows_of(path: Path, form: TextForm, limits: Limits, found: Found) -> Iterator[Row]:
    """Rows with the line they begin on, blank lines as empty rows. A NUL or an endless field ends the reading with a finding."""
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=form.encoding, errors="replace", newline="") as file:
        previous = csv.field_size_limit(max(limits.cell_characters * 32, 1 << 20))
        lines: list[str] = []
        last: list[str] = []
        reader = csv.reader(_heard(_without_separator_line(file), lines), delimiter=form.delimiter)
        begins, size = 1, path.stat().st_size
        try:
            while True:
                row = next(reader, None)
                if row is None:
                    if _is_open(last, form.delimiter):
                        why, why_en = "tanda kutip dibuka tetapi tidak ditutup", "a quote is opened and not closed"
                        found("csv_broken", rows=[begins - len(last)], why=why, why_en=why_en)
                    return
                last = lines.copy()
                lines.clear()
                yield begins, row
                begins = reader.line_num + 1
                if begins % TOLD_EVERY == 0:
                    limits.heard(raw.tell(), size)
                if begins > limits.rows:
                    return found("not_checked", rows=[begins], reason=f"lebih dari {limits.rows} baris", reason_en="too many rows")
        except csv.Error as error:
            found("csv_broken", rows=[max(1, reader.line_num)], why=str(error))
        finally:
            csv.field_size_limit(previous)


def _heard(file: Iterator[str], lines: list[str]) -> Iterator[str]:
    """The lines, each also added to the list."""
    for line in file:
        lines.append(line)
        yield line


def _is_open(lines: list[str], delimiter: str) -> bool:
    """Does the last row end inside quotes? Python's csv passes that over, and takes all that follows for one cell."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def is_broken(text: str) -> bool:
    """Does this text show signs of bytes read with the wrong encoding: the replacement character, or é as Ã©?"""
    return "\ufffd" in text or _MOJIBAKE.search(text) is not None


def _without_separator_line(file: Iterator[str]) -> Iterator[str]:
    """Excel's own first line, `sep=;`, is not part of the table; an empty line takes its place so that line numbers stay."""
    first = next(iter(file), "")
    return itertools.chain(["\r\n" if re.fullmatch(r"sep=.\s*", first) else first], file)


def _encoding(path: Path) -> tuple[str, bool]:
    with path.open("rb") as file:
        head = file.read(4096)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name, True
        if head.count(0) > len(head) // 4:
            return ("utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"), False
        decoder = codecs.getincrementaldecoder("utf-8")()
        file.seek(0)
        try:
            for block in iter(lambda: file.read(BLOCK), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252", False
    return "utf-8", False


def _delimiter(text: str) -> str:
    """The delimiter that gives the most even rows of more than one field; a comma when none does, and the other where a comma is as even:
    it then stands in every number."""
    lines = [line for line in text.splitlines()[:200] if line.strip()][:50]
    if match := re.fullmatch(r"sep=(.)\s*", lines[0]) if lines else None:
        return match[1] if match[1] in DELIMITERS else ","
    best = max(DELIMITERS, key=lambda delimiter: _evenness(lines, delimiter))
    return best if _evenness(lines, best)[0] else ","


def _evenness(lines: list[str], delimiter: str) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return (0.0, 0)
    usual = max(set(widths), key=widths.count, default=1)
    if usual < 2:
        return (0.0, max(widths, default=1))
    return (round(widths.count(usual) / len(widths), 1), usual)
