"""Spreadsheets, documents and archives, built by code: what they hide is told, and nothing that is wrong with one is an error of ours."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from checks.content import kind_of
from checks.findings import plain
from checks.limits import Limits
from tests.checks.sheets import XLSX, checked, codes, columns, sheet, told, workbook

NIK = "3313014101900001"
ROWS: list[list[Any]] = [["kode", "jumlah"], ["A1", 3], ["A2", 4]]


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_what_a_workbook_hides_is_told_and_looked_through(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        book.set_properties({"author": "Siti Aminah"})
        page = sheet(book, "Data", ROWS)
        page.set_row(1, None, None, {"hidden": True})
        page.set_column("B:B", None, None, {"hidden": True})
        page.write_comment("A1", "periksa lagi")
        page.merge_range("A3:B3", "A2")
        sheet(book, "Rahasia", [["kode", "nik"], ["A1", NIK]]).hide()
        sheet(book, "Sheet3", [])

    found = checked(tmp_path, "data.xlsx", workbook(tmp_path / "b.xlsx", write), media_type=XLSX)

    assert {("hidden_content", "Data"), ("hidden_content", "Rahasia"), ("personal_data_nik", "Rahasia"), ("sheet_empty", "Sheet3")} <= {
        (f.code, f.sheet) for f in found.findings
    }
    assert codes(found) >= {"comments", "properties_person", "cells_merged", "sheets_several"}
    assert not any(NIK in f.model_dump_json() or "Siti" in f.model_dump_json() for f in found.findings)


def test_dates_numbers_and_formulas_of_a_workbook_are_read_as_people_see_them(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        page = sheet(book, "Data", [["kode", "tanggal", "nilai", "serial"]])
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for row in range(1, 4):
            page.write(row, 0, f"0{row}")
            page.write(row, 1, 45992 + row, day)
            page.write(row, 2, 0.1 + row)
            page.write(row, 3, 45992 + row)
        page.write_formula(4, 2, "=SUM(C2:C4)", None, "")

    declared = columns(kode="string", tanggal="date", nilai="number", serial="date")
    found = checked(tmp_path, "data.xlsx", workbook(tmp_path / "b.xlsx", write), *declared, media_type=XLSX)

    assert told(found) == [("date_serial", "error", "serial", (2, 3, 4)), ("formula_without_value", "warning", None, (5,))]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"MZ\x90\x00" + bytes(100), "file_type"),
        ("a.csv", b"<html><body>x</body></html>", "file_type"),
        ("a.xlsx", b"kode,nama\nA1,x\n", "type_mismatch_file"),
        ("a.csv", b"", "file_empty"),
        ("a.csv", b'kode,nama\nA1,"' + b"x" * 2_000_000, "csv_broken"),
        ("a.xlsx", zipped(**{"xl/workbook.xml": b"<workbook>"}), "file_broken"),
        ("a.xlsx", zipped(**{"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><workbook>&a;</workbook>'}), "file_broken"),
        ("a.xlsx", zipped(**{"xl/workbook.xml": b"<workbook/>", "xl/vbaProject.bin": b"x"}), "file_macros"),
        ("a.xlsx", zipped(**{"xl/workbook.xml": b"<workbook/>", "xl/externalLinks/externalLink1.xml": b"<x/>"}), "external_link"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + bytes(600), "file_encrypted"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_broken"),
        ("a.zip", zipped(**{"../jahat.csv": b"a,b\n1,2\n"}), "zip_path"),
        ("a.zip", zipped(**{"dalam.zip": zipped(**{"x.csv": b"a\n"})}), "zip_nested"),
        ("a.zip", zipped(**{"isi.csv": bytes(100 << 20)}), "zip_bomb"),
        ("a.zip", zipped(**{"nik.csv": f"kode,nik\nA1,{NIK}\n".encode()}), "personal_data_nik"),
        ("a.json", b'{"a": ', "json_broken"),
        ("a.json", b"[" * 200_000, "json_broken"),
        ("a.json", json.dumps({"data": [{"orang": {"nik": NIK}}]}).encode(), "personal_data_nik"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Feature"}]}', "geojson_shape"),
        (
            "a.geojson",
            b'{"type": "Feature", "properties": {"a": 1}, "geometry": {"type": "Point", "coordinates": [-7.6, 110.9]}}',
            "geojson_range",
        ),
        ("a.pdf", b"%PDF-1.7\nrusak", "file_broken"),
        ("folder/a.csv", b"a,b\n1,2\n", "name_path"),
        ("data\u202excod.csv", b"a,b\n1,2\n", "name_hidden_characters"),
        ("a.exe.csv", b"a,b\n1,2\n", "name_runs"),
        ("a.csv", "kode,nama\nA1,x\n".encode("utf-16"), "csv_encoding"),
    ],
)  # fmt: skip
def test_hostile_and_broken_files_are_findings(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    assert code in codes(checked(tmp_path, name, content))


LETTER = {"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<R/>", "word/document.xml": b"<w/>", "docProps/core.xml": b"<x/>"}


@pytest.mark.parametrize("parts", [LETTER, {"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": bytes(50)}])
def test_a_letter_or_a_binary_workbook_is_one_finding(tmp_path: Path, parts: dict[str, bytes]) -> None:
    assert [f.code for f in checked(tmp_path, "surat.docx", zipped(**parts)).findings] == ["file_type"]


def test_what_systems_put_into_an_archive_is_no_data_and_hides_nobody(tmp_path: Path) -> None:
    beside = {".DS_Store": b"\0\0\0\1Bud1" + bytes(200), "a/Thumbs.db": b"\xd0\xcf\x11\xe0" + bytes(600), "__MACOSX/._data.csv": bytes(80)}
    data = {"data.csv": b"kode,jumlah\nA1,3\nA2,4\n", "desktop.ini": b"[.ShellClassInfo]\r\n"}

    assert codes(checked(tmp_path, "data.zip", zipped(**data, **beside))) == set()
    assert "personal_data_nik" in codes(checked(tmp_path, "data.zip", zipped(**data, **{".DS_Store": f"x\n{NIK}\n".encode()})))


def test_a_pdf_without_text_is_a_picture(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    made = io.BytesIO()
    writer.write(made)

    assert codes(checked(tmp_path, "a.pdf", made.getvalue())) == {"pdf_picture"}


def test_a_pdf_behind_a_password_is_told(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.encrypt("rahasia", algorithm="RC4-128")
    made = io.BytesIO()
    writer.write(made)

    assert codes(checked(tmp_path, "a.pdf", made.getvalue())) == {"file_encrypted"}


def test_more_rows_than_the_limit_are_told(tmp_path: Path) -> None:
    content = b"kode,jumlah\n" + b"A,1\n" * 100

    assert "not_checked" in codes(checked(tmp_path, "a.csv", content, limits=Limits(rows=50)))


def test_at_most_two_hundred_findings_are_kept_and_the_rest_is_counted(tmp_path: Path) -> None:
    names = [f"k{n:03d}" for n in range(300)]
    found = checked(tmp_path, "a.csv", b"x\n1\n", *columns(**dict.fromkeys(names, "string")))

    assert len(found.findings) == 200
    assert found.more == {"column_missing": 100, "column_undeclared": 1}


@for_all(st.text(max_size=300))
def test_what_is_shown_of_a_file_holds_no_long_number_and_no_control_character(text: str) -> None:
    shown = plain(text + NIK)

    assert NIK not in shown
    assert shown.isprintable()


@settings(deadline=None, max_examples=150)
@for_all(
    st.binary(max_size=2_000),
    st.sampled_from([b"", b"PK\x03\x04", b"%PDF-1.4\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b'{"type":', b"a,b\n"]),
)
def test_no_bytes_are_an_error_of_ours(tmp_path_factory: pytest.TempPathFactory, content: bytes, begins: bytes) -> None:
    found = checked(tmp_path_factory.getbasetemp(), "a.csv", begins + content)

    assert set(found.scores) == {"terpadu", "lengkap", "aktual", "valid", "akuntabel"}


@settings(deadline=None, max_examples=150)
@for_all(
    st.lists(st.lists(st.text(max_size=20) | st.integers().map(str) | st.floats().map(str) | st.dates().map(str), max_size=6), max_size=30)
)
def test_no_table_is_an_error_of_ours(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    content = "\n".join(",".join(cell.replace("\n", " ") for cell in row) for row in rows).encode("utf-8", "replace")
    folder = tmp_path_factory.getbasetemp()
    checked(folder, "a.csv", content)

    assert kind_of(folder / "isi")
