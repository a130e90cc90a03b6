"""What no table shows: numbers of persons in names of files and in parts of them that nobody reads are told, and masked."""

import json
from pathlib import Path
from typing import Any

import pytest

from checks.propose import propose
from tests.checks.sheets import XLSX, checked, codes, sheet, workbook

NIK = "3313014101900001"
ROWS: list[list[Any]] = [["kode", "jumlah"], ["A1", 3], ["A2", 4]]


@pytest.mark.parametrize("name", [f"80-{NIK}.csv", f"data_{NIK}.csv", f"{NIK}.csv", "hubungi 081234567890.csv"])
def test_a_number_in_a_files_name_is_told_and_no_proposal_shows_it(tmp_path: Path, name: str) -> None:
    found = checked(tmp_path, name, b"kode,jumlah\nA1,3\n")
    proposed = json.dumps(propose([name], {name: "text/csv"}, {}, personal=True))

    assert codes(found) & {"personal_data_nik", "personal_data_phone"}
    assert not any(number in proposed + "".join(f.model_dump_json() for f in found.findings) for number in (NIK, "081234567890"))


@pytest.mark.parametrize("name", ["penduduk-2025-12-31.csv", "33.13.01.2001.csv", "apbd_20251231_235959.csv"])
def test_dates_and_codes_in_a_files_name_stay(tmp_path: Path, name: str) -> None:
    assert codes(checked(tmp_path, name, b"kode,jumlah\nA1,3\n")) == set()
    assert propose([name], {name: "text/csv"}, {}, personal=False)["files"][0]["name"] == name


def test_a_number_in_a_sheets_name_is_told(tmp_path: Path) -> None:
    content = workbook(tmp_path / "b.xlsx", lambda book: sheet(book, NIK, ROWS))

    found = checked(tmp_path, "data.xlsx", content, media_type=XLSX)

    assert codes(found) == {"personal_data_nik"}
    assert NIK not in "".join(f.model_dump_json() for f in found.findings)
