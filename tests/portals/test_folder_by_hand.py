"""The folder portal and a hostile hand: whatever somebody does to the folder is seen and put right, or told as left."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from portals.folder.disk import drafts_in
from portals.folder.folder import FolderPortal
from portals.folder.root import TRIAL
from portals.portal import Code, PortalProblem
from tests.portals.portals import Stage, folder_stage, show_overview
from tests.portals.samples import FIRST, Shelf
from tests.portals.test_folder_deaths import child_comes_through

NOBODY = 65_534


def strays(on_folder: Stage) -> list[tuple[str, str]]:
    return [(one.what, one.field) for one in on_folder.portal.overview_differences([on_folder.log.desired("data")])]


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


def _made_a_pipe(home: Path) -> None:
    shutil.rmtree(home)
    os.mkfifo(home)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "x").write_bytes(b"x")


def _away(folder: Path) -> None:
    away = folder.parents[len(folder.parts) - folder.parts.index("portal") - 2] / "moved"
    folder.rename(away)
    folder.symlink_to(away)


def _record(home: Path, content: bytes) -> None:
    (home / "latest/metadata.json").write_bytes(content)


def _deep(folder: Path, *, levels: int = 1_400, name: str = "d") -> None:
    """As deep as a path may be long, or deeper."""
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


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
    "the whole dataset is a pipe": _made_a_pipe,
    "a file turned into a pipe": lambda home: _pipe(home / "latest/files/desa.csv"),
    "an empty file turned into a pipe": lambda home: _pipe(home / "latest/files/kosong.csv"),
    "metadata.json turned into a pipe": lambda home: _pipe(home / "latest/metadata.json"),
    "a pipe more": lambda home: os.mkfifo(home / "pipa"),
    "a file whose name is no text": lambda home: Path(os.fsdecode(os.fsencode(home) + b"/\xff\xfe.csv")).write_bytes(b"x"),
    "a file whose name writes on the terminal": lambda home: (home / "a\nb\x1b[2J.csv").write_bytes(b"x"),
    "folders deeper than a program can count": lambda home: _deep(home / "rogue"),
    "metadata.json deeper than a program can count": lambda home: _record(home, b'{"x":%b}' % (b"[" * 1000 + b"]" * 1000)),
    "metadata.json with numbers that are none": lambda home: _record(home, b'{"dataset": {}, "x": 1e400, "y": 99999999999999999999999}'),
    "metadata.json that writes on the terminal": lambda home: _record(home, b'{"dataset": {"title": "a\\u001b[31m\\nb"}}'),
    "metadata.json larger than memory should hold": lambda home: os.truncate(home / "latest/metadata.json", 1 << 33),
    "a file that nobody may read": lambda home: (home / "latest/files/desa.csv").chmod(0),
    "a page that only its owner may read": lambda home: (home / "latest/index.html").chmod(0o600),
    "a folder that nobody may look into": lambda home: (home / "latest/files").chmod(0),
    "the whole dataset closed": lambda home: home.chmod(0),
    "a page that anybody may change": lambda home: (home / "latest/index.html").chmod(0o646),
    "a file that anybody may change": lambda home: (home / "latest/files/desa.csv").chmod(0o646),
    "a folder that anybody may write in": lambda home: (home / "latest/files").chmod(0o757),
    "the whole dataset open to any writer": lambda home: home.chmod(0o757),
    "a page turned into a folder": lambda home: _made_a_folder(home / "latest/index.html"),
    "latest turned into a folder": lambda home: _made_a_folder(home / "latest"),
    "latest leads to itself": lambda home: _link(home / "latest", "latest"),
    "the files moved away, with a link to them": lambda home: _away(home / "latest/files"),
    "an edition moved away, with a link to it": lambda home: _away((home / "latest").resolve()),
    "a draft that a crash left": lambda home: shutil.copytree(home / "latest", home / ".draft-0123456789abcdef"),
    "a draft that an earlier release left": lambda home: shutil.copytree(home / "latest", home / ".draft"),
}


@pytest.mark.parametrize("what", SPOILS)
def test_every_byte_that_is_otherwise_is_seen_and_put_right(what: str, on_folder: Stage, root: Path, shelf: Shelf) -> None:
    made = [shelf.publication("data", {"desa.csv": word, "kosong.csv": b""}) for word in (b"satu", b"dua")]
    for one in made:
        on_folder.publish(shelf, one)
    before = tree(root / "dataset/data")
    SPOILS[what](root / "dataset/data")
    found = on_folder.differences("data")
    assert found
    for difference in found:
        assert str(difference).isprintable()
        assert difference.field.encode().decode() == difference.field
    on_folder.repair(shelf, "data")
    assert on_folder.differences("data") == []
    assert tree(root / "dataset/data") == before


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything there with its mode."""
    return {str(p.relative_to(folder)): (p.lstat().st_mode, _content(p)) for p in (folder, *folder.rglob("*"))}


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return str(path.readlink()).encode()
    return b"" if path.is_dir() else path.read_bytes()


def test_whatever_belongs_to_no_dataset_is_seen_and_defaced_pages_are_written_again(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    show_overview(on_folder)
    assert strays(on_folder) == []
    (root / "index.html").write_text("diretas")
    (root / "catalog.jsonld").write_text("{}")
    (root / "phish.html").write_text("login")
    (root / "opd/palsu.html").write_text("palsu")
    (root / ".work/old").mkdir(parents=True)
    (root / ".work/old/withdrawn.csv").write_text("nik")
    expected = {("page", "index.html"), ("page", "catalog.jsonld"), ("unknown", "phish.html"), ("unknown", "opd/palsu.html")}
    assert set(strays(on_folder)) > expected
    assert ("unknown", ".work/old/withdrawn.csv") in strays(on_folder)
    show_overview(on_folder)
    assert strays(on_folder) == [("unknown", "phish.html")], "what is no page of ours is told, and left to whoever put it there"


def _opd_elsewhere(root: Path) -> None:
    (root / "opd").rename(root.parent / "opd")
    (root / "opd").symlink_to("../opd")


OVERVIEW_SPOILS: dict[str, Callable[[Path], object]] = {
    "the first page turned into a folder": lambda root: _made_a_folder(root / "index.html"),
    "the first page turned into a pipe": lambda root: _pipe(root / "index.html"),
    "the first page turned into a link": lambda root: _link(root / "index.html", "style.css"),
    "the catalogue is gone": lambda root: (root / "catalog.jsonld").unlink(),
    "the catalogue that only its owner may read": lambda root: (root / "catalog.jsonld").chmod(0o600),
    "the first page may be changed by anybody": lambda root: (root / "index.html").chmod(0o646),
    "anybody may put an agency's page there": lambda root: (root / "opd").chmod(0o757),
    "anybody may put a dataset there": lambda root: (root / "dataset").chmod(0o757),
    "a folder of pages of no agency": lambda root: (root / "opd/palsu").mkdir(),
    "the agencies' pages moved away, with a link to them": _opd_elsewhere,
    "the agencies' pages closed": lambda root: (root / "opd").chmod(0),
    "all datasets closed": lambda root: (root / "dataset").chmod(0),
    "a draft that an earlier release left": lambda root: (root / ".draft").write_bytes(b"x"),
    "a draft that a crash left": lambda root: (root / ".draft-0123456789abcdef/x").mkdir(parents=True),
    "a rogue page beside an agency's": lambda root: (root / "opd/palsu.html").write_bytes(b"palsu"),
}


@pytest.mark.parametrize("what", OVERVIEW_SPOILS)
def test_the_pages_over_all_datasets_come_back_whatever_was_done_to_them(what: str, on_folder: Stage, root: Path, shelf: Shelf) -> None:
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    show_overview(on_folder)
    before = tree(root)
    OVERVIEW_SPOILS[what](root)
    assert strays(on_folder) != []
    show_overview(on_folder)
    assert strays(on_folder) == []
    assert tree(root) == before


def test_a_path_longer_than_the_system_takes_is_a_difference_and_hides_no_other(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    show_overview(on_folder)
    for place in ("dalam", "dataset/data/dalam"):
        _deep(root / place, levels=50, name="d" * 100)
    (root / "index.html").write_text("diretas")
    (root / "phish.html").write_text("login")

    told = on_folder.portal.overview_differences([on_folder.log.desired("data")])
    assert {("page", "index.html"), ("unknown", "phish.html")} < {(one.what, one.field) for one in told}
    for found in (told, on_folder.differences("data")):
        [deep] = [one for one in found if one.what == "unreadable"]
        assert "dalam/ddd" in deep.field
        assert "pindahkan dari folder portal" in deep.found
    show_overview(on_folder)
    assert "diretas" not in (root / "index.html").read_text()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that we may not look into")
def test_a_folder_of_the_system_stops_neither_catalogue_nor_check(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    """`lost+found` is there on a disk of its own, for root only."""
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    show_overview(on_folder)
    for path in (root, *root.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    (root / "lost+found").mkdir(mode=0o700)
    (root / "index.html").write_text("diretas")

    def as_nobody() -> None:
        os.chdir(root)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        here = replace(on_folder, portal=FolderPortal(Path()))
        assert {("unreadable", "lost+found/"), ("page", "index.html")} <= set(strays(here))
        show_overview(here)
        assert strays(here) == [("unreadable", "lost+found/")]

    assert child_comes_through(as_nobody)


def _datasets_elsewhere(root: Path) -> None:
    (root / "dataset").rename(root.parent / "elsewhere")
    (root / "dataset").symlink_to("../elsewhere")


def _datasets_a_file(root: Path) -> None:
    shutil.rmtree(root / "dataset")
    (root / "dataset").write_bytes(b"x")


@pytest.mark.parametrize("spoil", [_datasets_elsewhere, _datasets_a_file, lambda root: os.mkfifo(_gone(root / "dataset"))])
def test_what_stands_in_place_of_all_datasets_is_told_and_goes_by_an_operators_word_only(
    spoil: Callable[[Path], object], on_folder: Stage, root: Path, shelf: Shelf
) -> None:
    """Behind a link may lie the whole catalogue, on a larger disk: nothing is written until somebody says what it is."""
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    show_overview(on_folder)
    before, everything = tree(root), [on_folder.log.desired("data")]
    spoil(root)
    spoilt = (root / "dataset").lstat()
    assert [one.what for one in on_folder.differences("data")] == ["deleted"]
    assert strays(on_folder) == [("unknown", "dataset")]
    assert on_folder.portal.names() == []
    assert "pasang disknya" in on_folder.portal.check(largest_file=1)[0]
    writes: list[Callable[[], None]] = [lambda: on_folder.repair(shelf, "data"), lambda: on_folder.portal.overview(everything)]
    for write in writes:
        with pytest.raises(PortalProblem, match="pasang disknya") as problem:
            write()
        assert problem.value.code is Code.STORAGE
    assert (root / "dataset").lstat() == spoilt
    assert [(one.what, one.field) for one in on_folder.portal.make_room()] == [("unknown", "dataset")]
    assert on_folder.portal.make_room() == []
    on_folder.repair(shelf, "data")
    show_overview(on_folder)
    assert on_folder.differences("data") == []
    assert strays(on_folder) == []
    assert tree(root) == before


def test_a_root_that_is_a_link_or_went_away_is_served_all_the_same(tmp_path: Path, shelf: Shelf) -> None:
    there, root = tmp_path / "disk", tmp_path / "portal"
    there.mkdir(mode=0o755)
    root.symlink_to(there)
    on_folder = folder_stage(root)
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    show_overview(on_folder)
    assert (strays(on_folder), root.is_symlink()) == ([], True)
    shutil.rmtree(there)
    root.unlink()
    show_overview(on_folder)
    assert (root / "index.html").exists()


def test_a_trial_of_the_disk_beside_a_writer_is_nobodys_leftover(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    """`check` has no turn: another process may write the pages over all datasets at the same moment."""
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    with drafts_in(root, called=TRIAL) as place:
        (place / "file").write_bytes(b"jejak")
        show_overview(on_folder)
        assert (place / "file").exists()
        assert strays(on_folder) == []
    left = root / f"{TRIAL}-0123456789abcdef"
    left.mkdir()
    os.utime(left, (0, 0))
    assert strays(on_folder) == [("unknown", f"{left.name}/")]
    assert on_folder.portal.check(largest_file=1) == []
    assert not left.exists()


@pytest.mark.parametrize("answer", ["refused", "not heard"])
def test_a_disk_without_modes_is_published_to_and_nothing_is_written_twice_for_them(
    answer: str, root: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As vfat, drvfs and some shares are: everything shows 0777, and another mode is refused or not heard."""

    def change(*_: object, **__: object) -> None:
        if answer == "refused":
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    publication, before = shelf.publication("data", FIRST), os.umask(0)
    monkeypatch.setattr(os, "chmod", change)
    monkeypatch.setattr(os, "fchmod", change)
    try:
        root.mkdir(mode=0o777)
        on_folder = folder_stage(root)
        assert on_folder.portal.check(largest_file=1) == []
        on_folder.publish(shelf, publication)
        show_overview(on_folder)
        written = {path: path.lstat().st_ino for path in root.rglob("*")}
        on_folder.repair(shelf, "data")
        show_overview(on_folder)
    finally:
        os.umask(before)
    assert {path: path.lstat().st_ino for path in root.rglob("*")} == written
    assert {one.what for one in on_folder.differences("data")} == {"writable"}


def test_a_mode_is_mended_without_writing_the_bytes_anew(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    show_overview(on_folder)
    pages = [root / "dataset/data/latest/files/desa.csv", root / "index.html"]
    before = [page.stat().st_ino for page in pages]
    for page in pages:
        page.chmod(0o666)
    on_folder.repair(shelf, "data")
    show_overview(on_folder)
    assert [page.stat().st_ino for page in pages] == before
    assert [page.stat().st_mode & 0o002 for page in pages] == [0, 0]


def _gone(folder: Path) -> Path:
    shutil.rmtree(folder)
    return folder


def test_an_edition_of_years_ago_that_was_turned_into_a_link_is_not_taken_for_itself(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    made = [shelf.publication("data", {"desa.csv": word}) for word in (b"satu", b"dua", b"tiga", b"empat")]
    for one in made[:3]:
        on_folder.publish(shelf, one)
    old = _old(root / "dataset/data")
    _away(old)
    assert [(one.what, one.field) for one in on_folder.differences("data")] == [("deleted", old.name)]
    on_folder.publish(shelf, made[3])
    assert on_folder.differences("data") == []
    assert (old.is_symlink(), (old / "files/desa.csv").read_bytes()) == (False, b"satu")


@pytest.mark.parametrize("rogue", ["palsu.html", "Data", "data palsu", "..data", "\udcff", "x"])
def test_what_has_no_name_of_a_dataset_belongs_to_none_and_is_told_all_the_same(
    rogue: str, on_folder: Stage, root: Path, shelf: Shelf
) -> None:
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    show_overview(on_folder)
    (root / "dataset" / rogue).mkdir()
    (root / "dataset" / rogue / "palsu.html").write_bytes(b"palsu")
    assert on_folder.portal.names() == ["data"]
    shown = rogue.encode(errors="backslashreplace").decode()
    assert ("unknown", f"dataset/{shown}/palsu.html") in strays(on_folder)


def test_what_anybody_may_change_is_told_as_that_and_its_forged_content_too(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    show_overview(on_folder)
    file = root / "dataset/data/latest/files/desa.csv"
    file.write_bytes(b"palsu")
    file.chmod(0o666)
    (root / "index.html").chmod(0o666)
    root.chmod(0o777)
    assert [(one.what, one.field.rpartition("/")[2]) for one in on_folder.differences("data")] == [
        ("writable", "desa.csv"),
        ("file_differs", "desa.csv"),
    ]
    assert strays(on_folder) == [("writable", "index.html"), ("writable", "")]
    show_overview(on_folder)
    assert strays(on_folder) == [("writable", "")], "the root is the operator's own"


def test_a_writer_without_a_umask_opens_nothing_to_other_writers(root: Path, shelf: Shelf) -> None:
    before = os.umask(0)
    try:
        on_folder = folder_stage(root)
        on_folder.publish(shelf, shelf.publication("data", FIRST))
        show_overview(on_folder)
    finally:
        os.umask(before)
    assert [path for path in root.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o002] == []


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o700])
def test_what_is_written_is_as_readable_as_the_folder_whatever_the_writers_umask(mode: int, root: Path, shelf: Shelf) -> None:
    """An operator's `repair` from a closed shell must not take the portal from the web server."""
    root.mkdir()
    root.chmod(mode)
    before = os.umask(0o077)
    try:
        on_folder = folder_stage(root)
        on_folder.publish(shelf, shelf.publication("data", FIRST))
        show_overview(on_folder)
    finally:
        os.umask(before)
    modes = {oct(path.lstat().st_mode & 0o777) for path in root.rglob("*") if path.is_dir() and not path.is_symlink()}
    assert modes == {oct(mode | 0o700)}
    assert {oct(path.stat().st_mode & 0o777) for path in root.rglob("*") if path.is_file()} == {oct(mode & 0o444 | 0o600)}
    assert on_folder.differences("data") == []
    assert strays(on_folder) == []
