"""A submission that was returned once, written by the contracts: moments in, its events out."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson

from benchmarks.load import lives
from events.contracts import EVENT
from events.ids import event_id_of, manifest_of
from events.submission import Recorded

NINE = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday, nine o'clock in Karanganyar."""
REASON = {"code": "incomplete", "field": "dataset.retention", "note": "Jadwal retensi belum diisi."}
FILE = b"kode,nama\n33.13.01,Jatipuro\n"


def minutes(n: float) -> datetime:
    return NINE + timedelta(minutes=n)


def returned_once(*at: float, sent_at: float = 0) -> list[Recorded]:
    """Submitted, revised, verified, returned, revised, verified, approved, published: at these minutes after nine."""
    submitted, revised, verified, approved, published = (orjson.loads(raw) for raw in next(lives(1)))
    rejected = verified | {"type": "DataRejected", "data": {"manifest": "", "reasons": [REASON]}}
    submitted["data"]["received"]["submitted_at"] = minutes(sent_at).isoformat()
    steps = [submitted, revised, verified, rejected, revised, verified, approved, published]
    return chained([(event, minutes(n)) for event, n in zip(steps, at, strict=False)])


def _event_id(shape: dict[str, object], sequence: int) -> str:
    """The first one is the OPD's own."""
    return str(event_id_of(uuid.UUID(str(shape["submission_id"])), sequence) if sequence > 1 else shape["event_id"])


def chained(steps: Sequence[tuple[dict[str, object], datetime]]) -> list[Recorded]:
    recorded: list[Recorded] = []
    files = [{"name": "daftar desa 100%.csv", "media_type": "text/csv", "bytes": len(FILE), "sha256": hashlib.sha256(FILE).hexdigest()}]
    manifest = ""
    for sequence, (shape, at) in enumerate(steps, start=1):
        data = dict(shape["data"])  # type: ignore[call-overload]  # JSON
        if isinstance(data.get("dataset"), dict):
            data["files"] = files
            manifest = manifest_of(data["dataset"], files)
        if shape["type"] == "DataPublished":
            data["files"] = [{"name": file["name"], "sha256": file["sha256"], "url": f"{data['url']}{sequence}.csv"} for file in files]
        said = shape | {
            "sequence": sequence, "previous": recorded[-1].hash if recorded else None, "occurred_at": at.isoformat(),
            "event_id": _event_id(shape, sequence), "data": data | {"manifest": manifest},
        }  # fmt: skip
        event = EVENT.validate_json(orjson.dumps(said))
        recorded.append(Recorded(event, event.to_bytes()))
    return recorded
