"""Kafka for the bench: topics made anew, records sent as fast as one process can, ends of topics."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from benchmarks.load import OPDS
from bus.directory import put_record
from bus.kafka import Kafka
from bus.topics import FOR_EVER, Topic, ensure, inbound_topic, shared_topics
from events.contracts import DEAD_LETTERS_TOPIC, DIRECTORY_TOPIC, LOG_TOPIC, RECEIPTS_TOPIC

PARTITIONS: Final = 12
IN_FLIGHT: Final = 5_000
JEJAKS: Final = (LOG_TOPIC, RECEIPTS_TOPIC, DEAD_LETTERS_TOPIC, DIRECTORY_TOPIC, *(inbound_topic(opd).name for opd in OPDS))


async def fresh(kafka: Kafka, hops: Sequence[str] = ()) -> None:
    """Jejak's topics and the floor's, empty: those of an earlier run are deleted first."""
    async with kafka.admin() as admin:
        await _deleted(admin, [*JEJAKS, *hops])
        topics = [*shared_topics(PARTITIONS), *(inbound_topic(opd) for opd in OPDS), *(Topic(hop, PARTITIONS, FOR_EVER) for hop in hops)]
        await ensure(admin, topics, replication=1, in_sync=1)
    for opd in OPDS:
        await put_record(kafka, f"opd/{opd}", {"name": opd})


async def fresh_inbound(kafka: Kafka) -> None:
    """Only what comes in and its receipts; the log stays."""
    async with kafka.admin() as admin:
        await _deleted(admin, [RECEIPTS_TOPIC, *(inbound_topic(opd).name for opd in OPDS)])
        await ensure(admin, [*shared_topics(PARTITIONS), *(inbound_topic(opd) for opd in OPDS)], replication=1, in_sync=1)


async def _deleted(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    if old := sorted(set(names) & set(await admin.list_topics())):
        await admin.delete_topics(old, timeout_ms=15_000)
        while set(old) & set(await admin.list_topics()):  # noqa: ASYNC110 (Kafka tells nobody)
            await asyncio.sleep(0.1)


async def send(kafka: Kafka, records: Iterable[tuple[str, bytes | None, bytes]]) -> None:
    """(topic, key, value), in order, acknowledged on return."""
    producer = AIOKafkaProducer(**kafka.options(), enable_idempotence=True, acks="all", linger_ms=5, max_batch_size=1024 * 1024)
    await producer.start()
    try:
        sent: list[asyncio.Future[object]] = []
        for topic, key, value in records:
            sent.append(await producer.send(topic, value, key=key))
            if len(sent) >= IN_FLIGHT:
                await asyncio.gather(*sent)
                sent.clear()
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def held(kafka: Kafka, topic: str) -> int:
    """How many records a topic holds (nothing is ever deleted from it)."""
    consumer = AIOKafkaConsumer(**kafka.options(), enable_auto_commit=False)
    await consumer.start()
    try:
        async with kafka.admin() as admin:
            described = await admin.describe_topics([topic])
        partitions = [TopicPartition(topic, p["partition"]) for t in described for p in t["partitions"]]
        return sum((await consumer.end_offsets(partitions)).values())
    finally:
        await consumer.stop()
