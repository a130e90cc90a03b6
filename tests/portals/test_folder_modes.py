"""The folder portal's modes and disks: who may read and write what lies there, and a trial of the disk that is nobody's leftover."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portals.desired import Publication
from portals.folder.disk import drafts_in
from portals.folder.root import TRIAL
from tests.portals.portals import Stage, folder_stage, show_overview
from tests.portals.samples import FIRST, Shelf
from tests.portals.spoils import strays


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def published(root: Path, shelf: Shelf, publication: Publication) -> Stage:
    on_folder = folder_stage(root)
    on_folder.publish(shelf, publication)
    show_overview(on_folder)
    return on_folder


def test_a_trial_of_the_disk_beside_a_writer_is_nobodys_leftover(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    """`check` has no turn: another process may write the pages over all datasets at the same moment."""
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    with drafts_in(str(root), called=TRIAL) as made:
        place = Path(made)
        (place / "file").write_bytes(b"jejak")
        show_overview(on_folder)
        assert (place / "file").exists()
        assert strays(on_folder) == []
        (place / "palsu.html").write_bytes(b"palsu")
        (place / "file").write_bytes(b"bukan percobaan")
        (place / "link").symlink_to("/etc")
        os.mkfifo(place / "draft")
        assert sorted(strays(on_folder)) == [("unknown", f"{place.name}/{name}") for name in ("draft", "file", "link", "palsu.html")]
    left = root / f"{TRIAL}-0123456789abcdef"
    left.mkdir()
    os.utime(left, (0, 0))
    assert strays(on_folder) == [("unknown", f"{left.name}/")]
    assert on_folder.portal.check(largest_file=1) == []
    assert not left.exists()
    left.symlink_to("/etc")
    assert strays(on_folder) == [("unknown", left.name)]
    assert on_folder.portal.check(largest_file=1) == []


@pytest.mark.parametrize("place", ["dataset/data/latest/files/desa.csv", "dataset/data/latest/index.html", "index.html"])
def test_a_second_name_of_somebodys_own_file_does_not_open_it_to_the_public(place: str, root: Path, shelf: Shelf) -> None:
    on_folder = published(root, shelf, shelf.publication("data", FIRST))
    secret = root.parent / "kunci.pem"
    secret.write_bytes(b"rahasia")
    secret.chmod(0o600)
    (root / place).unlink()
    (root / place).hardlink_to(secret)
    assert [*strays(on_folder), *on_folder.differences("data")] != []
    on_folder.repair(shelf, "data")
    show_overview(on_folder)
    assert [*strays(on_folder), *on_folder.differences("data")] == []
    assert (secret.stat().st_mode & 0o777, secret.read_bytes()) == (0o600, b"rahasia")


@pytest.mark.parametrize("answer", ["refused", "not heard"])
def test_a_disk_without_modes_is_published_to_and_nothing_is_written_twice_for_them(
    answer: str, root: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As vfat, drvfs and some shares are: everything shows 0777, and another mode is refused or not heard."""

    def change(*_: object, **__: object) -> None:
        if answer == "refused":
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    publication = shelf.publication("data", FIRST)
    monkeypatch.setattr(os, "chmod", change)
    monkeypatch.setattr(os, "fchmod", change)
    with umask(0):
        root.mkdir(mode=0o777)
        assert folder_stage(root).portal.check(largest_file=1) == []
        on_folder = published(root, shelf, publication)
        written = {path: path.lstat().st_ino for path in root.rglob("*")}
        on_folder.repair(shelf, "data")
        show_overview(on_folder)
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
    with umask(0):
        published(root, shelf, shelf.publication("data", FIRST))
    assert [path for path in root.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o002] == []


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o700])
def test_what_is_written_is_as_readable_as_the_folder_whatever_the_writers_umask(mode: int, root: Path, shelf: Shelf) -> None:
    """An operator's `repair` from a closed shell must not take the portal from the web server."""
    root.mkdir()
    root.chmod(mode)
    with umask(0o077):
        on_folder = published(root, shelf, shelf.publication("data", FIRST))
    modes = {oct(path.lstat().st_mode & 0o777) for path in root.rglob("*") if path.is_dir() and not path.is_symlink()}
    assert modes == {oct(mode | 0o700)}
    assert {oct(path.stat().st_mode & 0o777) for path in root.rglob("*") if path.is_file()} == {oct(mode & 0o444 | 0o600)}
    assert on_folder.differences("data") == []
    assert strays(on_folder) == []
