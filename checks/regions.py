"""The official codes of Indonesia's regions: a code in any of its spellings in; whether it exists, and its village's name, out.

The list (checks/data/README.md) is read when first asked for: 83,762 villages, about a tenth of a second.
"""

import lzma
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

LIST: Final = Path(__file__).parent / "data" / "regions.txt.xz"
NAMES: Final = LIST.with_name("names.tsv")
DOTTED: Final = re.compile(r"\d{2}(?:\.\d{2}(?:\.\d{2}(?:\.\d{4})?)?)?")
PLAIN: Final = re.compile(r"\d{2}(?:\d{2}(?:\d{2}(?:\d{4})?)?)?")
LENGTHS: Final = frozenset({2, 4, 6, 10})
OLD_PROVINCES: Final = frozenset({"91", "92", "93", "94", "95", "96"})
"""Papua was divided: people keep the numbers they were given, so its regencies' old codes stay possible in a NIK."""


@dataclass(frozen=True)
class Regions:
    """Codes without dots: provinces, regencies and districts as sets, villages with their names; `above`: regencies and districts whose
    names are known."""

    provinces: frozenset[str]
    regencies: frozenset[str]
    districts: frozenset[str]
    villages: Mapping[str, str]
    above: Mapping[str, str]

    def exists(self, digits: str) -> bool:
        """Is this code (digits only, 2, 4, 6 or 10 of them) on the list?"""
        match len(digits):
            case 2:
                return digits in self.provinces
            case 4:
                return digits in self.regencies
            case 6:
                return digits in self.districts
            case 10:
                return digits in self.villages
        return False

    def name(self, digits: str) -> str | None:
        """What the region of this code (digits only) is called, as far as it is known."""
        return self.villages.get(digits) or self.above.get(digits)


@cache
def regions() -> Regions:
    villages: dict[str, str] = {}
    districts: list[str] = []
    code = 0
    for line in lzma.decompress(LIST.read_bytes()).decode().splitlines():
        if line[0] == "#":
            districts.append(line[1:])
            code = int(line[1:]) * 10_000
        elif "\t" in line:
            step, _, name = line.partition("\t")
            code += int(step)
            villages[str(code)] = name
        else:
            code += 1
            villages[str(code)] = line
    named = (line.split("\t") for line in NAMES.read_text("utf-8").splitlines() if not line.startswith("#"))
    above = {code.replace(".", ""): name for code, name in named}
    provinces, regencies = (frozenset(code[:length] for code in districts) for length in (2, 4))
    return Regions(provinces, regencies, frozenset(districts), villages, above)


def dotted(digits: str) -> str:
    """`3313012001` → `33.13.01.2001`."""
    return ".".join(part for part in (digits[:2], digits[2:4], digits[4:6], digits[6:]) if part)


def lost_zero(value: str) -> str | None:
    """The one code that a number like `33.2` can have been before a spreadsheet took its last zero, if it is on the list.

    >>> lost_zero("33.2"), lost_zero("33.20"), lost_zero("11.9")
    ('33.20', None, None)
    """
    match = re.fullmatch(r"(\d{2})[.,](\d)", value)
    return f"{match[1]}.{match[2]}0" if match and regions().exists(f"{match[1]}{match[2]}0") else None


def meant(value: str) -> str | None:
    """The code that a value is another spelling of, if it is on the list: without its dots, with a comma, with a digit too few in a part.

    >>> meant("3313"), meant("33,13"), meant("3313.0"), meant("33.13.1"), meant("33.13.01.201")
    ('33.13', '33.13', '33.13', '33.13.01', None)
    """
    bare = value.removesuffix(".0").replace(",", ".")
    parts = bare.split(".")
    if len(parts) == 1:
        return dotted(bare) if regions().exists(bare) and len(bare) > 2 else None
    widths = (2, 2, 2, 4)
    if len(parts) > len(widths) or not all(part.isdecimal() for part in parts) or len(parts[-1]) == 3:
        return None
    whole = [part.zfill(width) for part, width in zip(parts, widths, strict=False)]
    return ".".join(whole) if regions().exists("".join(whole)) else None
