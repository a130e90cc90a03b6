"""Columns as a file shows them: a dataset's form and its files in, the form with those columns that nobody has typed yet out."""

from typing import Any, Final

from desk.lanes import CallRefused, Lanes
from desk.who import Who

Json = dict[str, Any]
MOST: Final = 1_000


async def with_columns(lanes: Lanes, who: Who, dataset: Json, files: list[Json]) -> tuple[Json, int]:
    """And how many are new. What was typed stays as it is. Raises LaneAway."""
    columns: list[Json] = list(dataset.get("columns") or ())
    known = {column["name"] for column in columns}
    for file in files:
        for column in await _columns_in(lanes, who, file):
            if column["name"] not in known and len(columns) < MOST:
                known.add(column["name"])
                columns.append({"name": column["name"], "type": column["type"], "description": ""})
    return (dataset | {"columns": columns} if columns else dataset), len(columns) - len(dataset.get("columns") or ())


async def _columns_in(lanes: Lanes, who: Who, file: Json) -> list[Json]:
    """Of all its tables; none of what cannot be looked at."""
    params = {"name": file["name"], "media_type": file["media_type"]}
    try:
        told = await lanes.get_and_wait(who, "intake", f"files/{file['sha256']}/columns", params)
    except CallRefused:
        return []
    return [column for table in told["tables"] for column in table["columns"]]
