"""Writing that survives a kill or a power cut, and looking at what lies in a folder without following a link or opening anything.

What is written is as readable as the folder that it lies in, whatever umask the writer has: the operator opens the root, or does not.
Nobody but owner and group may write there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Final

READ: Final = 0o444
READ_AND_ENTER: Final = 0o555
OWNER: Final = 0o700
READ_AND_WRITE: Final = 0o600
Found = str | int | OSError
"""What lies at a path, as `walk` says it."""


def write(target: str, chunks: Iterable[bytes], *, above: int) -> None:
    """A new file, its bytes durable, as readable as a folder of the mode `above`. Raises OSError."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        for chunk in chunks:
            written = os.write(descriptor, chunk)
            while written < len(chunk):
                written += os.write(descriptor, chunk[written:])
        _give(os.fstat(descriptor).st_mode, above & READ, lambda better: os.fchmod(descriptor, better))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: str, *, above: int) -> None:
    """As open as a folder of the mode `above`. Raises OSError, also when there is one."""
    os.mkdir(folder)
    open_up(folder, above=above)


def open_up(path: str, *, above: int) -> None:
    """Let everybody read (and enter a folder) who may read a folder of the mode `above`, but not write. Raises OSError."""
    mode = os.stat(path).st_mode
    wanted = above & READ_AND_ENTER | OWNER if stat.S_ISDIR(mode) else above & READ | READ_AND_WRITE
    _give(mode, wanted, lambda better: os.chmod(path, better))


def mode_above(path: str) -> int:
    """Of the folder that it lies in."""
    return os.stat(os.path.dirname(path) or ".").st_mode


def is_plain(path: str) -> bool:
    """A plain file, no link to one, and under no second name: behind a hard link lies somebody's own file, whose mode is not ours."""
    found = os.lstat(path)
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def is_folder(path: str) -> bool:
    """A folder, and no link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable, as `os.fsync` does for a file's bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def walk(folder: str, *, below: Callable[[str], bool] = lambda _: True) -> Iterator[tuple[str, Found]]:
    """Everything below a folder, by relative path; a folder's path ends in "/", and it comes before what is in it.

    A number is a plain file's size, 0 for a folder; a text is a link's target, or the mode (`-rw-------`, `prw-r--r--`) of what is no
    plain file or folder, is less readable than the folder that it lies in, or may be changed by everybody; an error is why it cannot be
    looked at. Folders are looked into when `below` says so. Nothing when there is no such folder; one that is closed to us by its mode
    is empty. Raises OSError when the folder itself cannot be looked into.
    """
    left = [(folder, "")]
    while left:
        place, prefix = left.pop()
        try:
            entries, mode = list(os.scandir(place)), os.stat(place).st_mode
        except FileNotFoundError:
            continue
        except OSError as error:
            if isinstance(error, PermissionError) and os.lstat(place).st_mode & OWNER != OWNER:
                continue
            if not prefix:
                raise
            yield prefix, error  # foreign, or its path is longer than the system takes
            continue
        for entry in entries:
            path, what = prefix + entry.name, _told_or_why(entry, mode)
            if what is None:
                continue
            if entry.is_dir(follow_symlinks=False):
                path += "/"
                if below(path):
                    left.append((entry.path, path))
            yield path, what


def _told_or_why(entry: os.DirEntry[str], above: int) -> Found | None:
    """None: gone since the folder was read."""
    try:
        return told_of(entry.path, entry.stat(follow_symlinks=False), above)
    except FileNotFoundError:
        return None
    except OSError as error:
        return error


def told_of(path: str, found: os.stat_result, above: int) -> str | int:
    """As `walk` says it; `found`: what lies at the path, `above`: mode of the folder that it lies in."""
    if stat.S_ISLNK(found.st_mode):
        return os.readlink(path)
    if stat.S_ISDIR(found.st_mode):
        wanted, plain_size = above & READ_AND_ENTER | OWNER, 0
    else:
        wanted, plain_size = above & READ, found.st_size if stat.S_ISREG(found.st_mode) else -1
    good = plain_size >= 0 and not wanted & ~found.st_mode and not found.st_mode & stat.S_IWOTH
    return plain_size if good else stat.filemode(found.st_mode)


def _give(mode: int, wanted: int, change: Callable[[int], None]) -> None:
    """Some disks (vfat, a share of Windows) show everything as open to all and refuse any other mode: what may be read there is good."""
    if wanted & ~mode or mode & stat.S_IWOTH:
        try:
            change((stat.S_IMODE(mode) | wanted) & ~stat.S_IWOTH)
        except PermissionError:
            if wanted & ~mode:
                raise


def anybody_may_write(mode: str) -> bool:
    """Of a mode as `walk` says it."""
    return mode[0] in "-d" and mode[8] == "w"
