"""What no table shows: numbers of persons in names of files and in parts of them that nobody reads are told, and masked."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest

from checks.documents import check_json
from checks.findings import Found
from checks.limits import Limits
from checks.propose import propose
from tests.checks.corpus import ods
from tests.checks.sheets import XLSX, checked, codes, columns, sheet, workbook

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


def _data(book: Any) -> Any:
    return sheet(book, "Data", ROWS)


WRITTEN: dict[str, Callable[[Any], object]] = {
    "a text box": lambda book: _data(book).insert_textbox("E2", f"Penerima: Budi, NIK {NIK}"),
    "a footer": lambda book: _data(book).set_footer(f"&L&10Petugas NIK {NIK}&RHalaman &P"),
    "a header": lambda book: _data(book).set_header(f'&C&"Arial,Bold"{NIK}'),
    "a drop-down list": lambda book: _data(book).data_validation("C2", {"validate": "list", "source": [NIK, "x"]}),
    "the words beside a cell": lambda book: _data(book).data_validation(
        "C2", {"validate": "any", "input_title": "Isi", "input_message": NIK}
    ),
    "a name of the workbook": lambda book: (_data(book), book.define_name("petugas", f'="{NIK}"')),
}
LINKS: dict[str, Callable[[Any], object]] = {
    "a link's address": lambda page: page.write_url("C2", "mailto:budi.santoso@gmail.com", string="surel"),
    "an address with signs": lambda page: page.write_url("C2", "https://wa.me/6281234567890?text=halo%20budi%40gmail.com", string="WA"),
    "what a link says": lambda page: page.write_url("C2", "internal:Data!A1", string="kontak", tip="Hubungi 081234567890"),
}


@pytest.mark.parametrize("where", LINKS)
def test_what_a_link_says_is_read(tmp_path: Path, where: str) -> None:
    content = workbook(tmp_path / "b.xlsx", lambda book: LINKS[where](_data(book)))
    found = checked(tmp_path, "data.xlsx", content, media_type=XLSX)

    assert codes(found) & {"personal_data_email", "personal_data_phone"}


def test_links_to_pages_and_offices_name_nobody(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        page = _data(book)
        page.write_url("C2", "https://data.contoh.go.id/dataset/33-13?page=2025#x", string="laman", tip="Buka laman")
        page.write_url("C3", "mailto:ppid@contoh.go.id", string="surel")

    codes_found = codes(checked(tmp_path, "data.xlsx", workbook(tmp_path / "b.xlsx", write), media_type=XLSX))

    assert not any(code.startswith("personal_") for code in codes_found)


def test_an_opendocuments_links_are_read(tmp_path: Path) -> None:
    link = CELL.format('<text:p><text:a xlink:href="mailto:budi@gmail.com">s</text:a></text:p>')
    row = f"<table:table-row>{CELL.format('')}{link}</table:table-row>"
    found = checked(tmp_path, "data.ods", ods(f'<table:table xmlns:xlink="c" table:name="A">{row * 3}</table:table>'))

    assert "personal_data_email" in codes(found)


PARTS = {
    "xl/externalLinks/externalLink1.xml": f"<externalLink><sheetData><row><cell><v>{NIK}</v></cell></row></sheetData></externalLink>",
    "xl/drawings/drawing9.xml": f"<a:p><a:r><a:t>NIK {NIK[:6]}</a:t></a:r><a:r><a:t>{NIK[6:]}</a:t></a:r></a:p>",
    "xl/charts/chart1.xml": f"<c:strCache><c:pt idx='0'><c:v>{NIK}</c:v></c:pt></c:strCache>",
    "xl/comments1.xml": "<t>x</t>" * 400_000 + f"<t>{NIK}</t>",
    "xl/externalLinks/externalLink2.xml": f"<sheetName val='A'/><row><v>{NIK}</v></row>" + "<row><v>1</v></row>" * 90_000,
    "xl/charts/chart2.xml": f"<p>x</p><c:v>{NIK}</c:v>" + "<c:v>1</c:v>" * 300_000,
    "xl/comments2.xml": f"<t>{NIK} {'x ' * 600_000}</t>",
    "xl/comments3.xml": f"<t>{'x ' * 600_000} {NIK}</t>",
    "xl/comments4.xml": f"<t>{'x' * ((1 << 20) - 10)} {NIK} {'x ' * 600_000}</t>",
    "xl/pivotCache/pivotCacheDefinition1.xml": f"<s v='' v=\"{'x ' * 600_000} {NIK}\"/>",
}


@pytest.mark.parametrize("where", WRITTEN)
def test_a_number_that_no_cell_holds_is_told(tmp_path: Path, where: str) -> None:
    found = checked(tmp_path, "data.xlsx", workbook(tmp_path / "b.xlsx", WRITTEN[where]), media_type=XLSX)

    assert "personal_data_nik" in codes(found)
    assert NIK not in "".join(f.model_dump_json() for f in found.findings)


@pytest.mark.parametrize("part", PARTS)
def test_so_is_one_in_a_part_that_no_sheet_shows(tmp_path: Path, part: str) -> None:
    made = io.BytesIO(workbook(tmp_path / "b.xlsx", _data))
    with zipfile.ZipFile(made, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(part, PARTS[part])

    assert "personal_data_nik" in codes(checked(tmp_path, "data.xlsx", made.getvalue(), media_type=XLSX))


def test_a_workbook_that_says_how_to_fill_it_names_nobody(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        page = _data(book)
        page.set_footer("&LDinas Kesehatan&CHalaman &P dari &N&R&D")
        page.data_validation("C2", {"validate": "list", "source": ["Laki-laki", "Perempuan"], "input_message": "Pilih 1 dari 2"})
        page.insert_textbox("E2", "Kantor (0271) 495039, 2025-12-31")

    assert codes(checked(tmp_path, "data.xlsx", workbook(tmp_path / "b.xlsx", write), media_type=XLSX)) == set()


CELL = '<table:table-cell office:value-type="string">{}<text:p>x</text:p></table:table-cell>'


@pytest.mark.parametrize(
    "inside",
    [
        f"<office:annotation><dc:date>2025</dc:date><text:p>NIK {NIK[:8]}<text:span>{NIK[8:]}</text:span></text:p></office:annotation>",
        f"<draw:frame><draw:text-box><text:p>{NIK}</text:p></draw:text-box></draw:frame>",
    ],
)
def test_an_opendocuments_comments_and_boxes_are_read(tmp_path: Path, inside: str) -> None:
    row = f"<table:table-row>{CELL.format('')}{CELL.format(inside)}</table:table-row>"
    spaces = 'xmlns:dc="a" xmlns:draw="b"'
    found = checked(tmp_path, "data.ods", ods(f'<table:table {spaces} table:name="A">{row * 3}</table:table>'))

    assert "personal_data_nik" in codes(found)


def test_a_pdfs_properties_are_read(tmp_path: Path) -> None:
    writer, made = pypdf.PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Title": f"Daftar NIK {NIK}", "/Keywords": "Rekap 2025"})
    writer.write(made)

    found = checked(tmp_path, "a.pdf", made.getvalue())

    assert codes(found) == {"pdf_picture", "personal_data_nik"}


def test_lists_inside_records_are_tables_that_are_read_to_their_end(tmp_path: Path) -> None:
    people = [{"jenis": "x", "n": 1} for _ in range(300)] + [{"jenis": "y", "nik": NIK}]
    found = checked(tmp_path, "a.json", json.dumps([{"desa": "Jaten", "warga": people}, {"desa": "Jati", "warga": people[:1]}]).encode())

    told = [f for f in found.findings if f.code == "personal_data_nik"]
    assert [(f.sheet, f.column, f.rows) for f in told] == [("$.warga", "nik", (302,))]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([{"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": NIK}}}}}}}}], "personal_data_nik"),
        ([{"a": ["x" * 2_000, NIK]}], "personal_data_nik"),
        ([{"a": [NIK] * 60}], "personal_data_nik"),
        ({f"d{n}": {"n": n, "nik": NIK if n == 250 else ""} for n in range(260)}, "personal_data_nik"),
        ({"a": {f"d{n}": [{"n": n}] for n in range(60)}}, "not_checked"),
        ([{f"k{n}": n for n in range(30)}], "not_checked"),
    ],
)
def test_however_deep_or_wide_a_json_is(tmp_path: Path, value: object, code: str) -> None:
    limits = Limits(sheets=50, columns=20) if code == "not_checked" else Limits()

    assert code in codes(checked(tmp_path, "a.json", json.dumps(value).encode(), limits=limits))


def test_long_lists_of_numbers_are_one_cell_and_no_table(tmp_path: Path) -> None:
    content = json.dumps([{"desa": f"D{n}", "nilai": [(n * k) % 50 for k in range(1_000)]} for n in range(50)]).encode()
    seen: list[str] = []

    tables = dict(check_json(_written(tmp_path, content), Limits(), Found()))
    for where, rows in tables.items():
        seen += [where] * (sum(1 for _ in rows) - 1)

    assert seen == ["$"] * 50
    assert codes(checked(tmp_path, "a.json", content)) == set()


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "ditulis.json"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "value",
    [
        [{"a": ["x" * 200] * 300 + [NIK]}],
        {"a": ["x" * 200] * 300 + [NIK]},
        [{"a": [[[1, 2], [3]], [[[{"b": [{"c": NIK}]}]]]]}],
        {NIK: {"desa": "Jaten"}, "3313025501850002": {"desa": "Jati"}},
        {"warga": {NIK: {"desa": "Jaten"}, "x": {"desa": "Jati"}}},
        {str(int(NIK) + n): {"kunci": n, "kunci_": "x"} for n in range(25)},
        [{"warga": {NIK: {"desa": "Jaten"}}}],
        [{"warga": {NIK: [{"desa": "Jaten"}]}}],
    ],
)
def test_what_lies_deep_in_lists_and_what_objects_are_called(tmp_path: Path, value: object) -> None:
    found = checked(tmp_path, "a.json", json.dumps(value).encode())

    assert "personal_data_nik" in codes(found)
    assert NIK not in "".join(f.model_dump_json() for f in found.findings)


POINT = {"type": "Point", "coordinates": [110.9, -7.6]}


@pytest.mark.parametrize(
    ("feature", "around", "code"),
    [
        ({"nama_pemilik": "Budi Santoso"}, {}, "personal_data_name"),
        ({"id": NIK}, {}, "personal_data_nik"),
        ({}, {"keterangan": f"surveyor NIK {NIK}"}, "personal_data_nik"),
        ({}, {"petugas": [{"nama": "x", "nik": NIK}]}, "personal_data_nik"),
    ],
)
def test_members_that_geojson_does_not_know_are_read(tmp_path: Path, feature: object, around: object, code: str) -> None:
    one = {"type": "Feature", "geometry": POINT, "properties": {"jenis": "RTLH"}} | feature  # type: ignore[operator]
    told = {"type": "FeatureCollection", "name": "RTLH", "crs": {"type": "name"}, "features": [one]} | around  # type: ignore[operator]

    assert codes(checked(tmp_path, "a.geojson", json.dumps(told).encode())) == {code}


def test_features_with_numbers_of_their_own_are_clean(tmp_path: Path) -> None:
    features = [{"type": "Feature", "id": n, "geometry": POINT, "properties": {"jenis": f"J{n}"}} for n in range(3)]

    assert (
        codes(checked(tmp_path, "a.geojson", json.dumps({"type": "FeatureCollection", "name": "x", "features": features}).encode()))
        == set()
    )


IN_ONE: list[tuple[list[list[Any]], int]] = [
    ([["REKAP 2025"], ["kode;desa;jumlah"], ["A1;Jaten;3"], ["A2;Jati;4"]], 2),
    ([["REKAP 2025"], [], ["kode;desa;jumlah"], ["A1;Jaten;3"], ["A2;Jati;4"]], 3),
    ([["kode;desa;luas"], ["A1;Jaten;3", "5"], ["A2;Jati;4"], ["A3;Suruh;7"], ["A4;Dagen;9"]], 1),
]


@pytest.mark.parametrize(("rows", "first"), IN_ONE)
def test_a_sheet_whose_table_lies_in_one_column_is_told_and_parted(tmp_path: Path, rows: list[list[Any]], first: int) -> None:
    content = workbook(tmp_path / "b.xlsx", lambda book: sheet(book, "Data", rows))

    found = checked(tmp_path, "data.xlsx", content, *columns(desa="string"), media_type=XLSX)

    assert ("columns_joined", (first,)) in {(f.code, f.rows) for f in found.findings}
    assert not codes(found) & {"column_missing", "row_ragged", "header_blank"}


@pytest.mark.parametrize(
    ("rows", "is_parted"),
    [
        ([["catatan"], ["a; b"], ["c; d"], ["e; f"]], False),
        ([["alamat kantor"], ["Jl Jati 1, Kec Jaten, Kab Karanganyar"], ["Jl Lawu 5, Kec Matesih, Kab Karanganyar"]], False),
        ([["Rekap penduduk"], ["Kode Desa;Nama Desa;Jumlah Penduduk"], ["A 1;Jaten;300"], ["A 2;Jati;400"]], True),
    ],
)
def test_a_column_of_lists_is_not_parted_below_its_name(tmp_path: Path, rows: list[list[Any]], *, is_parted: bool) -> None:
    content = workbook(tmp_path / "b.xlsx", lambda book: sheet(book, "Data", rows))

    assert codes(checked(tmp_path, "data.xlsx", content, media_type=XLSX)) & {"columns_joined", "rows_before_header"} == (
        {"columns_joined", "rows_before_header"} if is_parted else set()
    )


def test_a_long_text_is_no_table_in_one_column(tmp_path: Path) -> None:
    content = json.dumps([{"uraian": "satu; dua; " * 20_000}, {"uraian": "tiga; empat; lima"}]).encode()

    assert codes(checked(tmp_path, "a.json", content)) == set()
