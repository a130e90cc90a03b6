"""Metadata of a dataset and its files (DIP, Satu Data and DCAT fields), as an event tells them.

`Whole…` keeps the fields that only a later version knows: whoever writes it again must not lose them.
"""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, StringConstraints

from events.values import FileName, LongText, MediaType, Sha256, Shape, Text


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
