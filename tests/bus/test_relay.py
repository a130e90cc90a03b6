"""Out of the journal onto a real Kafka: everything that must leave, in order, and at least once, however often it is sent."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from bus.consumer import record_of
from bus.kafka import Kafka
from bus.loops import Progress
from bus.relay import Relay, Sending, message_of
from bus.topics import ensure, shared_topics
from events.admission import Outcome, Record, dead_letter
from events.contracts import DEAD_LETTERS_TOPIC, EVENT_BYTES_LIMIT, LOG_TOPIC, RECEIPTS_TOPIC
from events.journal import Entry, Journal
from events.recorder import Letter, LetterKind, Row
from events.submission import Recorded
from tests.bus.cluster import all_records, running, until
from tests.events.conftest import Place
from tests.events.given import after, on_kafka, revised, revision_of, story, submitted, verified
from tests.events.stores_that_fail import FailingStore


@pytest.fixture
async def cluster(kafka: str) -> Kafka:
    made = Kafka(kafka)
    async with made.admin() as admin:
        await ensure(admin, shared_topics(3), replication=1, in_sync=1)
    return made


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    place = Place(f"sqlite:{tmp_path}/", "review")
    yield place.journal()
    place.close()


def relay_of(kafka: Kafka, journal: Journal) -> Relay:
    wake, loop = asyncio.Event(), asyncio.get_running_loop()

    def woken() -> None:
        loop.call_soon_threadsafe(wake.set)

    journal.on_commit.append(woken)
    return Relay(kafka, journal, Progress("relay"), wake)


async def sent_of(kafka: Kafka, told: list[Recorded]) -> list[bytes]:
    """What the log holds of one submission."""
    key = str(told[0].event.submission_id).encode()
    return [record.value or b"" for record in await all_records(kafka, LOG_TOPIC) if record.key == key]


async def test_own_events_are_sent_once_in_order_and_as_their_bytes(cluster: Kafka, journal: Journal) -> None:
    told, copied = story(submitted, revised, verified), story(submitted)
    relay = relay_of(cluster, journal)
    journal.append([told[0].event])
    journal.replicate(on_kafka(*copied))
    async with running(relay.run):
        for recorded in told[1:]:
            await asyncio.to_thread(journal.append, [recorded.event])
        await until(lambda: (relay.progress.counts["sent_own"], relay.progress.lag) == (3, 0))
        assert relay.progress.healthy

    assert await sent_of(cluster, told) == [recorded.raw for recorded in told]
    assert await sent_of(cluster, copied) == []
    assert journal.cursor("relay") == journal.read(0, 9, [Row.OWN])[-1].id


async def test_what_was_sent_before_a_restart_is_not_sent_again(cluster: Kafka, journal: Journal) -> None:
    told = story(submitted, revised)
    journal.append([told[0].event])
    first = relay_of(cluster, journal)
    async with running(first.run):
        await until(lambda: journal.cursor("relay"))
    journal.append([told[1].event])
    second = relay_of(cluster, journal)
    async with running(second.run):
        await until(lambda: second.progress.counts["sent_own"])

    assert second.progress.counts == {"sent_own": 1}
    assert await sent_of(cluster, told) == [recorded.raw for recorded in told]


async def test_sent_but_the_cursor_not_saved_sends_the_same_bytes_again_and_every_reader_drops_them(
    cluster: Kafka, journal: Journal, tmp_path: Path
) -> None:
    told = story(submitted, revised)
    journal.append([recorded.event for recorded in told])
    failing = FailingStore(journal.store)
    failing.cursors_fail = 1
    journal.store = failing
    relay = relay_of(cluster, journal)
    async with running(relay.run):
        await until(lambda: journal.cursor("relay"))

    assert await sent_of(cluster, told) == [recorded.raw for recorded in told] * 2
    reader = Place(f"sqlite:{tmp_path}/", "reader").journal()
    records = [record_of(record, "c") for record in await all_records(cluster, LOG_TOPIC)]
    reader.replicate([record for record in records if record.key == str(told[0].event.submission_id).encode()])
    assert [r.raw for r in reader.history(told[0].event.submission_id)] == [recorded.raw for recorded in told]
    reader.store.close()


async def test_without_kafka_everything_waits_and_the_cursor_stays(cluster: Kafka, journal: Journal) -> None:
    told = story(submitted)
    journal.append([told[0].event])
    relay = relay_of(Kafka("127.0.0.1:1"), journal)
    async with running(relay.run):
        await until(lambda: relay.progress.blocked)
        assert (relay.progress.healthy, journal.cursor("relay")) == (False, 0)
        relay.kafka = cluster
        await until(lambda: relay.progress.counts["sent_own"])

        assert relay.progress.healthy
    assert await sent_of(cluster, told) == [told[0].raw]


async def test_a_relay_whose_sends_never_get_through_is_never_healthy_in_between(cluster: Kafka, journal: Journal) -> None:
    journal.append([story(submitted)[0].event])
    relay, seen = relay_of(cluster, journal), list[bool]()

    async def in_vain(*_: object) -> None:
        await asyncio.sleep(0.1)
        seen.append(relay.progress.healthy)
        raise TimeoutError

    with patch.object(Relay, "_send", in_vain):
        async with running(relay.run):
            await until(lambda: len(seen) == 3)

    assert seen == [True, False, False]
    assert journal.cursor("relay") == 0


async def test_while_the_database_is_away_the_relay_waits(cluster: Kafka, journal: Journal) -> None:
    told = story(submitted)
    journal.append([told[0].event])
    failing = FailingStore(journal.store)
    failing.reads_fail = 2
    journal.store = failing
    relay = relay_of(cluster, journal)
    async with running(relay.run):
        await until(lambda: relay.progress.counts["sent_own"])

    assert relay.progress.rebuilt == 2
    assert await sent_of(cluster, told) == [told[0].raw]


async def test_the_largest_event_there_can_be_fits_on_kafka_and_comes_back(cluster: Kafka, journal: Journal, tmp_path: Path) -> None:
    columns = [{"name": f"kolom_{n}", "type": "string", "description": "é" * 400} for n in range(1_000)]
    told = story(submitted)
    told += after(told, revision_of(columns=columns))
    assert 0.9 < len(told[1].raw) / EVENT_BYTES_LIMIT <= 1
    journal.append([recorded.event for recorded in told])
    relay = relay_of(cluster, journal)
    async with running(relay.run):
        await until(lambda: relay.progress.counts["sent_own"] == 2)

    assert await sent_of(cluster, told) == [recorded.raw for recorded in told]


async def test_receipts_and_dead_letters_leave_with_where_the_record_stands(cluster: Kafka, journal: Journal) -> None:
    topic = f"opd.x{uuid.uuid4().hex}.data-submitted.v1"
    bad = Record(topic, 0, 4, b"\xff", b"\x00 raw \n bytes", cluster="c")
    tombstone = Record(topic, 0, 5, None, None, cluster="c")
    about = json.dumps({"topic": topic, "partition": 0, "offset": 4}).encode()
    receipt = Letter(LetterKind.RECEIPT, bad.source, 5, "refused", about, b'{"event_id":"e-1","outcome":"refused"}')
    answers = (receipt, *dead_letter(bad, "unreadable").letters)
    journal.answer([bad, tombstone], lambda _: [Outcome("refused", letters=answers), dead_letter(tombstone, "tombstone")])
    relay = relay_of(cluster, journal)
    async with running(relay.run):
        await until(lambda: relay.progress.counts["sent_letters"] == 3)

    letters = [r for r in await all_records(cluster, DEAD_LETTERS_TOPIC) if dict(r.headers).get("topic") == topic.encode()]
    assert [(r.key, r.value, dict(r.headers)["offset"], dict(r.headers)["error"]) for r in letters] == [
        (b"\xff", b"\x00 raw \n bytes", b"4", b"unreadable"),
        (None, b"", b"5", b"tombstone"),
    ]
    (told,) = [r for r in await all_records(cluster, RECEIPTS_TOPIC) if dict(r.headers).get("topic") == topic.encode()]
    assert (told.key, told.value) == (b"e-1", b'{"event_id":"e-1","outcome":"refused"}')


async def test_the_lag_is_what_waits_also_while_kafka_is_away(cluster: Kafka, journal: Journal) -> None:
    told = [recorded.event for _ in range(700) for recorded in story(submitted)]
    journal.append(told)
    journal.replicate(on_kafka(*story(submitted)))
    relay = relay_of(Kafka("127.0.0.1:1"), journal)
    with patch("bus.relay.WATCH_S", 0.05):
        async with running(relay.run):
            await until(lambda: relay.progress.lag == 700)
            journal.append([recorded.event for recorded in story(submitted, revised)])
            await until(lambda: relay.progress.lag == 702)
            relay.kafka = cluster
            await until(lambda: relay.progress.counts["sent_own"] == 702)
            await until(lambda: relay.progress.lag == 0)


async def test_the_lag_falls_by_what_was_sent_and_by_what_another_process_sent(journal: Journal) -> None:
    journal.append([recorded.event for _ in range(1_200) for recorded in story(submitted)])
    relay = relay_of(Kafka("127.0.0.1:1"), journal)
    first = relay._next(Sending())
    seen = [first.waiting, relay._next(first).waiting]
    journal.advance("relay", journal.read(0, 2_000, [Row.OWN])[1_000].id)

    assert [*seen, relay._next(Sending()).waiting] == [1_200, 700, 199]


@pytest.mark.parametrize("raw", [b'{"type":"DataSubmitted"}', b"not json", b"[]", b'"x"'])
async def test_a_row_that_cannot_be_described_goes_out_all_the_same(raw: bytes) -> None:
    message = message_of(Entry(7, Row.OWN, uuid.UUID(int=1), raw))

    assert (message["value"], dict(message["headers"])["content-type"]) == (raw, b"application/json")
