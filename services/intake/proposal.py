"""The columns of a file that an OPD brought, as a check finds them: what a form can be begun with, before anything is said of the data."""

from datetime import date
from typing import Any, Final

from events.contracts import Reason
from events.metadata import Dataset, File, PersonalData, Responsible
from events.submission import Kind, Refused
from lane.lane import Shared

NOTHING_SAID: Final = Dataset(
    dataset_id="data",
    title="Data",
    summary="Data",
    keywords=("data",),
    section="Data",
    responsible=Responsible(position="Data", email="data@example.id"),
    period_start=date(2026, 1, 1),
    period_end=date(2026, 1, 1),
    frequency="never",
    regions=("33",),
    information_class="berkala",
    license="cc-by",
    personal_data=PersonalData(contains=False),
)
"""What a file is looked at with, while nobody has said what it is of."""


def columns_in(sha256: str, name: str, media_type: str, opd: str, shared: Shared) -> list[dict[str, Any]]:
    """`[{"sheet", "rows", "columns": [{"name", "type"}]}]`, a table each; none in what is no table. Raises `Refused`, FilesUnavailable."""
    size = shared.files.size_for(sha256, opd)
    if size is None:
        raise Refused(Kind.NOT_FOUND, Reason(code="not_found", field="sha256", note="Berkas itu belum diunggah."))
    file = File(name=name, media_type=media_type, bytes=size, sha256=sha256)
    tables = shared.checking.profiles(file, NOTHING_SAID, lambda file: shared.files.read(file.sha256))
    return [_table(table) for table in tables or []]


def _table(told: dict[str, Any]) -> dict[str, Any]:
    columns = [{"name": column["name"], "type": column["type"]} for column in told["columns"]]
    return {"sheet": told["sheet"], "rows": told["rows"], "columns": columns}
