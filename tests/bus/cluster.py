"""What tests do to a real Kafka: make topics, put records (also ones that no client would send), read them all, wait for progress."""

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import NewTopic
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from bus.consumer import Consumer
from bus.kafka import Kafka
from bus.loops import Progress, ended
from bus.reader import read_topic, spans
from bus.sources import InboundConsumer, LogConsumer
from events.admission import Outcome, Record
from events.journal import Journal
from events.submission import Recorded

PATIENCE_S = 90.0
Take = Callable[[Sequence[Record]], list[Outcome]]


async def new_topic(kafka: Kafka, name: str | None = None, *, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
    """A topic of the test's own."""
    name = name or f"test.{uuid.uuid4().hex}"
    async with kafka.admin() as admin:
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=dict(config or {}))])
    return name


async def delete_topic(kafka: Kafka, name: str) -> None:
    async with kafka.admin() as admin:
        await admin.delete_topics([name])


async def put(kafka: Kafka, topic: str, *records: tuple[bytes | None, bytes | None], partition: int = 0) -> None:
    """Send (key, value) to one partition, in order."""
    async with AIOKafkaProducer(**kafka.options(), max_request_size=8 * 1024 * 1024) as producer:
        for key, value in records:
            await producer.send_and_wait(topic, value, key=key, partition=partition)


async def put_story(kafka: Kafka, topic: str, *told: Recorded, partition: int = 0) -> None:
    await put(kafka, topic, *((str(r.event.submission_id).encode(), r.raw) for r in told), partition=partition)


async def put_with_header(kafka: Kafka, topic: str, key: bytes, value: bytes, *, header: bytes, compression: int = 0) -> None:
    """A record with a header whose name is any bytes, as a C client may send it."""

    class Name(str):
        __slots__ = ()

        def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
            return header

    async with AIOKafkaProducer(**kafka.options()) as producer:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(
            magic=2,
            compression_type=compression,
            is_transactional=0,
            producer_id=-1,
            producer_epoch=-1,
            base_sequence=0,
            batch_size=1 << 20,
        )
        batch.append(timestamp=None, key=key, value=value, headers=[(Name("name"), b"value")])
        await (await producer.send_batch(batch, topic, partition=0))


async def all_records(kafka: Kafka, topic: str) -> list["ConsumerRecord[bytes, bytes]"]:
    """Everything that is on a topic now."""
    return [record async for batch in read_topic(kafka, topic, await spans(kafka, topic)) for record in batch]


def log_consumer(kafka: Kafka, journal: Journal, topic: str, *, take: Take | None = None, **more: Any) -> Consumer:
    """A lane's consumer of the log, or with `refuse` of the OPDs' topics, on a topic (or pattern) of the test's own."""
    pattern = re.compile(f"^{topic}$")
    progress = more.pop("progress", None) or Progress("log")
    kind: type[Consumer] = InboundConsumer if "refuse" in more else LogConsumer
    return kind(kafka=kafka, journal=journal, topics=pattern, take=take or journal.replicate, progress=progress, **more)


@asynccontextmanager
async def running(*loops: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """The loops run in the background, as a lane runs them."""
    tasks = [asyncio.ensure_future(loop()) for loop in loops]
    try:
        yield
    finally:
        await ended(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()


async def until(is_so: Callable[[], object], *, what: str = "it") -> None:
    """Wait for progress, with a deadline."""
    deadline = time.monotonic() + PATIENCE_S
    while not await asyncio.to_thread(is_so):
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s in vain for {what}"
        await asyncio.sleep(0.02)
