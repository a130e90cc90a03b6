"""DataSubmitted as an OPD writes it, and the receipt that answers it. A field that nobody knows is refused here: it is a typing error."""

import re
import uuid
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from events.ids import canonical_hash
from events.metadata import Column, Dataset, File, PersonalData, Responsible, Retention
from events.values import Moment, Opd, Shape, Text

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_out(value: object) -> object:
    """A number, or one as text, is no date to the OPD that wrote it: readers would take it for seconds since 1970."""
    if not isinstance(value, date) and not (isinstance(value, str) and _DATE.fullmatch(value)):
        raise PydanticCustomError("date_written_out", "not a date as ISO 8601 writes it")
    return value


def _moment_written_out(value: object) -> object:
    if not isinstance(value, datetime) and not (isinstance(value, str) and value[4:5] == "-"):
        raise PydanticCustomError("time_written_out", "not a time as ISO 8601 writes it")
    return value


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
