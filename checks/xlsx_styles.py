"""Styles of an XLSX: which of them make a number a date, and which make a cell unseen."""

import re
import zipfile
from dataclasses import dataclass, field
from typing import Final

from checks.xlsx import local, new_parser, parse

_DATE_FORMATS: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_WHITE: Final = ({"rgb": "FFFFFFFF"}, {"rgb": "00FFFFFF"}, {"theme": "0"}, {"indexed": "9"}, {"indexed": "1"})


@dataclass(frozen=True)
class Styles:
    """Styles by the place that cells name them by. `unseen`: white letters on no ground, or a number format that shows nothing."""

    dates: frozenset[int] = frozenset()
    unseen: frozenset[int] = frozenset()


@dataclass
class _StyleReader:
    """Handlers for the part with the styles."""

    dates: set[int] = field(default_factory=set)
    blank: set[int] = field(default_factory=set)
    white: list[bool] = field(default_factory=list)
    styles: list[tuple[int, int, int]] = field(default_factory=list)
    inside: str = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match local(name):
            case "numFmt":
                self._format(_number(attributes, "numFmtId"), attributes.get("formatCode", ""))
            case "fonts" | "cellXfs" | "dxfs" | "cellStyleXfs" as part:
                self.inside = part
            case "font" if self.inside == "fonts":
                self.white.append(False)
            case "color" if self.inside == "fonts" and self.white:
                self.white[-1] = any(attributes.get(key, "").upper() == value for white in _WHITE for key, value in white.items())
                self.white[-1] = self.white[-1] and "tint" not in attributes
            case "xf" if self.inside == "cellXfs":
                self.styles.append((_number(attributes, "numFmtId"), _number(attributes, "fontId"), _number(attributes, "fillId")))

    def end(self, name: str) -> None:
        if local(name) == self.inside:
            self.inside = ""

    def _format(self, number: int, code: str) -> None:
        bare = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", code).lower()
        if re.search(r"[dyh]|m(?!.*[#0])", bare) and "general" not in bare:
            self.dates.add(number)
        if re.fullmatch(r'(?:\s|"\s*")*(?:;(?:\s|"\s*")*){2,3}', code):
            self.blank.add(number)


def styles_of(archive: zipfile.ZipFile) -> Styles:
    """Raises `Broken`."""
    if "xl/styles.xml" not in archive.namelist():
        return Styles()
    reader, parser = _StyleReader(), new_parser()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    with archive.open("xl/styles.xml") as source:
        for _ in parse(source, parser):
            continue
    white = {at for at, is_white in enumerate(reader.white) if is_white}
    return Styles(
        frozenset(at for at, (number, _, _) in enumerate(reader.styles) if number in reader.dates or number in _DATE_FORMATS),
        frozenset(at for at, (number, font, fill) in enumerate(reader.styles) if number in reader.blank or (font in white and fill == 0)),
    )


def _number(attributes: dict[str, str], name: str) -> int:
    value = attributes.get(name, "0")
    return int(value) if value.isdecimal() and len(value) < 10 else 0
