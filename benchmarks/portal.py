"""Publishing to CKAN beside the same needed calls made by bare ckanapi, in one run and in turns, and 50 datasets in parallel.

    run("http://127.0.0.1:5000", token) -> {"ratio": 1.1, …}        times in milliseconds per dataset

The bare calls: look, create private, upload, download, make public, download without a token. Bar: at most 1.3 times their time.
"""

import contextlib
import hashlib
import io
import json
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from ckanapi import NotFound, RemoteCKAN

from events.metadata import Dataset, File
from lane.file_stores import LocalFiles
from lane.files import Files
from portals.desired import Desired, Publication
from portals.kinds import open_portal
from portals.portal import Portal

ROUNDS = 20
PARALLEL = 50
BAR = 1.3
FOLDER_ROUNDS, FOLDER_WARM = 300, 30
FOLDER_BAR = 3.0
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
    folder.mkdir(parents=True, exist_ok=True)
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


def run_folder(root: Path, *, rounds: int = FOLDER_ROUNDS) -> dict[str, float | bool]:
    """Publishing new datasets into the folder beside a bare loop that writes the same files with the same durability, in turns.

    Processor time in milliseconds per dataset. The bare loop is given all bytes and names, and reads the file back as Jejak does.
    """
    files, portal = _files(root / "files"), open_portal(f"folder:{root / 'portal'}")
    ours, bare = [], []
    for _ in range(rounds + FOLDER_WARM):
        publication = _publication()
        name = publication.dataset.dataset_id
        ours.append(_processor(lambda publication=publication: _publish(portal, files, publication)))  # type: ignore[misc]
        written = _read_tree(root / "portal/dataset" / name)
        bare.append(_processor(lambda name=name, written=written: _write_bare(root / "bare" / name, written)))  # type: ignore[misc]
        if _read_tree(root / "bare" / name) != written:
            raise RuntimeError("the bare loop wrote something else")
    ours_ms, bare_ms = (statistics.median(times[FOLDER_WARM:]) for times in (ours, bare))
    return {
        "jejak_cpu_ms": round(ours_ms, 3),
        "bare_cpu_ms": round(bare_ms, 3),
        "ratio": round(ours_ms / bare_ms, 2),
        "within_bar": ours_ms / bare_ms <= FOLDER_BAR,
    }


def _read_tree(home: Path) -> dict[str, bytes | str]:
    """Relative path → bytes, or where a link leads."""
    paths = [path for path in home.rglob("*") if path.is_symlink() or path.is_file()]
    return {str(path.relative_to(home)): str(path.readlink()) if path.is_symlink() else path.read_bytes() for path in paths}


def _write_bare(home: Path, written: Mapping[str, bytes | str]) -> None:
    """Files, then names, all durable; the approved file is read back and hashed."""
    home.mkdir(parents=True)
    folders = [home.parent, home]
    for path, content in written.items():
        target = home / path
        if isinstance(content, str):
            target.symlink_to(content)
            continue
        for folder in (target.parent.parent, target.parent):
            if folder not in folders:
                folder.mkdir(exist_ok=True)
                folders.append(folder)
        with target.open("wb", buffering=0) as file:
            file.write(content)
            os.fsync(file.fileno())
        if target.parent.name == "files":
            hashlib.sha256(target.read_bytes()).hexdigest()
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _processor(act: Callable[[], object]) -> float:
    """User and system time of this thread, milliseconds."""
    began = time.thread_time()
    act()
    return (time.thread_time() - began) * 1000
