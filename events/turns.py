"""Whose turn it is to send, among the processes of one lane. In: how its PostgreSQL is reached; out: the turn, or that another has it.

A turn is an advisory lock of a connection of its own: it ends with its process, by itself, and with a process that stands still.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import structlog
from eventsourcing.persistence import OperationalError
from psycopg.rows import tuple_row

SILENT_S: Final = 10.0
"""Whoever has a turn and is silent for so long loses it: PostgreSQL ends its connection."""
LOST: Final = "the turn was lost"
log = structlog.get_logger("jejak.store")


@dataclass
class PostgresTurn:
    """Thread-safe. Raises OperationalError when PostgreSQL is away, or the turn was lost."""

    connection: Mapping[str, Any]
    name: str
    _session: psycopg.Connection[tuple[Any, ...]] | None = None
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> bool:
        """False: another process has it. A connection that was silent is gone, and made anew."""
        with self._asking:
            try:
                return self._is_ours()
            except psycopg.Error:
                self._end()
            try:
                return self._is_ours()
            except psycopg.Error as error:
                self._end()
                raise OperationalError(error) from error

    def keep(self) -> None:
        with self._asking:
            try:
                if self._session is None:
                    raise OperationalError(LOST)
                self._session.execute("SELECT 1")
            except psycopg.Error as error:
                self._end()
                raise OperationalError(error) from error

    def give_back(self) -> None:
        """With the connection, where it cannot be said."""
        with self._asking:
            try:
                if self._session:
                    self._session.execute("SELECT pg_advisory_unlock_all()")
            except psycopg.Error as error:
                log.info("turn_lost", turn=self.name, error=repr(error))
                self._end()

    def close(self) -> None:
        with self._asking:
            self._end()

    def _is_ours(self) -> bool:
        if self._session is None:
            silent = f"{self.connection.get('options', '')} -c idle_session_timeout={SILENT_S:.0f}s"
            self._session = psycopg.connect(**{**self.connection, "options": silent, "row_factory": tuple_row}, autocommit=True)
        row = self._session.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (self.name,)).fetchone()
        return bool(row and row[0])

    def _end(self) -> None:
        if self._session:
            self._session.close()
        self._session = None


class OnlyOne:
    """Where a lane is one process, it is always its turn."""

    def take(self) -> bool:
        return True

    def keep(self) -> None:
        """Nobody else could have it."""

    def give_back(self) -> None:
        """Nobody else waits."""

    def close(self) -> None:
        """Nothing is held."""
