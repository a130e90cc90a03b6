"""Kafka's log as sorted facts: partitions and offsets in, files of `archive.runs` out, and beside them the records' bytes as they came."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archive.asking import Asking
from archive.facts import ROW_BYTES, Lies, Read, fact_of_message, pack, place_of, read_quickly
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
    """What one process reads: partition → offsets, of all submissions or of one, and where its files go.

    `number`: of the file of bytes, which no other scan into this directory has; `heirs`: who acts for whom, where the law is asked too.
    """

    log: LogAt
    wanted: Mapping[int, Span]
    directory: Path
    prefix: str
    only: uuid.UUID | None = None
    read: Read = read_quickly
    number: int = 0
    heirs: Mapping[str, str] | None = None


def bytes_file(directory: Path, number: int) -> Path:
    return directory / f"{number}.bytes"


def scan_all(scan: Scan, share: Share, parts: int) -> list[Path]:
    """The files of a whole scan, its partitions dealt out over processes."""
    dealt = enumerate(_dealt(scan.wanted, parts))
    hands = [replace(scan, wanted=wanted, prefix=f"{scan.prefix}-{i}", number=scan.number + i) for i, wanted in dealt]
    return [path for paths in share(scanned, hands) for path in paths]


def scanned(scan: Scan) -> list[Path]:
    return asyncio.run(_scanned(scan))


async def _scanned(scan: Scan) -> list[Path]:
    runs = Runs(scan.directory, scan.prefix, ROW_BYTES)
    name = str(scan.only).encode() if scan.only else b""
    at, asking = 0, None if scan.heirs is None else Asking(scan.heirs)
    said: dict[str, Any] | None = None

    def read(raw: bytes) -> dict[str, Any]:
        nonlocal said
        said = scan.read(raw)
        return said

    with bytes_file(scan.directory, scan.number).open("wb") as file:
        async for records in read_topic(scan.log.kafka, scan.log.topic, scan.wanted):
            for record in records:
                raw = record.value or b""
                if name in raw or name == record.key:
                    said = None
                    fact = fact_of_message(record.key, record.value, place_of(record.partition, record.offset), read=read)
                    lawful = asking is not None and asking.holds(fact, said)
                    runs.add(pack(fact, Lies(scan.number, at, len(raw), lawful)))
                    at += file.write(raw)
            count(len(records))
    return runs.finish()


def _dealt(wanted: Mapping[int, Span], parts: int) -> Sequence[dict[int, Span]]:
    """The partitions in so many hands, about the same number of records in each."""
    hands: list[dict[int, Span]] = [{} for _ in range(max(1, min(parts, len(wanted))))]
    for partition, (first, after) in sorted(wanted.items(), key=lambda item: item[1][0] - item[1][1]):
        lightest = min(hands, key=lambda hand: sum(end - begin for begin, end in hand.values()))
        lightest[partition] = (first, after)
    return hands
