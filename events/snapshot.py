"""A journal as a whole: its database's tables out as rows, as they stood at one moment, and such rows into an empty journal again.

Rows are lists of JSON values, `[table, column values …]`, the same from SQLite and PostgreSQL, so one may become the other. Bytes are
base64 in a list of their own, `["…"]`. Heads are not among them: they are made anew from the events.
"""

import base64
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from events.recorder import StoreRefused

EVENTS: Final = "stored_events"
POSITIONS: Final = "tracking"
NUMBER: Final = "notification_id"
MADE_ANEW: Final = frozenset({"heads", "alembic_version"})
ROWS: Final = 2_000
_OTHERWISE: Final = {"notification_tracking": POSITIONS}
"""PostgreSQL's name of a table → the name in rows."""
_SYSTEM: Final = "sqlite_"


def columns_of(engine: sa.Engine) -> dict[str, list[str]]:
    """Table → its columns, in the order of the rows' values; tables of this journal that are worth keeping."""
    return {name: columns for name, (_, columns) in _tables(engine).items()}


def rows_of(engine: sa.Engine) -> Iterator[list[Any]]:
    """Every row, as all stood at the moment of the first one, also while the lane runs. Raises sqlalchemy's DBAPIError."""
    tables = _tables(engine)
    with engine.connect() as c:
        if engine.dialect.name == "postgresql":
            c.execution_options(isolation_level="REPEATABLE READ")
            c.exec_driver_sql("SET TRANSACTION READ ONLY")
            c.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            c.exec_driver_sql("SET LOCAL statement_timeout = 0")
        else:
            c.exec_driver_sql("BEGIN")
        for name, (table, columns) in tables.items():
            wanted = [_column(table, column, engine) for column in columns]
            order = wanted[columns.index(NUMBER)] if name == EVENTS else sa.text("1")
            found = c.execution_options(stream_results=True, yield_per=ROWS).execute(sa.select(*wanted).order_by(order))
            for row in found:
                yield [name, *(_out(value) for value in row)]
        c.rollback()


def put_rows(engine: sa.Engine, columns: dict[str, list[str]], rows: Iterable[Sequence[Any]]) -> Iterator[int]:
    """Into tables that are there and empty; yields how many are written after each commit. Raises StoreRefused, DBAPIError.

    `columns` are those of the journal that the rows came from.
    """
    tables, done = _tables(engine), 0
    if unknown := sorted(columns.keys() - tables.keys()):
        raise StoreRefused(f"the back-up has tables that this program does not know: {', '.join(unknown)}; use the program that made it")
    for name, group in groupby(rows, key=lambda row: str(row[0])):
        table, mine = tables[name]
        if more := sorted(set(columns[name]) - set(mine)):
            raise StoreRefused(f"the back-up's table {name} has columns that this program does not know: {', '.join(more)}")
        for block in _blocks(group):
            made = [{c: _in(value, table, c) for c, value in zip(columns[name], row[1:], strict=True)} for row in block]
            with engine.begin() as c:
                c.execute(_insert(table, columns[name], engine), made)
            done += len(made)
            yield done
    _count_on(engine)


def is_empty(engine: sa.Engine) -> bool:
    """No event and no letter is there; no account, where people's are kept."""
    tables = _tables(engine)
    with engine.connect() as c:
        return not any(
            c.execute(sa.select(sa.literal(1)).select_from(tables[t][0]).limit(1)).first()
            for t in (EVENTS, "letters", "accounts")
            if t in tables
        )


def _tables(engine: sa.Engine) -> dict[str, tuple[sa.Table, list[str]]]:
    """Those that others refer to come first."""
    found = sa.MetaData()
    found.reflect(engine)
    kept = {str(table.name): table for table in found.sorted_tables if table.name not in MADE_ANEW and not table.name.startswith(_SYSTEM)}
    return {_OTHERWISE.get(name, name): (table, _names(_OTHERWISE.get(name, name), table)) for name, table in kept.items()}


def _names(name: str, table: sa.Table) -> list[str]:
    """An event's number is a column of its own with PostgreSQL only."""
    return sorted({column.name for column in table.columns} | ({NUMBER} if name == EVENTS else set()))


def _column(table: sa.Table, name: str, engine: sa.Engine) -> sa.ColumnElement[Any]:
    if engine.dialect.name == "sqlite" and name not in table.columns:
        return sa.literal_column("rowid").label(name)
    return table.columns[name]


def _insert(table: sa.Table, columns: Sequence[str], engine: sa.Engine) -> sa.Executable:
    if engine.dialect.name == "sqlite" and NUMBER in columns and NUMBER not in table.columns:
        names = ", ".join("rowid" if name == NUMBER else name for name in columns)
        return sa.text(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(f':{name}' for name in columns)})")  # noqa: S608 (names only)
    return table.insert()


def _out(value: object) -> object:
    if isinstance(value, bytes | memoryview):
        return [base64.b64encode(value).decode()]
    return value.hex if isinstance(value, uuid.UUID) else value


def _in(value: object, table: sa.Table, column: str) -> object:
    if isinstance(value, list):
        return base64.b64decode(value[0])
    if value is not None and column in table.columns and isinstance(table.columns[column].type, sa.Uuid):
        return uuid.UUID(str(value))
    if value is not None and column in table.columns and isinstance(table.columns[column].type, sa.Date):
        return date.fromisoformat(str(value))
    return value


def _blocks(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    block: list[Sequence[Any]] = []
    for row in rows:
        block.append(row)
        if len(block) == ROWS:
            yield block
            block = []
    if block:
        yield block


def _count_on(engine: sa.Engine) -> None:
    """What is written next gets the next number; SQLite sees to it by itself."""
    if engine.dialect.name != "postgresql":
        return
    found = sa.MetaData()
    found.reflect(engine)
    with engine.begin() as c:
        for column in (column for table in found.tables.values() for column in table.columns if "nextval(" in _default(column)):
            table, name = column.table.name, column.name
            c.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', '{name}'), max({name})) FROM {table}")  # noqa: S608 (names only)


def _default(column: sa.Column[Any]) -> str:
    default = column.server_default
    return str(default.arg) if isinstance(default, sa.DefaultClause) else ""
