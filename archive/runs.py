"""Sorting more rows than fit in memory: rows of one length in, sorted files out, read again in order or from any key on.

Memory stays the same whatever the number of rows: a full buffer becomes a sorted file, and many files become one.
"""

import heapq
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROWS_A_RUN: Final = 32_768
RUNS_A_LEVEL: Final = 64
ROWS_A_READ: Final = 128


@dataclass
class Runs:
    """Sorted files in a directory, made as rows are added. `prefix` keeps several writers apart."""

    directory: Path
    prefix: str
    row_bytes: int
    _rows: list[bytes] = field(default_factory=list)
    _levels: list[list[Path]] = field(default_factory=list)
    _names: Iterator[int] = field(default_factory=itertools.count)

    def add(self, row: bytes) -> None:
        self._rows.append(row)
        if len(self._rows) >= ROWS_A_RUN:
            self._spill()

    def finish(self) -> list[Path]:
        """Every file so far, the rows still in memory included."""
        if self._rows:
            self._spill()
        return [path for level in self._levels for path in level]

    def _spill(self) -> None:
        self._rows.sort()
        self._keep(self._write(self._rows), 0)
        self._rows.clear()

    def _keep(self, path: Path, level: int) -> None:
        while len(self._levels) <= level:
            self._levels.append([])
        self._levels[level].append(path)
        if len(self._levels[level]) >= RUNS_A_LEVEL:
            full, self._levels[level] = self._levels[level], []
            self._keep(self._write(merged(full, self.row_bytes)), level + 1)
            for path in full:
                path.unlink()

    def _write(self, rows: Iterable[bytes]) -> Path:
        path = self.directory / f"{self.prefix}-{next(self._names)}.run"
        with path.open("wb") as file:
            file.writelines(rows)
        return path


def merged(paths: Iterable[Path], row_bytes: int, *, first: bytes = b"", last: bytes | None = None) -> Iterator[bytes]:
    """The rows of all files in order, from those that start with `first` on, up to and with those that start with `last`."""
    return heapq.merge(*(_rows(path, row_bytes, first, last) for path in paths))


def _rows(path: Path, row_bytes: int, first: bytes, last: bytes | None) -> Iterator[bytes]:
    with path.open("rb") as file:
        position = _position(path, row_bytes, first)
        while True:
            # Opened for each read would be slower, kept open at a position is what a sorted file is for.
            file.seek(position)
            chunk = file.read(row_bytes * ROWS_A_READ)
            for start in range(0, len(chunk), row_bytes):
                row = chunk[start : start + row_bytes]
                if last is not None and row[: len(last)] > last:
                    return
                yield row
            if len(chunk) < row_bytes * ROWS_A_READ:
                return
            position += len(chunk)


def _position(path: Path, row_bytes: int, first: bytes) -> int:
    """Where the rows that are not below `first` begin."""
    low, high = 0, path.stat().st_size // row_bytes
    with path.open("rb") as file:
        while low < high:
            middle = (low + high) // 2
            file.seek(middle * row_bytes)
            if file.read(len(first)) < first:
                low = middle + 1
            else:
                high = middle
    return low * row_bytes
