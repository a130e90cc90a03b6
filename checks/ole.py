"""The container of XLS files (OLE 2): whether its chains of sectors come to an end, whether its cells lie within a sheet, what it hides.

Whoever follows a chain that does not end, or makes room for a cell that lies far out, fills all memory. Bytes in; a `Broken` or what is
hidden out ([MS-CFB] 2.2 to 2.6: header, FAT, mini FAT, DIFAT, directory; [MS-XLS] 2.4: records).
"""

import struct
from dataclasses import dataclass
from typing import Final

from checks.xlsx import Broken

_LAST: Final = 0xFFFFFFFA
"""Numbers from here on are marks (end of chain, free), no sectors."""
_IN_HEADER: Final = 109
_SMALL: Final = 4096
"""Streams of fewer bytes lie in the mini stream."""
_BEGIN: Final = 0x0809
_CELLS: Final = frozenset({0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E})
_MOST_CELLS: Final = 10_000_000
_ROW, _COLUMNS, _NOTE = 0x0208, 0x007D, 0x001C
_ROW_HIDDEN: Final = 0x20


@dataclass
class HiddenInXls:
    """Rows and columns that no sheet shows, and comments, of all sheets together."""

    rows: int = 0
    columns: int = 0
    notes: int = 0


def check_container(content: bytes) -> HiddenInXls:
    """Raises `Broken` when a chain turns in circles, or a cell lies outside of any sheet."""
    if len(content) < 512:
        raise Broken("wadah XLS tidak utuh", "the XLS container is not whole")
    shift = struct.unpack_from("<H", content, 30)[0]
    if shift not in (9, 12):
        raise Broken("wadah XLS tidak utuh", "the XLS container is not whole")
    size = 1 << shift
    fat = _table(content, _fat_sectors(content, size), size)
    small, small_count = struct.unpack_from("<II", content, 60)
    mini: list[int] = []
    while small < _LAST and len(mini) < min(small_count, len(fat)):
        mini.append(small)
        small = fat[small] if small < len(fat) else _LAST
    small_table = _table(content, mini, size)
    if _turns(fat) or _turns(small_table):
        raise Broken("wadah XLS berputar", "the XLS container leads back to itself")
    records = _workbook(content, fat, small_table, size)
    _check_cells(records)
    return _hidden_in(records)


def _workbook(content: bytes, fat: list[int], small_table: list[int], size: int) -> bytes:
    """The stream that holds the sheets; empty when there is none."""

    def read(start: int) -> bytes:
        return b"".join(content[(sector + 1) * size : (sector + 2) * size] for sector in _chain(start, fat))

    directory = read(struct.unpack_from("<I", content, 48)[0])
    entries = [directory[at : at + 128] for at in range(0, len(directory) - 127, 128)]
    for entry in entries:
        length, start, count = (*struct.unpack_from("<H", entry, 64), *struct.unpack_from("<II", entry, 116))
        if entry[: max(0, length - 2)].decode("utf-16-le", "replace").lower() not in {"workbook", "book"}:
            continue
        if count >= _SMALL:
            return read(start)[:count]
        within = read(struct.unpack_from("<I", entries[0], 116)[0])
        return b"".join(within[sector * 64 : sector * 64 + 64] for sector in _chain(start, small_table))[:count]
    return b""


def _chain(start: int, table: list[int]) -> list[int]:
    """The sectors of a chain in order; of tables without circles."""
    found = []
    while start < len(table):
        found.append(start)
        start = table[start]
    return found


def _check_cells(records: bytes) -> None:
    at = rows = columns = 0
    while at + 8 <= len(records):
        kind, length, row, column = struct.unpack_from("<HHHH", records, at)
        at += 4 + length
        if kind == _BEGIN:
            rows = columns = 0
        elif kind in _CELLS:
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            if columns > 256 or rows * columns > _MOST_CELLS:
                raise Broken("sel di luar lembar", "cells outside the sheet")


def _hidden_in(records: bytes) -> HiddenInXls:
    at, seen = 0, HiddenInXls()
    while at + 4 <= len(records):
        kind, length = struct.unpack_from("<HH", records, at)
        body = records[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == _ROW and len(body) >= 16:
            seen.rows += bool(body[12] & _ROW_HIDDEN)
        elif kind == _COLUMNS and len(body) >= 10:
            first, last = struct.unpack_from("<HH", body)
            seen.columns += max(1, min(last, 255) - first + 1) if body[8] & 1 else 0
        elif kind == _NOTE:
            seen.notes += 1
    return seen


def _fat_sectors(content: bytes, size: int) -> list[int]:
    """Where the FAT lies: the first numbers in the header, the others in sectors that name each other."""
    found = list(struct.unpack_from(f"<{_IN_HEADER}I", content, 76))
    following, seen = struct.unpack_from("<I", content, 68)[0], set[int]()
    while following < _LAST:
        if following in seen:
            raise Broken("wadah XLS berputar", "the XLS container leads back to itself")
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
