"""One bare hop: reads a batch from a topic, produces the next event of each life to another (idempotently, acks=all), no store.

`python -m benchmarks.floor_process HOP BOOTSTRAP`. Hop 0 reads what OPDs send; the others what the hop before them produced. The
events have the bytes of a real life; hop 2 writes two, as the lane decision does, and hop 3 answers the second of them only.
"""

import asyncio
import sys
import time
from dataclasses import dataclass, field
from typing import Final

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.load import OPDS, lives
from benchmarks.topics import PARTITIONS
from benchmarks.workers import answer, lines
from bus.kafka import Kafka
from bus.loops import ended
from bus.topics import inbound_topic

HOPS: Final = ("floor.submitted", "floor.revised", "floor.decided", "floor.published")
WRITES: Final = ((0,), (1,), (2, 3), (4,))
BATCH: Final = 2_000


@dataclass
class Hop:
    number: int
    consumer: AIOKafkaConsumer
    producer: AIOKafkaProducer
    done: int = 0
    stamps: list[tuple[str, float]] = field(default_factory=list)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        life = next(lives(1))
        events = [life[index] for index in WRITES[self.number]]
        wanted = len(life[3]) if self.number == len(HOPS) - 1 else None
        while True:
            batches = await self.consumer.getmany(timeout_ms=1_000, max_records=BATCH)
            keys = [m.key for messages in batches.values() for m in messages if wanted is None or len(m.value) == wanted]
            sent = [await self.producer.send(HOPS[self.number], event, key=key) for key in keys for event in events]
            if sent:
                await asyncio.gather(*sent)
                now = time.monotonic()
                self.done += len(keys)
                self.stamps += [(key.decode(), now) for key in keys]
                self.moved.set()

    async def until(self, lives_done: int) -> float:
        while self.done < lives_done:
            self.moved.clear()
            await self.moved.wait()
        return time.monotonic()


async def run(number: int, kafka: Kafka) -> None:
    consumer = AIOKafkaConsumer(
        **kafka.options(), enable_auto_commit=False, auto_offset_reset="earliest", max_partition_fetch_bytes=4 * 1024 * 1024
    )
    producer = AIOKafkaProducer(**kafka.options(), enable_idempotence=True, acks="all", max_batch_size=256 * 1024)
    await consumer.start()
    await producer.start()
    if number == 0:
        consumer.assign([TopicPartition(inbound_topic(opd).name, 0) for opd in OPDS])
    else:
        consumer.assign([TopicPartition(HOPS[number - 1], partition) for partition in range(PARTITIONS)])
    await consumer.seek_to_beginning()
    hop = Hop(number, consumer, producer)
    running = asyncio.create_task(hop.run())
    heard = await lines()
    answer({"ready": number})
    while line := await heard.readline():
        if running.done():
            running.result()
        match orjson.loads(line):
            case {"expect": int(lives_done)}:
                answer({"done": await hop.until(lives_done)})
            case {"stamps": _}:
                answer({"stamps": hop.stamps})
                hop.stamps = []
    await ended([running])
    await consumer.stop()
    await producer.stop()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), Kafka(sys.argv[2])))
