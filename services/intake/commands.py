"""The verb of step 1: submit. What an OPD wrote in; DataSubmitted, a duplicate or every reason against it out.

Files come first (inline content is put into the file store, the others must be there), so an accepted submission is whole.
"""

import base64
import binascii
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from checks.metadata import findings
from events.contracts import (
    EVENT_BYTES_LIMIT,
    Actor,
    DataSubmitted,
    Inbound,
    InboundFile,
    Reason,
    Received,
    canonical_hash,
    manifest_of,
    submission_id_of,
)
from lane.files import Files
from lane.publishable import reasons_against
from lane.reasons import reasons_of
from services.intake.policy import comes_from

INLINE_LIMIT: Final = 512 * 1024


@dataclass(frozen=True)
class Origin:
    """Where a submission came from: the OPD of the topic or token, who sent it, and the place on Kafka if any."""

    opd: str
    actor: Actor | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None


@dataclass(frozen=True)
class Accepted:
    """A new submission: its first event, and the same as the bytes to write."""

    event: DataSubmitted
    raw: bytes


@dataclass(frozen=True)
class AcceptedBefore:
    """The same record, read again."""

    submission_id: uuid.UUID


@dataclass(frozen=True)
class Duplicate:
    """The same submission, sent again."""

    submission_id: uuid.UUID


@dataclass(frozen=True)
class Declined:
    reasons: tuple[Reason, ...]
    readable: bool = True


Verdict = Accepted | AcceptedBefore | Duplicate | Declined
Find = Callable[[uuid.UUID], Received | None]
"""How a submission came in, by its id; None when there is no such submission."""
Size = Callable[[str, str], int | None]
"""`Files.size_for`, or the same remembered for a batch."""


def submit(raw: bytes, origin: Origin, *, now: datetime, files: Files, find: Find, size: Size) -> Verdict:
    """Judge one inbound record. Raises FilesUnavailable: try again later."""
    try:
        inbound = Inbound.model_validate_json(raw)
    except ValidationError as error:
        reasons = reasons_of(error)
        return Declined(reasons, readable=not any(reason.code == "unreadable" for reason in reasons))
    if reason := comes_from(inbound, origin.opd):
        return Declined((reason,))
    submission_id = submission_id_of(inbound.opd, inbound.event_id)
    if received := find(submission_id):
        return _known(submission_id, received, inbound, origin)
    contents = [_content(file) for file in inbound.files]
    problems = [
        problem
        for index, (file, content) in enumerate(zip(inbound.files, contents, strict=True))
        if (problem := _file_problem(file, content, f"files.{index}", lambda sha256: size(sha256, origin.opd)))
    ]
    if reasons := (*reasons_against(inbound.dataset, inbound.files), *problems):
        return Declined(reasons)
    event = _event(submission_id, inbound, origin, now)
    accepted = Accepted(event, event.to_bytes())
    if len(accepted.raw) > EVENT_BYTES_LIMIT:  # Kafka would refuse it for ever, and everything behind it would wait
        note = f"Metadata terlalu besar: paling banyak {EVENT_BYTES_LIMIT} bita."
        return Declined((Reason(code="too_large", field="dataset", note=note),))
    for file, content in zip(inbound.files, contents, strict=True):
        if content is not None:  # only now: what is refused leaves nothing behind
            with files.spool(limit=INLINE_LIMIT) as spool:
                spool.write(content)
                spool.keep(file.sha256)
            files.brought(file.sha256, inbound.opd)
    return accepted


def _known(submission_id: uuid.UUID, received: Received, inbound: Inbound, origin: Origin) -> Verdict:
    """The same record read again: accepted as before. The same event_id sent again: a duplicate, or refused if it says something else."""
    if received.digest != inbound.digest():
        return Declined(
            (Reason(code="event_id_reused", field="event_id", note="event_id ini sudah dipakai untuk isi lain; pakai UUID baru."),)
        )
    if origin.topic and (received.topic, received.partition, received.offset) == (origin.topic, origin.partition, origin.offset):
        return AcceptedBefore(submission_id)
    return Duplicate(submission_id)


def _event(submission_id: uuid.UUID, inbound: Inbound, origin: Origin, now: datetime) -> DataSubmitted:
    """What was said is turned into plain JSON once, for both hashes and the files; the event is checked as a whole, once."""
    said = inbound.said()
    by = inbound.submitted_by
    received = {
        "event_id": inbound.event_id,
        "digest": canonical_hash(said),
        "submitted_by": by,
        "submitted_at": inbound.occurred_at,
        "topic": origin.topic,
        "partition": origin.partition,
        "offset": origin.offset,
    }
    data = {
        "dataset": inbound.dataset,
        "files": tuple(said["files"]),
        "manifest": manifest_of(said["dataset"], said["files"]),
        "findings": findings(inbound.dataset, inbound.files, today=now.date()),
        "received": received,
    }
    actor = origin.actor or {"id": by, "name": by, "role": "tim_ppid", "opd": inbound.opd}
    event = {"submission_id": submission_id, "sequence": 1, "event_id": inbound.event_id, "occurred_at": now, "actor": actor, "data": data}
    return DataSubmitted.model_validate(event)


def _content(file: InboundFile) -> bytes | None:
    """The inline content; None when there is none, or it is no base64 (`_file_problem` tells the two apart)."""
    try:
        return base64.b64decode(file.content, validate=True) if file.content is not None else None
    except (binascii.Error, ValueError):
        return None


def _file_problem(file: InboundFile, content: bytes | None, field: str, size_of: Callable[[str], int | None]) -> Reason | None:
    if file.content is None:
        size = size_of(file.sha256)
        if size is None:
            note = f"Berkas {file.name} belum ada: kirim dahulu dengan PUT /intake/api/files/{{sha256}}."
            return Reason(code="file_missing", field=f"{field}.sha256", note=note)
        return None if size == file.bytes else _wrong_size(file, field, size)
    if content is None:
        return Reason(code="wrong_format", field=f"{field}.content", note=f"{field}.content harus base64.")
    if len(content) > INLINE_LIMIT:
        note = f"{field}.content paling banyak 512 KiB; kirim dengan PUT /intake/api/files/{{sha256}}."
        return Reason(code="too_large", field=f"{field}.content", note=note)
    if len(content) != file.bytes:
        return _wrong_size(file, field, len(content))
    if hashlib.sha256(content).hexdigest() != file.sha256:
        return Reason(code="wrong_hash", field=f"{field}.sha256", note="Isi berkas tidak sesuai dengan SHA-256 yang disebutkan.")
    return None


def _wrong_size(file: InboundFile, field: str, size: int) -> Reason:
    return Reason(code="wrong_size", field=f"{field}.bytes", note=f"{field}.bytes tidak sama dengan besar berkas {file.name}: {size} bita.")
