"""What people do in CKAN itself, before, after and while Jejak publishes there."""

import uuid
from collections.abc import Callable

import pytest

from portals.ckan.package import ADOPTED
from portals.portal import Code, PortalProblem
from tests.portals.portals import CkanReader, Stage
from tests.portals.samples import Shelf

pytestmark = pytest.mark.needs("ckan")

DESA = {"desa.csv": b"kode,nama\n1,Jaten\n"}


def _moved(reader: CkanReader, name: str, **changes: object) -> None:
    opd = reader.act("organization_create", name=f"opd-{uuid.uuid4().hex[:8]}")["name"]
    reader.act("package_patch", id=name, owner_org=opd, **changes)


def _forged(reader: CkanReader, name: str) -> None:
    """In another organization, as of another submission."""
    extras = [one for one in reader.act("package_show", id=name)["extras"] if one["key"] != "submission_id"]
    _moved(reader, name, extras=[*extras, {"key": "submission_id", "value": str(uuid.uuid4())}])


def _described(reader: CkanReader, name: str) -> None:
    """The hash and the name that the public compares its download with."""
    resource = reader.act("package_show", id=name)["resources"][0]
    reader.act("resource_patch", id=resource["id"], sha256="0" * 64, file_name="palsu.csv")


def _reordered(reader: CkanReader, name: str) -> None:
    resources = reader.act("package_show", id=name)["resources"]
    reader.act("package_resource_reorder", id=name, order=[one["id"] for one in reversed(resources)])


def _marked_as_taken_over(reader: CkanReader, name: str) -> None:
    """The dataset, and a file in it: only the directory says whether that is so."""
    extras = reader.act("package_show", id=name)["extras"]
    reader.act("package_patch", id=name, extras=[*extras, {"key": ADOPTED, "value": "1"}])
    reader.add_file(name, "palsu.csv", b"palsu", version_status="adopted")


def _without_a_file(reader: CkanReader, name: str) -> None:
    reader.act("resource_delete", id=reader.act("package_show", id=name)["resources"][0]["id"])


HANDS: dict[str, Callable[[CkanReader, str], object]] = {
    "renamed": lambda reader, name: reader.act("package_patch", id=name, name=f"{name}-lain"),
    "deleted": lambda reader, name: reader.act("package_delete", id=name),
    "purged": lambda reader, name: reader.act("dataset_purge", id=name),
    "made a draft": lambda reader, name: reader.act("package_patch", id=name, state="draft"),
    "all marks of Jejak taken off": lambda reader, name: reader.act("package_patch", id=name, extras=[], resources=[]),
    "moved to another organization": _moved,
    "moved and forged": _forged,
    "a file's description forged": _described,
    "the order of the files turned round": _reordered,
    "a file taken out": _without_a_file,
    "a file put in that says it was there before Jejak": lambda reader, name: reader.add_file(
        name, "palsu.csv", b"palsu", version_status="adopted"
    ),
    "a title that writes on the terminal": lambda reader, name: reader.act("package_patch", id=name, title="a\x1b[31m\nb"),
}


@pytest.mark.parametrize("hand", HANDS)
def test_whatever_was_done_to_a_dataset_is_told_and_put_back_at_its_old_address(
    hand: str, on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    first, second = (shelf.publication(name, {"desa.csv": word}, title=word.decode()) for word in (b"satu", b"dua"))
    on_ckan.publish(shelf, first)
    published = on_ckan.publish(shelf, second)
    HANDS[hand](reader, name)
    found = on_ckan.differences(name)
    assert found
    assert all(str(one).isprintable() for one in found)
    on_ckan.repair(shelf, name)
    assert on_ckan.differences(name) == []
    assert (reader.public(name) or {})["id"] == published.dataset, "the address that is on the log leads there"
    assert reader.kept(name) == {first.files[0].sha256, second.files[0].sha256}


def test_a_file_marked_as_from_before_in_a_dataset_so_marked_is_told_and_left_to_a_person(
    on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    """The directory may have lost that it was taken over, and such files cannot be had again."""
    on_ckan.publish(shelf, shelf.publication(name, DESA))
    _marked_as_taken_over(reader, name)
    assert [(one.what, one.field) for one in on_ckan.differences(name)] == [("file_added", "palsu.csv")]
    on_ckan.repair(shelf, name)
    assert [(one.what, one.field) for one in on_ckan.differences(name)] == [("file_added", "palsu.csv")]


@pytest.mark.parametrize("hand", HANDS)
def test_whatever_was_done_to_it_before_a_retraction_takes_it_down(
    hand: str, on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    publication = shelf.publication(name, DESA)
    published = on_ckan.publish(shelf, publication)
    HANDS[hand](reader, name)
    on_ckan.retract(shelf, publication)
    assert reader.public(published.dataset) is None
    assert (reader.act("package_show", id=published.dataset) or {"resources": []})["resources"] == []
    assert on_ckan.differences(name) == []


def test_a_deactivated_organization_is_told_until_somebody_brings_it_back(
    on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    opd = f"opd-{uuid.uuid4().hex[:8]}"
    on_ckan.publish(shelf, shelf.publication(name, DESA, opd=opd))
    reader.act("organization_patch", id=opd, state="deleted")
    [told] = on_ckan.differences(name)
    assert (told.what, told.field, "memulihkannya" in told.found) == ("not_public", "opd", True)
    reader.act("organization_patch", id=opd, state="active")
    assert on_ckan.differences(name) == []


def test_an_organization_that_was_purged_meanwhile_is_made_again(on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str) -> None:
    opd = f"opd-{uuid.uuid4().hex[:8]}"
    on_ckan.publish(shelf, shelf.publication(name, DESA, opd=opd))
    reader.act("dataset_purge", id=name)
    reader.act("organization_purge", id=opd)
    on_ckan.repair(shelf, name)
    assert on_ckan.differences(name) == []
    assert (reader.public(name) or {})["organization"]["name"] == opd


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
