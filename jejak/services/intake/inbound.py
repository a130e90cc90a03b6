"""Inbound topics, `opd.<kode>.data-submitted.v1`: every record in; DataSubmitted if accepted, one receipt always, out.

Acceptance, receipt, dead letter and the record's position are one transaction of intake's journal.
"""

import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import orjson
import structlog

from jejak.events.contracts import INBOUND_PATTERN, DataSubmitted, Reason, Receipt, ReceiptReason, submission_id_of
from jejak.events.journal import Journal, Outcome, Record, Recorded, Row, dead_letter, framed, place_of, stream_of
from jejak.services.files import Files
from jejak.services.intake.commands import Accepted, Declined, Duplicate, Origin, Verdict, submit

TOPICS: Final = re.compile(INBOUND_PATTERN)
UNREADABLE: Final = Declined(
    (Reason(code="unreadable", note="Rekaman tidak dapat dibaca: kirim JSON (UTF-8) menurut kontrak."),), readable=False
)
log = structlog.get_logger("jejak.intake")


def judge(fresh: Sequence[Record], *, journal: Journal, files: Files) -> list[Outcome]:
    """What becomes of each record, in order; later ones of the batch see what earlier ones led to."""
    firsts = _first_events(fresh, journal)

    def find(submission_id: uuid.UUID) -> DataSubmitted | None:
        if submission_id not in firsts:
            firsts[submission_id] = first_event(journal, submission_id)
        return firsts[submission_id]

    outcomes = []
    for record in fresh:
        verdict = _verdict(record, files, find) if record.raw is not None else UNREADABLE
        is_new = isinstance(verdict, Accepted) and not find(verdict.event.submission_id)
        outcomes.append(_outcome(record, verdict, is_new=is_new))
        if isinstance(verdict, Accepted):
            firsts[verdict.event.submission_id] = verdict.event
    return outcomes


def _first_events(fresh: Sequence[Record], journal: Journal) -> dict[uuid.UUID, DataSubmitted | None]:
    """What the journal already has of the submissions that these records seem to be, in one look."""
    ids = {submission_id_of(_opd(record), event_id) for record in fresh if (event_id := _uuid(said_in(record.raw, "event_id")))}
    histories = journal.histories(list(ids))
    return {i: _first(history) for i, history in histories.items()}


def refuse(record: Record, code: str) -> Outcome:
    """A record our own code could not deal with: refused with a receipt and kept as a dead letter."""
    sorry = Declined((Reason(code=code, note="Rekaman ini tidak dapat diproses; petugas telah diberi tahu."),), readable=False)
    return _outcome(record, sorry, is_new=False)


def first_event(journal: Journal, submission_id: uuid.UUID) -> DataSubmitted | None:
    return _first(journal.history(submission_id, upto=1))


def _first(history: Sequence[Recorded]) -> DataSubmitted | None:
    return history[0].event if history and isinstance(history[0].event, DataSubmitted) else None


def _verdict(record: Record, files: Files, find: Callable[[uuid.UUID], DataSubmitted | None]) -> Verdict:
    origin = Origin(_opd(record), topic=record.topic, partition=record.partition, offset=record.offset)
    return submit(record.raw or b"", origin, now=datetime.now(UTC), files=files, find=find)


def _outcome(record: Record, verdict: Verdict, *, is_new: bool) -> Outcome:
    rows = [(Row.OWN, verdict.event.submission_id, 1, verdict.event.to_bytes())] if isinstance(verdict, Accepted) and is_new else []
    receipt = framed(place_of(record), receipt_of(record, verdict))
    rows.append((Row.RECEIPT, stream_of("receipts", record.source), record.offset + 1, receipt))
    counted = {Accepted: "accepted", Duplicate: "duplicate", Declined: "refused"}[type(verdict)]
    if isinstance(verdict, Declined) and not verdict.readable:
        rows.extend(dead_letter(record, verdict.reasons[0].code).rows)
    log.info(
        "received",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        outcome=counted,
        correlation_id=said_in(record.raw, "event_id"),
        submission_id=_submission(verdict),
    )
    return Outcome(counted, tuple(rows))


def receipt_of(record: Record, verdict: Verdict) -> bytes:
    receipt = make_receipt(verdict, event_id=said_in(record.raw, "event_id"), opd=_opd(record), at=datetime.now(UTC))
    return receipt.model_dump_json().encode()


def make_receipt(verdict: Verdict, *, event_id: str | None, opd: str, at: datetime) -> Receipt:
    match verdict:
        case Accepted(event):
            return Receipt(event_id=event_id, opd=opd, outcome="accepted", submission_id=event.submission_id, at=at)
        case Duplicate(submission_id):
            return Receipt(event_id=event_id, opd=opd, outcome="duplicate", submission_id=submission_id, at=at)
        case Declined(reasons):
            told = tuple(ReceiptReason(code=r.code, field=r.field, message=r.note) for r in reasons)
            return Receipt(event_id=event_id, opd=opd, outcome="refused", reasons=told, at=at)


def _opd(record: Record) -> str:
    match = TOPICS.match(record.topic)
    return match.group(1) if match else ""


def _submission(verdict: Verdict) -> str | None:
    match verdict:
        case Accepted(event):
            return str(event.submission_id)
        case Duplicate(submission_id):
            return str(submission_id)
        case Declined():
            return None


def said_in(raw: bytes | None, field: str) -> str | None:
    """A field of a submission for the receipt, even when the rest of it is wrong."""
    try:
        said = orjson.loads(raw or b"")
    except orjson.JSONDecodeError:
        return None
    value = said.get(field) if isinstance(said, dict) else None
    return value[:100] if isinstance(value, str) else None


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
