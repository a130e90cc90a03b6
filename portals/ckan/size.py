"""Does this CKAN take files as large as we do? It tells nobody its `ckan.max_resource_size`, so one such file of zeros is uploaded.

That happens once: a private dataset remembers the largest size that went through (and keeps a file of one byte).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from lane.publishable import PROBE
from portals.ckan.client import Ckan
from portals.portal import Code, PortalProblem

NOTES: Final = "Dibuat Jejak untuk mengetahui berkas terbesar yang diterima portal ini. Tidak berisi data; biarkan tetap privat."
REMEDY: Final = (
    "Minta pengelola portal menaikkan ckan.max_resource_size (dan batas unggah di server webnya), atau turunkan JEJAK_FILES_LIMIT_MB "
    "atau JEJAK_PORTAL_LIMIT_MB."
)
RESOURCE_ID: Final = "6a656a61-6b00-5000-8000-756b7572616e"  # any UUID, as long as it stays the same
CHUNK: Final = 1 << 20


def problems_of_size(ckan: Ckan, *, largest_file: int) -> list[str]:
    """A sentence when a file of `largest_file` bytes is refused; [] when it is taken, or nothing can be said yet. Raises PortalProblem."""
    organizations = ckan.call("organization_list_for_user", permission="create_dataset")
    if not organizations:
        return []
    package = ckan.find("package_show", id=PROBE)
    if package is not None and _known(package) >= largest_file:
        return []
    try:
        if package is None:
            package = ckan.call(
                "package_create", name=PROBE, title="Uji ukuran berkas (Jejak)", notes=NOTES, owner_org=organizations[0]["id"], private=True
            )
        package = _upload(ckan, package, size=largest_file)
        package = _upload(ckan, package, size=1)
        ckan.call("package_revise", match={"id": package["id"]}, update={"extras": [{"key": "largest_file", "value": str(largest_file)}]})
    except PortalProblem as problem:
        if problem.code is Code.TOO_LARGE:
            return [f"Portal menolak berkas sebesar {largest_file} bita, padahal Jejak menerimanya. {REMEDY}"]
        if problem.code in (Code.NAME_TAKEN, Code.CHANGED_MEANWHILE):
            return []  # Another publisher is finding out at this moment.
        raise
    return []


def _known(package: dict[str, Any]) -> int:
    """The largest size that is known to go through, bytes."""
    values = [extra["value"] for extra in package["extras"] if extra["key"] == "largest_file"]
    return int(values[0]) if values and values[0].isdecimal() else 0


def _upload(ckan: Ckan, package: dict[str, Any], *, size: int) -> dict[str, Any]:
    fields = {"match": json.dumps({"id": package["id"]})}
    if not package["resources"]:
        fields["update__resources__extend"] = json.dumps([{"id": RESOURCE_ID, "name": "uji"}])
    field = f"update__resources__{RESOURCE_ID}__upload"
    answer = ckan.upload("package_revise", fields, field=field, name="uji.bin", content=_zeros(size), size=size)
    revised: dict[str, Any] = answer["package"]
    return revised


def _zeros(size: int) -> Iterator[bytes]:
    for start in range(0, size, CHUNK):
        yield bytes(min(CHUNK, size - start))
