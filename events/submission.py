"""The fold: a submission's events in, its state, holder and what may be written next out. Pure: no clock, no I/O, no raising.

The baton: after each event exactly one lane holds the submission, and only the holder may write the next one.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NamedTuple

import orjson

from events.contracts import Actor, Content, DataRejected, DataSubmitted, Event, Finding, Lane, Reason
from events.ids import hash_of_files
from events.metadata import Dataset, File
from events.values import moment_at, ms_of


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
    State.SUBMITTED: Baton(Lane.REVIEW, frozenset({"DataRevised", "DataRetracted"})),
    State.REVISED: Baton(Lane.DECISION, frozenset({"DataVerified", "DataRejected"})),
    State.VERIFIED: Baton(Lane.DECISION, frozenset({"DataApproved", "DataRejected"})),
    State.REJECTED: Baton(Lane.REVIEW, frozenset({"DataRevised", "DataRetracted"})),
    State.APPROVED: Baton(Lane.PUBLISHER, frozenset({"DataPublished", "DataRejected", "DataRetracted"})),
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


class Head(NamedTuple):
    """Where a submission stands after its last event: what checks, inboxes and rules look at. A journal keeps it as one row.

    `hash`: SHA-256 (hex) of the last event's bytes; `actor`: the name of who wrote it; `arrived_ms`: when; `due_ms`: by when the next step
    is due, if the event says so; `begun_ms`: when it was first submitted; all in milliseconds since 1970. `edition`: its number among the
    submissions of its dataset, if it was numbered. `files`: one hash over its files' hashes, "" in a desk's row of an earlier program.
    `hands`: ids of the persons who submitted or revised it (four eyes); what a system said on Kafka of who submitted binds nobody.
    `errors`: how many findings forbid to verify it, `warnings`: how many must be answered for. `published`: it was on the portal.
    `renamed`: its dataset has another name than it was submitted under.
    """

    submission_id: uuid.UUID
    sequence: int
    hash: str
    state: State
    holder: Lane | None
    arrived_ms: int
    due_ms: int | None
    actor: str
    published: bool
    opd: str
    begun_ms: int
    edition: int | None
    dataset_id: str
    title: str
    period_start: str
    period_end: str
    manifest: str
    files: str
    hands: frozenset[str]
    renamed: bool
    errors: int
    warnings: int

    @property
    def arrived_at(self) -> datetime:
        return moment_at(self.arrived_ms)

    @property
    def due_at(self) -> datetime | None:
        return None if self.due_ms is None else moment_at(self.due_ms)

    @property
    def next(self) -> frozenset[str]:
        return BATON[self.state].next


TELL_CONTENT: Final = frozenset({"DataSubmitted", "DataRevised"})
"""Events with the whole metadata and file list."""


@dataclass(frozen=True)
class Submission:
    """A submission after its events so far: its head, and the whole content. `actor`: who wrote the last event.

    `told`: the newest content as it stands in its event's bytes, with fields that only a later version knows.
    """

    head: Head
    actor: Actor
    dataset: Dataset
    files: tuple[File, ...]
    findings: tuple[Finding, ...]
    digest: str
    told: Mapping[str, Any]
    reasons: tuple[Reason, ...] = ()

    @property
    def id(self) -> uuid.UUID:
        return self.head.submission_id

    @property
    def sequence(self) -> int:
        return self.head.sequence

    @property
    def state(self) -> State:
        return self.head.state

    @property
    def holder(self) -> Lane | None:
        return self.head.holder

    @property
    def next(self) -> frozenset[str]:
        return self.head.next

    @property
    def arrived_at(self) -> datetime:
        return self.head.arrived_at

    @property
    def opd(self) -> str:
        return self.head.opd

    @property
    def manifest(self) -> str:
        return self.head.manifest


@dataclass(frozen=True)
class Recorded:
    """An event as it was written: the model, and the bytes that are kept for ever."""

    event: Event
    raw: bytes

    @cached_property
    def said(self) -> dict[str, Any]:
        """The same as plain JSON."""
        said: dict[str, Any] = orjson.loads(self.raw)
        return said

    @cached_property
    def hash(self) -> str:
        return hash_of(self.raw)


def hash_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def fold(history: Iterable[Recorded]) -> Submission | None:
    """Events in order of `sequence`."""
    submission: Submission | None = None
    for recorded in history:
        submission = evolve(submission, recorded)
    return submission


def evolve(submission: Submission | None, recorded: Recorded) -> Submission | None:
    """One event further. An event without a beginning leaves nothing: history is never judged here."""
    event = recorded.event
    head = advance(submission.head if submission else None, recorded.said, recorded.hash)
    if head is None:
        return None
    if isinstance(event, DataSubmitted):
        data = event.data
        return Submission(head, event.actor, data.dataset, data.files, data.findings, data.received.digest, recorded.said["data"])
    if submission is None:
        return None
    told: dict[str, Any] = {}
    if isinstance(event.data, Content):
        told = {"dataset": event.data.dataset, "files": event.data.files, "findings": event.data.findings, "told": recorded.said["data"]}
    reasons = event.data.reasons if isinstance(event, DataRejected) else ()
    return replace(submission, head=head, actor=event.actor, reasons=reasons, **told)


def advance(head: Head | None, said: Mapping[str, Any], digest: str) -> Head | None:
    """The head one event further. `said`: an event as it stands in its bytes; what may come next is asked elsewhere (`lawful`)."""
    event_type, actor, data = said["type"], said["actor"], said["data"]
    state = STATE_AFTER[event_type]
    sequence, holder, name = said["sequence"], BATON[state].holder, actor["name"].strip()
    arrived_ms, due_ms = _ms(said["occurred_at"]), _ms(said["due"]["at"]) if said.get("due") else None
    published = state is State.PUBLISHED or bool(head and head.published)
    if event_type not in TELL_CONTENT:
        moved = (sequence, digest, state, holder, arrived_ms, due_ms, name, published)
        return head and Head._make((head.submission_id, *moved, *head[1 + len(moved) :]))
    hands = frozenset({actor["id"].strip()})
    if event_type == "DataSubmitted":
        head, hands = None, hands if data["received"].get("topic") is None else frozenset()
    elif head is None:
        return None
    dataset = data["dataset"]
    return Head(
        uuid.UUID(said["submission_id"]),
        sequence,
        digest,
        state,
        holder,
        arrived_ms,
        due_ms,
        name,
        published,
        head.opd if head else actor.get("opd") or "",
        head.begun_ms if head else arrived_ms,
        head.edition if head else data.get("edition"),
        dataset["dataset_id"],
        dataset["title"].strip(),
        dataset["period_start"],
        dataset["period_end"],
        data["manifest"],
        hash_of_files(data["files"]),
        hands | head.hands if head else hands,
        bool(head and (head.renamed or head.dataset_id != dataset["dataset_id"])),
        sum(finding["severity"] == "error" for finding in data.get("findings", ())),
        sum(finding["severity"] == "warning" for finding in data.get("findings", ())),
    )


def _ms(moment: str) -> int:
    return ms_of(datetime.fromisoformat(moment))
