"""A dataset's folder brought to what its tree says: what is too much taken away, what is missing put there.

One caller at a time. A crash anywhere leaves what the next comparison sees; OSError passes through.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from lane.files import Files
from portals.folder.compared import Change
from portals.folder.durable import OWNER, make_folder, mode_above, sync_folder, write
from portals.folder.tree import LATEST, Leaf, Link, Stored


def take_away(home: str, paths: Iterable[str]) -> None:
    """Gone for good on return. All that can go is gone before one that cannot is told (`OSError`)."""
    touched, refused = set(), list[OSError]()
    for path in sorted(paths, reverse=True):
        there = f"{home}/{path}".rstrip("/")
        try:
            if path.endswith("/"):
                os.rmdir(there)
            else:
                os.unlink(there)
        except OSError as error:
            refused.append(error)
        touched.add(os.path.dirname(there))
    for folder in touched:
        if os.path.isdir(folder):
            sync_folder(folder)
    if refused:
        raise refused[0]


def put(home: str, tree: Mapping[str, Leaf], paths: Sequence[str], files: Files, *, change: Change, place: str) -> None:
    """Write these paths: an edition that is not there yet appears as a whole, in one step; single files each in one step.

    `place`: as of `drafts_in`. An edition's own name is durable once `home` is synced.
    """
    by_folder: dict[str, list[str]] = {}
    for path in paths:
        by_folder.setdefault(path.partition("/")[0], []).append(path)
    for folder, inside in by_folder.items():
        content = {path: _chunks(tree[path].content, files) for path in inside}
        if change.has(folder):
            put_each(home, content, place=place)
        else:
            _build(home, folder, content, place=place)


def point_to(home: str, target: str, *, place: str) -> None:
    """Let `latest` lead there in one step; a reader follows the old way or the new one."""
    os.symlink(target, f"{place}/{LATEST}")
    os.replace(f"{place}/{LATEST}", f"{home}/{LATEST}")


@contextmanager
def drafts_in(home: str, *, called: str = ".draft") -> Iterator[str]:
    """A folder for what is being written, on the same disk, under a name that nobody knows and open to nobody else.

    What a crash leaves there, the next comparison takes away, when it is `called` so.
    """
    place = f"{home}/{called}-{secrets.token_hex(8)}"
    os.mkdir(place, OWNER)
    try:
        yield place
    finally:
        try:
            os.rmdir(place)
        except OSError:  # something is left in it
            shutil.rmtree(place)


def _build(home: str, folder: str, content: Mapping[str, Iterable[bytes]], *, place: str) -> None:
    above = os.stat(home).st_mode
    folders = sorted({folder, *map(os.path.dirname, content)})
    for made in folders:
        make_folder(f"{place}/{made}", above=above)
    for path, chunks in content.items():
        write(f"{place}/{path}", chunks, above=above)
    for made in folders:
        sync_folder(f"{place}/{made}")
    os.rename(f"{place}/{folder}", f"{home}/{folder}")


def put_each(home: str, content: Mapping[str, Iterable[bytes]], *, place: str) -> None:
    """Each file in one step, in `home` or a folder of it that is made where it is missing; all durable on return."""
    folders = {os.path.dirname(f"{home}/{path}") for path in content}
    for path, chunks in content.items():
        target = f"{home}/{path}"
        folder = os.path.dirname(target)
        if not os.path.isdir(folder):
            make_folder(folder, above=mode_above(folder))
        write(f"{place}/draft", chunks, above=os.stat(folder).st_mode)
        os.replace(f"{place}/draft", target)
    for folder in folders:
        sync_folder(folder)


def _chunks(content: bytes | Stored | Link, files: Files) -> Iterable[bytes]:
    match content:
        case bytes():
            return [content]
        case Stored():
            return files.read(content.sha256)
        case Link():
            raise TypeError("a link is not written, it is pointed")
