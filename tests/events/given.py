"""History in: the SOP's steps as tests say them. `given(submitted, revised)` is a submission, `story(…)` its events as bytes.

Each step carries on from the one before: sequence, chain and manifest follow, the clock goes a minute further.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from events.contracts import EVENT, LOG_TOPIC, Actor, Lane, event_id_of, manifest_of
from events.journal import Record, Recorded
from events.submission import Submission, evolve, fold

START = datetime(2026, 11, 23, 2, tzinfo=UTC)
TIM = Actor(id="tim-ppid@dispermades", name="Tim PPID", role="tim_ppid", opd="dispermades")
KETUA = Actor(id="ketua-ppid@dispermades", name="Ketua PPID", role="ketua_ppid", opd="dispermades")
ATASAN = Actor(id="atasan-ppid", name="Atasan PPID Kabupaten", role="atasan_ppid")
ADMIN = Actor(id="admin-open-data", name="Admin Open Data", role="admin_opendata")
FILE = {"name": "daftar-desa.csv", "media_type": "text/csv", "bytes": 12, "sha256": "a" * 64}
CHECKLIST = dict.fromkeys(("terpadu", "lengkap", "aktual", "valid", "akuntabel"), True)
DATASET: dict[str, Any] = {
    "dataset_id": "daftar-desa",
    "title": "Daftar desa",
    "summary": "Semua desa dan kelurahan.",
    "keywords": ["desa"],
    "section": "Bidang Pemerintahan Desa",
    "responsible": {"position": "Kepala Bidang", "email": "bidang@example.go.id"},
    "period_start": "2025-01-01",
    "period_end": "2025-12-31",
    "frequency": "annual",
    "regions": ["33.13"],
    "information_class": "berkala",
    "license": "cc-by",
    "personal_data": {"contains": False},
    "columns": [{"name": "kode", "type": "string", "description": "Kode wilayah"}],
}
Data = Callable[[Submission | None], Mapping[str, Any]]


@dataclass(frozen=True)
class Step:
    """One event to be: what it says is asked of the submission so far."""

    type: str
    lane: Lane
    actor: Actor
    data: Data
    at: datetime | None = None

    def by(self, actor: Actor) -> "Step":
        return replace(self, actor=actor)

    def on(self, moment: datetime) -> "Step":
        return replace(self, at=moment)


def content(**changes: Any) -> dict[str, Any]:
    """Metadata and file list with the manifest over both; `files` and `findings` may be given, all else is metadata."""
    files, findings = changes.pop("files", [FILE]), changes.pop("findings", [])
    dataset = DATASET | changes
    return {"dataset": dataset, "files": files, "manifest": manifest_of(dataset, files), "findings": findings}


def submission_of(**changes: Any) -> Step:
    received = {"event_id": str(uuid.uuid4()), "digest": "d" * 64, "submitted_by": TIM.id, "submitted_at": "2026-11-23T01:59:00Z"}
    numbered = {"edition": edition} if (edition := changes.pop("edition", None)) else {}
    return Step("DataSubmitted", Lane.INTAKE, TIM, lambda _: {**content(**changes), "received": received, **numbered})


def revision_of(**changes: Any) -> Step:
    return Step("DataRevised", Lane.REVIEW, KETUA, lambda _: {**content(**changes), "note": "Sudah dicek."})


def rejected(reason: str = "Kolom tanpa satuan.") -> Step:
    reasons = [{"code": "incomplete", "field": "dataset.columns", "note": reason}]
    return Step("DataRejected", Lane.DECISION, ATASAN, lambda s: {"manifest": _manifest(s), "reasons": reasons})


def _manifest(submission: Submission | None) -> str:
    return submission.manifest if submission else "0" * 64


def _shown(submission: Submission | None) -> dict[str, Any]:
    return {"manifest": _manifest(submission), "portal": "folder", "url": "/portal/daftar-desa/"}


submitted = submission_of()
revised = revision_of()
verified = Step("DataVerified", Lane.DECISION, ATASAN, lambda s: {"manifest": _manifest(s), "checklist": CHECKLIST, "note": ""})
approved = Step("DataApproved", Lane.DECISION, ATASAN, lambda s: {"manifest": _manifest(s), "consideration": "Layak diunggah."})
published = Step("DataPublished", Lane.PUBLISHER, ADMIN, lambda s: {**_shown(s), "dataset": "daftar-desa", "files": []})
retracted = Step("DataRetracted", Lane.PUBLISHER, ADMIN, lambda s: {**_shown(s), "reason": {"code": "personal_data", "note": "Ada NIK."}})
WHOLE_LIFE = (submitted, revised, rejected(), revised, verified, approved, published)


def story(*steps: Step, submission_id: uuid.UUID | None = None) -> list[Recorded]:
    """The events of one submission, chained, as they lie in a journal."""
    return _told([], submission_id or uuid.uuid4(), steps)


def after(told: list[Recorded], *steps: Step) -> list[Recorded]:
    """The events that these steps add to a story."""
    return _told(told, told[0].event.submission_id, steps)[len(told) :]


def _told(before: list[Recorded], submission_id: uuid.UUID, steps: Sequence[Step]) -> list[Recorded]:
    told, submission = list(before), fold((r.event, r.hash) for r in before)
    for step in steps:
        told.append(_next(step, told, submission, submission_id))
        submission = evolve(submission, told[-1].event, told[-1].hash)
    return told


def _next(step: Step, told: list[Recorded], submission: Submission | None, submission_id: uuid.UUID) -> Recorded:
    sequence = len(told) + 1
    envelope = {
        "submission_id": str(submission_id),
        "sequence": sequence,
        "previous": told[-1].hash if told else None,
        "type": step.type,
        "version": 1,
        "event_id": str(event_id_of(submission_id, sequence)),
        "occurred_at": (step.at or START + timedelta(minutes=sequence)).isoformat(),
        "lane": step.lane,
        "actor": step.actor.model_dump(exclude_none=True),
        "data": step.data(submission),
    }
    event = EVENT.validate_json(orjson.dumps(envelope))
    return Recorded(event, event.to_bytes())


def given(*steps: Step) -> Submission:
    """The submission after these steps."""
    submission = fold((r.event, r.hash) for r in story(*steps))
    assert submission is not None
    return submission


def on_kafka(*told: Recorded, offset: int = 0, partition: int = 0, cluster: str = "c") -> list[Record]:
    """The same events as records of the log, one after the other from an offset."""
    return [Record(LOG_TOPIC, partition, offset + n, str(r.event.submission_id).encode(), r.raw, cluster) for n, r in enumerate(told)]
