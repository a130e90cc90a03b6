"""How much a check may read, keep and say. Nothing in checks/ reads a clock: time is the worker's business."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024


def _nobody(read: int, of: int) -> None:
    """Nobody wants to know how far it is."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one file's check; what lies past them is told as `not_checked`, never passed over in silence.

    `heard`: told now and then how many bytes of a table were read, and of how many.
    """

    rows: int = 20_000_000
    columns: int = 2_000
    cell_characters: int = 32_768
    sheets: int = 200
    unpacked_bytes: int = 4_096 * MIB
    ratio: int = 200
    """Unpacked bytes for each packed one, above which an archive is called a bomb (once it is past `bomb_bytes`)."""
    bomb_bytes: int = 64 * MIB
    members: int = 5_000
    whole_bytes: int = 64 * MIB
    """Files that a parser takes in as a whole (JSON, XLS, ODS, PDF): the most that is handed to it."""
    pages: int = 500
    distinct: int = 5_000
    duplicate_rows: int = 1_000_000
    compared_rows: int = 500_000
    """Of each of two versions; past them only columns and numbers of rows are compared."""
    jump_rows: int = 100_000
    heard: Callable[[int, int], None] = _nobody


LIMITS: Final = Limits()
KEPT: Final = 200
ROWS: Final = 10
PREVIEW: Final = 50
TOLD_EVERY: Final = 10_000
"""Rows after which it is told how far a reading is."""
SAMPLE: Final = 60
