"""The trail: a submission's events in, its story out: each with its SOP step, a sentence, how long it took and whether it was in time.

Pure. A step begins with the event before it (the first one when the OPD sent the data). It is due when that event says so; where it does
not, because it is older than due times on events, when the calendar of the lanes says so now.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, Final

import orjson

from archive import words
from events.contracts import DataApproved, DataPublished, DataRejected, DataRetracted, DataRevised, DataSubmitted, DataVerified, Event, Lane
from events.submission import Recorded, Submission, fold
from lane.due import WIB, is_overdue

Due = Callable[[datetime], datetime]

STEPS: Final[Mapping[str, tuple[int, str]]] = {
    "DataSubmitted": (1, "Diserahkan"),
    "DataRevised": (2, "Dicek dan direvisi"),
    "DataVerified": (3, "Diverifikasi"),
    "DataRejected": (3, "Dikembalikan"),
    "DataApproved": (3, "Disetujui"),
    "DataPublished": (4, "Terbit"),
    "DataRetracted": (4, "Ditarik"),
}
"""Event → step of the SOP, and the words that people see."""
ELSEWHERE: Final[Mapping[tuple[str, str], tuple[int, str]]] = {
    ("DataRejected", Lane.PUBLISHER): (4, "Dikembalikan"),
    ("DataRetracted", Lane.REVIEW): (2, "Ditarik"),
}
"""The same, where another lane than usual wrote it."""
HOLDERS: Final = {
    "intake": "penerimaan",
    "review": "Ketua PPID Pelaksana",
    "decision": "Atasan PPID Kabupaten",
    "publisher": "Admin Open Data",
}


@dataclass(frozen=True)
class Until:
    """How far to tell: up to a moment (aware), up to a sequence, or all."""

    as_of: datetime | None = None
    upto: int | None = None


EVERYTHING: Final = Until()


@dataclass(frozen=True)
class Began:
    """When a step began, and by when it was due if the event before it says so."""

    at: datetime
    due_at: datetime | None = None


@dataclass(frozen=True)
class Told:
    """One event of the story. `due_at`, `on_time`: none for what has no due time (a retraction)."""

    recorded: Recorded
    step: int
    name: str
    sentence: str
    took_s: int
    due_at: datetime | None
    on_time: bool | None

    def as_json(self) -> dict[str, object]:
        event: dict[str, object] = orjson.loads(self.recorded.raw)
        told = {"step": self.step, "step_name": self.name, "sentence": self.sentence, "hash": self.recorded.hash}
        return event | told | {"took_s": self.took_s, "due_at": self.due_at, "on_time": self.on_time}


@dataclass(frozen=True)
class Trail:
    """The story as of its last event, and until when the holder has to act."""

    submission: Submission
    events: tuple[Told, ...]
    as_of: datetime | None
    due_at: datetime | None

    def as_json(self) -> dict[str, object]:
        """The shape that docs/for-auditors.md shows, with the holder, when that is due, and a sentence for each event."""
        return {
            "submission_id": str(self.submission.id),
            "state": self.submission.state,
            "holder": self.submission.holder,
            "due_at": self.due_at,
            "as_of": self.as_of,
            "title": self.submission.dataset.title,
            "opd": self.submission.opd,
            "events": [told.as_json() for told in self.events],
        }

    @property
    def waiting(self) -> str:
        """Whom the submission waits for, in a sentence."""
        if self.submission.holder is None or self.due_at is None:
            return "Selesai: tidak menunggu siapa pun."
        return f"Menunggu {HOLDERS[self.submission.holder]}, batas {words.moment(self.due_at)}."


def read_until(text: str) -> Until:
    """A time, in WIB unless it names its zone, or the number of an event. Raises ValueError."""
    if text.isascii() and text.isdigit():
        return Until(upto=int(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat("+".join(text.rsplit(" ", 1)))  # in a query, the + of a zone is easily sent as a space
    return Until(as_of=moment if moment.tzinfo else moment.replace(tzinfo=WIB))


def story(recorded: Sequence[Recorded], due: Due, until: Until = EVERYTHING) -> Trail | None:
    """The trail of these events, all or up to a moment or a sequence; None when there is none yet.

    The order is that of `sequence`: with clocks that differ, what comes after an event later than `as_of` is not told either.
    """
    told = list(takewhile(lambda r: _is_told(r.event, until), recorded))
    submission = fold(told)
    if submission is None:
        return None
    begins = [Began(_sent_at(told[0].event)), *(Began(r.event.occurred_at, r.event.due.at if r.event.due else None) for r in told)]
    events = tuple(_told(r, began, due) for r, began in zip(told, begins, strict=False))
    waits = (submission.head.due_at or due(submission.arrived_at)) if submission.holder else None
    return Trail(submission, events, until.as_of, waits)


def _is_told(event: Event, until: Until) -> bool:
    in_time = until.as_of is None or event.occurred_at <= until.as_of
    return in_time and (until.upto is None or event.sequence <= until.upto)


def _sent_at(event: Event) -> datetime:
    """When the first step began: when the OPD sent the data, or when it came if the OPD's clock says that it was sent after that."""
    return min(event.data.received.submitted_at, event.occurred_at) if isinstance(event, DataSubmitted) else event.occurred_at


def _told(recorded: Recorded, began: Began, due: Due) -> Told:
    event = recorded.event
    step, name = ELSEWHERE.get((event.type, event.lane), STEPS[event.type])
    took_s = max(0, round((event.occurred_at - began.at).total_seconds()))
    due_at = None if isinstance(event, DataRetracted) else began.due_at or due(began.at)
    on_time = None if due_at is None else not is_overdue(due_at, now=event.occurred_at)
    who = f"{words.moment(event.occurred_at)}: {_who(event)} {_did(event)}"
    clock = "jam penulisnya lebih awal daripada langkah sebelumnya" if event.occurred_at < began.at else ""
    parts = [who, _took(event, took_s, due_at), clock]
    return Told(recorded, step, name, "; ".join(part for part in parts if part) + ".", took_s, due_at, on_time)


def _who(event: Event) -> str:
    """A system on an OPD's topic says itself who submitted; nobody else knows that. Who acts for an absent official does so by a letter."""
    opd = f" ({event.actor.opd})" if event.actor.opd else ""
    if event.actor.id == f"opd:{event.actor.opd}":
        return f"sistem OPD{opd}, yang menyebut {event.actor.name},"
    letter = f", dengan surat perintah {event.actor.acting}," if event.actor.acting else ""
    return f"{event.actor.name}{opd}{letter}"


def _took(event: Event, took_s: int, due_at: datetime | None) -> str:
    if due_at is None:
        return ""
    late = (event.occurred_at - due_at).total_seconds()
    verdict = f"terlambat {words.span(late)}" if late > 0 else "tepat waktu"
    return f"memakan waktu {words.span(took_s)}, batas {words.moment(due_at)}, {verdict}"


def _did(event: Event) -> str:
    """What was done, as the middle of a sentence."""
    match event:
        case DataSubmitted(data=data):
            return f"menyerahkan “{data.dataset.title}” dengan {len(data.files)} berkas{_found(data.findings)}"
        case DataRevised(data=data):
            changed = f"mengubah {', '.join(data.changed)}" if data.changed else "tidak ada yang perlu diubah"
            return f"mengecek dan merevisi data, {changed}{_found(data.findings)}{_noted(data.note)}"
        case DataVerified(data=data):
            return f"memverifikasi data: terpadu, lengkap, aktual, valid dan akuntabel{_noted(data.note)}"
        case DataRejected(data=data):
            reasons = "; ".join(f"{r.note.rstrip('.')} ({r.code}{', ' + r.field if r.field else ''})" for r in data.reasons)
            when = "" if event.lane == Lane.DECISION else " sebelum terbit"
            return f"mengembalikan data{when} kepada Ketua PPID Pelaksana karena: {reasons}"
        case DataApproved(data=data):
            return f"menyetujui data untuk diunggah, dengan pertimbangan: {data.consideration.rstrip('.')}"
        case DataPublished(data=data):
            return f"menerbitkan data di {data.url}, {len(data.files)} berkas dibaca kembali dan sama"
        case DataRetracted(data=data) if event.lane == Lane.REVIEW:
            return f"menarik pengajuan ini sebelum disetujui karena: {data.reason.note.rstrip('.')}"
        case DataRetracted(data=data):
            where = f"dari {data.url}" if data.url else "sebelum terbit"
            return f"menarik data {where} karena: {data.reason.note.rstrip('.')}"


def _found(findings: Sequence[Any]) -> str:
    return f", dengan {len(findings)} temuan pemeriksaan" if findings else ""


def _noted(note: str) -> str:
    return f", catatan: {note.rstrip('.')}" if note else ""
