"""Publications to publish, and a real file store that holds their files."""

import hashlib
import itertools
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from events.contracts import Reason
from events.metadata import Dataset, File
from lane.file_stores import LocalFiles
from lane.files import Files
from portals.desired import Publication

PERSONAL_DATA = Reason(code="personal_data", note="Ada NIK di kolom keterangan.")
_LATER = itertools.count(1)
FIRST = {"desa.csv": b"satu", "lama.csv": b"lama"}
SECOND = {"desa.csv": b"dua", "baru.csv": b"baru"}


class Shelf:
    """A store of files, and publications made of what was put there."""

    def __init__(self, folder: Path) -> None:
        self.files: Files = LocalFiles(folder)

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        with self.files.spool(limit=len(content)) as spool:
            spool.write(content)
            spool.keep(sha256)
        return sha256

    def publication(
        self, dataset_id: str, contents: Mapping[str, bytes], *, opd: str = "dispermades", title: str = "Daftar desa", **changes: Any
    ) -> Publication:
        """An edition of a dataset, later than all made before it."""
        files = tuple(
            File(name=name, media_type="text/csv", bytes=len(content), sha256=self.put(content)) for name, content in contents.items()
        )
        number = next(_LATER)
        return Publication(
            submission_id=uuid.uuid4(),
            edition=number,
            sequence=4,
            opd=opd,
            opd_name=f"Dinas {opd}",
            dataset=dataset(dataset_id, title=title, **changes),
            files=files,
            manifest="0" * 64,
            approved_at=datetime(2026, 11, 23, 2, tzinfo=UTC) + timedelta(minutes=number),
        )


def dataset(dataset_id: str, **changes: object) -> Dataset:
    fields: dict[str, object] = {
        "dataset_id": dataset_id,
        "title": "Daftar desa",
        "summary": "Semua desa dan kelurahan.",
        "keywords": ["desa", "kelurahan"],
        "section": "Bidang Pemerintahan Desa",
        "responsible": {"position": "Kepala Bidang", "email": "bidang@example.go.id"},
        "period_start": "2025-01-01",
        "period_end": "2025-12-31",
        "frequency": "annual",
        "regions": ["33.13"],
        "information_class": "berkala",
        "license": "cc-by",
        "personal_data": {"contains": False},
        "columns": [{"name": "kode_wilayah", "type": "string", "description": "Kode wilayah menurut Kemendagri"}],
        "theme": "Pemerintahan",
        "source": "Pendataan desa",
        "retention": {"code": "000.8", "active": "1 tahun", "inactive": "2 tahun", "fate": "permanen"},
    }
    return Dataset.model_validate(fields | changes, strict=False)


def unseen(step: str) -> None:
    """For those who do not care about steps."""
