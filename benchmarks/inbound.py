"""What OPDs send in the bench: a number in, an inbound record out; and the one file that they all name."""

import hashlib
import uuid
from collections.abc import Iterator
from typing import Final

import orjson

from benchmarks.load import OPDS, lives
from lane.file_stores import open_files

CONTENT: Final = b"kode_wilayah,kecamatan,desa_kelurahan,jenis,luas,penduduk\n" + b"".join(
    b"33.13.01.%d,Jatipuro,Desa %d,desa,4.03,%d\n" % (2001 + n, n, 4152 + n) for n in range(10)
)
SHA256: Final = hashlib.sha256(CONTENT).hexdigest()


def topic_of(number: int) -> str:
    return f"opd.{OPDS[number % len(OPDS)]}.data-submitted.v1"


def records(n: int, *, run: str) -> Iterator[tuple[str, bytes]]:
    """(topic, record) of each of `n` submissions, the OPDs taking turns. Another `run` is other submissions with other dataset ids."""
    dataset = orjson.loads(next(lives(1))[0])["data"]["dataset"]
    file = {"name": "daftar-desa-kelurahan.csv", "media_type": "text/csv", "bytes": len(CONTENT), "sha256": SHA256}
    for number in range(n):
        opd = OPDS[number % len(OPDS)]
        record = {
            "type": "DataSubmitted",
            "event_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"bench:{run}:{number}")),
            "occurred_at": "2026-11-23T09:00:00+07:00",
            "opd": opd,
            "submitted_by": f"tim-ppid@{opd}",
            "dataset": dataset | {"dataset_id": f"daftar-desa-{run}-{number}"},
            "files": [file],
        }
        yield topic_of(number), orjson.dumps(record)


def put_file(files: str) -> None:
    """As if each OPD had put it to the intake first."""
    kept = open_files(files)
    with kept.spool(limit=len(CONTENT)) as spool:
        spool.write(CONTENT)
        spool.keep(SHA256)
    for opd in OPDS:
        kept.brought(SHA256, opd)
