"""The demo's real table as it comes out of a spreadsheet with Indonesian settings, and the table itself to put in its place.

Codes went through as numbers (33.10 is 33,1), decimals have a comma, fields are divided by semicolons, a byte order mark stands in front.
"""

import csv
import hashlib
import io
import re
from pathlib import Path
from typing import Any, Final

TABLE: Final = Path(__file__).parent / "demo_data" / "penduduk-kabupaten-kota-jawa-tengah.csv"
SAVED: Final = "penduduk-dari-excel.csv"
REASON: Final = {
    "code": "wrong_codes",
    "field": "files.0",
    "note": "Kode wilayah kehilangan nol karena tersimpan sebagai angka; kirim ulang dengan kolom kode sebagai teks.",
}


def saved() -> bytes:
    """The table as the spreadsheet writes it."""
    text = io.StringIO()
    rows = csv.reader(TABLE.read_text("utf-8").splitlines())
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows([_number(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def revision() -> tuple[str, bytes, dict[str, Any]]:
    """The table by its SHA-256, and what a revision says to put it in the place of the spreadsheet's."""
    content = TABLE.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return sha256, content, {"files": [{"name": TABLE.name, "media_type": "text/csv", "bytes": len(content), "sha256": sha256}]}


def _number(cell: str) -> str:
    """33.10 → 33,1: what looks like a number with a point is one."""
    return cell.rstrip("0").rstrip(".").replace(".", ",") if re.fullmatch(r"\d+\.\d+", cell) else cell
