"""Kafka out: the relay sends what a journal holds for others, in commit order."""

import asyncio
import base64
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import structlog
from aiokafka import AIOKafkaProducer
from eventsourcing.persistence import PersistenceError

from bus.kafka import CALL_S, Kafka, KafkaError, stopped
from bus.loops import WATCH_S, Progress, ended, pause, within, woken
from events.contracts import DEAD_LETTERS_TOPIC, LOG_TOPIC, RECEIPTS_TOPIC, cloud_event_headers
from events.journal import OUTGOING, Entry, Journal, Row, unframed

log = structlog.get_logger("jejak.bus")

SENT_AT_ONCE: Final = 500
COUNTED_AT_ONCE: Final = 5_000
SEND_S: Final = 60.0
DEAD_LETTER_BYTES: Final = 3 * 1024 * 1024
DEAD_LETTER_KEY_BYTES: Final = 64 * 1024
SEND_BYTES: Final = 4 * 1024 * 1024


@dataclass
class Relay:
    """Sends what a journal holds for others, in commit order, and remembers how far only after Kafka's acknowledgement.

    A crash in between sends the same bytes again, and every reader drops them by key. On a shared store several relays of one
    lane may run: each sends what it finds after the stored cursor.
    """

    kafka: Kafka
    journal: Journal
    progress: Progress
    wake: asyncio.Event
    _seen: int = 0
    _waiting: "array[int]" = field(default_factory=lambda: array("q"))
    _counted: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        watching = asyncio.create_task(self._watch())
        try:
            await self._relay()
        finally:
            await ended([watching])

    async def _watch(self) -> None:
        """The lag grows also while Kafka takes nothing: it is what waits, not what is being sent."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                async with self._turn:
                    self.progress.lag = await asyncio.to_thread(self._lag)
            except (PersistenceError, OSError) as error:
                log.warning("relay_lag_unknown", relay=self.progress.name, error=repr(error))

    async def _relay(self) -> None:
        failures = 0
        while True:
            producer = AIOKafkaProducer(
                **self.kafka.options(),
                enable_idempotence=True,
                acks="all",
                max_request_size=SEND_BYTES,
                max_batch_size=256 * 1024,
            )
            try:
                await within(CALL_S, producer.start())
                while True:
                    await self._drain(producer)
                    failures = 0
                    await woken(self.wake, WATCH_S)
            except (KafkaError, PersistenceError, OSError, TimeoutError) as error:
                failures += 1
                self.progress.blocked = f"{type(error).__name__}: {error}"
                self.progress.rebuilt += 1
                log.warning("relay_rebuilt", relay=self.progress.name, error=repr(error))
                await asyncio.sleep(pause(failures))
            finally:
                await stopped(producer.stop())

    async def _drain(self, producer: AIOKafkaProducer) -> None:
        sent: list[Entry] = []
        while True:
            async with self._turn:
                entries, upto, self.progress.lag = await asyncio.to_thread(self._next, sent)
            if not entries:
                self._seen = upto
                self.progress.moved()
                return
            await within(SEND_S, self._send(producer, entries))
            self.progress.moved()
            self.progress.counts.update(f"sent_{entry.row}" for entry in entries)
            sent = entries

    def _next(self, sent: Sequence[Entry]) -> tuple[list[Entry], int, int]:
        """What comes after these, once it is written down that they were sent; up to which row was looked, and how many wait."""
        if sent:
            self.journal.advance("relay", sent[-1].id)
        upto = self.journal.last_id()
        after = self._after()
        entries = self.journal.read(after, SENT_AT_ONCE, OUTGOING, upto=upto) if after < upto else []
        return entries, upto, len(entries) if len(entries) < SENT_AT_ONCE else self._count(after, upto)

    def _lag(self) -> int:
        upto, after = self.journal.last_id(), self._after()
        return self._count(after, upto) if after < upto else 0

    def _after(self) -> int:
        return max(self.journal.cursor("relay"), self._seen)

    def _count(self, after: int, upto: int) -> int:
        """How many rows wait after one. Each is looked at once: only the numbers of those that wait are kept, eight bytes each."""
        counted = max(self._counted, after)
        while page := self.journal.read(counted, COUNTED_AT_ONCE, OUTGOING, upto=upto):
            self._waiting.extend(entry.id for entry in page)
            counted = page[-1].id
        self._counted = max(counted, upto)
        del self._waiting[: bisect_right(self._waiting, after)]
        return len(self._waiting)

    async def _send(self, producer: AIOKafkaProducer, entries: Sequence[Entry]) -> None:
        sent = [await producer.send(**message) for entry in entries for message in [message_of(entry)]]
        for acknowledged in sent:
            await acknowledged


def message_of(entry: Entry) -> dict[str, Any]:
    """The Kafka message of an outgoing row: topic, key, value, headers."""
    if entry.row is Row.OWN:
        return {"topic": LOG_TOPIC, "key": str(entry.stream).encode(), "value": entry.raw, "headers": _headers_of(entry)}
    about, raw = unframed(entry.raw)
    headers = [(name, str(about[name]).encode()) for name in ("cluster", "topic", "partition", "offset", "error") if name in about]
    if entry.row is Row.RECEIPT:
        event_id = orjson.loads(raw)["event_id"]
        key = event_id.encode() if event_id else None
        return {"topic": RECEIPTS_TOPIC, "key": key, "value": raw, "headers": [*headers, ("content-type", b"application/json")]}
    key = base64.b64decode(about["key"])[:DEAD_LETTER_KEY_BYTES] if about["key"] is not None else None
    value = None if about["tombstone"] and key is not None else raw[:DEAD_LETTER_BYTES]  # aiokafka sends no record without both
    return {"topic": DEAD_LETTERS_TOPIC, "key": key, "value": value, "headers": headers}


def _headers_of(entry: Entry) -> list[tuple[str, bytes]]:
    """The headers only repeat what the bytes say: a row whose bytes cannot be read goes without, and nothing behind it waits."""
    try:
        return cloud_event_headers(orjson.loads(entry.raw))
    except (ValueError, TypeError, KeyError) as error:
        log.error("event_without_headers", row=entry.id, submission_id=str(entry.stream), error=repr(error))
        return [("content-type", b"application/json")]
