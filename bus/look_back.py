"""Single records read again: partitions and offsets in, the records that stand there now out. By a client of its own."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from bus.kafka import CALL_S, Kafka, stopped
from bus.loops import STALLED_S, within

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
