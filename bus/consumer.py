"""Kafka in: records become `Record`s and are taken into a journal.

Positions live in the journal, in the transaction of the records' effects; Kafka's own committed offsets are not used. What is
taken once is never read again, what was not is read from the stored position, and every failure here only repeats work.
"""

import asyncio
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from eventsourcing.persistence import PersistenceError

from bus.assignment import Alone, Shared
from bus.kafka import CALL_S, Kafka, KafkaError, stopped
from bus.loops import STALLED_S, WATCH_S, Progress, breath, pause, within
from events.journal import Journal, Outcome, Record, source_of

log = structlog.get_logger("jejak.bus")

BATCH: Final = 1_000
FAR_BEHIND: Final = 10 * BATCH


class Stalled(RuntimeError):
    """Records wait and none arrives: the consumer must be built anew (aiokafka #1154)."""


class LogShorter(RuntimeError):
    """Kafka holds less than was already read: data was lost there, going on would skip records."""


def record_of(message: "ConsumerRecord[bytes, bytes]", cluster: str) -> Record:
    return Record(message.topic, message.partition, message.offset, message.key, message.value, cluster)


@dataclass
class Consumer(ABC):
    """Reads topics into a journal through `take` (a blocking call: effects and positions in one transaction).

    With a `group`, partitions are shared with other processes of the lane; without, this process reads them all. `gather_s`: the
    shortest wait between two batches, unless the lane is far behind. What differs between the log and the OPDs' topics is in
    `bus/sources.py`.
    """

    kafka: Kafka
    journal: Journal
    topics: re.Pattern[str]
    take: Callable[[Sequence[Record]], list[Outcome]]
    progress: Progress
    group: str | None = None
    may_start: Callable[[], Awaitable[None]] | None = None
    gather_s: float = 0.0
    must_be_there: ClassVar[bool] = False
    """Whether nothing can be said before there is a topic."""
    _cluster: str = ""
    _aside: frozenset[TopicPartition] = frozenset()
    _goal: dict[str, int] | None = None
    _watched_at: float = 0.0
    _built_at: float = 0.0
    _read: int = 0

    @property
    def assignment(self) -> Alone | Shared:
        return Shared(self.group) if self.group else Alone()

    async def run(self) -> None:
        """Until cancelled. Whatever fails is logged, shown as not healthy, and tried again with growing pauses."""
        if self.may_start:
            await self.may_start()
        failures = 0
        while True:
            started = time.monotonic()
            try:
                await self._consume()
            except (KafkaError, PersistenceError, OSError, TimeoutError, Stalled, LogShorter) as error:
                failures = 0 if time.monotonic() - started > STALLED_S else failures + 1
                self.progress.blocked = self.progress.blocked or f"{type(error).__name__}: {error}"
                self.progress.rebuilt += 1
                log.warning("consumer_rebuilt", consumer=self.progress.name, error=repr(error))
                await asyncio.sleep(pause(failures))

    async def _consume(self) -> None:
        async with self.kafka.admin() as admin:
            self._cluster = str((await admin.describe_cluster())["cluster_id"])
            await self._consume_cluster(admin)

    async def _consume_cluster(self, admin: AIOKafkaAdminClient) -> None:
        consumer = AIOKafkaConsumer(
            **self.kafka.options(),
            group_id=self.assignment.group_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=int(WATCH_S * 1000),
            max_poll_interval_ms=300_000,
            session_timeout_ms=10_000,
            check_crcs=True,
            isolation_level="read_committed",
        )
        self.assignment.subscribe(consumer, self.topics.pattern, self.seek, self.progress.name)
        try:
            await within(CALL_S, consumer.start())
            self._watched_at, self._built_at, self._aside = 0.0, time.monotonic(), frozenset()
            self.progress.left_alone = None
            while True:
                await self._watch(consumer, admin)
                if self.assignment.has_nothing(consumer):
                    await asyncio.sleep(0.2)
                    continue
                batch = await within(STALLED_S, self._fetched(consumer))
                if batch or self.held():
                    began = time.monotonic()
                    await self._apply(batch)
                    if len(batch) < BATCH:  # else there is more already
                        behind = not self.progress.ready or self.progress.lag > FAR_BEHIND
                        await asyncio.sleep(breath(time.monotonic() - began, 0.0 if behind else self.gather_s))
        finally:
            await stopped(consumer.stop())

    async def _fetched(self, consumer: AIOKafkaConsumer) -> "list[ConsumerRecord[bytes, bytes]]":
        """The next batch; none when a second passes without one.

        While it is worked on nothing more is asked for, unless it is a full one. aiokafka would ask at once, get the one record that
        comes next, and ask no more until that is taken: all that came after it would wait one batch longer.
        """
        left = self._aside | self.held()
        consumer.resume(*consumer.paused() - left)
        consumer.pause(*left & consumer.assignment())
        batches = await consumer.getmany(timeout_ms=1_000, max_records=BATCH)
        batch = [message for messages in batches.values() for message in messages]
        if 0 < len(batch) < BATCH:
            consumer.pause(*consumer.assignment())
        return batch

    def held(self) -> frozenset[TopicPartition]:
        """Partitions whose records wait here: nothing more is read of them meanwhile."""
        return frozenset()

    async def _apply(self, messages: Sequence["ConsumerRecord[bytes, bytes]"]) -> None:
        """Take a batch; while the database or the disk is unavailable, hold it and try again: nothing is skipped."""
        failures = 0
        while True:
            try:
                outcomes = await asyncio.to_thread(self._taken, messages)
            except (PersistenceError, OSError) as error:
                failures += 1
                self.progress.blocked = f"{type(error).__name__}: {error}"
                log.error("store_unavailable", consumer=self.progress.name, error=repr(error), waiting=len(messages))
                await asyncio.sleep(pause(failures))
                continue
            self.progress.counts.update(outcome.counted for outcome in outcomes)
            self.progress.moved()
            return

    def _taken(self, messages: Sequence["ConsumerRecord[bytes, bytes]"]) -> list[Outcome]:
        return self.taken([record_of(message, self._cluster) for message in messages])

    def taken(self, records: Sequence[Record]) -> list[Outcome]:
        return self.take(records)

    async def _watch(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        """Every few seconds: new topics, lag, readiness, and whether anything still moves."""
        behind = self.progress.lag > 0 and not self.progress.ready
        if time.monotonic() - self._watched_at < (0.2 if behind else WATCH_S):
            return
        self._watched_at = time.monotonic()
        partitions = await self._partitions(consumer, admin)
        if not partitions and self.must_be_there:
            return
        if self._goal is None and partitions:
            await self._look_at_beginning(consumer, partitions)
        reached = await self._reached(consumer, partitions)
        # Ends are asked for afterwards: other processes of the lane read on meanwhile, and would seem to have read more than there is.
        ends = await within(CALL_S, consumer.end_offsets(partitions)) if partitions else {}
        self._look_for_loss(consumer, ends, reached)
        self.progress.lag = sum(max(0, end - reached[tp]) for tp, end in ends.items() if tp not in self._aside)
        before, self._read = self._read, sum(reached.values())
        if self._goal is None:
            self._goal = dict(ends)
        self.progress.ready = self.progress.ready or all(reached.get(tp, 0) >= end for tp, end in self._goal.items())
        if self.progress.lag == 0 or self._read != before or self.held():
            self.progress.moved()
        elif time.monotonic() - max(self.progress.moved_at, self._built_at) > STALLED_S:
            raise Stalled(f"{self.progress.lag} records wait for {self.progress.name} and none arrives")

    async def _reached(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """How far each partition is read: what is stored, or further where only marks of transactions or expired records follow."""
        reached = dict(zip(partitions, await asyncio.to_thread(self._stored, partitions), strict=True))
        for tp in (consumer.assignment() & reached.keys()) - self.held():
            position = await within(CALL_S, consumer.position(tp))
            if position > reached[tp]:  # stored, so that the other processes of the lane do not wait for it
                await asyncio.to_thread(self.journal.pass_over, source_of(self._cluster, tp.topic, tp.partition), position)
                reached[tp] = position
        return reached

    @abstractmethod
    async def _look_at_beginning(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Once, before anything is read: may it be read on from where the journal stands?"""

    def _look_for_loss(self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], reached: Mapping[TopicPartition, int]) -> None:
        """Less on Kafka than was read: of the log nothing may be read any more; of the inbound topics only that one is left alone."""
        short = [tp for tp, end in ends.items() if reached[tp] > end]
        self._aside = (self._aside & ends.keys()) | frozenset(short)  # also when it holds as many again: those would be others
        if not self._aside:
            self.progress.left_alone = None
        if not short:
            return
        words = f"{short[0].topic}/{short[0].partition}: {reached[short[0]]} records were read, Kafka now holds {ends[short[0]]}"
        self._lost(words)

    @abstractmethod
    def _lost(self, words: str) -> None:
        """Kafka holds less than was read."""

    def _stored(self, partitions: Sequence[TopicPartition]) -> list[int]:
        return [self.journal.position(source_of(self._cluster, tp.topic, tp.partition)) for tp in partitions]

    async def _partitions(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> list[TopicPartition]:
        """All partitions of the topics that match."""
        names = [name for name in await admin.list_topics() if self.topics.match(name)]
        described = await admin.describe_topics(names) if names else []
        found = [TopicPartition(t["topic"], p["partition"]) for t in described for p in t["partitions"]]
        await self.assignment.settle(consumer, set(found), self.seek)
        return found

    async def seek(self, consumer: AIOKafkaConsumer, partitions: set[TopicPartition]) -> None:
        for tp in partitions:
            consumer.seek(tp, await asyncio.to_thread(self.journal.position, source_of(self._cluster, tp.topic, tp.partition)))
