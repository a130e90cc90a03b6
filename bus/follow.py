"""A topic followed by somebody who is no lane (the desk's notices), on FastStream: from stored positions on, nothing is skipped.

The reader keeps the positions and marks with what it made of the records, and drops what it knows: no group, no commits. What Kafka lost is
found, written down and left unread as a lane does it (`bus/losses.py`). FastStream goes on when a handler raises, so ours returns only when
its batch is taken.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka import TopicPartition as Place
from faststream.kafka import TopicPartition

from bus.consumer import record_of
from bus.kafka import CALL_S, Kafka
from bus.look_back import KafkaLookBack
from bus.loops import STALLED_S, WATCH_S, Progress, ended, pause, within
from bus.losses import LossWatch
from bus.standing import LOOK_S
from bus.stream import connected, listening
from events.admission import Record
from events.recorder import Bookmarks

BATCH: Final = 500
Records = tuple["ConsumerRecord[bytes, bytes]", ...]
log = structlog.get_logger("jejak.bus")


class Doubted(RuntimeError):
    """What was read may not be there any more, or is read otherwise by the operator's word: looked at before anything more is read."""


async def follow(
    kafka: Kafka,
    topic: str,
    store: Bookmarks,
    take: Callable[[Sequence[Record]], None],
    wait_for: tuple[type[Exception], ...],
    progress: Progress,
) -> None:
    """Until cancelled. `take` blocks; when it raises one of `wait_for`, the batch is held and given again; `progress` shows it.

    Raises KafkaError, OSError, TimeoutError, the store's errors, and whatever else `take` raises: whoever owns the loop starts it anew.
    """
    async with kafka.admin() as admin:
        cluster = str((await admin.describe_cluster())["cluster_id"])
    look_back = KafkaLookBack(kafka)
    watch = LossWatch(store, cluster, keeps_all=True)
    following = _Following(kafka, topic, store, take, wait_for, progress, watch, look_back)
    try:
        while True:
            places = await following.until_whole()
            try:
                await following.read(places)
            except Doubted as error:
                log.warning("follower_doubts", topic=topic, error=str(error))
    finally:
        await look_back.close()


@dataclass
class _Following:
    kafka: Kafka
    topic: str
    store: Bookmarks
    take: Callable[[Sequence[Record]], None]
    wait_for: tuple[type[Exception], ...]
    progress: Progress
    watch: LossWatch
    look_back: KafkaLookBack
    _next: dict[Place, int] = field(default_factory=dict)
    _sources: Mapping[Place, str] = field(default_factory=dict)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def until_whole(self) -> list[Place]:
        """The partitions, once they hold all that was read of them, or the operator has said how to go on."""
        pattern = re.compile(f"^{re.escape(self.topic)}$")
        while True:
            async with self.kafka.admin() as admin:
                numbers = [p["partition"] for told in await admin.describe_topics([self.topic]) for p in told["partitions"]]
            places = [Place(self.topic, number) for number in numbers]
            await asyncio.to_thread(self.watch.missing, pattern, places)
            async with self._looking:
                suspects = await self.watch.examine(self.look_back, self.look_back, places)
            await asyncio.to_thread(self.watch.refresh)
            self.progress.left_alone = self.watch.words(pattern)
            if places and not suspects and not self.progress.left_alone:
                return places
            await asyncio.sleep(WATCH_S if self.progress.left_alone else LOOK_S)

    async def read(self, places: Sequence[Place]) -> None:
        """Raises Doubted, and what `follow` raises."""
        self._sources = {place: self.watch.source(place) for place in places}
        kept = await asyncio.to_thread(self.store.positions, list(self._sources.values()))
        self._next = {place: kept.get(source, 0) for place, source in self._sources.items()}
        broker, seeked, idle = listening(self.kafka), asyncio.Event(), asyncio.Event()
        idle.set()
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        subscriber = broker.subscriber(
            partitions=[TopicPartition(place.topic, place.partition) for place in places],
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
                await self._taken(records)
                idle.set()
            except Exception as error:  # noqa: BLE001 (handed to whoever owns this loop)
                if not failed.done():
                    failed.set_exception(error)
                await asyncio.Event().wait()

        async with connected(broker):
            consumer = cast("AIOKafkaConsumer", subscriber.consumer)
            for place, offset in self._next.items():
                consumer.seek(place, offset)
            seeked.set()
            watching = asyncio.ensure_future(self._watch(consumer, idle))
            try:
                await asyncio.wait([watching, failed], return_when=asyncio.FIRST_COMPLETED)
                (failed if failed.done() else watching).result()
            finally:
                await ended([watching])

    async def _taken(self, messages: Records) -> None:
        """Records that do not follow each other are looked at first: only marks of transactions may lie between them, and what was taken
        before comes once more when it was asked for before we sought our place.
        """
        following, fresh, gap = dict(self._next), list[Record](), False
        for message in messages:
            place = Place(message.topic, message.partition)
            gap = gap or message.offset != following[place]
            if message.offset >= following[place]:
                fresh.append(record_of(message, self.watch.cluster, self.watch.generation(place)))
                following[place] = message.offset + 1
        if gap:
            await self._need_whole(list(self._next))
        if fresh:
            await _held(lambda: self.take(fresh), self.wait_for, self.progress)
        self.progress.counts["taken"] += len(fresh)
        self._next = following

    async def _need_whole(self, places: Sequence[Place]) -> None:
        async with self._looking:
            if suspects := await self.watch.examine(self.look_back, self.look_back, places):
                raise Doubted(f"{len(suspects)} partitions may have lost records")
        self._need_the_same()

    def _need_the_same(self) -> None:
        if self.watch.unread(self._sources) or any(self.watch.source(place) != source for place, source in self._sources.items()):
            raise Doubted("a loss was found or ended")

    async def _watch(self, consumer: AIOKafkaConsumer, idle: asyncio.Event) -> None:
        """`idle`: no batch is being taken. Raises TimeoutError when records are there and none of them comes (aiokafka #1154)."""
        moved_at, before = time.monotonic(), dict[Place, int]()
        while True:
            places = list(consumer.assignment())
            now = {place: await within(CALL_S, consumer.position(place)) for place in places}
            ends = await within(CALL_S, consumer.end_offsets(places))
            if shorter := [place for place in places if now[place] > ends[place]]:
                await self._need_whole(shorter)
            self.progress.lag = sum(max(0, ends[place] - now[place]) for place in places)
            if self.progress.lag == 0 and idle.is_set():
                self.progress.ready = True
                self.progress.moved()
            if now != before or self.progress.lag == 0:
                moved_at, before = time.monotonic(), now
            elif time.monotonic() - moved_at > STALLED_S:
                raise TimeoutError("records are there and none comes")
            await asyncio.sleep(WATCH_S)
            async with self._looking:
                if suspects := await self.watch.prove(self.look_back, self.look_back, places):
                    raise Doubted(f"{len(suspects)} partitions may have lost records")
            self._need_the_same()


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


async def _without_headers(records: Records, parse: Callable[[Records], Any]) -> Any:  # noqa: ANN401
    return await parse(tuple(replace(record, headers=()) for record in records))


async def _records(message: Any) -> Records:  # noqa: ANN401
    return cast("Records", message.raw_message)
