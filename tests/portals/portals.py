"""Both portals for the same tests: besides the portal, how to look behind it and how to spoil what it shows."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests

from events.contracts import Published
from portals.desired import Desired, Publication, Standing, Withdrawal, desired
from portals.folder.folder import FolderPortal
from portals.kinds import open_portal
from portals.portal import Difference, Portal, Step
from tests.ckan.server import CkanServer
from tests.portals.folder_reader import files_of_all_versions
from tests.portals.samples import PERSONAL_DATA, Shelf, unseen


@dataclass(frozen=True)
class Listed:
    """What the public finds under a dataset's name."""

    title: str
    files: tuple[tuple[str, str], ...]
    """Name and sha256 of what is downloaded."""


@dataclass
class Log:
    """What the log says of the datasets of a test. `adopted`: dataset_id → the portal's own id of what is to be taken over."""

    standings: dict[uuid.UUID, Standing] = field(default_factory=dict)
    adopted: dict[str, str] = field(default_factory=dict)

    def desired(self, dataset_id: str) -> Desired:
        own = [one for one in self.standings.values() if one.publication.dataset.dataset_id == dataset_id]
        return desired(dataset_id, own, adopted=self.adopted.get(dataset_id))


@dataclass(frozen=True)
class Stage:
    """A portal under test, and the log that it follows.

    `listed`: what anybody finds; `kept`: sha256 of every file, of any edition, that the public can get for a dataset.
    """

    portal: Portal
    listed: Callable[[str], Listed | None]
    kept: Callable[[str], set[str]]
    spoil_file: Callable[[str], None]
    spoil_title: Callable[[str], None]
    remove: Callable[[str], None]
    log: Log = field(default_factory=Log)

    def approved(self, publication: Publication) -> None:
        self.log.standings[publication.submission_id] = Standing(publication, published=False)

    def publish(self, shelf: Shelf, publication: Publication, *, step: Step = unseen) -> Published:
        """Approved, shown, and written down. Raises PortalProblem."""
        self.approved(publication)
        published = self.bring(shelf, publication, step=step)
        assert published is not None
        self.log.standings[publication.submission_id] = Standing(publication, published=True, place=(published.portal, published.dataset))
        return published

    def retract(self, shelf: Shelf, publication: Publication, *, relist: bool = False, step: Step = unseen) -> None:
        """Written down first, then taken down. Raises PortalProblem."""
        before = self.log.standings[publication.submission_id]
        self.log.standings[publication.submission_id] = replace(before, withdrawal=Withdrawal(PERSONAL_DATA, relist))
        assert self.bring(shelf, publication, step=step) is None

    def bring(self, shelf: Shelf, publication: Publication, *, step: Step = unseen) -> Published | None:
        state = self.log.desired(publication.dataset.dataset_id)
        return self.portal.apply(state, shelf.files, about=publication.submission_id, step=step)

    def repair(self, shelf: Shelf, dataset_id: str) -> None:
        self.portal.apply(self.log.desired(dataset_id), shelf.files, about=None, step=unseen)

    def differences(self, dataset_id: str) -> list[Difference]:
        return self.portal.differences(self.log.desired(dataset_id))


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

    def listed(self, dataset_id: str) -> Listed | None:
        """Downloaded without a token; what is marked as earlier, or as not yet published, is not listed."""
        package = self.public(dataset_id)
        if package is None:
            return None
        listed = [one for one in package["resources"] if one.get("version_status") not in ("incoming", "earlier", "adopted")]
        got = [requests.get(one["url"], timeout=30) for one in listed]
        files = [(one.get("file_name") or one["name"], hashlib.sha256(a.content).hexdigest()) for one, a in zip(listed, got, strict=True)]
        return Listed(package["title"], tuple(files))

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

    def add_file(self, dataset_id: str, name: str, content: bytes, **fields: str) -> None:
        """Upload a file as a new resource."""
        self.upload("resource_create", name, content, package_id=dataset_id, name=name, **fields)

    def spoil_file(self, dataset_id: str) -> None:
        resource = self.act("package_show", id=dataset_id)["resources"][0]
        self.upload("resource_patch", "lain.csv", b"diubah tangan", id=resource["id"])

    def upload(self, action: str, file: str, content: bytes, /, **fields: str) -> None:
        requests.post(
            f"{self.server.address}/api/3/action/{action}",
            data=fields,
            files={"upload": (file, content)},
            headers={"Authorization": self.server.token},
            timeout=30,
        ).raise_for_status()


def ckan_stage(server: CkanServer, address: str | None = None, *, timeout: float = 30) -> Stage:
    """`address`: of a proxy before the server."""
    reader = CkanReader(server)
    return Stage(
        open_portal(address or server.address, token=server.token, timeout=timeout),
        listed=reader.listed,
        kept=reader.kept,
        spoil_file=reader.spoil_file,
        spoil_title=lambda dataset_id: reader.act("package_patch", id=dataset_id, title="Diubah tangan"),
        remove=lambda dataset_id: reader.act("package_delete", id=dataset_id),
    )


def folder_listed(root: Path, dataset_id: str) -> Listed | None:
    """Every file in the listed edition's folder counts, under the name that metadata.json gives it."""
    latest = root / "dataset" / dataset_id / "latest"
    record: dict[str, Any] = json.loads((latest / "metadata.json").read_bytes()) if latest.exists() else {"retracted": {}}
    if "retracted" in record:
        return None
    names = {Path(file["path"]).name: file["name"] for file in record["files"]}
    files = {names.get(path.name, path.name): hashlib.sha256(path.read_bytes()).hexdigest() for path in (latest / "files").iterdir()}
    order = [file["name"] for file in record["files"]]
    ranked = sorted(files.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    return Listed(record["dataset"]["title"], tuple(ranked))


def folder_stage(root: Path) -> Stage:
    portal = FolderPortal(root)
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
        listed=lambda dataset_id: folder_listed(root, dataset_id),
        kept=lambda dataset_id: files_of_all_versions(root, dataset_id),
        spoil_file=spoil_file,
        spoil_title=spoil_title,
        remove=lambda dataset_id: shutil.rmtree(root / "dataset" / dataset_id),
    )


def show_overview(stage: Stage) -> None:
    """The pages over all datasets as the publisher has them made, from the log."""
    names = {one.publication.dataset.dataset_id for one in stage.log.standings.values()}
    stage.portal.overview([stage.log.desired(name) for name in sorted(names)])
