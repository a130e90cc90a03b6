"""The demo's wrong spreadsheet: a made-up village list of 300 persons with NIK and No. KK, and the counts that should have been sent.

Nobody in it lives: names are drawn from a short list, numbers are counted up under a village's code.
"""

import csv
import hashlib
import io
from collections import Counter
from typing import Any, Final

from jejak.say import say

NAMES: Final = ("Budi", "Siti", "Agus", "Sri", "Wahyu", "Dewi", "Joko", "Endang", "Slamet", "Rina")
FAMILY: Final = ("Santoso", "Wulandari", "Prasetyo", "Lestari", "Wibowo", "Rahayu")
HAMLETS: Final = ("Ngablak", "Kalongan", "Gondang")
PERSONS: Final = "penerima-bantuan-desa.csv"
COUNTS: Final = "penerima-bantuan-desa-jumlah.csv"
COLUMNS: Final = ("nik", "no_kk", "nama", "dusun", "bantuan")

REASON: Final = {"code": "personal_data", "field": "files.0", "note": "Berkas memuat NIK dan No. KK; kirim jumlahnya saja."}


def persons() -> bytes:
    """300 rows, UTF-8 with commas: nothing is wrong with the file but what stands in it."""
    return _table(COLUMNS, [_person(number) for number in range(1, 301)])


def counts() -> bytes:
    """The same as numbers: how many in each hamlet receive which help."""
    told = Counter((person[3], person[4]) for person in map(_person, range(1, 301)))
    return _table(("dusun", "bantuan", "jumlah_penerima"), [(hamlet, help_, str(n)) for (hamlet, help_), n in sorted(told.items())])


def has_errors(seen: dict[str, Any]) -> bool:
    """Did the checks find an error in a submission as a lane shows it?"""
    return any(finding["severity"] == "error" for finding in seen["findings"])


def tell_findings(opd: str, seen: dict[str, Any]) -> None:
    for finding in seen["findings"]:
        say(f"{opd}: {finding['severity']}: {finding['message']}")


def revision() -> tuple[str, bytes, dict[str, Any]]:
    """The file of counts by its SHA-256, and what a revision says to put it in the list's place."""
    content = counts()
    sha256 = hashlib.sha256(content).hexdigest()
    file = {"name": COUNTS, "media_type": "text/csv", "bytes": len(content), "sha256": sha256}
    return sha256, content, {"dataset": {"columns": columns_of_counts()}, "files": [file]}


def columns_of_counts() -> list[dict[str, Any]]:
    return [
        {"name": "dusun", "type": "string", "description": "Nama dusun"},
        {"name": "bantuan", "type": "string", "description": "Jenis bantuan"},
        {"name": "jumlah_penerima", "type": "integer", "description": "Jumlah penerima", "unit": "orang"},
    ]


def _person(number: int) -> tuple[str, str, str, str, str]:
    day, month = 1 + number % 28, 1 + number % 12
    woman = number % 2
    nik = f"331301{day + 40 * woman:02d}{month:02d}{60 + number % 40:02d}{1 + number % 9:04d}"
    family = f"331301{day:02d}{month:02d}{10 + number % 12:02d}{1 + number // 4 % 99:04d}"
    name = f"{NAMES[number % len(NAMES)]} {FAMILY[number % len(FAMILY)]}"
    return nik, family, name, HAMLETS[number % len(HAMLETS)], ("BLT", "PKH")[number % 4 == 0]


def _table(header: tuple[str, ...], rows: list[Any]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
