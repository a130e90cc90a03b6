"""Everything is lost but the back-up: what was there before is there again, on whichever stores, and the proof holds."""

import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jejak import broker
from tests.events.given import CHECKLIST
from tests.jejak.running import Home, Up
from tests.jejak.test_life import step, submitted

OPD = "dinas-arsip"


@contextmanager
def kafka_at(folder: Path) -> Iterator[str]:
    """A Kafka of this test's own: it is lost with everything else."""
    running = broker.start(folder, port=0, say=lambda _: None)
    try:
        yield running.bootstrap
    finally:
        running.stop()


def home_of(folder: Path, kafka: str, store: str) -> Home:
    folder.mkdir(exist_ok=True)
    return Home(folder, {"JEJAK_KAFKA": kafka, "JEJAK_STORE": store})


async def a_life(up: Up) -> str:
    """A submission that is published."""
    submission_id = await submitted(up, OPD)
    ketua, atasan = up.home.token("ketua_ppid", OPD), up.home.token("atasan_ppid")
    step(up, "review", "revise", submission_id, ketua, note="Sudah dicek.")
    step(up, "decision", "verify", submission_id, atasan, checklist=CHECKLIST, note="Lengkap.")
    step(up, "decision", "approve", submission_id, atasan, consideration="Data publik, layak diunggah.")
    up.until(lambda: up.submission("archive", submission_id)["state"] == "published", "the portal")
    return submission_id


def said(home: Home, *arguments: str) -> str:
    done = home.jejak(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def history(up: Up, lane: str, submission_id: str) -> Any:
    return up.submission(lane, submission_id)["history"]


@pytest.mark.parametrize(("first", "then"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
async def test_all_is_lost_but_the_back_up(first: str, then: str, tmp_path: Path, postgres: Callable[[], str]) -> None:
    stores = {"sqlite": "sqlite:var/", "postgresql": postgres()}
    with kafka_at(tmp_path / "kafka") as kafka:
        home = home_of(tmp_path / "one", kafka, stores[first])
        said(home, "opd", "add", OPD, "--name", "Dinas Arsip")
        said(home, "user", "add", "budi-santoso", "--name", "Budi Santoso", "--role", "ketua_ppid", "--opd", OPD)
        with home.up() as up:
            ended, begun = await a_life(up), await submitted(up, OPD)
            revoked = said(home, "token", "add", "--name", "Hilang", "--role", "auditor").strip().splitlines()[-1]
            said(home, "token", "revoke", revoked)
            told = said(home, "backup", str(tmp_path / "kept"), "--keys")
            before = {lane: history(up, lane, ended) for lane in ("intake", "review", "decision", "publisher", "archive")}
    assert "archive 6 events" in told

    with kafka_at(tmp_path / "new kafka") as kafka:
        new = home_of(tmp_path / "two", kafka, stores[then])
        assert "semua utuh" in said(new, "restore", str(tmp_path / "kept"))
        assert (new.directory / "var" / "keys" / "private.pem").read_bytes() == (
            home.directory / "var" / "keys" / "private.pem"
        ).read_bytes()
        said(new, "portal", "repair")
        assert said(new, "user", "list", "--json") == said(home, "user", "list", "--json")
        with new.up() as up:
            assert {lane: history(up, lane, ended) for lane in before} == before
            up.until(lambda: up.call("GET", "/review/api/inbox", token=revoked).status_code == 401, "the revoked token to be refused")
            assert up.call("GET", before["intake"][-1]["data"]["files"][0]["url"]).status_code == 200
            step(up, "review", "revise", begun, up.home.token("ketua_ppid", OPD), note="Sudah dicek.")
            await a_life(up)
        assert "3 pengajuan" in said(new, "audit", "verify")


def test_what_is_there_is_never_written_over(tmp_path: Path, kafka: str) -> None:
    home = home_of(tmp_path / "one", kafka, "sqlite:var/")
    said(home, "migrate")
    said(home, "backup", str(tmp_path / "kept"))
    again = home.jejak("backup", str(tmp_path / "kept"))
    assert (again.returncode, "is not empty" in again.stderr) == (1, True)

    (tmp_path / "no back-up").mkdir()
    none = home.jejak("restore", str(tmp_path / "no back-up"))
    assert (none.returncode, "is no back-up" in none.stderr) == (1, True)


async def test_a_back_up_is_restored_into_an_empty_installation_only(tmp_path: Path) -> None:
    with kafka_at(tmp_path / "kafka") as kafka:
        home = home_of(tmp_path / "one", kafka, "sqlite:var/")
        said(home, "opd", "add", OPD, "--name", "Dinas Arsip")
        with home.up() as up:
            await submitted(up, OPD)
        said(home, "backup", str(tmp_path / "kept"))

        full = home.jejak("restore", str(tmp_path / "kept"))
        assert (full.returncode, "into an empty installation only" in full.stderr) == (1, True)

        shutil.rmtree(home.directory / "var")  # the stores are lost, Kafka is not: its log is the one that the back-up knows
        assert "its log was on Kafka" in said(home, "restore", str(tmp_path / "kept"))
    with kafka_at(tmp_path / "another kafka") as another:
        other = home_of(tmp_path / "two", another, "sqlite:var/")
        said(other, "opd", "add", OPD, "--name", "Dinas Lain")
        with other.up() as up:
            await submitted(up, OPD)
        shutil.rmtree(other.directory / "var")
        strange = other.jejak("restore", str(tmp_path / "kept"))
        assert (strange.returncode, "not the one of this back-up" in strange.stderr) == (1, True)


@pytest.mark.parametrize("harm", ["changed", "missing", "newer"])
def test_a_back_up_that_is_not_whole_or_newer_is_refused(harm: str, tmp_path: Path, kafka: str) -> None:
    home = home_of(tmp_path / "one", kafka, "sqlite:var/")
    said(home, "migrate")
    kept = tmp_path / "kept"
    said(home, "backup", str(kept))
    journal, manifest = kept / "journals" / "review.jsonl.gz", kept / "manifest.json"
    match harm:
        case "changed":
            journal.write_bytes(journal.read_bytes()[:-1] + b"x")
        case "missing":
            journal.unlink()
        case _:
            manifest.write_text(json.dumps(json.loads(manifest.read_text("utf-8")) | {"format": 2}), "utf-8")

    refused = home_of(tmp_path / uuid.uuid4().hex, kafka, "sqlite:var/").jejak("restore", str(kept))

    assert refused.returncode == 1
    assert ("made by a newer program" if harm == "newer" else "missing or changed") in refused.stderr


def test_no_secret_is_in_a_back_up(tmp_path: Path, kafka: str) -> None:
    home = Home(tmp_path, {"JEJAK_KAFKA": kafka, "JEJAK_PORTAL_TOKEN": "rahasia-sekali"})
    said(home, "migrate")
    home.token("auditor")
    said(home, "backup", "kept")

    names = {str(path.relative_to(tmp_path / "kept")) for path in (tmp_path / "kept").rglob("*") if path.is_file()}
    assert not any("pem" in name for name in names)
    assert "rahasia-sekali" not in (tmp_path / "kept" / "manifest.json").read_text("utf-8")
