"""ZIP archives, XLSX among them: bombs, nested archives and names that leave their folder are told before anything is unpacked."""

import zipfile
from pathlib import PurePosixPath
from typing import Final

from checks.findings import Found
from checks.limits import Limits

ARCHIVES: Final = (".zip", ".rar", ".7z", ".gz", ".tar", ".bz2", ".xz")


def check_archive(archive: zipfile.ZipFile, limits: Limits, found: Found, *, is_package: bool = True) -> bool:
    """Whether it is safe to read on. `is_package`: an XLSX or ODS, whose parts are not files for people."""
    parts = archive.infolist()
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > limits.members:
        found("zip_bomb", why=f"{len(parts)} bagian", why_en=f"{len(parts)} parts")
        return False
    if unpacked > limits.unpacked_bytes or (unpacked > limits.bomb_bytes and unpacked > packed * limits.ratio):
        found("zip_bomb", why=f"{unpacked // 1_000_000} MB")
        return False
    if any(part.flag_bits & 1 for part in parts):
        found("file_encrypted")
        return False
    wrong = [part.filename for part in parts if _leaves(part.filename)]
    nested = [part.filename for part in parts if part.filename.lower().endswith(ARCHIVES)] if not is_package else []
    if wrong:
        found("zip_path", count=len(wrong), name=wrong[0])
    if nested:
        found("zip_nested", count=len(nested), name=nested[0])
    return not wrong


def _leaves(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in PurePosixPath(name).parts
