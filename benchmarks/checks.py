"""Checking files: the country's 83,762 villages beside Python's csv and frictionless, large files for time and memory, and what it costs
intake where the files are known.
"""

import random
import subprocess
import sys
from pathlib import Path
from typing import Final

import orjson
import xlsxwriter

from checks.regions import dotted, regions

MB: Final = 1_000_000


def once(way: str, path: Path) -> dict[str, float]:
    """Seconds, processor seconds and peak MB of one way of reading a file, in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.checks_process", way, str(path)], check=True, capture_output=True)
    told: dict[str, float] = orjson.loads(done.stdout)
    return told


def of_intake(directory: Path, turns: int) -> dict[str, float]:
    """Microseconds of processor time that intake takes for a record whose file is known, `checked` and `unchecked`."""
    directory.mkdir()
    command = [sys.executable, "-m", "benchmarks.intake_process", str(turns), str(directory)]
    told: dict[str, float] = orjson.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told


def villages(path: Path) -> Path:
    """The open list of all villages, as it is published."""
    lines = (f"{dotted(code)},{name}\n" for code, name in regions().villages.items())
    path.write_text("kode_wilayah,nama\n" + "".join(lines), encoding="utf-8")
    return path


def large_csv(path: Path, megabytes: int) -> Path:
    chance = random.Random(1)  # noqa: S311 (a table, no secret)
    with path.open("w", encoding="utf-8") as file:
        file.write("kode,nama,tahun,jumlah,nilai,catatan\n")
        while file.tell() < megabytes * MB:
            file.writelines(",".join(map(str, _row(chance, n))) + "\n" for n in range(1_000))
    return path


def large_xlsx(path: Path, rows: int) -> Path:
    chance = random.Random(1)  # noqa: S311
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("Data")
    sheet.write_row(0, 0, ["kode", "nama", "tahun", "jumlah", "nilai", "catatan"])
    for n in range(1, rows):
        sheet.write_row(n, 0, _row(chance, n))
    book.close()
    return path


def _row(chance: random.Random, n: int) -> list[str | int | float]:
    village = f"33.13.{n % 17 + 1:02d}.{2001 + n % 9}"
    return [
        village,
        f"Barang {chance.randrange(MB)}",
        2025,
        chance.randrange(MB),
        chance.random() * 1_000,
        f"catatan {chance.randrange(10**9)}",
    ]
