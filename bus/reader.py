"""A topic from its beginning to the end that it has now, and a log written anew. For checks and rebuilding; lanes use the bus.

In: a cluster, a topic and offsets; out: batches of records, in order within each partition. Writing is idempotent and acknowledged.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from bus.kafka import CALL_S, Kafka, stopped
from bus.loops import STALLED_S, within
from bus.relay import SEND_BYTES, SEND_S, message_of
from events.journal import Entry

Span = tuple[int, int]
"""The first offset and the one after the last."""
READ_AHEAD: Final = 2 * 1024 * 1024
RECORDS_A_BATCH: Final = 2_000


class LogUnreachable(RuntimeError):
    """Kafka or the topic cannot be read or written now; one sentence for people."""


async def cluster_id(kafka: Kafka) -> str:
    """The name under which journals keep their positions. Raises LogUnreachable."""
    try:
        async with kafka.admin() as admin:
            return str((await admin.describe_cluster())["cluster_id"])
    except (KafkaError, OSError, TimeoutError) as error:
        raise _unreachable(kafka, error) from error


async def spans(kafka: Kafka, topic: str) -> dict[int, Span]:
    """Partition → the offsets that it holds now. Raises LogUnreachable, also when there is no such topic."""
    try:
        async with kafka.admin() as admin:
            if topic not in await admin.list_topics():
                raise LogUnreachable(f"Topik {topic} tidak ada di Kafka {kafka.bootstrap}.")
            described = await admin.describe_topics([topic])
        async with _consumer(kafka) as consumer:
            partitions = [TopicPartition(topic, p["partition"]) for t in described for p in t["partitions"]]
            first = await within(CALL_S, consumer.beginning_offsets(partitions))
            after = await within(CALL_S, consumer.end_offsets(partitions))
    except (KafkaError, OSError, TimeoutError) as error:
        raise _unreachable(kafka, error) from error
    return {tp.partition: (first[tp], after[tp]) for tp in partitions}


async def spans_if_there(kafka: Kafka, topic: str) -> dict[int, Span]:
    """As `spans`; nothing when there is no such topic."""
    try:
        async with kafka.admin() as admin:
            there = topic in await admin.list_topics()
    except (KafkaError, OSError, TimeoutError) as error:
        raise _unreachable(kafka, error) from error
    return await spans(kafka, topic) if there else {}


async def read_topic(kafka: Kafka, topic: str, wanted: Mapping[int, Span]) -> AsyncIterator[list["ConsumerRecord[bytes, bytes]"]]:
    """The records of these spans, in batches of one partition each. Raises LogUnreachable when none comes for half a minute."""
    open_spans = {TopicPartition(topic, partition): span for partition, span in wanted.items() if span[0] < span[1]}
    if not open_spans:
        return
    try:
        async with _consumer(kafka) as consumer:
            consumer.assign(list(open_spans))
            for tp, (first, _) in open_spans.items():
                consumer.seek(tp, first)
            moved_at = time.monotonic()
            while open_spans:
                batches = await within(STALLED_S, consumer.getmany(*open_spans, timeout_ms=1_000, max_records=RECORDS_A_BATCH))
                for tp, records in batches.items():
                    moved_at = time.monotonic()
                    yield records if records[-1].offset < open_spans[tp][1] else [r for r in records if r.offset < open_spans[tp][1]]
                for tp in [tp for tp, (_, end) in open_spans.items() if await consumer.position(tp) >= end]:
                    consumer.pause(tp)
                    del open_spans[tp]
                if time.monotonic() - moved_at > STALLED_S:
                    raise LogUnreachable(f"Kafka {kafka.bootstrap} tidak mengirim apa pun selama {STALLED_S:.0f} detik.")
    except (KafkaError, OSError, TimeoutError) as error:
        raise _unreachable(kafka, error) from error


@asynccontextmanager
async def writer(kafka: Kafka, topic: str) -> AsyncIterator[Callable[[Sequence[Entry]], Awaitable[None]]]:
    """A function that writes events of a journal to a topic, in order, and returns when all are acknowledged."""
    producer = AIOKafkaProducer(
        **kafka.options(), enable_idempotence=True, acks="all", linger_ms=5, max_request_size=SEND_BYTES, max_batch_size=READ_AHEAD
    )

    async def write(entries: Sequence[Entry]) -> None:
        for acknowledged in [await producer.send(**(message_of(entry) | {"topic": topic})) for entry in entries]:
            await acknowledged

    async def write_in_time(entries: Sequence[Entry]) -> None:
        await within(SEND_S, write(entries))

    try:
        await within(CALL_S, producer.start())
        yield write_in_time
    except (KafkaError, OSError, TimeoutError) as error:
        raise _unreachable(kafka, error) from error
    finally:
        await stopped(producer.stop())


@asynccontextmanager
async def _consumer(kafka: Kafka) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **kafka.options(),
        enable_auto_commit=False,
        auto_offset_reset="none",
        check_crcs=True,
        isolation_level="read_committed",  # as the lanes read it: a transaction that was taken back never was
        max_partition_fetch_bytes=READ_AHEAD,
        fetch_max_bytes=8 * READ_AHEAD,
    )
    try:
        await within(CALL_S, consumer.start())
        yield consumer
    finally:
        await stopped(consumer.stop())


def _unreachable(kafka: Kafka, error: Exception) -> LogUnreachable:
    return LogUnreachable(f"Kafka {kafka.bootstrap} tidak dapat dihubungi ({type(error).__name__}); periksa alamat dan jaringan.")
