"""Files to begin from, built by code, for each parser: good ones and such as hide something. None of them lies in the repository."""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pypdf
import xlsxwriter

from checks.persons import GIVEN_NAMES

NIK: Final = "3313014101900001"
TABLE: Final = (
    'kode,nama,tanggal,jumlah,nik\n33.13.01,Jatipuro,2025-12-31,1.234,3313014101900001\n33.2,Jatiyoso,31/12/2025,"12,5",3.31301E+15\n'
    "JUMLAH,,,45992,-\n,,,,\nSumber: BPS,,,,\n"
)
_OPENDOCUMENT: Final = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_XML: Final = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body><office:spreadsheet>{}</office:spreadsheet></office:body></office:document-content>"""


def csvs() -> list[bytes]:
    text = TABLE + "".join(f"{n},{name},1 Mei 2025,{n * 1000},{n:016d}\n" for n, name in enumerate(sorted(GIVEN_NAMES)[:40]))
    forms = ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-32")
    return [*(text.encode(form) for form in forms), text.replace(",", ";").encode(), text.replace(",", "\t").encode(), b"sep=|\n" + text.replace(",", "|").encode(), b'a,"b\nc",d\n1,"2",3\n']  # fmt: skip


def xlsxs() -> list[bytes]:
    return [_workbook(_plain), _workbook(_hiding)]


def _workbook(write: Callable[[Any], None]) -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    book.set_properties({"author": "Siti Aminah", "created": datetime(2025, 1, 1, tzinfo=UTC)})  # the same bytes at any time
    write(book)
    book.close()
    return made.getvalue()


def _plain(book: Any) -> None:
    page = book.add_worksheet("Data")
    for at, row in enumerate(TABLE.splitlines()):
        page.write_row(at, 0, row.split(","))


def _hiding(book: Any) -> None:
    page = book.add_worksheet("Rekap")
    page.merge_range("A1:C1", "REKAP")
    page.write_row("A3", ["kode", "tanggal", "jumlah"])
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    page.write_row("A4", ["33.13", None, 12.5])
    page.write("B4", 45992, day)
    page.write_formula("C5", "=SUM(C4)", None, "")
    page.set_row(3, None, None, {"hidden": True})
    page.write_comment("A3", f"NIK {NIK}")
    book.add_worksheet("Rahasia").hide()


def odss() -> list[bytes]:
    rows = "".join(
        "<table:table-row>"
        + "".join(f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row.split(","))
        + "</table:table-row>"
        for row in TABLE.replace('"', "").splitlines()
    )
    return [ods(f'<table:table table:name="Data">{rows}</table:table><table:table table:name="Kosong"></table:table>')]


def ods(tables: str, *, styles: str = "") -> bytes:
    """An OpenDocument spreadsheet with these tables as XML."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", _OPENDOCUMENT)
        entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_OPENDOCUMENT}"/>'
        manifest = f'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{entry}</manifest:manifest>'
        archive.writestr("META-INF/manifest.xml", manifest)
        content = _ODS_XML.format(tables)
        archive.writestr("content.xml", content.replace("<office:body>", f"{styles}<office:body>", 1))
    return made.getvalue()


def xlss() -> list[bytes]:
    """BIFF8 in an OLE container of the smallest kind: one sheet with words and numbers."""
    return [xls([("kode", "jumlah"), ("33.13", 12.5), ("33.2", 45992.0)])]


def xls(rows: list[tuple[str | float, ...]], *, hidden: int = 0, more: bytes = b"") -> bytes:
    """A workbook as Excel 97 wrote it. `hidden`: 0 shown, 1 hidden, 2 very hidden; `more`: records before the cells."""
    cells = b"".join(_cell(row, column, value) for row, told in enumerate(rows) for column, value in enumerate(told))
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + more + cells + record(0x000A, b"")
    name = b"Data"
    head = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    bound = 4 + 4 + 2 + 2 + len(name)
    at = len(head) + bound + 4
    told = record(0x0085, struct.pack("<IBBBB", at, hidden, 0, len(name), 0) + name)
    return _ole(head + told + record(0x000A, b"") + sheet)


def _cell(row: int, column: int, value: str | float) -> bytes:
    if isinstance(value, str):
        text = value.encode("utf-16-le")
        return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(value), 1) + text)
    return record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def record(kind: int, body: bytes) -> bytes:
    """Of a BIFF8 stream."""
    return struct.pack("<HH", kind, len(body)) + body


def _ole(workbook: bytes) -> bytes:
    """One stream, `Workbook`, of at least 4096 bytes, so that it lies in sectors of its own."""
    stream = workbook.ljust(max(4096, -(-len(workbook) // 512) * 512), b"\0")
    sectors = len(stream) // 512
    fat = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (128 - len(fat))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0) + b"\xff" * 432
    root, book = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1), _entry("Workbook", 2, 2, len(stream))
    return head + struct.pack("<128I", *fat) + root + book + bytes(256) + stream


def _entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    told = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1) + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
    return told + bytes(36) + struct.pack("<II", start, size) + bytes(4)


def jsons() -> list[bytes]:
    records = [{"kode": f"33.13.{n:02d}", "orang": {"nik": NIK, "hp": [{"no": "081234567890"}]}, "luas": n / 3, "ada": n % 2 == 0} for n in range(9)]  # fmt: skip
    return [json.dumps(value).encode() for value in (records, {"data": records, "judul": "x"}, {"a": {"b": {"c": records}}}, [[1, 2], [3]])]


def geojsons() -> list[bytes]:
    place = {"type": "Polygon", "coordinates": [[[110.9, -7.6], [111.0, -7.6], [110.9, -7.5], [110.9, -7.6]]]}
    features = [{"type": "Feature", "properties": {"desa": "Jatipuro", "jumlah": n, "nik": NIK}, "geometry": place} for n in range(5)]
    return [json.dumps({"type": "FeatureCollection", "features": features}).encode(), json.dumps(features[0]).encode()]


def pdfs() -> list[bytes]:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Author": "Siti Aminah"})
    made = io.BytesIO()
    writer.write(made)
    return [made.getvalue(), pdf(f"Daftar penerima NIK {NIK}")]


def pdf(text: str) -> bytes:
    """One page with one line of text."""
    stream = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made, places = bytearray(b"%PDF-1.4\n"), []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    end = b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (table, len(made))
    return bytes(made + end)


def zips() -> list[bytes]:
    def packed(**members: bytes) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return made.getvalue()

    return [packed(**{"data/isi.csv": csvs()[0], "x.json": jsons()[0]}), packed(**{"../a.csv": b"a,b\n1,2\n", "b.zip": packed(**{"c.csv": b"x\n"})})]  # fmt: skip


CORPUS: Final[Mapping[str, Callable[[], list[bytes]]]] = {
    "csv": csvs, "xlsx": xlsxs, "xls": xlss, "ods": odss, "json": jsons, "geojson": geojsons, "pdf": pdfs, "zip": zips,
}  # fmt: skip
SUFFIXES: Final[Mapping[str, str]] = {name: f"data.{name}" for name in CORPUS}


def write(folder: Path) -> list[Path]:
    """The whole corpus as files, to look at."""
    told = []
    for name, make in CORPUS.items():
        for at, content in enumerate(make()):
            path = folder / f"{at}.{name}"
            path.write_bytes(content)
            told.append(path)
    return told
