"""Only one worker writes a dataset to the portal at a time, of all threads and processes: a dataset's name in, its turn or not out.

On PostgreSQL a turn ends with the session that has it, also when the server starts anew: whoever has it asks before each step.
"""

import fcntl
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import structlog

FILES: Final = 1_000
StillMine = Callable[[], bool]
"""False: the turn ended, and another may have it."""
log = structlog.get_logger("jejak.publisher")


@dataclass
class Turns:
    """`engine`: of the database that all of them share."""

    engine: sa.Engine
    _taken: set[str] = field(default_factory=set)
    _locked: dict[int, tuple[int, int]] = field(default_factory=dict)
    """File → its descriptor, and how many datasets have it here."""
    _opening: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def turn(self, dataset_id: str) -> Iterator[StillMine | None]:
        """None: another has it."""
        if dataset_id in self._taken:
            yield None
            return
        self._taken.add(dataset_id)
        try:
            with self._file(dataset_id) if self.engine.dialect.name == "sqlite" else self._lock(dataset_id) as still_mine:
                yield still_mine
        finally:
            self._taken.discard(dataset_id)

    @contextmanager
    def _lock(self, dataset_id: str) -> Iterator[StillMine | None]:
        key = {"key": f"jejak:{dataset_id}"}
        with self.engine.connect() as c:
            mine = bool(c.execute(sa.text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))"), key).scalar())
            c.commit()
            try:
                yield (lambda: _said(c, "SELECT 1")) if mine else None
            finally:  # the connection goes back to the pool, and the lock would stay with it
                if mine:
                    _said(c, "SELECT pg_advisory_unlock(hashtextextended(:key, 0))", key)

    @contextmanager
    def _file(self, dataset_id: str) -> Iterator[StillMine | None]:
        """A lock that another process (`jejak portal repair`) sees too. Datasets share the files, so they do not pile up; those of this
        process share the lock as well, and hold up none of each other.
        """
        number = zlib.crc32(dataset_id.encode()) % FILES
        with self._opening:
            descriptor, users = self._locked.get(number) or (self._lock_file(number), 0)
            if descriptor is not None:
                self._locked[number] = descriptor, users + 1
        try:
            yield None if descriptor is None else (lambda: True)
        finally:
            if descriptor is not None:
                self._leave(number)

    def _lock_file(self, number: int) -> int | None:
        """None: another process has it."""
        descriptor = os.open(f"{self._folder}/{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor

    def _leave(self, number: int) -> None:
        with self._opening:
            descriptor, users = self._locked.pop(number)
            if users > 1:
                self._locked[number] = descriptor, users - 1
            else:
                os.close(descriptor)

    @cached_property
    def _folder(self) -> Path:
        folder = Path(self.engine.url.database or "").parent / "turns"
        folder.mkdir(exist_ok=True)
        return folder


def _said(c: sa.Connection, statement: str, key: dict[str, str] | None = None) -> bool:
    """Is this still the session that it was? One that ended is not asked again: SQLAlchemy would begin another.

    Where it cannot be said, the session ends, and the lock with it: what was done in the turn stands.
    """
    try:
        if not c.invalidated:
            c.execute(sa.text(statement), key)
            c.commit()
    except sa.exc.SQLAlchemyError as error:
        log.warning("turn_lost", error=repr(error))
        c.invalidate()
    return not c.invalidated
