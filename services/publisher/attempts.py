"""What the portal has still to be made to show or to take down: whose turn it is, attempts, last error, when next.

Kept across restarts. Not a view: it cannot be rebuilt from the log, and nothing but pauses and the admin's screen depend on it. An attempt
counts for one event only: after another approval everything begins anew.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import sqlalchemy as sa

from events.contracts import Lane
from events.heads import HEADS
from events.values import moment_at, ms_of
from lane.asked import cursor_of, read_cursor
from lane.inbox import put_rows
from services.publisher.following import ATTEMPTS, DOWN, Following

Outcome = Literal["retrying", "refused"]
"""Of an attempt that failed: it will be made again, or the portal refuses for good."""


@dataclass(frozen=True)
class Attempt:
    """`sequence`: of the event that the portal was to follow."""

    submission_id: UUID
    sequence: int
    state: Outcome
    attempts: int
    step: str
    code: str | None
    message: str | None
    next_at: datetime


@dataclass(frozen=True)
class Waiting:
    """What the portal has still to follow: an approval, or (`down`) something that it may show and must not."""

    submission_id: UUID
    sequence: int
    dataset_id: str
    opd: str
    down: bool
    attempt: Attempt | None

    @property
    def key(self) -> tuple[UUID, int]:
        return self.submission_id, self.sequence


@dataclass(frozen=True)
class Look:
    """What one look at the inbox found. `unseen`: of what was said to be finished, what it still met as waiting."""

    due: list[Waiting]
    next_at: datetime | None
    unseen: set[tuple[UUID, int]]


def _waiting(source: sa.Table, turn: int) -> sa.Select[Any]:
    tried = sa.and_(ATTEMPTS.c.submission_id == source.c.submission_id, ATTEMPTS.c.sequence == source.c.sequence)
    of_attempt = [column for column in ATTEMPTS.c if column.name not in ("submission_id", "sequence")]
    told = (source.c.submission_id, source.c.sequence, source.c.dataset_id, HEADS.c.opd, HEADS.c.arrived_ms)
    joined = source if source is HEADS else source.join(HEADS, HEADS.c.submission_id == source.c.submission_id)
    return sa.select(*told, sa.literal_column(str(turn), sa.Integer).label("turn"), *of_attempt).select_from(
        joined.outerjoin(ATTEMPTS, tried)
    )


# Built once: putting such a query together costs several times what SQLite needs to answer it. What must come down goes first.
EITHER: Final = sa.union_all(
    _waiting(DOWN, 0), _waiting(HEADS, 1).where(HEADS.c.holder == sa.literal_column(f"'{Lane.PUBLISHER}'"))
).subquery()
ORDER: Final = (EITHER.c.turn, EITHER.c.arrived_ms, EITHER.c.submission_id)
WAITING: Final = sa.select(EITHER).order_by(*ORDER)
STREAMED: Final = WAITING.execution_options(stream_results=True, max_row_buffer=500)  # a look ends where enough is found
OF_ONE: Final = WAITING.where(EITHER.c.submission_id == sa.bindparam("submission_id")).limit(1)
FOR_A_PERSON: Final = WAITING.where(sa.or_(EITHER.c.turn == 0, EITHER.c.state == "refused"))
SETTLED: Final = [
    sa.delete(table).where(table.c.submission_id == sa.bindparam("id"), table.c.sequence == sa.bindparam("number"))
    for table in (ATTEMPTS, DOWN)
]


@dataclass
class Attempts:
    engine: sa.Engine
    following: Following

    def look(self, now: datetime, limit: int, *, busy: Collection[str], finished: Collection[Waiting]) -> Look:
        """What the portal has still to follow and whose turn it is, and when the next pause ends; nothing of the datasets in `busy`.

        Of one dataset and one submission only the first, so editions follow each other; one that is refused for good holds up none. What
        has `finished` waits no longer, whatever the inbox says. Costs as much as waits, however much was published or taken down before.
        """
        self.following.follow()
        self._settle([one for one in finished if one.down or one.attempt])
        over, due = {one.key for one in finished}, dict[str, Waiting]()
        held, unseen, pauses = set[object](), set[tuple[UUID, int]](), list[datetime]()
        with self.engine.connect() as c, c.execute(STREAMED) as rows:
            for row in rows:
                waiting = waiting_of(row)
                if waiting.key in over:
                    unseen.add(waiting.key)
                    continue
                holds = {waiting.submission_id, (waiting.dataset_id, waiting.opd)}
                if row.state == "refused" or holds & held:
                    continue
                held |= holds
                if waiting.attempt and waiting.attempt.next_at > now:
                    pauses.append(waiting.attempt.next_at)
                elif waiting.dataset_id not in busy:
                    due.setdefault(waiting.dataset_id, waiting)
                if len(due) == limit:
                    break
        return Look(list(due.values()), min(pauses, default=None), unseen)

    def _settle(self, finished: Sequence[Waiting]) -> None:
        if not finished:
            return
        with self.engine.begin() as c:
            for gone in SETTLED:
                c.execute(gone, [{"id": one.submission_id, "number": one.sequence} for one in finished])

    def of(self, submission_id: UUID) -> Waiting | None:
        """What the portal has still to follow of this submission; None when it shows what the log says."""
        self.following.follow()
        with self.engine.connect() as c:
            row = c.execute(OF_ONE, {"submission_id": submission_id}).first()
        return waiting_of(row) if row else None

    def put(self, attempt: Attempt) -> None:
        row = {column.name: vars(attempt).get(column.name) for column in ATTEMPTS.columns} | {"next_ms": ms_of(attempt.next_at)}
        with self.engine.begin() as c:
            put_rows(c, ATTEMPTS, [row])

    def retry_now(self, submission_id: UUID, now: datetime) -> None:
        """Also what the portal refused for good: somebody may have mended the portal."""
        changed = sa.update(ATTEMPTS).where(ATTEMPTS.c.submission_id == submission_id)
        with self.engine.begin() as c:
            c.execute(changed.values(next_ms=ms_of(now), state="retrying"))

    def count(self, state: Outcome) -> int:
        return self._count(EITHER.c.state == state)

    def not_down(self) -> int:
        """Taken down or handed back, and the portal was not seen to follow yet."""
        self.following.follow()
        return self._count(EITHER.c.turn == 0)

    def _count(self, which: sa.ColumnElement[bool]) -> int:
        with self.engine.connect() as c:
            return c.execute(sa.select(sa.func.count()).select_from(EITHER).where(which)).scalar_one()

    def for_a_person(self) -> list[Waiting]:
        """What the portal refuses for good, and what must come down and is not yet down."""
        self.following.follow()
        with self.engine.connect() as c:
            return [waiting_of(row) for row in c.execute(FOR_A_PERSON)]

    def page(self, *, after: str | None, limit: int) -> tuple[list[Waiting], str | None]:
        """All that waits, in order, and where the next page goes on. Raises ValueError when `after` is not from a page."""
        query = WAITING.limit(limit + 1)
        if after is not None:
            query = query.where(sa.tuple_(*ORDER) > sa.tuple_(*_read(after)))
        self.following.follow()
        with self.engine.connect() as c:
            found = c.execute(query).all()
        last = found[limit - 1] if len(found) > limit else None
        more = f"{last.turn}.{cursor_of(last.arrived_ms, last.submission_id)}" if last else None
        return [waiting_of(row) for row in found[:limit]], more


def waiting_of(row: sa.Row[Any]) -> Waiting:
    attempt = None
    if row.state is not None:
        said = (row.state, row.attempts, row.step, row.code, row.message)
        attempt = Attempt(row.submission_id, row.sequence, *said, moment_at(row.next_ms))
    return Waiting(row.submission_id, row.sequence, row.dataset_id, row.opd, row.turn == 0, attempt)


def _read(after: str) -> tuple[sa.ColumnElement[Any], ...]:
    """Raises ValueError."""
    turn, _, rest = after.partition(".")
    if turn not in ("0", "1"):
        raise ValueError("not a cursor of the queue")
    moment_ms, submission_id = read_cursor(rest)
    return sa.literal(int(turn)), sa.literal(moment_ms), sa.literal(submission_id, sa.Uuid)
