"""The contracts: JSON bytes in, frozen models out, and the other way round, for the log and for what an OPD sends.

An event is serialised once (`to_bytes`) and afterwards handed on as those bytes. Contracts grow by optional fields only, so
readers of the log ignore fields they do not know; the inbound form refuses them, because there they are typing errors.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializeAsAny,
    StringConstraints,
    TypeAdapter,
)
from pydantic_core import PydanticCustomError

LOG_TOPIC: Final = "opendata.submissions.v1"
RECEIPTS_TOPIC: Final = "opendata.receipts.v1"
DIRECTORY_TOPIC: Final = "opendata.directory.v1"
DEAD_LETTERS_TOPIC: Final = "opendata.dead-letters.v1"
INBOUND_PATTERN: Final = r"^opd\.([a-z0-9][a-z0-9-]{0,62})\.data-submitted\.v1$"
EVENT_BYTES_LIMIT: Final = 900_000
"""An event stays below Kafka's default record limit (1 MB) with room for its headers."""

ON_THE_LOG: Final = frozenset({"version", "lane"})
"""What every event's bytes say, though the models can do without: whoever relays, archives or upcasts an event reads it there."""

_PRINTABLE: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


class Lane(StrEnum):
    INTAKE = "intake"
    REVIEW = "review"
    DECISION = "decision"
    PUBLISHER = "publisher"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=_PRINTABLE)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000, pattern=_PRINTABLE)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000, pattern=_PRINTABLE)]
Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Opd = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
# Not the very first and last years: a zone further on they are no dates any more.
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(3000, 1, 1, tzinfo=UTC)),
    PlainSerializer(_utc, return_type=str, when_used="json"),
]


def _written_out(value: object) -> object:
    """A number, or one as text, is no date to the OPD that wrote it: readers would take it for seconds since 1970."""
    if not isinstance(value, date) and not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        raise PydanticCustomError("date_written_out", "not a date as ISO 8601 writes it")
    return value


def _moment_written_out(value: object) -> object:
    if not isinstance(value, datetime) and not (isinstance(value, str) and value[4:5] == "-"):
        raise PydanticCustomError("time_written_out", "not a time as ISO 8601 writes it")
    return value


FileName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f/\\.][^\x00-\x1f\x7f/\\]*$")]


MediaType = Annotated[
    str, StringConstraints(max_length=127, pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(; ?[A-Za-z0-9=_.\"-]+)*$")
]


class Shape(BaseModel):
    """A value on the log: frozen, strict about types, blind to fields of a later version."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class Responsible(Shape):
    position: Text
    email: Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")]


class PersonalData(Shape):
    contains: bool
    deidentified: bool | None = None


class Column(Shape):
    """One column of a table, in the words of Table Schema."""

    name: Text
    type: Literal["string", "integer", "number", "boolean", "date", "time", "datetime", "year", "any"]
    description: Text
    title: Text | None = None
    unit: Text | None = None
    required: bool | None = None
    key: bool | None = None
    """Part of what tells one row from another: versions of a table are compared by these columns."""


class Retention(Shape):
    """Jadwal retensi arsip: years or the schedule's own words, and the final fate."""

    code: Text
    active: Text
    inactive: Text
    fate: Literal["musnah", "dinilai kembali", "permanen"]


Frequency = Literal[
    "continuous", "daily", "weekly", "monthly", "quarterly", "semiannual", "annual", "biennial", "quinquennial", "irregular", "never"
]


DATASET_ID: Final = r"^[a-z0-9][a-z0-9_-]{1,99}$"


class Dataset(Shape):
    """Metadata of a dataset (DIP, Satu Data and DCAT fields, see docs/for-opd-systems.md)."""

    dataset_id: Annotated[str, StringConstraints(pattern=DATASET_ID)]
    title: Annotated[Text, StringConstraints(max_length=300)]
    summary: LongText
    keywords: Annotated[tuple[Annotated[Text, StringConstraints(max_length=100)], ...], Field(min_length=1, max_length=50)]
    section: Text
    responsible: Responsible
    period_start: date
    period_end: date
    frequency: Frequency
    regions: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$")], ...],
        Field(min_length=1, max_length=1_000),
    ]
    information_class: Literal["berkala", "serta-merta", "setiap-saat", "dikecualikan"]
    license: Annotated[Text, StringConstraints(max_length=100)]
    personal_data: PersonalData
    columns: Annotated[tuple[Column, ...], Field(max_length=1_000)] = ()
    theme: Text | None = None
    source: LongText | None = None
    method: LongText | None = None
    version: Text | None = None
    retention: Retention | None = None


class File(Shape):
    name: FileName
    media_type: MediaType
    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256


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
    field: Annotated[str, StringConstraints(max_length=300, pattern=_PRINTABLE)] | None = None
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
    edition: Annotated[int, Field(ge=1)] | None = None


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


def read_event(raw: bytes) -> tuple[Event, dict[str, Any]]:
    """An event from its bytes, and the same as plain JSON. Raises ValueError, RecursionError.

    Views and checkers read the bytes themselves, with another parser: where it finds anything else, the bytes are no event.
    """
    event = EVENT.validate_json(raw)
    said: dict[str, Any] = orjson.loads(raw)
    if said["submission_id"] != str(event.submission_id) or datetime.fromisoformat(said["occurred_at"]) != event.occurred_at:
        raise ValueError("an id or a time in a spelling that others read differently")
    if not said.keys() >= ON_THE_LOG:
        raise ValueError("an event on the log says its version and its lane")
    return event, said


class WholeResponsible(Responsible):
    model_config = ConfigDict(extra="allow")


class WholePersonalData(PersonalData):
    model_config = ConfigDict(extra="allow")


class WholeColumn(Column):
    model_config = ConfigDict(extra="allow")


class WholeRetention(Retention):
    model_config = ConfigDict(extra="allow")


class WholeFile(File):
    model_config = ConfigDict(extra="allow")


class WholeDataset(Dataset):
    """Metadata as it stands in an event, with fields that only a later version knows: whoever writes it again must not lose them."""

    model_config = ConfigDict(extra="allow")

    responsible: WholeResponsible
    personal_data: WholePersonalData
    columns: Annotated[tuple[WholeColumn, ...], Field(max_length=1_000)] = ()
    retention: WholeRetention | None = None


class Whole(Shape):
    """What an event tells of a dataset and its files, nothing left out."""

    dataset: WholeDataset
    files: tuple[WholeFile, ...]


class InboundFile(File):
    model_config = ConfigDict(extra="forbid")
    content: str | None = None
    """Base64, up to 512 KiB of file; left out when the file was put to the intake first."""


class InboundResponsible(Responsible):
    model_config = ConfigDict(extra="forbid")


class InboundPersonalData(PersonalData):
    model_config = ConfigDict(extra="forbid")


class InboundColumn(Column):
    model_config = ConfigDict(extra="forbid")


class InboundRetention(Retention):
    model_config = ConfigDict(extra="forbid")


class InboundDataset(Dataset):
    model_config = ConfigDict(extra="forbid")

    responsible: InboundResponsible
    personal_data: InboundPersonalData
    period_start: Annotated[date, Field(strict=False), BeforeValidator(_written_out)]
    period_end: Annotated[date, Field(strict=False), BeforeValidator(_written_out)]
    columns: Annotated[tuple[InboundColumn, ...], Field(max_length=1_000)] = ()
    retention: InboundRetention | None = None


class Inbound(Shape):
    """DataSubmitted as an OPD writes it."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["DataSubmitted"]
    event_id: uuid.UUID
    occurred_at: Annotated[Moment, Field(strict=False), BeforeValidator(_moment_written_out)]
    opd: Opd
    submitted_by: Text
    dataset: InboundDataset
    files: Annotated[tuple[InboundFile, ...], Field(min_length=1, max_length=100)]

    def said(self) -> dict[str, Any]:
        """What was said as plain JSON, as the event says it: without inline content, and nothing where nothing was said."""
        said = self.model_dump(mode="json", exclude_none=True)
        for file in said["files"]:
            file.pop("content", None)
        return said

    def digest(self) -> str:
        """SHA-256 of what was said, however it was spelt: key order, white space and inline content do not count."""
        return canonical_hash(self.said())


class ReceiptReason(Shape):
    code: str
    field: str | None = None
    message: str


class Receipt(Shape):
    """Intake's answer to one inbound record; `event_id` is null when the record could not be read that far."""

    event_id: str | None
    opd: str
    outcome: Literal["accepted", "duplicate", "refused"]
    submission_id: uuid.UUID | None = None
    reasons: tuple[ReceiptReason, ...] = ()
    at: Moment


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


@lru_cache(maxsize=512)
def submission_id_of(opd: str, event_id: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"jejak:submission:{opd}:{event_id}")


def event_id_of(submission_id: uuid.UUID, sequence: int) -> uuid.UUID:
    return uuid.UUID(event_id_text(submission_id, sequence))


def event_id_text(submission_id: uuid.UUID, sequence: int) -> str:
    """UUIDv5 (RFC 9562) of the sequence in the submission's namespace, as text: asked for each event, and much quicker than by `uuid`."""
    digest = hashlib.sha1(submission_id.bytes + b"%d" % sequence, usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


_VARIANT: Final = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


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
