"""The container of XLS files (OLE 2): whether its chains of sectors come to an end. Whoever follows one that does not fills all memory.

Bytes in; a `Broken` or nothing out ([MS-CFB] 2.2 to 2.4: header, FAT, mini FAT, DIFAT).
"""

import struct
from typing import Final

from checks.xlsx import Broken

_LAST: Final = 0xFFFFFFFA
"""Numbers from here on are marks (end of chain, free), no sectors."""
_IN_HEADER: Final = 109


def check_chains(content: bytes) -> None:
    """Raises `Broken` when a chain turns in circles or leaves the file."""
    if len(content) < 512:
        raise Broken("wadah XLS tidak utuh")
    shift = struct.unpack_from("<H", content, 30)[0]
    if shift not in (9, 12):
        raise Broken("wadah XLS tidak utuh")
    size = 1 << shift
    fat = _table(content, _fat_sectors(content, size), size)
    small, small_count = struct.unpack_from("<II", content, 60)
    mini: list[int] = []
    while small < _LAST and len(mini) < min(small_count, len(fat)):
        mini.append(small)
        small = fat[small] if small < len(fat) else _LAST
    if _turns(fat) or _turns(_table(content, mini, size)):
        raise Broken("wadah XLS berputar")


def _fat_sectors(content: bytes, size: int) -> list[int]:
    """Where the FAT lies: the first numbers in the header, the others in sectors that name each other."""
    found = list(struct.unpack_from(f"<{_IN_HEADER}I", content, 76))
    following, seen = struct.unpack_from("<I", content, 68)[0], set[int]()
    while following < _LAST:
        if following in seen:
            raise Broken("wadah XLS berputar")
        seen.add(following)
        *numbers, following = _table(content, [following], size) or [_LAST]
        found += numbers
    return [number for number in found if number < _LAST]


def _table(content: bytes, sectors: list[int], size: int) -> list[int]:
    """The numbers in these sectors; what lies past the end of the file is left out."""
    told: list[int] = []
    for sector in sectors:
        part = content[(sector + 1) * size : (sector + 2) * size]
        told += struct.unpack(f"<{len(part) // 4}I", part[: len(part) // 4 * 4])
    return told


def _turns(table: list[int]) -> bool:
    """Does any chain come back to a sector that it went through?"""
    seen_from = [-1] * len(table)
    for start in range(len(table)):
        at = start
        while at < len(table) and seen_from[at] == -1:
            seen_from[at] = start
            at = table[at]
        if at < len(table) and seen_from[at] == start:
            return True
    return False
