"""One dataset's folder in the folder portal: its versions and tombstones, which of them is listed, and whether they are whole.

The caller holds the dataset's lock, and turns OSError into PortalProblem.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
from jinja2 import UndefinedError

from events.contracts import File, Reason
from lane.files import Files
from portals.folder.durable import point_to, sync_folder, write_whole
from portals.folder.pages import (
    KEY,
    dataset_page,
    key_of,
    names_on_disk,
    record_of,
    retracted_record,
    to_json,
    tombstone_page,
)
from portals.portal import Code, PortalProblem, Publication, ShownFile, Step

RETRACTED: Final = "retracted-"
"""What a tombstone's folder name has before the name of the version that it stands for."""


def refuse_conflicts(home: Path, publication: Publication, *, names: frozenset[str]) -> None:
    """Raise PortalProblem when the dataset is another OPD's, or this very version was taken down."""
    refuse_other_opd(home, publication)
    if f"{RETRACTED}{key_of(publication)}" in names:
        raise PortalProblem(Code.RETRACTED, "Data ini sudah ditarik dari portal. Untuk menampilkannya lagi, ajukan sebagai pengajuan baru.")


def refuse_other_opd(home: Path, publication: Publication) -> None:
    """Raise PortalProblem when the dataset is another OPD's."""
    latest = latest_of(home)
    owner = record_in(home / latest).get("opd", publication.opd) if latest else publication.opd
    if owner != publication.opd:
        raise PortalProblem(
            Code.NAME_TAKEN,
            f"Nama data “{publication.dataset.dataset_id}” di portal sudah dipakai OPD {owner}. "
            "Sepakati nama lain dengan OPD itu, lalu kembalikan data ini agar dataset_id diganti.",
        )


def fill(building: Path, publication: Publication, files: Files, *, earlier: set[str], work: Path, step: Step) -> None:
    """Make the version's folder what it should be, writing only what is missing or differs."""
    (building / "files").mkdir(parents=True, exist_ok=True)
    names = names_on_disk(publication.files)
    step("upload")
    for file, name in zip(publication.files, names, strict=True):
        if _sha256(building / "files" / name) != file.sha256:
            write_whole(building / "files" / name, files.read(file.sha256), work=work)
    step("describe")
    record = record_of(publication)
    _write_if_other(building / "metadata.json", to_json(record), work=work)
    _write_if_other(building / "index.html", page_of(record, earlier=earlier), work=work)
    remove_others(building, keep={"files", "metadata.json", "index.html"})
    remove_others(building / "files", keep=set(names))


def read_back(version: Path, files: tuple[File, ...]) -> list[str]:
    """The SHA-256 of each file as it stands there now. Raises PortalProblem when one is not what was approved."""
    found: list[str] = []
    for file, name in zip(files, names_on_disk(files), strict=True):
        sha256 = _sha256(version / "files" / name)
        if sha256 != file.sha256:
            raise PortalProblem(
                Code.READBACK_DIFFERS,
                f"Berkas “{file.name}” yang dibaca kembali dari portal tidak sama dengan yang disetujui. "
                "Akan dicoba lagi; bila berulang, periksa disk portal.",
            )
        found.append(sha256)
    return found


def bury(home: Path, publication: Publication, reason: Reason, *, work: Path) -> None:
    """Put a tombstone beside the version, unless it is there."""
    key = key_of(publication)
    tombstone, building = home / f"{RETRACTED}{key}", work / f"{RETRACTED}{key}"
    if tombstone.is_dir():
        return
    building.mkdir()
    record = retracted_record(publication, reason)
    write_whole(building / "metadata.json", [to_json(record)], work=work)
    write_whole(building / "index.html", [page_of(record, earlier=keys_of_versions(names_in(home)) - {key})], work=work)
    move_whole(building, tombstone)


def move_whole(building: Path, target: Path) -> None:
    """Bring a finished folder to its place, in one step and for good."""
    for folder in (*(path for path in building.iterdir() if path.is_dir()), building):
        sync_folder(folder)
    building.rename(target)
    sync_folder(target.parent)


def list_newest(home: Path, names: frozenset[str], *, work: Path, whole: str | None = None) -> None:
    """Let `latest` lead to the newest version or tombstone of `names`, and its page name the versions beside it.

    `whole`: the version that was made whole just now, its page included.
    """
    newest = max((name for name in names if KEY.fullmatch(name.removeprefix(RETRACTED))), key=_age)
    if newest != whole:
        page = page_of(record_in(home / newest), earlier=keys_of_versions(names) - {newest})
        _write_if_other(home / newest / "index.html", page, work=work)
    if latest_of(home) != newest:
        point_to(home / "latest", newest, work=work)


def _age(name: str) -> tuple[str, bool]:
    """Names in order of approval; a tombstone comes after the version that it stands for."""
    return name.removeprefix(RETRACTED), name.startswith(RETRACTED)


def names_in(home: Path) -> frozenset[str]:
    """What lies in the dataset's folder: versions, tombstones, `latest`."""
    return frozenset(path.name for path in home.iterdir())


def keys_of_versions(names: frozenset[str]) -> set[str]:
    """The versions that stand; one with a tombstone does not, even if its files are still being removed."""
    return {name for name in names if KEY.fullmatch(name) and f"{RETRACTED}{name}" not in names}


def latest_of(home: Path) -> str | None:
    """The name of the version that is listed, or None."""
    link = home / "latest"
    return link.readlink().name if link.is_symlink() and link.is_dir() else None


def record_in(version: Path) -> dict[str, Any]:
    """metadata.json; {} when it is gone or no longer JSON, which a repair mends."""
    try:
        record = orjson.loads((version / "metadata.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def page_of(record: dict[str, Any], *, earlier: set[str]) -> bytes:
    """index.html of a version or tombstone, from its metadata.json."""
    page = tombstone_page if "retracted" in record else dataset_page
    return page(record, earlier=sorted(earlier))


def has_whole_page(home: Path, latest: str, record: dict[str, Any]) -> bool:
    """Is index.html as we write it?"""
    try:
        return (home / latest / "index.html").read_bytes() == page_of(record, earlier=keys_of_versions(names_in(home)) - {latest})
    except (FileNotFoundError, UndefinedError, KeyError, ValueError):
        return False


def shown_files(version: Path, record: dict[str, Any]) -> Iterator[ShownFile]:
    """Every file the version names, and every other one that lies among them."""
    named = {Path(str(file.get("path"))).name: str(file.get("name")) for file in record.get("files", ())}
    there = {path.name for path in (version / "files").iterdir()} if (version / "files").is_dir() else set()
    for name in [*named, *sorted(there - named.keys())]:
        yield ShownFile(name=named.get(name, name), sha256=_sha256(version / "files" / name))


def remove_others(folder: Path, *, keep: set[str]) -> None:
    """Empty a folder but for these names."""
    for path in folder.iterdir():
        if path.name in keep:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def as_uuid(text: object) -> UUID | None:
    """The UUID that a file edited by hand may no longer hold."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _write_if_other(path: Path, content: bytes, *, work: Path) -> None:
    if not path.is_file() or path.read_bytes() != content:
        write_whole(path, [content], work=work)
