"""Before a process can serve: logs, keys, a broker if none is named, topics."""

import asyncio
import gc
import logging
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO, cast

import structlog
from eventsourcing.persistence import PersistenceError

from bus.kafka import KafkaError
from bus.topics import TopicRefused, ensure, shared_topics
from jejak import broker
from jejak.say import say
from lane.settings import Settings
from web.keys import make_keys

KAFKA_S: Final = 60.0
COLLECT_EVERY: Final = 50_000
"""New objects between two looks for garbage."""


class StartRefused(RuntimeError):
    """It cannot start; one clear sentence."""


def configure_logs(level: str, file: Path | None = None) -> None:
    """One JSON line per decision, on stderr or at the end of a file; libraries speak from warnings up."""
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
    stream = file.open("a", encoding="utf-8") if file else sys.stderr
    logging.basicConfig(level=logging.WARNING, stream=stream, format="%(message)s", force=True)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("jejak.stream").setLevel(logging.ERROR)  # FastStream warns at every start that it makes no topics
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Undaunted(stream))),
    )


@dataclass(frozen=True)
class _Undaunted:
    """Where log lines go. One that cannot be written, on a full disk for example, must not fail the work that it tells of."""

    stream: TextIO

    def write(self, line: str) -> None:
        with suppress(OSError):
            self.stream.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            self.stream.flush()


@contextmanager
def kafka_for(settings: Settings) -> Iterator[Settings]:
    """The settings with a Kafka to use: the one named, or a broker of our own that stops when we do."""
    if settings.kafka:
        yield settings
        return
    own = broker.start(Path("var/kafka"), port=settings.kafka_port, say=say)
    try:
        yield settings.model_copy(update={"kafka": own.bootstrap})
    finally:
        own.stop()


@contextmanager
def kafka_beside(settings: Settings) -> Iterator[Settings]:
    """As `kafka_for`, but a local broker that somebody else runs already (`jejak broker`, another lane) is used too."""
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        answers = not settings.kafka and probe.connect_ex(("127.0.0.1", settings.kafka_port)) == 0
    if answers:
        yield settings.model_copy(update={"kafka": f"127.0.0.1:{settings.kafka_port}"})
        return
    with kafka_for(settings) as started:
        yield started


def prepare(settings: Settings) -> None:
    """Keys and topics. Waits a minute for Kafka to answer. Raises StartRefused, TopicRefused."""
    make_keys(settings.keys)
    deadline = time.monotonic() + KAFKA_S
    while True:
        try:
            asyncio.run(ensure_topics(settings))
            return
        except (KafkaError, OSError, TimeoutError) as error:
            if time.monotonic() > deadline:
                raise StartRefused(
                    f"Kafka at {settings.kafka} does not answer ({type(error).__name__}); check JEJAK_KAFKA and the network"
                ) from error
            say(f"waiting for Kafka at {settings.kafka} …")
            time.sleep(2)


async def ensure_topics(settings: Settings) -> list[str]:
    async with settings.kafka_cluster().admin() as admin:
        return await ensure(
            admin, shared_topics(settings.kafka_partitions), replication=settings.kafka_replication, in_sync=settings.kafka_in_sync
        )


def settle_heap() -> None:
    """Call once when everything is imported: what lives for ever is not searched for garbage again, and new objects are less often.

    An event is some fifty objects, all freed by reference count; with Python's own setting (every 700 objects) the search for
    cycles among them takes longer than reading and checking them does (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 20, 50)


REFUSALS: Final = (StartRefused, TopicRefused, broker.BrokerRefused, PersistenceError)
