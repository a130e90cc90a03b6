"""What the demo's agencies hand in: findings of each severity on real data, and what is stopped goes through once it is mended."""

from pathlib import Path

import orjson

from checks.catalogue import Report, report
from checks.findings import Severity
from checks.run import Given, Metadata, look_at
from events.metadata import Column
from jejak import demo_excel, demo_village
from jejak.demo import DATA, REASONS, REVISIONS

STORIES = orjson.loads((DATA / "stories.json").read_bytes())


def found_in(folder: Path, content: bytes, columns: list[dict[str, object]]) -> Report:
    path = folder / "isi"
    path.write_bytes(content)
    found, _ = look_at([Given(path, "data.csv", "text/csv")], Metadata(tuple(Column.model_validate(c) for c in columns)))
    return report(found)


def columns_of(file: str) -> list[dict[str, object]]:
    return next(list(s["form"]["dataset"]["columns"]) for s in STORIES if s["form"]["files"][0]["name"] == file)


def test_a_real_table_out_of_a_spreadsheet_shows_each_severity(tmp_path: Path) -> None:
    told = found_in(tmp_path, demo_excel.saved(), columns_of(demo_excel.SAVED))
    by_severity: dict[Severity, set[str]] = {s: {f.code for f in told.findings if f.severity == s} for s in ("error", "warning", "info")}

    assert by_severity == {"error": {"region_code_format"}, "warning": {"csv_dialect", "decimal_comma"}, "info": {"csv_bom"}}


def test_what_comes_in_its_place_has_no_error(tmp_path: Path) -> None:
    for file, revise in REVISIONS.items():
        sha256, content, changes = revise()
        columns = changes.get("dataset", {}).get("columns") or columns_of(file)

        assert changes["files"][0]["sha256"] == sha256
        assert [f for f in found_in(tmp_path, content, columns).findings if f.severity == "error"] == []
    assert REASONS.keys() == REVISIONS.keys() == {demo_village.PERSONS, demo_excel.SAVED}


def test_the_others_go_through_as_they_are(tmp_path: Path) -> None:
    for story in STORIES:
        name = story["form"]["files"][0]["name"]
        if name not in REVISIONS:
            told = found_in(tmp_path, (DATA / name).read_bytes(), story["form"]["dataset"]["columns"])
            assert told.findings == ()
