"""Kafka out: the relay sends what a journal holds for others, in commit order."""

import asyncio
import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import orjson
import structlog
from aiokafka import AIOKafkaProducer
from eventsourcing.persistence import PersistenceError

from bus.kafka import CALL_S, Kafka, KafkaError, stopped
from bus.loops import GATHER_S, WATCH_S, Progress, ended, pause, within, woken
from events.contracts import DEAD_LETTERS_TOPIC, LOG_TOPIC, RECEIPTS_TOPIC, cloud_event_headers
from events.journal import RELAYED, RELAYED_LETTERS, Entry, Journal
from events.recorder import Letter, LetterKind, Row, Turn
from events.turns import OnlyOne

log = structlog.get_logger("jejak.bus")
T = TypeVar("T")

SENT_AT_ONCE: Final = 500
WINDOW: Final = 10_000
"""So many rows are looked through at once; where nothing of them is our own, that is written down."""
SEND_S: Final = 60.0
KEEP_S: Final = 2.0
DEAD_LETTER_BYTES: Final = 3 * 1024 * 1024
DEAD_LETTER_KEY_BYTES: Final = 64 * 1024
SEND_BYTES: Final = 4 * 1024 * 1024
PLACE: Final = ("cluster", "topic", "partition", "generation", "offset", "error")
"""What a letter's headers say of the record that it is about."""


Message = dict[str, Any]
"""What the producer's `send` takes."""


@dataclass(frozen=True)
class Sending:
    """Messages of one kind, in order; `last` is the number of the last one, `follower` the cursor that remembers it.

    No messages: nothing up to there needs sending; without a follower, nothing waits at all. `waiting`: so many wait, these included.
    """

    follower: str = ""
    what: str = ""
    last: int = 0
    messages: Sequence[Message] = ()
    waiting: int = 0


@dataclass
class Relay:
    """Sends what a journal holds for others, in commit order, and remembers how far only after Kafka's acknowledgement.

    A crash in between sends the same bytes again, and every reader drops them by key. Where several processes share a lane's store, one
    sends at a time: it takes the turn, sends all that waits, whoever wrote it, and gives it back.
    """

    kafka: Kafka
    journal: Journal
    progress: Progress
    wake: asyncio.Event
    on_sent: Callable[[Sequence[Message], int], None] | None = None
    """Told of events that Kafka has acknowledged, and when their sending began (nanoseconds since 1970)."""
    _seen: int = 0
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _turn: Turn = field(default_factory=OnlyOne)
    _kept_at: float = 0.0

    async def run(self) -> None:
        self._turn = self.journal.store.turn("send")
        watching = asyncio.create_task(self._watch())
        try:
            await self._relay()
        finally:
            await ended([watching])
            await asyncio.to_thread(self._turn.close)

    async def _watch(self) -> None:
        """The lag grows also while Kafka takes nothing: it is what waits, not what is being sent."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                async with self._reading:
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
        """The turn is kept however long an acknowledgement or a question to the database takes; when it was lost, the sending ends."""
        while not await self._of_turn(self._turn.take):
            self.progress.moved()
            await asyncio.sleep(GATHER_S)
        self._kept_at = time.monotonic()
        task = asyncio.create_task(self._send_all(producer))
        try:
            while not (await asyncio.wait([task], timeout=KEEP_S))[0]:
                await self._of_turn(self._turn.keep)
                self._kept_at = time.monotonic()
            task.result()
        finally:
            await ended([task])
            await self._of_turn(self._turn.give_back)

    async def _of_turn(self, said: Callable[[], T]) -> T:
        """Where nobody else could have it, nobody is asked: a change of threads costs as much as a question to the journal."""
        return said() if isinstance(self._turn, OnlyOne) else await asyncio.to_thread(said)

    async def _send_all(self, producer: AIOKafkaProducer) -> None:
        sent = Sending()
        while True:
            async with self._reading:
                sending = await asyncio.to_thread(self._next, sent)
            if not sending.follower:
                self.progress.lag = 0
                self.progress.moved()
                return
            if sending.messages:
                await self._send_these(producer, sending)
            sent = sending

    async def _send_these(self, producer: AIOKafkaProducer, sending: Sending) -> None:
        self.progress.lag = sending.waiting
        began = time.time_ns()
        await within(SEND_S, self._send(producer, sending.messages))
        self.progress.moved()
        self.progress.counts[f"sent_{sending.what}"] += len(sending.messages)
        if self.on_sent and sending.follower == RELAYED:
            await asyncio.to_thread(self.on_sent, sending.messages, began)

    def _next(self, sent: Sending) -> Sending:
        """What comes after these, once it is written down that they were sent. Events first: no receipt leaves before its event."""
        if sent.follower:
            self.journal.advance(sent.follower, sent.last)
        there = self.journal.outgoing()
        after = max(there.sent, self._seen)
        if after < there.upto:
            window = min(after + WINDOW, there.upto)
            if events := self.journal.read(after, SENT_AT_ONCE, (Row.OWN,), upto=window):
                return self._sending(RELAYED, "own", events[-1].id, [message_of(entry) for entry in events])
            self._seen = window
            if window >= there.sent + WINDOW:
                return Sending(RELAYED, last=window)
        after, letters_upto = there.letters_sent, there.letters_upto
        if after < letters_upto and (letters := self.journal.letters(after, SENT_AT_ONCE, upto=letters_upto)):
            return self._sending(RELAYED_LETTERS, "letters", letters[-1][0], [message_of_letter(letter) for _, letter in letters])
        return Sending()

    def _sending(self, follower: str, what: str, last: int, messages: Sequence[Message]) -> Sending:
        """What waits need only be counted when it is more than is sent at once."""
        return Sending(follower, what, last, messages, len(messages) if len(messages) < SENT_AT_ONCE else self._lag())

    def _lag(self) -> int:
        there = self.journal.outgoing()
        return self.journal.store.count_outgoing(max(there.sent, self._seen), there.letters_sent)

    async def _send(self, producer: AIOKafkaProducer, messages: Sequence[Message]) -> None:
        sent = []
        for message in messages:
            await self._keep()
            sent.append(await producer.send(**message))
        for acknowledged in sent:
            await acknowledged

    async def _keep(self) -> None:
        """Who stands still loses the turn, and sends nothing more: asked here too, for nobody knows which task goes on first."""
        if time.monotonic() - self._kept_at > KEEP_S:
            await asyncio.to_thread(self._turn.keep)
            self._kept_at = time.monotonic()


def message_of(entry: Entry) -> Message:
    """An event as it goes to the log: key, its own bytes, headers."""
    return {"topic": LOG_TOPIC, "key": str(entry.stream).encode(), "value": entry.raw, "headers": _headers_of(entry)}


def message_of_letter(letter: Letter) -> Message:
    about = orjson.loads(letter.about)
    if letter.kind is LetterKind.AGAIN:
        return _message_again(letter, about)
    headers = [
        (name, str(about[name]).encode()) for name in ("cluster", "topic", "partition", "generation", "offset", "error") if name in about
    ]
    if letter.kind is LetterKind.RECEIPT:
        event_id = orjson.loads(letter.raw)["event_id"]
        key = event_id.encode() if event_id else None
        return {"topic": RECEIPTS_TOPIC, "key": key, "value": letter.raw, "headers": [*headers, ("content-type", b"application/json")]}
    key = base64.b64decode(about["key"])[:DEAD_LETTER_KEY_BYTES] if about["key"] is not None else None
    value = None if about["tombstone"] and key is not None else letter.raw[:DEAD_LETTER_BYTES]  # aiokafka sends no record without both
    return {"topic": DEAD_LETTERS_TOPIC, "key": key, "value": value, "headers": headers}


def _message_again(letter: Letter, about: dict[str, Any]) -> Message:
    """A record that was set aside, to where it came from: an event of the log, or what an OPD sent."""
    json = [("content-type", b"application/json")]
    headers = cloud_event_headers(orjson.loads(letter.raw)) if about["topic"] == LOG_TOPIC else json
    key = base64.b64decode(about["key"]) if about["key"] is not None else None
    return {"topic": about["topic"], "key": key, "value": letter.raw, "headers": headers}


def _headers_of(entry: Entry) -> list[tuple[str, bytes]]:
    """The headers only repeat what the bytes say: a row whose bytes cannot be read goes without, and nothing behind it waits."""
    try:
        return cloud_event_headers(orjson.loads(entry.raw))
    except (ValueError, TypeError, KeyError) as error:
        log.error("event_without_headers", row=entry.id, submission_id=str(entry.stream), error=repr(error))
        return [("content-type", b"application/json")]
