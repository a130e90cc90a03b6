"""What every portal promises, on the folder and on CKAN alike."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from lane.files import FileProblem
from portals.portal import STEPS, Code, PortalProblem, Publication, Shown
from tests.portals.portals import Stage
from tests.portals.samples import PERSONAL_DATA, Shelf, unseen

DESA = {"desa.csv": b"kode,nama\n1,Jaten\n"}


def publish(stage: Stage, shelf: Shelf, publication: Publication) -> Shown:
    stage.portal.publish(publication, shelf.files, step=unseen)
    shown = stage.portal.shown(publication.dataset.dataset_id)
    assert shown is not None
    return shown


def hashes(publication: Publication) -> set[tuple[str, str | None]]:
    return {(file.name, file.sha256) for file in publication.files}


def as_expected(stage: Stage, shown: Shown | None, publication: Publication) -> bool:
    """Does the portal tell of it what it should? What others added to the metadata does not count."""
    assert shown is not None
    return {key: shown.metadata.get(key, "") for key in stage.portal.expects(publication)} == stage.portal.expects(publication)


def listed(shown: Shown | None) -> set[tuple[str, str | None]]:
    assert shown is not None
    return {(file.name, file.sha256) for file in shown.files}


def test_an_approved_dataset_is_shown_to_the_public_with_the_bytes_that_were_approved(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, {"desa.csv": b"a,b\n1,2\n", "kelurahan.csv": b"a,b\n3,4\n", "kosong.csv": b""})
    published = stage.portal.publish(publication, shelf.files, step=unseen)
    assert published.portal == stage.portal.kind
    assert published.manifest == publication.manifest
    assert {(file.name, file.sha256) for file in published.files} == hashes(publication)
    shown = stage.portal.shown(name)
    assert shown is not None
    assert shown.public
    assert (shown.submission_id, shown.sequence) == (publication.submission_id, publication.sequence)
    assert listed(shown) == hashes(publication)
    assert as_expected(stage, shown, publication)
    assert "000.8" not in str(shown.metadata), "retention schedules are never published"


def test_every_step_has_a_name_for_people(stage: Stage, shelf: Shelf, name: str) -> None:
    told: list[str] = []
    publication = shelf.publication(name, DESA)
    stage.portal.publish(publication, shelf.files, step=told.append)
    stage.portal.retract(publication, reason=PERSONAL_DATA, step=told.append)
    assert told[0] == "look"
    assert set(told) <= STEPS.keys()


def test_publishing_again_changes_nothing(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA)
    first = stage.portal.publish(publication, shelf.files, step=unseen)
    before = stage.portal.shown(name)
    assert stage.portal.publish(publication, shelf.files, step=unseen) == first
    assert stage.portal.shown(name) == before


def test_a_dataset_that_nobody_published_is_not_there(stage: Stage, name: str) -> None:
    assert stage.portal.shown(name) is None


def test_a_later_version_takes_the_place_of_the_earlier_one_and_keeps_its_files(stage: Stage, shelf: Shelf, name: str) -> None:
    first = shelf.publication(name, {"desa.csv": b"lama", "hilang.csv": b"hanya di versi pertama"})
    second = shelf.publication(name, {"desa.csv": b"baru", "tambahan.csv": b"hanya di versi kedua"}, title="Daftar desa 2026")
    publish(stage, shelf, first)
    shown = publish(stage, shelf, second)
    assert shown.public
    assert shown.submission_id == second.submission_id
    assert listed(shown) == hashes(second)
    assert as_expected(stage, shown, second)
    assert stage.kept(name) == {sha256 for _, sha256 in hashes(first) | hashes(second)}


def test_a_version_with_the_same_file_keeps_it_in_both(stage: Stage, shelf: Shelf, name: str) -> None:
    first = shelf.publication(name, {"desa.csv": b"sama", "satu.csv": b"satu"})
    second = shelf.publication(name, {"desa-2026.csv": b"sama", "dua.csv": b"dua"})
    publish(stage, shelf, first)
    assert listed(publish(stage, shelf, second)) == hashes(second)
    assert stage.kept(name) == {sha256 for _, sha256 in hashes(first) | hashes(second)}


def test_an_earlier_version_that_arrives_late_does_not_replace_the_later_one(stage: Stage, shelf: Shelf, name: str) -> None:
    first, second = shelf.publication(name, {"desa.csv": b"lama"}), shelf.publication(name, {"desa.csv": b"baru"})
    publish(stage, shelf, second)
    published = stage.portal.publish(first, shelf.files, step=unseen)
    assert {(file.name, file.sha256) for file in published.files} == hashes(first)
    shown = stage.portal.shown(name)
    assert shown is not None
    assert shown.submission_id == second.submission_id
    assert as_expected(stage, shown, second)
    assert listed(shown) == hashes(second)
    assert stage.kept(name) == {sha256 for _, sha256 in hashes(first) | hashes(second)}


def test_a_name_that_another_opd_uses_is_refused_and_that_opds_data_stays(stage: Stage, shelf: Shelf, name: str) -> None:
    theirs = shelf.publication(name, DESA)
    before = publish(stage, shelf, theirs)
    ours = shelf.publication(name, {"lain.csv": b"lain"}, opd="dinkes")
    with pytest.raises(PortalProblem) as refused:
        stage.portal.publish(ours, shelf.files, step=unseen)
    assert refused.value.code is Code.NAME_TAKEN
    assert name in refused.value.message
    with pytest.raises(PortalProblem) as refused:
        stage.portal.retract(ours, reason=PERSONAL_DATA, step=unseen)
    assert refused.value.code is Code.NAME_TAKEN
    assert stage.portal.shown(name) == before


def test_a_retracted_dataset_is_no_longer_public_and_its_files_are_gone(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA)
    publish(stage, shelf, publication)
    for _ in range(2):
        stage.portal.retract(publication, reason=PERSONAL_DATA, step=unseen)
        shown = stage.portal.shown(name)
        assert shown is not None
        assert not shown.public
        assert not shown.files
        assert not stage.kept(name)


def test_what_was_retracted_cannot_come_back_by_publishing_it_again(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA)
    publish(stage, shelf, publication)
    stage.portal.retract(publication, reason=PERSONAL_DATA, step=unseen)
    with pytest.raises(PortalProblem) as refused:
        stage.portal.publish(publication, shelf.files, step=unseen)
    assert refused.value.code is Code.RETRACTED
    assert not stage.kept(name)


def test_after_a_retraction_a_new_version_is_shown_without_the_retracted_files(stage: Stage, shelf: Shelf, name: str) -> None:
    first, wrong = shelf.publication(name, {"desa.csv": b"lama"}), shelf.publication(name, {"desa.csv": b"ada NIK"})
    right = shelf.publication(name, {"desa.csv": b"tanpa NIK"})
    publish(stage, shelf, first)
    publish(stage, shelf, wrong)
    stage.portal.retract(wrong, reason=PERSONAL_DATA, step=unseen)
    shown = publish(stage, shelf, right)
    assert shown.public
    assert listed(shown) == hashes(right)
    assert stage.kept(name) == {sha256 for _, sha256 in hashes(first) | hashes(right)}


def test_retracting_an_earlier_version_leaves_the_later_one_public(stage: Stage, shelf: Shelf, name: str) -> None:
    first, second = shelf.publication(name, {"desa.csv": b"ada NIK"}), shelf.publication(name, {"desa.csv": b"baru"})
    publish(stage, shelf, first)
    publish(stage, shelf, second)
    stage.portal.retract(first, reason=PERSONAL_DATA, step=unseen)
    shown = stage.portal.shown(name)
    assert shown is not None
    assert shown.public
    assert listed(shown) == hashes(second)
    assert stage.kept(name) == {sha256 for _, sha256 in hashes(second)}


def test_what_was_changed_by_hand_is_seen_and_publishing_again_mends_it(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA)
    whole = publish(stage, shelf, publication)
    stage.spoil_file(name)
    assert listed(stage.portal.shown(name)) != hashes(publication)
    stage.spoil_title(name)
    changed = stage.portal.shown(name)
    assert not as_expected(stage, changed, publication)
    mended = publish(stage, shelf, publication)
    assert (listed(mended), mended.metadata, mended.public) == (listed(whole), whole.metadata, True)


def test_what_was_deleted_by_hand_comes_back(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA)
    publish(stage, shelf, publication)
    stage.remove(name)
    gone = stage.portal.shown(name)
    assert gone is None or not gone.public
    back = publish(stage, shelf, publication)
    assert back.public
    assert listed(back) == hashes(publication)


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
)


def test_names_in_any_script_and_names_meant_to_harm_come_out_right(stage: Stage, shelf: Shelf, name: str) -> None:
    words: dict[str, Any] = {
        "title": "<b>Data</b> {{ 7*7 }} “desa” & ‘kelurahan’ 村",
        "summary": "<script>alert(1)</script>\n\n[tautan](javascript:alert(1))",
        "keywords": ["<i>", "desa & kota", "Ünï", "a", "kata/garis"],
        "section": "Bidang <Pemerintahan>",
    }
    publication = shelf.publication(name, {file: file.encode() for file in NAMES}, **words)
    shown = publish(stage, shelf, publication)
    assert shown.public
    assert listed(shown) == hashes(publication)
    assert as_expected(stage, shown, publication)


def test_a_packed_file_comes_back_packed(stage: Stage, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, {"desa.csv.gz": gzip.compress(b"kode,nama\n", mtime=0), "desa.json": b"{}"})
    assert listed(publish(stage, shelf, publication)) == hashes(publication)


def test_a_file_that_the_store_does_not_have_is_the_stores_problem_and_nothing_becomes_public(
    stage: Stage, shelf: Shelf, name: str
) -> None:
    publication = shelf.publication(name, DESA)
    lost = replace(publication, files=(*publication.files, publication.files[0].model_copy(update={"name": "b.csv", "sha256": "1" * 64})))
    with pytest.raises(FileProblem, match="missing"):
        stage.portal.publish(lost, shelf.files, step=unseen)
    shown = stage.portal.shown(name)
    assert shown is None or not shown.public


def test_twenty_datasets_at_once(stage: Stage, shelf: Shelf, name: str) -> None:
    publications = [shelf.publication(f"{name}-{n}", {"desa.csv": str(n).encode()}, opd=f"opd-{n % 3}") for n in range(20)]
    with ThreadPoolExecutor(20) as pool:
        for published in pool.map(lambda publication: stage.portal.publish(publication, shelf.files, step=unseen), publications):
            assert published.files
    for publication in publications:
        assert listed(stage.portal.shown(publication.dataset.dataset_id)) == hashes(publication)
