"""What every portal promises, on the folder and on CKAN alike."""

import gzip
import itertools
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from events.contracts import Published
from lane.files import FileProblem
from portals.desired import Desired, Publication
from portals.portal import STEPS, WORDS, Difference, What
from tests.portals.portals import Listed, Stage
from tests.portals.samples import Shelf, unseen

DESA = {"desa.csv": b"kode,nama\n1,Jaten\n"}


def as_listed(publication: Publication) -> Listed:
    return Listed(publication.dataset.title, tuple((file.name, file.sha256) for file in publication.files))


def hashes(*publications: Publication) -> set[str]:
    return {file.sha256 for publication in publications for file in publication.files}


def editions(shelf: Shelf, name: str, count: int) -> list[Publication]:
    return [shelf.publication(name, {"desa.csv": b"%d" % n, f"{n}.csv": b"only %d" % n}, title=f"Edisi {n}") for n in range(1, count + 1)]


def test_an_approved_dataset_is_shown_to_the_public_with_the_bytes_that_were_approved(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, {"desa.csv": b"a,b\n1,2\n", "kelurahan.csv": b"a,b\n3,4\n", "kosong.csv": b""})
    published = stage.publish(shelf, publication)
    assert (published.portal, published.manifest) == (stage.portal.kind, publication.manifest)
    assert [(file.name, file.sha256) for file in published.files] == list(as_listed(publication).files)
    assert stage.listed(name) == as_listed(publication)
    assert stage.differences(name) == []


def test_every_step_has_a_name_for_people(stage: Stage, shelf: Shelf, name: str) -> None:
    told: list[str] = []
    publication = shelf.publication(name, DESA)
    stage.publish(shelf, publication, step=told.append)
    stage.retract(shelf, publication, step=told.append)
    assert told[0] == "look"
    assert "withdraw" in told
    assert set(told) <= STEPS.keys()


def test_publishing_again_changes_nothing(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA)
    first = stage.publish(shelf, publication)
    assert stage.publish(shelf, publication) == first
    assert stage.listed(name) == as_listed(publication)


def test_a_later_edition_takes_the_place_of_the_earlier_one_and_keeps_its_files(stage: Stage, shelf: Shelf, name: str) -> None:
    first, second = editions(shelf, name, 2)
    addresses = [stage.publish(shelf, one) for one in (first, second)]
    assert stage.listed(name) == as_listed(second)
    assert stage.kept(name) == hashes(first, second)
    assert stage.differences(name) == []
    assert _addresses(addresses[0]).isdisjoint(_addresses(addresses[1])), "each edition has its own lasting addresses"


def _addresses(published: Published) -> set[str]:
    return {file.url for file in published.files}


def test_an_edition_with_the_same_file_keeps_it_in_both(stage: Stage, shelf: Shelf, name: str) -> None:
    first = shelf.publication(name, {"desa.csv": b"sama", "satu.csv": b"satu"})
    second = shelf.publication(name, {"desa-2026.csv": b"sama", "dua.csv": b"dua"})
    stage.publish(shelf, first)
    stage.publish(shelf, second)
    assert stage.listed(name) == as_listed(second)
    stage.retract(shelf, first)
    assert stage.kept(name) == hashes(second)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_editions_approved_in_any_order_end_alike(order: tuple[int, ...], stage: Stage, shelf: Shelf, name: str) -> None:
    """The number decides, whatever an approver's clock said."""
    made = editions(shelf, name, 3)
    made = [replace(one, approved_at=made[-1 - n].approved_at) for n, one in enumerate(made)]
    for n in order:
        stage.publish(shelf, made[n])
    assert stage.listed(name) == as_listed(made[2])
    assert stage.kept(name) == hashes(*made)
    assert stage.differences(name) == []


def test_a_retracted_dataset_is_no_longer_public_and_its_files_are_gone(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA)
    stage.publish(shelf, publication)
    for _ in range(2):
        stage.retract(shelf, publication)
        assert stage.listed(name) is None
        assert not stage.kept(name)
        assert stage.differences(name) == []


def test_the_newest_is_retracted_and_the_dataset_is_closed_until_a_new_edition_comes(stage: Stage, shelf: Shelf, name: str) -> None:
    """Every edition of before is there again then, however many there were."""
    *good, wrong, right = editions(shelf, name, 4)
    for one in (*good, wrong):
        stage.publish(shelf, one)
    stage.retract(shelf, wrong)
    assert (stage.listed(name), stage.kept(name), stage.differences(name)) == (None, set(), [])
    stage.publish(shelf, right)
    assert stage.listed(name) == as_listed(right)
    assert stage.kept(name) == hashes(*good, right)
    assert stage.differences(name) == []


def test_a_retraction_may_list_the_edition_before_it_again(stage: Stage, shelf: Shelf, name: str) -> None:
    first, wrong = editions(shelf, name, 2)
    stage.publish(shelf, first)
    stage.publish(shelf, wrong)
    stage.retract(shelf, wrong, relist=True)
    assert stage.listed(name) == as_listed(first)
    assert stage.kept(name) == hashes(first)
    assert stage.differences(name) == []


def test_retracting_an_earlier_edition_leaves_the_later_one_public(stage: Stage, shelf: Shelf, name: str) -> None:
    first, second = editions(shelf, name, 2)
    stage.publish(shelf, first)
    stage.publish(shelf, second)
    stage.retract(shelf, first)
    assert stage.listed(name) == as_listed(second)
    assert stage.kept(name) == hashes(second)
    assert stage.differences(name) == []


def test_what_was_retracted_while_it_was_being_published_leaves_nothing(stage: Stage, shelf: Shelf, name: str) -> None:
    """The publisher died between showing it and writing it down; then the log said that it is taken down."""
    publication = shelf.publication(name, DESA)
    stage.approved(publication)
    stage.bring(shelf, publication)
    assert stage.listed(name) is not None
    stage.log.standings.clear()
    stage.portal.apply(Desired(name), shelf.files, about=publication.submission_id, step=unseen)
    assert (stage.listed(name), stage.kept(name), stage.differences(name)) == (None, set(), [])
    assert name not in stage.portal.names()


def test_what_was_changed_by_hand_is_told_field_by_field_and_put_right(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA)
    stage.publish(shelf, publication)
    stage.spoil_file(name)
    stage.spoil_title(name)
    found = stage.differences(name)
    assert {(one.what, one.field) for one in found} >= {("file_differs", "desa.csv"), ("metadata", "title")}
    title = next(one for one in found if one.field == "title")
    assert (title.submission_id, title.expected, title.found) == (publication.submission_id, "Daftar desa", "Diubah tangan")
    assert str(title) == f"{name}: keterangan diubah (title): Diubah tangan → Daftar desa"
    stage.repair(shelf, name)
    assert stage.differences(name) == []
    assert stage.listed(name) == as_listed(publication)


@pytest.mark.parametrize("by", ["repair", "publishing"])
def test_what_was_deleted_by_hand_comes_back_with_its_earlier_editions(stage: Stage, shelf: Shelf, name: str, by: str) -> None:
    made = editions(shelf, name, 4)
    for one in made[:3]:
        stage.publish(shelf, one)
    stage.remove(name)
    assert stage.listed(name) is None
    assert {one.what for one in stage.differences(name)} == {"deleted"}
    if by == "repair":
        stage.repair(shelf, name)
        made = made[:3]
    else:
        stage.publish(shelf, made[3])
    assert stage.listed(name) == as_listed(made[-1])
    assert stage.kept(name) == hashes(*made)


def test_what_the_log_knows_nothing_of_is_seen(stage: Stage, shelf: Shelf, name: str) -> None:
    stage.publish(shelf, shelf.publication(name, DESA))
    assert name in stage.portal.names()
    stage.log.standings.clear()
    assert stage.differences(name)
    stage.repair(shelf, name)
    assert stage.listed(name) is None
    assert name not in stage.portal.names()


NAMES = (
    "Ünï Data (1).CSV",
    "データ.csv",
    "<img src=x onerror=alert(1)>.csv",
    'a"b&c.csv',
    "index.html",
    "metadata.json",
    "halaman.html",
    "skrip.php.csv",
    "README",
    "spasi  di   tengah.csv",
    "x" * 196 + ".csv",
    "sama.csv",
    "SAMA.csv",
    "..%2f..%2fetc%2fpasswd".lstrip("."),
    "3-x.csv",
    "x.csv",
    "x!.csv",
    unicodedata.normalize("NFC", "désa.csv"),
    unicodedata.normalize("NFD", "désa.csv"),
    "akhir.csv",
    "akhir.csv ",
)


def test_names_in_any_script_and_names_meant_to_harm_come_out_right(stage: Stage, shelf: Shelf, name: str) -> None:
    words: dict[str, Any] = {
        "title": "<b>Data</b> {{ 7*7 }} “desa” & ‘kelurahan’ 村",
        "summary": "<script>alert(1)</script>\n\n[tautan](javascript:alert(1))",
        "keywords": ["<i>", "desa & kota", "Ünï", "a", "kata/garis"],
        "section": "Bidang <Pemerintahan>",
    }
    publication = shelf.publication(name, {file: file.encode() for file in NAMES}, **words)
    stage.publish(shelf, publication)
    assert stage.listed(name) == as_listed(publication)
    assert stage.differences(name) == []


def test_a_packed_file_comes_back_packed(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, {"desa.csv.gz": gzip.compress(b"kode,nama\n", mtime=0), "desa.json": b"{}"})
    stage.publish(shelf, publication)
    assert hashes(publication) == stage.kept(name) or stage.portal.kind == "ckan"
    assert stage.differences(name) == []


def test_a_file_that_the_store_does_not_have_is_the_stores_problem_and_nothing_becomes_public(
    stage: Stage, shelf: Shelf, name: str
) -> None:
    publication = shelf.publication(name, DESA)
    lost = replace(publication, files=(*publication.files, publication.files[0].model_copy(update={"name": "b.csv", "sha256": "1" * 64})))
    with pytest.raises(FileProblem, match="missing"):
        stage.publish(shelf, lost)
    assert stage.listed(name) is None


def test_twenty_datasets_at_once(stage: Stage, shelf: Shelf, name: str) -> None:
    publications = [shelf.publication(f"{name}-{n}", {"desa.csv": str(n).encode()}, opd=f"opd-{n % 3}") for n in range(20)]
    with ThreadPoolExecutor(20) as pool:
        for published in pool.map(lambda publication: stage.publish(shelf, publication), publications):
            assert published.files
    for publication in publications:
        assert stage.listed(publication.dataset.dataset_id) == as_listed(publication)


def test_every_difference_has_words_of_one_line() -> None:
    whats: tuple[What, ...] = tuple(WORDS)
    assert all(str(Difference("data", None, what, "kolom", "x" * 500, "")).count("\n") == 0 for what in whats)
