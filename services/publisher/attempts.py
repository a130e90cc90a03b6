"""What the portal has still to be made to show, submission by submission: whose turn it is, attempts, last error, when next.

Kept across restarts. Not a view: it cannot be rebuilt from the log, and nothing but pauses and the admin's screen depend on it; what
was lost is looked at once more. A row counts for one event only: after another approval everything begins anew.
"""

import fcntl
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from events.contracts import Lane
from events.heads import HEADS
from events.submission import State
from lane.inbox import migrating

METADATA: Final = sa.MetaData()
ATTEMPTS: Final = sa.Table(
    "publishing_v3",
    METADATA,
    sa.Column("submission_id", sa.Uuid, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("code", sa.String(64)),
    sa.Column("message", sa.Text),
    sa.Column("next_ms", sa.BigInteger, nullable=False),
)
Outcome = Literal["retrying", "refused", "done"]
"""Of an attempt: it will be tried again, the portal refuses for good, the portal shows it (a retraction: no longer)."""


def _waiting(which: sa.ColumnElement[bool], turn: int) -> sa.Select[tuple[UUID, int, str, str, int, str | None]]:
    joined = sa.and_(ATTEMPTS.c.submission_id == HEADS.c.submission_id, ATTEMPTS.c.sequence == HEADS.c.sequence)
    next_ms, state = sa.func.coalesce(ATTEMPTS.c.next_ms, 0).label("next_ms"), ATTEMPTS.c.state.label("attempt")
    columns = (HEADS.c.submission_id, HEADS.c.sequence, HEADS.c.dataset_id, HEADS.c.opd, next_ms, state, HEADS.c.arrived_ms)
    return sa.select(*columns, sa.literal(turn).label("turn")).outerjoin(ATTEMPTS, joined).where(which)


# Built once: putting such a query together costs several times what SQLite needs to answer it. What must come down goes first; what was
# withdrawn and never approved was never up.
EITHER: Final = sa.union_all(
    _waiting(sa.and_(HEADS.c.state == sa.literal_column(f"'{State.RETRACTED}'"), HEADS.c.approved), 0),
    _waiting(HEADS.c.holder == sa.literal_column(f"'{Lane.PUBLISHER}'"), 1),
).subquery()
WAITING: Final = (
    sa.select(EITHER)
    .where(sa.or_(EITHER.c.attempt.is_(None), EITHER.c.attempt != "done"))
    .order_by(EITHER.c.turn, EITHER.c.arrived_ms, EITHER.c.submission_id)
    .execution_options(stream_results=True, max_row_buffer=500)  # a look ends where enough is found
)
FORGET: Final = sa.delete(ATTEMPTS).where(ATTEMPTS.c.state != "done", ATTEMPTS.c.submission_id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Attempt:
    """`sequence`: of the event that the portal was to follow."""

    submission_id: str
    sequence: int
    state: Outcome
    attempts: int
    step: str
    code: str | None
    message: str | None
    next_at: datetime


@dataclass(frozen=True)
class Waiting:
    submission_id: str
    sequence: int
    dataset_id: str


@dataclass(frozen=True)
class Look:
    """What one look at the inbox found. `unseen`: of what was said to be finished, what it still met as waiting."""

    due: list[Waiting]
    next_at: datetime | None
    unseen: set[tuple[str, int]]


@dataclass
class Attempts:
    engine: sa.Engine
    _writing: set[str] = field(default_factory=set)

    def prepare(self) -> None:
        with migrating(self.engine) as c:
            METADATA.create_all(c)
            c.exec_driver_sql(
                f"CREATE INDEX IF NOT EXISTS {HEADS.name}_retracted ON {HEADS.name} (submission_id) WHERE state = '{State.RETRACTED}'"
            )

    def look(self, now: datetime, limit: int, *, busy: Collection[str], finished: Collection[tuple[str, int]]) -> Look:
        """What the portal has still to follow and whose turn it is, and when the next pause ends; nothing of the datasets in `busy`.

        Of one dataset only the first, so editions follow each other; one that is refused for good holds up none. What has `finished`
        (submission, sequence) waits no longer, whatever the inbox says. Costs as much as waits, however much was published before.
        """
        due: dict[str, Waiting] = {}
        heads, unseen, pauses, now_ms = set[tuple[str, str]](), set[tuple[str, int]](), list[int](), _ms(now)
        with self.engine.connect() as c:
            if finished:
                c.execute(FORGET, {"ids": [UUID(submission_id) for submission_id, _ in finished]})
                c.commit()
            with c.execute(WAITING) as rows:
                for stream, sequence, dataset_id, opd, next_ms, state, _, _ in rows:
                    submission_id = str(stream)
                    if (submission_id, sequence) in finished:
                        unseen.add((submission_id, sequence))
                        continue
                    if state == "refused" or (dataset_id, opd) in heads:
                        continue
                    heads.add((dataset_id, opd))
                    if next_ms > now_ms:
                        pauses.append(next_ms)
                    elif dataset_id not in busy:
                        due.setdefault(dataset_id, Waiting(submission_id, sequence, dataset_id))
                    if len(due) == limit:
                        break
        return Look(list(due.values()), datetime.fromtimestamp(min(pauses) / 1000, UTC) if pauses else None, unseen)

    def of(self, submission_id: str, sequence: int) -> Attempt | None:
        """How it went with the event of this number."""
        with self.engine.connect() as c:
            wanted = sa.select(ATTEMPTS).where(ATTEMPTS.c.submission_id == UUID(submission_id), ATTEMPTS.c.sequence == sequence)
            row = c.execute(wanted).first()
        return attempt_of(row) if row else None

    def put(self, attempt: Attempt) -> None:
        row = {name: getattr(attempt, name) for name in ("sequence", "state", "attempts", "step", "code", "message")}
        row |= {"submission_id": UUID(attempt.submission_id), "next_ms": _ms(attempt.next_at)}
        insert = sqlite.insert(ATTEMPTS) if self.engine.dialect.name == "sqlite" else postgresql.insert(ATTEMPTS)
        changes = {name: insert.excluded[name] for name in row if name != "submission_id"}
        with self.engine.begin() as c:
            c.execute(insert.on_conflict_do_update(index_elements=["submission_id"], set_=changes), [row])

    def retry_now(self, submission_id: str, now: datetime) -> None:
        """Also what the portal refused for good: somebody may have mended the portal."""
        changed = {"next_ms": _ms(now), "state": "retrying"}
        with self.engine.begin() as c:
            c.execute(
                sa.update(ATTEMPTS).where(ATTEMPTS.c.submission_id == UUID(submission_id), ATTEMPTS.c.state != "done").values(changed)
            )

    def count(self, state: Outcome) -> int:
        """Of what the portal has to follow now: what was handed back meanwhile does not count."""
        with self.engine.connect() as c:
            return c.execute(sa.select(sa.func.count()).select_from(EITHER).where(EITHER.c.attempt == state)).scalar_one()

    def for_a_person(self) -> Sequence[tuple[str, str, Attempt | None]]:
        """(submission, dataset, attempt): what the portal refuses for good, and what was taken down and is not yet down."""
        wanted = sa.or_(EITHER.c.attempt == "refused", sa.and_(EITHER.c.turn == 0, sa.func.coalesce(EITHER.c.attempt, "") != "done"))
        with self.engine.connect() as c:
            rows = c.execute(sa.select(EITHER).where(wanted).order_by(EITHER.c.turn, EITHER.c.arrived_ms)).all()
        return [(str(row.submission_id), row.dataset_id, self.of(str(row.submission_id), row.sequence)) for row in rows]

    def not_down(self) -> int:
        """Retracted, and the portal has not followed yet."""
        wanted = sa.select(sa.func.count()).select_from(EITHER).where(EITHER.c.turn == 0, sa.func.coalesce(EITHER.c.attempt, "") != "done")
        with self.engine.connect() as c:
            return c.execute(wanted).scalar_one()

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


def attempt_of(row: sa.Row[tuple[object, ...]]) -> Attempt:
    next_at = datetime.fromtimestamp(row.next_ms / 1000, UTC)
    return Attempt(str(row.submission_id), row.sequence, row.state, row.attempts, row.step, row.code, row.message, next_at)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
