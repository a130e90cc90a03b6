"""`jejak backup DIR`: everything that cannot be made again, also while all runs. Settings in; a folder with a manifest out.

    manifest.json            what is here, with the SHA-256 of each file; written last, so a folder without it is no back-up
    journals/<lane>.jsonl.gz a lane's journal (events/snapshot.py), as it stood at one moment; desk.jsonl.gz the desk's accounts and drafts
    files/ab/cd/<sha256>     datasets' files, each under its own hash
    keys/                    only when asked for

A journal never knows a file that is not here: the files are copied after the journals.
"""

import gzip
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
import sqlalchemy as sa

from desk.store import open_engine as open_desk
from events.snapshot import EVENTS, POSITIONS, columns_of, rows_of
from events.stores import address_of, addresses_of, open_reader
from jejak.configured import Configured
from lane.file_stores import open_files
from lane.inbox import open_reading_engine
from lane.settings import DESK, LANES, Settings
from web.keys import PRIVATE, PUBLIC

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
KEYS: Final = (PRIVATE, PUBLIC)
LEVEL: Final = 1
TOLD_EVERY: Final = 5_000
Told = Callable[[int], None]


class BackupRefused(RuntimeError):
    """It cannot be done; one sentence."""


@dataclass
class Written:
    """What was put into the folder: path → SHA-256 and bytes; lane → its journal; file → the OPDs that brought it."""

    rows: int = 0
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    journals: dict[str, dict[str, Any]] = field(default_factory=dict)
    datasets: dict[str, list[str]] = field(default_factory=dict)


def backup(folder: Path, settings: Settings, configured: list[Configured], *, with_keys: Path | None, told: Told) -> Written:
    """Raises BackupRefused, StoreRefused, FilesUnavailable, FileProblem, OSError, and the database's errors."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise BackupRefused(f"{folder} is not empty: a back-up goes into a folder of its own")
    written, own = Written(), addresses_of(settings.store)
    for lane in [lane for lane in LANES if "" in own or lane in own]:
        _journal(folder, lane, settings, written, told)
    if "" in own or DESK in own:
        _desk(folder, settings, written, told)
    _datasets(folder, settings, written, told)
    for name in KEYS:
        if with_keys and (with_keys / name).exists():
            _copy(with_keys / name, folder, f"keys/{name}", written)
    _write_manifest(folder, configured, written)
    return written


def _journal(folder: Path, lane: str, settings: Settings, written: Written, told: Told) -> None:
    open_reader(settings.store, lane).close()  # a journal of an older program is brought up first, by its lane
    _tables(folder, lane, open_reading_engine(settings.store, lane), written, told)


def _desk(folder: Path, settings: Settings, written: Written, told: Told) -> None:
    """Accounts, roles, drafts; sessions too, which end by themselves."""
    address = address_of(settings.store, DESK)
    if not address.startswith("sqlite:") or (Path(address.removeprefix("sqlite:")) / f"{DESK}.sqlite").is_file():
        _tables(folder, DESK, open_desk(address), written, told)


def _tables(folder: Path, name: str, engine: sa.Engine, written: Written, told: Told) -> None:
    """One database as rows; the engine is disposed of."""
    file, counts, positions = f"journals/{name}.jsonl.gz", Counter[str](), dict[str, int]()
    try:
        columns = columns_of(engine)
        with _hashed(folder, file, written) as write:
            for row in rows_of(engine):
                write(orjson.dumps(row) + b"\n")
                counts[row[0]] += 1
                if row[0] == POSITIONS:
                    positions[row[1]] = row[2]
                if counts.total() % TOLD_EVERY == 0:
                    told(written.rows + counts.total())
    finally:
        engine.dispose()
    written.journals[name] = {"file": file, "events": counts[EVENTS], "rows": counts, "columns": columns, "positions": positions}
    written.rows += counts.total()


def _datasets(folder: Path, settings: Settings, written: Written, told: Told) -> None:
    files = open_files(settings.files, s3_endpoint=settings.s3_endpoint, s3_keys=settings.s3_keys())
    for sha256, opds in files.listed():
        path = folder / "files" / sha256[:2] / sha256[2:4] / sha256
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("wb") as file:
            for chunk in files.read(sha256):  # checked against the hash as it is read
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        written.datasets[sha256] = opds
        told(written.rows + len(written.datasets))


def _copy(path: Path, folder: Path, name: str, written: Written) -> None:
    target = folder / name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(path, target)
    target.chmod(0o600)
    written.files[name] = (hashlib.sha256(target.read_bytes()).hexdigest(), target.stat().st_size)


@contextmanager
def _hashed(folder: Path, name: str, written: Written) -> Iterator[Callable[[bytes], object]]:
    """A compressed file, whose own bytes are hashed once it is whole."""
    path = folder / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with gzip.open(path, "wb", LEVEL) as packed:
        yield packed.write
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    written.files[name] = (digest, path.stat().st_size)


def _write_manifest(folder: Path, configured: list[Configured], written: Written) -> None:
    content = {
        "format": FORMAT,
        "program": version("jejak"),
        "made_at": datetime.now(UTC),
        "settings": {one.setting: one.value for one in configured},
        "journals": written.journals,
        "files": {name: {"sha256": sha256, "bytes": size} for name, (sha256, size) in written.files.items()},
        "datasets": written.datasets,
    }
    draft = folder / f".{MANIFEST}"
    with draft.open("wb") as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / MANIFEST)
