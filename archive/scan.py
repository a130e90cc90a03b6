"""Kafka's log as sorted facts: partitions and offsets in, files of `archive.runs` out. Records are read once and dropped."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archive.facts import ROW_BYTES, Read, fact_of_message, pack, place_of, read_quickly
from archive.runs import Runs
from archive.workers import Share, count
from bus.kafka import Kafka
from bus.reader import Span, read_topic
from events.contracts import LOG_TOPIC


@dataclass(frozen=True)
class LogAt:
    """The log on Kafka."""

    kafka: Kafka
    topic: str = LOG_TOPIC


@dataclass(frozen=True)
class Scan:
    """What one process reads: partition → offsets, of all submissions or of one, and where its files go."""

    log: LogAt
    wanted: Mapping[int, Span]
    directory: Path
    prefix: str
    only: uuid.UUID | None = None
    read: Read = read_quickly


def scan_all(scan: Scan, share: Share, parts: int) -> list[Path]:
    """The files of a whole scan, its partitions dealt out over processes."""
    hands = [replace(scan, wanted=dealt, prefix=f"{scan.prefix}-{i}") for i, dealt in enumerate(_dealt(scan.wanted, parts))]
    return [path for paths in share(scanned, hands) for path in paths]


def scanned(scan: Scan) -> list[Path]:
    return asyncio.run(_scanned(scan))


async def _scanned(scan: Scan) -> list[Path]:
    runs = Runs(scan.directory, scan.prefix, ROW_BYTES)
    name = str(scan.only).encode() if scan.only else b""
    async for records in read_topic(scan.log.kafka, scan.log.topic, scan.wanted):
        for record in records:
            if name in (record.value or b"") or name == record.key:
                place = place_of(record.partition, record.offset)
                runs.add(pack(fact_of_message(record.key, record.value, place, read=scan.read)))
        count(len(records))
    return runs.finish()


def _dealt(wanted: Mapping[int, Span], parts: int) -> Sequence[dict[int, Span]]:
    """The partitions in so many hands, about the same number of records in each."""
    hands: list[dict[int, Span]] = [{} for _ in range(max(1, min(parts, len(wanted))))]
    for partition, (first, after) in sorted(wanted.items(), key=lambda item: item[1][0] - item[1][1]):
        lightest = min(hands, key=lambda hand: sum(end - begin for begin, end in hand.values()))
        lightest[partition] = (first, after)
    return hands
