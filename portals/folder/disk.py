"""A dataset's folder brought to what its tree says: what is too much taken away, what is missing put there.

One caller at a time. A crash anywhere leaves what the next comparison sees; OSError passes through.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lane.files import Files
from portals.folder.compared import Change
from portals.folder.durable import OWNER, make_folder, replace, sync_folder, write
from portals.folder.tree import LATEST, Leaf, Link, Stored


def take_away(home: Path, paths: Iterable[str]) -> None:
    """Gone for good on return. All that can go is gone before one that cannot is told (`OSError`)."""
    touched, refused = set(), list[OSError]()
    for path in sorted(paths, reverse=True):
        there = home / path
        try:
            if path.endswith("/"):
                there.rmdir()
            else:
                there.unlink()
        except OSError as error:
            refused.append(error)
        touched.add(there.parent)
    for folder in touched:
        if folder.is_dir():
            sync_folder(folder)
    if refused:
        raise refused[0]


def put(home: Path, tree: Mapping[str, Leaf], paths: Sequence[str], files: Files, *, change: Change) -> None:
    """Write these paths: an edition that is not there yet appears as a whole, in one step; single files each in one step."""
    by_folder: dict[str, list[str]] = {}
    for path in paths:
        by_folder.setdefault(path.partition("/")[0], []).append(path)
    for folder, inside in by_folder.items():
        content = {path: _chunks(tree[path].content, files) for path in inside}
        if change.has(folder):
            put_each(home, content)
        else:
            _build(home, folder, content)


def point_to(home: Path, target: str) -> None:
    """Let `latest` lead there in one step; a reader follows the old way or the new one."""
    with drafts_in(home) as place:
        (place / LATEST).symlink_to(target)
        (place / LATEST).replace(home / LATEST)


@contextmanager
def drafts_in(home: Path, *, called: str = ".draft") -> Iterator[Path]:
    """A folder for what is being written, on the same disk, under a name that nobody knows and open to nobody else.

    What a crash leaves there, the next comparison takes away, when it is `called` so.
    """
    place = home / f"{called}-{secrets.token_hex(8)}"
    place.mkdir(mode=OWNER)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def _build(home: Path, folder: str, content: Mapping[str, Iterable[bytes]]) -> None:
    with drafts_in(home) as place:
        draft = place / folder
        make_folder(draft, like=home)
        folders = {draft}
        for path, chunks in content.items():
            target = place / path
            if target.parent not in folders:
                make_folder(target.parent)
                folders.add(target.parent)
            write(target, chunks)
        for made in folders:
            sync_folder(made)
        draft.rename(home / folder)


def put_each(home: Path, content: Mapping[str, Iterable[bytes]]) -> None:
    """Each file in one step, under its path of at most two parts; all durable on return."""
    if not content:
        return
    with drafts_in(home) as place:
        for path, chunks in content.items():
            if not (home / path).parent.is_dir():
                make_folder((home / path).parent)
            replace(home / path, chunks, draft=place / "draft")
    for folder in {(home / path).parent for path in content}:
        sync_folder(folder)


def _chunks(content: bytes | Stored | Link, files: Files) -> Iterable[bytes]:
    match content:
        case bytes():
            return [content]
        case Stored():
            return files.read(content.sha256)
        case Link():
            raise TypeError("a link is not written, it is pointed")
