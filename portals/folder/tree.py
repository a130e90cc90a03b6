"""The folder of one dataset: its desired state in, every path with what should lie there out. Pure.

<edition>/   files/, metadata.json, index.html      the edition's own lasting address; a tombstone has no files/
latest       a symbolic link to the edition that is listed, or to the tombstone
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from portals.desired import Desired, Publication
from portals.folder.names import key_of, names_on_disk
from portals.folder.pages import edition_page, record_of, retracted_record, to_json, tombstone_page

LATEST: Final = "latest"


@dataclass(frozen=True)
class Stored:
    """The bytes of an approved file."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Link:
    target: str


@dataclass(frozen=True)
class Leaf:
    """What should lie at a path, and the submission that it belongs to; None of a page over all datasets."""

    content: bytes | Stored | Link
    of: UUID | None


def settled_in(desired: Desired, about: UUID | None) -> tuple[Publication, ...]:
    """Editions that publishing this submission leaves as they are: all but its own, the listed one, and the one that was listed before."""
    if not any(one.submission_id == about for one in desired.shown):
        return ()
    return tuple(one for one in desired.shown[2:] if one.submission_id != about)


def tree_of(desired: Desired, settled: Collection[Publication] = ()) -> dict[str, Leaf]:
    """Relative path → what should lie there; nothing of what is settled."""
    tree: dict[str, Leaf] = {}
    earlier = [(key_of(one), one.edition, one.approved_at) for one in desired.earlier]
    left_alone = {one.submission_id for one in settled}
    if listed := desired.listed:
        tree |= _edition(listed, earlier)
        for one in desired.earlier:
            if one.submission_id not in left_alone:
                tree |= _edition(one, None)
    for stone in desired.withdrawn:
        record = retracted_record(stone.publication, stone.reason)
        tree |= _leaves(stone.publication, {"metadata.json": to_json(record), "index.html": tombstone_page(record)})
    newest = listed or (desired.tombstone and desired.tombstone.publication)
    if newest:
        tree[LATEST] = Leaf(Link(key_of(newest)), newest.submission_id)
    return tree


def folders_of(tree: Mapping[str, Leaf]) -> set[str]:
    """The folders that a tree needs, each with a "/" at its end."""
    return {path[: place + 1] for path in tree for place, char in enumerate(path) if char == "/"}


def _edition(publication: Publication, earlier: Sequence[tuple[str, int, datetime]] | None) -> dict[str, Leaf]:
    names, record = names_on_disk(publication.files), record_of(publication)
    files = {f"files/{name}": Stored(file.sha256, file.bytes) for file, name in zip(publication.files, names, strict=True)}
    return _leaves(publication, {**files, "metadata.json": to_json(record), "index.html": edition_page(publication, earlier=earlier)})


def _leaves(publication: Publication, content: Mapping[str, bytes | Stored]) -> dict[str, Leaf]:
    key = key_of(publication)
    return {f"{key}/{path}": Leaf(what, publication.submission_id) for path, what in content.items()}
