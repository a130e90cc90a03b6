"""The folder portal's own promises: pages, catalogue, and that a reader never sees half, whenever the writer dies."""

import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from portals.desired import Desired
from portals.folder.folder import FolderPortal
from portals.folder.names import key_of, names_on_disk
from portals.kinds import open_portal
from portals.portal import Code, PortalProblem
from tests.portals.folder_reader import files_of_all_versions, read_catalogue, read_dataset, read_version
from tests.portals.portals import Stage, folder_stage
from tests.portals.samples import PERSONAL_DATA, Shelf, unseen
from tests.portals.test_portals import NAMES

FIRST = {"desa.csv": b"satu", "lama.csv": b"lama"}
SECOND = {"desa.csv": b"dua", "baru.csv": b"baru"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "portal"


@pytest.fixture
def stage(root: Path) -> Stage:
    return folder_stage(root)


def overview(stage: Stage) -> None:
    """As the publisher has it made, from the log."""
    names = {one.publication.dataset.dataset_id for one in stage.log.standings.values()}
    stage.portal.overview([stage.log.desired(name) for name in sorted(names)])


def strays(stage: Stage) -> list[tuple[str, str]]:
    return [(one.what, one.field) for one in stage.portal.overview_differences([stage.log.desired("data")])]


def test_pages_and_catalogue_lead_to_every_file_and_say_who_and_what(stage: Stage, root: Path, shelf: Shelf) -> None:
    for number in range(3):
        stage.publish(shelf, shelf.publication(f"data-{number}", FIRST, opd=f"opd-{number % 2}"))
    overview(stage)
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


def test_addresses_are_where_the_public_finds_the_files_and_last(root: Path, shelf: Shelf) -> None:
    """In the events as in the catalogue, which other portals parse without knowing where it came from."""
    address = "https://data.example.go.id/"
    stage = replace(folder_stage(root), portal=open_portal(f"folder:{root}", public_url=address))
    first = stage.publish(shelf, shelf.publication("data", FIRST))
    second = stage.publish(shelf, shelf.publication("data", SECOND))
    overview(stage)
    for published, contents in ((first, FIRST), (second, SECOND)):
        assert {(root / file.url.removeprefix(address)).read_bytes() for file in published.files} == set(contents.values())
        assert (root / published.url.removeprefix(address)).is_file()
        assert "latest" not in published.url
    catalogue = json.loads((root / "catalog.jsonld").read_bytes())
    entry = catalogue["dcat:dataset"][0]
    links = [
        catalogue["@id"],
        entry["@id"],
        *(file[key] for file in entry["dcat:distribution"] for key in ("dcat:downloadURL", "dcat:accessURL")),
    ]
    assert all((root / link.removeprefix(address)).is_file() for link in links)


def test_the_listed_page_leads_to_the_earlier_ones_and_they_say_that_they_are_superseded(stage: Stage, root: Path, shelf: Shelf) -> None:
    made = [shelf.publication("data", {"desa.csv": str(n).encode()}) for n in range(3)]
    for number in (1, 2, 0):
        stage.publish(shelf, made[number])
    page = root / "dataset/data/latest/index.html"
    assert page.read_text().count(", disetujui 2") == 2
    for number in (0, 1):
        old = (root / "dataset/data" / key_of(made[number]) / "index.html").read_text()
        assert "Ini edisi lama" in old
        assert 'href="../latest/index.html"' in old
    assert "edisi lama" not in page.read_text()
    stage.retract(shelf, made[1])
    assert page.read_text().count(", disetujui 2") == 1
    read_dataset(root, "data")


def test_a_tombstone_says_why_but_never_the_note_and_leaves_the_catalogue(stage: Stage, root: Path, shelf: Shelf) -> None:
    publication = shelf.publication("data", FIRST, title="Daftar <b>penerima</b>")
    published = stage.publish(shelf, publication)
    overview(stage)
    stage.retract(shelf, publication)
    overview(stage)
    page = (root / "dataset/data/latest/index.html").read_text()
    assert "memuat data pribadi" in page
    assert "<b>" not in page
    everything = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert PERSONAL_DATA.note.encode() not in everything, "the note may quote the very data that were taken down"
    assert "telah ditarik" in (root / published.url.removeprefix("/portal/")).read_text(), "at the edition's own address too"
    assert read_catalogue(root) == {}
    assert not list(root.rglob("*.csv")), "a withdrawn file must not lie about anywhere"


def _old(home: Path) -> Path:
    return min(home.glob("2*"))


def _moved_away(home: Path) -> None:
    home.rename(home.parents[1] / "moved")
    home.symlink_to("../moved")


def _made_a_file(home: Path) -> None:
    shutil.rmtree(home)
    home.write_bytes(b"x")


def _relink(home: Path, target: str) -> None:
    forged = home.parents[1] / "forged" / (home / "latest").readlink().name
    shutil.copytree(home / "latest", forged)
    (home / "latest").unlink()
    (home / "latest").symlink_to(target)


def _link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


SPOILS: dict[str, Callable[[Path], object]] = {
    "latest leads elsewhere, to a folder of the same name": lambda home: _relink(home, f"../../forged/{(home / 'latest').readlink().name}"),
    "latest leads to the earlier edition": lambda home: _relink(home, _old(home).name),
    "an earlier edition's file": lambda home: (_old(home) / "files/desa.csv").write_bytes(b"palsu"),
    "an earlier edition's page": lambda home: (_old(home) / "index.html").write_bytes(b"palsu"),
    "the listed page": lambda home: (home / "latest/index.html").write_bytes(b"palsu"),
    "a file of the same length": lambda home: (home / "latest/files/desa.csv").write_bytes(b"tga"),
    "a file more": lambda home: (home / "latest/files/tambahan.csv").write_bytes(b"x"),
    "a file between the editions": lambda home: (home / "tambahan.html").write_bytes(b"x"),
    "a rogue folder": lambda home: (home / "20250101T000000000000Z-palsu").mkdir(),
    "a file turned into a link": lambda home: _link(home / "latest/files/desa.csv", "/etc/hostname"),
    "metadata.json is a list": lambda home: (home / "latest/metadata.json").write_bytes(b"[1]"),
    "metadata.json is no JSON": lambda home: (home / "latest/metadata.json").write_bytes(b"{"),
    "metadata.json with a dataset of another shape": lambda home: (home / "latest/metadata.json").write_bytes(b'{"dataset": [1]}'),
    "metadata.json with other files": lambda home: (home / "latest/metadata.json").write_bytes(b'{"files": 7, "dataset": {}}'),
    "metadata.json is gone": lambda home: (home / "latest/metadata.json").unlink(),
    "the earlier edition is gone": lambda home: shutil.rmtree(_old(home)),
    "the whole dataset is a link": _moved_away,
    "the whole dataset is a file": _made_a_file,
    "a draft that a crash left": lambda home: shutil.copytree(home / "latest", home / ".draft"),
}


@pytest.mark.parametrize("what", SPOILS)
def test_every_byte_that_is_otherwise_is_seen_and_put_right(what: str, stage: Stage, root: Path, shelf: Shelf) -> None:
    made = [shelf.publication("data", {"desa.csv": word}) for word in (b"satu", b"dua")]
    for one in made:
        stage.publish(shelf, one)
    before = tree(root / "dataset/data")
    SPOILS[what](root / "dataset/data")
    assert stage.differences("data") != []
    stage.repair(shelf, "data")
    assert stage.differences("data") == []
    assert tree(root / "dataset/data") == before


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): str(p.readlink()).encode() if p.is_symlink() else p.read_bytes()
        for p in folder.rglob("*")
        if not p.is_dir() or p.is_symlink()
    }


def test_whatever_belongs_to_no_dataset_is_seen_and_defaced_pages_are_written_again(stage: Stage, root: Path, shelf: Shelf) -> None:
    stage.publish(shelf, shelf.publication("data", FIRST))
    overview(stage)
    assert strays(stage) == []
    (root / "index.html").write_text("diretas")
    (root / "catalog.jsonld").write_text("{}")
    (root / "phish.html").write_text("login")
    (root / "opd/palsu.html").write_text("palsu")
    (root / ".work/old").mkdir(parents=True)
    (root / ".work/old/withdrawn.csv").write_text("nik")
    expected = {("page", "index.html"), ("page", "catalog.jsonld"), ("unknown", "phish.html"), ("unknown", "opd/palsu.html")}
    assert set(strays(stage)) > expected
    assert ("unknown", ".work/old/withdrawn.csv") in strays(stage)
    overview(stage)
    assert strays(stage) == [("unknown", "phish.html")], "what is no page of ours is told, and left to whoever put it there"


def test_names_on_disk_are_plain_distinct_and_never_run(stage: Stage, root: Path, shelf: Shelf) -> None:
    publication = shelf.publication("data", {name: name.encode() for name in NAMES}, title="<img onerror=alert(1)>")
    stage.publish(shelf, publication)
    names = names_on_disk(publication.files)
    assert len({name.casefold() for name in names}) == len(NAMES)
    assert all(name.isascii() and name.count(".") == 1 and "/" not in name and len(name) < 120 for name in names)
    assert not any(name.endswith((".html", ".php", ".svg", ".js")) for name in names)
    record = read_dataset(root, "data")
    assert record is not None
    assert [file["name"] for file in record["files"]] == list(NAMES)


def test_a_folder_that_cannot_be_written_is_said_at_start_and_when_publishing(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "file").write_text("not a folder")
    portal = FolderPortal(tmp_path / "file")
    assert len(portal.check(largest_file=1)) == 1
    with pytest.raises(PortalProblem) as problem:
        portal.apply(Desired("data", shelf.publication("data", FIRST)), shelf.files, about=None, step=unseen)
    assert problem.value.code is Code.STORAGE


def test_check_says_when_the_largest_file_would_not_fit(stage: Stage) -> None:
    assert "tempat" in stage.portal.check(largest_file=1 << 60)[0]


def test_a_reader_sees_whole_versions_while_they_change(stage: Stage, root: Path, shelf: Shelf) -> None:
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
        stage.publish(shelf, publication)
    done.set()
    reader.join()
    order = [str(publication.submission_id) for publication in versions]
    assert seen
    assert [order.index(one) for one in seen] == sorted(order.index(one) for one in seen)


def check_whole(root: Path) -> dict[str, object] | None:
    """Everything that a page or the catalogue leads to is whole; returns the listed edition's record."""
    for version in (root / "dataset").glob("*/2*"):
        read_version(version)
    if (root / "catalog.jsonld").exists():
        json.loads((root / "catalog.jsonld").read_bytes())
    return read_dataset(root, "data")


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_death_at_every_single_file_operation_leaves_the_old_edition_or_the_new_one(tmp_path: Path, shelf: Shelf) -> None:
    """Each child dies just before its n-th operation on the file system; n grows until a child comes through."""
    first, second = shelf.publication("data", FIRST), shelf.publication("data", SECOND)
    survived, operation = False, 0
    while not survived:
        operation += 1
        root = tmp_path / f"portal-{operation}"
        stage = folder_stage(root)
        stage.publish(shelf, first)
        stage.approved(second)
        survived = child_survives(operation, lambda stage=stage: stage.bring(shelf, second))  # type: ignore[misc]
        record = check_whole(root)
        assert record is not None
        assert record["submission_id"] in {str(first.submission_id), str(second.submission_id)}
        stage.publish(shelf, second)
        assert stage.differences("data") == []
        record = check_whole(root)
        assert record is not None
        assert record["submission_id"] == str(second.submission_id)
        assert len(files_of_all_versions(root, "data")) == 4
    assert operation > 20


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_death_at_every_single_file_operation_of_a_retraction_is_made_good_by_the_next_try(tmp_path: Path, shelf: Shelf) -> None:
    first, second = shelf.publication("data", FIRST), shelf.publication("data", SECOND)
    survived, operation = False, 0
    while not survived:
        operation += 1
        root = tmp_path / f"portal-{operation}"
        stage = folder_stage(root)
        stage.publish(shelf, first)
        stage.publish(shelf, second)
        survived = child_survives(operation, lambda stage=stage: stage.retract(shelf, second))  # type: ignore[misc]
        stage.retract(shelf, second)
        assert stage.differences("data") == []
        assert not list(root.rglob("*.csv"))
    assert operation > 10


def child_survives(operation: int, act: Callable[[], object]) -> bool:
    child = os.fork()
    if child == 0:
        die_at(operation)
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


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
from tests.portals.portals import folder_stage
from tests.portals.portals import Stage, folder_stage
from tests.portals.samples import Shelf
base = Path(sys.argv[1])
shelf, stage = Shelf(base / "files"), folder_stage(base / "portal")
for number in range(10_000):
    publication = shelf.publication(f"data-{sys.argv[2]}", {"a.csv": b"%d" % number * 50_000, "b.csv": b"b%d" % number})
    stage.publish(shelf, publication, step=lambda step: print(step, flush=True))
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
        read_dataset(tmp_path / "portal", f"data-{life}")
    stage, shelf = folder_stage(tmp_path / "portal"), Shelf(tmp_path / "files")
    stage.publish(shelf, shelf.publication("data", FIRST))
    assert stage.differences("data") == []
