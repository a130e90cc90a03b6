"""Persons beside the table: where formulas lead to, what comments and text boxes say, how files are called."""

from pathlib import Path
from typing import Any

import pytest

from tests.checks.sheets import XLSX, checked, codes, sheet, workbook

ROWS: list[list[Any]] = [["kode", "jumlah"], ["A1", 3], ["A2", 4]]


def _data(book: Any) -> Any:
    return sheet(book, "Data", ROWS)


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ('=HYPERLINK("mailto:budi.santoso@gmail.com","surel")', "personal_data_email"),
        ('=HYPERLINK("https://wa.me/6281234567890","WA")', "personal_data_phone"),
        ('=HYPERLINK("mailto:ppid@contoh.go.id","surel")', None),
    ],
)
@pytest.mark.parametrize("value", ["surel", ""])
def test_where_a_formula_leads_to_is_told_with_its_cell(tmp_path: Path, formula: str, code: str | None, value: str) -> None:
    def write(book: Any) -> None:
        page = sheet(book, "Data", [["kode", "jumlah", "tautan"], *ROWS[1:]])
        page.write_formula("C3", formula, None, value)

    found = checked(tmp_path, "data.xlsx", workbook(tmp_path / "b.xlsx", write), media_type=XLSX)

    told = [(f.code, f.column, f.rows) for f in found.findings if f.code.startswith("personal_")]
    assert told == ([(code, "tautan", (3,))] if code else [])


@pytest.mark.parametrize("words", ["Penerima: Siti Aminah, sudah meninggal", "milik Bapak Sutrisno", "Siti Aminah"])
def test_persons_in_comments_and_boxes_are_told(tmp_path: Path, words: str) -> None:
    for write in (lambda book: _data(book).write_comment("A2", words), lambda book: _data(book).insert_textbox("E2", words)):
        found = checked(tmp_path, "data.xlsx", workbook(tmp_path / "b.xlsx", write), media_type=XLSX)

        assert "personal_data_name" in codes(found)


def test_a_home_in_a_box_is_told_and_an_office_is_not(tmp_path: Path) -> None:
    def boxed(words: str) -> set[str]:
        content = workbook(tmp_path / "b.xlsx", lambda book: _data(book).insert_textbox("E2", words))
        return codes(checked(tmp_path, "data.xlsx", content, media_type=XLSX))

    assert boxed("Dusun Ngablak RT 01 RW 02") == {"personal_data_address"}
    assert boxed("Data dari Puskesmas Jaten, Jl. Lawu 5. Isi kolom jumlah dengan angka.") == set()


@pytest.mark.parametrize("name", ["data bansos a.n. Siti Aminah.csv", "Siti_Aminah.csv"])
def test_a_persons_name_in_a_files_name_is_told(tmp_path: Path, name: str) -> None:
    assert codes(checked(tmp_path, name, b"kode,jumlah\nA1,3\n")) == {"personal_data_name"}


@pytest.mark.parametrize("name", ["sri_lestari.csv", "desa-jumapolo-sumber-agung-2025.csv", "Data RT 01 RW 02.csv", "ibu hamil.csv"])
def test_names_of_places_and_groups_in_a_files_name_stay(tmp_path: Path, name: str) -> None:
    assert codes(checked(tmp_path, name, b"kode,jumlah\nA1,3\n")) == set()
