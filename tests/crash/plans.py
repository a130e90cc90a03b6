"""What the agencies will submit and what must become of it: a seed in, plans out. A plan knows its bytes and its whole path."""

import base64
import hashlib
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import orjson

from events.ids import submission_id_of

OPDS: Final = ("dispermades", "setda", "disdukcapil")
STRAIGHT: Final = ("DataSubmitted", "DataRevised", "DataVerified", "DataApproved", "DataPublished")
RETURNED: Final = ("DataSubmitted", "DataRevised", "DataRejected", "DataRevised", "DataVerified", "DataApproved", "DataPublished")
RETURN_ME: Final = "(dikembalikan sekali)"


@dataclass(frozen=True)
class Plan:
    """One submission: who, by Kafka or HTTP, sent once or twice, returned once or not."""

    opd: str
    event_id: uuid.UUID
    dataset_id: str
    content: bytes
    returned: bool
    by_http: bool
    times: int
    year: int

    @cached_property
    def submission_id(self) -> uuid.UUID:
        return submission_id_of(self.opd, self.event_id)

    @property
    def topic(self) -> str:
        return f"opd.{self.opd}.data-submitted.v1"

    @property
    def path(self) -> Sequence[str]:
        return RETURNED if self.returned else STRAIGHT

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def raw(self) -> bytes:
        """DataSubmitted as the OPD writes it; by HTTP the file goes first, on Kafka it is inside."""
        return orjson.dumps(form(self))


def plans(seed: int, count: int) -> list[Plan]:
    return list(_plans(random.Random(seed), count))  # noqa: S311


def _plans(chance: random.Random, count: int) -> Iterator[Plan]:
    for number in range(count):
        opd = chance.choice(OPDS)
        yield Plan(
            opd=opd,
            event_id=uuid.UUID(int=chance.getrandbits(128), version=4),
            dataset_id=f"{opd}-data-{number // 2 if number % 10 == 1 else number}",
            content=f"kode,nilai\n33.13,{chance.randrange(10**9)}\n".encode(),
            returned=chance.random() < 0.2,
            by_http=chance.random() < 0.2,
            times=2 if chance.random() < 0.1 else 1,
            year=2000 + number % 25,
        )


def form(plan: Plan) -> dict[str, Any]:
    file: dict[str, Any] = {"name": "data.csv", "media_type": "text/csv", "bytes": len(plan.content), "sha256": plan.sha256}
    if not plan.by_http:
        file["content"] = base64.b64encode(plan.content).decode()
    return {
        "type": "DataSubmitted",
        "event_id": str(plan.event_id),
        "occurred_at": "2026-11-23T09:00:00+07:00",
        "opd": plan.opd,
        "submitted_by": f"tim-ppid@{plan.opd}",
        "dataset": _dataset(plan),
        "files": [file],
    }


def _dataset(plan: Plan) -> dict[str, Any]:
    return {
        "dataset_id": plan.dataset_id,
        "title": f"Data {plan.event_id.hex[:8]} {RETURN_ME if plan.returned else ''}".strip(),
        "summary": "Nilai menurut kode wilayah.",
        "keywords": ["uji"],
        "theme": "Pemerintahan",
        "section": "Bidang Data",
        "responsible": {"position": "Kepala Bidang Data", "email": f"data@{plan.opd}.example.id"},
        "period_start": f"{plan.year}-01-01",
        "period_end": f"{plan.year}-12-31",
        "frequency": "annual",
        "regions": ["33.13"],
        "information_class": "berkala",
        "license": "cc-by",
        "source": "Register",
        "method": "Pencatatan",
        "personal_data": {"contains": False},
        "columns": [
            {"name": "kode", "type": "string", "description": "Kode wilayah"},
            {"name": "nilai", "type": "integer", "description": "Nilai"},
        ],
    }
