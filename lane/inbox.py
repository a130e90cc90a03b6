"""What waits on a lane, and every other question to many submissions at once. A journal's heads in, pages out, oldest due first.

Heads are written in the transaction of their events, so nothing here is ever late. Due times follow `arrived_at`, so the oldest due is
the oldest arrived.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from events.contracts import Lane
from events.heads import HEADS, head_of
from events.postgres import MIGRATION_LOCK, POSTGRES_PATIENCE
from events.sqlite import CHECKPOINT_PAGES
from events.stores import address_of
from events.submission import Head, State
from lane.asked import Asked, Overdue, Page, cursor_of, held_by_lane, read_cursor

Row = sa.Row[tuple[Any, ...]]

_WAITING: Final = "(arrived_ms, submission_id, due_ms, holder) WHERE holder = '{lane}'"
_OPD: Final = "(opd, arrived_ms, submission_id) WHERE holder IS NOT NULL"
_DATASET: Final = "(dataset_id, begun_ms, submission_id)"
_EDITION: Final = "(dataset_id, edition)"
_ON_ITS_WAY: Final = "(dataset_id) WHERE holder IS NOT NULL"
_NAMES: Final = {"dataset": _DATASET, "edition": _EDITION, "open": _ON_ITS_WAY}
_INDEXES: Final[Mapping[str, Mapping[str, str]]] = {
    "intake": {"waits": _WAITING, "opd": _OPD} | _NAMES,
    "review": {"waits": _WAITING, "opd": _OPD} | _NAMES,
    "decision": {"waits": _WAITING} | _NAMES,
    "publisher": {"waits": _WAITING, "dataset": _DATASET},
    "archive": {
        "begun": "(begun_ms, submission_id)",
        "opd_begun": "(opd, begun_ms, submission_id)",
        "dataset": _DATASET,
        "holder_begun": "(holder, begun_ms, submission_id) WHERE holder IS NOT NULL",
        "retracted": "(begun_ms, submission_id) WHERE state = 'retracted'",
    },
}
_NO_LONGER: Final = ("waiting", "holder", "arrived")
"""Each event pays for every index, so a lane has those that its own questions need."""
_OF: Final = "FROM heads WHERE dataset_id = asked.dataset_id"
_LAST: Final = f"{_OF} ORDER BY begun_ms DESC, submission_id DESC LIMIT 1"
_FIRST: Final = "ORDER BY begun_ms, submission_id LIMIT 1"
_OWNER: Final = (
    f"coalesce((SELECT opd {_OF} AND (published OR state = 'approved') {_FIRST}), (SELECT opd {_OF} AND NOT renamed {_FIRST}),"
    f" (SELECT opd {_OF} {_FIRST}))"
)
"""Of what was approved under the name, else of what was submitted under it; what was only renamed into it meanwhile comes last."""
_OWNED: Final = (
    f"SELECT asked.dataset_id, {_OWNER} AS owner, (SELECT max(edition) {_OF}) AS numbered,"  # noqa: S608 (names only)
    f" (SELECT count(*) {_OF} AND edition IS NULL) AS unnumbered, (SELECT submission_id {_LAST}) AS last,"
    f" (SELECT manifest {_LAST}) AS last_manifest FROM ({{0}}) AS asked"
)
_STANDING: Final = (
    f"WITH owned AS MATERIALIZED ({_OWNED})"  # noqa: S608 (names only)
    " SELECT owned.*, begun_ms, submission_id, period_start, period_end, opd, state FROM owned"
    " LEFT JOIN heads ON heads.dataset_id = owned.dataset_id AND holder IS NOT NULL"
)
"""A row for each submission on its way, or one with nothing of any where there is none."""
_LISTED: Final[Mapping[str, str]] = {
    "sqlite": "SELECT value AS dataset_id FROM json_each(?)",
    "postgresql": "SELECT value AS dataset_id FROM json_array_elements_text(%s::json) AS value",
}
"""A list of names as rows, in the driver's own SQL."""

_OF_DATASET: Final = sa.select(HEADS.c.submission_id).where(HEADS.c.dataset_id == sa.bindparam("dataset_id")).limit(1)
_FIRST_WITH: Final = _OF_DATASET.where(HEADS.c.manifest == sa.bindparam("manifest")).order_by(HEADS.c.begun_ms, HEADS.c.submission_id)
_EVER_PUBLISHED: Final = _OF_DATASET.where(HEADS.c.published)
_NUMBER: Final = sa.func.coalesce(HEADS.c.edition, 0)
_PUBLIC: Final = _OF_DATASET.where(HEADS.c.state == State.PUBLISHED.value).order_by(_NUMBER.desc(), HEADS.c.begun_ms.desc())
_PUBLIC_BEFORE: Final = _PUBLIC.where(sa.bindparam("edition") > _NUMBER)
"""Built once: intake asks them of each submission, and building one takes several times what the database needs."""


class OnItsWay(NamedTuple):
    """A submission that somebody still has to act on. `period`: first and last day, ISO 8601."""

    submission_id: str
    period: tuple[str, str]
    opd: str
    state: State


@dataclass(frozen=True)
class Standing:
    """What submissions there are of a dataset: whose name it is, how many, and those on their way, in the order in which they came.

    `newest`: the id and the manifest of the one that was submitted last.
    """

    owner: str | None
    editions: int
    open: tuple[OnItsWay, ...] = ()
    newest: tuple[str, str] | None = None

    def others(self, period: tuple[str, str], *, but: str) -> list[OnItsWay]:
        """Those of a period; `but`: the submission itself."""
        return [one for one in self.open if one.period == period and one.submission_id != but]


UNUSED: Final = Standing(None, 0)


@dataclass(frozen=True)
class Inbox:
    lane: str
    engine: sa.Engine

    def prepare(self) -> None:
        with migrating(self.engine) as c:
            for name in _NO_LONGER:
                c.exec_driver_sql(f"DROP INDEX IF EXISTS heads_{name}")
            for name, columns in _INDEXES.get(self.lane, {}).items():
                c.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS heads_{name} ON heads {columns.format(lane=self.lane)}")

    def page(self, asked: Asked | None = None, *, newest_first: bool = False, after: str | None = None, limit: int = 50) -> Page:
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

        The owner is the OPD that first submitted under the name, whoever renamed its own data into that name at the same moment; and once
        something of it was approved, the OPD of that. Submissions of the time before editions were numbered come first.
        """
        with self.engine.connect() as c:
            found = c.exec_driver_sql(_STANDING.format(_LISTED[self.engine.dialect.name]), (json.dumps(sorted(dataset_ids)),)).all()
        opened: dict[str, list[OnItsWay]] = {row[0]: [] for row in found}
        for dataset_id, *_, begun_ms, submission_id, start, end, opd, state in sorted(found):
            if begun_ms is not None:
                opened[dataset_id].append(OnItsWay(str(UUID(str(submission_id))), (start, end), opd, State(state)))
        return {
            dataset_id: Standing(owner, max(numbered or 0, unnumbered), tuple(opened[dataset_id]), (str(UUID(str(last))), manifest))
            for dataset_id, owner, numbered, unnumbered, last, manifest, *_ in found
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

    def newest_after(self, head: Head) -> UUID | None:
        """The newest submission of its dataset that came after this one and was not taken back: whoever decides should know of it."""
        later = HEADS.c.edition > (head.edition or 0)
        query = sa.select(HEADS.c.submission_id).where(HEADS.c.dataset_id == head.dataset_id, later, HEADS.c.state != State.RETRACTED.value)
        with self.engine.connect() as c:
            return c.execute(query.order_by(HEADS.c.edition.desc()).limit(1)).scalar()

    def first_with(self, dataset_id: str, manifest: str) -> UUID | None:
        """The first submission of a dataset that says exactly this."""
        with self.engine.connect() as c:
            return c.execute(_FIRST_WITH, {"dataset_id": dataset_id, "manifest": manifest}).scalar()

    def was_published(self, dataset_id: str) -> bool:
        """Was anything on the portal under this name?"""
        with self.engine.connect() as c:
            return c.execute(_EVER_PUBLISHED, {"dataset_id": dataset_id}).first() is not None

    def published_before(self, dataset_id: str, edition: int | None) -> UUID | None:
        """The newest submission of a dataset that is public now, of those with a smaller number; of all when `edition` is None."""
        query, asked = (_PUBLIC, {}) if edition is None else (_PUBLIC_BEFORE, {"edition": edition})
        with self.engine.connect() as c:
            return c.execute(query, {"dataset_id": dataset_id, **asked}).scalar()

    def count(self, asked: Asked, overdue: Overdue) -> tuple[int, int]:
        """How many there are of what is asked for, and how many of them are late."""
        late = sa.func.sum(sa.case((overdue.condition(), 1), else_=0))
        with self.engine.connect() as c:
            row = c.execute(sa.select(sa.func.count(), late).select_from(HEADS).where(*asked.conditions())).one()
        return int(row[0]), int(row[1] or 0)

    def counts(self, overdue: Overdue) -> Mapping[str, tuple[int, int]]:
        """Holder → (waiting, of these overdue), for the metrics."""
        late = sa.func.sum(sa.case((overdue.condition(), 1), else_=0))
        holder = held_by_lane(Lane(self.lane)) if self.lane in set(Lane) else HEADS.c.holder.is_not(None)
        query = sa.select(HEADS.c.holder, sa.func.count(), late).where(holder).group_by(HEADS.c.holder)
        with self.engine.connect() as c:
            return {str(row[0]): (int(row[1]), int(row[2])) for row in c.execute(query)}


def open_engine(store: str, lane: str) -> sa.Engine:
    """The database that a lane's journal lies in, for questions and for tables of the lane's own. Raises StoreRefused."""
    store = address_of(store, lane)
    if store.startswith("sqlite:"):
        engine = sa.create_engine(f"sqlite:///{Path(store.removeprefix('sqlite:')) / f'{lane}.sqlite'}")
        sa.event.listen(engine, "connect", _set_pragmas)
        return engine
    address = "postgresql+psycopg://" + store.split("://", 1)[1]
    options = f"{POSTGRES_PATIENCE['options']} -csearch_path=jejak_{lane} -cidle_in_transaction_session_timeout=10000"
    return sa.create_engine(address, connect_args=POSTGRES_PATIENCE | {"options": options}, pool_pre_ping=True, pool_size=2)


def open_reading_engine(store: str, lane: str) -> sa.Engine:
    """As `open_engine`, for what only looks: nothing is made or changed, also where nothing may be written."""
    store = address_of(store, lane)
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


def put_rows(c: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]], *, rising: str | None = None) -> None:
    """Rows by their key: new ones are added, others take the place of the old; with `rising` only where that column gets larger."""
    if rows:
        c.execute(_put(table, c.dialect.name, rising), rows)


def add_rows(c: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Those whose key is not there yet."""
    if rows:
        c.execute(_add(table, c.dialect.name), rows)


@lru_cache(maxsize=64)
def _put(table: sa.Table, dialect: str, rising: str | None) -> sa.Insert:
    """Built once: that takes several times what SQLite needs for a row."""
    insert = _insert(table, dialect)
    key = [column.name for column in table.primary_key]
    changes = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in key}
    larger = table.c[rising] < insert.excluded[rising] if rising else None
    return insert.on_conflict_do_update(index_elements=key, set_=changes, where=larger)


@lru_cache(maxsize=64)
def _add(table: sa.Table, dialect: str) -> sa.Insert:
    return _insert(table, dialect).on_conflict_do_nothing()


def _insert(table: sa.Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _set_pragmas(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute("PRAGMA busy_timeout=10000")
