"""Kafka out: the relay sends what a journal holds for others, in commit order."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog
from aiokafka import AIOKafkaProducer
from eventsourcing.persistence import PersistenceError

from bus.kafka import CALL_S, Kafka, KafkaError, stopped
from bus.loops import WATCH_S, Progress, pause, within, woken
from events.contracts import DEAD_LETTERS_TOPIC, LOG_TOPIC, RECEIPTS_TOPIC, cloud_event_headers
from events.journal import RELAYED, RELAYED_LETTERS, Entry, Journal
from events.recorder import Letter, LetterKind, Row

log = structlog.get_logger("jejak.bus")

SENT_AT_ONCE: Final = 500
SEND_S: Final = 60.0
DEAD_LETTER_BYTES: Final = 3 * 1024 * 1024
DEAD_LETTER_KEY_BYTES: Final = 64 * 1024
SEND_BYTES: Final = 4 * 1024 * 1024


Message = dict[str, Any]
"""What the producer's `send` takes."""


@dataclass(frozen=True)
class Sending:
    """Messages of one kind, in order; `last` is the number of the last one, `follower` the cursor that remembers it."""

    follower: str = ""
    what: str = ""
    last: int = 0
    messages: Sequence[Message] = ()


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

    async def run(self) -> None:
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
        sent = Sending()
        while True:
            sending = await asyncio.to_thread(self._next, sent)
            self.progress.lag = len(sending.messages)
            if not sending.messages:
                self.progress.moved()
                return
            await within(SEND_S, self._send(producer, sending.messages))
            self.progress.moved()
            self.progress.counts[f"sent_{sending.what}"] += len(sending.messages)
            sent = sending

    def _next(self, sent: Sending) -> Sending:
        """What comes after these, once it is written down that they were sent. Events first: no receipt leaves before its event."""
        if sent.messages:
            self.journal.advance(sent.follower, sent.last)
        letters_upto, upto = self.journal.last_letter(), self.journal.last_id()
        after = max(self.journal.cursor(RELAYED), self._seen)
        if after < upto and (events := self.journal.read(after, SENT_AT_ONCE, (Row.OWN,), upto=upto)):
            return Sending(RELAYED, "own", events[-1].id, [message_of(entry) for entry in events])
        self._seen = upto
        after = self.journal.cursor(RELAYED_LETTERS)
        if after < letters_upto and (letters := self.journal.letters(after, SENT_AT_ONCE, upto=letters_upto)):
            return Sending(RELAYED_LETTERS, "letters", letters[-1][0], [message_of_letter(letter) for _, letter in letters])
        return Sending()

    async def _send(self, producer: AIOKafkaProducer, messages: Sequence[Message]) -> None:
        sent = [await producer.send(**message) for message in messages]
        for acknowledged in sent:
            await acknowledged


def message_of(entry: Entry) -> Message:
    """An event as it goes to the log: key, its own bytes, headers."""
    headers = cloud_event_headers(orjson.loads(entry.raw))
    return {"topic": LOG_TOPIC, "key": str(entry.stream).encode(), "value": entry.raw, "headers": headers}


def message_of_letter(letter: Letter) -> Message:
    about = orjson.loads(letter.about)
    headers = [(name, str(about[name]).encode()) for name in ("cluster", "topic", "partition", "offset", "error") if name in about]
    if letter.kind is LetterKind.RECEIPT:
        event_id = orjson.loads(letter.raw)["event_id"]
        key = event_id.encode() if event_id else None
        return {"topic": RECEIPTS_TOPIC, "key": key, "value": letter.raw, "headers": [*headers, ("content-type", b"application/json")]}
    key = base64.b64decode(about["key"])[:DEAD_LETTER_KEY_BYTES] if about["key"] is not None else None
    value = None if about["tombstone"] and key is not None else letter.raw[:DEAD_LETTER_BYTES]  # aiokafka sends no record without both
    return {"topic": DEAD_LETTERS_TOPIC, "key": key, "value": value, "headers": headers}
