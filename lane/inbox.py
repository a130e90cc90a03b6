"""What waits on a lane, and every other question to many submissions at once. A journal's heads in, pages out, oldest due first.

Heads are written in the transaction of their events, so nothing here is ever late. Due times follow `arrived_at`, so the oldest due is
the oldest arrived.
"""

import base64
import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
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
_DATASET: Final = "(dataset_id, begun_ms, submission_id)"
_EDITION: Final = "(dataset_id, edition)"
_ON_ITS_WAY: Final = "(dataset_id) WHERE holder IS NOT NULL"
_NAMES: Final = {"dataset": _DATASET, "edition": _EDITION, "open": _ON_ITS_WAY}
_INDEXES: Final[Mapping[str, Mapping[str, str]]] = {
    "intake": {"waiting": _WAITING, "opd": _OPD} | _NAMES,
    "review": {"waiting": _WAITING, "opd": _OPD} | _NAMES,
    "decision": {"waiting": _WAITING} | _NAMES,
    "publisher": {"waiting": _WAITING, "dataset": _DATASET},
    "archive": {
        "begun": "(begun_ms, submission_id)",
        "opd_begun": "(opd, begun_ms, submission_id)",
        "dataset": _DATASET,
        "holder_begun": "(holder, begun_ms, submission_id) WHERE holder IS NOT NULL",
        "retracted": "(begun_ms, submission_id) WHERE state = 'retracted'",
    },
}
_NO_LONGER: Final[Mapping[str, tuple[str, ...]]] = {"archive": ("holder", "arrived")}
"""Each event pays for every index, so a lane has those that its own questions need."""
_OF: Final = "FROM heads WHERE dataset_id = asked.dataset_id"
_LAST: Final = f"{_OF} ORDER BY begun_ms DESC, submission_id DESC LIMIT 1"
_OWNED: Final = (
    f"SELECT asked.dataset_id, (SELECT opd {_OF} ORDER BY begun_ms, submission_id LIMIT 1), (SELECT max(edition) {_OF}),"  # noqa: S608 (names only)
    f" (SELECT count(*) {_OF} AND edition IS NULL), (SELECT submission_id {_LAST}), (SELECT manifest {_LAST}) FROM ({{0}}) AS asked"
)
_OPEN: Final = (
    "SELECT heads.dataset_id, begun_ms, period_start, period_end, submission_id FROM ({0}) AS asked"
    " JOIN heads ON heads.dataset_id = asked.dataset_id WHERE holder IS NOT NULL"
)
_LISTED: Final[Mapping[str, str]] = {
    "sqlite": "SELECT value AS dataset_id FROM json_each(?)",
    "postgresql": "SELECT value AS dataset_id FROM json_array_elements_text(%s::json) AS value",
}
"""A list of names as rows, in the driver's own SQL."""


@dataclass(frozen=True)
class Page:
    items: tuple[Head, ...]
    next: str | None


@dataclass(frozen=True)
class Standing:
    """What submissions there are of a dataset: whose name it is, how many, and those on their way (period start, end, submission id).

    `newest`: the id and the manifest of the one that was submitted last.
    """

    owner: str | None
    editions: int
    open: tuple[tuple[str, str, str], ...] = ()
    newest: tuple[str, str] | None = None


NUMBER: Final = re.compile(r"[0-9a-f]{4,32}")
UNUSED: Final = Standing(None, 0)


@dataclass(frozen=True)
class Overdue:
    """What is late now; what does not say itself when it is due is late when it arrived before a moment."""

    now: datetime
    arrived_before: datetime

    def condition(self) -> sa.ColumnElement[bool]:
        now_ms, before_ms = ((moment - EPOCH) // MILLISECOND for moment in (self.now, self.arrived_before))
        return sa.or_(HEADS.c.due_ms < now_ms, sa.and_(HEADS.c.due_ms.is_(None), HEADS.c.arrived_ms < before_ms))


@dataclass(frozen=True)
class Asked:
    """Which submissions: all, or those that somebody holds (`waiting`), that this lane holds, of these OPDs, in this state, late ones.

    `words`: each is part of the title, the dataset's name or the OPD's, or begins the submission's number. What waits is a short list; it
    is looked through.
    """

    holder: Lane | None = None
    waiting: bool = False
    opds: Sequence[str] | None = None
    state: State | None = None
    overdue: Overdue | None = None
    words: Sequence[str] = ()

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        if self.holder or self.waiting:
            yield _held_by(self.holder) if self.holder else HEADS.c.holder.is_not(None)
        if self.opds is not None:
            yield HEADS.c.opd == self.opds[0] if len(self.opds) == 1 else HEADS.c.opd.in_(self.opds)
        if self.state:
            yield HEADS.c.state == self.state.value
        if self.overdue:
            yield self.overdue.condition()
        for word in self.words:
            yield sa.or_(
                *(column.icontains(word, autoescape=True) for column in (HEADS.c.title, HEADS.c.dataset_id, HEADS.c.opd)),
                *([numbered(number)] if (number := number_in(word)) else []),
            )


@dataclass(frozen=True)
class Inbox:
    lane: str
    engine: sa.Engine

    def prepare(self) -> None:
        with migrating(self.engine) as c:
            for name in _NO_LONGER.get(self.lane, ()):
                c.exec_driver_sql(f"DROP INDEX IF EXISTS heads_{name}")
            for name, columns in _INDEXES.get(self.lane, {}).items():
                c.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS heads_{name} ON heads {columns.format(lane=self.lane)}")

    def page(self, asked: "Asked | None" = None, *, newest_first: bool = False, after: str | None = None, limit: int = 50) -> Page:
        """A page of submissions, those that arrived first before the others or after them: all, or those that are asked for.

        `after` is the `next` of the page before; raises ValueError when it is not.
        """
        order = (HEADS.c.arrived_ms, HEADS.c.submission_id)
        query = sa.select(HEADS).where(*(asked or Asked()).conditions()).limit(limit + 1)
        query = query.order_by(*(column.desc() if newest_first else column for column in order))
        if after is not None:
            moment_ms, submission_id = read_cursor(after)
            here, there = sa.tuple_(*order), sa.tuple_(sa.literal(moment_ms), sa.literal(submission_id, sa.Uuid))
            query = query.where(here < there if newest_first else here > there)
        with self.engine.connect() as c:
            rows = c.execute(query).all()
        more = cursor_of(rows[limit - 1].arrived_ms, rows[limit - 1].submission_id) if len(rows) > limit else None
        return Page(tuple(head_of(row[0], row[1:]) for row in rows[:limit]), more)

    def standings(self, dataset_ids: Collection[str]) -> dict[str, Standing]:
        """Of these datasets, however many editions they have; those without a submission are left out.

        The owner is the OPD that first submitted under the name. Submissions of the time before editions were numbered come first.
        """
        names, values = json.dumps(sorted(dataset_ids)), _LISTED[self.engine.dialect.name]
        with self.engine.connect() as c:
            found = list(c.exec_driver_sql(_OWNED.format(values), (names,)))
            opened: dict[str, list[tuple[str, str, str]]] = {}
            for dataset_id, _, start, end, submission_id in sorted(map(tuple, c.exec_driver_sql(_OPEN.format(values), (names,)))):
                opened.setdefault(dataset_id, []).append((start, end, str(UUID(str(submission_id)))))
        return {
            dataset_id: Standing(owner, max(numbered or 0, unnumbered), tuple(opened.get(dataset_id, ())), (str(UUID(str(last))), manifest))
            for dataset_id, owner, numbered, unnumbered, last, manifest in found
            if owner is not None
        }

    def before(self, head: Head) -> UUID | None:
        """The edition of its dataset before this one; what was withdrawn before anybody saw it does not count. Editions have numbers; those
        of the time before they had any come first, in the order in which they came.
        """
        shown = sa.or_(HEADS.c.state != State.RETRACTED.value, HEADS.c.published)
        older = sa.select(HEADS.c.submission_id).where(HEADS.c.dataset_id == head.dataset_id, shown).limit(1)
        unnumbered, came = HEADS.c.edition.is_(None), (HEADS.c.begun_ms, HEADS.c.submission_id)
        newest = [older.where(unnumbered).order_by(*(column.desc() for column in came))]
        if head.edition is None:
            newest = [newest[0].where(sa.tuple_(*came) < sa.tuple_(head.begun_ms, sa.literal(head.submission_id, sa.Uuid)))]
        else:
            newest.insert(0, older.where(HEADS.c.edition < head.edition).order_by(HEADS.c.edition.desc()))
        with self.engine.connect() as c:
            return next((found for query in newest if (found := c.execute(query).scalar())), None)

    def was_published(self, dataset_id: str) -> bool:
        """Was anything on the portal under this name?"""
        query = sa.select(HEADS.c.submission_id).where(HEADS.c.dataset_id == dataset_id, HEADS.c.published).limit(1)
        with self.engine.connect() as c:
            return c.execute(query).first() is not None

    def count(self, asked: Asked, overdue: Overdue) -> tuple[int, int]:
        """How many there are of what is asked for, and how many of them are late."""
        late = sa.func.sum(sa.case((overdue.condition(), 1), else_=0))
        with self.engine.connect() as c:
            row = c.execute(sa.select(sa.func.count(), late).select_from(HEADS).where(*asked.conditions())).one()
        return int(row[0]), int(row[1] or 0)

    def counts(self, overdue: Overdue) -> Mapping[str, tuple[int, int]]:
        """Holder → (waiting, of these overdue), for the metrics."""
        late = sa.func.sum(sa.case((overdue.condition(), 1), else_=0))
        holder = _held_by(Lane(self.lane)) if self.lane in set(Lane) else HEADS.c.holder.is_not(None)
        query = sa.select(HEADS.c.holder, sa.func.count(), late).where(holder).group_by(HEADS.c.holder)
        with self.engine.connect() as c:
            return {str(row[0]): (int(row[1]), int(row[2])) for row in c.execute(query)}


def open_engine(store: str, lane: str) -> sa.Engine:
    """The database that a lane's journal lies in, for questions and for tables of the lane's own."""
    if store.startswith("sqlite:"):
        engine = sa.create_engine(f"sqlite:///{Path(store.removeprefix('sqlite:')) / f'{lane}.sqlite'}")
        sa.event.listen(engine, "connect", _set_pragmas)
        return engine
    address = "postgresql+psycopg://" + store.split("://", 1)[1]
    options = f"{POSTGRES_PATIENCE['options']} -csearch_path=jejak_{lane} -cidle_in_transaction_session_timeout=10000"
    return sa.create_engine(address, connect_args=POSTGRES_PATIENCE | {"options": options}, pool_pre_ping=True, pool_size=2)


def open_reading_engine(store: str, lane: str) -> sa.Engine:
    """As `open_engine`, for what only looks: nothing is made or changed, also where nothing may be written."""
    if store.startswith("sqlite:"):
        path = (Path(store.removeprefix("sqlite:")) / f"{lane}.sqlite").absolute()
        return sa.create_engine(f"sqlite:///{path.as_uri()}?mode=ro&uri=true")
    return open_engine(store, lane)


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


def number_in(text: str) -> str | None:
    """The hexadecimal signs of a submission's number, or of its beginning from four signs on."""
    plain = text.strip().lower().replace("-", "")
    return plain if NUMBER.fullmatch(plain) else None


def numbered(beginning: str) -> sa.ColumnElement[bool]:
    """Its number begins with these signs."""
    first, last = (sa.literal(UUID(beginning.ljust(32, edge)), sa.Uuid) for edge in "0f")
    return HEADS.c.submission_id.between(first, last)


def _held_by(lane: Lane) -> sa.ColumnElement[bool]:
    """The lane's name stands in the statement, so that its own index can be used."""
    return HEADS.c.holder == sa.literal_column(f"'{lane}'")


def cursor_of(moment_ms: int, submission_id: UUID) -> str:
    """Where the page after this one goes on: behind the submission of that moment."""
    return base64.urlsafe_b64encode(f"{moment_ms}:{submission_id}".encode()).decode()


def read_cursor(text: str) -> tuple[int, UUID]:
    """Raises ValueError."""
    moment, _, submission_id = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
    if not (moment.isdecimal() and len(moment) < 16):
        raise ValueError("not a cursor of an inbox")
    return int(moment), UUID(submission_id)
