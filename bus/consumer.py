"""Kafka in: records become `Record`s and are taken into a journal.

Positions live in the journal, in the transaction of the records' effects; Kafka's own committed offsets are not used. What is
taken once is never read again, what was not is read from the stored position, and every failure here only repeats work.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError
from eventsourcing.persistence import DataError, PersistenceError

from bus.kafka import CALL_S, KafkaError, stopped
from bus.look_back import KafkaLookBack
from bus.loops import STALLED_S, WATCH_S, breath, pause, within
from bus.standing import Stalled, Standing
from events.admission import MANY, Outcome, Record, dead_letter, place_in
from events.alarms import HOLES

log = structlog.get_logger("jejak.bus")

BATCH: Final = MANY
FAR_BEHIND: Final = 10 * BATCH
NOT_HELD: Final = (DataError, OverflowError, UnicodeError)
"""The store is there and cannot hold what one record says; to try again changes nothing."""


def record_of(message: "ConsumerRecord[bytes, bytes]", cluster: str, generation: int = 0) -> Record:
    place = message.topic, message.partition, message.offset
    return Record(*place, message.key, message.value, cluster, generation, message.timestamp, message.headers)


@dataclass
class Consumer(Standing):
    """Reads topics into a journal through `take` (a blocking call: effects and positions in one transaction).

    A topic that lost records is left unread until the operator ends it (`bus/losses.py`); the others are read on. With a `group`,
    partitions are shared with other processes of the lane; without, this process reads them all. `gather_s`: the shortest wait between
    two batches, unless the lane is far behind. What differs between the log and the OPDs' topics is in `bus/sources.py`. `refuse`: what
    becomes of a record that nobody can take.
    """

    take: Callable[[Sequence[Record]], list[Outcome]] = field(kw_only=True)
    refuse: Callable[[Record, str], Outcome] = dead_letter
    may_start: Callable[[], Awaitable[None]] | None = None
    gather_s: float = 0.0

    async def run(self) -> None:
        """Until cancelled. Whatever fails is logged, shown as not healthy, and tried again with growing pauses."""
        if self.may_start:
            await self.may_start()
        failures = 0
        while True:
            started = time.monotonic()
            try:
                await self._consume()
            except (KafkaError, PersistenceError, OSError, TimeoutError, Stalled) as error:
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
            auto_offset_reset="none",  # else Kafka sends a reader whose place is gone to the beginning, without a word
            metadata_max_age_ms=int(WATCH_S * 1000),
            max_poll_interval_ms=300_000,
            session_timeout_ms=10_000,
            check_crcs=True,
            isolation_level="read_committed",
        )
        self._aside = self._doubted = frozenset()
        self._next, self._read_as = {}, {}
        await asyncio.to_thread(self.losses.refresh)
        self.assignment.subscribe(consumer, self.topics.pattern, self.seek, self.progress.name)
        self._look_back = look_back = KafkaLookBack(self.kafka)
        try:
            await within(CALL_S, consumer.start())
            self._watched_at, self._built_at, self._proved_at = 0.0, time.monotonic(), time.monotonic()
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
            await look_back.close()

    async def _fetched(self, consumer: AIOKafkaConsumer) -> "list[ConsumerRecord[bytes, bytes]]":
        """The next batch; none when a second passes without one.

        While it is worked on nothing more is asked for, unless it is a full one. aiokafka would ask at once, get the one record that
        comes next, and ask no more until that is taken: all that came after it would wait one batch longer.
        """
        left = self._aside | self._doubted | self.held()
        consumer.resume(*consumer.paused() - left)
        consumer.pause(*left & consumer.assignment())
        batches = await self._given(consumer)
        await self._examined(
            consumer, [tp for tp, messages in batches.items() if not _is_one_after_the_other(messages, self._next.get(tp))]
        )
        left = self._aside | self._doubted  # also by a rebalance meanwhile: it is read again from where the journal stands
        self._next |= {tp: messages[-1].offset + 1 for tp, messages in batches.items() if tp not in left}
        batch = [message for tp, messages in batches.items() if tp not in left for message in messages]
        if 0 < len(batch) < BATCH:
            consumer.pause(*consumer.assignment())
        return batch

    async def _given(self, consumer: AIOKafkaConsumer) -> "Mapping[TopicPartition, list[ConsumerRecord[bytes, bytes]]]":
        """A partition whose place is gone gives nothing, and is doubted."""
        try:
            given: Mapping[TopicPartition, list[ConsumerRecord[bytes, bytes]]] = await consumer.getmany(timeout_ms=1_000, max_records=BATCH)
        except OffsetOutOfRangeError as error:
            await self._doubt(consumer, error.args[0].keys())
        except NoOffsetForPartitionError as error:
            log.info("not_sought_yet", consumer=self.progress.name, partition=str(error))
        else:
            return given
        return {}

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
            if any(outcome.counted in HOLES for outcome in outcomes):
                await self._tell()
            self.progress.counts.update(outcome.counted for outcome in outcomes)
            self.progress.moved()
            return

    def _taken(self, messages: Sequence["ConsumerRecord[bytes, bytes]"]) -> list[Outcome]:
        """As what they were sought for: an operator's word meanwhile makes no record one of the next generation."""
        tps = {TopicPartition(m.topic, m.partition) for m in messages}
        told = {(tp.topic, tp.partition): place_in(self._read_as.get(tp) or self.losses.source(tp))[3] for tp in tps}
        records = [record_of(m, self._cluster, told[m.topic, m.partition]) for m in messages]
        return self.taken(records)

    def taken(self, records: Sequence[Record]) -> list[Outcome]:
        """One by one where a record is at fault: that one is refused, the others go on."""
        try:
            return self.take(records)
        except Exception as error:
            if not self.is_of_the_record(error):
                raise
            log.exception("batch_failed", consumer=self.progress.name, records=len(records))
            return [outcome for record in records for outcome in self._taken_alone(record)]

    def is_of_the_record(self, error: Exception) -> bool:
        """Else it is held and tried again."""
        return isinstance(error, NOT_HELD)

    def _taken_alone(self, record: Record) -> list[Outcome]:
        try:
            return self.take([record])
        except Exception as error:
            if not self.is_of_the_record(error):
                raise
            place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
            log.exception("record_failed", consumer=self.progress.name, **place)
            return self.journal.answer([record], lambda fresh: [self.refuse(r, "failed") for r in fresh])


def _is_one_after_the_other(messages: Sequence["ConsumerRecord[bytes, bytes]"], wanted: int | None) -> bool:
    first, last = messages[0].offset, messages[-1].offset
    return bool(first == wanted and last - first + 1 == len(messages))
