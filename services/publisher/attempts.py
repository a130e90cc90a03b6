"""How far the publication of each approved submission has come: step, attempts, last error, when next. Kept across restarts.

Not a view: it cannot be rebuilt from the log, and nothing but the admin's screen and the pauses depend on it.
"""

import fcntl
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from events.contracts import Lane
from events.heads import HEADS
from lane.inbox import migrating

METADATA: Final = sa.MetaData()
ATTEMPTS: Final = sa.Table(
    "publishing_v2",
    METADATA,
    sa.Column("submission_id", sa.Uuid, primary_key=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("code", sa.String(64)),
    sa.Column("message", sa.Text),
    sa.Column("next_ms", sa.BigInteger, nullable=False),
)


# Built once: putting such a query together costs several times what SQLite needs to answer it.
WAITING: Final = (
    sa.select(HEADS.c.submission_id, HEADS.c.dataset_id, HEADS.c.opd, sa.func.coalesce(ATTEMPTS.c.next_ms, 0))
    .outerjoin(ATTEMPTS, ATTEMPTS.c.submission_id == HEADS.c.submission_id)
    .where(HEADS.c.holder == str(Lane.PUBLISHER))
    .order_by(HEADS.c.arrived_ms, HEADS.c.submission_id)
    .execution_options(stream_results=True, max_row_buffer=500)  # a look ends where enough is found
)
FORGET: Final = sa.delete(ATTEMPTS).where(ATTEMPTS.c.submission_id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Attempt:
    attempts: int
    step: str
    code: str | None
    message: str | None
    next_at: datetime


@dataclass(frozen=True)
class Waiting:
    submission_id: str
    dataset_id: str


@dataclass(frozen=True)
class Look:
    """What one look at the inbox found. `unseen`: of what was said to be finished, what it still met as waiting."""

    due: list[Waiting]
    next_at: datetime | None
    unseen: set[str]


@dataclass
class Attempts:
    engine: sa.Engine
    _writing: set[str] = field(default_factory=set)

    def prepare(self) -> None:
        with migrating(self.engine) as c:
            METADATA.create_all(c)

    def look(self, now: datetime, limit: int, *, busy: Collection[str], finished: Collection[str]) -> Look:
        """Approved submissions whose turn it is, oldest first, and when the next pause ends; nothing of the datasets in `busy`.

        Of one dataset only the oldest, so versions follow each other. What has `finished` waits no longer, whatever the inbox
        still says, and what was kept of it here is removed. Costs as much as waits, however much was published before.
        """
        due: dict[str, Waiting] = {}
        heads, unseen, pauses, now_ms = set[tuple[str, str]](), set[str](), list[int](), _ms(now)
        with self.engine.connect() as c:
            if finished:
                c.execute(FORGET, {"ids": [UUID(i) for i in finished]})
                c.commit()
            with c.execute(WAITING) as rows:
                for stream, dataset_id, opd, next_ms in rows:
                    submission_id = str(stream)
                    if submission_id in finished:
                        unseen.add(submission_id)
                        continue
                    if (dataset_id, opd) in heads:
                        continue
                    heads.add((dataset_id, opd))
                    if next_ms > now_ms:
                        pauses.append(next_ms)
                    elif dataset_id not in busy:
                        due.setdefault(dataset_id, Waiting(submission_id, dataset_id))
                    if len(due) == limit:
                        break
        return Look(list(due.values()), datetime.fromtimestamp(min(pauses) / 1000, UTC) if pauses else None, unseen)

    def of(self, submission_id: str) -> Attempt | None:
        with self.engine.connect() as c:
            row = c.execute(sa.select(ATTEMPTS).where(ATTEMPTS.c.submission_id == UUID(submission_id))).first()
        return Attempt(row.attempts, row.step, row.code, row.message, datetime.fromtimestamp(row.next_ms / 1000, UTC)) if row else None

    def failed(self, submission_id: str, *, attempts: int, step: str, code: str, message: str, next_at: datetime) -> None:
        row = {
            "submission_id": UUID(submission_id),
            "attempts": attempts,
            "step": step,
            "code": code,
            "message": message,
            "next_ms": _ms(next_at),
        }
        self._put(row)

    def retry_now(self, submission_id: str, now: datetime) -> None:
        with self.engine.begin() as c:
            c.execute(sa.update(ATTEMPTS).where(ATTEMPTS.c.submission_id == UUID(submission_id)).values(next_ms=_ms(now)))

    def waiting(self) -> int:
        """How many have failed at least once and wait for their next attempt."""
        with self.engine.connect() as c:
            return c.execute(sa.select(sa.func.count()).select_from(ATTEMPTS)).scalar_one()

    @contextmanager
    def turn(self, dataset_id: str) -> Iterator[bool]:
        """Only one worker writes a dataset at a time, also across processes on PostgreSQL. False: another has it."""
        if dataset_id in self._writing:
            yield False
            return
        self._writing.add(dataset_id)
        try:
            if self.engine.dialect.name == "sqlite":
                with _file_turn(Path(self.engine.url.database or ""), dataset_id) as mine:
                    yield mine
                return
            with self.engine.connect() as c:
                key = {"key": f"jejak:{dataset_id}"}
                mine = bool(c.execute(sa.text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))"), key).scalar())
                c.commit()
                try:
                    yield mine
                finally:  # the connection goes back to the pool, and the lock would stay with it
                    if mine:
                        c.execute(sa.text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))"), key)
        finally:
            self._writing.discard(dataset_id)

    def _put(self, row: dict[str, Any]) -> None:
        insert = sqlite.insert(ATTEMPTS) if self.engine.dialect.name == "sqlite" else postgresql.insert(ATTEMPTS)
        changes = {name: insert.excluded[name] for name in row if name != "submission_id"}
        with self.engine.begin() as c:
            c.execute(insert.on_conflict_do_update(index_elements=["submission_id"], set_=changes), [row])


@contextmanager
def _file_turn(database: Path, dataset_id: str) -> Iterator[bool]:
    """A lock that another process (`jejak portal repair`) sees too; datasets share a thousand files, so they do not pile up."""
    folder = database.parent / "turns"
    folder.mkdir(exist_ok=True)
    with (folder / f"{zlib.crc32(dataset_id.encode()) % 1_000}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
