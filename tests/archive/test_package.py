"""A package is a bag that others can check: with the `bagit` package, on real files."""

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import bagit
import orjson
import pytest

from archive.package import FilesMissing, package
from archive.trail import Trail, story
from events.submission import Recorded
from lane.file_stores import LocalFiles
from lane.files import FileProblem
from tests.archive.stories import FILE, returned_once
from tests.events.given import story as given_story
from tests.events.given import submission_of

NOW = datetime(2026, 11, 24, tzinfo=UTC)
RECORDED = returned_once(4, 30, 50, 95, 160, 170, 175, 176)


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    files = LocalFiles(tmp_path / "files")
    with files.spool(limit=1_000) as spool:
        spool.write(FILE)
        spool.keep(hashlib.sha256(FILE).hexdigest())
    return files


def trail_of(recorded: list[Recorded]) -> Trail:
    trail = story(recorded, lambda at: at)
    assert trail is not None
    return trail


def packed(files: LocalFiles) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(package(trail_of(RECORDED), files, now=NOW))))


def test_a_package_is_a_valid_bag(files: LocalFiles, tmp_path: Path) -> None:
    packed(files).extractall(tmp_path / "out")
    bag = bagit.Bag(str(tmp_path / "out" / str(RECORDED[0].event.submission_id)))
    bag.validate()
    assert bag.info["External-Identifier"] == str(RECORDED[0].event.submission_id)
    assert bag.info["Bagging-Date"] == "2026-11-24"


def test_a_package_holds_every_event_as_its_bytes_the_story_and_the_files(files: LocalFiles) -> None:
    archive, top = packed(files), str(RECORDED[0].event.submission_id)
    assert archive.read(f"{top}/data/events.ndjson").splitlines() == [r.raw for r in RECORDED]
    assert archive.read(f"{top}/data/events/0004-DataRejected.json") == RECORDED[3].raw
    assert orjson.loads(archive.read(f"{top}/data/trail.json"))["state"] == "published"
    assert archive.read(f"{top}/data/files/{hashlib.sha256(FILE).hexdigest()}/daftar_desa_100_.csv") == FILE


def test_a_missing_file_is_told_before_the_first_byte(tmp_path: Path) -> None:
    with pytest.raises(FilesMissing, match=hashlib.sha256(FILE).hexdigest()):
        package(trail_of(RECORDED), LocalFiles(tmp_path / "empty"), now=NOW)


def test_a_corrupt_file_never_becomes_a_whole_package(files: LocalFiles, tmp_path: Path) -> None:
    kept = next(path for path in (tmp_path / "files").rglob("*") if path.is_file())
    kept.chmod(0o600)
    kept.write_bytes(FILE.upper())
    sent: list[bytes] = []
    with pytest.raises(FileProblem, match="corrupt"):
        sent.extend(package(trail_of(RECORDED), files, now=NOW))
    assert not zipfile.is_zipfile(io.BytesIO(b"".join(sent)))


def test_every_name_of_the_same_bytes_is_in_the_bag(files: LocalFiles, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(FILE).hexdigest()
    twins = [{"name": name, "media_type": "text/csv", "bytes": len(FILE), "sha256": sha256} for name in ("a b.csv", "a_b.csv", "kedua.csv")]
    told = given_story(submission_of(files=twins))

    bag_of = zipfile.ZipFile(io.BytesIO(b"".join(package(trail_of(told), files, now=NOW))))

    folder = f"{told[0].event.submission_id}/data/files/{sha256}"
    assert [name for name in bag_of.namelist() if name.startswith(folder)] == [
        f"{folder}/a_b.csv",
        f"{folder}/2-a_b.csv",
        f"{folder}/kedua.csv",
    ]
    assert len(set(bag_of.namelist())) == len(bag_of.namelist())
    bag_of.extractall(tmp_path / "out")
    bagit.Bag(str(tmp_path / "out" / str(told[0].event.submission_id))).validate()
