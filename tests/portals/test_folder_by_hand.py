"""The folder portal and a hostile hand: whatever somebody does to the folder is seen and put right, or told as left."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from lane.files import Files
from portals.desired import Desired
from portals.folder.folder import FolderPortal
from portals.portal import Code, PortalProblem
from tests.portals.portals import Stage, folder_stage, show_overview
from tests.portals.samples import FIRST, Shelf, unseen
from tests.portals.spoils import OVERVIEW_SPOILS, SPOILS, away, deep, gone, old, strays, tree
from tests.portals.test_folder_deaths import child_comes_through

NOBODY = 65_534


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
        deep(root / place, levels=50, name="d" * 100)
    (root / "index.html").write_text("diretas")
    (root / "phish.html").write_text("login")

    told = on_folder.portal.overview_differences([on_folder.log.desired("data")])
    assert {("page", "index.html"), ("unknown", "phish.html")} < {(one.what, one.field) for one in told}
    for found in (told, on_folder.differences("data")):
        [too_deep] = [one for one in found if one.what == "unreadable"]
        assert "dalam/ddd" in too_deep.field
        assert "pindahkan dari folder portal" in too_deep.found
    show_overview(on_folder)
    assert "diretas" not in (root / "index.html").read_text()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.needs("root")
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


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.needs("root")
@pytest.mark.parametrize("mode", [0o555, 0o300, 0])
def test_a_new_dataset_is_put_into_a_folder_that_somebody_closed(mode: int, on_folder: Stage, root: Path, shelf: Shelf) -> None:
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    for path in (root, *root.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    (root / "dataset").chmod(mode)
    state, content = Desired("baru", shelf.publication("baru", {"a.csv": b"1"})), b"1"
    files = cast("Files", SimpleNamespace(read=lambda _: [content]))

    def as_nobody() -> None:
        os.chdir(root)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        portal = FolderPortal(Path())
        portal.apply(state, files, about=None, step=unseen)
        assert portal.differences(state) == []

    assert child_comes_through(as_nobody)


def _datasets_elsewhere(root: Path) -> None:
    (root / "dataset").rename(root.parent / "elsewhere")
    (root / "dataset").symlink_to("../elsewhere")


def _datasets_a_file(root: Path) -> None:
    shutil.rmtree(root / "dataset")
    (root / "dataset").write_bytes(b"x")


@pytest.mark.parametrize("spoil", [_datasets_elsewhere, _datasets_a_file, lambda root: os.mkfifo(gone(root / "dataset"))])
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


def test_an_edition_of_years_ago_that_was_turned_into_a_link_is_not_taken_for_itself(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    made = [shelf.publication("data", {"desa.csv": word}) for word in (b"satu", b"dua", b"tiga", b"empat")]
    for one in made[:3]:
        on_folder.publish(shelf, one)
    first = old(root / "dataset/data")
    away(first)
    assert [(one.what, one.field) for one in on_folder.differences("data")] == [("deleted", first.name)]
    on_folder.publish(shelf, made[3])
    assert on_folder.differences("data") == []
    assert (first.is_symlink(), (first / "files/desa.csv").read_bytes()) == (False, b"satu")


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
