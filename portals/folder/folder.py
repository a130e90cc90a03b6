"""The folder portal: desired states in, a static site out that any web server can serve.

    dataset/<dataset_id>/            see tree.py
    catalog.jsonld, index.html, …    the pages over all datasets, see overview.py

Everything that lies there is compared with what the log says, path by path; nothing is ever read from the folder to be shown again.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

from events.contracts import Published, PublishedFile
from events.metadata import DATASET_ID
from lane.files import Files
from portals.desired import Desired, Publication
from portals.folder.differences import differences_of, of_mode, unreadable
from portals.folder.disk import compare, drafts_in, is_draft, looked, nothing_there, point_to, put, put_each, sha256_of, take_away
from portals.folder.durable import anybody_may_write, is_folder, make_folder, replace, sync_folder
from portals.folder.names import key_of, names_on_disk
from portals.folder.overview import Overview
from portals.folder.tree import LATEST, Leaf, Link, Stored, settled_in, tree_of
from portals.portal import Code, Difference, PortalProblem, Step, Stranger

DATASETS: Final = "dataset"
FOLDERS: Final = (f"{DATASETS}/", "opd/")
OUR_OWN: Final = ("opd", ".work")
"""Folders that hold nothing but what Jejak put there; the second was served with all that earlier releases left in it."""


class FolderPortal:
    """A `Portal` in a folder of this machine or a shared mount. One process or several may write to it."""

    kind: Literal["folder"] = "folder"

    def __init__(self, root: Path, *, public_url: str | None = None) -> None:
        """`public_url`: where the public finds the folder; without it addresses in the catalogue are relative."""
        self._root, self._url = root, (public_url or "/portal").rstrip("/")
        self._base = f"{self._url}/" if public_url else ""
        self._overview = Overview(self._base)

    def check(self, *, largest_file: int) -> list[str]:
        """See `Portal.check`."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            _make_each(self._root / DATASETS)
            with drafts_in(self._root) as place:
                replace(place / "file", [b"jejak"], draft=place / "draft")
                (place / "link").symlink_to("dataset")
            room = shutil.disk_usage(self._root).free
        except OSError as error:
            return [f"Folder portal {self._root} tidak dapat ditulisi: {error.strerror}. Periksa izin, tempat, dan sistem berkasnya."]
        if room < largest_file:
            return [f"Folder portal {self._root} hanya punya tempat {room} bita; berkas terbesar yang diterima {largest_file} bita."]
        return []

    def differences(self, desired: Desired) -> list[Difference]:
        """See `Portal.differences`."""
        home, tree = self._home(desired.dataset_id), tree_of(desired)
        with _or_problem():
            # Behind a link in place of the folder of all datasets nothing is ours.
            there = is_folder(self._root / DATASETS)
            return differences_of(home, desired, tree, compare(home, tree, thorough=lambda _: True) if there else nothing_there(tree))

    def apply(self, desired: Desired, files: Files, *, about: UUID | None, step: Step) -> Published | None:
        """See `Portal.apply`; the dataset's pages are there when this returns."""
        home = self._home(desired.dataset_id)
        with _or_problem():
            step("look")
            self._be_a_folder()
            settled = self._settled(desired, about)
            tree, kept = tree_of(desired, settled), {f"{key_of(one)}/" for one in settled}
            change = looked(
                home,
                lambda: compare(
                    home, tree, thorough=lambda leaf: about in (None, leaf.of), below=lambda path: path not in kept, folders=kept
                ),
            )
            take_away(home, change.in_the_way)
            # Before anything is written: no full disk and no other edition's fault keeps up what was taken down.
            down = [path for path in change.remove if path.startswith(tuple(f"{key_of(one.publication)}/" for one in desired.withdrawn))]
            if down:
                step("withdraw")
                take_away(home, down)
            if not tree:
                step("withdraw")
                take_away(home, set(change.remove).difference(down))
                if home.is_dir():
                    take_away(home.parent, [f"{home.name}/"])
                return None
            _begin(home)
            newest = tree[LATEST]
            wanted = [path for path in change.write if path != LATEST]
            # An earlier edition's page says that it was superseded only once the new one is there.
            first = {path for path in wanted if not change.has(path.partition("/")[0]) or tree[path].of in (newest.of, about)}
            if wanted:
                step("upload")
            put(home, tree, sorted(first), files, change=change)
            step("read_back")
            self._read_back(home, {path: tree[path] for path in tree if tree[path].of == about or (about is None and path in first)})
            step("show")
            if LATEST in change.write and isinstance(newest.content, Link):
                point_to(home, newest.content.target)
            put(home, tree, sorted(set(wanted) - first), files, change=change)
            if change.write:
                sync_folder(home)
            if rest := set(change.remove).difference(down):  # last: a reader who was led here before still finds all that the page named
                step("withdraw")
                take_away(home, rest)
        found = next((one for one in desired.shown if one.submission_id == about), None)
        return self._published(found) if found else None

    def names(self) -> Iterable[str]:
        """See `Portal.names`. What has no name of a dataset is told by `overview_differences`."""
        with _or_problem():
            folder = self._root / DATASETS
            return sorted(path.name for path in folder.iterdir() if re.fullmatch(DATASET_ID, path.name)) if is_folder(folder) else []

    def overview(self, changed: Iterable[Desired]) -> None:
        """See `Portal.overview`."""
        self._overview.take(changed)
        tree = self._overview.tree()
        ours = {*OUR_OWN, *map(_first, tree)}
        with _or_problem():
            change = looked(
                self._root,
                lambda: compare(
                    self._root, tree, thorough=lambda _: True, below=lambda path: is_draft(path) or _first(path) in ours, folders=FOLDERS
                ),
                ours=lambda folder: _first(folder) in (DATASETS, *OUR_OWN),
            )
            take_away(self._root, change.in_the_way)
            put_each(self._root, {path: [leaf.content] for path in change.write if isinstance((leaf := tree[path]).content, bytes)})
            take_away(self._root, [path for path in change.remove if _first(path) in OUR_OWN])

    def overview_differences(self, everything: Iterable[Desired]) -> list[Difference]:
        """See `Portal.overview_differences`."""
        expected = Overview(self._base)
        expected.take(everything)
        with _or_problem():
            change = compare(
                self._root, expected.tree(), thorough=lambda _: True, below=lambda path: not _is_of_a_dataset(path), folders=FOLDERS
            )
        modes = {path: there for path in change.write if isinstance(there := change.found.get(path), str) and there.startswith("-")}
        closed = [(path, mode) for path, mode in change.closed.items() if not _is_of_a_dataset(path) and path not in change.unreadable]
        too_much = [path for path in change.too_much if path not in change.unreadable and not _is_of_a_dataset(path)]
        return [
            *(unreadable("", None, path, why) for path, why in change.unreadable.items()),
            *(
                of_mode("", None, path, there) if (there := modes.get(path)) else Difference("", None, "page", field=path)
                for path in change.write
            ),
            *(of_mode("", None, path, mode) for path, mode in closed if path or anybody_may_write(mode)),
            *(Difference("", None, "unknown", field=path, found=str(change.found[path])) for path in too_much),
        ]

    def strangers(self, name: str | None = None) -> Iterator[Stranger]:
        """None: in the folder is what the log says, and all else is a difference."""
        return iter(())

    def close(self) -> None:
        """Nothing is kept open between calls."""

    def _home(self, dataset_id: str) -> Path:
        return self._root / DATASETS / dataset_id

    def _be_a_folder(self) -> None:
        """A file or a link in place of the folder of all datasets is nobody's dataset, and would lead the public elsewhere."""
        datasets = self._root / DATASETS
        if os.path.lexists(datasets) and not is_folder(datasets):
            datasets.unlink()
            sync_folder(self._root)

    def _settled(self, desired: Desired, about: UUID | None) -> tuple[Publication, ...]:
        """Editions that need no look now; a closed dataset had lost them, and a link in their place is none."""
        home = self._home(desired.dataset_id)
        return tuple(one for one in settled_in(desired, about) if is_folder(home) and is_folder(home / key_of(one)))

    def _read_back(self, home: Path, leaves: dict[str, Leaf]) -> None:
        """Raises PortalProblem when a file that lies there is not what was approved."""
        for path, leaf in leaves.items():
            if isinstance(leaf.content, Stored) and sha256_of(home / path) != leaf.content.sha256:
                raise PortalProblem(
                    Code.READBACK_DIFFERS,
                    f"Berkas “{path.rpartition('/')[2]}” yang dibaca kembali dari portal tidak sama dengan yang disetujui. "
                    "Akan dicoba lagi; bila berulang, periksa disk portal.",
                )

    def _published(self, publication: Publication) -> Published:
        key = key_of(publication)
        address = f"{self._url}/dataset/{publication.dataset.dataset_id}/{key}"
        return Published(
            manifest=publication.manifest,
            portal="folder",
            url=f"{address}/index.html",
            dataset=publication.dataset.dataset_id,
            revision=key,
            files=tuple(
                PublishedFile(name=file.name, sha256=file.sha256, url=f"{address}/files/{name}", id=f"files/{name}")
                for file, name in zip(publication.files, names_on_disk(publication.files), strict=True)
            ),
        )


def _first(path: str) -> str:
    """What a path begins with."""
    return path.partition("/")[0]


def _is_of_a_dataset(path: str) -> bool:
    """Below `root/`: one dataset's own folder, or in it."""
    first, _, rest = path.partition("/")
    return first == DATASETS and re.fullmatch(DATASET_ID, rest.partition("/")[0]) is not None


def _begin(home: Path) -> None:
    if not home.parent.is_dir():
        home.parent.parent.mkdir(parents=True, exist_ok=True)
    _make_each(home.parent, home)


def _make_each(*folders: Path) -> None:
    for folder in folders:
        if not folder.is_dir():
            make_folder(folder)
            sync_folder(folder.parent)


@contextlib.contextmanager
def _or_problem() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = ": ".join(str(said) for said in (error.filename, error.strerror) if said) or repr(error)
        raise PortalProblem(
            Code.STORAGE, f"Folder portal tidak dapat dibaca atau ditulisi ({why}). Periksa disk dan izinnya; akan dicoba lagi."
        ) from error
