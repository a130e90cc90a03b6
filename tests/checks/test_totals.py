"""Rows that are called totals: each row is added once, however many there are."""

from pathlib import Path
from unittest.mock import patch

from checks import tables
from checks.run import Given, Metadata, look_at

INDICATORS = ("Penduduk", "Rumah Tangga", "Balita", "Lansia", "Desa")


def numbers_read(tmp_path: Path, rows: int) -> int:
    """How often a cell is read as a number in a table whose every row begins with a word of totals."""
    path = tmp_path / f"{rows}.csv"
    lines = [f"Jumlah {INDICATORS[n % len(INDICATORS)]} {n},2025,{n * 7 + 3}" for n in range(rows)]
    path.write_text("\n".join(["indikator,tahun,nilai", *lines]), "utf-8")
    with patch.object(tables, "_number", wraps=tables._number) as read:
        look_at([Given(path, path.name, "text/csv")], Metadata((), ""))
    return read.call_count


def test_a_list_of_indicators_is_read_once(tmp_path: Path) -> None:
    few, many = numbers_read(tmp_path, 100), numbers_read(tmp_path, 400)
    assert 0 < many <= 4 * few + 50
