"""History in: the SOP's steps as tests say them. `given(submitted, revised)` is a submission, `story(…)` its events as bytes.

Each step carries on from the one before: sequence, chain and manifest follow, the clock goes a minute further.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from events.admission import Record
from events.contracts import EVENT, LOG_TOPIC, Actor, Lane
from events.ids import event_id_of, manifest_of, submission_id_of
from events.submission import Recorded, Submission, evolve, fold

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


def submission_of(*, edition: int | None = None, **changes: Any) -> Step:
    received = {"digest": "d" * 64, "submitted_by": TIM.id, "submitted_at": "2026-11-23T01:59:00Z"}
    return Step("DataSubmitted", Lane.INTAKE, TIM, lambda _: {**content(**changes), "received": received, "edition": edition})


def revision_of(**changes: Any) -> Step:
    return Step("DataRevised", Lane.REVIEW, KETUA, lambda _: {**content(**changes), "note": "Sudah dicek."})


def on_a_topic(step: Step, *, says: str) -> Step:
    """The same submission, sent by a system on its OPD's topic; who submitted is what the system says."""

    def data(before: Submission | None) -> Mapping[str, Any]:
        told = dict(step.data(before))
        topic = {"topic": "opd.dispermades.data-submitted.v1", "partition": 0, "offset": 0}
        return told | {"received": {**told["received"], "submitted_by": says, **topic}}

    return replace(step, data=data)


def in_the_role_of(role: Actor, person: Actor) -> Actor:
    """The same person, in another role."""
    return role.model_copy(update={"id": person.id, "name": person.name})


def rejected(reason: str = "Kolom tanpa satuan.", *, field: str = "dataset.columns") -> Step:
    reasons = [{"code": "incomplete", "field": field, "note": reason}]
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
withdrawn = Step("DataRetracted", Lane.REVIEW, KETUA, lambda s: {"manifest": _manifest(s), "reason": {"code": "test", "note": "Uji coba."}})
recalled = Step(
    "DataRejected",
    Lane.PUBLISHER,
    ADMIN,
    lambda s: {"manifest": _manifest(s), "reasons": [{"code": "too_large", "note": "Portal menolak."}]},
)
WHOLE_LIFE = (submitted, revised, rejected(), revised, verified, approved, published)


def story(*steps: Step, event_id: uuid.UUID | None = None) -> list[Recorded]:
    """The events of one submission, chained, as they lie in a journal. `event_id`: what the OPD chose for it."""
    return _told([], event_id or uuid.uuid4(), steps)


def after(told: list[Recorded], *steps: Step) -> list[Recorded]:
    """The events that these steps add to a story."""
    return _told(told, told[0].event.event_id, steps)[len(told) :]


def _told(before: list[Recorded], event_id: uuid.UUID, steps: Sequence[Step]) -> list[Recorded]:
    """`event_id`: what the OPD chose for the submission."""
    told, submission = list(before), fold(before)
    for step in steps:
        told.append(_next(step, told, submission, event_id))
        submission = evolve(submission, told[-1])
    return told


def _next(step: Step, told: list[Recorded], submission: Submission | None, event_id: uuid.UUID) -> Recorded:
    sequence, data = len(told) + 1, dict(step.data(submission))
    submission_id = told[0].event.submission_id if told else submission_id_of(step.actor.opd or "", event_id)
    if sequence == 1 and "received" in data:
        data["received"] |= {"event_id": str(event_id)}
    envelope = {
        "submission_id": str(submission_id),
        "sequence": sequence,
        "previous": told[-1].hash if told else None,
        "type": step.type,
        "version": 1,
        "event_id": str(event_id_of(submission_id, sequence) if sequence > 1 else event_id),
        "occurred_at": (step.at or START + timedelta(minutes=sequence)).isoformat(),
        "lane": step.lane,
        "actor": step.actor.model_dump(exclude_none=True),
        "data": data,
    }
    event = EVENT.validate_json(orjson.dumps(envelope))
    return Recorded(event, event.to_bytes())


def given(*steps: Step) -> Submission:
    """The submission after these steps."""
    submission = fold(story(*steps))
    assert submission is not None
    return submission


def on_kafka(*told: Recorded, offset: int = 0, partition: int = 0, cluster: str = "c") -> list[Record]:
    """The same events as records of the log, one after the other from an offset."""
    return [Record(LOG_TOPIC, partition, offset + n, str(r.event.submission_id).encode(), r.raw, cluster) for n, r in enumerate(told)]
