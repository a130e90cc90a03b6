"""Inbound topics, `opd.<kode>.data-submitted.v1`: every record in; DataSubmitted if accepted, one receipt always, out.

Acceptance, receipt, dead letter and the record's position are one transaction of intake's journal.
"""

import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from bus.directory import Directory
from events.admission import Outcome, Record, dead_letter, place_of
from events.contracts import INBOUND_PATTERN, DataSubmitted, Due, Reason, Received
from events.ids import submission_id_of
from events.inbound import Receipt, ReceiptReason
from events.journal import Journal
from events.recorder import Letter, LetterKind
from events.submission import Recorded
from lane.checking import Checking
from lane.files import Files
from lane.inbox import Inbox
from lane.json_text import field_in, fields_in
from lane.reasons import unknown_opd
from lane.settings import Settings
from services.intake.commands import WHERE_THE_FORM_IS, Accepted, AcceptedBefore, Declined, Desk, Duplicate, Origin, Verdict, submit
from services.intake.names import Names, claim_of

DueRule = Callable[[datetime], Due]

TOPICS: Final = re.compile(INBOUND_PATTERN)
UNREADABLE: Final = Declined((Reason(code="unreadable", note=f"Rekaman ini kosong. {WHERE_THE_FORM_IS}"),), readable=False)
FREE_KEYS: Final = frozenset({"unknown_field", "said_twice"})
"""Codes of reasons whose field is a key as it was written."""
KNOWN_PATH: Final = re.compile(r"(?:(?:dataset|responsible|personal_data|retention)\.|(?:columns|files)\.\d{1,4}\.)*")
KEY_SHOWN: Final = 40
log = structlog.get_logger("jejak.intake")


def judge(
    fresh: Sequence[Record],
    *,
    journal: Journal,
    inbox: Inbox,
    files: Files,
    due: DueRule,
    checking: Checking,
    settings: Settings,
    directory: Directory,
) -> list[Outcome]:
    """What becomes of each record, in order; later ones of the batch see what earlier ones led to. The directory must be ready."""
    told = [fields_in(record.raw, ("event_id",), ("dataset", "dataset_id")) for record in fresh]
    event_ids = [event_id for event_id, _ in told]
    known = _known(fresh, event_ids, journal)

    def find(submission_id: uuid.UUID) -> Received | None:
        if submission_id not in known:
            known[submission_id] = first_received(journal, submission_id)
        return known[submission_id]

    sizes: dict[tuple[str, str], int] = {}

    def size(sha256: str, opd: str) -> int | None:
        """One look for a file in a batch; what is not there is looked for again, because a record before may have brought it."""
        if (sha256, opd) not in sizes and (found := files.size_for(sha256, opd)) is not None:
            sizes[sha256, opd] = found
        return sizes.get((sha256, opd))

    outcomes, names = [], Names(journal, inbox, directory)
    names.look_up({name for _, name in told if name})
    say = log.bind()  # put together once, not for every line
    for record, event_id in zip(fresh, event_ids, strict=True):
        now = datetime.now(UTC)
        desk = Desk(now, due(now), files, find, size, names, checking, settings)
        verdict = _unknown(opd_of(record.topic), directory) or _verdict(record, desk)
        outcomes.append(_outcome(record, verdict, event_id, say))
        if isinstance(verdict, Accepted):
            known[verdict.event.submission_id] = verdict.event.data.received
    return outcomes


def _known(fresh: Sequence[Record], told: Sequence[str | None], journal: Journal) -> dict[uuid.UUID, Received | None]:
    """What the journal already has of the submissions that these records seem to be, in one look."""
    ids = {submission_id_of(opd_of(record.topic), event_id) for record, text in zip(fresh, told, strict=True) if (event_id := _uuid(text))}
    begun = journal.heads(list(ids))
    return dict.fromkeys(ids) | {i: _received(_first(history)) for i, history in journal.histories(list(begun)).items()}


def claims_of(event: DataSubmitted) -> tuple[tuple[str, int], ...]:
    """The number that the submission has, which nobody else may have."""
    return ((claim_of(event.data.dataset.dataset_id), event.data.edition),) if event.data.edition else ()


def refuse(record: Record, code: str) -> Outcome:
    """A record our own code could not deal with: refused with a receipt and kept as a dead letter."""
    sorry = Declined((Reason(code=code, note="Rekaman ini tidak dapat diproses; petugas telah diberi tahu."),), readable=False)
    return _outcome(record, sorry, field_in(record.raw, "event_id"), log.bind())


def first_event(journal: Journal, submission_id: uuid.UUID) -> DataSubmitted | None:
    return _first(journal.history(submission_id, upto=1))


def first_received(journal: Journal, submission_id: uuid.UUID) -> Received | None:
    return _received(first_event(journal, submission_id))


def _first(history: Sequence[Recorded]) -> DataSubmitted | None:
    return history[0].event if history and isinstance(history[0].event, DataSubmitted) else None


def _received(first: DataSubmitted | None) -> Received | None:
    return first.data.received if first else None


def _verdict(record: Record, desk: Desk) -> Verdict:
    if record.raw is None:
        return UNREADABLE
    origin = Origin(opd_of(record.topic), topic=record.topic, partition=record.partition, offset=record.offset)
    return submit(record.raw, origin, desk)


def _unknown(opd: str, directory: Directory) -> Declined | None:
    return None if directory.is_open(opd) else Declined((unknown_opd(opd, directory.heir_of(opd)),))


def _outcome(record: Record, verdict: Verdict, event_id: str | None, say: FilteringBoundLogger) -> Outcome:
    receipt = make_receipt(verdict, event_id=event_id, opd=opd_of(record.topic), at=datetime.now(UTC))
    about, raw = orjson.dumps(place_of(record)), receipt.model_dump_json().encode()
    letters = [Letter(LetterKind.RECEIPT, record.source, record.offset + 1, receipt.outcome, about, raw)]
    if isinstance(verdict, Declined) and not verdict.readable:
        letters.extend(dead_letter(record, verdict.reasons[0].code).letters)
    say.info(
        "received",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        outcome=receipt.outcome,
        correlation_id=event_id,
        submission_id=str(receipt.submission_id) if receipt.submission_id else None,
    )
    events = (Recorded(verdict.event, verdict.raw),) if isinstance(verdict, Accepted) else ()
    claims = claims_of(verdict.event) if isinstance(verdict, Accepted) else ()
    return Outcome(receipt.outcome, events, tuple(letters), claims)


def make_receipt(verdict: Verdict, *, event_id: str | None, opd: str, at: datetime) -> Receipt:
    match verdict:
        case Accepted(event):
            return Receipt(event_id=event_id, opd=opd, outcome="accepted", submission_id=event.submission_id, at=at)
        case AcceptedBefore(submission_id):
            return Receipt(event_id=event_id, opd=opd, outcome="accepted", submission_id=submission_id, at=at)
        case Duplicate(submission_id):
            return Receipt(event_id=event_id, opd=opd, outcome="duplicate", submission_id=submission_id, at=at)
        case Declined(reasons):
            told = tuple(_told(reason) for reason in reasons)
            return Receipt(event_id=event_id, opd=opd, outcome="refused", reasons=told, at=at)


def _told(reason: Reason) -> ReceiptReason:
    """A key that no contract knows may be anything: many read receipts, so it is cut and loses its digits there."""
    field, note = reason.field, reason.note
    if field and reason.code in FREE_KEYS:
        known = KNOWN_PATH.match(field)
        start = known.end() if known else 0
        key = field[start:]
        shown = field[:start] + re.sub(r"\d", "*", key if len(key) <= KEY_SHOWN else f"{key[: KEY_SHOWN - 1]}…")
        field, note = shown, note.replace(field, shown)
    return ReceiptReason(code=reason.code, field=field, message=note)


@lru_cache(maxsize=1024)
def opd_of(topic: str) -> str:
    """The OPD whose topic it is."""
    match = TOPICS.match(topic)
    return match.group(1) if match else ""


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
