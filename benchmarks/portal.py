"""Publishing to CKAN beside the same needed calls made by bare ckanapi, in one run and in turns, and 50 datasets in parallel.

    run("http://127.0.0.1:5000", token) -> {"ratio": 1.1, …}        times in milliseconds per dataset

The bare calls: look, create private, upload, download, make public, download without a token. Bar: at most 1.3 times their time.
"""

import contextlib
import hashlib
import io
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from ckanapi import NotFound, RemoteCKAN

from events.contracts import Dataset, File
from lane.files import Files, LocalFiles
from portals.desired import Desired, Publication
from portals.kinds import open_portal
from portals.portal import Portal

ROUNDS = 20
PARALLEL = 50
BAR = 1.3
OPD = "jejak-bench"
CONTENT = b"kode,nama\n33.13.01.2001,Jaten\n" * 4_000


def run(ckan_url: str, token: str, *, rounds: int = ROUNDS, parallel: int = PARALLEL) -> dict[str, float | bool]:
    """Measure; leaves its datasets behind, under an organization of its own."""
    with tempfile.TemporaryDirectory() as folder, RemoteCKAN(ckan_url, apikey=token) as bare:
        files = _files(Path(folder))
        portal = open_portal(ckan_url, token=token)
        _publish(portal, files, _publication())
        _publish_bare(bare, _publication(), token)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(_timed(lambda: _publish(portal, files, _publication())))
            theirs.append(_timed(lambda: _publish_bare(bare, _publication(), token)))
        together = _in_parallel(portal, files, parallel)
    ratio = statistics.median(ours) / statistics.median(theirs)
    return {
        "jejak_ms": round(statistics.median(ours), 1),
        "bare_ms": round(statistics.median(theirs), 1),
        "ratio": round(ratio, 3),
        "within_bar": ratio <= BAR,
        "parallel_datasets": parallel,
        "parallel_s": round(together / 1000, 2),
        "parallel_per_s": round(parallel / together * 1000, 1),
    }


def _publish(portal: Portal, files: Files, publication: Publication) -> None:
    portal.apply(Desired(publication.dataset.dataset_id, publication), files, about=publication.submission_id, step=_unseen)


def _publish_bare(bare: RemoteCKAN, publication: Publication, token: str) -> None:
    """What anyone would have to call for one new dataset with one file, and nothing more."""
    name, file = publication.dataset.dataset_id, publication.files[0]
    with contextlib.suppress(NotFound):
        bare.action.package_show(id=name)
    package = bare.action.package_create(
        name=name,
        title=publication.dataset.title,
        notes=publication.dataset.summary,
        owner_org=OPD,
        private=True,
        license_id="cc-by",
        tags=[{"name": word} for word in publication.dataset.keywords],
        extras=[{"key": "submission_id", "value": str(publication.submission_id)}],
    )
    upload = io.BytesIO(CONTENT)
    upload.name = file.name
    resource = bare.action.resource_create(package_id=package["id"], name=file.name, sha256=file.sha256, upload=upload)
    got = bare.session.get(resource["url"], headers={"Authorization": token}, timeout=30)
    if hashlib.sha256(got.content).hexdigest() != file.sha256:
        raise RuntimeError("CKAN gave other bytes back")
    bare.action.package_patch(id=package["id"], private=False)
    if bare.session.get(resource["url"], timeout=30).content != got.content:
        raise RuntimeError("the public gets something else")


def _in_parallel(portal: Portal, files: Files, count: int) -> float:
    publications = [_publication() for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        return _timed(lambda: list(pool.map(lambda publication: _publish(portal, files, publication), publications)))


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _files(folder: Path) -> Files:
    files = LocalFiles(folder)
    with files.spool(limit=len(CONTENT)) as spool:
        spool.write(CONTENT)
        spool.keep(hashlib.sha256(CONTENT).hexdigest())
    return files


def _publication() -> Publication:
    dataset = Dataset.model_validate_json(
        json.dumps(
            {
                "dataset_id": f"bench-{uuid.uuid4().hex}",
                "title": "Daftar desa",
                "summary": "Semua desa.",
                "keywords": ["desa", "kelurahan"],
                "section": "Bidang",
                "responsible": {"position": "Kepala Bidang", "email": "bidang@example.go.id"},
                "period_start": "2025-01-01",
                "period_end": "2025-12-31",
                "frequency": "annual",
                "regions": ["33.13"],
                "information_class": "berkala",
                "license": "cc-by",
                "personal_data": {"contains": False},
                "columns": [
                    {"name": "kode", "type": "string", "description": "Kode"},
                    {"name": "nama", "type": "string", "description": "Nama"},
                ],
            }
        )
    )
    file = File(name="desa.csv", media_type="text/csv", bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())
    return Publication(
        submission_id=uuid.uuid4(),
        edition=1,
        sequence=4,
        opd=OPD,
        opd_name="Uji kecepatan",
        dataset=dataset,
        files=(file,),
        manifest="0" * 64,
        approved_at=datetime.now(UTC),
    )


def _unseen(_: str) -> None:
    """Steps do not matter here."""
