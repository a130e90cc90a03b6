"""What a workbook hides, merges and leaves empty, in the ways that people (and programs) do it: XLSX, ODS and XLS."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import Report
from tests.checks.corpus import NIK, ods, record, xls
from tests.checks.sheets import XLSX, checked, codes, columns, sheet, told, workbook

ROWS: list[list[Any]] = [["kode", "jumlah", "ket"], ["A1", 3, "x"], ["A2", 4, "y"], ["A3", 5, "z"]]
Write = Callable[[Any], object]


def looked_at(folder: Path, write: Write, *parts: tuple[str, bytes]) -> Report:
    """A workbook, with parts put in that xlsxwriter does not write."""
    content = workbook(folder / "b.xlsx", write)
    if parts:
        made = io.BytesIO(content)
        with zipfile.ZipFile(made, "a") as archive:
            for name, part in parts:
                archive.writestr(name, part)
        content = made.getvalue()
    return checked(folder, "data.xlsx", content, media_type=XLSX)


def replaced(folder: Path, write: Write, part: str, old: bytes, new: bytes) -> Report:
    """A workbook with something else in one of its parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(folder / "b.xlsx", write))) as archive, zipfile.ZipFile(made, "w") as other:
        for name in archive.namelist():
            content = archive.read(name)
            assert name != part or old in content
            other.writestr(name, content.replace(old, new) if name == part else content)
    return checked(folder, "data.xlsx", made.getvalue(), media_type=XLSX)


def _shown(book: Any) -> Any:
    return sheet(book, "Data", ROWS)


def _in_format(book: Any, **format_: Any) -> None:
    _shown(book).write(2, 2, "rahasia", book.add_format(format_))


HIDDEN: dict[str, Write] = {
    "a sheet": lambda book: (_shown(book), sheet(book, "Lain", ROWS).hide()),
    "a sheet that menus do not show": lambda book: (_shown(book), sheet(book, "Lain", ROWS).very_hidden()),
    "an empty sheet": lambda book: (_shown(book), sheet(book, "Lain", []).hide()),
    "a column": lambda book: _shown(book).set_column("C:C", None, None, {"hidden": True}),
    "a column without width": lambda book: _shown(book).set_column("C:C", 0),
    "a group of columns that is folded": lambda book: _shown(book).set_column("B:C", None, None, {"level": 1, "hidden": True}),
    "a row": lambda book: _shown(book).set_row(2, None, None, {"hidden": True}),
    "a row without height": lambda book: _shown(book).set_row(2, 0),
    "rows that a filter leaves out": lambda book: (_shown(book).autofilter("A1:C4"), book.worksheets()[0].set_row(1, None, None, {"hidden": True})),
    "a number format that shows nothing": lambda book: _in_format(book, num_format=";;;"),
    "white letters": lambda book: _in_format(book, font_color="white"),
}  # fmt: skip
SHOWN: dict[str, Write] = {
    "nothing": _shown,
    "white letters on blue": lambda book: _in_format(book, font_color="white", bg_color="#000080"),
    "a format with a part for zero": lambda book: _in_format(book, num_format="#,##0;-#,##0;"),
    "a filter that leaves nothing out": lambda book: _shown(book).autofilter("A1:C4"),
    "a narrow column": lambda book: _shown(book).set_column("C:C", 1),
    "rows that are grouped and unfolded": lambda book: _shown(book).set_row(2, None, None, {"level": 1}),
}


@pytest.mark.parametrize("how", HIDDEN)
def test_what_is_hidden_is_told(tmp_path: Path, how: str) -> None:
    assert "hidden_content" in codes(looked_at(tmp_path, HIDDEN[how]))


@pytest.mark.parametrize("how", SHOWN)
def test_what_is_shown_is_not(tmp_path: Path, how: str) -> None:
    assert codes(looked_at(tmp_path, SHOWN[how])) == set()


def test_a_row_and_a_column_of_no_size_are_hidden_whoever_wrote_them(tmp_path: Path) -> None:
    part = "xl/worksheets/sheet1.xml"
    column = b'<cols><col min="3" max="3" width="0" customWidth="1"/></cols><sheetData>'

    assert "hidden_content" in codes(replaced(tmp_path, _shown, part, b"<sheetData>", column))
    assert "hidden_content" in codes(replaced(tmp_path, _shown, part, b'<row r="3"', b'<row r="3" ht="0" customHeight="1"'))


def test_the_records_behind_a_pivot_table_and_files_inside_are_told(tmp_path: Path) -> None:
    for part in ("xl/pivotCache/pivotCacheRecords1.xml", "xl/embeddings/oleObject1.bin", "xl/embeddings/Book1.xlsx"):
        assert "hidden_content" in codes(looked_at(tmp_path, _shown, (part, f"<r><s v='{NIK}'/></r>".encode())))
    pivot = looked_at(tmp_path, _shown, ("xl/pivotCache/pivotCacheRecords1.xml", f'<r><s v="{NIK}"/></r>'.encode()))
    assert "personal_data_nik" in codes(pivot)


def test_personal_data_in_comments_and_properties_is_told_and_masked(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        _shown(book).write_comment("A2", f"milik Budi, NIK {NIK}")
        book.set_properties({"title": f"Data {NIK}", "comments": "hubungi 081234567890"})

    found = looked_at(tmp_path, write)

    assert codes(found) >= {"comments", "personal_data_nik", "personal_data_phone"}
    assert not any(NIK in f.model_dump_json() for f in found.findings)


def _merged(*ranges: str, header: list[Any]) -> Write:
    def write(book: Any) -> None:
        page = sheet(book, "Data", [header, *ROWS[1:]])
        for cells in ranges:
            page.merge_range(cells, header[0] if cells.startswith("A") else header[1])

    return write


def test_merged_cells_in_the_header_are_told_and_those_of_a_title_are_not(tmp_path: Path) -> None:
    assert "header_merged" in codes(looked_at(tmp_path, _merged("B1:C1", header=["kode", "jumlah", ""])))

    def titled(book: Any) -> None:
        page = sheet(book, "Data", [[], [], *ROWS])
        page.merge_range("A1:C1", "REKAP 2025")

    assert told(looked_at(tmp_path, titled)) == [("rows_before_header", "warning", None, (1,))]

    def inside(book: Any) -> None:
        _shown(book).merge_range("A3:B3", "A2")

    assert told(looked_at(tmp_path, inside)) == [("cells_merged", "warning", None, (3,))]


def test_a_header_whose_cells_are_merged_downwards_only(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        page = sheet(book, "Data", [["kode", "jumlah"], [], ["A1", 3], ["A2", 4]])
        page.merge_range("A1:A2", "kode")
        page.merge_range("B1:B2", "jumlah")

    assert told(looked_at(tmp_path, write)) == [("header_merged", "error", None, (1, 2))]


EMPTY: dict[str, Write] = {
    "nothing at all": lambda book: (_shown(book), sheet(book, "Sheet2", [])),
    "formats only": lambda book: (_shown(book), sheet(book, "Sheet2", []).write_blank("B2", None, book.add_format({"bold": True}))),
    "spaces only": lambda book: (_shown(book), sheet(book, "Sheet2", [["  ", " "]])),
}


@pytest.mark.parametrize("how", EMPTY)
def test_a_sheet_without_anything_is_told(tmp_path: Path, how: str) -> None:
    assert [(f.code, f.sheet) for f in looked_at(tmp_path, EMPTY[how]).findings] == [("sheet_empty", "Sheet2")]


def test_a_sheet_of_a_chart_is_not_empty(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        _shown(book)
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Data!$B$2:$B$4"})
        book.add_chartsheet("Grafik").set_chart(chart)

    assert codes(looked_at(tmp_path, write)) == set()


def test_a_sheet_of_instructions_before_the_data_is_not_what_is_declared(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        sheet(book, "Petunjuk", [["Isi lembar Data."], ["Simpan."]])
        _shown(book)

    content = workbook(tmp_path / "b.xlsx", write)
    found = checked(tmp_path, "data.xlsx", content, *columns(kode="string", jumlah="integer", ket="string"), media_type=XLSX)

    assert not codes(found) & {"column_missing", "column_undeclared"}


CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
ROW = "<table:table-row{}>" + CELL.format("A1") + CELL.format("x") + "</table:table-row>"
DATA = "<table:table-row>" + CELL.format("kode") + CELL.format("nama") + "</table:table-row>" + ROW.format("") * 2
STYLE = (
    '<office:automatic-styles xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"><style:style style:name="ta2" style:family="table">'
    '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (ods(f'<table:table table:name="A">{DATA}</table:table><table:table table:name="B" table:style-name="ta2">{DATA}</table:table>', styles=STYLE), "hidden_content"),
        (ods(f'<table:table table:name="A">{DATA}{ROW.format(chr(32) + "table:visibility=" + chr(34) + "collapse" + chr(34))}</table:table>'), "hidden_content"),
        (ods(f'<table:table table:name="A">{DATA}{ROW.format(chr(32) + "table:visibility=" + chr(34) + "filter" + chr(34))}</table:table>'), "hidden_content"),
        (ods(f'<table:table table:name="A">{DATA}</table:table><table:table table:name="B"></table:table>'), "sheet_empty"),
        (xls([("kode", "jumlah"), ("A1", 3.0)], hidden=1), "hidden_content"),
        (xls([("kode", "jumlah"), ("A1", 3.0)], hidden=2), "hidden_content"),
        (xls([("kode_kab", "jumlah"), (33.13, 3.0), (33.2, 4.0), (33.75, 4.0)]), "region_code_format"),
        (xls([("REKAP 2025",), ("kode", "nama", "jumlah"), ("A1", "x", 3.0), ("A2", "y", 4.0)]), "rows_before_header"),
    ],
)  # fmt: skip
def test_the_same_in_other_formats(tmp_path: Path, content: bytes, code: str) -> None:
    assert code in codes(checked(tmp_path, "data.xls" if content[:2] == b"\xd0\xcf" else "data.ods", content))


@pytest.mark.parametrize(
    ("more", "code", "what"),
    [
        (record(0x0208, bytes([1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x20, 1, 15, 0])), "hidden_content", "1 baris"),
        (record(0x007D, bytes([1, 0, 1, 0, 0, 9, 15, 0, 1, 0, 0, 0])), "hidden_content", "1 kolom"),
        (record(0x001C, bytes(12)), "comments", "komentar"),
        (record(0x0208, bytes([1, 0, 0, 0, 2, 0, 255, 0, 0, 0, 0, 0, 0, 1, 15, 0])), None, ""),
    ],
)
def test_what_an_old_workbook_hides_is_told(tmp_path: Path, more: bytes, code: str | None, what: str) -> None:
    found = checked(tmp_path, "data.xls", xls([("kode", "jumlah"), ("A1", 3.0), ("A2", 4.0)], more=more))

    assert codes(found) == ({code} if code else set())
    assert all(what in f.message for f in found.findings)


def test_comments_are_told_with_their_sheet_and_rows(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        _shown(book)
        page = sheet(book, "Lain", ROWS)
        page.write_comment("B3", f"NIK {NIK}")
        page.write_comment("A4", "cek lagi")

    found = looked_at(tmp_path, write)

    told = {f.code: (f.sheet, f.rows) for f in found.findings}
    assert (told["comments"], told["personal_data_nik"][0]) == (("Lain", (3, 4)), "Lain")
    assert all("Hapus teks itu, lalu" in f.message for f in found.findings if f.code == "personal_data_nik")
