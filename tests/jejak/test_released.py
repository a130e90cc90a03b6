"""What earlier releases backed up is restored by this one, on both stores, and work goes on; what a newer one wrote is refused."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from desk.migrations import versions
from tests.jejak.released import LARGEST, RELEASED
from tests.jejak.running import Home
from tests.jejak.test_backup import OPD, kafka_at, said
from tests.jejak.test_life import step

RELEASES = sorted(RELEASED.glob("*"))


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
@pytest.mark.parametrize("released", RELEASES, ids=lambda path: path.name)
def test_a_released_back_up_is_restored_and_goes_on(released: Path, store: str, tmp_path: Path, postgres: Callable[[], str]) -> None:
    with kafka_at(tmp_path / "kafka") as kafka:
        home = Home(tmp_path, {"JEJAK_KAFKA": kafka, "JEJAK_STORE": "sqlite:var/" if store == "sqlite" else postgres()})
        assert "store of review: would be made" in said(home, "migrate", "--dry-run")
        assert not (tmp_path / "var" / "review.sqlite").exists()
        told = said(home, "restore", str(released))
        assert ("semua utuh" in told, "10 events written to Kafka anew" in told) == (True, True), told
        said(home, "migrate")
        assert said(home, "migrate", "--dry-run") == "nothing would change\n"
        assert "budi-santoso" in said(home, "user", "list")

        with home.up() as up:
            archive = up.call("GET", "/archive/api/submissions", token=home.token("auditor")).json()["items"]
            assert sorted(line["state"] for line in archive) == ["published", "rejected", "submitted"]
            begun = next(line["submission_id"] for line in archive if line["state"] == "submitted")
            up.until(lambda: up.submission("review", begun).get("may") is not None, "review")
            step(up, "review", "revise", begun, home.token("ketua_ppid", OPD), note="Sudah dicek.")
        assert "3 pengajuan" in said(home, "audit", "verify")


@pytest.mark.parametrize("released", RELEASES, ids=lambda path: path.name)
def test_a_released_back_up_is_small_and_holds_no_secret(released: Path) -> None:
    files = [path for path in released.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) < LARGEST
    assert not [path for path in files if "pem" in path.name]
    assert json.loads((released / "manifest.json").read_text("utf-8"))["program"] == released.name


@pytest.mark.parametrize(
    ("name", "made_newer"),
    [
        ("review", "UPDATE tracking SET notification_id = 99 WHERE application_name = 'heads'"),
        ("desk", "UPDATE alembic_version SET version_num = '9999_later'"),
    ],
)
def test_a_store_of_a_newer_program_is_refused_in_a_sentence_and_stays_as_it_is(
    name: str, made_newer: str, tmp_path: Path, kafka: str
) -> None:
    home = Home(tmp_path, {"JEJAK_KAFKA": kafka})
    said(home, "migrate")
    with closing(sqlite3.connect(tmp_path / "var" / f"{name}.sqlite")) as c, c:
        c.execute(made_newer)

    for arguments in (("migrate",), ("migrate", "--dry-run"), ("up",)):
        refused = home.jejak(*arguments)
        assert refused.returncode == 1, arguments
        assert "made by a newer program" in refused.stderr or "written by a newer program" in refused.stderr, refused.stderr
        assert "Traceback" not in refused.stderr


def test_what_an_older_store_needs_is_told_before_it_is_done(tmp_path: Path, kafka: str) -> None:
    home = Home(tmp_path, {"JEJAK_KAFKA": kafka})
    said(home, "migrate")
    with closing(sqlite3.connect(tmp_path / "var" / "review.sqlite")) as c, c:
        c.executescript("DROP TABLE heads; DROP TABLE letters; DELETE FROM tracking")
    with closing(sqlite3.connect(tmp_path / "var" / "desk.sqlite")) as c, c:
        c.execute("UPDATE alembic_version SET version_num = '0001'")
        c.executescript("DROP TABLE IF EXISTS identities")

    told = said(home, "migrate", "--dry-run")

    assert "store of review: 0 letters would be moved into a table of their own" in told
    assert "store of review: heads of 0 submissions would be made from 0 events" in told
    steps = [line.split()[4].rstrip(":") for line in told.splitlines() if line.startswith("store of desk")]
    assert steps == sorted(step.stem for step in Path(versions.__file__).parent.glob("0*.py"))[1:]
