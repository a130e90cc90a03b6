"""Who reads which partitions: this process all of them, or the processes of a lane a share each, as Kafka deals them out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

log = structlog.get_logger("jejak.bus")
Seek = Callable[[AIOKafkaConsumer, set[TopicPartition]], Awaitable[None]]


class Alone:
    """This process reads everything."""

    group_id: Final = None

    def subscribe(self, consumer: AIOKafkaConsumer, pattern: str, seek: Seek, name: str) -> None:
        """Nothing yet: partitions are assigned once they are known."""

    async def settle(self, consumer: AIOKafkaConsumer, found: set[TopicPartition], seek: Seek) -> None:
        if found and found != consumer.assignment():
            consumer.assign(found)
            await seek(consumer, found)

    def has_nothing(self, consumer: AIOKafkaConsumer) -> bool:
        """No topic yet: getmany would wait for one for ever."""
        return not consumer.assignment()


@dataclass(frozen=True)
class Shared:
    """The processes of a group read a share each."""

    group_id: str

    def subscribe(self, consumer: AIOKafkaConsumer, pattern: str, seek: Seek, name: str) -> None:
        consumer.subscribe(pattern=pattern, listener=_SeekOnAssignment(consumer, seek, name))

    async def settle(self, consumer: AIOKafkaConsumer, found: set[TopicPartition], seek: Seek) -> None:
        """Kafka does it, and the listener hears of it."""

    def has_nothing(self, consumer: AIOKafkaConsumer) -> bool:
        return False


class _SeekOnAssignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """Kafka's committed offsets are ignored: reading goes on where the journal stands."""

    def __init__(self, consumer: AIOKafkaConsumer, seek: Seek, name: str) -> None:
        self._consumer, self._seek, self._name = consumer, seek, name

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        log.info("partitions_revoked", consumer=self._name, partitions=len(revoked))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        log.info("partitions_assigned", consumer=self._name, partitions=len(assigned))
        await self._seek(self._consumer, assigned)
