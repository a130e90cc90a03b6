"""The contracts: JSON bytes in, frozen models out, and the other way round, for the log.

An event is serialised once (`to_bytes`) and afterwards handed on as those bytes. Contracts grow by optional fields only, so
readers of the log ignore fields they do not know; the inbound form (`inbound.py`) refuses them.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, SerializeAsAny, StringConstraints, TypeAdapter

from events.metadata import Dataset, File
from events.values import PRINTABLE, FileName, LongText, Moment, Note, Opd, Sha256, Shape, Text

LOG_TOPIC: Final = "opendata.submissions.v1"
RECEIPTS_TOPIC: Final = "opendata.receipts.v1"
DIRECTORY_TOPIC: Final = "opendata.directory.v1"
DEAD_LETTERS_TOPIC: Final = "opendata.dead-letters.v1"
INBOUND_PATTERN: Final = r"^opd\.([a-z0-9][a-z0-9-]{0,62})\.data-submitted\.v1$"
EVENT_BYTES_LIMIT: Final = 900_000
"""An event stays below Kafka's default record limit (1 MB) with room for its headers."""
ON_THE_LOG: Final = frozenset({"version", "lane"})
"""What every event's bytes say, though the models can do without: whoever relays, archives or upcasts an event reads it there."""
MOST: Final = 2**31 - 1
"""The largest number that a journal's column holds, on PostgreSQL too."""


def inbound_topic_of(opd: str) -> str:
    """Where an OPD's systems hand in."""
    return f"opd.{opd}.data-submitted.v1"


class Lane(StrEnum):
    INTAKE = "intake"
    REVIEW = "review"
    DECISION = "decision"
    PUBLISHER = "publisher"


class Finding(Shape):
    """What a check found: one of the SOP's five words, how grave, and where. Never a personal value itself.

    An error stops DataVerified, a warning is acknowledged with a note by whoever verifies, an info is only told. `rows` are the first ten
    rows of the file or sheet, counted from 1; `count` says how many cells or rows it is about; `sample` is masked.
    """

    word: Literal["terpadu", "lengkap", "aktual", "valid", "akuntabel"]
    severity: Literal["error", "warning", "info"]
    code: Text
    field: str | None = None
    message: Text
    message_en: Text | None = None
    file: str | None = None
    sheet: str | None = None
    rows: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(max_length=10)] | None = None
    column: str | None = None
    count: Annotated[int, Field(ge=0)] | None = None
    sample: str | None = None


class Reason(Shape):
    """Why something was refused or returned: a stable code, the field, and words for a person."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    field: Annotated[str, StringConstraints(max_length=300, pattern=PRINTABLE)] | None = None
    note: LongText


class Checklist(Shape):
    """The five words of the SOP; all five must be true to verify."""

    terpadu: bool
    lengkap: bool
    aktual: bool
    valid: bool
    akuntabel: bool


class Actor(Shape):
    """Who did it, in which role. `via`: how the person was known, for example the desk and a password; absent for a token of the operator.

    `acting`: the number of the letter of mandate, when it was done for an absent official (Plh./Plt.).
    """

    id: Text
    name: Text
    role: Literal["tim_ppid", "ketua_ppid", "atasan_ppid", "admin_opendata", "auditor"]
    opd: Opd | None = None
    via: Annotated[tuple[Text, ...], Field(min_length=1, max_length=5)] | None = None
    acting: Text | None = None


class Received(Shape):
    """How a submission came in: the OPD's own ids and words, and where the record stands on Kafka."""

    event_id: uuid.UUID
    digest: Sha256
    submitted_by: Text
    submitted_at: Moment
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None


class Content(Shape):
    """What is judged: metadata, files, the manifest hash over both, and what the checks found."""

    dataset: SerializeAsAny[Dataset]
    files: Annotated[tuple[SerializeAsAny[File], ...], Field(min_length=1, max_length=100)]
    manifest: Sha256
    findings: tuple[Finding, ...] = ()
    more_findings: dict[str, Annotated[int, Field(ge=1)]] | None = None
    """Findings past the 200 that are kept, counted by code."""


class Submitted(Content):
    """`edition`: the how-manieth submission of its dataset this is, as intake numbers them; absent before editions were numbered."""

    received: Received
    edition: Annotated[int, Field(ge=1, le=MOST)] | None = None


class Revised(Content):
    note: Note = ""
    changed: tuple[str, ...] = ()


class Verified(Shape):
    manifest: Sha256
    checklist: Checklist
    note: Note = ""


class Rejected(Shape):
    manifest: Sha256
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1, max_length=100)]


class Approved(Shape):
    manifest: Sha256
    consideration: LongText


class PublishedFile(Shape):
    name: FileName
    sha256: Sha256
    url: str
    id: str | None = None


class Published(Shape):
    """Where the portal shows it, and the hash of each file as read back from there."""

    manifest: Sha256
    portal: Literal["folder", "ckan"]
    url: str
    dataset: str
    files: tuple[PublishedFile, ...]
    portal_version: str | None = None
    revision: str | None = None


class Retracted(Shape):
    """Taken down after approval (personal data found, wrong file; `url`: "" when never shown), or withdrawn before: then no portal had it.

    `relist`: the edition before it is shown again; otherwise the dataset is closed until a new edition comes.
    """

    manifest: Sha256
    portal: Literal["folder", "ckan"] | None = None
    url: str | None = None
    reason: Reason
    relist: bool | None = None


class Due(Shape):
    """By when the next step is due, and the rule that said so: a setting of tomorrow does not change what was in time today.

    `minutes` counted by `calendar` (`wall`: all; `office`: working hours, with the days off of `holidays`, the list and its version).
    """

    at: Moment
    minutes: Annotated[int, Field(ge=1)]
    calendar: Literal["wall", "office"]
    holidays: Text | None = None


class Envelope(Shape):
    submission_id: uuid.UUID
    sequence: Annotated[int, Field(ge=1)]
    previous: Sha256 | None = None
    type: str
    version: Literal[1] = 1
    event_id: uuid.UUID
    occurred_at: Moment
    lane: Lane
    actor: Actor
    due: Due | None = None

    def to_bytes(self) -> bytes:
        """The event as it is stored, sent and hashed for ever: UTF-8 JSON. Call it once, where the event is made."""
        return self.model_dump_json(exclude_none=True).encode()


class DataSubmitted(Envelope):
    type: Literal["DataSubmitted"] = "DataSubmitted"
    lane: Literal[Lane.INTAKE] = Lane.INTAKE
    data: Submitted


class DataRevised(Envelope):
    type: Literal["DataRevised"] = "DataRevised"
    lane: Literal[Lane.REVIEW] = Lane.REVIEW
    data: Revised


class DataVerified(Envelope):
    type: Literal["DataVerified"] = "DataVerified"
    lane: Literal[Lane.DECISION] = Lane.DECISION
    data: Verified


class DataRejected(Envelope):
    type: Literal["DataRejected"] = "DataRejected"
    lane: Literal[Lane.DECISION, Lane.PUBLISHER] = Lane.DECISION
    data: Rejected


class DataApproved(Envelope):
    type: Literal["DataApproved"] = "DataApproved"
    lane: Literal[Lane.DECISION] = Lane.DECISION
    data: Approved


class DataPublished(Envelope):
    type: Literal["DataPublished"] = "DataPublished"
    lane: Literal[Lane.PUBLISHER] = Lane.PUBLISHER
    data: Published


class DataRetracted(Envelope):
    type: Literal["DataRetracted"] = "DataRetracted"
    lane: Literal[Lane.PUBLISHER, Lane.REVIEW] = Lane.PUBLISHER
    data: Retracted


Event = DataSubmitted | DataRevised | DataVerified | DataRejected | DataApproved | DataPublished | DataRetracted
EVENT: Final[TypeAdapter[Event]] = TypeAdapter(Annotated[Event, Field(discriminator="type")])


def check_event(raw: bytes, said: Mapping[str, Any]) -> None:
    """Are these bytes an event that keeps its contract? `said`: the same as plain JSON. Raises ValueError, RecursionError.

    Views and checkers read the bytes themselves, with another parser: where it finds anything else, the bytes are no event.
    """
    event = EVENT.validator.validate_json(raw)
    if said.get("submission_id") != str(event.submission_id) or not _has_the_same_times(event, said):
        raise ValueError("an id or a time in a spelling that others read differently")
    if not said.keys() >= ON_THE_LOG:
        raise ValueError("an event on the log says its version and its lane")


def _has_the_same_times(event: Event, said: Mapping[str, Any]) -> bool:
    """Every time and date that is read from the bytes too means there what the contract read. Raises ValueError."""
    if event.type == "DataSubmitted" or event.type == "DataRevised":
        told, read = said["data"]["dataset"], event.data.dataset
        if (told["period_start"], told["period_end"]) != (read.period_start.isoformat(), read.period_end.isoformat()):
            return False  # a date has one spelling: it is compared, sorted and shown as text
    if event.type == "DataSubmitted" and not _is_moment(said["data"]["received"]["submitted_at"], event.data.received.submitted_at):
        return False
    if event.due and not _is_moment(said["due"]["at"], event.due.at):
        return False
    return _is_moment(said["occurred_at"], event.occurred_at)


def _is_moment(text: object, moment: datetime) -> bool:
    return isinstance(text, str) and datetime.fromisoformat(text) == moment


def cloud_event_headers(event: Mapping[str, object]) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0, Kafka binding, binary mode. In: an event as it stands in its own bytes; an old one may lack version and lane."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(event["event_id"]).encode()),
        ("ce_type", f"jejak.{event['type']}.v{event.get('version', 1)}".encode()),
        ("ce_source", f"/jejak/{event.get('lane', '')}".encode()),
        ("ce_subject", str(event["submission_id"]).encode()),
        ("ce_time", str(event["occurred_at"]).encode()),
        ("ce_sequence", str(event["sequence"]).encode()),
        ("content-type", b"application/json"),
    ]
