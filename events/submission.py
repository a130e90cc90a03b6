"""The fold: a submission's events in, its state, holder and what may be written next out. Pure: no clock, no I/O, no raising.

The baton: after each event exactly one lane holds the submission, and only the holder may write the next one.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from events.contracts import (
    Actor,
    Content,
    DataRejected,
    Dataset,
    DataSubmitted,
    Event,
    File,
    Finding,
    Lane,
    Reason,
    event_id_of,
)


class State(StrEnum):
    SUBMITTED = "submitted"
    REVISED = "revised"
    VERIFIED = "verified"
    REJECTED = "rejected"
    APPROVED = "approved"
    PUBLISHED = "published"
    RETRACTED = "retracted"


@dataclass(frozen=True)
class Baton:
    """Who holds a submission in a state, and which events may come next and from which lane."""

    holder: Lane | None
    next: frozenset[str]


STATE_AFTER: Final[dict[str, State]] = {f"Data{state.value.capitalize()}": state for state in State}

BATON: Final[dict[State | None, Baton]] = {
    None: Baton(Lane.INTAKE, frozenset({"DataSubmitted"})),
    State.SUBMITTED: Baton(Lane.REVIEW, frozenset({"DataRevised"})),
    State.REVISED: Baton(Lane.DECISION, frozenset({"DataVerified", "DataRejected"})),
    State.VERIFIED: Baton(Lane.DECISION, frozenset({"DataApproved", "DataRejected"})),
    State.REJECTED: Baton(Lane.REVIEW, frozenset({"DataRevised"})),
    State.APPROVED: Baton(Lane.PUBLISHER, frozenset({"DataPublished", "DataRetracted"})),
    State.PUBLISHED: Baton(None, frozenset({"DataRetracted"})),
    State.RETRACTED: Baton(None, frozenset()),
}


class Kind(StrEnum):
    """Families of refusal; what they are in HTTP is the web's business."""

    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    NOT_FOUND = "not_found"


class Refused(Exception):
    """The one family of domain errors: what kind, why (code, field, Indonesian words), and the state it met."""

    def __init__(self, kind: Kind, *reasons: Reason, state: State | None = None, sequence: int | None = None) -> None:
        super().__init__("; ".join(reason.note for reason in reasons))
        self.kind, self.reasons, self.state, self.sequence = kind, reasons, state, sequence


@dataclass(frozen=True)
class Submission:
    """A submission after its events so far. `hands`: ids of all who submitted or revised it (four eyes)."""

    id: uuid.UUID
    sequence: int
    head: str
    state: State
    actor: Actor
    arrived_at: datetime
    opd: str
    dataset: Dataset
    files: tuple[File, ...]
    manifest: str
    findings: tuple[Finding, ...]
    hands: frozenset[str]
    digest: str
    reasons: tuple[Reason, ...] = ()

    @property
    def holder(self) -> Lane | None:
        return BATON[self.state].holder

    @property
    def next(self) -> frozenset[str]:
        return BATON[self.state].next


def fold(history: Iterable[tuple[Event, str]]) -> Submission | None:
    """Events with their hashes (SHA-256 hex of the stored bytes), in order of `sequence`."""
    submission: Submission | None = None
    for event, digest in history:
        submission = evolve(submission, event, digest)
    return submission


def evolve(submission: Submission | None, event: Event, head: str) -> Submission | None:
    """One event further. An event without a beginning leaves nothing: history is never judged here."""
    state = STATE_AFTER[event.type]
    if submission is None:
        if not isinstance(event, DataSubmitted):
            return None
        data = event.data
        return Submission(
            id=event.submission_id,
            sequence=event.sequence,
            head=head,
            state=state,
            actor=event.actor,
            arrived_at=event.occurred_at,
            opd=event.actor.opd or "",
            dataset=data.dataset,
            files=data.files,
            manifest=data.manifest,
            findings=data.findings,
            hands=frozenset({event.actor.id, data.received.submitted_by}),
            digest=data.received.digest,
        )
    told: dict[str, Any] = {}
    if isinstance(event.data, Content):
        told = {
            "dataset": event.data.dataset,
            "files": event.data.files,
            "manifest": event.data.manifest,
            "findings": event.data.findings,
            "hands": submission.hands | {event.actor.id},
        }
    return replace(
        submission,
        sequence=event.sequence,
        head=head,
        state=state,
        actor=event.actor,
        arrived_at=event.occurred_at,
        reasons=event.data.reasons if isinstance(event, DataRejected) else (),
        **told,
    )


Rule = Callable[[Submission, Actor], Reason | None]
"""A pure function returning why not, or nothing."""


def another_pair_of_eyes(submission: Submission, actor: Actor) -> Reason | None:
    if actor.id in submission.hands:
        return Reason(code="four_eyes", note="Data ini Anda serahkan atau revisi sendiri; pejabat lain yang harus memutuskan.")
    return None


def same_opd(submission: Submission, actor: Actor) -> Reason | None:
    if actor.opd != submission.opd:
        return Reason(code="other_opd", field="opd", note=f"Data ini milik OPD {submission.opd}; Anda bertugas untuk OPD lain.")
    return None


def held_by(submission: Submission, *, event_type: str, expected_sequence: int) -> Reason | None:
    """Why this event may not be written now, or nothing: the caller saw the newest state, and the baton allows it."""
    if submission.sequence != expected_sequence:
        return Reason(
            code="stale",
            field="expected_sequence",
            note=f"Data sudah berubah: langkah terakhir nomor {submission.sequence} oleh {submission.actor.name}. Muat ulang halaman.",
        )
    if event_type not in submission.next:
        holder = submission.holder.value if submission.holder else "tidak ada"
        return Reason(code="not_holder", note=f"Langkah ini tidak dapat dilakukan: keadaan {submission.state}, dipegang {holder}.")
    return None


def next_ids(submission: Submission) -> dict[str, object]:
    """Envelope fields of the event that follows: the chain goes on from the head."""
    sequence = submission.sequence + 1
    return {
        "submission_id": submission.id,
        "sequence": sequence,
        "previous": submission.head,
        "event_id": event_id_of(submission.id, sequence),
    }
