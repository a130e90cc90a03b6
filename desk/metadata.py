"""The form of a dataset's metadata: what was typed in, the dataset as lanes want it out, and the other way round. Pure.

The names of the form's fields are the lanes' own paths without `dataset.`, so a lane's reason finds its field.
"""

import re
import unicodedata
from typing import Any, Final

from desk.forms import Typed
from desk.lanes import Told
from desk.speech import Speech
from desk.verbs import Fault
from desk.words import FIELDS, field_words, place_of, said

Json = dict[str, Any]
TEXTS: Final = ("title", "dataset_id", "summary", "section", "period_start", "period_end", "frequency", "information_class", "license")
OPTIONAL: Final = ("theme", "source", "method", "version")
LISTS: Final = ("keywords", "regions")
RETENTION: Final = ("code", "active", "inactive", "fate")
COLUMN: Final = ("name", "type", "description", "unit")
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
    told |= {name: [part.strip() for part in re.split(r"[,;\n]", typed.get(name)) if part.strip()] for name in LISTS}
    told |= {name: typed.get(name) for name in OPTIONAL if typed.get(name)}
    told["responsible"] = {name: typed.get(f"responsible.{name}") for name in ("position", "email")}
    told["personal_data"] = _personal(typed.get("personal_data"))
    retention = {name: typed.get(f"retention.{name}") for name in RETENTION}
    columns = _columns(typed)
    return told | ({"retention": retention} if any(retention.values()) else {}) | ({"columns": columns} if columns else {})


def values_of(dataset: Json) -> dict[str, str]:
    """A dataset as the form's fields."""
    told = {name: str(dataset.get(name) or "") for name in (*TEXTS, *OPTIONAL)}
    told |= {name: ", ".join(dataset.get(name) or ()) for name in LISTS}
    told |= {f"responsible.{name}": str((dataset.get("responsible") or {}).get(name) or "") for name in ("position", "email")}
    told |= {f"retention.{name}": str((dataset.get("retention") or {}).get(name) or "") for name in RETENTION}
    return told | {"personal_data": _chosen(dataset.get("personal_data"))}


def columns_of(dataset: Json, blank: int = 0) -> list[dict[str, str]]:
    """The rows of the table of columns, with so many empty ones at its end."""
    rows = [{name: str(column.get(name) or "") for name in COLUMN} for column in dataset.get("columns") or ()]
    return rows + [dict.fromkeys(COLUMN, "") for _ in range(blank)]


def changes_between(before: Json, after: Json) -> Json:
    """The fields that changed, as `revise` takes them: null takes one away. Columns keep what the form does not show of them."""
    kept = {column["name"]: column for column in before.get("columns") or ()}
    if "columns" in after:
        after = after | {"columns": [_kept(kept.get(column["name"]), column) for column in after["columns"]]}
    changed = {name: after[name] for name in KNOWN if name in after and after[name] != before.get(name)}
    return changed | {name: None for name in KNOWN if name in before and name not in after}


def name_from(title: str) -> str:
    """A dataset's lasting name from its first title: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:100].strip("-")


def faults_of(errors: tuple[Told, ...], speech: Speech) -> list[Fault]:
    """A lane's reasons at the fields of the form, with the fields' own names in place of paths."""
    return [Fault(_at(error.field), _in_words(error, speech)) for error in errors]


def _at(field: str | None) -> str:
    name = (field or "").removeprefix("dataset.")
    if name.startswith("files"):
        return "files"
    if name.startswith("columns.") and name.count(".") == 1:
        return f"{name}.name"
    first = name.partition(".")[0]
    return name if name.startswith(("columns.", "responsible.", "retention.")) else first if first in FIELDS else ""


def _in_words(error: Told, speech: Speech) -> str:
    label, place = speech.text(field_words(error.field)), place_of(error.field)
    inner = (error.field or "").rpartition(".")[2] if "columns." in (error.field or "") else ""
    named = f"{label}{f' {place}' if place else ''}{f' ({inner})' if inner and not inner.isdigit() else ''}"
    return error.message.replace(error.field, named) if error.field and label else error.message


def _personal(chosen: str) -> Json:
    return (
        {"contains": False}
        if chosen == "none"
        else {"contains": True, "deidentified": True}
        if chosen == "deidentified"
        else {"contains": True}
    )


def _chosen(told: object) -> str:
    if not isinstance(told, dict):
        return ""
    return "none" if not told.get("contains") else "deidentified" if told.get("deidentified") else "contains"


def _columns(typed: Typed) -> list[Json]:
    rows = []
    for row in range(len([name for name, _ in typed.fields if name.startswith("columns.") and name.endswith(".name")])):
        told = {name: typed.get(f"columns.{row}.{name}") for name in COLUMN}
        if told["name"] or told["description"]:
            rows.append({name: value for name, value in told.items() if value or name != "unit"})
    return rows


def _kept(before: Json | None, column: Json) -> Json:
    if before is None:
        return column
    return {name: value for name, value in before.items() if name not in COLUMN or name in column} | column
