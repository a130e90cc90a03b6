"""Writing that survives a kill or a power cut, and looking at what lies in a folder without following a link."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


def write(target: Path, chunks: Iterable[bytes]) -> None:
    """A new file, its bytes durable. Raises OSError."""
    with target.open("wb", buffering=0) as file:
        for chunk in chunks:
            file.write(chunk)
        os.fsync(file.fileno())


def replace(target: Path, chunks: Iterable[bytes], *, draft: Path) -> None:
    """Put a file under its name in one step; `draft` lies on the same disk. The name is durable once its folder is synced."""
    write(draft, chunks)
    draft.replace(target)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, as `os.fsync` does for a file's bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def walk(folder: str, *, below: Callable[[str], bool] = lambda _: True, prefix: str = "") -> Iterator[tuple[str, str | int]]:
    """Everything below a folder, by relative path: a file's size, a link's target; a folder's path ends in "/", its size is 0.

    A folder comes before what is in it, and is looked into when `below` says so. Nothing when there is no such folder.
    """
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        path = prefix + entry.name
        if entry.is_symlink():
            yield path, os.readlink(entry.path)  # noqa: PTH115 (a DirEntry is no Path, and making one costs more than the call)
        elif entry.is_dir():
            yield path + "/", 0
            if below(path + "/"):
                yield from walk(entry.path, below=below, prefix=path + "/")
        else:
            yield path, entry.stat().st_size
