"""What is other in a table than in the version before: columns, rows by their key, types, and numbers that jump."""

from pathlib import Path
from typing import Any

from checks.catalogue import Report, report
from checks.differences import differences
from checks.findings import Found
from checks.limits import LIMITS, Limits
from tests.checks.sheets import sheet, workbook

OLD = "kode,desa,penduduk,luas\n33.13.01.2001,Ngepungsari,3100,2.5\n33.13.01.2002,Jatipurwo,2900,3.5\n33.13.01.2003,Jatipuro,4100,1.5\n"
NEW = "kode,desa,penduduk,sumber\n33.13.01.2001,Ngepungsari,3100,A\n33.13.01.2002,Jatipurwo,29000,A\n33.13.01.2004,Jatisobo,2000,B\n"


def compared(folder: Path, old: str | bytes, new: str | bytes, *keys: str, limits: Limits = LIMITS) -> tuple[list[dict[str, Any]], Report]:
    paths = folder / "old", folder / "new"
    for path, content in zip(paths, (old, new), strict=True):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = Found(file="data.csv")
    return differences(*paths, keys=keys, limits=limits, found=found), report(found)


def test_rows_are_told_apart_by_their_key(tmp_path: Path) -> None:
    (told,), found = compared(tmp_path, OLD, NEW, "kode")

    assert told == {
        "sheet": None,
        "columns": {"added": ["sumber"], "removed": ["luas"], "retyped": []},
        "key": ["kode"],
        "rows": {"before": 3, "after": 3, "added": 1, "removed": 1, "changed": 1},
    }
    assert [(f.code, f.severity, f.column, f.rows) for f in found.findings] == [
        ("sudden_jump", "warning", "penduduk", (3,)),
        ("version_changes", "info", None, None),
    ]


def test_without_a_key_rows_are_there_or_not(tmp_path: Path) -> None:
    (told,), _ = compared(tmp_path, OLD, OLD.replace("2900", "2950"))

    assert told["rows"] == {"before": 3, "after": 3, "added": 1, "removed": 1, "changed": None}


def test_a_key_that_is_no_rows_own_is_not_used(tmp_path: Path) -> None:
    (told,), _ = compared(tmp_path, "kode,n\nA,1\nA,2\n", "kode,n\nA,1\nA,3\n", "kode")

    assert told["rows"] == {"before": 2, "after": 2, "added": 1, "removed": 1, "changed": None}


def test_another_order_of_rows_and_columns_and_another_spelling_are_no_change(tmp_path: Path) -> None:
    (told,), found = compared(tmp_path, "kode,Jumlah Desa\nA,1\nB,2\n", "jumlah_desa,KODE\n2,B\n1,A\n", "kode")

    assert told["columns"] == {"added": [], "removed": [], "retyped": []}
    assert told["rows"] == {"before": 2, "after": 2, "added": 0, "removed": 0, "changed": 0}
    assert {f.severity for f in found.findings} == {"info"}


def test_a_column_of_another_type_is_told(tmp_path: Path) -> None:
    (told,), _ = compared(tmp_path, "kode,n\nA,1\nB,2\n", "kode,n\nA,satu\nB,dua\n", "kode")

    assert told["columns"]["retyped"] == [{"name": "n", "before": "integer", "after": "string"}]


def test_half_the_rows_gone_and_a_mean_that_doubled_are_jumps(tmp_path: Path) -> None:
    old = "kode,n\n" + "".join(f"A{i},{100 + i}\n" for i in range(20))
    new = "kode,n\n" + "".join(f"A{i},{300 + i}\n" for i in range(9))
    _, found = compared(tmp_path, old, new, "kode")

    assert [f.column for f in found.findings if f.code == "sudden_jump"] == [None, "n"]


def test_years_and_codes_do_not_jump(tmp_path: Path) -> None:
    _, found = compared(tmp_path, "kode_urut,tahun\n1,20\n2,20\n", "kode_urut,tahun\n5000,2025\n6000,2025\n")

    assert {f.code for f in found.findings} == {"version_changes"}


def test_a_workbook_is_compared_with_a_table_of_characters(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        sheet(book, "Data", [["kode", "desa", "penduduk", "luas"], ["33.13.01.2001", "Ngepungsari", 3100, 2.5]])

    (told,), _ = compared(tmp_path, OLD, workbook(tmp_path / "b.xlsx", write), "kode")

    assert told["sheet"] == "Data"
    assert told["rows"] == {"before": 3, "after": 1, "added": 0, "removed": 2, "changed": 0}


def test_more_rows_than_the_limit_are_counted_only(tmp_path: Path) -> None:
    (told,), _ = compared(tmp_path, OLD, OLD, "kode", limits=Limits(compared_rows=2))

    assert told["rows"] == {"before": 3, "after": 3, "added": None, "removed": None, "changed": None}


def test_no_value_of_a_person_is_told(tmp_path: Path) -> None:
    nik = "3313014101900001"
    told, found = compared(tmp_path, f"nik,{nik}\n{nik},2\n", f"nik,{nik},x\n{nik},3,4\n", "nik")

    assert nik not in str(told)
    assert nik not in str([f.model_dump() for f in found.findings])
