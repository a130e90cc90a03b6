"""What a lane reads: the log, of which nothing may be missing, and the OPDs' topics, of which none may hold up another."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from eventsourcing.persistence import PersistenceError

from bus.consumer import Consumer, record_of
from events import alarms
from events.admission import Record

log = structlog.get_logger("jejak.bus")
Message: TypeAlias = "ConsumerRecord[bytes, bytes]"
LINGER_S: Final = 1.0
"""How long all partitions wait for what was begun ahead; nearly always it is done sooner, and all are taken in one transaction."""


class LogConsumer(Consumer):
    """Of the log nothing may be missing: a record that our own code fails on waits, and a log that lost records is read no more.

    What is at fault itself, to be judged or to be held by the store, is a dead letter.
    """

    must_be_there: ClassVar[bool] = True
    _healed_upto: int = 0

    def _alarmed(self) -> str | None:
        """Derived from the dead letters themselves, so that no restart ends it."""
        if not alarms.count_alarms(self.journal.store):
            return None
        self._healed_upto = alarms.heal(self.journal.store, datetime.now(UTC), self._healed_upto)
        counted = alarms.count_alarms(self.journal.store)
        told = ", ".join(f"{count} {code}" for code, count in sorted(counted.items()))
        return f"alarm: dead letters {told}; see jejak bus status" if told else None


@dataclass
class InboundConsumer(Consumer):
    """The OPDs' topics: one that is bad holds up no other.

    `ahead`: what takes its time for the records of each partition, begun beside; they are taken in their order once it is done, and
    the other partitions go on meanwhile.
    """

    ahead: Callable[[Sequence[Sequence[Record]]], Sequence[Sequence[Future[Any]]]] = lambda groups: [()] * len(groups)
    _held: dict[TopicPartition, tuple[list[Message], Sequence[Future[Any]]]] = field(default_factory=dict)

    def held(self) -> frozenset[TopicPartition]:
        return frozenset(self._held)

    async def _consume_cluster(self, admin: AIOKafkaAdminClient) -> None:
        self._held = {}  # read again from the stored position
        await super()._consume_cluster(admin)

    async def _sought(self, consumer: AIOKafkaConsumer, partitions: set[TopicPartition]) -> None:
        for tp in partitions:
            self._held.pop(tp, None)  # read again from there
        await super()._sought(consumer, partitions)

    async def _apply(self, messages: Sequence[Message]) -> None:
        if groups := _by_partition(messages):
            records = [[record_of(message, self._cluster) for message in group] for group in groups.values()]
            begun = await asyncio.to_thread(self._begun, records)
            self._held |= dict(zip(groups, zip(groups.values(), begun, strict=True), strict=True))
        waiting = [future for _, futures in self._held.values() for future in futures if not future.done()]
        if waiting:
            await asyncio.to_thread(wait, waiting, LINGER_S)
        for tp in self._held.keys() & self._aside:
            del self._held[tp]  # lost meanwhile: unread until the operator says how to go on
        done = {tp: group for tp, (group, futures) in self._held.items() if all(future.done() for future in futures)}
        if done:
            await super()._apply([message for group in done.values() for message in group])
        for tp, group in done.items():
            if self._held.get(tp, (None, ()))[0] is group:
                del self._held[tp]

    def _begun(self, groups: Sequence[Sequence[Record]]) -> Sequence[Sequence[Future[Any]]]:
        """Nothing of a topic where it cannot be begun: whoever takes the records meets the reason again."""
        try:
            return self.ahead(groups)
        except Exception as error:  # noqa: BLE001 (told, and met again)
            if len(groups) > 1:
                return [self._begun([group])[0] for group in groups]
            log.warning("not_begun", consumer=self.progress.name, error=type(error).__name__)
            return [()]

    def is_of_the_record(self, error: Exception) -> bool:
        """Also whatever our own code chokes on: it must not stop the lane."""
        return super().is_of_the_record(error) or not isinstance(error, (PersistenceError, OSError))


def _by_partition(messages: Sequence[Message]) -> dict[TopicPartition, list[Message]]:
    found: dict[TopicPartition, list[Message]] = {}
    for message in messages:
        found.setdefault(TopicPartition(message.topic, message.partition), []).append(message)
    return found
