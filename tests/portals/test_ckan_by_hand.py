"""What people do in CKAN itself, before, after and while Jejak publishes there."""

import uuid

import pytest

from portals.portal import Code, PortalProblem
from tests.portals.portals import CkanReader, Stage
from tests.portals.samples import Shelf

pytestmark = pytest.mark.needs("ckan")

DESA = {"desa.csv": b"kode,nama\n1,Jaten\n"}


def test_what_others_added_stays_except_files_that_nobody_approved(on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA)
    on_ckan.publish(shelf, publication)
    package = reader.act("package_show", id=name)
    reader.act("package_patch", id=name, extras=[*package["extras"], {"key": "harvested", "value": "ya"}])
    reader.act("resource_create", package_id=name, name="tambahan tangan", url="http://example.org/x.csv")
    assert [(one.what, one.field) for one in on_ckan.differences(name)] == [("file_added", "tambahan tangan")]
    on_ckan.repair(shelf, name)
    package = reader.act("package_show", id=name)
    assert {"key": "harvested", "value": "ya"} in package["extras"]
    assert [resource["name"] for resource in package["resources"]] == ["desa.csv"]


def test_a_dataset_made_private_or_turned_into_a_link_by_hand_is_put_back(
    on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    publication = shelf.publication(name, DESA)
    published = on_ckan.publish(shelf, publication)
    reader.act("package_patch", id=name, private=True)
    reader.act("resource_patch", id=published.files[0].id, url="http://example.org/lain.csv", url_type="", clear_upload=True)
    assert {"not_public", "file_missing"} <= {one.what for one in on_ckan.differences(name)}
    on_ckan.repair(shelf, name)
    assert on_ckan.differences(name) == []
    assert reader.kept(name) == {publication.files[0].sha256}


def test_someone_who_edits_at_the_same_moment_is_not_overwritten_unseen(
    on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    publication = shelf.publication(name, DESA)
    edits = iter(range(2))

    def edit(step: str) -> None:
        if step == "show" and next(edits, None) is not None:
            reader.act("package_patch", id=name, url=f"http://example.org/{uuid.uuid4().hex}")

    on_ckan.publish(shelf, publication, step=edit)
    assert (reader.public(name) or {})["url"].startswith("http://example.org/")
    always = shelf.publication(name, {"desa.csv": b"baru"})
    with pytest.raises(PortalProblem) as problem:
        on_ckan.publish(
            shelf, always, step=lambda step: reader.act("package_patch", id=name, url=uuid.uuid4().hex) if step == "show" else None
        )
    assert problem.value.code is Code.CHANGED_MEANWHILE
    on_ckan.publish(shelf, always)
    assert reader.kept(name) == {publication.files[0].sha256, always.files[0].sha256}
