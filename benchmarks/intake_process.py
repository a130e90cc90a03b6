"""What the checks cost intake where a record's file is known: records judged with them and without, in turns, in one process.

`python -m benchmarks.intake_process TURNS DIRECTORY`; without Kafka, all else as in production. Prints the median microseconds of processor
time a record of each way, as JSON.
"""

import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks import inbound
from benchmarks.load import OPDS
from benchmarks.measure import expect
from bus.sources import InboundConsumer
from checks.catalogue import Report
from events.admission import Record
from jejak.prepare import configure_logs, settle_heap
from lane.lane import open_shared
from lane.settings import read_settings
from services.intake import commands
from services.intake.app import build
from web.keys import make_keys

PILE: Final = 100
Begin = Callable[[Sequence[Sequence[Record]]], Sequence[Sequence[Future[Any]]]]


async def intake(directory: Path) -> InboundConsumer:
    """The consumer of the OPDs' topics of a lane on SQLite, that knows the bench's OPDs and file."""
    (directory / "store").mkdir(parents=True)
    make_keys(directory / "keys")
    there = {"STORE": f"sqlite:{directory}/store/", "FILES": f"file:{directory}/files", "KEYS": f"{directory}/keys"}
    shared = open_shared(read_settings({"JEJAK_KAFKA": "127.0.0.1:1"} | {f"JEJAK_{name}": value for name, value in there.items()}))
    inbound.put_file(f"file:{directory}/files")
    shared.directory.opds |= {opd: {"name": opd} for opd in OPDS}
    shared.directory.progress.ready = True
    return next(consumer for consumer in build(shared).consumers if isinstance(consumer, InboundConsumer))


def records() -> Iterator[Record]:
    for number in itertools.count():
        for at, (topic, raw) in enumerate(inbound.records(PILE, run=f"{number}")):
            yield Record(topic, 0, number * PILE + at, None, raw, "bench", 0, 0)


def judged(consumer: InboundConsumer, begin: Begin, pile: Sequence[Record]) -> float:
    """Microseconds of processor time a record, all threads together. Raises WrongCount."""
    began = time.process_time()
    by_topic = [[record for record in pile if record.topic == topic] for topic in dict.fromkeys(record.topic for record in pile)]
    for future in itertools.chain.from_iterable(begin(by_topic)):
        future.result()
    outcomes = consumer.take(pile)
    took = time.process_time() - began
    expect("accepted", sum(outcome.counted == "accepted" for outcome in outcomes), len(pile))
    return 1e6 * took / len(pile)


def turns(consumer: InboundConsumer, count: int) -> Mapping[str, float]:
    came, took = records(), {way: list[float]() for way in ("checked", "unchecked")}
    ways: Sequence[tuple[str, Begin, Any]] = (("checked", consumer.ahead, commands.found_in), ("unchecked", nothing_begun, nothing_found))
    for turn in range(count + 1):
        for way, begin, found in ways:
            commands.found_in = found
            us = judged(consumer, begin, list(itertools.islice(came, PILE)))
            if turn:  # the first fills caches
                took[way].append(us)
    return {way: statistics.median(times) for way, times in took.items()}


def nothing_begun(_: Sequence[Sequence[Record]]) -> Sequence[Sequence[Future[Any]]]:
    return ()


def nothing_found(*_: object) -> Report:
    return Report((), {}, {})


if __name__ == "__main__":
    configure_logs("INFO", Path(sys.argv[2]) / "intake.log")
    consumer = asyncio.run(intake(Path(sys.argv[2])))
    settle_heap()
    sys.stdout.buffer.write(orjson.dumps(turns(consumer, int(sys.argv[1]))))
    sys.stdout.flush()
