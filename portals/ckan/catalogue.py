"""All datasets of one CKAN, page by page: those that Jejak made, and those that were there before it or beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from events.metadata import DATASET_ID
from events.values import OPD
from lane.publishable import PROBE
from portals.ckan.client import Ckan
from portals.ckan.package import is_ours, organization_of
from portals.portal import Stranger

PAGE: Final = 100
OURS: Final = "extras_manifest:[* TO *]"


def names_of_ours(ckan: Ckan) -> Iterator[str]:
    """Raises PortalProblem."""
    for package in _pages(ckan, fq=OURS):
        yield package["name"]


def strangers(ckan: Ckan) -> Iterator[Stranger]:
    """Private ones and drafts too; deleted ones where CKAN keeps them in its index. Raises PortalProblem.

    By default it does not (`ckan.search.remove_deleted_packages`), and no other call lists them.
    """
    found = _pages(ckan, fq=f"-{OURS}", include_deleted=True)
    return (_stranger(package) for package in found if package["name"] != PROBE and not is_ours(package))


def stranger(ckan: Ckan, name: str) -> Iterator[Stranger]:
    """The one of this name or id, deleted or not. Raises PortalProblem."""
    package = ckan.find("package_show", id=name)
    if package is not None and not is_ours(package):
        yield _stranger(package)


def _stranger(package: dict[str, Any]) -> Stranger:
    organization = organization_of(package)
    return Stranger(
        id=package["id"],
        name=package["name"],
        title=package.get("title") or package["name"],
        organization=organization,
        opd=organization if re.fullmatch(OPD, organization) else None,
        dataset_id=name if re.fullmatch(DATASET_ID, name := package["name"].lstrip("-_")) else None,
        files=len(package.get("resources", ())),
        state="private" if package["state"] == "active" and package["private"] else package["state"],
    )


def _pages(ckan: Ckan, **search: object) -> Iterator[dict[str, Any]]:
    """By name, so that a dataset made meanwhile moves no other onto a page that was read."""
    start = 0
    while True:
        found = ckan.call("package_search", include_private=True, include_drafts=True, sort="name asc", rows=PAGE, start=start, **search)
        yield from found["results"]
        start += PAGE
        if start >= found["count"]:
            return
