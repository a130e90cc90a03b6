"""What the checker keeps of a record: 141 bytes that say whose it is, where it stood, its hash, what it claims came before and where its
bytes lie.

In: the bytes of a record, from a journal's row or from Kafka; out: a `Fact`. Bytes that are no event are a fact too, with a fault.
"""

import hashlib
import re
import struct
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from events.contracts import check_event
from events.ids import manifest_of
from events.lawful import WRITERS
from events.submission import BATON, STATE_AFTER

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
_LIES: Final = struct.Struct(">HQI?")
ROW_BYTES: Final = _ROW.size + _LIES.size
_TYPE_NUMBER: Final = {name: number for number, name in enumerate(TYPES, start=1)}
_FAULT_NUMBER: Final = {name: number for number, name in enumerate(FAULTS)}
_OFFSET_BITS: Final = 48
_NO_LINK: Final = "0" * 64
_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


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


Known = Mapping[bytes, Fact]
"""Facts of the same submission from another source, by hash: the same bytes need not be read twice."""
Read = Callable[[bytes], dict[str, Any]]
"""What an event says, as plain JSON. Raises ValueError, RecursionError when the bytes are no event."""


def read_quickly(raw: bytes) -> dict[str, Any]:
    """Checks what chains are made of: ids, sequence, links, type, lane, times. The lanes have checked every field before."""
    said: dict[str, Any] = orjson.loads(raw)
    try:
        sound = (
            said["type"] in STATE_AFTER
            and _ID.fullmatch(said["submission_id"])
            and type(said["sequence"]) is int
            and said["sequence"] > 0
            and said.get("version", 1) == 1
            and ("lane" not in said or (said["type"], said["lane"]) in WRITERS)
            and len(said.get("previous") or _NO_LINK) == len(_NO_LINK)
            and len(said["data"]["manifest"]) == len(_NO_LINK)
            and _is_somebody(said["actor"])
            and datetime.fromisoformat(said["occurred_at"]).tzinfo
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not an event") from error
    if not sound:
        raise ValueError("not an event")
    return said


def _is_somebody(actor: Mapping[str, Any]) -> bool:
    """Who acts, in which role and for which OPD, is text."""
    return bool(actor["id"]) and {type(actor["id"]), type(actor["role"]), type(actor.get("opd") or "")} == {str}


def read_wholly(raw: bytes) -> dict[str, Any]:
    """Checks every field against the contract, as the lanes do; twice as slow."""
    said: dict[str, Any] = orjson.loads(raw)
    check_event(raw, said)
    return said


class Lies(NamedTuple):
    """Where a record's bytes lie meanwhile: the number of a file, an offset and a length. `lawful`: it is known to keep the law there."""

    file: int = 0
    offset: int = 0
    length: int = 0
    lawful: bool = False


NOWHERE: Final = Lies()


def pack(fact: Fact, lies: Lies = NOWHERE) -> bytes:
    """Rows sort as the facts do."""
    return _ROW.pack(*fact) + _LIES.pack(*lies)


def unpack(row: bytes) -> Fact:
    return Fact._make(_ROW.unpack_from(row))


def lies_at(row: bytes) -> Lies:
    return Lies._make(_LIES.unpack_from(row, _ROW.size))


def fact_of_row(submission: bytes, version: int, raw: bytes, *, read: Read, known: Known) -> Fact:
    """An event as it lies in a journal, under its key."""
    digest = hashlib.sha256(raw).digest()
    same = known.get(digest)
    if same is not None and same.sequence == version:
        return same
    fact = _fact(raw, digest, version, read) or _faulty("unreadable", submission, version, version, digest)
    if fact.submission != submission or fact.sequence != version:
        return _faulty("misplaced", submission, version, version, digest)
    return fact


def fact_of_message(key: bytes | None, raw: bytes | None, place: int, *, read: Read) -> Fact:
    """A record as Kafka keeps it; one that cannot be read is put with the submission that its key names."""
    if raw is None:
        return _faulty("tombstone", _id_in(key), place, 0, NONE)
    digest = hashlib.sha256(raw).digest()
    fact = _fact(raw, digest, place, read)
    if fact is None:
        return _faulty("unreadable", _id_in(key), place, 0, digest)
    if fact.submission != _id_in(key):
        return _faulty("wrong_key", fact.submission, place, fact.sequence, digest)
    return fact


def place_of(partition: int, offset: int) -> int:
    return partition << _OFFSET_BITS | offset


def partition_and_offset(place: int) -> tuple[int, int]:
    return place >> _OFFSET_BITS, place & ((1 << _OFFSET_BITS) - 1)


def _fact(raw: bytes, digest: bytes, place: int, read: Read) -> Fact | None:
    try:
        said = read(raw)
        data, number, previous = said["data"], _TYPE_NUMBER[said["type"]], said.get("previous")
        fits = number not in CONTENT or data["manifest"] == manifest_of(data["dataset"], data["files"])
        return Fact(
            bytes.fromhex(said["submission_id"].replace("-", "")),
            place,
            min(said["sequence"], LAST_SEQUENCE),
            digest,
            bytes.fromhex(previous) if previous else NONE,
            bytes.fromhex(data["manifest"]),
            number,
            _FAULT_NUMBER["" if fits else "manifest"],
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _faulty(fault: str, submission: bytes, place: int, sequence: int, digest: bytes) -> Fact:
    return Fact(submission, place, min(sequence, LAST_SEQUENCE), digest, NONE, NONE, 0, _FAULT_NUMBER[fault])


def _id_in(key: bytes | None) -> bytes:
    """The submission that a key names, in the one spelling that lanes accept."""
    text = (key or b"").decode("ascii", "replace")
    return bytes.fromhex(text.replace("-", "")) if _ID.fullmatch(text) else NOBODY
