"""The form of a dataset's metadata: what was typed in, the dataset as lanes want it out, and the other way round. Pure.

The names of the form's fields are the lanes' own paths without `dataset.`, so a lane's reason finds its field.
"""

import re
import unicodedata
from typing import Any, Final

from desk.forms import Typed
from desk.lanes import Told
from desk.verbs import Fault
from desk.words import FIELDS, said

Json = dict[str, Any]
TEXTS: Final = ("title", "dataset_id", "summary", "section", "period_start", "period_end", "frequency", "information_class", "license")
OPTIONAL: Final = ("theme", "source", "method", "version")
LISTS: Final = ("keywords", "regions")
OF_SEVERAL_LINES: Final = frozenset({"summary", "source", "method"})
RETENTION: Final = ("code", "active", "inactive", "fate")
COLUMN: Final = ("name", "type", "description", "title", "unit", "required", "key")
NEEDED: Final = frozenset({"name", "type", "description"})
"""Of a column; the rest is left out where nothing was said."""
YES_OR_NO: Final[dict[str, bool]] = {"ya": True, "tidak": False}
PERSONAL: Final = {
    "none": said("Tidak ada data pribadi"),
    "deidentified": said("Ada, dan sudah disamarkan atau dihitung jumlahnya saja"),
    "contains": said("Ada, belum disamarkan"),
}
KNOWN: Final = frozenset({*TEXTS, *OPTIONAL, *LISTS, "responsible", "personal_data", "retention", "columns"})
"""What the form can change; anything else that a dataset has stays as it is."""
START: Final[Json] = {"regions": ["33.13"], "license": "cc-by", "information_class": "berkala", "frequency": "annual"}


def dataset_of(typed: Typed) -> Json:
    """What was typed, empty where nothing was: the lane says what is missing."""
    told: Json = {name: typed.get(name) for name in TEXTS}
    told["dataset_id"] = told["dataset_id"] or name_from(told["title"])
    told |= {name: _listed(typed.raw(name)) for name in LISTS}
    told |= {name: typed.get(name) for name in OPTIONAL if typed.get(name)}
    told["responsible"] = {name: typed.get(f"responsible.{name}") for name in ("position", "email")}
    personal = _PERSONAL.get(typed.get("personal_data"))
    retention = {name: typed.get(f"retention.{name}") for name in RETENTION}
    columns = _columns(typed)
    told |= {"personal_data": personal} if personal else {}
    return told | ({"retention": retention} if any(retention.values()) else {}) | ({"columns": columns} if columns else {})


def values_of(dataset: Json) -> dict[str, str]:
    """A dataset as the form's fields; a field of one line holds its text in one line."""
    told = {name: str(dataset.get(name) or "") for name in (*TEXTS, *OPTIONAL)}
    told |= {f"responsible.{name}": str((dataset.get("responsible") or {}).get(name) or "") for name in ("position", "email")}
    told |= {f"retention.{name}": str((dataset.get("retention") or {}).get(name) or "") for name in RETENTION}
    told = {name: re.sub(r"\r\n?", "\n", value) if name in OF_SEVERAL_LINES else in_one_line(value) for name, value in told.items()}
    told |= {name: _as_text([in_one_line(part) for part in dataset.get(name) or ()]) for name in LISTS}
    return told | {"personal_data": _chosen(dataset.get("personal_data"))}


def columns_of(dataset: Json, blank: int = 0) -> list[dict[str, str]]:
    """The rows of the table of columns, with so many empty ones at its end."""
    rows = [{name: _cell(column.get(name)) for name in COLUMN} for column in dataset.get("columns") or ()]
    return rows + [dict.fromkeys(COLUMN, "") for _ in range(blank)]


def personal_choices(chosen: str) -> dict[str, str]:
    """The three answers; the one that was given keeps the very words of the metadata."""
    group = chosen.partition("-")[0]
    return {(chosen if code == group else code): words for code, words in PERSONAL.items()}


def in_one_line(text: str) -> str:
    return re.sub(r"[\r\n]+", " ", text)


def changes_between(before: Json, after: Json) -> Json:
    """The fields that changed, as `revise` takes them: null takes one away. What looks the same on the form has not changed.

    Columns keep what a later version knows of them and the form does not.
    """
    kept = {column["name"]: column for column in before.get("columns") or ()}
    if "columns" in after:
        after = after | {"columns": [_kept(kept.get(column["name"]), column) for column in after["columns"]]}
    changed = {name: after[name] for name in KNOWN if name in after and not _looks_the_same(name, before, after)}
    return changed | {name: None for name in KNOWN if before.get(name) and name not in after}


def _looks_the_same(name: str, before: Json, after: Json) -> bool:
    if name not in before or after[name] == before[name]:
        return name in before
    one, other = {name: before[name]}, {name: after[name]}
    if name == "columns":
        return _beyond(before[name]) == _beyond(after[name]) and columns_of(one) == columns_of(other)
    return values_of(one) == values_of(other)


def _beyond(columns: list[Json]) -> list[Json]:
    """What the form does not show of them."""
    return [{name: value for name, value in column.items() if name not in COLUMN} for column in columns]


def name_from(title: str) -> str:
    """A dataset's lasting name from its first title: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:100].strip("-")


def faults_of(errors: tuple[Told, ...]) -> list[Fault]:
    """A lane's reasons at the fields of the form."""
    return [Fault(_at(error.field), error.message, error.field or "") for error in errors]


def _at(field: str | None) -> str:
    name = (field or "").removeprefix("dataset.")
    if name.startswith("files"):
        return "files"
    if name.startswith("columns.") and name.count(".") == 1:
        return f"{name}.name"
    first = name.partition(".")[0]
    return name if name.startswith(("columns.", "responsible.", "retention.")) else first if first in FIELDS else ""


def _chosen(told: object) -> str:
    return next((code for code, said_of in _PERSONAL.items() if said_of == told), "")


def _listed(text: str) -> list[str]:
    """One a line where there are several lines, else between commas or semicolons."""
    parts = text.split("\n") if "\n" in text else re.split(r"[,;]", text)
    return [part.strip() for part in parts if part.strip()]


def _as_text(parts: list[str]) -> str:
    return "".join(f"{part}\n" for part in parts) if any(re.search("[,;]", part) for part in parts) else ", ".join(parts)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    return in_one_line(str(value or ""))


def _columns(typed: Typed) -> list[Json]:
    cells = {name: value.strip() for name, value in typed.fields if name.startswith("columns.")}
    numbers = {int(found[1]) for name in cells if (found := re.fullmatch(r"columns\.([0-9]{1,5})\.\w+", name))}
    rows = [{name: cells.get(f"columns.{row}.{name}", "") for name in COLUMN} for row in sorted(numbers)]
    return [_column(row) for row in rows if row["name"] or row["description"]]


def _column(row: dict[str, str]) -> Json:
    return {name: _answer(name, value) for name, value in row.items() if value or name in NEEDED}


def _answer(name: str, value: str) -> str | bool:
    return YES_OR_NO.get(value, value) if name in {"required", "key"} else value


def _kept(before: Json | None, column: Json) -> Json:
    if before is None:
        return column
    return {name: value for name, value in before.items() if name not in COLUMN} | column


_PERSONAL: Final[dict[str, Json]] = {
    "none": {"contains": False},
    "deidentified": {"contains": True, "deidentified": True},
    "contains": {"contains": True, "deidentified": False},
    "contains-unsaid": {"contains": True},
    "none-yes": {"contains": False, "deidentified": True},
    "none-no": {"contains": False, "deidentified": False},
}
"""What an answer says in the metadata; after a hyphen other ways of saying the same, which stay as they are."""
