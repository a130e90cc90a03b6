"""The CKAN portal: desired states in, public datasets with verified files out.

Every call looks first and then does only what is missing, so a crash, a timeout or a lost answer between any two calls is mended
by calling again. All writing to an existing dataset is compare-and-set: package_revise, matching the state that was looked at.

What must come down comes down first. A new dataset is private until its files were downloaded and compared. A later edition's files
are added beside the public one, named as not yet published; one last call makes them the listed edition and the ones before earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from events.contracts import Published, PublishedFile
from lane.files import Files
from portals.ckan.catalogue import names_of_ours, stranger, strangers
from portals.ckan.check import problems_of
from portals.ckan.client import Ckan
from portals.ckan.dataset import find_organization, look, look_as_the_public, revise, sha256_shown, take_down, with_verified_files
from portals.ckan.mapping import Package, resource_id
from portals.ckan.package import adopting, by_id, differences_of, new_package, organization_of, showing, taking_down
from portals.desired import Desired, Publication
from portals.portal import Code, Difference, PortalProblem, Step, Stranger

LOOKS: Final = 3  # how often one call looks again when someone else changed the dataset in between

Done = TypeVar("Done")


class CkanPortal:
    """A `Portal` on CKAN 2.10 or later."""

    kind: Literal["ckan"] = "ckan"

    def __init__(self, address: str, *, token: str | None, timeout: float) -> None:
        """`timeout`: seconds without a byte from CKAN after which a call is given up."""
        self._address, self._token, self._timeout = address.rstrip("/"), token, timeout
        self._organizations: set[str] = set()
        self._status: dict[str, Any] | None = None

    def check(self, *, largest_file: int) -> list[str]:
        """See `Portal.check`."""
        with self._ckan() as ckan:
            return problems_of(ckan, largest_file=largest_file)

    def differences(self, desired: Desired) -> list[Difference]:
        """See `Portal.differences`."""
        with self._ckan() as ckan:
            try:
                package = look(ckan, desired)
            except PortalProblem as problem:
                if problem.code is not Code.NAME_TAKEN:
                    raise
                return [Difference(desired.dataset_id, one.submission_id, "deleted", found=problem.message) for one in desired.shown]
            resources = package["resources"] if package else []
            hashes = {resource["id"]: sha256_shown(ckan, package or {}, resource) for resource in resources}
            return [*differences_of(package, desired, hashes), *self._of_organization(ckan, desired)]

    def _of_organization(self, ckan: Ckan, desired: Desired) -> list[Difference]:
        """A dataset does not say that its organization was deleted: nobody finds it there any more."""
        if desired.listed is None:
            return []
        try:
            find_organization(ckan, desired.listed.opd)
        except PortalProblem as problem:
            if problem.code is not Code.GONE:
                raise
            return [Difference(desired.dataset_id, desired.listed.submission_id, "not_public", field="opd", found=problem.message)]
        return []

    def apply(self, desired: Desired, files: Files, *, about: UUID | None, step: Step) -> Published | None:
        """See `Portal.apply`. CKAN hides whole datasets only, and has no public place for a tombstone: the reason is on the log."""
        with self._ckan() as ckan:
            try:
                return _looking_again(lambda: self._apply(ckan, desired, files, about, step))
            except PortalProblem as problem:
                if problem.code is not Code.INVALID or desired.listed is None or self._has_organization(ckan, desired.listed):
                    raise
                return self._apply(ckan, desired, files, about, step)

    def names(self) -> Iterable[str]:
        """See `Portal.names`."""
        with self._ckan() as ckan:
            return list(names_of_ours(ckan))

    def overview(self, changed: Iterable[Desired]) -> None:
        """CKAN makes its own pages over all datasets."""

    def overview_differences(self, everything: Iterable[Desired]) -> list[Difference]:
        """None: CKAN makes its own pages, and what Jejak did not put there is not its business."""
        return []

    def make_room(self) -> list[Difference]:
        """Nothing stands in the way of CKAN's own pages."""
        return []

    def strangers(self, name: str | None = None) -> Iterator[Stranger]:
        """See `Portal.strangers`; page by page, of all organizations, private ones too; deleted ones by name at least."""
        with self._ckan() as ckan:
            yield from strangers(ckan) if name is None else stranger(ckan, name)

    def _ckan(self) -> Ckan:
        return Ckan(self._address, token=self._token, timeout=self._timeout)

    def _apply(self, ckan: Ckan, desired: Desired, files: Files, about: UUID | None, step: Step) -> Published | None:
        step("look")
        package = look(ckan, desired)
        if package is not None:
            if desired.adopted:
                package = revise(ckan, package, adopting(package))
            if update := taking_down(package, desired):
                step("withdraw")
                package = take_down(ckan, package, desired, update)
        if desired.listed is None:
            if package is not None:
                _close(ckan, package, desired)
            return None
        package = package or self._create(ckan, desired, desired.listed, step)
        package = with_verified_files(ckan, package, desired, files, about=about, step=step)
        step("show")
        if organization_of(package) != desired.listed.opd:
            self._ensure_organization(ckan, desired.listed)
        package = revise(ckan, package, showing(package, desired))
        mine = next((one for one in desired.shown if one.submission_id == about), None)
        if mine is None:
            return None
        look_as_the_public(ckan, package, mine, step=step)
        return self._published(ckan, package, mine)

    def _create(self, ckan: Ckan, desired: Desired, listed: Publication, step: Step) -> Package:
        step("organization")
        self._ensure_organization(ckan, listed)
        step("describe")
        known = desired.id_on(self.kind)
        try:
            # One that was purged comes back under the id that the log's addresses lead to.
            created: Package = ckan.call("package_create", **new_package(listed), **({"id": known} if known else {}))
        except PortalProblem as problem:
            if known and problem.code is Code.INVALID:  # only a sysadmin may choose the id
                return self._create(ckan, replace(desired, places=()), listed, step)
            # Perhaps the call whose answer was lost came through just now; if not, the name is somebody's, or one that CKAN keeps.
            found = look(ckan, desired) if problem.code is Code.NAME_TAKEN else None
            if found is None:
                raise
            return found
        return created

    def _ensure_organization(self, ckan: Ckan, publication: Publication) -> None:
        """Each OPD is an organization. One that was seen once is not looked for again by this process."""
        if publication.opd in self._organizations:
            return
        if find_organization(ckan, publication.opd) is None:
            try:
                ckan.call("organization_create", name=publication.opd, title=publication.opd_name)
            except PortalProblem:
                # Another worker was faster, or CKAN made it and failed afterwards (Solr stopped: it answers 500, and it is there).
                if find_organization(ckan, publication.opd) is None:
                    raise
        self._organizations.add(publication.opd)

    def _has_organization(self, ckan: Ckan, publication: Publication) -> bool:
        """Whether what this process remembers of it still holds. Raises PortalProblem when it was deleted."""
        self._organizations.discard(publication.opd)
        return find_organization(ckan, publication.opd) is not None

    def _about(self, ckan: Ckan) -> dict[str, Any]:
        if self._status is None:
            self._status = ckan.call("status_show")
        return self._status

    def _published(self, ckan: Ckan, package: Package, publication: Publication) -> Published:
        """The resources' ids and addresses; their hashes were compared before. The address by id outlives a change of name."""
        resources = by_id(package)
        own = [resources[resource_id(publication, number)] for number in range(len(publication.files))]
        return Published(
            manifest=publication.manifest,
            portal="ckan",
            url=f"{self._about(ckan)['site_url'].rstrip('/')}/dataset/{package['id']}",
            dataset=package["id"],
            files=tuple(
                PublishedFile(name=file.name, sha256=file.sha256, url=resource["url"], id=resource["id"])
                for file, resource in zip(publication.files, own, strict=True)
            ),
            portal_version=self._about(ckan).get("ckan_version"),
            revision=package["metadata_modified"],
        )


def _close(ckan: Ckan, package: Package, desired: Desired) -> None:
    """What should not be seen is private by now; where nothing should be at all, the dataset goes, unless it was there before Jejak."""
    package = revise(ckan, package, showing(package, desired))
    if not (desired.tombstone or desired.adopted or package["resources"]) and package["state"] != "deleted":
        ckan.call("package_delete", id=package["id"])


def _looking_again(act: Callable[[], Done]) -> Done:
    """Do it, and do it again from the first look when someone else changed the dataset in between."""
    for _ in range(LOOKS - 1):
        try:
            return act()
        except PortalProblem as problem:
            if problem.code is not Code.CHANGED_MEANWHILE:
                raise
    return act()
