"""The verb of step 1: submit. What an OPD wrote in; DataSubmitted, a duplicate or every reason against it out.

Files come first (inline content is put into the file store, the others must be there), so an accepted submission is whole.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Final

from pydantic import ValidationError

from checks.catalogue import Report
from events.admission import MANY
from events.contracts import EVENT_BYTES_LIMIT, Actor, DataSubmitted, Due, Finding, Lane, Reason, Received
from events.ids import canonical_hash, manifest_of, submission_id_of
from events.inbound import Inbound
from events.metadata import File
from lane.checking import Checking, reasons_in
from lane.due import day_of
from lane.files import Files
from lane.json_text import WRONG_ENCODING, fault_of
from lane.notes import personal_data_said
from lane.plain_text import hidden_in
from lane.publishable import reasons_against
from lane.reasons import reasons_of
from lane.settings import Settings
from lane.tracing import Step
from portals.refusals import told_before
from services.intake.contents import INLINE_LIMIT, content_of, file_problem
from services.intake.names import Names
from services.intake.policy import comes_from, told_of_time

SMALL: Final = 16 * 1024
"""Bytes of a record that may be kept in memory a while."""
WHERE_THE_FORM_IS: Final = "Bentuk isian dan contohnya: docs/for-opd-systems.md; skema JSON-nya: events/schemas/inbound.v1.json."


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


@dataclass(frozen=True)
class Desk:
    """What a record is judged with: now (UTC), by when the next step is due, the files, what is known of submissions and names.

    `settings`: of the portal, whose kind and limit say what it cannot take.
    """

    now: datetime
    due: Due
    files: Files
    find: Find
    size: Size
    names: Names
    checking: Checking
    settings: Settings


def submit(raw: bytes, origin: Origin, desk: Desk) -> Verdict:
    """Judge one inbound record. Raises FilesUnavailable: try again later."""
    inbound = read_form(raw)
    if isinstance(inbound, Declined):
        return inbound
    if reason := comes_from(inbound, origin.opd):
        return Declined((reason,))
    submission_id = submission_id_of(inbound.opd, inbound.event_id)
    if received := desk.find(submission_id):
        return known(submission_id, received, inbound, origin)
    contents = [content_of(file) for file in inbound.files]
    if reasons := against(inbound, contents, desk, str(submission_id)):
        return Declined(reasons)
    told = found_in(inbound, contents, desk, first_step(submission_id))
    if reasons := tuple(reasons_in(told)):
        return Declined(reasons)
    event = _event(submission_id, inbound, origin, desk, told)
    accepted = Accepted(event, event.to_bytes())
    if len(accepted.raw) > EVENT_BYTES_LIMIT:  # Kafka would refuse it for ever, and everything behind it would wait
        note = f"Metadata terlalu besar: paling banyak {EVENT_BYTES_LIMIT} bita."
        return Declined((Reason(code="too_large", field="dataset", note=note),))
    for file, content in zip(inbound.files, contents, strict=True):
        if content is not None:  # only now: what is refused leaves nothing behind
            with desk.files.spool(limit=INLINE_LIMIT) as spool:
                spool.write(content)
                spool.keep(file.sha256)
            desk.checking.beside.file_kept(file.sha256)
            desk.files.brought(file.sha256, inbound.opd)
    desk.names.take(inbound.dataset, inbound.opd, str(submission_id), event.data.manifest)
    return accepted


def against(inbound: Inbound, contents: Sequence[bytes | None], desk: Desk, submission_id: str) -> tuple[Reason, ...]:
    """Every reason against it that shows without opening a file."""
    problems = [
        problem
        for index, (file, content) in enumerate(zip(inbound.files, contents, strict=True))
        if (problem := file_problem(file, content, f"files.{index}", lambda sha256: desk.size(sha256, inbound.opd)))
    ]
    return (
        *reasons_against(inbound.dataset, inbound.files),
        *hidden_in(inbound.submitted_by, field="submitted_by"),
        *personal_data_said(inbound.submitted_by, "submitted_by"),
        *problems,
        *desk.names.against(inbound.dataset, inbound.opd, submission_id),
    )


def first_step(submission_id: uuid.UUID) -> Step:
    """The event that it will be, if it is accepted."""
    return Step(Lane.INTAKE, submission_id, 1)


def found_in(inbound: Inbound, contents: Sequence[bytes | None], desk: Desk, step: Step | None = None) -> Report:
    """What the checks find in metadata and files. Raises FilesUnavailable."""
    inline: dict[File, bytes | None] = dict(zip(inbound.files, contents, strict=True))
    read = partial(_bytes_of, inline, desk.files)
    before = desk.names.version_before(inbound.dataset)
    return desk.checking.findings(inbound.dataset, inbound.files, today=day_of(desk.now), read=read, before=before, step=step)


def read_form(raw: bytes) -> Inbound | Declined:
    """The record as the contract has it, or why it is none. A small one that comes again, as it does when files were looked at ahead, is
    not taken apart twice."""
    return _read_small(raw) if len(raw) <= SMALL else _read(raw)


@lru_cache(maxsize=MANY)
def _read_small(raw: bytes) -> Inbound | Declined:
    return _read(raw)


def _read(raw: bytes) -> Inbound | Declined:
    if reason := fault_of(raw):
        return Declined((reason,), readable=reason.code != WRONG_ENCODING.code)
    try:
        return Inbound.model_validate_json(raw)
    except ValidationError as error:
        reasons = reasons_of(error)
        if all(len(fault["loc"]) > 1 for fault in error.errors(include_input=False, include_context=False)):
            return Declined(reasons)
        first = reasons[0].model_copy(update={"note": f"{reasons[0].note} {WHERE_THE_FORM_IS}"})  # it may be no form at all
        return Declined((first, *reasons[1:]), readable=not any(reason.code == "unreadable" for reason in reasons))


def known(submission_id: uuid.UUID, received: Received, inbound: Inbound, origin: Origin) -> Verdict:
    """The same record read again: accepted as before. The same event_id sent again: a duplicate, or refused if it says something else."""
    if received.digest != inbound.digest():
        return Declined(
            (Reason(code="event_id_reused", field="event_id", note="event_id ini sudah dipakai untuk isi lain; pakai UUID baru."),)
        )
    if origin.topic and (received.topic, received.partition, received.offset) == (origin.topic, origin.partition, origin.offset):
        return AcceptedBefore(submission_id)
    return Duplicate(submission_id)


def _bytes_of(inline: Mapping[File, bytes | None], files: Files, file: File) -> Iterable[bytes]:
    """The file's bytes: as they came with the record, else from the store."""
    content = inline.get(file)
    return files.read(file.sha256) if content is None else (content,)


def _event(submission_id: uuid.UUID, inbound: Inbound, origin: Origin, desk: Desk, told: Report) -> DataSubmitted:
    """What was said is turned into plain JSON once, for both hashes and the files; the event is checked as a whole, once.

    On an OPD's topic the writer is the OPD's system: whom it names is shown, and binds nobody.
    """
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
    manifest = manifest_of(said["dataset"], said["files"])
    data = {
        "dataset": inbound.dataset,
        "files": tuple(said["files"]),
        "manifest": manifest,
        "findings": (*told.findings, *found_beside(inbound, desk, manifest)),
        "more_findings": told.more or None,
        "received": received,
        "edition": desk.names.next(inbound.dataset),
    }
    actor = origin.actor or {"id": f"opd:{inbound.opd}", "name": by, "role": "tim_ppid", "opd": inbound.opd}
    ids = {"submission_id": submission_id, "sequence": 1, "event_id": inbound.event_id}
    return DataSubmitted.model_validate({**ids, "occurred_at": desk.now, "actor": actor, "due": desk.due, "data": data})


def found_beside(inbound: Inbound, desk: Desk, manifest: str) -> tuple[Finding, ...]:
    """What is found by looking at clocks, at the portal's limits and at the submission before it."""
    before = told_before(desk.settings, inbound.opd, inbound.dataset, inbound.files)
    return (*told_of_time(inbound, desk.now), *before, *desk.names.same_again(inbound.dataset, manifest))
