"""Files as people really sent them, rebuilt small, with exactly what they should lead to."""

from pathlib import Path
from typing import Any

from tests.checks.sheets import XLSX, checked, columns, sheet, told, workbook


def test_codes_that_went_through_a_spreadsheet_lost_their_zeros(tmp_path: Path) -> None:
    rows = (
        "11.01,Kabupaten Satu,23711",
        "11.1,Kabupaten Dua,24785",
        "33.13,Kabupaten Tiga,57711",
        "33.2,Kabupaten Empat,59411",
        "31.71,Kota Lima,1010",
    )
    content = "\n".join(("kode,nama,kode_pos", *rows)).encode()

    found = checked(tmp_path, "wilayah.csv", content, *columns(kode="string", nama="string", kode_pos="string"))

    assert told(found) == [("region_code_format", "error", "kode", (3, 5)), ("code_length", "warning", "kode_pos", (6,))]
    assert "33.2 → 33.20" in found.findings[0].message


def test_an_indonesian_spreadsheet_saved_as_csv_is_three_findings_about_its_form(tmp_path: Path) -> None:
    content = (
        "kode;uraian;pagu;persen\r\n1.01;Pendidikan – dasar;1.234.567;12,5\r\n1.02;Kesehatan;987.654;7,25\r\n1.03;Sarana;1.234;0,1\r\n"
    )

    found = checked(
        tmp_path, "apbd.csv", content.encode("cp1252"), *columns(kode="string", uraian="string", pagu="integer", persen="number")
    )

    assert {each[:3] for each in told(found)} == {
        ("csv_dialect", "warning", None),
        ("csv_encoding", "warning", None),
        ("decimal_comma", "warning", "pagu, persen"),
    }


def test_a_printed_report_is_found_in_its_sheet_and_told(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        page = sheet(book, "Rekap", [])
        page.merge_range("A1:E1", "REKAPITULASI JUMLAH PENDUDUK")
        page.merge_range("A2:E2", "KABUPATEN CONTOH TAHUN 2025")
        for cells, text in (("A4:A5", "No"), ("B4:B5", "Kecamatan"), ("C4:D4", "Jumlah"), ("E4:E5", "Ket")):
            page.merge_range(cells, text)
        page.write_row("C5", ["L", "P"])
        page.write_row("A6", [1, "Contoh", 600, 610])
        page.write_row("A7", [2, "Teladan", 390, 410, "sementara"])
        page.write_row("B8", ["JUMLAH", 990, 1020])
        page.write("A10", "Karanganyar, 31 Desember 2025")

    declared = columns(No="integer", Kecamatan="string", L="integer", P="integer", Ket="string")
    found = checked(tmp_path, "rekap.xlsx", workbook(tmp_path / "b.xlsx", write), *declared, media_type=XLSX)

    assert told(found) == [
        ("header_merged", "error", None, (4, 5)),
        ("rows_before_header", "warning", None, (1, 2)),
        ("total_row", "warning", None, (8,)),
        ("rows_after_table", "warning", None, (10,)),
    ]
    assert {f.sheet for f in found.findings} == {"Rekap"}


def test_identity_numbers_that_a_spreadsheet_rounded_are_found_and_budget_codes_are_not(tmp_path: Path) -> None:
    content = (
        b"no,nik,kode_rekening\n1,3.31301E+15,5101010100010001\n2,3313014101900000,5101010100010002\n3,3313025501850000,5102020100260003\n"
    )

    found = checked(tmp_path, "penerima.csv", content, *columns(no="integer", nik="string", kode_rekening="string"))

    assert told(found) == [("personal_data_nik", "error", "nik", (2, 3, 4)), ("number_rounded", "warning", "nik", (2, 3, 4))]
    assert not any("3313014101900000" in f.model_dump_json() for f in found.findings)
