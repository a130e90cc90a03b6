"""Only one worker writes a dataset to the portal at a time, of all threads and processes: a dataset's name in, its turn or not out."""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa


@dataclass
class Turns:
    """`engine`: of the database that all of them share."""

    engine: sa.Engine
    _taken: set[str] = field(default_factory=set)

    @contextmanager
    def turn(self, dataset_id: str) -> Iterator[bool]:
        """False: another has it."""
        if dataset_id in self._taken:
            yield False
            return
        self._taken.add(dataset_id)
        try:
            with self._file(dataset_id) if self.engine.dialect.name == "sqlite" else self._lock(dataset_id) as mine:
                yield mine
        finally:
            self._taken.discard(dataset_id)

    @contextmanager
    def _lock(self, dataset_id: str) -> Iterator[bool]:
        key = {"key": f"jejak:{dataset_id}"}
        with self.engine.connect() as c:
            mine = bool(c.execute(sa.text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))"), key).scalar())
            c.commit()
            try:
                yield mine
            finally:  # the connection goes back to the pool, and the lock would stay with it
                if mine:
                    c.execute(sa.text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))"), key)

    @contextmanager
    def _file(self, dataset_id: str) -> Iterator[bool]:
        """A lock that another process (`jejak portal repair`) sees too; datasets share a thousand files, so they do not pile up."""
        descriptor = os.open(f"{self._folder}/{zlib.crc32(dataset_id.encode()) % 1_000}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
        finally:
            os.close(descriptor)

    @cached_property
    def _folder(self) -> Path:
        folder = Path(self.engine.url.database or "").parent / "turns"
        folder.mkdir(exist_ok=True)
        return folder
