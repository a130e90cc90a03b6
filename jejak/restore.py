"""`jejak restore DIR`: a back-up into an empty installation, of whichever stores its settings name. A folder in; journals, files, log out.

Everything is checked before anything is written: the manifest's hashes, and that nothing is there yet. When Kafka is empty too, the log,
the directory and the OPDs' topics are written anew; a Kafka that holds a log stays as it is, and must be the one that the back-up knew.
"""

import asyncio
import base64
import gzip
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
import sqlalchemy as sa

from archive.rebuild import republish
from archive.scan import LogAt
from bus.directory import put_record
from bus.reader import cluster_id, spans
from bus.topics import ensure, inbound_topic
from desk.store import open_store as open_desk
from desk.tables import POSITIONS as DESK_POSITIONS
from events.alarms import LOSSES
from events.contracts import LOG_TOPIC
from events.marks import ENDS, MARKS
from events.migration import MARK, RELAYED, rebuild_heads
from events.snapshot import POSITIONS, is_empty, put_rows
from events.stores import address_of, addresses_of, open_store
from jejak.app import LANES as BUILDERS
from jejak.backup import FORMAT, KEYS, MANIFEST, BackupRefused, Told
from jejak.prepare import ensure_topics
from lane.file_stores import open_files
from lane.inbox import open_engine
from lane.lane import open_shared
from lane.settings import DESK, LANES, Settings
from web.keys import make_keys

LARGEST: Final = 1 << 40
CHUNK: Final = 1 << 20
DIRECTORY: Final = "directory"
OF_THE_STORE: Final = frozenset({MARK, "__migration__"})
"""Positions that are none: marks that a store makes for itself."""


@dataclass(frozen=True)
class Restored:
    """`log`: events written to Kafka anew; None when its log was there."""

    events: int
    datasets: int
    log: int | None


def restore(folder: Path, settings: Settings, *, told: Told) -> Restored:
    """Raises BackupRefused, StoreRefused, TopicRefused, LogUnreachable, FilesUnavailable, FileProblem, OSError, and the
    database's errors. What was begun and broken off is not empty any more: its stores are to be emptied before another try.
    """
    manifest = read_manifest(folder)
    own = addresses_of(settings.store)
    lanes = [lane for lane in LANES if lane in manifest["journals"]]
    if missing := [lane for lane in lanes if "" not in own and lane not in own]:
        raise BackupRefused(f"JEJAK_STORE has no address for {', '.join(missing)}, of which the back-up has journals")
    asyncio.run(ensure_topics(settings))
    new_log = _is_new(manifest, settings)
    for lane in lanes:
        _need_empty(lane, settings)
    if DESK in manifest["journals"]:
        _need_empty_desk(settings)
    _keys(folder, settings)
    make_keys(settings.keys)
    asyncio.run(_make_tables(lanes, settings))
    done = 0
    for lane in lanes:
        for written in _journal(folder, manifest["journals"][lane], lane, settings, new_log=new_log):
            told(done + written)
        done += written
    if DESK in manifest["journals"]:
        _desk(folder, manifest["journals"][DESK], settings, new_log=new_log)
    kept = sum(1 for _ in _datasets(folder, manifest, settings))
    log = _log(folder, manifest, settings) if new_log else None
    return Restored(sum(manifest["journals"][lane]["events"] for lane in lanes), kept, log)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the folder holds, once every file has been found whole. Raises BackupRefused."""
    try:
        manifest: dict[str, Any] = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BackupRefused(f"{folder} is no back-up, or one that was broken off: {MANIFEST} is not there or not whole") from error
    if manifest["format"] > FORMAT:
        raise BackupRefused(
            f"this back-up was made by a newer program ({manifest['program']}; this one is {version('jejak')}): install that one"
        )
    names = {name: told["sha256"] for name, told in manifest["files"].items()}
    names |= {f"files/{sha256[:2]}/{sha256[2:4]}/{sha256}": sha256 for sha256 in manifest["datasets"]}
    if changed := sorted(name for name, sha256 in names.items() if _sha256(folder / name) != sha256):
        raise BackupRefused(f"{len(changed)} files of the back-up are missing or changed, {changed[0]} among them: take another one")
    return manifest


def _is_new(manifest: Mapping[str, Any], settings: Settings) -> bool:
    """Whether Kafka's log is empty. Raises BackupRefused when it holds records of another cluster's life."""
    kafka = settings.kafka_cluster()
    if not sum(after for _, after in asyncio.run(spans(kafka, LOG_TOPIC)).values()):
        return True
    cluster = asyncio.run(cluster_id(kafka))
    known = {name.partition("/")[0] for told in manifest["journals"].values() for name in told["positions"] if f"/{LOG_TOPIC}/" in name}
    if cluster not in known:
        raise BackupRefused(f"Kafka at {kafka.bootstrap} already holds a log, and not the one of this back-up")
    return False


def _need_empty(lane: str, settings: Settings) -> None:
    """Raises BackupRefused; StoreRefused while the lane runs (SQLite)."""
    engine = open_engine(settings.store, lane)
    try:
        if engine.dialect.name == "postgresql" and _runs(engine, lane):
            raise BackupRefused(f"the lane {lane} runs: stop it before its journal is restored")
        open_store(settings.store, lane).close()
        if not is_empty(engine):
            place = f"the journal of {lane} at {_place(settings, lane)}"
            raise BackupRefused(f"{place} is not empty: a back-up is restored into an empty installation only")
    finally:
        engine.dispose()


def _need_empty_desk(settings: Settings) -> None:
    engine = open_desk(address_of(settings.store, DESK))
    try:
        if not is_empty(engine):
            raise BackupRefused("the desk already has accounts: a back-up is restored into an empty installation only")
    finally:
        engine.dispose()


def _runs(engine: sa.Engine, lane: str) -> bool:
    """Somebody is connected as the lane."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = :name AND datname = current_database()"
    with engine.connect() as c:
        return int(c.execute(sa.text(asked), {"name": f"jejak-{lane}"}).scalar_one()) > 0


def _place(settings: Settings, lane: str) -> str:
    return address_of(settings.store, lane).rpartition("@")[2]


def _journal(folder: Path, told: Mapping[str, Any], lane: str, settings: Settings, *, new_log: bool) -> Iterator[int]:
    store, engine = open_store(settings.store, lane), open_engine(settings.store, lane)
    try:
        yield 0
        yield from put_rows(engine, told["columns"], _rows(folder / told["file"], new_log=new_log))
        rebuild_heads(store)
    finally:
        engine.dispose()
        store.close()


def _desk(folder: Path, told: Mapping[str, Any], settings: Settings, *, new_log: bool) -> None:
    engine = open_desk(address_of(settings.store, DESK))
    try:
        for _ in put_rows(engine, told["columns"], _rows(folder / told["file"], new_log=new_log)):
            continue
    finally:
        engine.dispose()


async def _make_tables(lanes: Sequence[str], settings: Settings) -> None:
    """All that the lanes make when they start: they are put together, and taken apart again before anything of them runs."""
    shared = open_shared(settings)
    for name in lanes:
        build, _ = BUILDERS[name]
        await build(shared).stop()


OF_THE_OLD_LOG: Final = {MARKS.name, ENDS.name, LOSSES.name, DESK_POSITIONS.name}
"""What was read of a Kafka, and what it lost: of another one it says nothing, also where that one has the same id."""


def _rows(path: Path, *, new_log: bool) -> Iterator[list[Any]]:
    """Of a Kafka that is no more no position counts, and receipts that were sent to it are sent again."""
    for row in _lines(path):
        if row[0] == POSITIONS and (row[1] in OF_THE_STORE or (new_log and (_of_kafka(row[1]) or row[1] == RELAYED[1]))):
            continue
        if new_log and row[0] in OF_THE_OLD_LOG:
            continue
        yield row


def _of_kafka(position: str) -> bool:
    return "/" in position


def _lines(path: Path) -> Iterator[list[Any]]:
    with gzip.open(path, "rb") as packed:
        for line in packed:
            yield orjson.loads(line)


def _datasets(folder: Path, manifest: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    files = open_files(settings.files, s3_endpoint=settings.s3_endpoint, s3_keys=settings.s3_keys())
    for sha256, opds in manifest["datasets"].items():
        with files.spool(limit=LARGEST) as spool, (folder / "files" / sha256[:2] / sha256[2:4] / sha256).open("rb") as file:
            for chunk in iter(lambda file=file: file.read(CHUNK), b""):  # type: ignore[misc]
                spool.write(chunk)
            spool.keep(sha256)
        for opd in opds:
            files.brought(sha256, opd)
        yield sha256


def _keys(folder: Path, settings: Settings) -> None:
    """Where there are none yet; keys that are there stay."""
    settings.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any((settings.keys / name).exists() for name in KEYS):
        return
    for name in KEYS:
        if (folder / "keys" / name).exists():
            (settings.keys / name).touch(mode=0o600)
            (settings.keys / name).write_bytes((folder / "keys" / name).read_bytes())


def _log(folder: Path, manifest: Mapping[str, Any], settings: Settings) -> int:
    """The log from the journal that holds most, the directory as it was known, and the topics of the OPDs that are on it."""
    fullest = max(
        (lane for lane in LANES if lane in manifest["journals"]), key=lambda lane: (manifest["journals"][lane]["events"], lane == "archive")
    )
    sent = republish(settings.store, fullest, LogAt(settings.kafka_cluster())).events
    asyncio.run(
        _directory(dict(_known(folder / manifest["journals"][fullest]["file"], manifest["journals"][fullest]["columns"])), settings)
    )
    return sent


def _known(path: Path, columns: Mapping[str, list[str]]) -> Iterator[tuple[str, Any]]:
    names = columns.get(DIRECTORY, [])
    for row in _lines(path):
        if row[0] == DIRECTORY:
            told = dict(zip(names, row[1:], strict=True))
            yield told["key"], orjson.loads(base64.b64decode(told["value"][0]))


async def _directory(known: Mapping[str, Any], settings: Settings) -> None:
    kafka = settings.kafka_cluster()
    for key, value in sorted(known.items()):
        await put_record(kafka, key, value)
    opds = [key.removeprefix("opd/") for key in known if key.startswith("opd/")]
    async with kafka.admin() as admin:
        topics = [inbound_topic(opd) for opd in sorted(opds)]
        await ensure(admin, topics, replication=settings.kafka_replication, in_sync=settings.kafka_in_sync)


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
