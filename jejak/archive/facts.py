"""What the checker keeps of a record: 126 bytes that say whose it is, where it stood, its hash and what it claims came before.

In: the bytes of a record, from a journal's row or from Kafka; out: a `Fact`. Bytes that break the contract are a fact too, with a fault.
"""

import hashlib
import struct
import uuid
from collections.abc import Callable
from typing import Final, NamedTuple

import orjson

from jejak.events.contracts import EVENT, Content, Event, manifest_of
from jejak.events.submission import BATON, STATE_AFTER

NONE: Final = bytes(32)
NOBODY: Final = bytes(16)
TYPES: Final = tuple(STATE_AFTER)
NEXT: Final = tuple(frozenset(TYPES.index(t) + 1 for t in BATON[state].next) for state in (None, *STATE_AFTER.values()))
"""Numbers of the event types that may follow a type's number; 0 stands for the beginning."""
CONTENT: Final = frozenset(TYPES.index(t) + 1 for t in ("DataSubmitted", "DataRevised"))
FAULTS: Final = ("", "unreadable", "tombstone", "wrong_key", "misplaced", "manifest")
"""What can be wrong with a record by itself; a fact holds the number."""

_VALIDATE: Final[Callable[[bytes], Event]] = EVENT.validator.validate_json
_ROW: Final = struct.Struct(">16sQI32s32s32sBB")
ROW_BYTES: Final = _ROW.size
_TYPE_NUMBER: Final = {name: number for number, name in enumerate(TYPES, start=1)}
_FAULT_NUMBER: Final = {name: number for number, name in enumerate(FAULTS)}
_OFFSET_BITS: Final = 48


class Fact(NamedTuple):
    """Sorts by submission, then by place: the order in which a reader met the records of one submission."""

    submission: bytes
    place: int
    sequence: int
    hash: bytes
    previous: bytes
    manifest: bytes
    type: int
    fault: int


def pack(fact: Fact) -> bytes:
    """Rows sort as the facts do."""
    return _ROW.pack(*fact)


def unpack(row: bytes) -> Fact:
    return Fact._make(_ROW.unpack(row))


def fact_of_row(submission: uuid.UUID, version: int, raw: bytes) -> Fact:
    """An event as it lies in a journal, under its key."""
    digest = hashlib.sha256(raw).digest()
    event = _read(raw)
    if event is None:
        return _faulty("unreadable", submission.bytes, version, version, digest)
    if event.submission_id != submission or event.sequence != version:
        return _faulty("misplaced", submission.bytes, version, version, digest)
    return _sound(event, raw, digest, version)


def fact_of_message(key: bytes | None, raw: bytes | None, partition: int, offset: int) -> Fact:
    """A record as Kafka keeps it; one that cannot be read is put with the submission that its key names."""
    place = place_of(partition, offset)
    if raw is None:
        return _faulty("tombstone", _id_in(key), place, 0, NONE)
    digest = hashlib.sha256(raw).digest()
    event = _read(raw)
    if event is None:
        return _faulty("unreadable", _id_in(key), place, 0, digest)
    if key != str(event.submission_id).encode():
        return _faulty("wrong_key", event.submission_id.bytes, place, event.sequence, digest)
    return _sound(event, raw, digest, place)


def place_of(partition: int, offset: int) -> int:
    return partition << _OFFSET_BITS | offset


def partition_and_offset(place: int) -> tuple[int, int]:
    return place >> _OFFSET_BITS, place & ((1 << _OFFSET_BITS) - 1)


def _read(raw: bytes) -> Event | None:
    try:
        return _VALIDATE(raw)
    except (ValueError, RecursionError):
        return None


def _sound(event: Event, raw: bytes, digest: bytes, place: int) -> Fact:
    previous = bytes.fromhex(event.previous) if event.previous else NONE
    manifest = event.data.manifest
    fault = "manifest" if isinstance(event.data, Content) and not _holds(manifest, raw) else ""
    kind, number = _TYPE_NUMBER[event.type], _FAULT_NUMBER[fault]
    return Fact(event.submission_id.bytes, place, event.sequence, digest, previous, bytes.fromhex(manifest), kind, number)


def _holds(manifest: str, raw: bytes) -> bool:
    """Does the manifest hash fit metadata and files? orjson sorts and writes as `manifest_of` does, several times as fast."""
    data = orjson.loads(raw)["data"]
    judged = {"dataset": data["dataset"], "files": data["files"]}
    quick = hashlib.sha256(orjson.dumps(judged, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return manifest == quick or manifest == manifest_of(**judged)


def _faulty(fault: str, submission: bytes, place: int, sequence: int, digest: bytes) -> Fact:
    return Fact(submission, place, min(sequence, 2**32 - 1), digest, NONE, NONE, 0, _FAULT_NUMBER[fault])


def _id_in(key: bytes | None) -> bytes:
    try:
        return uuid.UUID((key or b"").decode("ascii")).bytes
    except ValueError:
        return NOBODY
