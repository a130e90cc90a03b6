"""What the checker keeps of a record: 126 bytes that say whose it is, where it stood, its hash and what it claims came before.

In: the bytes of a record, from a journal's row or from Kafka; out: a `Fact`. Bytes that break the contract are a fact too, with a fault.
"""

import hashlib
import struct
import uuid
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from jejak.events.contracts import Event, manifest_of, read_event
from jejak.events.submission import BATON, STATE_AFTER

NONE: Final = bytes(32)
NOBODY: Final = bytes(16)
LAST_SEQUENCE: Final = 2**32 - 1
"""No submission has so many events; a forged sequence may say more, and is a gap all the same."""
TYPES: Final = tuple(STATE_AFTER)
NEXT: Final = tuple(frozenset(TYPES.index(t) + 1 for t in BATON[state].next) for state in (None, *STATE_AFTER.values()))
"""Numbers of the event types that may follow a type's number; 0 stands for the beginning."""
CONTENT: Final = frozenset(TYPES.index(t) + 1 for t in ("DataSubmitted", "DataRevised"))
FAULTS: Final = ("", "unreadable", "tombstone", "wrong_key", "misplaced", "manifest")
"""What can be wrong with a record by itself; a fact holds the number."""

_ROW: Final = struct.Struct(">16sQI32s32s32sBB")
ROW_BYTES: Final = _ROW.size
_TYPE_NUMBER: Final = {name: number for number, name in enumerate(TYPES, start=1)}
_FAULT_NUMBER: Final = {name: number for number, name in enumerate(FAULTS)}
_FITS: Final = _FAULT_NUMBER[""]
_FITS_NOT: Final = _FAULT_NUMBER["manifest"]
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
    try:
        event, said = read_event(raw)
    except (ValueError, RecursionError):
        return _faulty("unreadable", submission.bytes, version, version, digest)
    if event.submission_id != submission or event.sequence != version:
        return _faulty("misplaced", submission.bytes, version, version, digest)
    return _sound(event, said, digest, version)


def fact_of_message(key: bytes | None, raw: bytes | None, partition: int, offset: int) -> Fact:
    """A record as Kafka keeps it; one that cannot be read is put with the submission that its key names."""
    place = place_of(partition, offset)
    if raw is None:
        return _faulty("tombstone", _id_in(key), place, 0, NONE)
    digest = hashlib.sha256(raw).digest()
    try:
        event, said = read_event(raw)
    except (ValueError, RecursionError):
        return _faulty("unreadable", _id_in(key), place, 0, digest)
    if key != str(event.submission_id).encode():
        return _faulty("wrong_key", event.submission_id.bytes, place, event.sequence, digest)
    return _sound(event, said, digest, place)


def place_of(partition: int, offset: int) -> int:
    return partition << _OFFSET_BITS | offset


def partition_and_offset(place: int) -> tuple[int, int]:
    return place >> _OFFSET_BITS, place & ((1 << _OFFSET_BITS) - 1)


def _sound(event: Event, said: Mapping[str, Any], digest: bytes, place: int) -> Fact:
    number, data, manifest = _TYPE_NUMBER[event.type], said["data"], event.data.manifest
    fault = _FITS if number not in CONTENT or manifest == manifest_of(data["dataset"], data["files"]) else _FITS_NOT
    previous = bytes.fromhex(event.previous) if event.previous else NONE
    sequence = min(event.sequence, LAST_SEQUENCE)
    return Fact(event.submission_id.bytes, place, sequence, digest, previous, bytes.fromhex(manifest), number, fault)


def _faulty(fault: str, submission: bytes, place: int, sequence: int, digest: bytes) -> Fact:
    return Fact(submission, place, min(sequence, LAST_SEQUENCE), digest, NONE, NONE, 0, _FAULT_NUMBER[fault])


def _id_in(key: bytes | None) -> bytes:
    try:
        return uuid.UUID((key or b"").decode("ascii")).bytes
    except ValueError:
        return NOBODY
