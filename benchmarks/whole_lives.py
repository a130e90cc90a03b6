"""Throughput of whole lives, five events each, lanes as separate processes; and the floor, the same events through bare hops."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks import inbound, topics
from benchmarks.floor_process import HOPS
from benchmarks.load import EVENTS_A_LIFE
from benchmarks.measure import Usage, expect, watched
from benchmarks.workers import Worker, worker
from jejak.events.bus import Kafka
from jejak.events.contracts import LOG_TOPIC, RECEIPTS_TOPIC
from jejak.web.tokens import make_keys

LANES: Final = ("intake", "review", "decision", "publisher", "archive")


def floor(kafka: Kafka, n: int, directory: Path) -> tuple[float, Usage]:
    """Lives a second through four bare hops. Raises WrongCount."""
    asyncio.run(topics.fresh(kafka, HOPS))
    with ExitStack() as stack:
        hops = [stack.enter_context(worker("floor_process", str(hop), kafka.bootstrap, log=directory / "floor.log")) for hop in range(4)]
        ready(hops)
        with watched() as usage:
            took = _timed(kafka, n, "floor", [hops[-1]], expected=n)
    for hop, events in zip(HOPS, (1, 1, 2, 1), strict=True):
        expect(hop, asyncio.run(topics.held(kafka, hop)), n * events)
    return n / took, usage


def lives(kafka: Kafka, n: int, directory: Path, store: str, *roots: int) -> tuple[float, Usage]:
    """Lives a second until every journal and worklist has every event. Raises WrongCount."""
    asyncio.run(topics.fresh(kafka))
    with lanes(kafka, directory, store, mode="bulk") as running:
        with watched(*roots) as usage:
            took = _timed(kafka, n, store.split(":")[0], running, expected=n * EVENTS_A_LIFE)
        for lane, process in zip(LANES, running, strict=True):
            found = process.ask(count=True)
            expect(f"journal of {lane}", {k: v for k, v in found.items() if v and k not in {"own", "copy"}}, wanted(lane, n))
    expect(LOG_TOPIC, asyncio.run(topics.held(kafka, LOG_TOPIC)), n * EVENTS_A_LIFE)
    expect(RECEIPTS_TOPIC, asyncio.run(topics.held(kafka, RECEIPTS_TOPIC)), n)
    return n / took, usage


def wanted(lane: str, n: int) -> dict[str, int]:
    return {"events": n * EVENTS_A_LIFE} | ({"receipt": n} if lane == "intake" else {})


@contextmanager
def lanes(kafka: Kafka, directory: Path, store: str, *, mode: str, names: Sequence[str] = LANES) -> Iterator[list[Worker]]:
    """The lanes, ready."""
    make_keys(directory / "keys")
    inbound.put_file(f"file:{directory / 'files'}")
    environ = {
        "JEJAK_KAFKA": kafka.bootstrap,
        "JEJAK_STORE": store,
        "JEJAK_FILES": f"file:{directory / 'files'}",
        "JEJAK_KEYS": str(directory / "keys"),
        "JEJAK_PORTAL": f"folder:{directory / 'portal'}",
    }
    with ExitStack() as stack:
        running = [stack.enter_context(worker("lane_process", name, mode, log=directory / f"{name}.log", environ=environ)) for name in names]
        ready(running)
        yield running


def ready(workers: Sequence[Worker]) -> None:
    for each in workers:
        each.hear()


def _timed(kafka: Kafka, n: int, run: str, last: Sequence[Worker], *, expected: int) -> float:
    """Seconds from the first send until the last of these says that all is there."""
    for each in last:
        each.tell(expect=expected)
    records = [(topic, None if run != "floor" else str(number).encode(), raw) for number, (topic, raw) in enumerate(inbound.records(n, run=run))]
    started = time.monotonic()
    asyncio.run(topics.send(kafka, records))
    return max(float(each.hear()["done"]) for each in last) - started
