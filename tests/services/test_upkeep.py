"""Comparing the portal with the log and putting it right, from the publisher's own journal."""

import json
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from portals.portal import Code, Difference, PortalProblem
from services.publisher.upkeep import BY_HAND, NOT_BY_ITSELF, OVERVIEW, Upkeep
from services.publisher.web import publishing_of, watching_of
from tests.events.given import FILE, after, approved, published, retracted, revision_of, story, submission_of, verified
from tests.lane.shelves import keep, sha
from tests.services.desk import CONTENT, Desk, desk_of
from tests.services.portal_that_fails import FailingPortal


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("publisher", tmp_path) as made:
        portal = FailingPortal(tmp_path / "portal")
        publishing_of(made.lane).portal = watching_of(made.lane).portal = portal
        keep(made.shared.files, CONTENT)
        yield made


def upkeep_of(desk: Desk) -> Upkeep:
    publishing = publishing_of(desk.lane)
    return Upkeep(publishing.portal, publishing.standings, publishing.turns, desk.shared.files)


def publish(desk: Desk, *, edition: int = 1, dataset_id: str = "daftar-desa") -> uuid.UUID:
    """By the log; the portal does not know of it yet."""
    files = [FILE | {"sha256": sha(CONTENT), "bytes": len(CONTENT)}]
    return desk.given(
        *story(
            submission_of(edition=edition),
            revision_of(files=files, dataset_id=dataset_id, title=f"Edisi {edition}"),
            verified,
            approved,
            published,
        )
    )


def left(desk: Desk, dataset_id: str | None = None) -> list[str | None]:
    return [repair.why for repair in upkeep_of(desk).repair(dataset_id) if repair.why]


async def test_an_empty_portal_is_filled_from_the_log_with_all_its_pages(desk: Desk, tmp_path: Path) -> None:
    for edition in (1, 2, 3):
        publish(desk, edition=edition)
    publish(desk, dataset_id="lain")
    upkeep = upkeep_of(desk)
    assert {difference.what for difference in upkeep.check()} == {"deleted", "page"}
    assert all(repair.why is None for repair in upkeep.repair())
    assert list(upkeep.check()) == []
    latest = json.loads((tmp_path / "portal/dataset/daftar-desa/latest/metadata.json").read_bytes())
    assert latest["edition"] == 3
    assert list(upkeep.repair()) == []


async def test_after_the_newest_edition_was_retracted_repair_mends_and_the_next_look_is_clean(desk: Desk, tmp_path: Path) -> None:
    first, second = publish(desk, edition=1), publish(desk, edition=2)
    assert left(desk) == []
    desk.given(*after(desk.lane.journal.history(second), retracted))
    upkeep = upkeep_of(desk)
    assert str(second) in {str(difference.submission_id) for difference in upkeep.check() if difference.what == "not_withdrawn"}
    assert left(desk) == []
    assert list(upkeep.check()) == []
    assert not list((tmp_path / "portal").rglob("*.csv")), f"closed: not even {first} is handed out"


async def test_what_the_log_does_not_know_goes_only_when_it_is_named(desk: Desk, tmp_path: Path) -> None:
    publish(desk)
    assert left(desk) == []
    rogue = tmp_path / "portal/dataset/palsu"
    shutil.copytree(tmp_path / "portal/dataset/daftar-desa", rogue, symlinks=True)
    (tmp_path / "portal/dataset/palsu.html").write_text("palsu")
    (tmp_path / "portal/robots.txt").write_text("User-agent: *")
    assert set(left(desk)) == {NOT_BY_ITSELF, BY_HAND}
    assert rogue.exists()
    assert left(desk, "palsu") == left(desk, "palsu.html") == []
    assert [path.name for path in rogue.parent.iterdir()] == ["daftar-desa"]


async def test_what_could_not_be_put_right_is_said_and_holds_up_no_other(desk: Desk, tmp_path: Path) -> None:
    publish(desk, dataset_id="rusak")
    publish(desk, dataset_id="utuh")
    portal = publishing_of(desk.lane).portal
    assert isinstance(portal, FailingPortal)
    portal.broken.add("rusak")
    assert set(left(desk)) == {"Portal tidak menjawab."}
    assert [difference.dataset_id for difference in upkeep_of(desk).check()] == ["rusak"]
    assert (tmp_path / "portal/dataset/utuh/latest/index.html").exists()


async def test_a_link_in_place_of_all_datasets_goes_only_when_all_is_repaired(desk: Desk, tmp_path: Path) -> None:
    publish(desk)
    assert left(desk) == []
    datasets = tmp_path / "portal/dataset"
    datasets.rename(tmp_path / "disk")
    datasets.symlink_to(tmp_path / "disk")
    assert len(left(desk, "daftar-desa")) == 1
    assert datasets.is_symlink()
    told = [(repair.difference.field, repair.why) for repair in upkeep_of(desk).repair()]
    assert told[0] == ("dataset", None)
    assert [why for _, why in told if why] == []
    assert not datasets.is_symlink()
    assert list(upkeep_of(desk).check()) == []
    assert (tmp_path / "disk/daftar-desa").is_dir(), "what the link led to is left where it is"


async def test_nothing_is_looked_at_while_it_is_being_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(desk)
    monkeypatch.setattr("services.publisher.upkeep.TURN_S", 0.0)
    upkeep = upkeep_of(desk)
    with upkeep.turns.turn("daftar-desa") as mine:
        assert mine
        assert [difference.what for difference in upkeep.check("daftar-desa")] == ["unreadable"]
        assert len(left(desk, "daftar-desa")) == 1


async def test_a_dataset_that_cannot_be_looked_at_is_told_and_the_others_are_looked_at(desk: Desk, tmp_path: Path) -> None:
    publish(desk, dataset_id="rusak")
    publish(desk, dataset_id="utuh")
    assert left(desk) == []
    portal = publishing_of(desk.lane).portal
    assert isinstance(portal, FailingPortal)
    portal.unreadable["rusak"] = Code.STORAGE
    (tmp_path / "portal/dataset/utuh/latest/index.html").write_text("palsu")
    told = [(difference.dataset_id, difference.what) for difference in upkeep_of(desk).check()]
    assert told == [("rusak", "unreadable"), ("utuh", "page")]
    assert left(desk) == ["Portal tidak menjawab."]
    portal.unreadable["rusak"] = Code.UNREACHABLE
    with pytest.raises(PortalProblem):
        list(upkeep_of(desk).check())


async def test_what_was_found_before_the_portal_fell_silent_stands(desk: Desk, tmp_path: Path) -> None:
    """Where it only cannot be looked at, that is a difference more; where nothing answers any more, what was seen is kept."""
    publish(desk)
    assert left(desk) == []
    (tmp_path / "portal/dataset/daftar-desa/latest/index.html").write_text("palsu")
    portal, watching = publishing_of(desk.lane).portal, watching_of(desk.lane)
    assert isinstance(portal, FailingPortal)
    watching.upkeep = upkeep_of(desk)
    portal.blind = Code.STORAGE
    assert [(one.dataset_id, one.what) for one in watching.upkeep.check()] == [("daftar-desa", "page"), ("", "unreadable")]
    assert left(desk) == [BY_HAND]
    (tmp_path / "portal/dataset/daftar-desa/latest/index.html").write_text("palsu")
    portal.blind = Code.UNREACHABLE
    not_looked_at = Difference("tidak-terlihat", None, "deleted")
    of_overview, looked_at = Difference("", None, "unknown"), Difference("daftar-desa", None, "deleted")
    watching.differences = [not_looked_at, looked_at, of_overview]
    with pytest.raises(PortalProblem):
        watching.look()
    assert [(one.dataset_id, one.what) for one in watching.differences] == [
        ("daftar-desa", "page"),
        ("tidak-terlihat", "deleted"),
        ("", "unknown"),
    ]


async def test_what_differs_otherwise_after_a_repair_is_left_and_said(desk: Desk, tmp_path: Path) -> None:
    """The edition that was deleted is there again, with a page that somebody changed meanwhile."""
    publish(desk)
    publish(desk, edition=2)
    assert left(desk) == []
    home = tmp_path / "portal/dataset/daftar-desa"
    portal = publishing_of(desk.lane).portal
    assert isinstance(portal, FailingPortal)
    portal.forging = home / "latest/index.html"
    shutil.rmtree((home / "latest").resolve())
    told = [(repair.difference.what, repair.why is None) for repair in upkeep_of(desk).repair("daftar-desa")]
    assert told == [("deleted", True), ("page", False)]


async def test_the_pages_over_all_datasets_have_one_writer_at_a_time(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The publisher, another one, and an operator's repair."""
    publish(desk)
    monkeypatch.setattr("services.publisher.upkeep.TURN_S", 0.0)
    upkeep, watching = upkeep_of(desk), watching_of(desk.lane)
    with upkeep.turns.turn(OVERVIEW) as mine:
        assert mine
        assert watching.overview(None) is None, "it is tried again, from where it was"
        assert [one.what for one in upkeep.check() if not one.dataset_id] == ["unreadable"]
        assert len(left(desk)) == 1
        assert not (tmp_path / "portal/index.html").exists()
    watching.overview(None)
    assert (tmp_path / "portal/index.html").exists()
