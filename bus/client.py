"""The other side of the inbound topics: send records, wait for their receipts. Used by `jejak submit`, the demo and the tests."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from aiokafka import AIOKafkaConsumer
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import DefaultSubscriber

from bus.kafka import CALL_S, Kafka
from bus.loops import within
from bus.stream import connected, stream
from events.contracts import RECEIPTS_TOPIC

Records = Sequence[tuple[str, bytes | None, bytes | None]]
"""Topic, key and value of each."""


async def send(kafka: Kafka, records: Records) -> None:
    """Send records of JSON and wait until Kafka has them all. Raises KafkaError, TimeoutError."""
    async with connected(stream(kafka)) as broker:
        await publish(broker, records)


async def submit(kafka: Kafka, records: Records, *, event_ids: Collection[str], timeout_s: float) -> list[dict[str, Any]]:
    """Send records to inbound topics and wait for a receipt of each event_id. Raises TimeoutError when some stay out."""
    async with kafka.admin() as admin:
        if RECEIPTS_TOPIC not in await admin.list_topics():
            raise TimeoutError(f"Kafka knows no topic {RECEIPTS_TOPIC}; start the lanes once")
    broker, awaited = stream(kafka), Awaited(set(event_ids))
    subscriber = awaited.subscribe(broker)
    async with connected(broker):
        await _settle(cast("AIOKafkaConsumer", subscriber.consumer))
        await publish(broker, records)
        try:
            await within(timeout_s, awaited.all_there.wait())
        except TimeoutError:
            raise TimeoutError(f"no receipt yet for {', '.join(sorted(awaited.open_ids)[:5])}: is intake running?") from None
    return awaited.receipts


@dataclass
class Awaited:
    """The receipts that somebody waits for."""

    open_ids: set[str]
    receipts: list[dict[str, Any]] = field(default_factory=list)
    all_there: asyncio.Event = field(default_factory=asyncio.Event)

    def subscribe(self, broker: KafkaBroker) -> DefaultSubscriber:
        """To receipts that are written from now on."""
        subscriber = broker.subscriber(RECEIPTS_TOPIC, auto_offset_reset="latest", isolation_level="read_committed")
        subscriber(self.take)
        return subscriber

    async def take(self, body: bytes) -> None:
        receipt = orjson.loads(body)
        if receipt["event_id"] in self.open_ids:
            self.open_ids.remove(receipt["event_id"])
            self.receipts.append(receipt)
        if not self.open_ids:
            self.all_there.set()


async def publish(broker: KafkaBroker, records: Records) -> None:
    """Through a connected broker; returns when Kafka has them all. Raises KafkaError, TimeoutError."""
    headers = {"content-type": "application/json"}
    sent = [await broker.publish(value, topic, key=key, headers=headers, no_confirm=True) for topic, key, value in records]
    await within(4 * CALL_S, asyncio.gather(*sent))


async def _settle(consumer: AIOKafkaConsumer) -> None:
    """Until it is settled where "from now on" is: a receipt that comes before that would be missed."""
    for partition in consumer.assignment():
        await within(CALL_S, consumer.position(partition))
