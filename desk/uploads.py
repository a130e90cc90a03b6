"""Files on their way in: what a browser sent in, a file at intake and its line in a form out. Nothing is kept at the desk."""

import hashlib
import mimetypes
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Any, Final

import orjson
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from desk.forms import FILES, Typed
from desk.lanes import CallRefused, Lanes
from desk.verbs import Fault
from desk.who import Who
from desk.words import said

Json = dict[str, Any]
BLOCK: Final = 1 << 20
TYPES: Final = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xls": "application/vnd.ms-excel",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
}
ACCEPT: Final = ",".join(TYPES)
LEFT_OUT: Final = said("{name} tidak ikut: paling besar {most} MB tiap berkas, dan paling banyak {files} berkas sekali kirim.")
NOT_TAKEN: Final = said("Berkas {name} tidak dapat diterima: {why}")
LINE: Final = frozenset({"name", "media_type", "bytes", "sha256"})


async def take_in(lanes: Lanes, who: Who, typed: Typed, files: list[Json], most: int) -> tuple[list[Json], list[Fault]]:
    """The lines of the form's files with those of the new ones, sent to intake; and why one is not among them. Raises LaneAway.

    `most`: MB that a file may have.
    """
    faults = [Fault("files", LEFT_OUT.format(name=name, most=most, files=FILES)) for name in typed.left_out]
    for upload in (upload for name, upload in typed.files if name == "files"):
        try:
            files = with_new(files, [await _put(lanes, who, upload)])
        except CallRefused as refused:
            name = safe_name(upload.filename or "")
            faults += [Fault("files", NOT_TAKEN.format(name=name, why=error.message), error.field or "") for error in refused.errors]
    return files, faults


def files_in(typed: Typed) -> list[Json]:
    """The lines that the form carried along, without those whose removal was ticked."""
    try:
        lines = orjson.loads(typed.get("berkas") or "[]")
    except orjson.JSONDecodeError:
        return []
    gone = set(typed.all("hapus_berkas"))
    return [line for line in lines if isinstance(line, dict) and line.keys() == LINE and line["name"] not in gone]


def with_new(files: list[Json], new: list[Json]) -> list[Json]:
    """The new ones in the place of those with the same name, else at the end."""
    named = {file["name"]: file for file in [*files, *new]}
    return list(named.values())


async def _put(lanes: Lanes, who: Who, upload: UploadFile) -> Json:
    sha256, size = await run_in_threadpool(_hashed, upload)

    async def blocks() -> AsyncIterator[bytes]:
        await upload.seek(0)
        while block := await upload.read(BLOCK):
            yield block

    await lanes.put_file(who, sha256, blocks(), size)
    name = safe_name(upload.filename or "")
    return {"name": name, "media_type": media_type(name), "bytes": size, "sha256": sha256}


def safe_name(name: str) -> str:
    """The last part of what a browser said, without signs that nobody sees; a name that lanes take."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(c for c in last if c.isprintable()).strip().lstrip(".")
    return plain[-200:] or "berkas"


def media_type(name: str) -> str:
    ending = PurePosixPath(name).suffix.lower()
    return TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _hashed(upload: UploadFile) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    upload.file.seek(0)
    while block := upload.file.read(BLOCK):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size
