"""The calls that bring one dataset in CKAN further: look, add files, compare them, revise. Each leaves a state that a look explains.

Writing is compare-and-set on `metadata_modified`: a dataset that someone changed since the look is left alone (CHANGED_MEANWHILE).
"""

from __future__ import annotations

import json

from events.contracts import File
from lane.files import Files
from portals.ckan.client import Ckan
from portals.ckan.mapping import Package, Resource, Status, resource_id, resources_of
from portals.ckan.package import is_ours, is_public
from portals.portal import Code, PortalProblem, Publication, Step


def look(ckan: Ckan, publication: Publication) -> Package | None:
    """The dataset as it is now. Raises PortalProblem when the name is someone else's."""
    name = publication.dataset.dataset_id
    package = ckan.find("package_show", id=name)
    if package is None:
        return None
    owner = (package.get("organization") or {}).get("name") or "(tanpa organisasi)"
    if owner != publication.opd or not is_ours(package):
        maker = f"organisasi {owner}" if owner != publication.opd else f"data lain milik {owner} yang tidak dibuat oleh Jejak"
        raise PortalProblem(
            Code.NAME_TAKEN,
            f"Nama data “{name}” di portal sudah dipakai {maker}. Ubah nama data yang lama di portal, "
            "atau kembalikan data ini agar dataset_id diganti.",
        )
    return package


def find_organization(ckan: Ckan, name: str) -> Package | None:
    """The OPD's organization, None when there is none. Raises PortalProblem, also when it was deleted."""
    found = ckan.find("organization_show", id=name, include_users=False, include_followers=False, include_extras=False)
    if found is not None and found["state"] != "active":
        raise PortalProblem(
            Code.INVALID, f"Organisasi “{name}” di portal sudah dihapus. Minta pengelola portal memulihkannya; akan dicoba lagi."
        )
    return found


def with_verified_files(ckan: Ckan, package: Package, publication: Publication, files: Files, step: Step) -> Package:
    """Upload what is missing, download everything, and upload once more what differs. Returns the package as it then is."""
    wanted = list(enumerate(publication.files))
    missing = [(number, file) for number, file in wanted if not _is_there(package, publication, number)]
    for _ in range(2):
        for number, file in missing:
            step("upload")
            package = _upload(ckan, package, publication, number, file, files)
        step("read_back")
        resources = by_id(package)
        missing = [
            (number, file)
            for number, file in wanted
            if sha256_shown(ckan, package, resources[resource_id(publication, number)]) != file.sha256
        ]
        if not missing:
            return package
    raise PortalProblem(
        Code.READBACK_DIFFERS,
        f"Berkas “{missing[0][1].name}” yang diunduh kembali dari portal tidak sama dengan yang disetujui. "
        "Akan dicoba lagi; bila berulang, periksa penyimpanan portal.",
    )


def _upload(ckan: Ckan, package: Package, publication: Publication, number: int, file: File, files: Files) -> Package:
    """Add the file as a resource, or put it again into the resource that should hold it. No `url` beside it: CKAN would take that."""
    status: Status = "incoming" if is_public(package) else "current"
    resource = resources_of(publication, status)[number]
    resource.pop("schema", None)  # may be longer than the 500 kB that CKAN takes of a form; set with the last call
    known = resource["id"] in by_id(package)
    fields = {"match": _match(package)}
    if not known:
        fields["update__resources__extend"] = json.dumps([resource])
    answer = ckan.upload(
        "package_revise",
        fields,
        field=f"update__resources__{resource['id']}__upload",
        name=file.name,
        content=files.read(file.sha256),
        size=file.bytes,
    )
    revised: Package = answer["package"]
    return revised


def revise(ckan: Ckan, package: Package, update: Package) -> Package:
    """Replace what the update names, lists as a whole, unless someone changed the dataset since it was looked at."""
    replaced = [f"-{key}" for key, value in update.items() if isinstance(value, list)]
    answer = ckan.call("package_revise", match=json.loads(_match(package)), filter=replaced, update=update)
    revised: Package = answer["package"]
    return revised


def _match(package: Package) -> str:
    return json.dumps({"id": package["id"], "metadata_modified": package["metadata_modified"]})


def _is_there(package: Package, publication: Publication, number: int) -> bool:
    resource = by_id(package).get(resource_id(publication, number))
    return resource is not None and resource.get("url_type") == "upload"


def sha256_shown(ckan: Ckan, package: Package, resource: Resource) -> str | None:
    """Of what CKAN hands out; None for a link, which someone made of our upload."""
    if resource.get("url_type") != "upload":
        return None
    name = resource["url"].rpartition("/")[2]
    return ckan.sha256_of(f"/dataset/{package['id']}/resource/{resource['id']}/download/{name}")


def by_id(package: Package) -> dict[str, Resource]:
    """Its resources, whatever their status."""
    return {resource["id"]: resource for resource in package["resources"]}
