"""A relay on PostgreSQL keeps its turn however long the database or Kafka takes, and looks through no row of others twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import psycopg
import pytest

from bus.kafka import Kafka
from bus.loops import Progress, wake_on
from bus.relay import Relay, Sending
from bus.topics import ensure, shared_topics
from events.contracts import LOG_TOPIC
from events.journal import Journal
from events.recorder import Row
from tests.bus.cluster import all_records, running, until
from tests.events.conftest import Place
from tests.events.given import on_kafka, story, submitted

ENOUGH = 12
"""So often a turn must have been kept to have outlived the silence that ends it."""


@pytest.fixture
async def cluster(kafka: str, monkeypatch: pytest.MonkeyPatch) -> Kafka:
    monkeypatch.setattr("events.turns.SILENT_S", 1.0)
    monkeypatch.setattr("bus.relay.KEEP_S", 0.2)
    made = Kafka(kafka)
    async with made.admin() as admin:
        await ensure(admin, shared_topics(3), replication=1, in_sync=1)
    return made


@pytest.fixture
async def watching(database: str) -> AsyncIterator["psycopg.AsyncConnection[Any]"]:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        yield connection


class SlowRelay(Relay):
    """Kafka has acknowledged, and it is heard only when `heard` is set."""

    heard: asyncio.Event
    sends = 0

    async def _send(self, producer: Any, messages: Sequence[Any]) -> None:
        self.sends += 1
        await super()._send(_Slow(producer, self.heard), messages)


class _Slow:
    def __init__(self, producer: Any, heard: asyncio.Event) -> None:
        self.producer, self.heard = producer, heard

    async def send(self, **message: Any) -> "asyncio.Task[None]":
        acknowledged = await self.producer.send(**message)

        async def told() -> None:
            await acknowledged
            await self.heard.wait()

        return asyncio.create_task(told())


def relay_of(cluster: Kafka, journal: Journal) -> SlowRelay:
    relay = SlowRelay(cluster, journal, Progress("relay"), wake_on(journal.on_outgoing))
    relay.heard = asyncio.Event()
    return relay


async def kept_often(watching: "psycopg.AsyncConnection[Any]") -> None:
    """Waits until the one that has the turn has said so often enough."""
    said, asked = (
        set[object](),
        ("SELECT query_start FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory' AND query = 'SELECT 1'"),
    )
    for _ in range(600):
        said |= {row[0] for row in await (await watching.execute(asked)).fetchall()}
        if len(said) >= ENOUGH:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"kept {len(said)} times in vain")


def one_waits(cluster: Kafka, place: Place) -> tuple[Journal, SlowRelay]:
    """A journal with one event of its own, not sent yet."""
    journal = place.journal()
    journal.append([story(submitted)[0].event])
    return journal, relay_of(cluster, journal)


async def how_often(cluster: Kafka, journal: Journal) -> list[int]:
    """Each of the journal's own events is on the log so often."""
    keys = [record.key for record in await all_records(cluster, LOG_TOPIC)]
    return [keys.count(str(entry.stream).encode()) for entry in journal.read(0, 1_000, (Row.OWN,))]


async def test_the_turn_outlives_a_database_that_takes_its_time(
    cluster: Kafka, shared_place: Place, database: str, watching: "psycopg.AsyncConnection[Any]"
) -> None:
    journal, relay = one_waits(cluster, shared_place)
    relay.heard.set()
    async with await psycopg.AsyncConnection.connect(database) as slow:
        await slow.execute(f'LOCK TABLE "jejak_{shared_place.lane}".stored_events IN ACCESS EXCLUSIVE MODE')
        async with running(relay.run):
            await kept_often(watching)
            await slow.rollback()
            await until(lambda: relay.progress.counts["sent_own"])
    assert relay.progress.rebuilt == 0
    assert await how_often(cluster, journal) == [1]


async def test_an_acknowledgement_that_takes_its_time_is_no_reason_to_send_again(
    cluster: Kafka, shared_place: Place, watching: "psycopg.AsyncConnection[Any]"
) -> None:
    journal, relay = one_waits(cluster, shared_place)
    async with running(relay.run):
        await kept_often(watching)
        relay.heard.set()
        await until(lambda: journal.cursor("relay"))
    assert (relay.progress.rebuilt, await how_often(cluster, journal)) == (0, [1])


async def test_who_loses_its_turn_waits_for_no_acknowledgement(
    cluster: Kafka, shared_place: Place, watching: "psycopg.AsyncConnection[Any]"
) -> None:
    journal, relay = one_waits(cluster, shared_place)
    async with running(relay.run):
        await until(lambda: relay.sends)
        await watching.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        await until(lambda: relay.sends == 2)
        relay.heard.set()
        await until(lambda: journal.cursor("relay"))
    assert relay.progress.rebuilt == 1


async def test_rows_of_others_are_looked_through_once_and_own_ones_between_them_leave_in_order(
    cluster: Kafka, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.relay.WINDOW", 10)
    journal, own = place.journal(), [story(submitted)[0] for _ in range(3)]
    offset = 0
    for mine in own:
        for copied in (story(submitted)[0] for _ in range(25)):
            journal.replicate(on_kafka(copied, offset=offset))
            offset += 1
        journal.append([mine.event])
    for copied in (story(submitted)[0] for _ in range(25)):
        journal.replicate(on_kafka(copied, offset=offset))
        offset += 1
    relay, sent = relay_of(cluster, journal), list[bytes]()
    relay.heard.set()
    relay.on_sent = lambda messages, _: sent.extend(message["key"] for message in messages)
    async with running(relay.run):
        await until(lambda: relay.progress.counts["sent_own"] == 3)
        await until(lambda: journal.last_id() - journal.cursor("relay") < 10)
    assert sent == [str(mine.event.submission_id).encode() for mine in own]
    assert await how_often(cluster, journal) == [1, 1, 1]


async def test_the_cursor_passes_only_what_needs_no_sending(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bus.relay.WINDOW", 10)
    journal = place.journal()
    journal.replicate(on_kafka(*(story(submitted)[0] for _ in range(25))))
    journal.append([story(submitted)[0].event])
    relay = Relay(Kafka("127.0.0.1:1"), journal, Progress("relay"), asyncio.Event())
    sending, seen = Sending(), list[tuple[int, int]]()
    while not sending.messages:
        sending = relay._next(sending)
        seen.append((len(sending.messages), journal.cursor("relay")))

    own = journal.read(0, 100, (Row.OWN,))[0].id
    assert [sent for sent, _ in seen] == [0, 0, 1]
    assert 10 <= seen[-1][1] < own
    relay._next(sending)
    assert journal.cursor("relay") == own
