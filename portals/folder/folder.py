"""The folder portal: publications in, a static site out that any web server can serve.

    dataset/<dataset_id>/<version>/   files/, metadata.json, index.html: built aside, renamed into place whole
    dataset/<dataset_id>/latest       a symbolic link to the version that is listed, switched in one step
    catalog.jsonld, index.html, opd/  the catalogue, see folder_catalogue.py
    .work/                            locks and what is being built; nothing in it is ever linked to

Work is done at one of a fixed number of benches (a lock and a folder that stay), because making and removing files costs ext4
far more than writing them, the more so the more were removed in the last minutes. A kill at any moment leaves the last whole
state; whoever comes to the bench next removes the remains.
"""

from __future__ import annotations

import contextlib
import shutil
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

from events.contracts import Published, PublishedFile, Reason
from lane.files import Files
from portals.folder.catalogue import INTERVAL, Catalogue
from portals.folder.durable import only_one, point_to, sync_folder, write_whole
from portals.folder.pages import fields_of, key_of, names_on_disk, record_of
from portals.folder.versions import (
    RETRACTED,
    as_uuid,
    bury,
    fill,
    has_whole_page,
    keys_of_versions,
    latest_of,
    list_newest,
    move_whole,
    names_in,
    read_back,
    record_in,
    refuse_conflicts,
    refuse_other_opd,
    remove_others,
    shown_files,
)
from portals.portal import Code, PortalProblem, Publication, Shown, Step

BENCHES: Final = 256
"""Two datasets at one bench wait for each other; more benches than workers make that rare."""


class FolderPortal:
    """A `Portal` in a folder of this machine or a shared mount. One process or several may write to it."""

    kind: Literal["folder"] = "folder"

    def __init__(self, root: Path, *, public_url: str = "/portal", catalogue_interval: float = INTERVAL) -> None:
        self._root, self._url, self._work = root, public_url.rstrip("/"), root / ".work"
        self._catalogue = Catalogue(root, work=self._work, interval=catalogue_interval)

    def check(self, *, largest_file: int) -> list[str]:
        """Also brings the catalogue up to date, which a killed process may have left behind."""
        try:
            (self._root / "dataset").mkdir(parents=True, exist_ok=True)
            (self._work / "check").mkdir(parents=True, exist_ok=True)
            write_whole(self._work / "writable", [b"jejak"], work=self._work / "check")
            point_to(self._work / "linkable", "writable", work=self._work / "check")
            room = shutil.disk_usage(self._root).free
        except OSError as error:
            return [f"Folder portal {self._root} tidak dapat ditulisi: {error.strerror}. Periksa izin, tempat, dan sistem berkasnya."]
        self._catalogue.stale()
        problems = []
        if room < largest_file:
            problems.append(
                f"Folder portal {self._root} hanya punya tempat {room} bita; berkas terbesar yang diterima {largest_file} bita."
            )
        if self._catalogue.problem:
            problems.append(f"Katalog portal belum tertulis: {self._catalogue.problem.strerror}.")
        return problems

    def publish(self, publication: Publication, files: Files, *, step: Step) -> Published:
        """See `Portal.publish`; the dataset's page is there when this returns, the catalogue follows within half a minute."""
        key = key_of(publication)
        with self._alone(publication.dataset.dataset_id) as (home, work):
            step("look")
            names = names_in(home)
            refuse_conflicts(home, publication, names=names)
            version = home / key
            building = version if key in names else work / key
            fill(building, publication, files, earlier=keys_of_versions(names) - {key}, work=work, step=step)
            step("read_back")
            found = read_back(building, publication.files)
            step("show")
            if building != version:
                move_whole(building, version)
            list_newest(home, names | {key}, work=work, whole=key)
        self._catalogue.stale()
        return self._published(publication, found)

    def retract(self, publication: Publication, *, reason: Reason, step: Step) -> None:
        """See `Portal.retract`; a tombstone with the reason takes the version's place, other versions stay as they are."""
        key = key_of(publication)
        with self._alone(publication.dataset.dataset_id) as (home, work):
            step("look")
            refuse_other_opd(home, publication)
            step("withdraw")
            bury(home, publication, reason, work=work)
            list_newest(home, names_in(home), work=work)
            if (home / key).is_dir():
                (home / key).rename(work / "withdrawn")
                sync_folder(home)
                shutil.rmtree(work / "withdrawn")
        self._catalogue.stale()

    def shown(self, dataset_id: str) -> Shown | None:
        """`metadata["page"]` says whether index.html is still as we write it."""
        home = self._root / "dataset" / dataset_id
        with _or_problem():
            latest = latest_of(home)
            if latest is None:
                return None
            record = record_in(home / latest)
            files = tuple(shown_files(home / latest, record))
            earlier = tuple(sorted(UUID(key.partition("-")[2]) for key in keys_of_versions(names_in(home)) - {latest}))
            page = "utuh" if has_whole_page(home, latest, record) else "berubah"
        submission_id, sequence = record.get("submission_id"), record.get("sequence")
        return Shown(
            submission_id=as_uuid(submission_id),
            sequence=sequence if isinstance(sequence, int) else None,
            public=not latest.startswith(RETRACTED),
            files=files,
            earlier=earlier,
            metadata=fields_of(record) | {"page": page},
            url=self._page_url(dataset_id),
        )

    def expects(self, publication: Publication) -> Mapping[str, str]:
        """See `Portal.expects`."""
        return fields_of(record_of(publication)) | {"page": "utuh"}

    def close(self) -> None:
        """Write the catalogue at once if it is behind."""
        self._catalogue.close()

    @contextlib.contextmanager
    def _alone(self, dataset_id: str) -> Iterator[tuple[Path, Path]]:
        """The dataset's folder and an empty one to work in, held against everyone else. OSError becomes PortalProblem."""
        bench = str(zlib.crc32(dataset_id.encode()) % BENCHES)
        home, work, locks = self._root / "dataset" / dataset_id, self._work / "building" / bench, self._work / "locks"
        with _or_problem():
            for folder in (locks, work):
                folder.mkdir(parents=True, exist_ok=True)
            with only_one(locks / bench):
                remove_others(work, keep=set())
                if not home.is_dir():
                    home.mkdir(parents=True)
                    sync_folder(home.parent)
                yield home, work

    def _page_url(self, dataset_id: str) -> str:
        return f"{self._url}/dataset/{dataset_id}/latest/index.html"

    def _published(self, publication: Publication, found: list[str]) -> Published:
        dataset_id, key = publication.dataset.dataset_id, key_of(publication)
        names = names_on_disk(publication.files)
        return Published(
            manifest=publication.manifest,
            portal="folder",
            url=self._page_url(dataset_id),
            dataset=dataset_id,
            revision=key,
            files=tuple(
                PublishedFile(name=file.name, sha256=sha256, url=f"{self._url}/dataset/{dataset_id}/{key}/files/{name}", id=f"files/{name}")
                for file, name, sha256 in zip(publication.files, names, found, strict=True)
            ),
        )


@contextlib.contextmanager
def _or_problem() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PortalProblem(
            Code.STORAGE, f"Folder portal tidak dapat dibaca atau ditulisi ({error.strerror}). Periksa disk dan izinnya; akan dicoba lagi."
        ) from error
