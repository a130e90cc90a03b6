"""Single records read again: partitions and offsets in, the records that stand there now out. By a client of its own."""

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from bus.kafka import CALL_S, Kafka, stopped
from bus.loops import STALLED_S, within
from events.admission import Record

FETCH_BYTES: Final = 64 * 1024
"""Kafka gives a whole batch also where it is larger."""
POLL_MS: Final = 500
SETTLE_S: Final = 0.05
"""A client that is stopped in the moment in which it drops its partitions freezes (aiokafka #773)."""
NEAR: Final = 50
"""So many records are rather read than passed over."""
Found = dict[TopicPartition, dict[int, "ConsumerRecord[bytes, bytes]"]]
Wanted = Mapping[TopicPartition, Collection[int]]


class LookBack(Protocol):
    """Where a consumer's records can be read again."""

    async def records_at(self, wanted: Wanted) -> Found:
        """Partition → offset → record; offsets at which no record stands, as committed readers see it, are left out."""
        ...


@dataclass
class KafkaLookBack:
    """Raises KafkaError, TimeoutError. `close` it in the end."""

    kafka: Kafka
    _consumer: AIOKafkaConsumer | None = field(default=None, repr=False)

    async def records_at(self, wanted: Wanted) -> Found:
        """Offsets must lie between the beginning and the end of their partitions."""
        consumer = await self._started()
        found: Found = {tp: {} for tp in wanted}
        rest = {tp: sorted(offsets) for tp, offsets in wanted.items() if offsets}
        if not rest:
            return found
        consumer.assign(list(rest))
        try:
            for tp, offsets in rest.items():
                consumer.seek(tp, offsets[0])
            deadline = time.monotonic() + STALLED_S
            while rest:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"records of {len(rest)} partitions do not arrive again")
                batches = await within(STALLED_S, consumer.getmany(*rest, timeout_ms=POLL_MS))
                for tp, messages in batches.items():
                    found[tp] |= {message.offset: message for message in messages if message.offset in rest[tp]}
                await self._passed(consumer, rest)
            return found
        finally:
            consumer.unsubscribe()

    async def _passed(self, consumer: AIOKafkaConsumer, rest: dict[TopicPartition, list[int]]) -> None:
        """What was read needs no more; what comes next is sought where it lies further on."""
        for tp in list(rest):
            position = await within(CALL_S, consumer.position(tp))
            rest[tp] = [offset for offset in rest[tp] if offset >= position]
            if not rest[tp]:
                del rest[tp]
                consumer.pause(tp)
            elif rest[tp][0] > position + NEAR:
                consumer.seek(tp, rest[tp][0])

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        consumer = await self._started()
        return await within(CALL_S, consumer.beginning_offsets(partitions)) if partitions else {}

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The offset after their last record."""
        consumer = await self._started()
        return await within(CALL_S, consumer.end_offsets(partitions)) if partitions else {}

    async def close(self) -> None:
        if self._consumer:
            await asyncio.sleep(SETTLE_S)
            await stopped(self._consumer.stop())
            self._consumer = None

    async def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **self.kafka.options(),
                enable_auto_commit=False,
                auto_offset_reset="none",
                check_crcs=True,
                isolation_level="read_committed",
                max_partition_fetch_bytes=FETCH_BYTES,
            )
            self._consumer = consumer
            await within(CALL_S, consumer.start())
        return self._consumer


async def records_before(kafka: Kafka, positions: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], tuple[Record | None, int, int]]:
    """(topic, partition) → the record before a position, and what Kafka holds (first offset, the one after the last).

    No record where it is outside of that, or none stands there. What is not there any more is left out. Raises KafkaError, TimeoutError.
    """
    look_back = KafkaLookBack(kafka)
    try:
        async with kafka.admin() as admin:
            there = set(await admin.list_topics())
        tps = {TopicPartition(*place): position for place, position in positions.items() if place[0] in there}
        begins, ends = await look_back.beginning_offsets(tps), await look_back.end_offsets(tps)
        wanted = {tp: [position - 1] for tp, position in tps.items() if begins[tp] < position <= ends[tp]}
        found = await look_back.records_at(wanted)
        return {(tp.topic, tp.partition): (_record(found.get(tp, {}).get(at - 1)), begins[tp], ends[tp]) for tp, at in tps.items()}
    finally:
        await look_back.close()


def _record(message: "ConsumerRecord[bytes, bytes] | None") -> Record | None:
    if message is None:
        return None
    return Record(message.topic, message.partition, message.offset, message.key, message.value, timestamp=message.timestamp)
