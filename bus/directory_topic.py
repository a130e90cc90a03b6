"""The directory's topic, read from its beginning on: a consumer in, batches of records out, or that it is another topic now."""

import time
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from bus.kafka import CALL_S
from bus.look_back import LookBack
from bus.loops import STALLED_S, within

Entry = tuple[str, bytes | None]
"""A record's key and bytes; None takes the entry away."""


class MadeAnew(RuntimeError):
    """The topic is another one than was read before."""


@dataclass
class Following:
    """The topic, read from its beginning on. `caught_up`: all that was there has been read.

    `aside`: what was read until then, of each key the last.
    """

    consumer: AIOKafkaConsumer
    look_back: LookBack
    partition: TopicPartition
    caught_up: bool = False
    aside: dict[str, bytes | None] = field(default_factory=dict)
    began_at: float = field(default_factory=time.monotonic)
    _end: int = 0
    _last: "ConsumerRecord[bytes, bytes] | None" = None

    async def read(self, seconds: float) -> "list[ConsumerRecord[bytes, bytes]]":
        """What came within so many seconds. Raises MadeAnew when the record read last is no longer where it was.

        Nothing is lost when it was only compacted away: the topic is then read once more.
        """
        self._end = (await within(CALL_S, self.consumer.end_offsets([self.partition])))[self.partition]
        if self._end < await within(CALL_S, self.consumer.position(self.partition)):
            raise MadeAnew("the directory holds less than was read")
        batches = await within(STALLED_S, self.consumer.getmany(timeout_ms=int(seconds * 1000)))
        messages: list[ConsumerRecord[bytes, bytes]] = batches.get(self.partition, [])
        if self.caught_up and (last := self._last):
            found = (await self.look_back.records_at({self.partition: [last.offset]}))[self.partition].get(last.offset)
            if found is None or (found.key, found.value, found.timestamp) != (last.key, last.value, last.timestamp):
                raise MadeAnew("the directory is another one than was read")
        self._last = messages[-1] if messages else self._last
        return messages

    async def lag(self) -> int:
        position: int = await within(CALL_S, self.consumer.position(self.partition))
        return max(0, self._end - position)
