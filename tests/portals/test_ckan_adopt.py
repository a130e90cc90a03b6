"""A CKAN that was in use for years is taken over: what it had is listed, chosen, and kept beside what Jejak publishes."""

import uuid
from dataclasses import dataclass

import pytest

from portals.desired import Desired
from portals.portal import Code, PortalProblem
from tests.ckan.server import CkanServer
from tests.portals.portals import CkanReader, Stage
from tests.portals.samples import Shelf, unseen

pytestmark = pytest.mark.needs("ckan")

BY_HAND = 450
"""Of which every third is deleted again, which leaves 300 to be listed."""


@dataclass(frozen=True)
class Old:
    """A dataset that somebody made by hand, with a file."""

    reader: CkanReader
    name: str

    def make(self, **fields: object) -> str:
        made = self.reader.act("package_create", name=self.name, title="Buatan tangan", **fields)
        self.reader.act("resource_create", package_id=made["id"], name="lama.csv", url="http://example.org/lama.csv")
        return str(made["id"])


@pytest.fixture
def organization(reader: CkanReader) -> str:
    name = f"opd-{uuid.uuid4().hex[:8]}"
    reader.act("organization_create", name=name, title="Dinas Lama")
    return name


def test_three_hundred_datasets_made_by_hand_are_all_listed_private_ones_too_and_deleted_ones_are_found_by_name(
    on_ckan: Stage, reader: CkanReader, organization: str, shelf: Shelf, name: str
) -> None:
    for number in range(BY_HAND):
        made = reader.act("package_create", name=f"{name}-{number}", owner_org=organization, private=number % 3 == 1)
        if number % 3 == 2:
            reader.act("package_delete", id=made["id"])
    ours = shelf.publication(f"{name}-ours", {"desa.csv": b"1"})
    on_ckan.publish(shelf, ours)
    found = [one for one in on_ckan.portal.strangers() if one.organization == organization]
    assert sorted(one.name for one in found) == sorted(f"{name}-{number}" for number in range(BY_HAND) if number % 3 != 2)
    assert {one.state for one in found} == {"active", "private"}
    assert [one.state for one in on_ckan.portal.strangers(f"{name}-2")] == ["deleted"]
    assert list(on_ckan.portal.strangers(f"{name}-ours")) == []
    assert {(one.opd, one.dataset_id == one.name) for one in found} == {(organization, True)}
    assert f"{name}-ours" not in {one.name for one in on_ckan.portal.strangers()}


@pytest.mark.parametrize("state", ["public", "private", "deleted"])
def test_the_first_submission_takes_the_old_dataset_over_and_keeps_what_it_had(
    state: str, on_ckan: Stage, reader: CkanReader, organization: str, shelf: Shelf, name: str
) -> None:
    old = Old(reader, name).make(owner_org=organization, private=state == "private")
    if state == "deleted":
        reader.act("package_delete", id=old)
    first = shelf.publication(name, {"desa.csv": b"1"}, opd=organization, title="Terbitan Jejak")
    with pytest.raises(PortalProblem) as problem:
        on_ckan.portal.apply(Desired(name, first), shelf.files, about=first.submission_id, step=unseen)
    assert problem.value.code is Code.NAME_TAKEN
    for _ in range(2):
        published = on_ckan.portal.apply(Desired(name, first, adopted=old), shelf.files, about=first.submission_id, step=unseen)
        assert published is not None
        assert published.dataset == old
    package = reader.public(name)
    assert package is not None
    assert (package["id"], package["title"]) == (old, "Terbitan Jejak")
    assert [one["name"] for one in package["resources"]] == ["desa.csv", "lama.csv (sebelum Jejak)"]
    assert on_ckan.portal.differences(Desired(name, first, adopted=old)) == []


def test_a_takeover_that_was_cut_short_loses_nothing(
    on_ckan: Stage, reader: CkanReader, organization: str, shelf: Shelf, name: str, ckan: CkanServer
) -> None:
    old = Old(reader, name).make(owner_org=organization)
    first = shelf.publication(name, {"desa.csv": b"1"}, opd=organization)

    def die(step: str) -> None:
        if step == "show":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        on_ckan.portal.apply(Desired(name, first, adopted=old), shelf.files, about=first.submission_id, step=die)
    on_ckan.portal.apply(Desired(name, first, adopted=old), shelf.files, about=first.submission_id, step=unseen)
    names = [one["name"] for one in (reader.public(name) or {})["resources"]]
    assert names == ["desa.csv", "lama.csv (sebelum Jejak)"]


@pytest.mark.parametrize("shown", [True, False])
def test_a_first_submission_that_was_handed_back_leaves_the_old_dataset_as_public_as_it_was_unless_it_had_been_shown(
    on_ckan: Stage, reader: CkanReader, organization: str, shelf: Shelf, name: str, *, shown: bool
) -> None:
    old = Old(reader, name).make(owner_org=organization)
    first = shelf.publication(name, {"desa.csv": b"1"}, opd=organization)

    def die(step: str) -> None:
        if step == ("public_look" if shown else "show"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        on_ckan.portal.apply(Desired(name, first, adopted=old), shelf.files, about=first.submission_id, step=die)
    on_ckan.portal.apply(Desired(name, adopted=old), shelf.files, about=first.submission_id, step=unseen)
    assert (reader.public(old) is None) == shown
    assert [one["name"] for one in reader.act("package_show", id=old)["resources"]] == ["lama.csv (sebelum Jejak)"]
    assert on_ckan.portal.differences(Desired(name, adopted=old)) == []


def test_under_another_name_and_of_another_organization_it_is_renamed_and_moved(
    on_ckan: Stage, reader: CkanReader, organization: str, shelf: Shelf, name: str
) -> None:
    old = Old(reader, f"_{name}").make(owner_org=organization)
    first = shelf.publication(name, {"desa.csv": b"1"})
    on_ckan.portal.apply(Desired(name, first, adopted=old), shelf.files, about=first.submission_id, step=unseen)
    package = reader.public(name)
    assert package is not None
    assert (package["id"], package["organization"]["name"]) == (old, "dispermades")


def test_what_is_put_in_after_the_takeover_goes_and_a_retraction_closes_it_with_what_it_had(
    on_ckan: Stage, reader: CkanReader, organization: str, shelf: Shelf, name: str
) -> None:
    old = on_ckan.log.adopted[name] = Old(reader, name).make(owner_org=organization)
    first = shelf.publication(name, {"desa.csv": b"1"}, opd=organization)
    on_ckan.publish(shelf, first)
    reader.add_file(name, "palsu.csv", b"palsu")
    assert [(one.what, one.field) for one in on_ckan.differences(name)] == [("file_added", "palsu.csv")]
    on_ckan.repair(shelf, name)
    assert on_ckan.differences(name) == []
    on_ckan.retract(shelf, first)
    assert reader.public(old) is None
    assert [one["name"] for one in reader.act("package_show", id=old)["resources"]] == ["lama.csv (sebelum Jejak)"]
    assert on_ckan.differences(name) == []
    on_ckan.publish(shelf, shelf.publication(name, {"desa.csv": b"2"}, opd=organization))
    assert [one["name"] for one in (reader.public(name) or {})["resources"]] == ["desa.csv", "lama.csv (sebelum Jejak)"]
