"""The folder portal: desired states in, a static site out that any web server can serve.

    dataset/<dataset_id>/            see tree.py
    catalog.jsonld, index.html, …    the pages over all datasets, see overview.py

Everything that lies there is compared with what the log says, path by path; nothing is ever read from the folder to be shown again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

from events.contracts import Published, PublishedFile
from events.metadata import DATASET_ID
from lane.files import Files
from portals.desired import Desired, Publication
from portals.folder.compared import Change, compare, is_draft, looked, nothing_there, sha256_of
from portals.folder.differences import differences_of, of_mode, unreadable
from portals.folder.disk import drafts_in, point_to, put, put_each, take_away
from portals.folder.durable import anybody_may_write, is_folder, sync_folder
from portals.folder.names import key_of, names_on_disk
from portals.folder.overview import Overview
from portals.folder.root import DATASETS, is_on_trial, make_each, make_room, must_have_its_folder, or_problem, problems_of, real
from portals.folder.tree import LATEST, Leaf, Link, Stored, settled_in, tree_of
from portals.portal import Code, Difference, PortalProblem, Step, Stranger

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
        return problems_of(self._root, largest_file=largest_file)

    def differences(self, desired: Desired) -> list[Difference]:
        """See `Portal.differences`."""
        home, tree = self._home(desired.dataset_id), tree_of(desired)
        with or_problem():
            # Behind a link in place of the folder of all datasets nothing is ours.
            there = is_folder(os.path.dirname(home))
            return differences_of(home, desired, tree, compare(home, tree, thorough=lambda _: True) if there else nothing_there(tree))

    def apply(self, desired: Desired, files: Files, *, about: UUID | None, step: Step) -> Published | None:
        """See `Portal.apply`; the dataset's pages are there when this returns."""
        home = self._home(desired.dataset_id)
        with or_problem():
            step("look")
            must_have_its_folder(self._root)
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
                if os.path.isdir(home):
                    take_away(os.path.dirname(home), [f"{desired.dataset_id}/"])
                return None
            if not os.path.isdir(home):
                os.makedirs(self._root, exist_ok=True)
                make_each(os.path.dirname(home), home)
            newest = tree[LATEST]
            wanted = [path for path in change.write if path != LATEST]
            # An earlier edition's page says that it was superseded only once the new one is there.
            first = {path for path in wanted if not change.has(path.partition("/")[0]) or tree[path].of in (newest.of, about)}
            if wanted:
                step("upload")
            with drafts_in(home) if change.write else nullcontext("") as place:
                put(home, tree, sorted(first), files, change=change, place=place)
                step("read_back")
                self._read_back(home, {path: leaf for path, leaf in tree.items() if leaf.of == about or (about is None and path in first)})
                step("show")
                if LATEST in change.write and isinstance(newest.content, Link):
                    point_to(home, newest.content.target, place=place)
                put(home, tree, sorted(set(wanted) - first), files, change=change, place=place)
            sync_folder(home)  # also where nothing was missing: whoever wrote it may have died before this
            if rest := set(change.remove).difference(down):  # last: a reader who was led here before still finds all that the page named
                step("withdraw")
                take_away(home, rest)
        found = next((one for one in desired.shown if one.submission_id == about), None)
        return self._published(found) if found else None

    def names(self) -> Iterable[str]:
        """See `Portal.names`. What has no name of a dataset is told by `overview_differences`."""
        with or_problem():
            folder = f"{self._root}/{DATASETS}"
            return sorted(name for name in os.listdir(folder) if re.fullmatch(DATASET_ID, name)) if is_folder(folder) else []

    def overview(self, changed: Iterable[Desired]) -> None:
        """See `Portal.overview`."""
        self._overview.take(changed)
        tree = self._overview.tree()
        ours = {*OUR_OWN, *map(_first, tree)}
        with or_problem():
            os.makedirs(self._root, exist_ok=True)
            must_have_its_folder(self._root)
            root = real(self._root)
            change = looked(
                root,
                lambda: _compared(root, tree, lambda path: is_draft(path) or _first(path) in ours),
                ours=lambda path: path in tree or _first(path) in (DATASETS, *OUR_OWN),
            )
            take_away(root, [path for path in change.in_the_way if path])
            if pages := {path: [leaf.content] for path in change.write if isinstance((leaf := tree[path]).content, bytes)}:
                with drafts_in(root) as place:
                    put_each(root, pages, place=place)
            take_away(root, [path for path in change.remove if _first(path) in OUR_OWN])

    def overview_differences(self, everything: Iterable[Desired]) -> list[Difference]:
        """See `Portal.overview_differences`."""
        expected = Overview(self._base)
        expected.take(everything)
        with or_problem():
            change = _compared(real(self._root), expected.tree(), lambda path: not _is_of_a_dataset(path))
        dark = change.unreadable
        # Of a page that we may not read only that is told.
        pages = [path for path in change.write if path not in dark and change.closed.get(path, "-r")[1] == "r"]
        modes = [(path, mode) for path, mode in change.closed.items() if path or anybody_may_write(mode)]
        return [
            *(unreadable("", None, path, why) for path, why in dark.items()),
            *(Difference("", None, "page", field=path) for path in pages),
            *(of_mode("", None, path, mode) for path, mode in modes),
            *(Difference("", None, "unknown", field=path, found=str(change.found[path])) for path in change.too_much if path not in dark),
        ]

    def make_room(self) -> list[Difference]:
        """See `Portal.make_room`."""
        with or_problem():
            return make_room(self._root)

    def strangers(self, name: str | None = None) -> Iterator[Stranger]:
        """None: in the folder is what the log says, and all else is a difference."""
        return iter(())

    def _home(self, dataset_id: str) -> str:
        return f"{self._root}/{DATASETS}/{dataset_id}"

    def _settled(self, desired: Desired, about: UUID | None) -> tuple[Publication, ...]:
        """Editions that need no look now; a closed dataset had lost them, and a link in their place is none."""
        home = self._home(desired.dataset_id)
        return tuple(one for one in settled_in(desired, about) if is_folder(home) and is_folder(f"{home}/{key_of(one)}"))

    def _read_back(self, home: str, leaves: dict[str, Leaf]) -> None:
        """Raises PortalProblem when a file that lies there is not what was approved."""
        for path, leaf in leaves.items():
            if isinstance(leaf.content, Stored) and sha256_of(f"{home}/{path}") != leaf.content.sha256:
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


def _compared(root: str, tree: Mapping[str, Leaf], below: Callable[[str], bool]) -> Change:
    """What differs of the pages over all datasets, and of whatever belongs to none."""

    def aside(path: str) -> bool:
        return _is_of_a_dataset(path) or is_on_trial(root, path)

    return compare(root, tree, thorough=lambda _: True, below=below, folders=FOLDERS, aside=aside)
