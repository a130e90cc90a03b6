"""Where a consumer stands: what it was assigned, whether that is still what was read, how much waits, and whether it is caught up.

In: a consumer, an admin client and the journal, asked every few seconds; out: `Progress`, and the partitions that stay unread.
"""

import asyncio
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from bus.assignment import Alone, Shared
from bus.kafka import CALL_S, Kafka
from bus.look_back import LookBack
from bus.loops import STALLED_S, WATCH_S, Progress, within
from bus.losses import LossWatch
from events.answered import is_known
from events.journal import Journal

log = structlog.get_logger("jejak.bus")


LOOK_S: Final = 0.2
"""How often it is looked where something is awaited: the end of the log at start, what is doubted."""


class Stalled(RuntimeError):
    """Records wait and none arrives: the consumer must be built anew (aiokafka #1154)."""


@dataclass
class Standing:
    """`group`: partitions are shared with other processes of the lane; without one, this process reads them all."""

    kafka: Kafka
    journal: Journal
    topics: re.Pattern[str]
    progress: Progress
    group: str | None = None
    must_be_there: ClassVar[bool] = False
    """Whether nothing can be said before there is a topic, and nothing of it may go."""
    _cluster: str = ""
    _losses: LossWatch | None = None
    _look_back: LookBack | None = None
    _aside: frozenset[TopicPartition] = frozenset()
    _doubted: frozenset[TopicPartition] = frozenset()
    """Assigned and not examined yet, or what looks lost: not read either."""
    _next: dict[TopicPartition, int] = field(default_factory=dict)
    """Where Kafka should go on, and under which name of its source."""
    _read_as: dict[TopicPartition, str] = field(default_factory=dict)
    _goal: dict[TopicPartition, int] | None = None
    _proved_at: float = 0.0
    _watched_at: float = 0.0
    _examined_at: float = 0.0
    _built_at: float = 0.0
    _read: int = 0

    def held(self) -> frozenset[TopicPartition]:
        """Partitions whose records wait here: nothing more is read of them meanwhile."""
        return frozenset()

    @property
    def assignment(self) -> Alone | Shared:
        return Shared(self.group) if self.group else Alone()

    async def _watch(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        """What is doubted is examined. Every few seconds: losses, new topics, lag, readiness, and whether anything still moves."""
        if self._doubted and time.monotonic() - self._examined_at >= LOOK_S:
            self._examined_at = time.monotonic()
            doubted, self._doubted = self._doubted & consumer.assignment(), frozenset()  # a rebalance may add to them meanwhile
            await self._examined(consumer, doubted)
        behind = self.progress.lag > 0 and not self.progress.ready
        if time.monotonic() - self._watched_at < (LOOK_S if behind else WATCH_S):
            return
        self._watched_at = time.monotonic()
        await asyncio.to_thread(self.losses.refresh)
        partitions = await self._partitions(consumer, admin)
        if self.must_be_there:
            await asyncio.to_thread(self.losses.missing, self.topics, partitions)
        if not partitions and self.must_be_there:
            await self._tell()
            return
        await self._go_on(consumer)
        reached = await self._reached(consumer, partitions)
        # Ends are asked for afterwards: other processes of the lane read on meanwhile, and would seem to have read more than there is.
        ends = await within(CALL_S, consumer.end_offsets(partitions)) if partitions else {}
        await self._look_for_loss(consumer, ends, reached)
        self._judge(ends, reached)

    async def _look_for_loss(
        self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], reached: Mapping[TopicPartition, int]
    ) -> None:
        """Less on Kafka than was read, or something else where the last record stood: looked at where something was read since."""
        self._aside = self._left(ends)
        await self._examined(consumer, [tp for tp, end in ends.items() if reached[tp] > end and tp not in self._aside])
        if time.monotonic() - self._proved_at >= WATCH_S:
            self._proved_at = time.monotonic()
            suspects = await self.losses.prove(consumer, self.look_back, consumer.assignment() - self._aside - self._doubted)
            await self._doubt(consumer, suspects)
        self._aside = self._left(ends)
        await self._tell()

    def _left(self, partitions: Collection[TopicPartition]) -> frozenset[TopicPartition]:
        """What is lost, and what the operator ended a moment ago and is not sought yet (`_go_on`): nothing of it may be taken from here."""
        ended = {tp for tp in partitions if self._read_as.get(tp, source := self.losses.source(tp)) != source}
        return self.losses.unread(partitions) | ended

    def _judge(self, ends: Mapping[TopicPartition, int], reached: Mapping[TopicPartition, int]) -> None:
        self.progress.lag = sum(max(0, end - reached[tp]) for tp, end in ends.items() if tp not in self._aside)
        before, self._read = self._read, sum(reached.values())
        if self._goal is None:
            self._goal = dict(ends)
        if not ((self._aside or self._doubted) and self.must_be_there):
            here = all(reached.get(tp, 0) >= end for tp, end in self._goal.items() if tp not in self._aside)
            self.progress.ready = self.progress.ready or here
        if self.progress.lag == 0 or self._read != before or self.held():
            self.progress.moved()
        elif time.monotonic() - max(self.progress.moved_at, self._built_at) > STALLED_S:
            raise Stalled(f"{self.progress.lag} records wait for {self.progress.name} and none arrives")

    async def _reached(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """How far each partition is read: what is stored, or further where only marks of transactions follow.

        Kafka's client goes on by itself only there: where records are gone it stops (`auto_offset_reset`), and that is doubted.
        """
        reached = dict(zip(partitions, await asyncio.to_thread(self._stored, partitions), strict=True))
        for tp in (consumer.assignment() & reached.keys()) - self._aside - self._doubted - self.held():
            position = await within(CALL_S, consumer.position(tp))
            if position > reached[tp]:  # stored, so that the other processes of the lane do not wait for it
                await asyncio.to_thread(self.journal.pass_over, self.losses.source(tp), position)
                reached[tp] = position
        return reached

    async def _examined(self, consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition]) -> None:
        """Is what was read still there? What is lost is left aside from now on, with all of its topic; what looks so is doubted."""
        if not partitions:
            return
        await self._doubt(consumer, await self.losses.examine(consumer, self.look_back, partitions))
        self._aside |= self.losses.unread(partitions) | self.losses.unread(consumer.assignment())

    async def _doubt(self, consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition]) -> None:
        """Not read until they are examined, and then from where the journal stands."""
        if doubted := consumer.assignment() & set(partitions):
            self._doubted |= doubted
            await self._sought(consumer, doubted)

    async def _go_on(self, consumer: AIOKafkaConsumer) -> None:
        """The operator ended a loss: that source is read from where it goes on."""
        changed = {tp for tp in consumer.assignment() & self._read_as.keys() if self._read_as[tp] != self.losses.source(tp)}
        if changed:
            log.info("reading_goes_on", consumer=self.progress.name, partitions=len(changed))
            self._goal = None
            await self._doubt(consumer, changed)

    async def _tell(self) -> None:
        """What waits for the operator is shown."""
        self.progress.left_alone = self.losses.words(self.topics) or await asyncio.to_thread(self._alarmed)

    def _alarmed(self) -> str | None:
        """Of dead letters, where the records are read from the log. Blocking."""
        return None

    @property
    def losses(self) -> LossWatch:
        if self._losses is None or self._losses.cluster != self._cluster:
            store = self.journal.store
            self._losses = LossWatch(store, self._cluster, self.must_be_there, partial(is_known, store))
        return self._losses

    @property
    def look_back(self) -> LookBack:
        assert self._look_back is not None  # noqa: S101 (made before anything is read)
        return self._look_back

    def _stored(self, partitions: Sequence[TopicPartition]) -> list[int]:
        found = self.journal.store.positions([self.losses.source(tp) for tp in partitions])
        return [found.get(self.losses.source(tp), 0) for tp in partitions]

    async def _partitions(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> list[TopicPartition]:
        """All partitions of the topics that match."""
        names = [name for name in await admin.list_topics() if self.topics.match(name)]
        described = await admin.describe_topics(names) if names else []
        found = [TopicPartition(t["topic"], p["partition"]) for t in described for p in t["partitions"]]
        await self.assignment.settle(consumer, set(found), self.seek)
        return found

    async def seek(self, consumer: AIOKafkaConsumer, partitions: set[TopicPartition]) -> None:
        """To where the journal stands. What this process did not read just before is examined first."""
        self._doubted |= partitions if self.group else partitions - self._next.keys()
        await self._sought(consumer, partitions)

    async def _sought(self, consumer: AIOKafkaConsumer, partitions: set[TopicPartition]) -> None:
        consumer.pause(*self._doubted & partitions)
        stored = dict(zip(partitions, await asyncio.to_thread(self._stored, list(partitions)), strict=True))
        for tp, position in stored.items():
            consumer.seek(tp, position)
            self._read_as[tp] = self.losses.source(tp)
        self._next |= stored
