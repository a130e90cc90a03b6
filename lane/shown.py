"""Submissions as calls show them: heads and histories in, plain JSON out."""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime

import orjson

from events.submission import Head, fold
from lane.due import is_overdue
from lane.lane import Lane
from lane.taken import TakenBy


def items_json(heads: Collection[Head], lane: Lane) -> list[dict[str, object]]:
    """Lines of an inbox or a list."""
    now = datetime.now(UTC)
    taken = lane.takings.of(heads, now) if lane.takings else {}
    return [_line(head, lane, now) | {"taken_by": _person(taken.get(head.submission_id))} for head in heads]


def _line(head: Head, lane: Lane, now: datetime) -> dict[str, object]:
    due = (head.due_at or lane.shared.due(head.arrived_at)) if head.holder else None
    return {
        "submission_id": head.submission_id,
        "title": head.title,
        "opd": head.opd,
        "state": head.state,
        "holder": head.holder,
        "sequence": head.sequence,
        "arrived_at": head.arrived_at,
        "due_at": due,
        "overdue": bool(due and is_overdue(due, now=now)),
        "dataset_id": head.dataset_id,
        "edition": head.edition,
        "period_start": head.period_start,
        "period_end": head.period_end,
        "errors": head.errors,
        "warnings": head.warnings,
    }


def submission_json(lane: Lane, submission_id: uuid.UUID, may: Collection[str]) -> dict[str, object]:
    """State, holder, due time, metadata, files, findings and history of a submission that is there.

    `may`: the verbs that the caller may say now; `previous`: that of the dataset's edition before it; `newer`: the last after it.
    """
    history = lane.journal.history(submission_id)
    found = fold(history)
    assert found is not None  # noqa: S101 (a head has a history: they are written together)
    (line,) = items_json([found.head], lane)
    return line | {
        "dataset": found.dataset.model_dump(mode="json", exclude_none=True),
        "files": [file.model_dump(mode="json") for file in found.files],
        "manifest": found.manifest,
        "findings": [finding.model_dump(mode="json", exclude_none=True) for finding in found.findings],
        "may": sorted(may),
        "previous": lane.inbox.before(found.head),
        "newer": lane.inbox.newest_after(found.head),
        "history": [orjson.Fragment(r.raw) for r in history],
    }


def _person(taken_by: TakenBy | None) -> dict[str, object] | None:
    return taken_by.as_json() if taken_by else None
