"""A journal as a PostgreSQL schema, shared by several processes of its lane. In: an address and a lane; out: an open `Store`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError
from eventsourcing.postgres import PostgresDatastore, PostgresProcessRecorder
from eventsourcing.utils import retry
from psycopg import Cursor, conninfo, sql
from psycopg.rows import tuple_row
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from events import alarms
from events.heads import HEADS, MOVED, NAMES, head_of, moved_of, values_of
from events.migration import letter_of_old
from events.recorder import READ_FURTHER, Batch, Letter, LetterKind, Row
from events.submission import Head
from events.turns import PostgresTurn

POSTGRES_PATIENCE: Final = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
    "options": "-c statement_timeout=30000",
}
"""A connection that is silently gone is noticed within seconds, and no statement waits for ever."""
MIGRATION_LOCK: Final = 7_413_001
"""Advisory lock number under which the tables are made: CREATE TABLE races with itself."""
MAX_ID: Final = UUID(int=2**128 - 1)

LETTERS: Final = (
    "CREATE TABLE IF NOT EXISTS {schema}.letters (number bigserial PRIMARY KEY, kind text NOT NULL, source text NOT NULL,"
    " position bigint NOT NULL, code text NOT NULL, about bytea NOT NULL, raw bytea NOT NULL, UNIQUE (kind, source, position))"
)
_DIALECT: Final = postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]
MAKE_HEADS: Final = str(CreateTable(HEADS, if_not_exists=True).compile(dialect=_DIALECT))
_ARRAYS: Final = {
    "submission_id": "uuid",
    "sequence": "int",
    "edition": "int",
    "errors": "int",
    "warnings": "int",
    "published": "bool",
    "renamed": "bool",
    **dict.fromkeys(("arrived_ms", "due_ms", "begun_ms"), "bigint"),
}
STATEMENTS: Final = {
    "move_positions": "INSERT INTO {schema}.{tracking} AS old (application_name, notification_id)"
    " SELECT * FROM unnest(%s::text[], %s::bigint[])"
    " ON CONFLICT (application_name) DO UPDATE SET notification_id = EXCLUDED.notification_id"
    " WHERE old.notification_id < EXCLUDED.notification_id",
    "put_events": "INSERT INTO {schema}.stored_events (topic, originator_id, originator_version, state)"
    " SELECT * FROM unnest(%s::text[], %b::uuid[], %b::bigint[], %b::bytea[])",
    "put_heads": f"INSERT INTO {{schema}}.heads ({', '.join(NAMES)}) SELECT * FROM unnest("  # noqa: S608 (names only)
    + ", ".join(f"%s::{_ARRAYS.get(name, 'text')}[]" for name in NAMES)
    + ") ON CONFLICT (submission_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in NAMES[1:]),
    "move_heads": f"UPDATE {{schema}}.heads AS old SET {', '.join(f'{name} = new.{name}' for name in MOVED)} FROM unnest("  # noqa: S608
    + ", ".join(f"%s::{_ARRAYS.get(name, 'text')}[]" for name in (*MOVED, "submission_id"))
    + f") AS new({', '.join(MOVED)}, submission_id) WHERE old.submission_id = new.submission_id",
    "put_letters": "INSERT INTO {schema}.letters (kind, source, position, code, about, raw)"
    " SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %b::bytea[], %b::bytea[])",
    "put_marks": "INSERT INTO {schema}.marks SELECT *, taken, hash FROM unnest(%s::text[], %s::bigint[], %s::text[])"
    " AS new(source, taken, hash) ON CONFLICT (source) DO UPDATE SET taken = EXCLUDED.taken, hash = EXCLUDED.hash",
    "put_ends": "INSERT INTO {schema}.batch_ends SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[]) ON CONFLICT DO NOTHING",
    "positions": "SELECT application_name, notification_id FROM {schema}.{tracking} WHERE application_name = ANY(%s)",
    "streams": "SELECT originator_id, state FROM {schema}.stored_events WHERE originator_id = ANY(%s)"
    " ORDER BY originator_id, originator_version",
    "states": "SELECT originator_id, originator_version, state FROM {schema}.stored_events"
    " JOIN unnest(%s::uuid[], %s::bigint[]) AS asked(stream, version) ON originator_id = stream AND originator_version = version",
    "heads": f"SELECT {', '.join(NAMES)} FROM {{schema}}.heads WHERE submission_id = ANY(%s)",  # noqa: S608 (names only)
    "heads_after": f"SELECT {', '.join(NAMES)} FROM {{schema}}.heads WHERE submission_id > %s AND submission_id <= %s"  # noqa: S608
    " ORDER BY submission_id LIMIT %s",
    "in_key_order": "SELECT originator_id, originator_version, state FROM {schema}.stored_events"
    " WHERE (originator_id, originator_version) > (%s, %s) AND originator_id <= %s ORDER BY originator_id, originator_version LIMIT %s",
    "max_letter": "SELECT coalesce(max(number), 0) FROM {schema}.letters",
    "outgoing": "SELECT (SELECT max(notification_id) FROM {schema}.stored_events),"
    " (SELECT notification_id FROM {schema}.{tracking} WHERE application_name = %s),"
    " (SELECT max(number) FROM {schema}.letters),"
    " (SELECT notification_id FROM {schema}.{tracking} WHERE application_name = %s)",
    "count_outgoing": "SELECT (SELECT count(*) FROM {schema}.stored_events WHERE notification_id > %s AND topic = 'own')"
    " + (SELECT count(*) FROM {schema}.letters WHERE number > %s)",
    "letters": "SELECT number, kind, source, position, code, about, raw FROM {schema}.letters"
    " WHERE number > %s AND number <= %s AND kind = ANY(%s) ORDER BY number LIMIT %s",
    "old_letters": "SELECT notification_id, topic, originator_version, state FROM {schema}.stored_events"
    " WHERE topic NOT IN ('own', 'copy') ORDER BY notification_id",
    "put_old_letter": "INSERT INTO {schema}.letters VALUES (%s, %s, %s, %s, %s, %s, %s)",
    "number_on": "SELECT setval(pg_get_serial_sequence('{schema}.letters', 'number'), max(number)) FROM {schema}.letters",
    "drop_old_letters": "DELETE FROM {schema}.stored_events WHERE topic NOT IN ('own', 'copy')",
    "tables": "SELECT count(*) FROM information_schema.tables WHERE table_schema = %s"
    " AND table_name IN ('stored_events', 'heads', 'letters', 'marks', 'batch_ends', 'losses', 'ended_alarms', %s)",
}


class PostgresStore(PostgresProcessRecorder):
    """One schema a lane; several processes of the lane may share it."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        super().__init__(datastore)
        names = {"schema": sql.Identifier(datastore.schema), "tracking": sql.Identifier(self.tracking_table_name)}
        self._sql = {name: sql.SQL(cast("Any", text)).format(**names) for name, text in STATEMENTS.items()}

    def create_table(self) -> None:
        """In a journal made here rows of up to 8 kB stay as they are: PostgreSQL would compress those over 2 kB, a sixth of its work."""
        super().create_table()
        schema = sql.Identifier(self.datastore.schema)
        with self.datastore.get_connection() as conn, conn.transaction(), conn.cursor() as curs:
            curs.execute(sql.SQL("ALTER TABLE {}.stored_events SET (toast_tuple_target = 8160)").format(schema))
            curs.execute(sql.SQL("SET LOCAL search_path TO {}").format(schema))
            curs.execute(sql.SQL(cast("Any", MAKE_HEADS)))
            curs.execute(sql.SQL(cast("Any", LETTERS)).format(schema=schema))
            for statement in alarms.make_tables(_DIALECT):
                curs.execute(sql.SQL(cast("Any", statement)))

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def write(self, batch: Batch) -> None:
        """Each table in one statement with an array for each column, and without NOTIFY.

        Never in pipeline mode: psycopg then waits for ever once a batch is larger than the socket's buffer (psycopg #685; measured with
        3.3.9: 300 events through a Unix socket).
        """
        with self.datastore.get_connection() as conn, conn.transaction(), conn.cursor() as curs:
            self._write(curs, batch)

    def _write(self, curs: Cursor[dict[str, Any]], batch: Batch) -> None:
        if batch.positions:
            curs.execute(self._sql["move_positions"], _columns(sorted(batch.positions.items())), prepare=True)
            if curs.rowcount != len(batch.positions):
                raise IntegrityError(READ_FURTHER)
        if batch.events or batch.letters:
            self._lock_table(curs)  # numbers are given in the order of commits, so that a relay passes over none
        if batch.events:
            curs.execute(self._sql["put_events"], _columns(batch.events), prepare=True)
        if batch.heads:
            curs.execute(self._sql["put_heads"], _columns([values_of(head) for head in batch.heads]), prepare=True)
        if batch.moved:
            curs.execute(self._sql["move_heads"], _columns([(*moved_of(head), head.submission_id) for head in batch.moved]), prepare=True)
        if batch.letters:
            curs.execute(self._sql["put_letters"], _columns(batch.letters), prepare=True)
        if batch.marks:
            curs.execute(self._sql["put_marks"], _columns(sorted(batch.marks)), prepare=True)
        if batch.ends:
            curs.execute(self._sql["put_ends"], _columns(sorted(batch.ends)), prepare=True)

    def positions(self, names: Collection[str]) -> dict[str, int]:
        return dict(self._select("positions", list(names)))

    def select_rows(self, after: int, limit: int, upto: int | None, rows: Sequence[Row]) -> Sequence[tuple[int, str, UUID, bytes]]:
        found = self.select_notifications(after, limit, upto, [str(row) for row in rows], inclusive_of_start=False)
        return [(n.id, n.topic, cast("UUID", n.originator_id), n.state) for n in found]

    def select_streams(self, ids: Sequence[UUID]) -> Sequence[tuple[UUID, bytes]]:
        return list(self._select("streams", list(ids)))

    def select_states(self, keys: Sequence[tuple[UUID, int]]) -> Sequence[tuple[UUID, int, bytes]]:
        return self._select("states", *_columns(keys)) if keys else []

    def select_heads(self, ids: Sequence[UUID]) -> Sequence[Head]:
        return [head_of(row[0], row[1:]) for row in self._select("heads", list(ids))]

    def select_heads_in_key_order(self, after: UUID | None, limit: int, upto: UUID | None = None) -> Sequence[Head]:
        return [head_of(row[0], row[1:]) for row in self._select("heads_after", after or UUID(int=0), upto or MAX_ID, limit)]

    def select_in_key_order(self, after: tuple[str, int], limit: int, upto: str) -> Sequence[tuple[UUID, int, bytes]]:
        return list(self._select("in_key_order", UUID(after[0]), after[1], UUID(upto), limit))

    def max_letter(self) -> int:
        return int(self._select("max_letter")[0][0])

    def outgoing(self, events: str, letters: str) -> tuple[int, int, int, int]:
        [(upto, sent, letters_upto, letters_sent)] = self._select("outgoing", events, letters)
        return upto or 0, sent or 0, letters_upto or 0, letters_sent or 0

    def count_outgoing(self, after: int, letters_after: int) -> int:
        return int(self._select("count_outgoing", after, letters_after)[0][0])

    def select_letters(self, after: int, limit: int, upto: int, kinds: Sequence[LetterKind]) -> Sequence[tuple[int, Letter]]:
        found = self._select("letters", after, upto, [str(kind) for kind in kinds], limit)
        return [(number, Letter(LetterKind(kind), *rest)) for number, kind, *rest in found]

    def ask(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        return list(self._asked(query))

    def tell(self, *changes: sa.Insert | sa.Update | sa.Delete) -> None:
        self._asked(*changes)

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def _asked(self, *statements: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete) -> list[tuple[Any, ...]]:
        """In one transaction; the rows of the last statement, where it has some."""
        with self.datastore.get_connection() as conn, conn.transaction(), conn.cursor(row_factory=tuple_row) as curs:
            curs.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(self.datastore.schema)))
            for statement in statements:
                made = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
                curs.execute(str(made), made.params)
            return list(curs.fetchall()) if curs.description else []

    def clear_heads(self) -> None:
        with self.datastore.get_connection() as conn, conn.transaction(), conn.cursor() as curs:
            curs.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(self.datastore.schema)))
            curs.execute("DROP TABLE IF EXISTS heads")
            curs.execute(sql.SQL(cast("Any", MAKE_HEADS)))

    def move_old_letters(self) -> None:
        with self.datastore.get_connection() as conn, conn.transaction(), conn.cursor(row_factory=tuple_row) as curs:
            curs.execute(self._sql["old_letters"])
            for number, topic, version, state in curs.fetchall():
                if letter := letter_of_old(topic, version, bytes(state)):
                    curs.execute(self._sql["put_old_letter"], (number, *letter))
            curs.execute(self._sql["number_on"])
            curs.execute(self._sql["drop_old_letters"])

    def tables_exist(self) -> bool:
        return bool(self._select("tables", self.datastore.schema, self.tracking_table_name)[0][0] == 8)

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """One process at a time makes the schema, its tables and its heads; the others wait here."""
        with self.datastore.get_connection() as conn, conn.cursor() as curs:
            curs.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
            try:
                curs.execute("SELECT FROM pg_namespace WHERE nspname = %s", (self.datastore.schema,))
                if curs.fetchone() is None:  # IF NOT EXISTS asks for the right to make schemas even where there is nothing to make
                    curs.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.datastore.schema)))
                yield
            finally:
                curs.execute("SELECT pg_advisory_unlock(%s)", (MIGRATION_LOCK,))

    def turn(self, name: str) -> PostgresTurn:
        connection = self.datastore.pool.kwargs
        return PostgresTurn(connection if isinstance(connection, dict) else {}, f"jejak:{name}:{self.datastore.schema}")

    def close(self) -> None:
        self.datastore.close()

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def _select(self, name: str, *values: object) -> list[Any]:
        with self.datastore.get_connection() as conn, conn.cursor(row_factory=tuple_row) as curs:
            curs.execute(self._sql[name], values, prepare=True)
            return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in curs.fetchall()]


def postgres_datastore(address: str, lane: str, connection: Mapping[str, str]) -> PostgresDatastore:
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


def _columns(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
