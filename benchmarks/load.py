"""Whole lives to measure with: a number in, chained events out, as valid as those of the lanes and as quick to make as bytes allow."""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Final

import orjson

from events.contracts import EVENT, Actor, Approved, Checklist, Published, PublishedFile, Received, Revised, Submitted, Verified
from events.ids import event_id_of, manifest_of, submission_id_of
from events.metadata import Column, Dataset, File, PersonalData, Responsible
from events.values import Shape

EVENTS_A_LIFE: Final = 5
START: Final = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
OPDS: Final = ("dispermades", "dinkes", "disdik", "dpupr", "dlh", "diskominfo", "bapenda", "disnaker")
Life = tuple[bytes, ...]

_ID: Final = "00000000-0000-4000-8000-00000000000a"
_EVENT_ID: Final = "00000000-0000-4000-8000-00000000000b"
_PREVIOUS: Final = "c" * 64
_MOMENT: Final = "2000-01-01T00:00:00.000Z"
_OPD: Final = "opd-of-this-life"


def lives(n: int, *, first: int = 0) -> Iterator[Life]:
    """The five events of each of `n` submissions, from number `first` on; the same numbers give the same bytes."""
    template = _template()
    for number in range(first, first + n):
        yield _life(template, number)


def as_logged(n: int, *, first: int = 0, wide: int = 1) -> Iterator[tuple[bytes, bytes]]:
    """(Kafka key, event) in an order that the log could have: `wide` submissions are open at the same time."""
    source = lives(n, first=first)
    while batch := list(islice(source, wide)):
        for step in range(EVENTS_A_LIFE):
            for life in batch:
                yield key_of(life), life[step]


def key_of(life: Life) -> bytes:
    """The submission id, as it stands first in every event."""
    return life[0][18:54]


def _life(template: Life, number: int) -> Life:
    opd = OPDS[number % len(OPDS)]
    submission_id = submission_id_of(opd, uuid.UUID(int=number))
    events: list[bytes] = []
    previous = _PREVIOUS
    for sequence, shape in enumerate(template, start=1):
        moment = START + timedelta(seconds=number, minutes=9 * sequence)
        marks = (
            (_ID, str(submission_id)),
            (_EVENT_ID, str(event_id_of(submission_id, sequence) if sequence > 1 else uuid.UUID(int=number))),
            (_PREVIOUS, previous),
            (_MOMENT, moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")),
            (_OPD, opd),
        )
        raw = shape
        for mark, value in marks:
            raw = raw.replace(mark.encode(), value.encode())
        previous = hashlib.sha256(raw).hexdigest()
        events.append(raw)
    return tuple(events)


def _template() -> Life:
    """One life with marks where lives differ, written by the contracts themselves."""
    dataset, files = _dataset(), (File(name="daftar-desa-kelurahan.csv", media_type="text/csv", bytes=9_412, sha256="f" * 64),)
    manifest = manifest_of(dataset.model_dump(mode="json", exclude_none=True), [f.model_dump(mode="json") for f in files])
    tim = Actor(id=f"tim-ppid@{_OPD}", name="Tim PPID", role="tim_ppid", opd=_OPD)
    ketua = Actor(id=f"ketua-ppid@{_OPD}", name="Ketua PPID", role="ketua_ppid", opd=_OPD)
    atasan = Actor(id="atasan-ppid", name="Atasan PPID Kabupaten", role="atasan_ppid")
    admin = Actor(id="admin-open-data", name="Admin Open Data", role="admin_opendata")
    received = Received(event_id=uuid.UUID(_EVENT_ID), digest="d" * 64, submitted_by=tim.id, submitted_at=datetime.fromisoformat(_MOMENT))
    checklist = Checklist(terpadu=True, lengkap=True, aktual=True, valid=True, akuntabel=True)
    copies = tuple(PublishedFile(name=file.name, sha256=file.sha256, url=f"/portal/{dataset.dataset_id}/{file.name}") for file in files)
    steps: tuple[tuple[str, str, Actor, Shape], ...] = (
        ("DataSubmitted", "intake", tim, Submitted(dataset=dataset, files=files, manifest=manifest, received=received)),
        ("DataRevised", "review", ketua, Revised(dataset=dataset, files=files, manifest=manifest, note="Sudah dicek.")),
        ("DataVerified", "decision", atasan, Verified(manifest=manifest, checklist=checklist)),
        ("DataApproved", "decision", atasan, Approved(manifest=manifest, consideration="Lengkap dan mutakhir.")),
        (
            "DataPublished",
            "publisher",
            admin,
            Published(manifest=manifest, portal="folder", url=f"/portal/{dataset.dataset_id}/", dataset=dataset.dataset_id, files=copies),
        ),
    )
    return tuple(_shape(sequence, *step) for sequence, step in enumerate(steps, start=1))


def _shape(sequence: int, event_type: str, lane: str, actor: Actor, data: Shape) -> bytes:
    said = {
        "submission_id": _ID,
        "sequence": sequence,
        "previous": _PREVIOUS if sequence > 1 else None,
        "type": event_type,
        "version": 1,
        "event_id": _EVENT_ID,
        "occurred_at": _MOMENT,
        "lane": lane,
        "actor": actor.model_dump(mode="json", exclude_none=True),
        "data": data.model_dump(mode="json", exclude_none=True),
    }
    return EVENT.validate_json(orjson.dumps(said)).to_bytes()


def _dataset() -> Dataset:
    names = ("kode_wilayah", "kecamatan", "desa_kelurahan", "jenis", "luas", "penduduk")
    return Dataset(
        dataset_id="daftar-desa-kelurahan",
        title="Daftar Desa dan Kelurahan Kabupaten Karanganyar",
        summary="Nama, kode wilayah dan jenis dari semua desa dan kelurahan di Kabupaten Karanganyar, menurut kecamatan.",
        keywords=("desa", "kelurahan", "wilayah"),
        section="Bidang Pemerintahan Desa",
        responsible=Responsible(position="Kepala Bidang Pemerintahan Desa", email="data@karanganyarkab.example"),
        period_start=date(2025, 1, 1),
        period_end=date(2025, 12, 31),
        frequency="annual",
        regions=("33.13",),
        information_class="berkala",
        license="cc-by",
        personal_data=PersonalData(contains=False),
        columns=tuple(Column(name=name, type="string", description=f"Kolom {name.replace('_', ' ')} menurut data induk") for name in names),
    )
