"""`var/` holds journals, files, keys and logs: for its owner only. A folder in, the places that stayed open out."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FOLDER: Final = 0o700
OTHERS: Final = 0o077
PORTAL: Final = "portal"
"""What is inside is public, and closed all the same by the folder that it lies in."""


def owner_only(var: Path, *, portal: str) -> list[Path]:
    """Make the folder 0700, with files 0600 in folders 0700, and see to it that what this process writes there stays so.

    What is there from before is gone through once: the folder itself is closed last, so one that is closed has been gone through. A portal
    folder elsewhere is for web servers of other users to read, so then the process keeps the umask that it was started with.
    """
    if not portal.startswith("folder:") or _lies_in(Path(portal.removeprefix("folder:")), var):
        os.umask(OTHERS)  # what is not there yet is then made closed
    elif not var.exists():
        var.mkdir(mode=FOLDER)
    var = var.resolve()
    if not var.is_dir() or not stat.S_IMODE(var.stat().st_mode) & OTHERS:
        return []
    left = [path for path in _inside(var) if not _closed(path)]
    return left if _closed(var) else [*left, var]


def _inside(var: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(var):
        if Path(folder) == var and PORTAL in folders:
            folders.remove(PORTAL)
        yield from (Path(folder, name) for name in (*folders, *files))


def _closed(path: Path) -> bool:
    """Whether only its owner may use it now. A link is as closed as what it leads to; what went away meanwhile is no matter."""
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
    except FileNotFoundError:
        return True
    except PermissionError:
        return False
    return True


def _lies_in(path: Path, folder: Path) -> bool:
    return path.absolute().resolve().is_relative_to(folder.absolute().resolve())
