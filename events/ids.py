"""Ids and hashes that follow from what they name: everybody derives the same ones."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import orjson


def canonical_hash(value: object) -> str:
    """SHA-256 (hex) of plain JSON data with sorted keys and no white space (RFC 8785 for data without floats)."""
    try:
        raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)  # the same bytes, several times as fast
    except TypeError:  # a number past 64 bits
        raw = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(raw).hexdigest()


def manifest_of(dataset: Mapping[str, object], files: object) -> str:
    """The hash a decision binds to, over metadata and file list as they stand in the event's JSON."""
    return canonical_hash({"dataset": dataset, "files": files})


def hash_of_files(files: Iterable[Mapping[str, str]]) -> str:
    """One hash over the hashes of files, in whatever order and under whatever names they are listed."""
    return hashlib.sha256(" ".join(sorted({file["sha256"] for file in files})).encode()).hexdigest()


@lru_cache(maxsize=512)
def submission_id_of(opd: str, event_id: uuid.UUID) -> uuid.UUID:
    return uuid.UUID(submission_id_text(opd, event_id))


def submission_id_text(opd: str, event_id: uuid.UUID) -> str:
    return _text(uuid.NAMESPACE_URL.bytes + f"jejak:submission:{opd}:{event_id}".encode())


def event_id_of(submission_id: uuid.UUID, sequence: int) -> uuid.UUID:
    return uuid.UUID(event_id_text(submission_id, sequence))


def event_id_text(submission_id: uuid.UUID, sequence: int) -> str:
    """UUIDv5 (RFC 9562) of the sequence in the submission's namespace, as text: asked for each event, and much quicker than by `uuid`."""
    return _text(submission_id.bytes + b"%d" % sequence)


def _text(named: bytes) -> str:
    digest = hashlib.sha1(named, usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


_VARIANT: Final = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
