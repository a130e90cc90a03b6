"""The calls that bring one dataset in CKAN further: look, add files, compare them, revise. Each leaves a state that a look explains.

Writing is compare-and-set on `metadata_modified`: a dataset that someone changed since the look is left alone (CHANGED_MEANWHILE).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from events.metadata import File
from lane.files import Files
from portals.ckan.client import Ckan
from portals.ckan.mapping import Package, Resource, resource_id, resources_of
from portals.ckan.package import by_id, is_ours, is_public, kept_extras, organization_of, to_take_down
from portals.desired import Desired, Publication
from portals.portal import Code, PortalProblem, Step

TRIES: Final = 2
Item = tuple[Publication, int]
"""One file of an edition, by its place."""


def look(ckan: Ckan, desired: Desired) -> Package | None:
    """The dataset as it is now: by the id that the log has, whatever somebody named it, else by name.

    Raises PortalProblem when the name is someone else's and something is to be listed under it.
    """
    known = desired.id_on("ckan")
    looked_for = (name for name in (known, desired.dataset_id, desired.adopted) if name)
    package = next((found for name in looked_for if (found := ckan.find("package_show", id=name))), None)
    if package is None or package["id"] in (known, desired.adopted) or _is_of(desired, package):
        return package
    if desired.listed is None:
        return None
    maker = f"organisasi {organization_of(package) or '(tanpa organisasi)'}"
    raise PortalProblem(
        Code.NAME_TAKEN,
        f"Nama data “{desired.dataset_id}” di portal sudah dipakai data milik {maker} yang tidak diterbitkan Jejak untuk OPD ini. "
        "Ambil alih data itu (jejak portal adopt), ubah namanya di portal, atau kembalikan data ini agar dataset_id diganti.",
    )


def _is_of(desired: Desired, package: Package) -> bool:
    """Ours, and not of another OPD that we know nothing of."""
    known = [*desired.shown, *desired.earlier, *(stone.publication for stone in desired.withdrawn)]
    if not known:
        return is_ours(package)
    same_opd = organization_of(package) in {one.opd for one in known}
    return is_ours(package) and (same_opd or kept_extras(package).get("submission_id") in {str(one.submission_id) for one in known})


def find_organization(ckan: Ckan, name: str) -> Package | None:
    """The OPD's organization, None when there is none. Raises PortalProblem, also when it was deleted."""
    found = ckan.find("organization_show", id=name, include_users=False, include_followers=False, include_extras=False)
    if found is not None and found["state"] != "active":
        raise PortalProblem(
            Code.GONE, f"Organisasi “{name}” di portal sudah dihapus. Minta pengelola portal memulihkannya, lalu coba lagi."
        )
    return found


def take_down(ckan: Ckan, package: Package, desired: Desired, update: Package) -> Package:
    """Hide, and only then remove, and let no bytes of it lie on CKAN's disk."""
    if update.get("private"):
        package = revise(ckan, package, {"private": True})
    for resource in to_take_down(package, desired):
        if resource.get("url_type") == "upload":
            package = _put(ckan, package, resource, name="ditarik.txt", content=[], size=0)
    there = by_id(package)
    if "resources" in update:
        update = update | {"resources": [there[one["id"]] for one in update["resources"]]}
    return revise(ckan, package, update)


def with_verified_files(ckan: Ckan, package: Package, desired: Desired, files: Files, *, about: UUID | None, step: Step) -> Package:
    """Upload what is missing, download what this is about, and upload once more what differs. Returns the package as it then is."""
    items = [(one, number) for one in reversed(desired.shown) for number in range(len(one.files))]
    missing = [item for item in items if not _is_there(package, *item)]
    compared = [item for item in items if about in (None, item[0].submission_id) or item in missing]
    for _ in range(TRIES):
        for publication, number in missing:
            step("upload")
            package = _upload(ckan, package, desired, publication, number, files)
        step("read_back")
        missing = differing(ckan, package, compared)
        if not missing:
            return package
    raise PortalProblem(
        Code.READBACK_DIFFERS,
        f"Berkas “{_file(missing[0]).name}” yang diunduh kembali dari portal tidak sama dengan yang disetujui. "
        "Akan dicoba lagi; bila berulang, periksa penyimpanan portal.",
    )


def look_as_the_public(ckan: Ckan, package: Package, publication: Publication, *, step: Step) -> None:
    """Download each file of an edition without a token. Raises PortalProblem when anybody would get something else."""
    step("public_look")
    resources = by_id(package)
    for number, file in enumerate(publication.files):
        try:
            found = ckan.public_sha256_of(path_of(package, resources[resource_id(publication, number)]))
        except PortalProblem as problem:
            if problem.code not in (Code.NOT_AUTHORIZED, Code.MISCONFIGURED):  # refused, or led to a login page
                raise
            found = None
        if found != file.sha256:
            raise PortalProblem(
                Code.NOT_PUBLIC,
                f"Berkas “{file.name}” sudah ditampilkan, tetapi tanpa token tidak dapat diunduh. "
                "Minta pengelola portal membukanya bagi umum; akan dicoba lagi.",
            )


def differing(ckan: Ckan, package: Package, items: Sequence[Item]) -> list[Item]:
    resources = by_id(package)
    return [item for item in items if sha256_shown(ckan, package, resources[resource_id(*item)]) != _file(item).sha256]


def revise(ckan: Ckan, package: Package, update: Package) -> Package:
    """Replace what the update names, lists as a whole, unless someone changed the dataset since it was looked at."""
    if not update:
        return package
    replaced = [f"-{key}" for key, value in update.items() if isinstance(value, list)]
    answer = ckan.call("package_revise", match=json.loads(_match(package)), filter=replaced, update=update)
    revised: Package = answer["package"]
    return revised


def sha256_shown(ckan: Ckan, package: Package, resource: Resource) -> str | None:
    """Of what CKAN hands out; None for a link, which someone made of our upload."""
    return ckan.sha256_of(path_of(package, resource)) if resource.get("url_type") == "upload" else None


def path_of(package: Package, resource: Resource) -> str:
    """Where an upload is downloaded."""
    name = resource["url"].rpartition("/")[2]
    return f"/dataset/{package['id']}/resource/{resource['id']}/download/{name}"


def _upload(ckan: Ckan, package: Package, desired: Desired, publication: Publication, number: int, files: Files) -> Package:
    """Add the file as a resource, or put it again into the resource that should hold it."""
    earlier = publication is not desired.listed
    resource = resources_of(publication, "incoming" if is_public(package) else "earlier" if earlier else "current")[number]
    file = publication.files[number]
    return _put(ckan, package, resource, name=file.name, content=files.read(file.sha256), size=file.bytes)


def _put(ckan: Ckan, package: Package, resource: Resource, **upload: object) -> Package:
    """No `url` beside the upload: CKAN would take that."""
    fields = {"match": _match(package)}
    if resource["id"] not in by_id(package):
        # The schema may be longer than the 500 kB that CKAN takes of a form; it is set with the last call.
        fields["update__resources__extend"] = json.dumps([{key: value for key, value in resource.items() if key != "schema"}])
    field = f"update__resources__{resource['id']}__upload"
    answer = ckan.upload("package_revise", fields, field=field, **upload)  # type: ignore[arg-type]
    revised: Package = answer["package"]
    return revised


def _file(item: Item) -> File:
    return item[0].files[item[1]]


def _match(package: Package) -> str:
    return json.dumps({"id": package["id"], "metadata_modified": package["metadata_modified"]})


def _is_there(package: Package, publication: Publication, number: int) -> bool:
    resource = by_id(package).get(resource_id(publication, number))
    return resource is not None and resource.get("url_type") == "upload"
