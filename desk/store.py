"""Where the desk's tables lie: an address in, an engine with tables of this version out.

SQLite (`desk.sqlite`) or PostgreSQL (schema `jejak_desk`).
"""

import itertools
import sqlite3
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from events.recorder import StoreRefused

SCHEMA: Final = "jejak_desk"
MIGRATION_LOCK: Final = 7_310_214
MIGRATIONS: Final = Path(__file__).parent / "migrations"
PATIENCE: Final = {"connect_timeout": 10}


def open_engine(store: str) -> sa.Engine:
    """The database, as it is. Raises what the driver raises when it is used."""
    if store.startswith("sqlite:"):
        folder = Path(store.removeprefix("sqlite:"))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = sa.create_engine(f"sqlite:///{folder / 'desk.sqlite'}")
        sa.event.listen(engine, "connect", _set_pragmas)
        return engine
    address = "postgresql+psycopg://" + store.split("://", 1)[1]
    options = f"-csearch_path={SCHEMA} -cstatement_timeout=10000 -cidle_in_transaction_session_timeout=10000"
    return sa.create_engine(address, connect_args=PATIENCE | {"options": options}, pool_pre_ping=True)


def migrate(engine: sa.Engine) -> None:
    """Make or change the tables until they are of this version; several processes may ask at once. Raises StoreRefused: they are newer."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            if SCHEMA not in sa.inspect(connection).get_schema_names():  # "if not exists" asks for the right to make schemas all the same
                connection.execute(sa.schema.CreateSchema(SCHEMA))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        _steps_left(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def pending(engine: sa.Engine) -> list[str]:
    """The steps that `migrate` would take, in order. Raises StoreRefused when the tables are of a newer program."""
    with engine.connect() as connection:
        return _steps_left(connection)


def _steps_left(connection: sa.Connection) -> list[str]:
    known = ScriptDirectory.from_config(_config())
    there = MigrationContext.configure(connection).get_current_heads()
    steps = list(known.walk_revisions())
    if unknown := sorted(set(there) - {step.revision for step in steps}):
        raise StoreRefused(f"the desk's tables were made by a newer program (step {', '.join(unknown)}); install that one")
    left = itertools.takewhile(lambda step: step.revision not in there, steps)
    return [f"{step.revision}: {(step.doc or '').splitlines()[0]}" for step in left][::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def open_store(store: str) -> sa.Engine:
    """The database with tables of this version."""
    engine = open_engine(store)
    migrate(engine)
    return engine


def open_beside(store: str) -> sa.Engine:
    """The database while the desk runs or not, as it is. Raises StoreRefused: there is none, or its tables are of an older program."""
    if store.startswith("sqlite:") and not (Path(store.removeprefix("sqlite:")) / "desk.sqlite").is_file():
        raise StoreRefused(f"there are no tables of the desk at {store}")
    engine = open_engine(store)
    try:
        steps = pending(engine)
    except sa.exc.DBAPIError as error:
        raise StoreRefused(f"the desk's tables cannot be read: {error.orig}") from error
    if steps:
        engine.dispose()
        raise StoreRefused("the desk's tables are of an older program: start the desk once")
    return engine


def _set_pragmas(connection: sqlite3.Connection, _: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
