"""Comparing the portal with the log, and putting it back, on the folder and on CKAN alike."""

from typing import get_args

from portals.portal import Publication
from portals.upkeep import WORDS, Difference, Standing, What, diff, repair
from tests.portals.portals import Stage
from tests.portals.samples import PERSONAL_DATA, Shelf, unseen

DESA = {"desa.csv": b"kode,nama\n1,Jaten\n"}


def published(stage: Stage, shelf: Shelf, publication: Publication) -> Standing:
    stage.portal.publish(publication, shelf.files, step=unseen)
    return Standing(publication, "current")


def found(stage: Stage, *standings: Standing) -> list[Difference]:
    return list(diff(stage.portal, standings))


def mend(stage: Stage, shelf: Shelf, *standings: Standing) -> None:
    """Repair all there is, and see that nothing is left."""
    for difference in found(stage, *standings):
        repair(stage.portal, difference, shelf.files, step=unseen)
    assert found(stage, *standings) == []


def test_a_portal_that_shows_what_the_log_says_has_no_differences(stage: Stage, shelf: Shelf, name: str) -> None:
    earlier, current, gone = (shelf.publication(name, {"desa.csv": word}) for word in (b"1", b"2", b"3"))
    other = shelf.publication(f"{name}-b", DESA)
    for publication in (earlier, current, gone, other):
        published(stage, shelf, publication)
    stage.portal.retract(gone, reason=PERSONAL_DATA, step=unseen)
    after = published(stage, shelf, shelf.publication(name, {"desa.csv": b"4"}))
    standings = (
        Standing(earlier, "earlier"),
        Standing(current, "earlier"),
        Standing(gone, "retracted", PERSONAL_DATA),
        after,
        Standing(other, "current"),
    )
    assert found(stage, *standings) == []


def test_a_changed_file_and_changed_metadata_are_named_and_mended(stage: Stage, shelf: Shelf, name: str) -> None:
    standing = published(stage, shelf, shelf.publication(name, DESA))
    stage.spoil_file(name)
    stage.spoil_title(name)
    seen = found(stage, standing)
    assert {(one.what, one.field) for one in seen} >= {("file_differs", "desa.csv"), ("metadata", "title")}
    title = next(one for one in seen if one.field == "title")
    assert (title.expected, title.found) == ("Daftar desa", "Diubah tangan")
    assert str(title) == f"{name}: keterangan diubah (title)"
    mend(stage, shelf, standing)


def test_a_dataset_that_was_deleted_is_put_back(stage: Stage, shelf: Shelf, name: str) -> None:
    earlier, current = (published(stage, shelf, shelf.publication(name, {"desa.csv": word})).publication for word in (b"1", b"2"))
    stage.remove(name)
    standings = (Standing(earlier, "earlier"), Standing(current, "current"))
    assert [one.what for one in found(stage, *standings)] == ["earlier_missing", "deleted"]
    mend(stage, shelf, *standings)
    assert stage.kept(name) == {file.sha256 for one in (earlier, current) for file in one.files}


def test_a_version_that_never_came_up_is_seen(stage: Stage, shelf: Shelf, name: str) -> None:
    first = published(stage, shelf, shelf.publication(name, DESA)).publication
    second = Standing(shelf.publication(name, {"desa.csv": b"baru"}), "current")
    assert [one.what for one in found(stage, Standing(first, "earlier"), second)] == ["earlier_missing", "other_version"]
    mend(stage, shelf, Standing(first, "earlier"), second)


def test_a_retracted_dataset_that_is_shown_is_taken_down_again(stage: Stage, shelf: Shelf, name: str) -> None:
    shown = published(stage, shelf, shelf.publication(name, DESA))
    standing = Standing(shown.publication, "retracted", PERSONAL_DATA)
    assert [one.what for one in found(stage, standing)] == ["not_withdrawn"]
    mend(stage, shelf, standing)
    assert not stage.kept(name)


def test_a_retracted_dataset_that_is_gone_is_fine(stage: Stage, shelf: Shelf, name: str) -> None:
    assert found(stage, Standing(shelf.publication(name, DESA), "retracted", PERSONAL_DATA)) == []


def test_every_difference_has_words() -> None:
    assert set(get_args(What)) == WORDS.keys()
