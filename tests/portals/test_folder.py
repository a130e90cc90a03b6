"""The folder portal's own promises: pages, catalogue, and that a reader never sees half, whenever the writer dies."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portals.folder.folder import FolderPortal
from portals.folder.pages import names_on_disk
from portals.kinds import open_portal
from portals.portal import Code, PortalProblem
from tests.portals.folder_reader import files_of_all_versions, read_catalogue, read_dataset, read_version
from tests.portals.samples import PERSONAL_DATA, Shelf, unseen
from tests.portals.test_portals import NAMES

FIRST = {"desa.csv": b"satu", "lama.csv": b"lama"}
SECOND = {"desa.csv": b"dua", "baru.csv": b"baru"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "portal"


@pytest.fixture
def portal(root: Path) -> Iterator[FolderPortal]:
    made = FolderPortal(root)
    yield made
    made.close()


def test_pages_and_catalogue_lead_to_every_file_and_say_who_and_what(portal: FolderPortal, root: Path, shelf: Shelf) -> None:
    for number in range(3):
        portal.publish(shelf.publication(f"data-{number}", FIRST, opd=f"opd-{number % 2}"), shelf.files, step=unseen)
    portal.close()
    listed = read_catalogue(root)
    assert sorted(listed) == ["data-0", "data-1", "data-2"]
    assert listed["data-1"]["dct:publisher"]["foaf:name"] == "Dinas opd-1"
    assert listed["data-1"]["dct:license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    assert {file["dct:title"] for file in listed["data-1"]["dcat:distribution"]} == set(FIRST)
    record = read_dataset(root, "data-1")
    assert record is not None
    assert "retention" not in record["dataset"]
    page = (root / "dataset/data-1/latest/index.html").read_text()
    assert '<html lang="id">' in page
    assert "Kepala Bidang" in page
    assert "31 Desember 2025" in page
    assert "opd-1" in (root / "opd/opd-1.html").read_text()
    assert "Dinas opd-0</a>: 2 data" in (root / "index.html").read_text()


def test_published_addresses_are_where_the_public_finds_the_files(root: Path, shelf: Shelf) -> None:
    portal = open_portal(f"folder:{root}", public_url="https://data.example.go.id/")
    published = portal.publish(shelf.publication("data", FIRST), shelf.files, step=unseen)
    later = portal.publish(shelf.publication("data", SECOND), shelf.files, step=unseen)
    portal.close()
    assert published.url == later.url == "https://data.example.go.id/dataset/data/latest/index.html"
    for file in (*published.files, *later.files):
        content = (root / file.url.removeprefix("https://data.example.go.id/")).read_bytes()
        assert content in {*FIRST.values(), *SECOND.values()}


def test_the_page_of_the_listed_version_leads_to_the_earlier_ones(portal: FolderPortal, root: Path, shelf: Shelf) -> None:
    versions = [shelf.publication("data", {"desa.csv": str(n).encode()}) for n in range(3)]
    for publication in (versions[1], versions[2], versions[0]):
        portal.publish(publication, shelf.files, step=unseen)
    page = root / "dataset/data/latest/index.html"
    assert page.read_text().count("Disetujui 2") == 2
    portal.retract(versions[1], reason=PERSONAL_DATA, step=unseen)
    assert page.read_text().count("Disetujui 2") == 1
    read_dataset(root, "data")


def test_a_tombstone_says_why_and_leaves_the_catalogue(portal: FolderPortal, root: Path, shelf: Shelf) -> None:
    publication = shelf.publication("data", FIRST, title="Daftar <b>penerima</b>")
    portal.publish(publication, shelf.files, step=unseen)
    portal.retract(publication, reason=PERSONAL_DATA, step=unseen)
    portal.close()
    page = (root / "dataset/data/latest/index.html").read_text()
    assert PERSONAL_DATA.note in page
    assert "<b>" not in page
    assert read_catalogue(root) == {}
    assert not list(root.rglob("*.csv")), "a withdrawn file must not lie about anywhere"


def test_names_on_disk_are_plain_distinct_and_never_run(portal: FolderPortal, root: Path, shelf: Shelf) -> None:
    publication = shelf.publication("data", {name: name.encode() for name in NAMES}, title="<img onerror=alert(1)>")
    portal.publish(publication, shelf.files, step=unseen)
    names = names_on_disk(publication.files)
    assert len({name.casefold() for name in names}) == len(NAMES)
    assert all(name.isascii() and name.count(".") == 1 and "/" not in name and len(name) < 120 for name in names)
    assert not any(name.endswith((".html", ".php", ".svg", ".js")) for name in names)
    record = read_dataset(root, "data")
    assert record is not None
    assert [file["name"] for file in record["files"]] == list(NAMES)


def test_the_catalogue_follows_by_itself_and_after_a_restart(root: Path, shelf: Shelf) -> None:
    portal = FolderPortal(root, catalogue_interval=0.01)
    portal.publish(shelf.publication("data-1", FIRST), shelf.files, step=unseen)
    wait_until(lambda: (root / "index.html").exists() and "data-1" in read_catalogue(root))
    portal.close()
    (root / "catalog.jsonld").unlink()
    again = FolderPortal(root)
    assert again.check(largest_file=1) == []
    wait_until((root / "catalog.jsonld").exists)
    assert list(read_catalogue(root)) == ["data-1"]
    again.close()


def test_two_processes_worth_of_portals_share_a_folder(root: Path, shelf: Shelf) -> None:
    portals = [FolderPortal(root) for _ in range(2)]
    for number in range(6):
        portals[number % 2].publish(shelf.publication(f"data-{number}", FIRST), shelf.files, step=unseen)
    for portal in portals:
        portal.close()
    assert len(read_catalogue(root)) == 6


def test_a_folder_that_cannot_be_written_is_said_at_start_and_when_publishing(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "file").write_text("not a folder")
    portal = FolderPortal(tmp_path / "file")
    assert len(portal.check(largest_file=1)) == 1
    with pytest.raises(PortalProblem) as problem:
        portal.publish(shelf.publication("data", FIRST), shelf.files, step=unseen)
    assert problem.value.code is Code.STORAGE


def test_check_says_when_the_largest_file_would_not_fit(portal: FolderPortal) -> None:
    assert "tempat" in portal.check(largest_file=1 << 60)[0]


def test_a_reader_sees_whole_versions_while_they_change(portal: FolderPortal, root: Path, shelf: Shelf) -> None:
    seen: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            record = read_dataset(root, "data")
            if record and (not seen or seen[-1] != record["submission_id"]):
                seen.append(record["submission_id"])

    versions = [shelf.publication("data", {"desa.csv": str(n).encode() * 1000}) for n in range(30)]
    reader = threading.Thread(target=read)
    reader.start()
    for publication in versions:
        portal.publish(publication, shelf.files, step=unseen)
    done.set()
    reader.join()
    order = [str(publication.submission_id) for publication in versions]
    assert seen
    assert [order.index(one) for one in seen] == sorted(order.index(one) for one in seen)


def check_whole(root: Path) -> dict[str, object] | None:
    """Everything under the folder is whole, listed or not; returns the listed version's record."""
    for version in (root / "dataset").glob("*/*2*"):
        if version.is_dir():
            read_version(version)
    if (root / "catalog.jsonld").exists():
        json.loads((root / "catalog.jsonld").read_bytes())
    return read_dataset(root, "data")


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_death_at_every_single_file_operation_leaves_the_old_version_or_the_new_one(tmp_path: Path, shelf: Shelf) -> None:
    """Each child dies just before its n-th operation on the file system; n grows until a child comes through."""
    first, second = shelf.publication("data", FIRST), shelf.publication("data", SECOND)
    survived = False
    operation = 0
    while not survived:
        operation += 1
        root = tmp_path / f"portal-{operation}"
        portal = FolderPortal(root)
        portal.publish(first, shelf.files, step=unseen)
        portal.close()
        child = os.fork()
        if child == 0:
            die_at(operation)
            FolderPortal(root).publish(second, shelf.files, step=unseen)
            os._exit(0)
        survived = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        record = check_whole(root)
        assert record is not None
        assert record["submission_id"] in {str(first.submission_id), str(second.submission_id)}
        again = FolderPortal(root)
        again.publish(second, shelf.files, step=unseen)
        again.close()
        record = check_whole(root)
        assert record is not None
        assert record["submission_id"] == str(second.submission_id)
        assert list(read_catalogue(root)) == ["data"]
        assert len(files_of_all_versions(root, "data")) == 4
        assert not list((root / ".work/building").glob("*/*"))
    assert operation > 30


def die_at(operation: int) -> None:
    """End this process just before its n-th operation that reads or changes the file system."""
    left = operation

    def hook(event: str, _: object) -> None:
        nonlocal left
        if event in {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink", "os.scandir", "os.listdir"}:
            left -= 1
            if left == 0:
                os._exit(9)

    sys.addaudithook(hook)


WRITER = """
import sys
from pathlib import Path
from portals.folder.folder import FolderPortal
from tests.portals.samples import Shelf
base = Path(sys.argv[1])
shelf = Shelf(base / "files")
portal = FolderPortal(base / "portal", catalogue_interval=0.001)
for number in range(int(sys.argv[2]), 10_000):
    publication = shelf.publication("data", {"a.csv": b"%d" % number * 50_000, "b.csv": b"b%d" % number})
    portal.publish(publication, shelf.files, step=lambda step: print(step, flush=True))
    if number % 5 == 4:
        from tests.portals.samples import PERSONAL_DATA
        portal.retract(publication, reason=PERSONAL_DATA, step=lambda step: print(step, flush=True))
"""


def test_kill_9_at_random_moments_under_load(tmp_path: Path, repository: Path) -> None:
    chance = random.Random(33.13)  # noqa: S311
    for life in range(12):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(life)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=repository) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randint(1, 60)):
                assert writer.stdout.readline()
            writer.kill()
        check_whole(tmp_path / "portal")
    portal = FolderPortal(tmp_path / "portal")
    shelf = Shelf(tmp_path / "files")
    portal.publish(shelf.publication("other", FIRST), shelf.files, step=unseen)
    portal.close()
    assert "other" in read_catalogue(tmp_path / "portal")


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait on progress, half a minute at most."""
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)
