"""Where the desk's tables lie: an address in, an engine with tables of this version out.

SQLite (`desk.sqlite`) or PostgreSQL (schema `jejak_desk`).
"""

import sqlite3
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

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
    """Make or change the tables until they are of this version; several processes may ask at once."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            if SCHEMA not in sa.inspect(connection).get_schema_names():  # "if not exists" asks for the right to make schemas all the same
                connection.execute(sa.schema.CreateSchema(SCHEMA))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def open_store(store: str) -> sa.Engine:
    """The database with tables of this version."""
    engine = open_engine(store)
    migrate(engine)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
