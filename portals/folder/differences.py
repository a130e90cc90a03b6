"""What lies otherwise in a dataset's folder, told as differences: a comparison of paths in, one line for each cause out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

from portals.desired import Desired
from portals.folder.compared import Change, read_at_most, sha256_of
from portals.folder.durable import anybody_may_write, is_folder
from portals.folder.names import key_of
from portals.folder.pages import fields_of
from portals.folder.tree import Leaf, Link, Stored
from portals.portal import Difference, What

REMEDY: Final = "beri Jejak izin melihatnya, atau pindahkan dari folder portal"
MORE: Final = 4_096
"""Bytes of a metadata.json that are read beyond what it should have, and told of one that is none."""


def differences_of(home: str, desired: Desired, tree: Mapping[str, Leaf], change: Change) -> list[Difference]:
    """What is otherwise in `home`, which is only read."""
    of_folder = {path.partition("/")[0]: leaf.of for path, leaf in tree.items() if "/" in path}
    withdrawn = {key_of(stone.publication): stone.publication.submission_id for stone in desired.withdrawn}
    still_there = {folder for path in change.too_much if (folder := path.partition("/")[0]) in withdrawn}
    missing = {folder for folder in of_folder if not change.has(folder)}
    found = [Difference(desired.dataset_id, withdrawn[folder], "not_withdrawn", field=folder) for folder in sorted(still_there)]
    found += [Difference(desired.dataset_id, of_folder[folder], "deleted", field=folder) for folder in sorted(missing)]
    for path, mode in change.closed.items():
        if path not in change.too_much:
            of = of_folder.get(path.partition("/")[0])
            found.append(of_mode(desired.dataset_id, of, path, mode))
    found += [unreadable(desired.dataset_id, of_folder.get(path.partition("/")[0]), path, why) for path, why in change.unreadable.items()]
    told, gone = {*still_there, *missing, *change.unreadable}, {of_folder[folder] for folder in missing}
    for path in change.write:
        told_as_missing = path not in change.found and tree[path].of in gone
        if path.partition("/")[0] not in told and not told_as_missing:
            found += _otherwise(home, desired.dataset_id, path, tree[path], change)
    with_more = {f"{path.rstrip('/').rpartition('/')[0]}/" for path in change.too_much}
    for path in change.too_much:
        folder = path.partition("/")[0]
        if not told & {folder, path} and path not in with_more:  # of a folder with something in it, only that is told
            what: What = "file_added" if folder in of_folder else "unknown"
            found.append(Difference(desired.dataset_id, of_folder.get(folder), what, field=path, found=str(change.found[path])))
    if not tree and not found and is_folder(home):  # with nothing in it that could be told
        found.append(Difference(desired.dataset_id, None, "unknown"))
    return found


def of_mode(dataset_id: str, of: UUID | None, path: str, mode: str) -> Difference:
    """What the public cannot read, or anybody could change."""
    return Difference(dataset_id, of, "writable" if anybody_may_write(mode) else "not_public", field=path, found=mode)


def unreadable(dataset_id: str, of: UUID | None, path: str, why: str) -> Difference:
    """What cannot be looked at, with what to do."""
    return Difference(dataset_id, of, "unreadable", field=path, found=f"{why}: {REMEDY}")


def _otherwise(home: str, dataset_id: str, path: str, leaf: Leaf, change: Change) -> Iterator[Difference]:
    name, there = path.rpartition("/")[2], change.found.get(path)
    if isinstance(there, OSError):  # told as such
        return
    match leaf.content:
        case Link(target):
            yield Difference(dataset_id, leaf.of, "other_version", field=path, expected=target, found=str(there or ""))
        case _ if path in change.closed:  # its mode was told; what is in it is told where we may read it
            if change.closed[path][1] == "r":
                size = os.lstat(f"{home}/{path}").st_size
                yield from _otherwise(home, dataset_id, path, leaf, replace(change, found={path: size}, closed={}))
        case Stored(sha256, size):
            found = sha256_of(f"{home}/{path}") if there == size else there  # a file with holes may be larger than anybody can read
            changed: What = "file_differs" if found is not None else "file_missing"
            found = f"{found} bita" if isinstance(found, int) else found or ""
            yield Difference(dataset_id, leaf.of, changed, field=name, expected=sha256, found=found)
        case bytes(content) if name == "metadata.json" and isinstance(there, int):
            yield from _of_metadata(dataset_id, leaf.of, content, read_at_most(f"{home}/{path}", len(content) + MORE))
        case bytes():
            yield Difference(dataset_id, leaf.of, "page", field=path, found="" if isinstance(there, int) else there or "")


def _of_metadata(dataset_id: str, submission_id: UUID | None, expected: bytes, found: bytes) -> Iterator[Difference]:
    wanted, there = fields_of(expected) or {}, fields_of(found)
    names = sorted(name for name in wanted | (there or {}) if there and wanted.get(name) != there.get(name)) if there is not None else []
    for name in names:
        yield Difference(
            dataset_id, submission_id, "metadata", field=name, expected=wanted.get(name, ""), found=(there or {}).get(name, "")
        )
    if not names:  # of another shape, or only spelt otherwise
        yield Difference(dataset_id, submission_id, "metadata", field="metadata.json", found=found[:MORE].decode(errors="replace"))
