"""The plain values that contracts are made of: texts, hashes, moments, names of files, and the frozen shape of what is on the log."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

PRINTABLE: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)


def ms_of(moment: datetime) -> int:
    """Milliseconds since 1970, as stores keep moments."""
    return (moment - EPOCH) // MILLISECOND


def moment_at(ms: int) -> datetime:
    """The moment that `ms_of` counted, in UTC."""
    return EPOCH + ms * MILLISECOND


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=PRINTABLE)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000, pattern=PRINTABLE)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000, pattern=PRINTABLE)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
OPD: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"
Opd = Annotated[str, StringConstraints(pattern=OPD)]
# Not the very first and last years: a zone further on they are no dates any more.
Moment = Annotated[
    AwareDatetime,
    Field(ge=EPOCH, lt=datetime(3000, 1, 1, tzinfo=UTC)),
    PlainSerializer(_utc, return_type=str, when_used="json"),
]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f/\\.][^\x00-\x1f\x7f/\\]*$")]
MediaType = Annotated[
    str, StringConstraints(max_length=127, pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(; ?[A-Za-z0-9=_.\"-]+)*$")
]


class Shape(BaseModel):
    """A value on the log: frozen, strict about types, blind to fields of a later version."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)
