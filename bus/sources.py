"""What a lane reads: the log, of which nothing may be missing, and the OPDs' topics, of which none may hold up another."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from eventsourcing.persistence import PersistenceError

from bus.consumer import Consumer, LogShorter
from bus.kafka import CALL_S
from bus.loops import within
from events.admission import Outcome, Record, dead_letter

log = structlog.get_logger("jejak.bus")


class LogConsumer(Consumer):
    """Of the log nothing may be missing: a record that our own code fails on waits, and a log that lost records is read no more."""

    must_be_there: ClassVar[bool] = True

    async def _look_at_beginning(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """A log whose beginning was deleted would be read on from where it begins now, with a hole nobody sees."""
        begins = await within(CALL_S, consumer.beginning_offsets(partitions))
        stored = dict(zip(partitions, await asyncio.to_thread(self._stored, partitions), strict=True))
        if gone := [tp for tp, begin in begins.items() if begin > stored[tp]]:
            tp = gone[0]
            raise LogShorter(f"{tp.topic}/{tp.partition}: Kafka begins at {begins[tp]}, {stored[tp]} were read; those between are gone")

    def _lost(self, words: str) -> None:
        raise LogShorter(words)


@dataclass
class InboundConsumer(Consumer):
    """The OPDs' topics: one that is bad holds up no other. `refuse`: what becomes of a record that our own code fails on."""

    refuse: Callable[[Record, str], Outcome] = dead_letter

    async def _look_at_beginning(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Read on from wherever it begins: an OPD's topic may be made anew."""

    def taken(self, records: Sequence[Record]) -> list[Outcome]:
        try:
            return self.take(records)
        except (PersistenceError, OSError):
            raise
        except Exception:  # a record our own code chokes on must not stop the lane: one by one, that one is refused
            log.exception("batch_failed", consumer=self.progress.name, records=len(records))
            return [outcome for record in records for outcome in self._taken_alone(record)]

    def _taken_alone(self, record: Record) -> list[Outcome]:
        try:
            return self.take([record])
        except (PersistenceError, OSError):
            raise
        except Exception:
            place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
            log.exception("record_failed", consumer=self.progress.name, **place)
            return self.journal.answer([record], lambda fresh: [self.refuse(r, "failed") for r in fresh])

    def _lost(self, words: str) -> None:
        self.progress.left_alone = words
