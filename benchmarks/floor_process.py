"""One bare hop: reads a batch from a topic, produces the next event of each life to another (idempotently, acks=all), no store.

`python -m benchmarks.floor_process HOP BOOTSTRAP`. Hop 0 reads what OPDs send; the others what the hop before them produced. The
events have the bytes of a real life; hop 2 writes two, as the lane decision does, and hop 3 answers the second of them only.
"""

import asyncio
import sys
import time
from typing import Final

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.load import OPDS, lives
from benchmarks.topics import PARTITIONS
from benchmarks.workers import answer, lines
from jejak.events.bus import Kafka
from jejak.events.topics import inbound_topic

HOPS: Final = ("floor.submitted", "floor.revised", "floor.decided", "floor.published")
WRITES: Final = ((0,), (1,), (2, 3), (4,))
BATCH: Final = 2_000


async def run(hop: int, kafka: Kafka) -> None:
    life = next(lives(1))
    events = [life[index] for index in WRITES[hop]]
    answers_to = len(life[3]) if hop == 3 else None
    consumer = AIOKafkaConsumer(
        **kafka.options(), enable_auto_commit=False, auto_offset_reset="earliest", max_partition_fetch_bytes=4 * 1024 * 1024
    )
    producer = AIOKafkaProducer(**kafka.options(), enable_idempotence=True, acks="all", linger_ms=0, max_batch_size=256 * 1024)
    await consumer.start()
    await producer.start()
    if hop == 0:
        consumer.assign([TopicPartition(inbound_topic(opd).name, 0) for opd in OPDS])
    else:
        consumer.assign([TopicPartition(HOPS[hop - 1], partition) for partition in range(PARTITIONS)])
    await consumer.seek_to_beginning()
    told = await lines()
    answer({"ready": hop})
    done, wanted, stamps, passing = 0, 0, [], asyncio.create_task(told.readline())
    while True:
        batches = await consumer.getmany(timeout_ms=100, max_records=BATCH)
        keys = [m.key for messages in batches.values() for m in messages if answers_to is None or len(m.value) == answers_to]
        sent = [await producer.send(HOPS[hop], event, key=key) for key in keys for event in events]
        if sent:
            await asyncio.gather(*sent)
            now = time.monotonic()
            done += len(keys)
            if hop == 3 and wanted < 0:
                stamps += [[key.decode(), now] for key in keys]
            if 0 < wanted <= done:
                answer({"done": now})
                wanted = 0
        if passing.done():
            if not (line := passing.result()):
                break
            said = orjson.loads(line)
            wanted = said.get("expect", wanted)
            if said.get("stamps"):
                answer({"stamps": stamps})
                stamps = []
            elif 0 < wanted <= done:
                answer({"done": time.monotonic()})
                wanted = 0
            passing = asyncio.create_task(told.readline())
    await consumer.stop()
    await producer.stop()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), Kafka(sys.argv[2])))
