"""Copies of the log to check: lives in, journals and topics out, with whatever was done to them on the way."""

import asyncio
import itertools
import os
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import groupby

import orjson
from aiokafka import AIOKafkaProducer

from archive.proof import JournalAt
from archive.scan import LogAt
from benchmarks.load import Life, key_of, lives
from bus.kafka import Kafka
from bus.topics import FOR_EVER, Topic, ensure
from events.recorder import Batch, EventRow, Store
from events.recorder import Row as Origin
from events.stores import open_store
from events.submission import Head, advance, hash_of

Row = tuple[str, int, bytes]
"""Submission id, version and bytes of a journal's row."""
Message = tuple[bytes | None, bytes | None]
_NUMBERS = itertools.count()


def id_of(life: Life) -> str:
    return key_of(life).decode()


def rows_of(*several: Life) -> list[Row]:
    return [(id_of(life), sequence, raw) for life in several for sequence, raw in enumerate(life, start=1)]


def messages_of(*several: Life) -> list[Message]:
    return [(key_of(life), raw) for life in several for raw in life]


def two_lives() -> tuple[Life, Life]:
    first, second = lives(2)
    return first, second


def altered(raw: bytes, old: bytes = b"karanganyarkab.example", new: bytes = b"karanganyarkac.example") -> bytes:
    """Other bytes, still a valid event when `old` is in a text."""
    assert old in raw
    return raw.replace(old, new)


def forged(raw: bytes, **said: object) -> bytes:
    """An event that says something else, with its chain link as it was."""
    return orjson.dumps(orjson.loads(raw) | said)


def journal(address: str, rows: Iterable[Row], *, lane: str = "archive") -> JournalAt:
    """A journal with exactly these rows, whatever they are: written past all rules, as somebody with the database's password could."""
    store = open_store(address, lane)
    store.write(stored(rows))
    put_heads(store)
    store.close()
    return JournalAt(f"journal {lane}", address, lane)


def put_heads(store: Store) -> None:
    """As far as the rows can be read: what is wrong with them is to be found by itself."""
    for submission, found in groupby(_all_rows(store), key=lambda row: row[0]):
        head: Head | None = None
        for _, _, raw in found:
            with suppress(ValueError, KeyError, TypeError, AttributeError):
                head = advance(head, orjson.loads(raw), hash_of(raw))
        if head:
            store.write(Batch(heads=[head._replace(submission_id=submission)]))


def _all_rows(store: Store) -> list[tuple[uuid.UUID, int, bytes]]:
    return list(store.select_in_key_order(("0" * 32, -1), 100_000, "f" * 32))


def stored(rows: Iterable[Row]) -> Batch:
    return Batch([EventRow(Origin.COPY, uuid.UUID(i), version, raw) for i, version, raw in rows])


def topic(bootstrap: str, messages: Sequence[Message], *, partitions: int = 3) -> LogAt:
    """A new topic with these records, a submission's in order."""
    log = LogAt(Kafka(bootstrap), f"test.{os.getpid()}.log-{next(_NUMBERS)}")
    asyncio.run(_fill(log, messages, partitions))
    return log


async def _fill(log: LogAt, messages: Sequence[Message], partitions: int) -> None:
    async with log.kafka.admin() as admin:
        await ensure(admin, [Topic(log.topic, partitions, FOR_EVER)], replication=1, in_sync=1)
    await send(log, messages)


async def send(log: LogAt, messages: Sequence[Message]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=log.kafka.bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        for sent in [await producer.send(log.topic, raw, key=key) for key, raw in messages]:
            await sent
    finally:
        await producer.stop()
