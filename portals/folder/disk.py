"""A dataset's folder brought to what its tree says: compared, what is too much taken away, what is missing put there.

One caller at a time. A crash anywhere leaves what the next comparison sees; OSError passes through.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lane.files import Files
from portals.folder.durable import OWNER, Found, is_folder, make_folder, open_up, replace, sync_folder, told_of, walk, write
from portals.folder.tree import LATEST, Leaf, Link, Stored, folders_of

DRAFT: Final = re.compile(r"\.draft(-[0-9a-f]{16})?")
"""Where something is being written; without a number by earlier releases."""
DEEPEST: Final = 3  # parts of a path in a tree


@dataclass(frozen=True)
class Change:
    """Paths that are otherwise. `in_the_way` must be taken away before anything is written, `remove` when readers are led elsewhere.

    `closed`: folders that the public cannot look into or anybody may write in, "" for the whole, and their modes. `found`: everything
    that lies there, as `walk` says it. `unreadable`: paths that we cannot look at, and why; they stop no one from seeing the rest.
    """

    closed: Mapping[str, str]
    in_the_way: list[str]
    remove: list[str]
    write: list[str]
    found: Mapping[str, Found]

    @property
    def unreadable(self) -> dict[str, str]:
        return {path: what.strerror or repr(what) for path, what in self.found.items() if isinstance(what, OSError)}

    @property
    def too_much(self) -> list[str]:
        return self.in_the_way + self.remove

    def has(self, folder: str) -> bool:
        return f"{folder}/" in self.found


def compare(
    home: Path,
    tree: Mapping[str, Leaf],
    *,
    thorough: Callable[[Leaf], bool],
    below: Callable[[str], bool] = lambda _: True,
    folders: Collection[str] = (),
) -> Change:
    """What differs. Pages are always read; an approved file's bytes where `thorough`, else its size is enough. `below`: as of `walk`.

    `folders`: those that may be there besides, each with a "/" at its end.
    """
    itself, closed = _itself(home)
    found: dict[str, Found] = {**itself}
    found |= walk(str(home), below=below) if not itself else {}
    wanted = folders_of(tree).union(folders)
    too_much = [path for path in found if path not in tree and path not in wanted]
    in_the_way = {path: None for path in too_much if _is_in_the_way(path, tree, wanted)}
    return Change(
        closed=closed | {path: what for path, what in found.items() if path.endswith("/") and isinstance(what, str)},
        in_the_way=list(in_the_way),
        remove=[path for path in too_much if path not in in_the_way],
        write=[path for path, leaf in tree.items() if not is_there(home / path, found.get(path), leaf.content, thorough=thorough(leaf))],
        found=found,
    )


def nothing_there(tree: Mapping[str, Leaf]) -> Change:
    """As `compare` says it of a folder that is not there."""
    return Change(closed={}, in_the_way=[], remove=[], write=list(tree), found={})


def looked(home: Path, compared: Callable[[], Change], *, ours: Callable[[str], bool] = lambda _: True) -> Change:
    """As it is compared, with every folder of ours given its mode; one that stays as it is, on a disk without such modes, is still told."""
    change = compared()
    before: Mapping[str, str] = {}
    while change.closed != before:
        before = change.closed
        for folder in (folder for folder in change.closed if ours(folder) and not is_draft(folder)):
            open_up(home / folder)
        change = compared()
    return change


def _itself(home: Path) -> tuple[dict[str, str | int], dict[str, str]]:
    """Where the folder should be, something else; or the folder's mode, when it is closed to the public or anybody may write there."""
    if not os.path.lexists(home):
        return {}, {}
    what = told_of(home, home.parent.stat().st_mode)
    if is_folder(home):
        return {}, {"": str(what)} if what else {}
    return {"": what}, {}


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
def drafts_in(home: Path) -> Iterator[Path]:
    """A folder for what is being written, on the same disk, under a name that nobody knows and open to nobody else.

    What a crash leaves there, the next comparison takes away.
    """
    place = home / f".draft-{secrets.token_hex(8)}"
    place.mkdir(mode=OWNER)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def is_draft(path: str) -> bool:
    """Of a path below the folder that `drafts_in` was given."""
    return DRAFT.fullmatch(path.partition("/")[0]) is not None


def sha256_of(path: Path) -> str | None:
    """None when there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _is_in_the_way(path: str, tree: Mapping[str, Leaf], folders: set[str]) -> bool:
    """A draft that a crash left, a file where a folder should be, a folder (or what is in it) where a file should be."""
    parts = path.rstrip("/").split("/")
    above = ("/".join(parts[: place + 1]) for place in range(min(len(parts), DEEPEST)))
    return not path or is_draft(path) or f"{path}/" in folders or any(one in tree for one in above)


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


def is_there(path: Path, found: Found | None, content: bytes | Stored | Link, *, thorough: bool) -> bool:
    """`found`: as `walk` says it. Raises OSError."""
    match content:
        case bytes():
            return found == len(content) and path.read_bytes() == content
        case Stored():
            return found == content.size and (not thorough or sha256_of(path) == content.sha256)
        case Link():
            return found == content.target
