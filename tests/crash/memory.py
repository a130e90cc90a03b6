"""A Kafka and a disk in memory, for the one place where that is right: trying out many orders of crashes quickly.

The log is lists of records; a `Disk` is a real SQLite store in memory that can crash before, in and after its transactions.
"""

import asyncio
import itertools
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

import sqlalchemy as sa
from aiokafka import TopicPartition
from eventsourcing.sqlite import SQLiteDatastore

from archive.facts import Fact, fact_of_message, place_of, read_quickly
from archive.sources import Group, IdRange
from events.migration import bring_up
from events.recorder import Batch
from events.sqlite import SQLiteStore

PARTITIONS: Final = {"opendata.submissions.v1": 2}
CLUSTER: Final = "in-memory"
_numbers: Final = itertools.count()


class Crash(BaseException):
    """The process is gone at this very point. No `except Exception` may catch it."""


@dataclass
class Log:
    """Kafka: topic → partitions → messages. `dies_after`: the sender crashes when so many more of its records are written."""

    topics: dict[str, list[list[Any]]] = field(default_factory=dict)
    dies_after: int | None = None

    def partitions(self, topic: str) -> list[list[Any]]:
        return self.topics.setdefault(topic, [[] for _ in range(PARTITIONS.get(topic, 1))])

    def write(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = (), partition: int | None = None
    ) -> tuple[int, int]:
        partitions = self.partitions(topic)
        number = sum(key or b"") % len(partitions) if partition is None else partition
        offset = len(partitions[number])
        message = SimpleNamespace(
            topic=topic, partition=number, offset=offset, timestamp=offset, key=key, value=value, headers=tuple(headers)
        )
        partitions[number].append(message)
        return number, offset

    def all(self, topic: str) -> Iterator[Any]:
        yield from itertools.chain.from_iterable(self.partitions(topic))


@dataclass
class Producer:
    """aiokafka's, as far as the relay uses it."""

    log: Log

    async def send(self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Any:
        if self.log.dies_after is not None:
            if self.log.dies_after == 0:
                raise Crash
            self.log.dies_after -= 1
        self.log.write(topic, key, value, headers)
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        return sent


@dataclass
class Reader:
    """aiokafka's consumer and admin client, as far as the bus asks them. Partitions are assigned from outside, as a group does it."""

    log: Log
    positions: dict[TopicPartition, int] = field(default_factory=dict)

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self.positions = {tp: self.positions.get(tp, 0) for tp in partitions}

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.positions[tp] = offset

    def pause(self, *_: TopicPartition) -> None:
        """Whoever moves this world polls when it is time."""

    async def records_at(self, wanted: Mapping[TopicPartition, Collection[int]]) -> dict[TopicPartition, dict[int, Any]]:
        return {tp: {o: self.log.partitions(tp.topic)[tp.partition][o] for o in offsets} for tp, offsets in wanted.items()}

    async def position(self, tp: TopicPartition) -> int:
        return self.positions[tp]

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: len(self.log.partitions(tp.topic)[tp.partition]) for tp in partitions}

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def list_topics(self) -> list[str]:
        return list(self.log.topics)

    async def describe_topics(self, names: Sequence[str]) -> list[dict[str, Any]]:
        return [{"topic": n, "partitions": [{"partition": p} for p in range(len(self.log.partitions(n)))]} for n in names]

    def poll(self, limit: int) -> list[Any]:
        found: list[Any] = []
        for tp in sorted(self.positions):
            fresh = self.log.partitions(tp.topic)[tp.partition][self.positions[tp] :][: limit - len(found)]
            self.positions[tp] += len(fresh)
            found += fresh
        return found


class Disk(SQLiteStore):
    """A lane's store. `crash`: where the next write ends: `before`, `inside` or `after` its transaction."""

    def __init__(self) -> None:
        self.address = f"file:jejak-{next(_numbers)}?mode=memory&cache=shared"
        super().__init__(SQLiteDatastore(self.address), None)
        self.crash: str | None = None
        self.create_table()
        bring_up(self)

    def engine(self) -> sa.Engine:
        return sa.create_engine("sqlite://", creator=self._connect, poolclass=sa.NullPool)

    def copy(self) -> "Disk":
        """A backup."""
        made = Disk()
        with closing(self._connect()) as here, closing(made._connect()) as there:
            here.backup(there)
        return made

    def write(self, batch: Batch) -> None:
        self._die("before")
        super().write(batch)
        self._die("after")

    def _write(self, c: sqlite3.Cursor, batch: Batch) -> None:
        super()._write(c, batch)
        self._die("inside")

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.address, uri=True, check_same_thread=False)

    def _die(self, where: str) -> None:
        if self.crash == where:
            self.crash = None
            raise Crash


@dataclass(frozen=True)
class MemoryRuns:
    """The log as the proof wants to see it: a `Source`."""

    log: Log
    topic: str

    def groups(self, ids: IdRange) -> Iterator[Group]:
        facts: dict[bytes, list[Fact]] = {}
        raws: dict[bytes, list[bytes]] = {}
        for m in self.log.all(self.topic):
            fact = fact_of_message(m.key, m.value, place_of(m.partition, m.offset), read=read_quickly)
            facts.setdefault(fact.submission, []).append(fact)
            raws.setdefault(fact.submission, []).append(m.value or b"")
        for submission in sorted(facts):
            yield Group(submission, partial(_given, facts[submission]), partial(tuple, raws[submission]))


def _given(facts: list[Fact], _: Mapping[bytes, Fact]) -> list[Fact]:
    return facts
