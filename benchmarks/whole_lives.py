"""Throughput of whole lives, five events each, lanes as separate processes; and the floor, the same events through bare hops.

The clock runs from the first send until every lane's journal has every event (the floor: until the last hop's events
are acknowledged). Every repetition goes on in the same processes; at the end all counts are checked.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import inbound, topics
from benchmarks.floor_process import HOPS, WRITES
from benchmarks.load import EVENTS_A_LIFE
from benchmarks.measure import Usage, expect, say, watched
from benchmarks.workers import Worker, worker
from bus.kafka import Kafka
from events.contracts import LOG_TOPIC, RECEIPTS_TOPIC
from web.keys import make_keys

LANES: Final = ("intake", "review", "decision", "publisher", "archive")


@dataclass(frozen=True)
class Rates:
    """Lives a second in each repetition, and the processor milliseconds that one life took in each kind of process."""

    lives_per_s: list[float]
    cpu_ms: dict[str, float]


def floor(kafka: Kafka, n: int, repeats: int, directory: Path) -> Rates:
    """Four bare hops. Raises WrongCount."""
    asyncio.run(topics.fresh(kafka, HOPS))
    with hops(kafka, directory) as running:
        found = []
        with watched() as usage:
            for done in range(0, n * repeats, n):
                took = _timed(kafka, n, f"floor-{done}", [running[-1]], expected=done + n, keyed=True)
                found.append(n / took)
                say(f"floor: {found[-1]:,.0f} lives/s")
    for hop, events in zip(HOPS, WRITES, strict=True):
        expect(hop, asyncio.run(topics.held(kafka, hop)), n * repeats * len(events))
    return Rates(found, _cpu_ms(usage, n * repeats))


def lives(kafka: Kafka, n: int, repeats: int, directory: Path, store: str, *, before: int = 0, also_watch: Sequence[int] = ()) -> Rates:
    """Whole lives. `before`: so many events lie in the log and in every journal already. Raises WrongCount."""
    if not before:
        asyncio.run(topics.fresh(kafka))
    name = store.split(":", maxsplit=1)[0]
    with lanes(kafka, directory, store, mode="bulk") as running:
        found = []
        with watched(*also_watch) as usage:
            for done in range(0, n * repeats, n):
                took = _timed(kafka, n, f"{name}-{before}-{done}", running, expected=(done + n) * EVENTS_A_LIFE)
                found.append(n / took)
                say(f"{name}: {found[-1]:,.0f} lives/s")
        check(kafka, running, n * repeats, before=before)
    return Rates(found, _cpu_ms(usage, n * repeats))


def _cpu_ms(usage: Usage, n: int) -> dict[str, float]:
    """Without the bench itself, which only sends."""
    return {name: round(1000 * seconds / n, 3) for name, seconds in sorted(usage.ours.items()) if name not in {"bench", "guard"}}


def check(kafka: Kafka, running: Sequence[Worker], n: int, *, before: int = 0) -> None:
    """Every journal, the log and the receipts hold exactly `n` lives more, and nothing was set aside. Raises WrongCount."""
    events = before + n * EVENTS_A_LIFE
    for lane, process in zip(LANES, running, strict=True):
        found = {what: count for what, count in process.ask(count=True).items() if count and what not in {"own", "copy"}}
        expect(f"journal of {lane}", found, {"events": events} | ({"receipt": n} if lane == "intake" else {}))
    expect(LOG_TOPIC, asyncio.run(topics.held(kafka, LOG_TOPIC)), events)
    expect(RECEIPTS_TOPIC, asyncio.run(topics.held(kafka, RECEIPTS_TOPIC)), n)


@contextmanager
def hops(kafka: Kafka, directory: Path) -> Iterator[list[Worker]]:
    with ExitStack() as stack:
        running = [
            stack.enter_context(worker("floor_process", str(hop), kafka.bootstrap, log=directory / "floor.log")) for hop in range(len(HOPS))
        ]
        ready(running)
        yield running


@contextmanager
def lanes(kafka: Kafka, directory: Path, store: str, *, mode: str, names: Sequence[str] = LANES) -> Iterator[list[Worker]]:
    """The lanes, ready."""
    environ = settings(kafka, directory, store)
    with ExitStack() as stack:
        running = [
            stack.enter_context(worker("lane_process", name, mode, log=directory / f"{name}.log", environ=environ)) for name in names
        ]
        ready(running)
        yield running


def settings(kafka: Kafka, directory: Path, store: str) -> dict[str, str]:
    """Settings as variables; keys and the OPDs' file are made."""
    make_keys(directory / "keys")
    inbound.put_file(f"file:{directory / 'files'}")
    return {
        "JEJAK_KAFKA": kafka.bootstrap,
        "JEJAK_STORE": store,
        "JEJAK_FILES": f"file:{directory / 'files'}",
        "JEJAK_KEYS": str(directory / "keys"),
        "JEJAK_PORTAL": f"folder:{directory / 'portal'}",
    }


def ready(workers: Sequence[Worker]) -> None:
    for each in workers:
        each.hear()


def _timed(kafka: Kafka, n: int, run: str, last: Sequence[Worker], *, expected: int, keyed: bool = False) -> float:
    """Seconds from the first send until the last of these says that all is there."""
    for each in last:
        each.tell(expect=expected)
    records = [(topic, str(i).encode() if keyed else None, raw) for i, (topic, raw) in enumerate(inbound.records(n, run=run))]
    started = time.monotonic()
    asyncio.run(topics.send(kafka, records))
    return max(float(each.hear()["done"]) for each in last) - started
