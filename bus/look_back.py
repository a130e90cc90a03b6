"""Single records read again: partitions and offsets in, the records that stand there now out. By a client of its own."""

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
Found = dict[TopicPartition, "ConsumerRecord[bytes, bytes]"]


class LookBack(Protocol):
    """Where a consumer's records can be read again."""

    async def records_at(self, wanted: Mapping[TopicPartition, int]) -> Found:
        """Partitions that hold no record at that offset, as committed readers see them, are left out."""
        ...


@dataclass
class KafkaLookBack:
    """Raises KafkaError, TimeoutError. `close` it in the end."""

    kafka: Kafka
    _consumer: AIOKafkaConsumer | None = field(default=None, repr=False)

    async def records_at(self, wanted: Mapping[TopicPartition, int]) -> Found:
        """Offsets must lie between the beginning and the end of their partitions."""
        consumer = await self._started()
        found: Found = {}
        open_tps = dict(wanted)
        consumer.assign(list(open_tps))
        try:
            for tp, offset in open_tps.items():
                consumer.seek(tp, offset)
            deadline = time.monotonic() + STALLED_S
            while open_tps:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{len(open_tps)} records do not arrive again")
                batches = await within(STALLED_S, consumer.getmany(*open_tps, timeout_ms=POLL_MS))
                found |= {tp: messages[0] for tp, messages in batches.items() if messages[0].offset == open_tps[tp]}
                for tp in batches or [tp for tp, offset in open_tps.items() if await within(CALL_S, consumer.position(tp)) > offset]:
                    del open_tps[tp]
                    consumer.pause(tp)
            return found
        finally:
            consumer.unsubscribe()

    async def spans(self, partitions: Collection[TopicPartition]) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
        """Where they begin, and the offset after their last record."""
        consumer = await self._started()
        begins = await within(CALL_S, consumer.beginning_offsets(partitions)) if partitions else {}
        ends = await within(CALL_S, consumer.end_offsets(partitions)) if partitions else {}
        return begins, ends

    async def close(self) -> None:
        if self._consumer:
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
        begins, ends = await look_back.spans(tps)
        wanted = {tp: position - 1 for tp, position in tps.items() if begins[tp] < position <= ends[tp]}
        found = await look_back.records_at(wanted) if wanted else {}
        return {(tp.topic, tp.partition): (_record(found.get(tp)), begins[tp], ends[tp]) for tp in tps}
    finally:
        await look_back.close()


def _record(message: "ConsumerRecord[bytes, bytes] | None") -> Record | None:
    return Record(message.topic, message.partition, message.offset, message.key, message.value) if message else None
