"""A submission as a BagIt bag (RFC 8493) in a zip: events and files in, a zip out in chunks; nothing is ever held whole.

<submission id>/data/events.ndjson               the events, one a line
<submission id>/data/events/0001-DataSubmitted.json …   the same, each as its exact bytes
<submission id>/data/trail.json                  their story: steps, times, due times
<submission id>/data/files/<sha256>/<name>       every file that any event names, under each of its names
<submission id>/bagit.txt, bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt
"""

import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import orjson

from archive.export import line
from archive.trail import Trail
from events.contracts import Content
from events.metadata import File
from lane.files import Files

AGENT: Final = "Jejak"
EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


class FilesMissing(RuntimeError):
    """Files that the events name are not in the store; `sha256s` says which. Told before the first byte goes out."""

    def __init__(self, sha256s: tuple[str, ...]) -> None:
        super().__init__(f"Berkas tidak ada di penyimpanan: {', '.join(sha256s)}.")
        self.sha256s = sha256s


@dataclass
class _Sink:
    """What the zip writer writes to; it cannot seek, so what is written can be sent on at once."""

    held: list[bytes] = field(default_factory=list)

    def write(self, data: bytes) -> int:
        self.held.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def taken(self) -> Iterator[bytes]:
        held, self.held = self.held, []
        yield from held


@dataclass
class _Bag:
    """A bag being written: hashes and sizes of what is in it so far."""

    zip: zipfile.ZipFile
    sink: _Sink
    top: str
    written_at: tuple[int, int, int, int, int, int]
    manifest: dict[str, str] = field(default_factory=dict)
    octets: int = 0

    def add(self, path: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        digest = hashlib.sha256()
        member = zipfile.ZipInfo(f"{self.top}/{path}", self.written_at)
        member.compress_type = zipfile.ZIP_DEFLATED
        member.external_attr = 0o644 << 16
        with self.zip.open(member, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                self.octets += len(chunk)
                yield from self.sink.taken()
        self.manifest[path] = digest.hexdigest()
        yield from self.sink.taken()


def package(trail: Trail, files: Files, *, now: datetime) -> Iterator[bytes]:
    """The zip, chunk by chunk. Missing files are told by the call itself (FilesMissing), a corrupt one breaks off the stream.

    Raises FilesMissing, FilesUnavailable; while reading FileProblem, FilesUnavailable.
    """
    named = _named(trail)
    if missing := tuple(sha256 for sha256 in {file.sha256: None for file in named} if files.size(sha256) is None):
        raise FilesMissing(missing)
    return _chunks(trail, named, files, now)


def _chunks(trail: Trail, named: list[File], files: Files, now: datetime) -> Iterator[bytes]:
    sink = _Sink()
    last = trail.events[-1].recorded.event.occurred_at.astimezone(UTC)
    written_at = max(EARLIEST, (last.year, last.month, last.day, last.hour, last.minute, last.second))
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # it asks for write and flush only
        bag = _Bag(archive, sink, str(trail.submission.id), written_at)
        yield from _payload(bag, trail, named, files)
        payload = dict(bag.manifest)
        oxum = f"{bag.octets}.{len(payload)}"
        bag.manifest.clear()
        yield from bag.add("bagit.txt", [b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"])
        yield from bag.add("bag-info.txt", [_info(trail, oxum, now)])
        yield from bag.add("manifest-sha256.txt", [_manifest(payload)])
        yield from bag.add("tagmanifest-sha256.txt", [_manifest(bag.manifest)])
    yield from sink.taken()


def _payload(bag: _Bag, trail: Trail, named: list[File], files: Files) -> Iterator[bytes]:
    recorded = [told.recorded for told in trail.events]
    yield from bag.add("data/events.ndjson", (line(r.raw) for r in recorded))
    for r in recorded:
        yield from bag.add(f"data/events/{r.event.sequence:04d}-{r.event.type}.json", [r.raw])
    yield from bag.add("data/trail.json", [orjson.dumps(trail.as_json(), option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2)])
    for path, file in _paths(named):
        yield from bag.add(path, files.read(file.sha256))


def _named(trail: Trail) -> list[File]:
    """Every file of every version, once for each name that it had."""
    contents = (told.recorded.event.data for told in trail.events)
    found = {(file.sha256, file.name): file for data in contents if isinstance(data, Content) for file in data.files}
    return list(found.values())


def _paths(named: list[File]) -> Iterator[tuple[str, File]]:
    """Where each file lies in the bag. Names that look the same once they are made safe are numbered (`a_b.csv`, `2-a_b.csv`)."""
    taken: set[str] = set()
    for file in named:
        safe = _safe(file.name)
        paths = (f"data/files/{file.sha256}/{number}{safe}" for number in ("", *(f"{n}-" for n in range(2, len(named) + 2))))
        path = next(path for path in paths if path.casefold() not in taken)
        taken.add(path.casefold())
        yield path, file


def _safe(name: str) -> str:
    """A name for every file system, as some tools percent-encode manifests and others do not; the true name is in the events."""
    return _UNSAFE.sub("_", name)


def _info(trail: Trail, oxum: str, now: datetime) -> bytes:
    said = (
        ("Source-Organization", trail.submission.opd),
        ("External-Identifier", str(trail.submission.id)),
        ("External-Description", trail.submission.dataset.title),
        ("Bagging-Date", now.astimezone(UTC).date().isoformat()),
        ("Bag-Software-Agent", AGENT),
        ("Payload-Oxum", oxum),
    )
    return "".join(f"{label}: {' '.join(value.split())}\n" for label, value in said).encode()


def _manifest(hashes: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {path}\n" for path, digest in hashes.items()).encode()
