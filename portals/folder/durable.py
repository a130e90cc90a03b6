"""Writing that survives a kill or a power cut: chunks in, a whole file under its name out, or the file that was there before."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def write_whole(target: Path, chunks: Iterable[bytes], *, work: Path) -> None:
    """Put a file under its name in one step: written and synced in `work` (same disk), then renamed. Raises OSError."""
    draft = work / "draft"
    with draft.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def point_to(link: Path, target: str, *, work: Path) -> None:
    """Make the symbolic link `link` lead to `target` in one step; a reader follows the old way or the new one."""
    draft = work / "draft-link"
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)
    sync_folder(link.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, as `os.fsync` does for a file's bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold the lock file against other threads and processes; the kernel lets go of it when the holder dies."""
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
