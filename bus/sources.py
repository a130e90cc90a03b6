"""What a lane reads: the log, of which nothing may be missing, and the OPDs' topics, of which none may hold up another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import structlog
from eventsourcing.persistence import PersistenceError

from bus.consumer import Consumer
from events import alarms
from events.admission import Outcome, Record, dead_letter

log = structlog.get_logger("jejak.bus")


class LogConsumer(Consumer):
    """Of the log nothing may be missing: a record that our own code fails on waits, and a log that lost records is read no more."""

    must_be_there: ClassVar[bool] = True

    def _alarmed(self) -> str | None:
        """Derived from the dead letters themselves, so that no restart ends it."""
        if not alarms.count_alarms(self.journal.store):
            return None
        alarms.heal(self.journal.store, datetime.now(UTC))
        counted = alarms.count_alarms(self.journal.store)
        told = ", ".join(f"{count} {code}" for code, count in sorted(counted.items()))
        return f"alarm: dead letters {told}; see jejak bus status" if told else None


@dataclass
class InboundConsumer(Consumer):
    """The OPDs' topics: one that is bad holds up no other. `refuse`: what becomes of a record that our own code fails on."""

    refuse: Callable[[Record, str], Outcome] = dead_letter

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
