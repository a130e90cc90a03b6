"""What a portal will not take is known beforehand; that CKAN takes and refuses the same is tried on a real one."""

import uuid
from collections.abc import Mapping
from dataclasses import replace

import pytest

from events.metadata import File
from lane.settings import read_settings
from portals.desired import Desired
from portals.portal import Code, PortalProblem
from portals.refusals import before_anybody_looks, told_before
from tests.portals.portals import Stage
from tests.portals.samples import Shelf, dataset, unseen

CKAN, FOLDER = "https://data.example.go.id", "folder:/srv/portal"
CSV = File(name="desa.csv", media_type="text/csv", bytes=9, sha256="a" * 64)

EMAILS = {
    "bidang@example.go.id": True,
    "kepala.bidang+data@sub.example.go.id": True,
    "kepala_bidang@example.go.id": True,
    "bidang@contoh": True,
    "bidang@garis_bawah.go.id": False,
    "(bidang)@example.go.id": False,
    "bidang..data@example.go.id": False,
    ".bidang@example.go.id": False,
    "bidang@example.go.id.": False,
    "bidang@-example.go.id": False,
    "bidäng@example.go.id": False,
}


def codes(address: str, *files: File, opd: str = "dinkes", **changes: object) -> list[tuple[str, str | None]]:
    changes = {"dataset_id": "data"} | changes
    dataset_id = str(changes.pop("dataset_id"))
    reasons = before_anybody_looks(address, opd, dataset(dataset_id, **changes), files or (CSV,), largest_file=9)
    return [(reason.code, reason.field) for reason in reasons]


def responsible(email: str) -> Mapping[str, str]:
    return {"position": "Kepala Bidang", "email": email}


@pytest.mark.parametrize("address", [CKAN, FOLDER])
def test_what_is_in_order_has_no_reasons(address: str) -> None:
    assert codes(address) == []


@pytest.mark.parametrize("address", [CKAN, FOLDER])
@pytest.mark.parametrize("name", ["new", "edit", "search", "jejak-uji-ukuran-berkas"])
def test_reserved_names_are_refused_whatever_the_portal(name: str, address: str) -> None:
    assert codes(address, dataset_id=name) == [("name_reserved", "dataset.dataset_id")]
    assert codes(address, opd=name) == [("name_reserved", "opd")]


@pytest.mark.parametrize(("email", "good"), EMAILS.items())
def test_an_email_that_ckan_refuses_is_known(email: str, *, good: bool) -> None:
    assert codes(CKAN, responsible=responsible(email)) == ([] if good else [("wrong_format", "dataset.responsible.email")])


def test_keywords_endings_and_sizes() -> None:
    assert codes(CKAN, keywords=["desa", "a&b"]) == [("keyword_changed", "dataset.keywords.1")]
    page = CSV.model_copy(update={"name": "halaman.html"})
    assert codes(FOLDER, CSV, page) == [("ending_changed", "files.1.name")]


@pytest.mark.parametrize(("limit", "found"), [("1", [("too_large", "files.1.bytes")]), ("2", []), ("", [])])
def test_a_file_larger_than_the_portal_takes_is_known(limit: str, found: list[tuple[str, str]]) -> None:
    settings = read_settings({"JEJAK_FILES_LIMIT_MB": "100", "JEJAK_PORTAL_LIMIT_MB": limit})
    large = CSV.model_copy(update={"bytes": (1 << 20) + 1})
    told = told_before(settings, "dinkes", dataset("data"), [CSV, large])
    assert [(finding.code, finding.field) for finding in told] == found
    assert settings.largest_published() == (int(limit or 100) << 20)


@pytest.mark.needs("ckan")
def test_ckan_refuses_exactly_these(on_ckan: Stage, shelf: Shelf, name: str) -> None:
    for number, (email, good) in enumerate(EMAILS.items()):
        publication = shelf.publication(f"{name}-{number}", {"desa.csv": b"1"}, responsible=responsible(email))
        if good:
            on_ckan.publish(shelf, publication)
        else:
            assert refusal(on_ckan, shelf, publication.dataset.dataset_id, email) is Code.INVALID
    for reserved in ("new", "edit", "search"):
        assert refusal(on_ckan, shelf, reserved, "bidang@example.go.id") is Code.NAME_TAKEN


def refusal(stage: Stage, shelf: Shelf, dataset_id: str, email: str) -> Code:
    publication = replace(shelf.publication(dataset_id, {"desa.csv": b"1"}, responsible=responsible(email)), submission_id=uuid.uuid4())
    with pytest.raises(PortalProblem) as problem:
        stage.portal.apply(Desired(dataset_id, publication), shelf.files, about=publication.submission_id, step=unseen)
    assert problem.value.permanent
    return problem.value.code
