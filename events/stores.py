"""Where a journal lies: an `eventsourcing` recorder on SQLite or PostgreSQL that keeps several inbox positions in one transaction.

In: a store address and a lane; out: an open recorder whose tables exist.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Protocol, cast
from uuid import UUID

from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError, StoredEvent, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresProcessRecorder
from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool, SQLiteDatastore, SQLiteProcessRecorder
from eventsourcing.utils import retry
from psycopg import Cursor, conninfo, sql

POSTGRES_PATIENCE: Final = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
    "options": "-c statement_timeout=30000",
}
"""A connection that is silently gone is noticed within seconds, and no statement waits for ever."""
CHECKPOINT_PAGES: Final = 4_000
"""How large SQLite's log grows (16 MB) before its pages move to the file: a page that changes often moves less often."""
MAX_ROWID: Final = 2**63 - 1
MIGRATION_LOCK: Final = 7_413_001
"""Advisory lock number under which the tables are made: CREATE TABLE races with itself."""


READ_FURTHER: Final = "another process of this lane has read further"
MOVE_POSITIONS: Final = (
    "INSERT INTO tracking VALUES (?, ?) ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id"
    " WHERE tracking.notification_id < excluded.notification_id"
)
INSERT_POSITIONS: Final = sql.SQL(
    "INSERT INTO {schema}.{tracking} AS old (application_name, notification_id) SELECT * FROM unnest(%s::text[], %s::bigint[])"
    " ON CONFLICT (application_name) DO UPDATE SET notification_id = EXCLUDED.notification_id"
    " WHERE old.notification_id < EXCLUDED.notification_id"
)
INSERT_EVENTS: Final = sql.SQL(
    "INSERT INTO {schema}.{events} (topic, originator_id, originator_version, state)"
    " SELECT * FROM unnest(%s::text[], %b::uuid[], %b::bigint[], %b::bytea[]) RETURNING notification_id"
)


NewRow = tuple[str, UUID, int, bytes]
"""Topic, stream, version there, state."""


class StoreRefused(RuntimeError):
    """The store cannot be used as it is; says why and what to do."""


class Store(Protocol):
    """What a journal needs of its recorder. Database errors are `eventsourcing.persistence.PersistenceError`."""

    def insert_rows(self, rows: Sequence[NewRow], positions: Mapping[str, int]) -> int | None:
        """In one transaction. Returns the number of the last row, if they got numbers one after the other.

        Raises IntegrityError, and writes nothing, when a row is there already or a position is not further than the stored one.
        """
        ...

    def insert_tracking(self, tracking: Tracking) -> None: ...
    def max_tracking_id(self, application_name: str) -> int | None: ...
    def max_notification_id(self) -> int | None: ...
    def select_events(self, originator_id: UUID | str, *, lte: int | None = None) -> Sequence[StoredEvent]: ...
    def select_rows(self, after: int, limit: int, upto: int | None, topics: Sequence[str]) -> Sequence[tuple[int, str, UUID, bytes]]:
        """Numbers, topics, streams and states of rows committed after a number, up to and with another."""
        ...

    def select_streams(self, ids: Sequence[UUID]) -> Sequence[tuple[UUID, bytes]]: ...
    def select_newest(self, ids: Sequence[UUID]) -> Sequence[tuple[UUID, int]]: ...
    def select_in_key_order(self, after: tuple[str, int], limit: int, upto: str) -> Sequence[tuple[UUID, int, str, bytes]]: ...
    def tables_exist(self) -> bool: ...
    def create_table(self) -> None: ...
    def close(self) -> None: ...


class _Pool(SQLiteConnectionPool):
    """Connections with our own settings, for which the datastore has no place."""

    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        connection._sqlite_conn.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")  # noqa: SLF001
        return connection


class SQLiteStore(SQLiteProcessRecorder):
    """One file, one process: the lock file keeps a second one out."""

    def __init__(self, datastore: SQLiteDatastore, lock: IO[str] | None) -> None:
        super().__init__(datastore)
        self._lock = lock

    def insert_rows(self, rows: Sequence[NewRow], positions: Mapping[str, int]) -> int | None:
        """As the recorder does with events, in one statement for the rows and one for the positions."""
        with self.datastore.transaction(commit=True) as c:
            return self._insert_rows(c.sqlite_cursor, rows, positions)

    def _insert_rows(self, c: sqlite3.Cursor, rows: Sequence[NewRow], positions: Mapping[str, int]) -> int | None:
        c.executemany(self.insert_events_statement, [(stream.hex, version, topic, state) for topic, stream, version, state in rows])
        last: int | None = c.execute("SELECT last_insert_rowid()").fetchone()[0] if rows else None
        if positions and c.executemany(MOVE_POSITIONS, positions.items()).rowcount != len(positions):
            raise IntegrityError(READ_FURTHER)
        return last

    def select_rows(self, after: int, limit: int, upto: int | None, topics: Sequence[str]) -> Sequence[tuple[int, str, UUID, bytes]]:
        marks = ",".join("?" * len(topics))
        with self.datastore.transaction(commit=False) as c:
            c.execute(
                f"SELECT rowid, topic, originator_id, state FROM stored_events WHERE rowid > ? AND rowid <= ? AND topic IN ({marks})"  # noqa: S608
                " ORDER BY rowid LIMIT ?",
                [after, MAX_ROWID if upto is None else upto, *map(str, topics), limit],
            )
            return [(row[0], row[1], UUID(int=int(row[2], 16)), row[3]) for row in c.fetchall()]

    def select_streams(self, ids: Sequence[UUID]) -> Sequence[tuple[UUID, bytes]]:
        """All events of some submissions, in order of version."""
        marks = ",".join("?" * len(ids))
        with self.datastore.transaction(commit=False) as c:
            c.execute(
                f"SELECT originator_id, state FROM stored_events WHERE originator_id IN ({marks})"  # noqa: S608 (question marks only)
                " ORDER BY originator_id, originator_version",
                [i.hex for i in ids],
            )
            return [(UUID(row[0]), row[1]) for row in c.fetchall()]

    def select_newest(self, ids: Sequence[UUID]) -> Sequence[tuple[UUID, int]]:
        """The highest version of each."""
        marks = ",".join("?" * len(ids))
        with self.datastore.transaction(commit=False) as c:
            c.execute(
                f"SELECT originator_id, max(originator_version) FROM stored_events WHERE originator_id IN ({marks}) GROUP BY 1",  # noqa: S608
                [i.hex for i in ids],
            )
            return [(UUID(row[0]), row[1]) for row in c.fetchall()]

    def select_in_key_order(self, after: tuple[str, int], limit: int, upto: str) -> Sequence[tuple[UUID, int, str, bytes]]:
        with self.datastore.transaction(commit=False) as c:
            c.execute(
                "SELECT originator_id, originator_version, topic, state FROM stored_events"
                " WHERE (originator_id, originator_version) > (?, ?)"
                " AND originator_id <= ? ORDER BY originator_id, originator_version LIMIT ?",
                [after[0], after[1], upto, limit],
            )
            return [(UUID(row[0]), row[1], row[2], row[3]) for row in c.fetchall()]

    def tables_exist(self) -> bool:
        with self.datastore.transaction(commit=False) as c:
            c.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('stored_events', 'tracking')")
            return bool(c.fetchone()[0] == 2)

    def close(self) -> None:
        self.datastore.close()
        if self._lock:
            self._lock.close()


class PostgresStore(PostgresProcessRecorder):
    """One schema a lane; several processes of the lane may share it."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        super().__init__(datastore)
        names = {"schema": datastore.schema, "events": self.events_table_name, "tracking": self.tracking_table_name}
        identifiers = {name: sql.Identifier(value) for name, value in names.items()}
        self._move_positions, self._insert_statement = INSERT_POSITIONS.format(**identifiers), INSERT_EVENTS.format(**identifiers)

    def create_table(self) -> None:
        """In a journal made here rows of up to 8 kB stay as they are: PostgreSQL would compress those over 2 kB, a sixth of its work."""
        super().create_table()
        names = (sql.Identifier(self.datastore.schema), sql.Identifier(self.events_table_name))
        with self.datastore.get_connection() as conn, conn.transaction(), conn.cursor() as curs:
            curs.execute(sql.SQL("ALTER TABLE {}.{} SET (toast_tuple_target = 8160)").format(*names))

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def insert_rows(self, rows: Sequence[NewRow], positions: Mapping[str, int]) -> int | None:
        """As the recorder does with events, in two statements with an array for each column, and without NOTIFY.

        Never in pipeline mode: psycopg then waits for ever once a batch is larger than the socket's buffer (psycopg #685; measured with
        3.3.9: 300 events through a Unix socket).
        """
        with self.datastore.get_connection() as conn, conn.transaction(), conn.cursor() as curs:
            return self._insert_rows(curs, rows, positions)

    def _insert_rows(self, curs: Cursor[dict[str, Any]], rows: Sequence[NewRow], positions: Mapping[str, int]) -> int | None:
        if positions:
            curs.execute(self._move_positions, [list(column) for column in zip(*sorted(positions.items()), strict=True)], prepare=True)
            if curs.rowcount != len(positions):
                raise IntegrityError(READ_FURTHER)
        if not rows:
            return None
        self._lock_table(curs)
        curs.execute(self._insert_statement, [list(column) for column in zip(*rows, strict=True)], prepare=True)
        numbers: list[int] = [row["notification_id"] for row in curs.fetchall()]
        return numbers[-1] if numbers[-1] - numbers[0] == len(numbers) - 1 else None

    def select_rows(self, after: int, limit: int, upto: int | None, topics: Sequence[str]) -> Sequence[tuple[int, str, UUID, bytes]]:
        found = self.select_notifications(after, limit, upto, [str(topic) for topic in topics], inclusive_of_start=False)
        return [(n.id, n.topic, cast("UUID", n.originator_id), n.state) for n in found]

    def select_streams(self, ids: Sequence[UUID]) -> Sequence[tuple[UUID, bytes]]:
        """All events of some submissions, in order of version."""
        statement = sql.SQL(
            "SELECT originator_id, state FROM {}.stored_events WHERE originator_id = ANY(%s) ORDER BY originator_id, originator_version"
        ).format(sql.Identifier(self.datastore.schema))
        with self.datastore.get_connection() as conn, conn.cursor() as curs:
            curs.execute(statement, (list(ids),), prepare=True)
            return [(row["originator_id"], bytes(row["state"])) for row in curs.fetchall()]

    def select_newest(self, ids: Sequence[UUID]) -> Sequence[tuple[UUID, int]]:
        """The highest version of each."""
        statement = sql.SQL(
            "SELECT originator_id, max(originator_version) AS newest FROM {}.stored_events WHERE originator_id = ANY(%s) GROUP BY 1"
        ).format(sql.Identifier(self.datastore.schema))
        with self.datastore.get_connection() as conn, conn.cursor() as curs:
            curs.execute(statement, (list(ids),), prepare=True)
            return [(row["originator_id"], row["newest"]) for row in curs.fetchall()]

    def select_in_key_order(self, after: tuple[str, int], limit: int, upto: str) -> Sequence[tuple[UUID, int, str, bytes]]:
        statement = sql.SQL(
            "SELECT originator_id, originator_version, topic, state FROM {}.stored_events"
            " WHERE (originator_id, originator_version) > (%s, %s)"
            " AND originator_id <= %s ORDER BY originator_id, originator_version LIMIT %s"
        ).format(sql.Identifier(self.datastore.schema))
        with self.datastore.get_connection() as conn, conn.cursor() as curs:
            curs.execute(statement, (UUID(after[0]), after[1], UUID(upto), limit), prepare=True)
            return [(r["originator_id"], r["originator_version"], r["topic"], bytes(r["state"])) for r in curs.fetchall()]

    def tables_exist(self) -> bool:
        with self.datastore.get_connection() as conn, conn.cursor() as curs:
            curs.execute(
                "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = %s AND table_name IN ('stored_events', %s)",
                (self.datastore.schema, self.tracking_table_name),
            )
            row = curs.fetchone()
            return row is not None and row["n"] == 2

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """One process at a time makes the schema and its tables; the others wait here."""
        with self.datastore.get_connection() as conn, conn.cursor() as curs:
            curs.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
            try:
                curs.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self.datastore.schema)))
                yield
            finally:
                curs.execute("SELECT pg_advisory_unlock(%s)", (MIGRATION_LOCK,))

    def close(self) -> None:
        self.datastore.close()


def open_store(address: str, lane: str) -> Store:
    """`sqlite:DIR/` or `postgresql://…`; the lane names the file or the schema. Makes the tables when they are missing."""
    if address.startswith("sqlite:"):
        return _open_sqlite(Path(address.removeprefix("sqlite:")), lane)
    if address.startswith(("postgresql://", "postgres://")):
        return _open_postgres(address, lane)
    raise StoreRefused(f"JEJAK_STORE must be sqlite:DIR/ or postgresql://…, not {address!r}")


def open_reader(address: str, lane: str) -> Store:
    """As `open_store`, but only to read, also while the lane runs: takes no lock, makes nothing. Raises StoreRefused."""
    if address.startswith("sqlite:"):
        path = Path(address.removeprefix("sqlite:")) / f"{lane}.sqlite"
        if not path.is_file():
            raise StoreRefused(f"there is no journal {path}")
        store: SQLiteStore | PostgresStore = SQLiteStore(SQLiteDatastore(f"{path.absolute().as_uri()}?mode=ro"), None)
    elif address.startswith(("postgresql://", "postgres://")):
        datastore = _postgres(address, lane, {"options": "-c default_transaction_read_only=on"})
        datastore.register_type_adapters()
        store = PostgresStore(datastore)
    else:
        raise StoreRefused(f"JEJAK_STORE must be sqlite:DIR/ or postgresql://…, not {address!r}")
    if not store.tables_exist():
        store.close()
        raise StoreRefused(f"there is no journal of the lane {lane} in this store")
    return store


def _open_sqlite(directory: Path, lane: str) -> Store:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / f"{lane}.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise StoreRefused(f"{directory} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreRefused(
            f"another process runs the lane {lane} on {directory}; SQLite carries one process a lane (PostgreSQL carries several)"
        ) from error
    datastore = SQLiteDatastore(path := str(directory / f"{lane}.sqlite"))
    datastore.pool = _Pool(db_name=path)
    store = SQLiteStore(datastore, lock)
    store.create_table()
    return store


def _open_postgres(address: str, lane: str) -> Store:
    if os.environ.get("POSTGRES_ENABLE_DB_FUNCTIONS", "").lower() in {"y", "yes", "t", "true", "on", "1"}:
        raise StoreRefused("POSTGRES_ENABLE_DB_FUNCTIONS drops inbox positions silently; unset it")
    datastore = _postgres(address, lane, {})
    store = PostgresStore(datastore)
    if not store.tables_exist():
        with store.migrating():
            store.create_table()
    datastore.register_type_adapters()
    return store


def _postgres(address: str, lane: str, connection: Mapping[str, str]) -> PostgresDatastore:
    parts = {key: str(value) for key, value in conninfo.conninfo_to_dict(address).items() if value is not None}
    datastore = PostgresDatastore(
        dbname=parts.pop("dbname", "postgres"),
        host=parts.pop("host", ""),
        port=parts.pop("port", "5432"),
        user=parts.pop("user", ""),
        password=parts.pop("password", ""),
        schema=f"jejak_{lane}",
        pool_size=1,
        max_overflow=5,
        connect_timeout=10,
        lock_timeout=30,
        pre_ping=True,
    )
    if isinstance(datastore.pool.kwargs, dict):
        datastore.pool.kwargs |= {**POSTGRES_PATIENCE, "application_name": f"jejak-{lane}", **connection} | parts
    return datastore
