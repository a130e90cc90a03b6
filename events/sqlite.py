"""A journal as one SQLite file, carried by one process. In: a folder and a lane; out: an open `Store`."""

import fcntl
import sqlite3
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

import orjson
import sqlalchemy as sa
from eventsourcing.persistence import IntegrityError, InterfaceError
from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool, SQLiteDatastore, SQLiteProcessRecorder, SQLiteTransaction
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from events import alarms
from events.heads import HEADS, MOVED, NAMES, head_of, moved_of, values_of
from events.migration import letter_of_old
from events.recorder import READ_FURTHER, Batch, Letter, LetterKind, Row, StoreRefused
from events.submission import Head
from events.turns import OnlyOne

CHECKPOINT_PAGES: Final = 4_000
"""How large SQLite's log grows (16 MB) before its pages move to the file: a page that changes often moves less often."""
BESIDE_S: Final = 30
BEGUN_S: Final = 10.0
MAX_ROWID: Final = 2**63 - 1
MAX_ID: Final = UUID(int=2**128 - 1)
_DIALECT: Final = sqlite.dialect()

LETTERS: Final = (
    "CREATE TABLE IF NOT EXISTS letters (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, source TEXT NOT NULL,"
    " position INTEGER NOT NULL, code TEXT NOT NULL, about BLOB NOT NULL, raw BLOB NOT NULL, UNIQUE (kind, source, position))"
)
MAKE_HEADS: Final = str(CreateTable(HEADS, if_not_exists=True).compile(dialect=_DIALECT))
TABLES: Final = ("stored_events", "tracking", "heads", "letters", *alarms.NAMES)
MOVE_POSITIONS: Final = (
    "INSERT INTO tracking VALUES (?, ?) ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id"
    " WHERE tracking.notification_id < excluded.notification_id"
)
PUT_MARKS: Final = (
    "INSERT INTO marks VALUES (?1, ?2, ?3, ?2, ?3) ON CONFLICT (source) DO UPDATE SET taken = excluded.taken, hash = excluded.hash"
)
PUT_ENDS: Final = "INSERT INTO batch_ends VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
PUT_HEADS: Final = (
    f"INSERT INTO heads ({', '.join(NAMES)}) VALUES ({', '.join('?' * len(NAMES))}) ON CONFLICT (submission_id) DO UPDATE SET "  # noqa: S608
    + ", ".join(f"{name} = excluded.{name}" for name in NAMES[1:])
)
MOVE_HEADS: Final = f"UPDATE heads SET {', '.join(f'{name} = ?' for name in MOVED)} WHERE submission_id = ?"  # noqa: S608 (names only)
PUT_LETTERS: Final = "INSERT INTO letters (kind, source, position, code, about, raw) VALUES (?, ?, ?, ?, ?, ?)"
_LISTED: Final = "(SELECT value FROM json_each(?))"
_EVENTS: Final = "topic IN ('own', 'copy')"
ROWS_AFTER: Final = (
    "SELECT rowid, topic, originator_id, state FROM stored_events"  # noqa: S608 (names only)
    f" WHERE rowid > ? AND rowid <= ? AND topic IN {_LISTED} ORDER BY rowid LIMIT ?"
)
_POSITION: Final = "(SELECT notification_id FROM tracking WHERE application_name = ?)"
OUTGOING: Final = f"SELECT (SELECT max(rowid) FROM stored_events), {_POSITION}, (SELECT max(number) FROM letters), {_POSITION}"  # noqa: S608
COUNT_OUTGOING: Final = (
    "SELECT (SELECT count(*) FROM stored_events WHERE rowid > ? AND topic = 'own') + (SELECT count(*) FROM letters WHERE number > ?)"
)
HEADS_OF: Final = f"SELECT {', '.join(NAMES)} FROM heads WHERE submission_id IN {_LISTED}"  # noqa: S608 (names only)
HEADS_AFTER: Final = f"SELECT {', '.join(NAMES)} FROM heads WHERE submission_id > ? AND submission_id <= ? ORDER BY submission_id LIMIT ?"  # noqa: S608
STREAMS_OF: Final = (
    f"SELECT originator_id, state FROM stored_events WHERE originator_id IN {_LISTED} AND {_EVENTS}"  # noqa: S608
    " ORDER BY originator_id, originator_version"
)
STATES_OF: Final = (
    "SELECT originator_id, originator_version, state FROM json_each(?) AS asked CROSS JOIN stored_events"
    " WHERE originator_id = json_extract(asked.value, '$[0]') AND originator_version = json_extract(asked.value, '$[1]')"
)
IN_KEY_ORDER: Final = (
    "SELECT originator_id, originator_version, state FROM stored_events WHERE (originator_id, originator_version) > (?, ?)"  # noqa: S608
    f" AND originator_id <= ? AND {_EVENTS} ORDER BY originator_id, originator_version LIMIT ?"
)


class _Pool(SQLiteConnectionPool):
    """Connections with our own settings, for which the datastore has no place. Its own keep one compiled statement: each is compiled anew
    whenever it is run.
    """

    def _create_connection(self) -> SQLiteConnection:
        try:
            made = sqlite3.connect(self.db_name, isolation_level=None, check_same_thread=False, uri=True)
            made.execute("PRAGMA journal_mode=WAL")
        except sqlite3.Error as error:
            raise InterfaceError(error) from error
        made.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        made.row_factory = sqlite3.Row
        return SQLiteConnection(sqlite_conn=made, max_age=self.max_age)


class SQLiteStore(SQLiteProcessRecorder):
    """One file, one process: the lock file keeps a second one out."""

    def __init__(self, datastore: SQLiteDatastore, lock: IO[str] | None) -> None:
        super().__init__(datastore)
        self._lock = lock

    def create_table(self) -> None:
        super().create_table()
        with self.datastore.transaction(commit=True) as c:
            c.execute(MAKE_HEADS)
            c.execute(LETTERS)
            for statement in alarms.make_tables(_DIALECT):
                c.execute(statement)

    def write(self, batch: Batch) -> None:
        with self.datastore.get_connection(commit=True) as connection, SQLiteTransaction(connection, commit=True) as c, c as cursor:
            self._write(cursor, batch)

    def _write(self, c: sqlite3.Cursor, batch: Batch) -> None:
        events = [(stream.hex, version, row.value, state) for row, stream, version, state in batch.events]
        heads = [(head.submission_id.hex, *values_of(head)[1:]) for head in batch.heads]
        moved = [(*moved_of(head), head.submission_id.hex) for head in batch.moved]
        for statement, rows in (
            (self.insert_events_statement, events),
            (PUT_HEADS, heads),
            (MOVE_HEADS, moved),
            (PUT_LETTERS, batch.letters),
            (PUT_MARKS, batch.marks),
            (PUT_ENDS, batch.ends),
        ):
            if rows:
                c.executemany(statement, rows)
        if batch.positions and c.executemany(MOVE_POSITIONS, batch.positions.items()).rowcount != len(batch.positions):
            raise IntegrityError(READ_FURTHER)

    def positions(self, names: Collection[str]) -> dict[str, int]:
        listed = f"SELECT application_name, notification_id FROM tracking WHERE application_name IN {_LISTED}"  # noqa: S608
        return {str(name): int(number) for name, number in self._select(listed, _json(list(names)))}

    def select_rows(self, after: int, limit: int, upto: int | None, rows: Sequence[Row]) -> Sequence[tuple[int, str, UUID, bytes]]:
        found = self._select(ROWS_AFTER, after, MAX_ROWID if upto is None else upto, _json(list(rows)), limit)
        return [(number, topic, UUID(int=int(stream, 16)), state) for number, topic, stream, state in found]

    def select_streams(self, ids: Sequence[UUID]) -> Sequence[tuple[UUID, bytes]]:
        return [(UUID(int=int(stream, 16)), state) for stream, state in self._select(STREAMS_OF, _listed(ids))]

    def select_states(self, keys: Sequence[tuple[UUID, int]]) -> Sequence[tuple[UUID, int, bytes]]:
        found = self._select(STATES_OF, _json([(stream.hex, version) for stream, version in keys]))
        return [(UUID(int=int(stream, 16)), version, state) for stream, version, state in found]

    def select_heads(self, ids: Sequence[UUID]) -> Sequence[Head]:
        return [head_of(UUID(int=int(row[0], 16)), row[1:]) for row in self._select(HEADS_OF, _listed(ids))]

    def select_heads_in_key_order(self, after: UUID | None, limit: int, upto: UUID | None = None) -> Sequence[Head]:
        found = self._select(HEADS_AFTER, after.hex if after else "", (upto or MAX_ID).hex, limit)
        return [head_of(UUID(int=int(row[0], 16)), row[1:]) for row in found]

    def select_in_key_order(self, after: tuple[str, int], limit: int, upto: str) -> Sequence[tuple[UUID, int, bytes]]:
        found = self._select(IN_KEY_ORDER, *after, upto, limit)
        return [(UUID(int=int(stream, 16)), version, state) for stream, version, state in found]

    def max_letter(self) -> int:
        return int(self._select("SELECT coalesce(max(number), 0) FROM letters")[0][0])

    def outgoing(self, events: str, letters: str) -> tuple[int, int, int, int]:
        [(upto, sent, letters_upto, letters_sent)] = self._select(OUTGOING, events, letters)
        return upto or 0, sent or 0, letters_upto or 0, letters_sent or 0

    def count_outgoing(self, after: int, letters_after: int) -> int:
        return int(self._select(COUNT_OUTGOING, after, letters_after)[0][0])

    def select_letters(self, after: int, limit: int, upto: int, kinds: Sequence[LetterKind]) -> Sequence[tuple[int, Letter]]:
        asked = f"SELECT * FROM letters WHERE number > ? AND number <= ? AND kind IN {_LISTED} ORDER BY number LIMIT ?"  # noqa: S608
        found = self._select(asked, after, upto, _json(list(kinds)), limit)
        return [(number, Letter(LetterKind(kind), *rest)) for number, kind, *rest in found]

    def ask(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        return self._select(*_compiled(query))

    def tell(self, *changes: sa.Insert | sa.Update | sa.Delete) -> None:
        with self.datastore.transaction(commit=True) as c:
            for change in changes:
                statement, *values = _compiled(change)
                c.execute(statement, values)

    def clear_heads(self) -> None:
        with self.datastore.transaction(commit=True) as c:
            c.execute("DROP TABLE IF EXISTS heads")
            c.execute(MAKE_HEADS)

    def move_old_letters(self) -> None:
        """The newest row stays as it is but for its key: SQLite would give its number to the next event, and a relay has passed it."""
        with self.datastore.transaction(commit=True) as c:
            c.execute(f"SELECT rowid, topic, originator_version, state FROM stored_events WHERE NOT {_EVENTS} ORDER BY rowid")  # noqa: S608
            for number, topic, version, state in c.fetchall():
                if letter := letter_of_old(topic, version, state):
                    c.execute("INSERT INTO letters VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *letter))
            c.execute(f"DELETE FROM stored_events WHERE NOT {_EVENTS} AND rowid < (SELECT max(rowid) FROM stored_events)")  # noqa: S608
            c.execute(f"UPDATE stored_events SET topic = 'moved', originator_id = lower(hex(randomblob(16))) WHERE NOT {_EVENTS}")  # noqa: S608

    def tables_exist(self) -> bool:
        [found] = self._select(f"SELECT count(*) FROM sqlite_master WHERE name IN {_LISTED}", _json(TABLES))  # noqa: S608
        return bool(found[0] == len(TABLES))

    def turn(self, name: str) -> OnlyOne:
        return OnlyOne()

    def close(self) -> None:
        """What other threads have begun is done first: SQLite ends the process of whoever closes a connection under them."""
        deadline = time.monotonic() + BEGUN_S
        while self.datastore.pool.num_in_use and time.monotonic() < deadline:
            time.sleep(0.01)
        self.datastore.close()
        if self._lock:
            self._lock.close()

    def _select(self, statement: str, *values: object) -> list[Any]:
        with self.datastore.get_connection(commit=False) as connection, SQLiteTransaction(connection) as c, c as cursor:
            cursor.row_factory = None
            return cursor.execute(statement, values).fetchall()


def sqlite_store(directory: Path, lane: str) -> SQLiteStore:
    """Takes the lane's lock and makes what is missing. Raises StoreRefused."""
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


def sqlite_reader(directory: Path, lane: str) -> SQLiteStore:
    path = directory / f"{lane}.sqlite"
    if not path.is_file():
        raise StoreRefused(f"there is no journal {path}")
    return SQLiteStore(SQLiteDatastore(f"{path.absolute().as_uri()}?mode=ro"), None)


def sqlite_beside(directory: Path, lane: str) -> SQLiteStore:
    """To write beside the lane that may hold the lock: its transactions and these wait for each other."""
    return SQLiteStore(SQLiteDatastore(str(directory / f"{lane}.sqlite"), lock_timeout=BESIDE_S), None)


def _listed(ids: Sequence[UUID]) -> str:
    return _json([i.hex for i in ids])


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _compiled(statement: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete) -> tuple[Any, ...]:
    """The statement's text and its values."""
    made = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    return str(made), *(made.params[name] for name in made.positiontup or ())
