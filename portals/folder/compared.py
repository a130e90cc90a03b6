"""A folder beside what its tree says: paths that are otherwise out. Nothing is written but modes, in `looked`; OSError passes through."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from portals.folder.durable import Found, is_plain, mode_above, open_up, told_of, walk
from portals.folder.tree import Leaf, Link, Stored, folders_of

DRAFT: Final = re.compile(r"\.draft(-[0-9a-f]{16})?")
"""Where something is being written; without a number by earlier releases."""
DEEPEST: Final = 3  # parts of a path in a tree


@dataclass(frozen=True)
class Change:
    """Paths that are otherwise. `in_the_way` must be taken away before anything is written, `remove` when readers are led elsewhere.

    `closed`: folders and files that should be there and that the public cannot look into or anybody may write, "" for the whole, and
    their modes; in `write` only when their content is otherwise too. `found`: everything that lies there, as `walk` says it.
    `unreadable`: paths that we cannot look at, and why; they stop no one from seeing the rest.
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
    home: str,
    tree: Mapping[str, Leaf],
    *,
    thorough: Callable[[Leaf], bool],
    below: Callable[[str], bool] = lambda _: True,
    folders: Collection[str] = (),
    aside: Callable[[str], bool] = lambda _: False,
) -> Change:
    """What differs. Pages are always read; an approved file's bytes where `thorough`, else its size is enough. `below`: as of `walk`.

    `folders`: those that may be there besides, each with a "/" at its end. `aside`: paths that are passed over.
    """
    try:
        itself, closed = _itself(home)
    except FileNotFoundError:
        return nothing_there(tree)
    found: dict[str, Found] = {**itself}
    found |= {path: what for path, what in walk(home, below=below) if not aside(path)} if not itself else {}
    wanted = folders_of(tree).union(folders)
    too_much = [path for path in found if path not in tree and path not in wanted]
    in_the_way = {path: None for path in too_much if _is_in_the_way(path, tree, wanted)}
    return Change(
        closed={path: what for path, what in found.items() if isinstance(what, str) and _has_a_mode(home, path, what, tree)} | closed,
        in_the_way=list(in_the_way),
        remove=[path for path in too_much if path not in in_the_way],
        write=[path for path, leaf in tree.items() if not _is_as_wanted(f"{home}/{path}", found.get(path), leaf, thorough=thorough(leaf))],
        found=found,
    )


def nothing_there(tree: Mapping[str, Leaf]) -> Change:
    """As `compare` says it of a folder that is not there."""
    return Change(closed={}, in_the_way=[], remove=[], write=list(tree), found={})


def looked(home: str, compared: Callable[[], Change], *, ours: Callable[[str], bool] = lambda _: True) -> Change:
    """As it is compared, with everything of ours given its mode; what stays as it is, on a disk without such modes, is still told.

    A file that is another user's cannot be given one: it is written anew where the public cannot read it.
    """
    change, foreign = compared(), set[str]()
    before: Mapping[str, str] = {}
    while change.closed != before:
        before = change.closed
        for path in (path for path in change.closed if ours(path) and not is_draft(path)):
            try:
                place = f"{home}/{path}".rstrip("/")
                open_up(place, above=mode_above(place))
            except PermissionError:
                if not path or path.endswith("/"):
                    raise
                foreign.add(path)
        change = compared()
    return replace(change, write=[*change.write, *sorted((foreign & change.closed.keys()).difference(change.write))])


def is_draft(path: str) -> bool:
    """Of a path below the folder that `drafts_in` was given."""
    return DRAFT.fullmatch(path.partition("/")[0]) is not None


def sha256_of(path: str) -> str | None:
    """None when there is no such file."""
    try:
        with open(path, "rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _itself(home: str) -> tuple[dict[str, str | int], dict[str, str]]:
    """Where the folder should be, something else; or the folder's mode, when it is closed to the public or anybody may write there.

    Raises FileNotFoundError.
    """
    found = os.lstat(home)
    what = told_of(home, found, mode_above(home))
    if stat.S_ISDIR(found.st_mode):
        return {}, {"": str(what)} if what else {}
    return {"": what}, {}


def _has_a_mode(home: str, path: str, what: str, tree: Mapping[str, Leaf]) -> bool:
    """Is what was found there the mode of a folder, or of a plain file that should be there? A link may lead to anything."""
    return path.endswith("/") or (path in tree and what.startswith("-") and is_plain(f"{home}/{path}"))


def _is_as_wanted(path: str, found: Found | None, leaf: Leaf, *, thorough: bool) -> bool:
    """Whatever its mode, which is mended without writing it anew. `found`: as `walk` says it. Raises OSError."""
    closed = isinstance(found, str) and found.startswith("-") and is_plain(path)
    size = os.lstat(path).st_size if closed else found
    try:
        match leaf.content:
            case bytes(content):
                return size == len(content) and read_at_most(path, size + 1) == content
            case Stored(sha256, wanted):
                return size == wanted and (not thorough or sha256_of(path) == sha256)
            case Link(target):
                return found == target
    except PermissionError:
        if not closed:
            raise
        return False


def read_at_most(path: str, count: int) -> bytes:
    """Its beginning. Raises OSError."""
    with open(path, "rb") as file:
        return file.read(count)


def _is_in_the_way(path: str, tree: Mapping[str, Leaf], folders: set[str]) -> bool:
    """A draft that a crash left, a file where a folder should be, a folder (or what is in it) where a file should be."""
    parts = path.rstrip("/").split("/")
    above = ("/".join(parts[: place + 1]) for place in range(min(len(parts), DEEPEST)))
    return not path or is_draft(path) or f"{path}/" in folders or any(one in tree for one in above)
