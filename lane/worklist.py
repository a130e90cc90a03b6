"""The worklist: a lane's view of what lies there. Journal rows in, pages of work out, oldest due first.

A view can be thrown away: it knows which journal it was built from and starts anew when that is another one. Due times are
derived from `arrived_at`, which every due time follows, so the oldest due is the oldest arrived.
"""

import base64
import itertools
import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from events.contracts import Lane
from events.journal import Journal
from events.recent import Headline
from events.stores import CHECKPOINT_PAGES, MIGRATION_LOCK, POSTGRES_PATIENCE
from events.submission import BATON, STATE_AFTER, State

BATCH: Final = 1_000
Row = sa.Row[tuple[Any, ...]]

METADATA: Final = sa.MetaData()
WORK: Final = sa.Table(
    "worklist_v2",
    METADATA,
    sa.Column("submission_id", sa.String(36), primary_key=True),
    sa.Column("opd", sa.String(63), nullable=False),
    sa.Column("dataset_id", sa.String(100), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("holder", sa.String(16)),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("arrived_ms", sa.BigInteger, nullable=False),
)
_SHOWN: Final = f"state IN ('{State.APPROVED}', '{State.PUBLISHED}')"
_WAITING: Final = {"holder": "(holder, arrived_ms, submission_id) WHERE holder IS NOT NULL"}
_INDEXES: Final[Mapping[str, Mapping[str, str]]] = {
    "review": _WAITING | {"opd": "(holder, opd, arrived_ms, submission_id) WHERE holder IS NOT NULL"},
    "decision": _WAITING | {"shown": f"(dataset_id, opd) WHERE {_SHOWN}"},
    "publisher": _WAITING | {"dataset": "(dataset_id, opd)"},
    "archive": _WAITING | {"arrived": "(arrived_ms, submission_id)"},
}
"""Each event pays for every index, so a lane has those that its own questions need."""
_ASKS: Final[Mapping[str, frozenset[State]]] = {
    "intake": frozenset(),
    "review": frozenset({State.SUBMITTED, State.REJECTED}),
    "decision": frozenset({State.REVISED, State.VERIFIED, State.APPROVED, State.PUBLISHED}),
    "publisher": frozenset({State.APPROVED, State.PUBLISHED, State.RETRACTED}),
}
"""The states that a lane asks its worklist for; one that is not named asks for all."""
Values = tuple[str | int | None, ...]
_MOVED: Final = ("state", "holder", "sequence", "arrived_ms")
_SETS: Final = (("opd", "dataset_id", "title", *_MOVED), ("dataset_id", "title", *_MOVED), _MOVED)
_OVERWRITE: Final = "ON CONFLICT (submission_id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in _SETS[0])
_POSTGRES_TYPES: Final = {"sequence": "int", "arrived_ms": "bigint"}
_STATE_AND_HOLDER: Final = {
    event_type: (state.value, holder.value if (holder := BATON[state].holder) else None) for event_type, state in STATE_AFTER.items()
}
BUILT_FROM: Final = sa.Table(
    "worklist_v2_built_from",
    METADATA,
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("journal", sa.BigInteger, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
)

_SHOWN_BY: Final = f"SELECT opd FROM {WORK.name} WHERE dataset_id = asked.dataset_id AND {_SHOWN} AND opd"  # noqa: S608 (no values)
_SHOWN_ELSEWHERE: Final = (
    f"SELECT dataset_id, opd, coalesce(({_SHOWN_BY} < asked.opd LIMIT 1), ({_SHOWN_BY} > asked.opd LIMIT 1)) FROM ({{0}}) AS asked"  # noqa: S608
)
"""Another OPD than one's own: before it and after it in the index, never through one's own versions."""
_MOVED_TO: Final = f"UPDATE {BUILT_FROM.name} SET entry_id = {{0}}"  # noqa: S608 (no values)
_DONE: Final = f"SELECT entry_id FROM {BUILT_FROM.name}"  # noqa: S608 (no values)


@dataclass(frozen=True)
class Item:
    """A line of a worklist."""

    submission_id: str
    opd: str
    dataset_id: str
    title: str
    state: State
    holder: Lane | None
    sequence: int
    arrived_at: datetime


@dataclass(frozen=True)
class Page:
    items: tuple[Item, ...]
    next: str | None


def open_engine(store: str, lane: str) -> sa.Engine:
    """The database of a lane's views: a file beside the journal, or the lane's schema."""
    if store.startswith("sqlite:"):
        directory = Path(store.removeprefix("sqlite:"))
        directory.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(f"sqlite:///{directory / f'{lane}.views.sqlite'}")
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


@dataclass
class Worklist:
    journal: Journal
    engine: sa.Engine
    on_change: list[Callable[[], None]] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _statements: "_Statements" = field(init=False)
    _asked: frozenset[State] = field(init=False)
    _passed: int = 0
    """Rows up to here are taken in, though the store may say less: nothing is written down for rows that change nothing."""

    def __post_init__(self) -> None:
        self._statements = _sqlite_statements() if self.engine.dialect.name == "sqlite" else _postgres_statements()
        self._asked = asked_by(self.journal.lane)

    def prepare(self) -> None:
        """Make the tables; start anew when they were built from another journal or from more than this one holds."""
        identity = self.journal.identity()
        with migrating(self.engine) as c:
            METADATA.create_all(c)
            for index, columns in _INDEXES.get(self.journal.lane, _WAITING).items():
                c.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {WORK.name}_{index} ON {WORK.name} {columns}")
            built = c.execute(sa.select(BUILT_FROM)).first()
            self._passed = 0
            if built is None or built.journal != identity or built.entry_id > self.journal.last_id():
                c.execute(sa.delete(WORK))
                c.execute(sa.delete(BUILT_FROM))
                c.execute(sa.insert(BUILT_FROM).values(one=1, journal=identity, entry_id=0))

    def follow(self, *, batches: int | None = None) -> int:
        """Take in what the journal got since last time, all or so many batches; rows and how far they go are one transaction.

        Returns rows read.
        """
        total = 0
        try:
            for _ in itertools.count() if batches is None else range(batches):
                total += (read := self._follow_once())
                if read < BATCH:
                    break
        finally:
            if total:
                for changed in self.on_change:
                    changed()
        return total

    def _follow_once(self) -> int:
        """On the driver's own connection: a batch may be one event, and then all else costs more than the rows."""
        with self._turn, closing(self.engine.raw_connection()) as connection:
            c = connection.cursor()
            c.execute(self._statements.done)
            [stored] = c.fetchall()[0]
            told = self.journal.headlines(max(stored, self._passed), BATCH)
            if not told:
                return 0
            changes = [change for change in zip(self._statements.take, _rows(told, self._asked), strict=True) if change[1]]
            for statement, rows in changes:
                if self.engine.dialect.name == "sqlite":
                    c.executemany(statement, rows)
                else:
                    c.execute(statement, tuple(map(list, zip(*rows, strict=True))))
            last = told[-1][0]
            if changes or last - stored >= BATCH:
                c.execute(self._statements.moved, (last,))
            connection.commit()
            self._passed = last
            return len(told)

    def page(
        self,
        *,
        holder: Lane | None = None,
        opd: str | None = None,
        state: State | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page:
        """A page of work, oldest arrived first. `after` is the `next` of the page before; raises ValueError when it is not."""
        query = sa.select(WORK).order_by(WORK.c.arrived_ms, WORK.c.submission_id).limit(limit + 1)
        for column, value in ((WORK.c.holder, holder), (WORK.c.opd, opd), (WORK.c.state, state)):
            if value is not None:
                query = query.where(column == str(value))
        if after is not None:
            query = query.where(sa.tuple_(WORK.c.arrived_ms, WORK.c.submission_id) > sa.tuple_(*_read_cursor(after)))
        with self.engine.connect() as c:
            rows = c.execute(query).all()
        more = _cursor(rows[limit - 1]) if len(rows) > limit else None
        return Page(tuple(_item(row) for row in rows[:limit]), more)

    def other_opds_with(self, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """(dataset_id, OPD) → another OPD that has a dataset of this name approved or published; those without one are left out."""
        pairs = json.dumps(sorted(set(asked)))
        with self.engine.connect() as c:
            return {(dataset_id, opd): other for dataset_id, opd, other in c.exec_driver_sql(self._statements.shown, (pairs,)) if other}

    def counts(self, *, overdue_before: datetime) -> Mapping[str, tuple[int, int]]:
        """Holder → (waiting, of these arrived before that moment), for the metrics."""
        late = sa.func.sum(sa.case((WORK.c.arrived_ms < _ms(overdue_before), 1), else_=0))
        query = sa.select(WORK.c.holder, sa.func.count(), late).where(WORK.c.holder.is_not(None)).group_by(WORK.c.holder)
        with self.engine.connect() as c:
            return {str(row[0]): (int(row[1]), int(row[2])) for row in c.execute(query)}


def asked_by(lane: str) -> frozenset[State]:
    """The states in which a lane's rows are right; in others a row has no holder, and may be missing or an older one."""
    return _ASKS.get(lane, frozenset(State))


@cache
def _news_of(states: frozenset[State]) -> frozenset[str]:
    """The events that tell metadata, or lead into one of these states or out of it."""
    told = {"DataSubmitted", "DataRevised"} if states else set()
    out = {event_type for state in states for event_type in BATON[state].next}
    return frozenset(told | out | {event_type for event_type, state in STATE_AFTER.items() if state in states})


def _rows(told: Sequence[tuple[int, Headline]], asked: frozenset[State]) -> tuple[list[Values], list[Values], list[Values]]:
    """One row a submission, by what this batch tells of it: everything, new metadata, or only where it lies now."""
    rows: dict[str, dict[str, str | int | None]] = {}
    news = _news_of(asked)
    for _, event in told:
        if event.type not in news:
            continue
        row = rows.setdefault(event.submission_id, {})
        row["state"], holder = _STATE_AND_HOLDER[event.type]
        row["holder"] = holder if row["state"] in asked else None
        row["sequence"] = event.sequence
        row["arrived_ms"] = _ms(datetime.fromisoformat(event.occurred_at))
        if event.dataset_id:
            row["dataset_id"], row["title"] = event.dataset_id, event.title
        if row["state"] == State.SUBMITTED:
            row["opd"] = event.opd or ""
    kinds: tuple[list[Values], list[Values], list[Values]] = ([], [], [])
    for submission_id, row in rows.items():
        kind = 0 if "opd" in row else 1 if "title" in row else 2
        kinds[kind].append((*(row[name] for name in _SETS[kind]), submission_id))
    return kinds


class _Statements(NamedTuple):
    """In the driver's own SQL, because they run for every batch. `take`: insert or overwrite, new metadata, moved."""

    done: str
    take: tuple[str, str, str]
    moved: str
    shown: str


def _sqlite_statements() -> _Statements:
    """Each row's values."""
    names = (*_SETS[0], "submission_id")
    insert = f"INSERT INTO {WORK.name} ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)}) {_OVERWRITE}"  # noqa: S608 (no values)
    updates = [f"UPDATE {WORK.name} SET {', '.join(f'{n} = ?' for n in names)} WHERE submission_id = ?" for names in _SETS[1:]]  # noqa: S608
    asked = "SELECT json_extract(value, '$[0]') AS dataset_id, json_extract(value, '$[1]') AS opd FROM json_each(?)"
    return _Statements(_DONE, (insert, updates[0], updates[1]), _MOVED_TO.format("?"), _SHOWN_ELSEWHERE.format(asked))


def _postgres_statements() -> _Statements:
    """The same, each taking one array a column: one round trip, and never psycopg's pipeline, which can wait for ever (psycopg #685)."""
    arrays = [", ".join(f"%s::{_POSTGRES_TYPES.get(n, 'text')}[]" for n in (*names, "submission_id")) for names in _SETS]
    insert = f"INSERT INTO {WORK.name} ({', '.join(_SETS[0])}, submission_id) SELECT * FROM unnest({arrays[0]}) {_OVERWRITE}"  # noqa: S608
    updates = [
        f"UPDATE {WORK.name} AS old SET {', '.join(f'{n} = new.{n}' for n in names)} FROM unnest({array})"  # noqa: S608 (no values)
        f" AS new({', '.join(names)}, submission_id) WHERE old.submission_id = new.submission_id"
        for names, array in zip(_SETS[1:], arrays[1:], strict=True)
    ]
    asked = "SELECT value->>0 AS dataset_id, value->>1 AS opd FROM json_array_elements(%s::json)"
    return _Statements(f"{_DONE} FOR UPDATE", (insert, updates[0], updates[1]), _MOVED_TO.format("%s"), _SHOWN_ELSEWHERE.format(asked))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _item(row: Row) -> Item:
    return Item(
        row.submission_id,
        row.opd,
        row.dataset_id,
        row.title,
        State(row.state),
        Lane(row.holder) if row.holder else None,
        row.sequence,
        datetime.fromtimestamp(row.arrived_ms / 1000, UTC),
    )


def _cursor(row: Row) -> str:
    return base64.urlsafe_b64encode(f"{row.arrived_ms}:{row.submission_id}".encode()).decode()


def _read_cursor(text: str) -> tuple[int, str]:
    moment, _, submission_id = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
    if not (moment.isdecimal() and len(moment) < 16 and len(submission_id) == 36):
        raise ValueError("not a cursor of a worklist")
    return int(moment), submission_id
