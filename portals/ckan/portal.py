"""The CKAN portal: publications in, public datasets with verified files out.

Every method looks first and then does only what is missing, so a crash, a timeout or a lost answer between any two calls is mended
by calling again. All writing to an existing dataset is compare-and-set: package_revise, matching the state that was looked at.

A new dataset is private until its files were downloaded and compared. A later version's files are added beside the public version,
named as not yet published; one last call makes them the listed version and the ones before an earlier version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeVar

from events.contracts import Published, PublishedFile, Reason
from lane.files import Files
from portals.ckan.check import problems_of
from portals.ckan.client import Ckan
from portals.ckan.dataset import by_id, find_organization, look, revise, sha256_shown, with_verified_files
from portals.ckan.mapping import Package, metadata_expected, resource_id
from portals.ckan.package import (
    as_uuid,
    earlier_versions,
    is_public,
    kept_extras,
    listed_resources,
    metadata_shown,
    new_package,
    published_changes,
    retracted_changes,
    retracted_in,
)
from portals.portal import Code, PortalProblem, Publication, Shown, ShownFile, Step

LOOKS: Final = 3  # how often one publish looks again when someone else changed the dataset in between

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

    def publish(self, publication: Publication, files: Files, *, step: Step) -> Published:
        """See `Portal.publish`."""
        with self._ckan() as ckan:
            return _looking_again(lambda: self._publish(ckan, publication, files, step))

    def retract(self, publication: Publication, *, reason: Reason, step: Step) -> None:
        """See `Portal.retract`. CKAN hides whole datasets only, so earlier versions are hidden too until a new one is published.

        The reason is on the log; CKAN has no public place for it.
        """
        with self._ckan() as ckan:
            _looking_again(lambda: _retract(ckan, publication, step))

    def shown(self, dataset_id: str) -> Shown | None:
        """See `Portal.shown`."""
        with self._ckan() as ckan:
            package = ckan.find("package_show", id=dataset_id)
            if package is None or package["state"] != "active":
                return None
            extras = kept_extras(package)
            files = [
                ShownFile(name=resource.get("file_name") or resource.get("name") or "", sha256=sha256_shown(ckan, package, resource))
                for resource in listed_resources(package)
            ]
            return Shown(
                submission_id=as_uuid(extras.get("submission_id")),
                sequence=int(extras["sequence"]) if extras.get("sequence", "").isdecimal() else None,
                public=is_public(package),
                files=tuple(files),
                earlier=earlier_versions(package),
                metadata=metadata_shown(package),
                url=self._page(ckan, dataset_id),
            )

    def expects(self, publication: Publication) -> Mapping[str, str]:
        """See `Portal.expects`."""
        return metadata_expected(publication)

    def close(self) -> None:
        """Nothing is kept open between calls."""

    def _ckan(self) -> Ckan:
        return Ckan(self._address, token=self._token, timeout=self._timeout)

    def _publish(self, ckan: Ckan, publication: Publication, files: Files, step: Step) -> Published:
        step("look")
        package = look(ckan, publication)
        if package is not None and str(publication.submission_id) in retracted_in(package):
            raise PortalProblem(
                Code.RETRACTED, "Data ini sudah ditarik dari portal. Untuk menampilkannya lagi, ajukan sebagai pengajuan baru."
            )
        if package is None:
            step("organization")
            self._ensure_organization(ckan, publication)
            step("describe")
            package = ckan.call("package_create", **new_package(publication))
        package = with_verified_files(ckan, package, publication, files, step)
        step("show")
        update = published_changes(package, publication)
        if update:
            package = revise(ckan, package, update)
        return self._published(ckan, package, publication)

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

    def _about(self, ckan: Ckan) -> dict[str, Any]:
        if self._status is None:
            self._status = ckan.call("status_show")
        return self._status

    def _page(self, ckan: Ckan, dataset_id: str) -> str:
        return f"{self._about(ckan)['site_url'].rstrip('/')}/dataset/{dataset_id}"

    def _published(self, ckan: Ckan, package: Package, publication: Publication) -> Published:
        """The resources' ids and addresses; their hashes were compared before."""
        resources = by_id(package)
        own = [resources[resource_id(publication, number)] for number in range(len(publication.files))]
        return Published(
            manifest=publication.manifest,
            portal="ckan",
            url=self._page(ckan, package["name"]),
            dataset=package["id"],
            files=tuple(
                PublishedFile(name=file.name, sha256=file.sha256, url=resource["url"], id=resource["id"])
                for file, resource in zip(publication.files, own, strict=True)
            ),
            portal_version=self._about(ckan).get("ckan_version"),
            revision=package["metadata_modified"],
        )


def _looking_again(act: Callable[[], Done]) -> Done:
    """Do it, and do it again from the first look when someone else changed the dataset in between."""
    for _ in range(LOOKS - 1):
        try:
            return act()
        except PortalProblem as problem:
            if problem.code is not Code.CHANGED_MEANWHILE:
                raise
    return act()


def _retract(ckan: Ckan, publication: Publication, step: Step) -> None:
    step("look")
    package = look(ckan, publication)
    step("withdraw")
    if package is not None and (update := retracted_changes(package, publication)):
        revise(ckan, package, update)
