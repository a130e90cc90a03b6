"""What waits on a lane, and every other question to many submissions at once. A journal's heads in, pages out, oldest due first.

Heads are written in the transaction of their events, so nothing here is ever late. Due times follow `arrived_at`, so the oldest due is
the oldest arrived.
"""

import base64
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from events.contracts import Lane
from events.heads import HEADS, head_of
from events.postgres import MIGRATION_LOCK, POSTGRES_PATIENCE
from events.sqlite import CHECKPOINT_PAGES
from events.submission import EPOCH, MILLISECOND, Head, State

Row = sa.Row[tuple[Any, ...]]

_WAITING: Final = "(arrived_ms, submission_id) WHERE holder = '{lane}'"
_OPD: Final = "(opd, arrived_ms, submission_id) WHERE holder IS NOT NULL"
_DATASET: Final = "(dataset_id, opd)"
_INDEXES: Final[Mapping[str, Mapping[str, str]]] = {
    "intake": {"waiting": _WAITING, "opd": _OPD, "dataset": _DATASET},
    "review": {"waiting": _WAITING, "opd": _OPD},
    "decision": {"waiting": _WAITING, "dataset": _DATASET},
    "publisher": {"waiting": _WAITING, "dataset": _DATASET},
    "archive": {"holder": "(holder, arrived_ms) WHERE holder IS NOT NULL", "arrived": "(arrived_ms, submission_id)"},
}
"""Each event pays for every index, so a lane has those that its own questions need."""


@dataclass(frozen=True)
class Page:
    items: tuple[Head, ...]
    next: str | None


@dataclass(frozen=True)
class Inbox:
    lane: str
    engine: sa.Engine

    def prepare(self) -> None:
        with migrating(self.engine) as c:
            for name, columns in _INDEXES.get(self.lane, {}).items():
                c.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS heads_{name} ON heads {columns.format(lane=self.lane)}")

    def page(
        self,
        *,
        holder: Lane | None = None,
        opd: str | None = None,
        state: State | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page:
        """A page of submissions, oldest arrived first. `after` is the `next` of the page before; raises ValueError when it is not."""
        wanted = [column == str(value) for column, value in ((HEADS.c.opd, opd), (HEADS.c.state, state)) if value is not None]
        return self._page([*wanted, *([_held_by(holder)] if holder else [])], after, limit)

    def waiting(self, opd: str, *, after: str | None = None, limit: int = 50) -> Page:
        """As `page`: an OPD's submissions wherever they wait."""
        return self._page([HEADS.c.opd == opd, HEADS.c.holder.is_not(None)], after, limit)

    def other_opds_with(self, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """(dataset_id, OPD) → another OPD that has a dataset of this name approved or published; those without one are left out."""
        shown = HEADS.c.state.in_((State.APPROVED.value, State.PUBLISHED.value))
        query = sa.select(HEADS.c.dataset_id, HEADS.c.opd).distinct()
        query = query.where(HEADS.c.dataset_id.in_({dataset_id for dataset_id, _ in asked}), shown)
        with self.engine.connect() as c:
            found = [(dataset_id, opd) for dataset_id, opd in c.execute(query)]
        return {pair: opd for pair in asked for dataset_id, opd in found if dataset_id == pair[0] and opd != pair[1]}

    def counts(self, *, overdue_before: datetime) -> Mapping[str, tuple[int, int]]:
        """Holder → (waiting, of these arrived before that moment), for the metrics."""
        late = sa.func.sum(sa.case((HEADS.c.arrived_ms < (overdue_before - EPOCH) // MILLISECOND, 1), else_=0))
        holder = _held_by(Lane(self.lane)) if self.lane in set(Lane) else HEADS.c.holder.is_not(None)
        query = sa.select(HEADS.c.holder, sa.func.count(), late).where(holder).group_by(HEADS.c.holder)
        with self.engine.connect() as c:
            return {str(row[0]): (int(row[1]), int(row[2])) for row in c.execute(query)}

    def _page(self, wanted: list[sa.ColumnElement[bool]], after: str | None, limit: int) -> Page:
        order = (HEADS.c.arrived_ms, HEADS.c.submission_id)
        query = sa.select(HEADS).where(*wanted).order_by(*order).limit(limit + 1)
        if after is not None:
            query = query.where(sa.tuple_(*order) > sa.tuple_(*_read_cursor(after)))
        with self.engine.connect() as c:
            rows = c.execute(query).all()
        more = _cursor(rows[limit - 1]) if len(rows) > limit else None
        return Page(tuple(head_of(row[0], row[1:]) for row in rows[:limit]), more)


def open_engine(store: str, lane: str) -> sa.Engine:
    """The database that a lane's journal lies in, for questions and for tables of the lane's own."""
    if store.startswith("sqlite:"):
        engine = sa.create_engine(f"sqlite:///{Path(store.removeprefix('sqlite:')) / f'{lane}.sqlite'}")
        sa.event.listen(engine, "connect", _set_pragmas)
        return engine
    address = "postgresql+psycopg://" + store.split("://", 1)[1]
    options = f"{POSTGRES_PATIENCE['options']} -csearch_path=jejak_{lane} -cidle_in_transaction_session_timeout=10000"
    return sa.create_engine(address, connect_args=POSTGRES_PATIENCE | {"options": options}, pool_pre_ping=True, pool_size=2)


@contextmanager
def migrating(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction in which tables may be made; on PostgreSQL one process at a time, because CREATE TABLE races with itself."""
    with engine.begin() as c:
        if engine.dialect.name == "postgresql":
            c.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        yield c


def _set_pragmas(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute("PRAGMA busy_timeout=10000")


def _held_by(lane: Lane) -> sa.ColumnElement[bool]:
    """The lane's name stands in the statement, so that its own index can be used."""
    return HEADS.c.holder == sa.literal_column(f"'{lane}'")


def _cursor(row: Row) -> str:
    return base64.urlsafe_b64encode(f"{row.arrived_ms}:{row.submission_id}".encode()).decode()


def _read_cursor(text: str) -> tuple[int, Any]:
    moment, _, submission_id = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
    if not (moment.isdecimal() and len(moment) < 16):
        raise ValueError("not a cursor of an inbox")
    return int(moment), sa.literal(UUID(submission_id), sa.Uuid)
