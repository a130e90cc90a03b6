"""What people do in CKAN itself, before, after and while Jejak publishes there."""

import uuid

import pytest

from portals.portal import Code, Portal, PortalProblem
from tests.portals.portals import CkanReader
from tests.portals.samples import Shelf, unseen

pytestmark = pytest.mark.needs("ckan")

DESA = {"desa.csv": b"kode,nama\n1,Jaten\n"}


def test_what_others_added_stays_except_files_that_nobody_approved(
    ckan_portal: Portal, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    publication = shelf.publication(name, DESA)
    ckan_portal.publish(publication, shelf.files, step=unseen)
    package = reader.act("package_show", id=name)
    reader.act("package_patch", id=name, extras=[*package["extras"], {"key": "harvested", "value": "ya"}])
    reader.act("resource_create", package_id=name, name="tambahan tangan", url="http://example.org/x.csv")
    shown = ckan_portal.shown(name)
    assert shown is not None
    assert [(file.name, file.sha256 is None) for file in shown.files] == [("desa.csv", False), ("tambahan tangan", True)]
    ckan_portal.publish(publication, shelf.files, step=unseen)
    package = reader.act("package_show", id=name)
    assert {"key": "harvested", "value": "ya"} in package["extras"]
    assert [resource["name"] for resource in package["resources"]] == ["desa.csv"]


def test_a_dataset_made_private_or_turned_into_a_link_by_hand_is_put_back(
    ckan_portal: Portal, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    publication = shelf.publication(name, DESA)
    published = ckan_portal.publish(publication, shelf.files, step=unseen)
    reader.act("package_patch", id=name, private=True)
    reader.act("resource_patch", id=published.files[0].id, url="http://example.org/lain.csv", url_type="", clear_upload=True)
    shown = ckan_portal.shown(name)
    assert shown is not None
    assert not shown.public
    assert shown.files[0].sha256 is None
    ckan_portal.publish(publication, shelf.files, step=unseen)
    assert reader.kept(name) == {publication.files[0].sha256}


def test_someone_who_edits_at_the_same_moment_is_not_overwritten_unseen(
    ckan_portal: Portal, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    publication = shelf.publication(name, DESA)
    edits = iter(range(2))

    def edit(step: str) -> None:
        if step == "show" and next(edits, None) is not None:
            reader.act("package_patch", id=name, url=f"http://example.org/{uuid.uuid4().hex}")

    ckan_portal.publish(publication, shelf.files, step=edit)
    assert (reader.public(name) or {})["url"].startswith("http://example.org/")
    always = shelf.publication(name, {"desa.csv": b"baru"})
    with pytest.raises(PortalProblem) as problem:
        ckan_portal.publish(
            always, shelf.files, step=lambda step: reader.act("package_patch", id=name, url=uuid.uuid4().hex) if step == "show" else None
        )
    assert problem.value.code is Code.CHANGED_MEANWHILE
    ckan_portal.publish(always, shelf.files, step=unseen)
    assert reader.kept(name) == {publication.files[0].sha256, always.files[0].sha256}
