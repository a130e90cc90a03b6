"""How long one submission takes at a steady rate: OPD's send → review's inbox, approval → DataPublished on the folder portal.

Beside it the floor: send → acknowledged by the last of four bare hops, at the same rate.
"""

import asyncio
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from aiokafka import AIOKafkaProducer

from benchmarks import inbound, topics
from benchmarks.floor_process import HOPS
from benchmarks.load import EVENTS_A_LIFE, OPDS
from benchmarks.measure import expect, percentile, say
from benchmarks.whole_lives import LANES, check, hops, lanes
from benchmarks.workers import Worker
from bus.kafka import Kafka
from events.ids import submission_id_of

RATE: Final = 50
WARM: Final = 100
"""Submissions before the first repetition that are not counted: connections, caches and the JVM warm up."""


@dataclass(frozen=True)
class Times:
    """Milliseconds, p50 and p99, for each repetition."""

    p50: list[float]
    p99: list[float]

    @classmethod
    def empty(cls) -> "Times":
        return cls([], [])

    def add(self, what: str, since: Mapping[str, float], until: Mapping[str, float]) -> None:
        """Raises WrongCount when one of `since` never came."""
        expect(f"{what}: arrived", len(since.keys() & until.keys()), len(since))
        took = [1000 * (until[key] - sent) for key, sent in since.items()]
        self.p50.append(percentile(took, 0.5))
        self.p99.append(percentile(took, 0.99))
        say(f"{what}: p50 {self.p50[-1]:.1f} ms, p99 {self.p99[-1]:.1f} ms, worst {max(took):.1f} ms")


def floor(kafka: Kafka, n: int, repeats: int, directory: Path) -> Times:
    """Send → acknowledged by the fourth hop. Raises WrongCount."""
    asyncio.run(topics.fresh(kafka, HOPS))
    times = Times.empty()
    with hops(kafka, directory) as running:
        done = 0
        for repeat in range(repeats + 1):
            count = n if repeat else WARM
            running[-1].tell(expect=done + count)
            sent = {str(done + i): at for i, at in enumerate(_sent(kafka, count, f"floor-{repeat}", first=done))}
            running[-1].hear()
            done += count
            stamps = _stamps(running[-1])
            if repeat:
                times.add("floor, four hops", sent, stamps)
    return times


def jejak(kafka: Kafka, n: int, repeats: int, directory: Path, store: str) -> tuple[Times, Times]:
    """Send → inbox, approval → published. Raises WrongCount."""
    asyncio.run(topics.fresh(kafka))
    to_inbox, to_published = Times.empty(), Times.empty()
    with lanes(kafka, directory, store, mode="portal") as running:
        by_name = dict(zip(LANES, running, strict=True))
        done = 0
        for repeat in range(repeats + 1):
            count, run = n if repeat else WARM, f"latency-{repeat}"
            for each in running:
                each.tell(expect=(done + count) * EVENTS_A_LIFE)
            sent = dict(zip(_ids(count, run), _sent(kafka, count, run), strict=True))
            for each in running:
                each.hear()
            done += count
            seen, approved, published = (_stamps(by_name[name]) for name in ("review", "decision", "publisher"))
            if repeat:
                to_inbox.add("send → inbox", sent, seen)
                to_published.add("approval → published", approved, published)
        check(kafka, running, done)
    return to_inbox, to_published


def _ids(n: int, run: str) -> list[str]:
    return [
        str(submission_id_of(OPDS[i % len(OPDS)], uuid.UUID(orjson.loads(raw)["event_id"])))
        for i, (_, raw) in enumerate(inbound.records(n, run=run))
    ]


def _stamps(process: Worker) -> dict[str, float]:
    return dict(process.ask(stamps=True)["stamps"])


def _sent(kafka: Kafka, n: int, run: str, *, first: int = 0) -> list[float]:
    return asyncio.run(_send_steadily(kafka, n, run, first))


async def _send_steadily(kafka: Kafka, n: int, run: str, first: int) -> list[float]:
    """One record every 1/RATE s, whatever becomes of the others; when each was sent."""
    records = list(inbound.records(n, run=run))
    producer = AIOKafkaProducer(**kafka.options(), enable_idempotence=True, acks="all")
    await producer.start()
    try:
        started, sent, waiting = time.monotonic(), [], []
        for number, (topic, raw) in enumerate(records):
            await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
            sent.append(time.monotonic())
            waiting.append(await producer.send(topic, raw, key=str(first + number).encode()))
        await asyncio.gather(*waiting)
        return sent
    finally:
        await producer.stop()
