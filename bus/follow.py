"""A topic followed by somebody who is no lane (the desk's notices), on FastStream: from stored positions on, nothing is skipped.

The reader keeps the positions with what it made of the records. No group and no commits: every reader gets every record, and drops what
it knows. FastStream goes on when a handler raises, so ours returns only when its batch is taken.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka import TopicPartition as Place
from faststream.kafka import TopicPartition

from bus.consumer import record_of
from bus.kafka import CALL_S, Kafka
from bus.loops import STALLED_S, WATCH_S, Progress, pause, within
from bus.stream import connected, listening
from events.admission import Record

BATCH: Final = 500
Records = tuple["ConsumerRecord[bytes, bytes]", ...]
log = structlog.get_logger("jejak.bus")


async def follow(
    kafka: Kafka,
    topic: str,
    positions: Callable[[str], Mapping[int, int]],
    take: Callable[[Sequence[Record]], None],
    wait_for: tuple[type[Exception], ...],
    progress: Progress,
) -> None:
    """Until cancelled. `take` blocks; when it raises one of `wait_for`, the batch is held and given again; `progress` shows it.

    Raises KafkaError, OSError, TimeoutError, and whatever else `take` raises: whoever owns the loop starts it anew.
    """
    async with kafka.admin() as admin:
        cluster = str((await admin.describe_cluster())["cluster_id"])
        numbers = [p["partition"] for described in await admin.describe_topics([topic]) for p in described["partitions"]]
    kept = await asyncio.to_thread(positions, cluster)
    broker, seeked, idle = listening(kafka), asyncio.Event(), asyncio.Event()
    idle.set()
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    subscriber = broker.subscriber(
        partitions=[TopicPartition(topic, number) for number in numbers],
        batch=True,
        max_records=BATCH,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        parser=_without_headers,
        decoder=_records,
    )

    @subscriber
    async def taken(records: Any) -> None:  # noqa: ANN401 (FastStream would validate anything else)
        if not seeked.is_set():
            return  # it will be read again from its place
        idle.clear()
        try:
            await _held(lambda: take([record_of(record, cluster) for record in records]), wait_for, progress)
            progress.counts["taken"] += len(records)
            idle.set()
        except Exception as error:  # noqa: BLE001 (handed to whoever owns this loop)
            if not failed.done():
                failed.set_exception(error)
            await asyncio.Event().wait()

    async with connected(broker):
        consumer = cast("AIOKafkaConsumer", subscriber.consumer)
        await _seek(consumer, {Place(topic, number): kept.get(number, 0) for number in numbers})
        seeked.set()
        watching = asyncio.ensure_future(_watch(consumer, progress, idle))
        try:
            await asyncio.wait([watching, failed], return_when=asyncio.FIRST_COMPLETED)
            (failed if failed.done() else watching).result()
        finally:
            watching.cancel()


async def _held(work: Callable[[], None], wait_for: tuple[type[Exception], ...], progress: Progress) -> None:
    failures = 0
    while True:
        try:
            await asyncio.to_thread(work)
            progress.moved()
            return
        except wait_for as error:
            failures += 1
            progress.blocked = f"{type(error).__name__}: {error}"
            log.error("follower_waits", error=repr(error))
            await asyncio.sleep(pause(failures))


async def _seek(consumer: AIOKafkaConsumer, wanted: Mapping[Place, int]) -> None:
    """A topic that holds less than was read was cut or made anew: it is read from its beginning."""
    first = await within(CALL_S, consumer.beginning_offsets(list(wanted)))
    ends = await within(CALL_S, consumer.end_offsets(list(wanted)))
    for place, offset in wanted.items():
        consumer.seek(place, offset if first[place] <= offset <= ends[place] else first[place])


async def _watch(consumer: AIOKafkaConsumer, progress: Progress, idle: asyncio.Event) -> None:
    """`idle`: no batch is being taken. Raises TimeoutError when records are there and none of them comes (aiokafka #1154)."""
    moved_at, before = time.monotonic(), dict[Place, int]()
    while True:
        places = list(consumer.assignment())
        now = {place: await within(CALL_S, consumer.position(place)) for place in places}
        ends = await within(CALL_S, consumer.end_offsets(places))
        progress.lag = sum(max(0, ends[place] - now[place]) for place in places)
        if progress.lag == 0 and idle.is_set():
            progress.ready = True
            progress.moved()
        if now != before or progress.lag == 0:
            moved_at, before = time.monotonic(), now
        elif time.monotonic() - moved_at > STALLED_S:
            raise TimeoutError("records are there and none comes")
        await asyncio.sleep(WATCH_S)


async def _without_headers(records: Records, parse: Callable[[Records], Any]) -> Any:  # noqa: ANN401
    return await parse(tuple(replace(record, headers=()) for record in records))


async def _records(message: Any) -> Records:  # noqa: ANN401
    return cast("Records", message.raw_message)
