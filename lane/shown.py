"""Submissions as calls show them: heads and histories in, plain JSON out."""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime

import orjson

from checks.catalogue import summary
from checks.run import as_json
from events.contracts import Reason
from events.submission import Head, Kind, Refused, fold
from lane.due import is_overdue
from lane.lane import Lane


def item_json(head: Head, lane: Lane, now: datetime) -> dict[str, object]:
    """A line of an inbox or a list."""
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

    `may`: the verbs that the caller may say now; `previous`: the submission of the dataset's edition before it.
    """
    history = lane.journal.history(submission_id)
    found = fold(history)
    assert found is not None  # noqa: S101 (a head has a history: they are written together)
    return item_json(found.head, lane, datetime.now(UTC)) | {
        "dataset": found.dataset.model_dump(mode="json", exclude_none=True),
        "files": [file.model_dump(mode="json") for file in found.files],
        "manifest": found.manifest,
        "findings": [finding.model_dump(mode="json", exclude_none=True) for finding in found.findings],
        "may": sorted(may),
        "previous": lane.inbox.before(found.head),
        "history": [orjson.Fragment(r.raw) for r in history],
    }


def profile_json(lane: Lane, submission_id: uuid.UUID, sha256: str) -> dict[str, object]:
    """The tables' profiles, the findings of that file and the scores. Raises `Refused`: there is none."""
    found = fold(lane.journal.history(submission_id))
    assert found is not None  # noqa: S101 (a head has a history: they are written together)
    fields = {f"files.{at}" for at, file in enumerate(found.files) if file.sha256 == sha256}
    raw = lane.shared.files.beside(sha256, "profile") if fields else None
    if raw is None:
        raise Refused(Kind.NOT_FOUND, Reason(code="not_found", field="sha256", note="Profil berkas itu tidak ada."))
    told = summary([finding for finding in found.findings if finding.field in fields])
    return {**orjson.loads(raw), **as_json(told)}
