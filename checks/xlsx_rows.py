"""The rows of one XLSX sheet, as lists of text with their numbers; what is hidden or without value is noted on the way."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from checks.limits import ROWS, Limits
from checks.personal import is_of_a_person
from checks.xlsx import SheetSeen, Strings, column_number, day_text, local, new_parser, number_text, parse
from checks.xlsx_styles import Styles

_SAYING: Final = ("promptTitle", "prompt", "errorTitle", "error", "tooltip", "display", "location")
"""Attributes with words for people."""
_LINKS: Final = 1_000
"""Formulas with somebody's address that are kept."""


@dataclass
class Reading:
    """What the parser is in the middle of, and the finished rows that wait to be taken."""

    strings: Strings
    styles: Styles
    from_1904: bool
    limits: Limits
    seen: SheetSeen
    ready: list[tuple[int, list[str]]] = field(default_factory=list)
    row: int = 0
    cells: list[str] = field(default_factory=list)
    column: int = -1
    kind: str = "n"
    style: int = 0
    formula: bool = False
    taking: bool = False
    pieces: list[str] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match name if ":" not in name else local(name):
            case "c":
                reference = attributes.get("r")
                self.column = column_number(reference) if reference else self.column + 1
                self.kind, style = attributes.get("t", "n"), attributes.get("s", "0")
                self.style = int(style) if style.isdigit() else 0
                self.formula = False
                self.pieces.clear()
            case "v" | "t":
                self.taking = True
            case "f":
                self.formula = self.taking = True
            case "row":
                number = attributes.get("r", "")
                self.row = int(number) if number.isdigit() else self.row + 1
                self.cells, self.column = [], -1
                if attributes.get("hidden") in {"1", "true"} or attributes.get("ht") in {"0", "0.0"}:
                    self.seen.hidden_rows.append(self.row) if len(self.seen.hidden_rows) < 10_000 else None
            case "formula1" | "oddHeader" | "oddFooter" | "evenHeader" | "evenFooter" | "firstHeader" | "firstFooter":
                self.taking = True
                self.pieces.clear()
            case "dataValidation" | "hyperlink":
                self.seen.asides += [attributes[said] for said in _SAYING if said in attributes]
            case "col":
                if attributes.get("hidden") in {"1", "true"} or attributes.get("width") in {"0", "0.0"}:
                    low, high = (attributes.get(side, "1") for side in ("min", "max"))
                    self.seen.hidden_columns += min(16_384, max(0, int(high) - int(low) + 1)) if low.isdigit() and high.isdigit() else 1

    def text(self, data: str) -> None:
        if self.taking:
            self.pieces.append(data)

    def end(self, name: str) -> None:
        match name if ":" not in name else local(name):
            case "v" | "t":
                self.taking = False
            case "f":
                self.taking = False
                self._link("".join(self.pieces))
                self.pieces.clear()
            case "c":
                self._end_cell()
            case "formula1" | "oddHeader" | "oddFooter" | "evenHeader" | "evenFooter" | "firstHeader" | "firstFooter":
                self.taking = False
                self.seen.asides.append("".join(self.pieces))
            case "row":
                self.ready.append((self.row, self.cells))

    def _end_cell(self) -> None:
        if self.formula and not "".join(self.pieces):
            self.seen.without_value_count += 1
            if len(self.seen.without_value) < ROWS:
                self.seen.without_value.append(self.row)
        elif self.pieces and 0 <= self.column < self.limits.columns:
            self._cell(self._value())
            if self.style in self.styles.unseen:
                self.seen.unseen_count += 1
                if len(self.seen.unseen) < ROWS and self.row not in self.seen.unseen:
                    self.seen.unseen.append(self.row)

    def _link(self, formula: str) -> None:
        if "HYPERLINK" in formula and len(self.seen.links) < _LINKS and is_of_a_person(formula):
            self.seen.links.append((self.row, self.column, formula))

    def _cell(self, value: str) -> None:
        if missing := self.column - len(self.cells):
            self.cells.extend([""] * missing)
        self.cells.append(value[: self.limits.cell_characters])

    def _value(self) -> str:
        raw = "".join(self.pieces)
        match self.kind:
            case "s":
                return self.strings[int(raw)] if raw.isdigit() else ""
            case "n":
                return day_text(raw, from_1904=self.from_1904) if self.style in self.styles.dates else number_text(raw)
            case "b":
                return "TRUE" if raw == "1" else "FALSE"
        return raw


def rows_of_sheet(archive: zipfile.ZipFile, part: str, reading: Reading) -> Iterator[tuple[int, list[str]]]:
    """Raises `Broken`. Rows that the file leaves out are not there; numbers tell."""
    parser = new_parser()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = reading.start, reading.end, reading.text
    before, size = 0, archive.getinfo(part).file_size
    with archive.open(part) as source:
        for _ in parse(source, parser):
            reading.limits.heard(source.tell(), size)
            for number, cells in reading.ready:
                if number > before + 1:
                    yield before + 1, []  # one blank row stands for a gap
                before = number
                yield number, cells
            reading.ready.clear()
