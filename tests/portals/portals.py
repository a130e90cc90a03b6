"""Both portals for the same tests: besides the portal, how to look behind it and how to spoil what it shows."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from portals.folder.folder import FolderPortal
from portals.kinds import open_portal
from portals.portal import Portal
from tests.ckan.server import CkanServer
from tests.portals.folder_reader import files_of_all_versions


@dataclass(frozen=True)
class Stage:
    """A portal under test. `kept`: sha256 of every file, of any version, that the public can get for a dataset."""

    portal: Portal
    kept: Callable[[str], set[str]]
    spoil_file: Callable[[str], None]
    spoil_title: Callable[[str], None]
    remove: Callable[[str], None]


class CkanReader:
    """CKAN as its public and its editors see it, by hand: no code of ours in between."""

    def __init__(self, server: CkanServer) -> None:
        self.server = server

    def act(self, action: str, *, anonymous: object = False, **arguments: object) -> Any:
        headers = {} if anonymous else {"Authorization": self.server.token}
        answer = requests.post(f"{self.server.address}/api/3/action/{action}", json=arguments, headers=headers, timeout=30)
        if answer.status_code in (403, 404):
            return None
        answer.raise_for_status()
        return answer.json()["result"]

    def public(self, dataset_id: str) -> dict[str, Any] | None:
        """The dataset as anybody sees it, or None."""
        package: dict[str, Any] | None = self.act("package_show", anonymous=True, id=dataset_id)
        return package

    def kept(self, dataset_id: str) -> set[str]:
        """sha256 of every file that anybody can get."""
        found = set()
        for resource in (self.public(dataset_id) or {"resources": []})["resources"]:
            answer = requests.get(resource["url"], timeout=30)
            answer.raise_for_status()
            found.add(hashlib.sha256(answer.content).hexdigest())
        return found

    def datasets(self, dataset_id: str) -> int:
        """How many datasets, private ones included, have this name or one made from it."""
        found = self.act("package_search", q=f"name:{dataset_id}*", include_private=True, include_drafts=True, rows=100)
        return int(found["count"])

    def spoil_file(self, dataset_id: str) -> None:
        resource = self.act("package_show", id=dataset_id)["resources"][0]
        requests.post(
            f"{self.server.address}/api/3/action/resource_patch",
            data={"id": resource["id"]},
            files={"upload": ("lain.csv", b"diubah tangan")},
            headers={"Authorization": self.server.token},
            timeout=30,
        ).raise_for_status()


def ckan_stage(server: CkanServer, address: str | None = None, *, timeout: float = 30) -> Stage:
    """`address`: of a proxy before the server."""
    reader = CkanReader(server)
    return Stage(
        open_portal(address or server.address, token=server.token, timeout=timeout),
        kept=reader.kept,
        spoil_file=reader.spoil_file,
        spoil_title=lambda dataset_id: reader.act("package_patch", id=dataset_id, title="Diubah tangan"),
        remove=lambda dataset_id: reader.act("package_delete", id=dataset_id),
    )


def folder_stage(root: Path) -> Stage:
    portal = FolderPortal(root, catalogue_interval=0.01)
    if problems := portal.check(largest_file=1):
        raise AssertionError(problems)

    def latest(dataset_id: str) -> Path:
        return root / "dataset" / dataset_id / "latest"

    def spoil_file(dataset_id: str) -> None:
        next((latest(dataset_id) / "files").iterdir()).write_bytes(b"diubah tangan")

    def spoil_title(dataset_id: str) -> None:
        record = json.loads((latest(dataset_id) / "metadata.json").read_text())
        record["dataset"]["title"] = "Diubah tangan"
        (latest(dataset_id) / "metadata.json").write_text(json.dumps(record))

    return Stage(
        portal,
        kept=lambda dataset_id: files_of_all_versions(root, dataset_id),
        spoil_file=spoil_file,
        spoil_title=spoil_title,
        remove=lambda dataset_id: shutil.rmtree(root / "dataset" / dataset_id),
    )
