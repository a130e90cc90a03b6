"""The root of the folder portal: what must be in order there before anything is written, and a trial of its disk.

What stands in place of the folder of all datasets is taken away by an operator's word only: behind a link may lie the whole catalogue.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from portals.folder.disk import drafts_in, put_each
from portals.folder.durable import is_folder, make_folder, mode_above, open_up, sync_folder
from portals.portal import Code, Difference, PortalProblem

DATASETS: Final = "dataset"
TRIAL: Final = ".probe"
IS_TRIAL: Final = re.compile(rf"\{TRIAL}-[0-9a-f]{{16}}")
TRIAL_CONTENT: Final = b"jejak"
TRIED: Final = ("", "file", "draft", "link")
"""What a trial of the disk makes, below its own folder."""
TRIAL_S: Final = 3_600.0
"""A trial of the disk takes less than a second; one that lies there for so long was left by a crash."""


def problems_of(root: Path, *, largest_file: int) -> list[str]:
    """As `Portal.check` says it."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        if why := _why_no_folder(root):
            return [why]
        make_each(f"{root}/{DATASETS}")
        _clean(root)
        with drafts_in(str(root), called=TRIAL) as place:
            put_each(place, {"file": [TRIAL_CONTENT]}, place=place)
            os.symlink(DATASETS, f"{place}/link")
        room = shutil.disk_usage(root).free
    except OSError as error:
        return [f"Folder portal {root} tidak dapat ditulisi: {error.strerror}. Periksa izin, tempat, dan sistem berkasnya."]
    if room < largest_file:
        return [f"Folder portal {root} hanya punya tempat {room} bita; berkas terbesar yang diterima {largest_file} bita."]
    return []


def must_have_its_folder(root: Path) -> None:
    """Raises PortalProblem while something else stands in place of the folder of all datasets: it would lead the public elsewhere.

    One that somebody closed to us is opened: a dataset that is not there yet could not be put into it.
    """
    if why := _why_no_folder(root):
        raise PortalProblem(Code.STORAGE, why)
    datasets = f"{root}/{DATASETS}"
    if not os.access(datasets, os.R_OK | os.W_OK | os.X_OK) and os.path.exists(datasets):
        open_up(datasets, above=mode_above(datasets))


def make_room(root: Path) -> list[Difference]:
    """As `Portal.make_room` says it. What a link led to stays where it is."""
    datasets = f"{root}/{DATASETS}"
    if not os.path.lexists(datasets) or is_folder(datasets):
        return []
    found = os.readlink(datasets) if os.path.islink(datasets) else stat.filemode(os.lstat(datasets).st_mode)
    os.unlink(datasets)
    sync_folder(str(root))
    return [Difference("", None, "unknown", field=DATASETS, found=found)]


def is_on_trial(root: str, path: str) -> bool:
    """Of a path below the root: another process is trying the disk there just now, in nobody's turn. Nothing else may hide there."""
    first, _, rest = path.partition("/")
    if not IS_TRIAL.fullmatch(first) or rest not in TRIED:
        return False
    try:
        return _is_tried(f"{root}/{path}", rest) and abs(time.time() - os.lstat(f"{root}/{first}").st_mtime) < TRIAL_S
    except FileNotFoundError:
        return True


def real(root: Path) -> str:
    """The root itself may be a link of the operator's; what is compared must be the folder."""
    return str(root.resolve() if root.is_symlink() else root)


def make_each(*folders: str) -> None:
    """Those that are not there; another worker may be making the same. Raises OSError."""
    for folder in folders:
        if not os.path.isdir(folder):
            with contextlib.suppress(FileExistsError):
                make_folder(folder, above=mode_above(folder))
            sync_folder(os.path.dirname(folder))


@contextlib.contextmanager
def or_problem() -> Iterator[None]:
    """An OSError as a PortalProblem."""
    try:
        yield
    except OSError as error:
        why = ": ".join(str(said) for said in (error.filename, error.strerror) if said) or repr(error)
        raise PortalProblem(
            Code.STORAGE, f"Folder portal tidak dapat dibaca atau ditulisi ({why}). Periksa disk dan izinnya; akan dicoba lagi."
        ) from error


def _why_no_folder(root: Path) -> str | None:
    datasets = f"{root}/{DATASETS}"
    if not os.path.lexists(datasets) or is_folder(datasets):  # in this order: another worker may be making it
        return None
    return (
        f"{datasets} bukan folder, melainkan tautan atau berkas, dan Jejak tidak menulis melaluinya. Bila datanya ada di disk "
        "lain, hapus tautan itu dan pasang disknya di sana; bila tidak, jejak portal repair (tanpa nama) membuangnya dan menulis semua "
        "data kembali."
    )


def _clean(root: Path) -> None:
    """Trials that a crash left."""
    for path in root.glob(f"{TRIAL}-*"):
        if IS_TRIAL.fullmatch(path.name) and is_folder(str(path)) and not is_on_trial(str(root), path.name):
            shutil.rmtree(path)


def _is_tried(path: str, name: str) -> bool:
    """Is this what a trial of the disk makes under that name in its folder? Raises OSError."""
    found = os.lstat(path.rstrip("/"))
    match name:
        case "":
            return stat.S_ISDIR(found.st_mode)
        case "file" | "draft":
            return stat.S_ISREG(found.st_mode) and found.st_size <= len(TRIAL_CONTENT)
        case _:
            return stat.S_ISLNK(found.st_mode) and os.readlink(path) == DATASETS
