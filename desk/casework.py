"""A submission as a lane tells it in, what a page shows of it out: steps, findings by word, changes, reasons, its story. Pure."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from desk.speech import Speech
from desk.words import CHOICES, FIELDS, FIVE, SAID_OF_A_COLUMN, STEP_OF, STEPS, TYPES, YES_OR_NO

Json = dict[str, Any]
EXAMPLES: Final = 10
ORDER: Final = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Step:
    """One of the SOP's four: `done`, `now` or `later`."""

    name: str
    who: str
    state: str


@dataclass(frozen=True)
class WordFound:
    """One of the five words: `pass`, `attention` or `fail`, and what the checks found against it, gravest first."""

    word: str
    score: str
    findings: tuple[Json, ...]


@dataclass(frozen=True)
class Change:
    """A field that differs from the version before; `was` or `now` is None where there is nothing."""

    field: str
    was: str | None
    now: str | None


def steps_of(case: Json) -> list[Step]:
    """Where it stands among the SOP's steps."""
    at = STEP_OF.get(case["holder"], 4)
    is_over = case["holder"] is None
    told = []
    for number, (name, who) in enumerate(STEPS, start=1):
        state = "done" if number < at or (is_over and case["state"] == "published") else "now" if number == at and not is_over else "later"
        told.append(Step(name, who, state))
    return told


def by_word(findings: Sequence[Json]) -> list[WordFound]:
    """All five words in the SOP's order, those without findings too."""
    told = []
    for word in FIVE:
        mine = sorted((f for f in findings if f.get("word") == word), key=lambda f: ORDER.get(f.get("severity", "info"), 2))
        gravest = min((ORDER.get(f.get("severity", "info"), 2) for f in mine), default=2)
        told.append(WordFound(word, ("fail", "attention", "pass")[gravest], tuple(mine)))
    return told


def reasons_now(case: Json) -> list[Json]:
    """Why it was returned, while it waits to be mended."""
    if case["state"] != "rejected":
        return []
    last = case["history"][-1]
    return list(last["data"].get("reasons", []))


def changes(before: Json, case: Json, speech: Speech) -> list[Change]:
    """Metadata and files that differ, in the order of the newer version; columns by name."""
    was, now = _flat(before, speech), _flat(case, speech)
    names = [*now, *(name for name in was if name not in now)]
    return [Change(name, was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)]


def last_event(case: Json) -> Json:
    event: Json = case["history"][-1]
    return event


def event_at(case: Json, step: int) -> Json | None:
    """The event with this number, as far as the lane knows it."""
    return next((event for event in case["history"] if event["sequence"] == step), None)


def times_of(history: Sequence[Json]) -> list[tuple[Json, float | None]]:
    """Each event with the seconds since the one before it."""
    moments = [datetime.fromisoformat(event["occurred_at"]) for event in history]
    spans = [None, *((after - before).total_seconds() for before, after in itertools.pairwise(moments))]
    return list(zip(history, spans, strict=True))


def short(number: str) -> str:
    """How a submission's number is said: its first eight signs."""
    return number[:8]


def said_of(dataset: Json) -> list[tuple[str, str, object]]:
    """What is said of a dataset as a whole: each field that is filled in, its label as a key of the catalogue, and its value."""
    filled = dataset | {f"responsible.{part}": value for part, value in dataset["responsible"].items()}
    return [(name, words.label, filled[name]) for name, words in FIELDS.items() if name in filled and name not in ("title", "columns")]


def _flat(case: Json, speech: Speech) -> dict[str, str]:
    told: dict[str, str] = {}
    for name, value in case["dataset"].items():
        if name == "columns":
            told |= {f"columns.{column['name']}": _column(column, speech) for column in value}
        elif isinstance(value, Mapping):
            told |= {f"{name}.{inner}": _text(f"{name}.{inner}", part, speech) for inner, part in value.items()}
        else:
            told[name] = _text(name, value, speech)
    return told | {f"files.{file['name']}": f"{file['bytes']} B, SHA-256 {file['sha256'][:12]}…" for file in case["files"]}


def _column(column: Json, speech: Speech) -> str:
    unit = f" ({column['unit']})" if column.get("unit") else ""
    title = f"“{column['title']}”, " if column.get("title") else ""
    more = "".join(f", {speech.text(words)}" for name, words in SAID_OF_A_COLUMN.items() if column.get(name))
    kind = speech.text(TYPES[column["type"]]) if column.get("type") in TYPES else ""
    return f"{title}{kind}: {column.get('description', '')}{unit}{more}"


def _text(name: str, value: object, speech: Speech) -> str:
    if isinstance(value, bool):
        return speech.text(YES_OR_NO["ya" if value else "tidak"])
    if name in {"period_start", "period_end"}:
        return speech.short_day(str(value))
    if name in CHOICES:
        return speech.text(CHOICES[name].get(str(value), str(value)))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
