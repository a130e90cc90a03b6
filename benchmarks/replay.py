"""Replay: how fast the log is verified and a journal rebuilt from it, beside its bare read; and the memory that takes."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from benchmarks import topics
from benchmarks.load import EVENTS_A_LIFE, as_logged
from benchmarks.measure import expect, say
from benchmarks.workers import worker
from bus.kafka import Kafka
from events.contracts import LOG_TOPIC

WAYS: Final = ("bare", "verify", "rebuild", "verify_all")
WIDE: Final = 1_000
MB: Final = 1024 * 1024


@dataclass
class Replay:
    """At one size of the log: events a second and peak MB of all its processes together, for each way and repetition."""

    events: int
    rate: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})
    peak_mb: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})


def fill(kafka: Kafka, *, first: int, events: int) -> None:
    """Lengthen the log from `first` to `events` events: whole lives, a thousand open at a time. Raises WrongCount."""
    lives, before = (events - first) // EVENTS_A_LIFE, first // EVENTS_A_LIFE
    asyncio.run(topics.send(kafka, ((LOG_TOPIC, key, raw) for key, raw in as_logged(lives, first=before, wide=WIDE))))
    expect(LOG_TOPIC, asyncio.run(topics.held(kafka, LOG_TOPIC)), events)
    say(f"the log holds {events:,} events")


def replay(kafka: Kafka, events: int, repeats: int, directory: Path) -> Replay:
    """Each way, each time in a new process. The last rebuilt journal stays in `directory`/journal. Raises WrongCount."""
    found = Replay(events)
    for _ in range(repeats):
        for way in WAYS:
            rate, peak = _run(kafka, way, events, directory)
            found.rate[way].append(rate)
            found.peak_mb[way].append(peak)
            say(f"{way} of {events:,} events: {rate:,.0f} events/s, at most {peak:.0f} MB")
    return found


def _run(kafka: Kafka, way: str, events: int, directory: Path) -> tuple[float, float]:
    with worker("replay_process", kafka.bootstrap, str(directory / "journal"), log=directory / "replay.log") as process:
        process.hear()
        with _peak(process.process.pid) as peak:
            told = process.ask(do=way)
    expect(f"{way}: events", told["events"], events)
    return events / float(told["seconds"]), max(peak) / MB


@contextmanager
def _peak(pid: int) -> Iterator[list[int]]:
    """Resident bytes of a process and its children, the highest sum seen at any look, twenty times a second."""
    root, over, found = psutil.Process(pid), threading.Event(), [0]

    def look() -> None:
        while not over.wait(0.05):
            found[0] = max(found[0], _resident(root))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def _resident(root: psutil.Process) -> int:
    total = 0
    for process in (root, *root.children(recursive=True)):
        try:
            total += int(process.memory_info().rss)
        except psutil.NoSuchProcess:
            continue
    return total
