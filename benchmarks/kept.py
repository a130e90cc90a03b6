"""A journal backed up, and restored into an empty installation with an empty Kafka, beside a bare copy of the same database file.

The functions are those of `jejak backup` and `jejak restore`: every hash is checked, heads are made anew, the log is written to Kafka.
"""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks import servers
from benchmarks.load import EVENTS_A_LIFE, as_logged
from benchmarks.measure import expect, say
from events.admission import Record
from events.contracts import LOG_TOPIC
from events.journal import Journal
from events.stores import open_store
from jejak.backup import backup
from jejak.restore import restore
from lane.settings import Settings, read_settings

LANE: Final = "archive"
ROWS: Final = 1_000
CHUNK: Final = 1 << 20


@dataclass
class Kept:
    """Seconds of each way, one for each repetition."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"copy": [], "backup": [], "restore": []})


def kept(events: int, repeats: int, directory: Path) -> Kept:
    """Raises WrongCount."""
    found, source = Kept(), directory / "source"
    _fill(source, events)
    for n in range(repeats):
        here = directory / str(n)
        found.seconds["copy"].append(_timed(lambda here=here: _copy(source / f"{LANE}.sqlite", here / "copy")))  # type: ignore[misc]
        settings = _settings(source, here, "127.0.0.1:1")
        took = _timed(lambda here=here, settings=settings: backup(here / "kept", settings, [], with_keys=None, told=_quiet))  # type: ignore[misc]
        found.seconds["backup"].append(took)
        with servers.kafka(here / "kafka") as bootstrap:
            into = _settings(here / "store", here, bootstrap)
            began = time.perf_counter()
            done = restore(here / "kept", into, told=_quiet)
            found.seconds["restore"].append(time.perf_counter() - began)
        expect("events restored", (done.events, done.log), (events, events))
        say(f"kept {events:,} events: {', '.join(f'{way} {took[-1]:.1f} s' for way, took in found.seconds.items())}")
        shutil.rmtree(here)
    return found


def _fill(folder: Path, events: int) -> None:
    store = open_store(f"sqlite:{folder}/", LANE)
    try:
        journal, offset = Journal(store, LANE), 0
        logged = as_logged(events // EVENTS_A_LIFE)
        while some := list(islice(logged, ROWS)):
            journal.replicate([Record(LOG_TOPIC, 0, offset + n, key, raw, "bench") for n, (key, raw) in enumerate(some)])
            offset += len(some)
        expect("events written", journal.last_id(), events)
    finally:
        store.close()


def _settings(store: Path, here: Path, kafka: str) -> Settings:
    given = {"KAFKA": kafka, "STORE": f"{LANE}=sqlite:{store}/", "FILES": f"file:{here}/files", "KEYS": f"{here}/keys"}
    return read_settings({f"JEJAK_{name}": value for name, value in given.items()} | {"JEJAK_PORTAL": f"folder:{here}/portal"})


def _copy(source: Path, target: Path) -> None:
    """The bytes alone, safe on disk as the others' are."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written, CHUNK)
        written.flush()
        os.fsync(written.fileno())


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _quiet(_: int) -> None:
    return
