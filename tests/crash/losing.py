"""Kafka loses records of the log under load, and it grows past where the lanes stood; forgers write to it; an operator says the word.

In: a stage; out: two faults, and threads that act until they are closed. Nothing here is known to the lanes.
"""

import asyncio
import random
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg
from aiokafka import AIOKafkaProducer, ConsumerRecord
from eventsourcing.persistence import PersistenceError

from archive.refill import refill
from archive.scan import LogAt
from bus.accept import begins_of, open_of
from bus.client import send
from bus.kafka import Kafka, KafkaError
from bus.reader import LogUnreachable, cluster_id, read_topic, spans
from bus.topics import ensure, shared_topics
from events import alarms
from events.admission import source_of
from events.alarms import Word
from events.contracts import LOG_TOPIC
from events.journal import EVENTS
from events.stores import StoreRefused, open_reader
from events.submission import BATON, STATE_AFTER, hash_of
from jejak.waiting import end_alarms, end_losses, journals_of, lanes_here, place_of
from tests.crash.lanes import LANES
from tests.crash.stage import PARTITIONS, Stage, ready, until

KEPT: Final = 0.7
LOOKS_EVERY_S: Final = 1.0
FORGES_EVERY_S: Final = 2.0
NOT_NOW: Final = (StoreRefused, LogUnreachable, PersistenceError, KafkaError, OSError, TimeoutError, psycopg.Error, sqlite3.Error)
Records = Sequence["ConsumerRecord[bytes, bytes]"]
Change = Callable[[Records], Records]


@contextmanager
def log_cut(stage: Stage, chance: random.Random) -> Iterator[None]:
    """The newest records are gone, as after the election of a broker that was behind, and others stand in their place."""
    with _losing(stage, lambda records: [*(kept := records[: int(len(records) * KEPT)]), *kept]):
        yield


@contextmanager
def log_made_anew(stage: Stage, chance: random.Random) -> Iterator[None]:
    """Deleted and made again, and by the time anybody looks it is longer than before."""
    with _losing(stage, lambda records: [*(late := records[int(len(records) * (1 - KEPT)) :]), *late]):
        yield


@contextmanager
def _losing(stage: Stage, change: Change) -> Iterator[None]:
    """What only Kafka knows of a lane is in its journal first, also after the loss before this one: two at once nobody can mend."""
    ready([lane for lane in stage.lanes if lane.running])
    there = asyncio.run(_ends(stage.kafka))
    until(lambda: _all_have_read(stage, there), "every lane has read the log to its end")
    began = datetime.now(UTC).isoformat(timespec="seconds")
    lost = asyncio.run(_changed(stage, change))
    yield
    if lost:
        until(lambda: _all_have_gone_on(stage, began), "every lane has noticed the loss and the operator has ended it")


async def _changed(stage: Stage, change: Change) -> bool:
    before: dict[int, list[ConsumerRecord[bytes, bytes]]] = {p: [] for p in range(PARTITIONS)}
    async for records in read_topic(stage.kafka, LOG_TOPIC, await spans(stage.kafka, LOG_TOPIC)):
        before[records[0].partition] += records
    if not any(before.values()):
        return False
    async with stage.kafka.admin() as admin:
        await admin.delete_topics([LOG_TOPIC])
        while LOG_TOPIC in await admin.list_topics():  # noqa: ASYNC110 (Kafka tells nobody)
            await asyncio.sleep(0.05)
        await ensure(admin, [topic for topic in shared_topics(PARTITIONS) if topic.name == LOG_TOPIC], replication=1, in_sync=1)
    async with AIOKafkaProducer(**stage.kafka.options(), max_request_size=4 << 20) as producer:
        told = [(p, record) for p, records in before.items() for record in change(records)]
        sent = [await producer.send(LOG_TOPIC, record.value, key=record.key, partition=p) for p, record in told]
        await asyncio.gather(*sent)
    return True


async def _ends(kafka: Kafka) -> tuple[str, dict[int, int]]:
    """The cluster, and partition → the offset after its last record."""
    return await cluster_id(kafka), {partition: end for partition, (_, end) in (await spans(kafka, LOG_TOPIC)).items()}


def _all_have_read(stage: Stage, there: tuple[str, dict[int, int]]) -> bool:
    cluster, ends = there
    with suppress(*NOT_NOW):
        for lane in LANES:
            with closing(open_reader(stage.store, lane)) as store:
                found = alarms.losses(store)
                stands = alarms.generations(found)
                sources = {p: source_of(cluster, LOG_TOPIC, p, stands.get(source_of(cluster, LOG_TOPIC, p), 0)) for p in ends}
                positions = store.positions(list(sources.values()))
            if alarms.open_losses(found) or any(positions.get(sources[p], 0) < end for p, end in ends.items()):
                return False
        return True
    return False


def _all_have_gone_on(stage: Stage, began: str) -> bool:
    with suppress(*NOT_NOW):
        for lane in LANES:
            with closing(open_reader(stage.store, lane)) as store:
                found = alarms.losses(store)
            if alarms.open_losses(found) or not any(loss.found_at >= began for loss in found):
                return False
        return True
    return False


class _Acting(ABC):
    """Something done again and again beside the load. What cannot be done now is tried again."""

    def __init__(self, stage: Stage, every_s: float) -> None:
        self.stage, self._every_s, self._stop = stage, every_s, threading.Event()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__)
        self.failed: list[BaseException] = []

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self.failed:
            raise self.failed[0]

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                with suppress(*NOT_NOW):
                    self.act()
            except BaseException as error:  # noqa: BLE001 (raised again at the end)
                self.failed.append(error)
                return

    @abstractmethod
    def act(self) -> None:
        """Once; what only says "not now" is tried again."""


class Operator(_Acting):
    """Puts back what the log lost as soon as a lane has noticed."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, LOOKS_EVERY_S)
        self.put_back = Counter[str]()

    def act(self) -> None:
        here, _ = lanes_here(self.stage.store, LANES)
        if not any(self._waits(lane) for lane in here):
            return
        written = refill(journals_of(self.stage.store, here), LogAt(self.stage.kafka))
        begins = asyncio.run(begins_of(self.stage.kafka, [LOG_TOPIC]))
        ended = end_losses(self.stage.store, here, LOG_TOPIC, begins, Word("soak", datetime.now(UTC), "refill"))
        self.put_back.update(written.journals)
        self.put_back["losses"] += len(ended)

    def _waits(self, lane: str) -> bool:
        with closing(open_reader(self.stage.store, lane)) as store:
            return bool(open_of(store))

    def end_all_alarms(self) -> int:
        """Everybody has looked."""
        count = 0
        for lane in LANES:
            with closing(open_reader(self.stage.store, lane)) as store:
                places = {place_of(alarm) for alarm in alarms.alarms(store)}
            count += len(end_alarms(self.stage.store, [lane], places, Word("soak", datetime.now(UTC), "accept")))
        return count


class Forger(_Acting):
    """Writes events to the log that no lane may take in, made from those that are there."""

    def __init__(self, stage: Stage, chance: random.Random) -> None:
        super().__init__(stage, FORGES_EVERY_S)
        self._chance = chance
        self.forged = set[bytes]()

    def act(self) -> None:
        with closing(open_reader(self.stage.store, "archive")) as store:
            last = store.max_notification_id() or 0
            rows = store.select_rows(self._chance.randrange(last), 1, None, EVENTS) if last else []
        for _, _, stream, raw in rows:
            forged = self._chance.choice((_broken, _by_an_auditor, _another_beginning))(stream, raw, self._chance)
            self.forged.add(forged)
            asyncio.run(send(self.stage.kafka, [(LOG_TOPIC, str(stream).encode(), forged)]))


def _broken(stream: UUID, raw: bytes, chance: random.Random) -> bytes:
    """A later step that follows nothing."""
    said = orjson.loads(raw)
    return orjson.dumps({**said, "sequence": said["sequence"] + 1, "previous": f"{chance.getrandbits(256):064x}"})


def _by_an_auditor(stream: UUID, raw: bytes, chance: random.Random) -> bytes:
    """The very next step, well chained, said by somebody who may say nothing."""
    said = orjson.loads(raw)
    turn = BATON[STATE_AFTER[said["type"]]]
    more = {
        "type": min(turn.next, default=said["type"]),
        "lane": turn.holder or said["lane"],
        "actor": {**said["actor"], "role": "auditor"},
        "event_id": _any_id(chance),
    }
    return orjson.dumps({**said, "sequence": said["sequence"] + 1, "previous": hash_of(raw), **more})


def _another_beginning(stream: UUID, raw: bytes, chance: random.Random) -> bytes:
    """A first event under the id of a submission that it does not lead to."""
    said = orjson.loads(raw)
    first = {"sequence": 1, "previous": None, "type": "DataSubmitted", "lane": "intake", "event_id": _any_id(chance)}
    return orjson.dumps({**said, **first})


def _any_id(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))
