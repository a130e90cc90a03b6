"""A dataset as CKAN tells it: the updates that make it as desired, and what of it is otherwise. CKAN's package dict in; pure.

Extras and groups that others added stay as they are; resources that no submission brought do not, but for those of an adopted dataset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from portals.ckan.mapping import NAMES, Package, Resource, extras_of, fields_of, resource_id, resources_of, tags_of, wanted_resources
from portals.desired import Desired, Publication
from portals.portal import Difference, What

ADOPTED: Final = "jejak_adopted"
"""The extra of a dataset that was there before Jejak; what it held then is kept."""
LEFT_BY_EARLIER_RELEASES: Final = {"retracted": ""}


def is_ours(package: Package) -> bool:
    """Did Jejak make this dataset? Its marks are on the dataset and on every resource; either is enough."""
    return any("submission_id" in marked for marked in (kept_extras(package), *package["resources"]))


def is_public(package: Package) -> bool:
    """Can everybody see it?"""
    return package["state"] == "active" and not package["private"]


def kept_extras(package: Package) -> dict[str, str]:
    """All extras of a package as CKAN tells them."""
    return {extra["key"]: extra["value"] for extra in package.get("extras", ())}


def organization_of(package: Package) -> str:
    return (package.get("organization") or {}).get("name") or ""


def by_id(package: Package) -> dict[str, Resource]:
    """Its resources, whatever their status."""
    return {resource["id"]: resource for resource in package["resources"]}


def new_package(publication: Publication) -> Package:
    """What package_create needs for a private dataset without files."""
    tags = [{"name": tag} for tag in tags_of(publication.dataset)]
    return fields_of(publication) | {
        "owner_org": publication.opd,
        "private": True,
        "tags": tags,
        "extras": _as_list(extras_of(publication)),
    }


def adopting(package: Package) -> Package:
    """The update that marks a dataset from before Jejak as taken over, with all that it holds; {} when that was done."""
    if is_ours(package) or ADOPTED in kept_extras(package):
        return {}
    kept = [
        resource | {"version_status": "adopted", "name": NAMES["adopted"].format(name=resource.get("name") or resource["id"])}
        for resource in package["resources"]
    ]
    return _changes(package, fields={}, extras={ADOPTED: "1"}, resources=kept)


def stays_as_public_as_it_was(package: Package, desired: Desired) -> bool:
    """A dataset from before Jejak of which Jejak showed nothing: a first submission that was handed back is no reason to close it."""
    nothing_came_of_it = desired.listed is None and not desired.earlier and not desired.withdrawn
    return desired.adopted is not None and nothing_came_of_it and "submission_id" not in kept_extras(package)


def to_take_down(package: Package, desired: Desired) -> list[Resource]:
    """Resources that must not be there: of no edition that is wanted, and not from before Jejak."""
    stays = {resource["id"] for resource in (*wanted_resources(desired), *_adopted(package, desired))}
    return [one for one in package["resources"] if one["id"] not in stays]


def taking_down(package: Package, desired: Desired) -> Package:
    """The update for what must come down before anything else is done; {} when nothing must."""
    gone = to_take_down(package, desired)
    fields = {} if desired.listed or package["private"] or stays_as_public_as_it_was(package, desired) else {"private": True}
    return _changes(package, fields=fields, extras={}, resources=[one for one in package["resources"] if one not in gone])


def showing(package: Package, desired: Desired) -> Package:
    """The update that makes the package as desired, once all files are there."""
    there = by_id(package)
    resources = [there[one["id"]] | one for one in wanted_resources(desired) if one["id"] in there]
    resources += _adopted(package, desired)
    listed = desired.listed
    if listed is None:
        hidden: Package = {} if stays_as_public_as_it_was(package, desired) else {"private": True}
        return _changes(package, fields=hidden, extras={}, resources=resources)
    fields = fields_of(listed) | {"private": False, "state": "active"}
    update = _changes(package, fields=fields, extras=extras_of(listed) | LEFT_BY_EARLIER_RELEASES, resources=resources)
    if tags_of(listed.dataset) != _free_tags(package):
        update["tags"] = [{"name": tag} for tag in tags_of(listed.dataset)]
    if organization_of(package) != listed.opd:
        update["owner_org"] = listed.opd
    return update


def differences_of(package: Package | None, desired: Desired, sha256: Mapping[str, str | None]) -> Iterator[Difference]:
    """What is otherwise. `sha256`: of what each resource hands out, by resource id; None for what cannot be downloaded."""
    if package is None or package["state"] != "active":
        for one in desired.shown:
            yield Difference(desired.dataset_id, one.submission_id, "deleted")
    else:
        yield from _of_the_whole(package, desired)
        for one in desired.shown:
            yield from _of_edition(package, desired, one, sha256)
        yield from _of_order(package, desired)
    yield from _too_much(package, desired, sha256) if package else ()


def _too_much(package: Package, desired: Desired, sha256: Mapping[str, str | None]) -> Iterator[Difference]:
    withdrawn = {str(stone.publication.submission_id): stone.publication.submission_id for stone in desired.withdrawn}
    # The directory may have lost that it was taken over: its files cannot be had again, so a person looks at them.
    in_doubt = _adopted(package, desired) if desired.adopted is None else []
    for resource in (*to_take_down(package, desired), *in_doubt):
        of = str(resource.get("submission_id", ""))  # somebody may have made anything of it that JSON has
        what: What = "not_withdrawn" if of in withdrawn else "file_added"
        yield Difference(desired.dataset_id, withdrawn.get(of), what, field=_name(resource), found=sha256.get(resource["id"]) or "")


def _of_the_whole(package: Package, desired: Desired) -> Iterator[Difference]:
    listed, extras = desired.listed, kept_extras(package)
    if listed is None:
        if is_public(package) and not stays_as_public_as_it_was(package, desired):
            stone = desired.tombstone.publication.submission_id if desired.tombstone else None
            yield Difference(desired.dataset_id, stone, "not_withdrawn" if stone else "unknown")
        return
    if not is_public(package):
        yield Difference(desired.dataset_id, listed.submission_id, "not_public")
    if extras.get("submission_id") != str(listed.submission_id):
        expected, found = str(listed.submission_id), extras.get("submission_id", "")
        yield Difference(desired.dataset_id, listed.submission_id, "other_version", expected=expected, found=found)
        return
    wanted = {key: str(value) for key, value in fields_of(listed).items()}
    wanted |= {"tags": ", ".join(tags_of(listed.dataset)), "opd": listed.opd}
    found_fields = {key: str(package.get(key) or "") for key in fields_of(listed)}
    found_fields |= {"tags": ", ".join(_free_tags(package)), "opd": organization_of(package)}
    for key, value in extras_of(listed).items():
        wanted[f"extras.{key}"], found_fields[f"extras.{key}"] = value, extras.get(key, "")
    yield from _otherwise(desired.dataset_id, listed.submission_id, wanted, found_fields)


def _of_edition(package: Package, desired: Desired, publication: Publication, sha256: Mapping[str, str | None]) -> Iterator[Difference]:
    there = by_id(package)
    wanted = resources_of(publication, "current" if publication is desired.listed else "earlier")
    dataset_id, submission_id = desired.dataset_id, publication.submission_id
    if not any(one["id"] in there for one in wanted):
        yield Difference(dataset_id, submission_id, "deleted")
        return
    for one in wanted:
        name, expected, found = one["file_name"], one["sha256"], sha256.get(one["id"])
        if one["id"] not in there or found is None:
            yield Difference(dataset_id, submission_id, "file_missing", field=name, expected=expected)
            continue
        if found != expected:
            yield Difference(dataset_id, submission_id, "file_differs", field=name, expected=expected, found=found)
        fields = ({f"{name}.{key}": str(told.get(key) or "") for key in one} for told in (one, there[one["id"]]))
        yield from _otherwise(dataset_id, submission_id, *fields)


def _of_order(package: Package, desired: Desired) -> Iterator[Difference]:
    """The listed edition's files come first."""
    there = by_id(package)
    wanted = [one["id"] for one in wanted_resources(desired) if one["id"] in there]
    found = [name for name in there if name in wanted]
    if desired.listed and found != wanted:
        expected, now = (", ".join(_name(there[name]) for name in order) for order in (wanted, found))
        yield Difference(desired.dataset_id, desired.listed.submission_id, "metadata", field="resources", expected=expected, found=now)


def _otherwise(dataset_id: str, submission_id: UUID, wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Difference]:
    for key, expected in wanted.items():
        if found[key] != expected:
            yield Difference(dataset_id, submission_id, "metadata", field=key, expected=expected, found=found[key])


def _changes(package: Package, *, fields: Package, extras: Mapping[str, str], resources: Sequence[Resource]) -> Package:
    """An update for package_revise holding only what differs; {} when the package is as wanted. An empty extra goes away."""
    update = {key: value for key, value in fields.items() if package.get(key) != value}
    kept = kept_extras(package)
    if any(kept.get(key, "") != value for key, value in extras.items()):
        update["extras"] = _as_list(kept | dict(extras))
    if list(resources) != package["resources"]:
        update["resources"] = list(resources)
    return update


def _adopted(package: Package, desired: Desired) -> list[Resource]:
    """What a dataset had before Jejak. In one that neither log nor CKAN says was taken over, that mark is a forgery, as it is on what
    Jejak put there: what was withdrawn does not stay by it.
    """
    taken_over = desired.adopted is not None or ADOPTED in kept_extras(package)
    marked = [one for one in package["resources"] if taken_over and one.get("version_status") == "adopted"]
    known = [*desired.shown, *desired.earlier, *(stone.publication for stone in desired.withdrawn)] if marked else []
    ours = {resource_id(one, number) for one in known for number in range(len(one.files))}
    return [one for one in marked if one["id"] not in ours and not one.get("submission_id")]


def _name(resource: Resource) -> str:
    return str(resource.get("file_name") or resource.get("name") or resource["id"])


def _as_list(extras: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in extras.items() if value]


def _free_tags(package: Package) -> list[str]:
    return sorted(tag["name"] for tag in package.get("tags", ()) if not tag.get("vocabulary_id"))
