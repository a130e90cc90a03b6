"""The other side of the inbound topics: send records, wait for their receipts. Used by `jejak submit`, the demo and the tests."""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bus.kafka import CALL_S, Kafka, stopped
from bus.loops import within
from events.contracts import RECEIPTS_TOPIC


async def send(kafka: Kafka, records: Sequence[tuple[str, bytes | None, bytes | None]]) -> None:
    """Send (topic, key, value) and wait until Kafka has them all. Raises KafkaError, TimeoutError."""
    producer = AIOKafkaProducer(**kafka.options(), enable_idempotence=True, acks="all", max_request_size=4 * 1024 * 1024)
    try:
        await within(CALL_S, producer.start())
        sent = [await producer.send(topic, value, key=key) for topic, key, value in records]
        await within(4 * CALL_S, asyncio.gather(*sent))
    finally:
        await stopped(producer.stop())


async def submit(
    kafka: Kafka, records: Sequence[tuple[str, bytes | None, bytes]], *, event_ids: Collection[str], timeout_s: float
) -> list[dict[str, Any]]:
    """Send records to inbound topics and wait for a receipt of each event_id. Raises TimeoutError when some stay out."""
    consumer = AIOKafkaConsumer(**kafka.options(), group_id=None, enable_auto_commit=False, auto_offset_reset="latest")
    try:
        await within(CALL_S, consumer.start())
        await consumer.topics()
        await _assign_at_end(consumer)
        await send(kafka, records)
        return await _receipts(consumer, set(event_ids), time.monotonic() + timeout_s)
    finally:
        await stopped(consumer.stop())


async def _assign_at_end(consumer: AIOKafkaConsumer) -> None:
    partitions = await _partitions(consumer)
    consumer.assign(partitions)
    ends = await within(CALL_S, consumer.end_offsets(partitions))
    for partition, end in ends.items():
        consumer.seek(partition, end)


async def _partitions(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    consumer.assign([TopicPartition(RECEIPTS_TOPIC, 0)])
    deadline = time.monotonic() + CALL_S
    while not (found := consumer.partitions_for_topic(RECEIPTS_TOPIC)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Kafka knows no topic {RECEIPTS_TOPIC}; start the lanes once")
        await asyncio.sleep(0.05)
    return [TopicPartition(RECEIPTS_TOPIC, number) for number in sorted(found)]


async def _receipts(consumer: AIOKafkaConsumer, open_ids: set[str], deadline: float) -> list[dict[str, Any]]:
    receipts: list[dict[str, Any]] = []
    while open_ids:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no receipt yet for {', '.join(sorted(open_ids)[:5])}: is intake running?")
        for messages in (await consumer.getmany(timeout_ms=int(min(left, 1.0) * 1000))).values():
            for message in messages:
                receipt = orjson.loads(message.value)
                if receipt["event_id"] in open_ids:
                    open_ids.discard(receipt["event_id"])
                    receipts.append(receipt)
    return receipts
