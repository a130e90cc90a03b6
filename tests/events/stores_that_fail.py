"""The fake of the `Store` protocol: a real store whose answer gets lost, or that cannot be reached for a while."""

from typing import Any

from eventsourcing.persistence import OperationalError, Tracking

from events.recorder import Batch, Store


class FailingStore:
    """Everything goes through to the real store until it is told to lose the answers to its commits, or to fail some writes.

    `tries_again`: as `eventsourcing` does on PostgreSQL when a connection breaks.
    """

    def __init__(self, real: Store) -> None:
        self._real = real
        self.lose_answer = False
        self.tries_again = False
        self.unavailable = 0
        self.reads_fail = 0
        self.cursors_fail = 0
        self.attempts = 0

    def write(self, batch: Batch) -> None:
        self.attempts += 1
        if self.unavailable > 0:
            self.unavailable -= 1
            raise OperationalError("no connection")
        self._real.write(batch)
        if self.lose_answer and self.tries_again:
            self._real.write(batch)
        elif self.lose_answer:
            raise OperationalError("the connection broke while the commit was on its way")

    def insert_tracking(self, tracking: Tracking) -> None:
        if self.cursors_fail > 0:
            self.cursors_fail -= 1
            raise OperationalError("no connection")
        self._real.insert_tracking(tracking)

    def outgoing(self, events: str, letters: str) -> tuple[int, int, int, int]:
        if self.reads_fail > 0:
            self.reads_fail -= 1
            raise OperationalError("no connection")
        return self._real.outgoing(events, letters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
