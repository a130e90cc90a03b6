"""The stage of a crash test: a broker and perhaps a PostgreSQL of its own behind proxies, lanes as processes, tokens for everybody."""

import asyncio
import os
import random
import shutil
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from archive.proof import JournalAt
from bus.directory import put_record
from bus.kafka import Kafka
from bus.topics import ensure, inbound_topic, shared_topics
from jejak import broker
from jejak.broker import Broker
from jejak.ports import LOOPBACK, free
from tests.crash.database import Database
from tests.crash.lanes import LANES, TICK_S, LaneProcess
from tests.crash.plans import OPDS
from tests.crash.proxy import Proxy
from web.keys import load_private, make_keys
from web.tokens import Role, issue, person_id

PATIENCE_S: Final = 240.0
PARTITIONS: Final = 4
SUPERVISE_S: Final = 1.0
SUBMISSIONS: Final = int(os.environ.get("JEJAK_TEST_SUBMISSIONS", "150"))
SEED: Final = int(os.environ["JEJAK_TEST_SEED"]) if "JEJAK_TEST_SEED" in os.environ else None


class Stage:
    """`lanes`: every process, those of the same lane beside each other. `kafka`: the direct way in, past the proxy."""

    def __init__(self, directory: Path, *, database: Database | None = None) -> None:
        self.directory, self.database = directory, database
        self._ports = (free(), free(), free())
        self.proxy = Proxy((LOOPBACK, self._ports[1]))
        self.broker = self._start_broker()
        self.kafka = Kafka(f"{LOOPBACK}:{self._ports[0]}")
        self.settings = {
            "JEJAK_KAFKA": f"{LOOPBACK}:{self.proxy.port}",
            "JEJAK_KAFKA_PARTITIONS": str(PARTITIONS),
            "JEJAK_STORE": database.address if database else f"sqlite:{directory}",
            "JEJAK_FILES": f"file:{directory / 'files'}",
            "JEJAK_PORTAL": f"folder:{directory / 'portal'}",
            "JEJAK_KEYS": str(directory / "keys"),
            "JEJAK_LOG_LEVEL": "WARNING",
        }
        self.tokens = _tokens(directory / "keys")
        asyncio.run(self._prepare())
        self.lanes: list[LaneProcess] = []
        self._closing = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor")
        self._supervisor.start()

    def add(self, name: str, *, rig: str = "") -> LaneProcess:
        lane = LaneProcess(name, free(), self.settings, self.directory, rig)
        self.lanes.append(lane)
        lane.start()
        return lane

    def of(self, name: str) -> list[LaneProcess]:
        return [lane for lane in self.lanes if lane.name == name]

    def restart_broker(self) -> None:
        self.broker = self._start_broker()

    @property
    def journals(self) -> list[JournalAt]:
        return [JournalAt(name, self.store, name) for name in LANES]

    @property
    def store(self) -> str:
        return self.database.direct if self.database else f"sqlite:{self.directory}"

    def row(self, lane: str, sql: str) -> tuple[int, ...]:
        """One row of numbers out of a lane's journal, zeros while it cannot be read. In `sql`, tables are `{schema}name`."""
        try:
            if self.database:
                return tuple(
                    int(str(v or 0))
                    for v in self.database.query(
                        sql.format(schema=f"jejak_{lane}.", id="notification_id", tracking="notification_tracking")
                    )[0]
                )
            path = self.directory / f"{lane}.sqlite"
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
                return tuple(int(v or 0) for v in connection.execute(sql.format(schema="", id="rowid", tracking="tracking")).fetchone())
        except (sqlite3.Error, psycopg.Error):
            return (0, 0, 0, 0)

    def _supervise(self) -> None:
        while not self._closing.wait(SUPERVISE_S):
            for lane in list(self.lanes):
                lane.supervise()

    def close(self) -> None:
        self._closing.set()
        self._supervisor.join()
        for lane in self.lanes:
            lane.kill()
        self.broker.kill()
        self.proxy.close()

    def _start_broker(self) -> Broker:
        direct, behind, controller = self._ports
        names = {"BROKER": direct, "LANES": behind, "CONTROLLER": controller}
        own = {
            "listeners": ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in names.items()),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in names),
            "advertised.listeners": f"BROKER://{LOOPBACK}:{direct},LANES://{LOOPBACK}:{self.proxy.port}",
            "group.initial.rebalance.delay.ms": "0",
        }
        quiet: Callable[[str], None] = lambda _: None  # noqa: E731
        return broker.start(self.directory / "kafka", port=direct, controller_port=controller, say=quiet, properties=own)

    async def _prepare(self) -> None:
        async with self.kafka.admin() as admin:
            topics = [*shared_topics(PARTITIONS), *(inbound_topic(opd) for opd in OPDS)]
            await ensure(admin, topics, replication=1, in_sync=1)
        for opd in OPDS:
            await put_record(self.kafka, f"opd/{opd}", {"name": opd.title(), "contacts": []})


@contextmanager
def stage_in(directory: Path, *, postgres: bool = False) -> Iterator[Stage]:
    """A stage with a broker, without lanes; everything is gone afterwards."""
    directory.mkdir(parents=True, exist_ok=True)
    database = Database() if postgres else None
    try:
        stage = Stage(directory, database=database)
        try:
            yield stage
        finally:
            stage.close()
    finally:
        if database:
            database.close()
        shutil.rmtree(directory / "kafka", ignore_errors=True)


def until(is_so: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience_s:.0f} s in vain until {what}")
        time.sleep(TICK_S)


def ready(lanes: Sequence[LaneProcess]) -> None:
    for lane in lanes:
        lane.await_ready()


def chance_of(seed: int | None) -> tuple[int, random.Random]:
    """A seed, printed so that a failure can be tried again (JEJAK_TEST_SEED), and what is drawn from it."""
    seed = seed if seed is not None else random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    return seed, random.Random(seed)  # noqa: S311


def _tokens(keys: Path) -> dict[str, str]:
    """Two superiors of the regency, an admin and an auditor; a team and a head for every agency."""
    make_keys(keys)
    people: list[tuple[str, Role, str | None]] = [
        ("Atasan Satu", Role.ATASAN_PPID, None),
        ("Atasan Dua", Role.ATASAN_PPID, None),
        ("Admin", Role.ADMIN_OPENDATA, None),
        ("Auditor", Role.AUDITOR, None),
    ]
    people += [(f"Tim {opd}", Role.TIM_PPID, opd) for opd in OPDS]
    people += [(f"Ketua {opd}", Role.KETUA_PPID, opd) for opd in OPDS]
    private, now = load_private(keys / "private.pem"), datetime.now(UTC)
    return {
        name: issue(private, id=person_id(name), name=name, role=role, opd=opd, issued_at=now, days=30, token_id=str(uuid.uuid4()))
        for name, role, opd in people
    }
