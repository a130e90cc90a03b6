"""A dataset as CKAN tells it: what it shows, and the update that makes it show what it should. CKAN's package dict in; pure.

Extras and groups that others added stay as they are; resources that no submission brought do not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from portals.ckan.mapping import (
    NAMES,
    Package,
    Resource,
    Status,
    day_of,
    extras_of,
    fields_of,
    resources_of,
    tags_of,
    text_order,
)
from portals.portal import Publication

PLAIN_FIELDS: Final = ("title", "notes", "author", "maintainer", "maintainer_email", "license_id", "version")
RANK: Final[dict[Status, int]] = {"current": 0, "earlier": 1, "incoming": 2}


def is_ours(package: Package) -> bool:
    """Did Jejak make this dataset? Its marks are on the dataset and on every resource; either is enough."""
    return "submission_id" in kept_extras(package) or any("submission_id" in resource for resource in package["resources"])


def is_public(package: Package) -> bool:
    """Can everybody see it?"""
    return package["state"] == "active" and not package["private"]


def kept_extras(package: Package) -> dict[str, str]:
    """All extras of a package as CKAN tells them."""
    return {extra["key"]: extra["value"] for extra in package.get("extras", ())}


def retracted_in(package: Package) -> list[str]:
    """Ids of the submissions that were taken down from this dataset."""
    try:
        listed = json.loads(kept_extras(package).get("retracted", "[]"))
    except ValueError:
        return []
    return [str(one) for one in listed] if isinstance(listed, list) else []


def order_of(package: Package) -> tuple[str, str]:
    """`Publication.order` of the version that the package lists, as text that sorts alike."""
    extras = kept_extras(package)
    return extras.get("approved_at", ""), extras.get("submission_id", "")


def listed_resources(package: Package) -> list[Resource]:
    """What the dataset lists as its present version, files that others added included."""
    return [resource for resource in package["resources"] if resource.get("version_status") not in ("incoming", "earlier")]


def earlier_versions(package: Package) -> tuple[UUID, ...]:
    """The submissions whose files are kept as earlier versions."""
    kept = {resource.get("submission_id") for resource in package["resources"] if resource.get("version_status") == "earlier"}
    return tuple(sorted(found for text in kept if (found := as_uuid(text))))


def metadata_shown(package: Package) -> dict[str, str]:
    """What CKAN tells of the dataset, field by field as text, in the keys of `metadata_expected`."""
    shown = {field: str(package.get(field) or "") for field in PLAIN_FIELDS}
    shown |= {f"extras.{key}": value for key, value in kept_extras(package).items()}
    shown["tags"] = ", ".join(_free_tags(package))
    shown["opd"] = (package.get("organization") or {}).get("name", "")
    for number, resource in enumerate(listed_resources(package)):
        shown |= {f"files.{number}.{field}": resource.get(field, "") for field in ("name", "format", "schema")}
    return shown


def new_package(publication: Publication) -> Package:
    """What package_create needs for a private dataset without files."""
    return {
        **fields_of(publication),
        "name": publication.dataset.dataset_id,
        "owner_org": publication.opd,
        "private": True,
        "tags": [{"name": tag} for tag in tags_of(publication.dataset)],
        "extras": _as_list(extras_of(publication)),
    }


def published_changes(package: Package, publication: Publication) -> Package:
    """The update that lists this publication to the public, or as an earlier version when the package lists a later one."""
    resources = arranged(package, publication)
    if text_order(publication) < order_of(package):
        return changes(package, fields={}, tags=_free_tags(package), extras={}, resources=resources)
    fields = fields_of(publication) | {"private": False, "state": "active"}
    return changes(package, fields=fields, tags=tags_of(publication.dataset), extras=extras_of(publication), resources=resources)


def retracted_changes(package: Package, publication: Publication) -> Package:
    """The update that takes a publication's files out, and makes the dataset private when it lists that publication."""
    submission_id = str(publication.submission_id)
    retracted = sorted({*retracted_in(package), submission_id})
    left = [resource for resource in package["resources"] if resource.get("submission_id") != submission_id]
    fields = {"private": True} if kept_extras(package).get("submission_id", submission_id) == submission_id else {}
    extras = {"retracted": json.dumps(retracted)}
    return changes(package, fields=fields, tags=_free_tags(package), extras=extras, resources=left)


def arranged(package: Package, publication: Publication) -> list[Resource]:
    """All resources in the order the public shall see: the present version first, then the ones before it, newest first.

    The publication's own must be in the package. What is neither ours nor of a version of ours is left out.
    """
    newest = text_order(publication) >= order_of(package)
    listed = str(publication.submission_id) if newest else kept_extras(package)["submission_id"]
    there = {resource["id"]: resource for resource in package["resources"] if resource.get("submission_id")}
    own = resources_of(publication, "current" if newest else "earlier")
    named = [there[resource["id"]] | resource for resource in own]
    own_ids = {resource["id"] for resource in own}
    others = [resource for resource in there.values() if resource["id"] not in own_ids]
    everything = named + [_as_other(resource, listed=listed) for resource in others if not _is_stray(resource, publication)]
    by_age = sorted(everything, key=lambda resource: str(resource.get("approved_at")), reverse=True)
    return sorted(by_age, key=lambda resource: RANK[resource["version_status"]])


def changes(package: Package, *, fields: Package, tags: Sequence[str], extras: Mapping[str, str], resources: Sequence[Resource]) -> Package:
    """An update for package_revise holding only what differs; {} when the package is as wanted. An empty extra goes away."""
    update = {key: value for key, value in fields.items() if package.get(key) != value}
    if list(tags) != _free_tags(package):
        update["tags"] = [{"name": tag} for tag in tags]
    kept = kept_extras(package)
    if any(kept.get(key, "") != value for key, value in extras.items()):
        update["extras"] = _as_list(kept | dict(extras))
    if list(resources) != package["resources"]:
        update["resources"] = list(resources)
    return update


def as_uuid(text: object) -> UUID | None:
    """The UUID in a field that people can edit."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _as_other(resource: Resource, *, listed: str) -> Resource:
    """A resource of another version, with the status and name that it should have now."""
    if resource.get("version_status") == "incoming":
        return resource
    status: Status = "current" if resource["submission_id"] == listed else "earlier"
    day = day_of(datetime.fromisoformat(resource["approved_at"]))
    return resource | {"version_status": status, "name": NAMES[status].format(name=resource["file_name"], day=day)}


def _is_stray(resource: Resource, publication: Publication) -> bool:
    """Of this very submission, yet not one of its files: made by hand from one of ours."""
    return bool(resource["submission_id"] == str(publication.submission_id))


def _as_list(extras: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in extras.items() if value]


def _free_tags(package: Package) -> list[str]:
    return sorted(tag["name"] for tag in package.get("tags", ()) if not tag.get("vocabulary_id"))
