"""From a real Kafka into a journal: every record once, nothing skipped, and nothing that lies there stops the lane."""

import asyncio
import re
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import DataError

from bus.kafka import Kafka
from bus.loops import Progress, forever
from events.admission import Outcome, Record, dead_letter
from events.journal import Journal
from events.recorder import Letter, LetterKind
from events.submission import Recorded
from tests.bus.cluster import PATIENCE_S, log_consumer, new_topic, put, put_story, put_with_header, running, until
from tests.events.conftest import Place
from tests.events.given import WHOLE_LIFE, revised, story, submitted, verified
from tests.events.stores_that_fail import FailingStore


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[Place]:
    made = Place(f"sqlite:{tmp_path}/", "review")
    yield made
    made.close()


def raws(journal: Journal, told: list[Recorded]) -> list[bytes]:
    return [recorded.raw for recorded in journal.history(told[0].event.submission_id)]


def dead_letters(journal: Journal) -> list[tuple[str, bytes]]:
    return [(letter.code, letter.raw) for _, letter in journal.letters(0, 100, [LetterKind.DEAD_LETTER])]


def key_of(recorded: Recorded) -> bytes:
    return str(recorded.event.submission_id).encode()


async def test_a_restart_goes_on_where_the_journal_stands(cluster: Kafka, place: Place) -> None:
    topic, told = await new_topic(cluster, partitions=3), story(*WHOLE_LIFE)
    await put_story(cluster, topic, *told[:4], partition=2)
    first = log_consumer(cluster, place.journal(), topic)
    async with running(first.run):
        await until(lambda: first.progress.ready)

    await put_story(cluster, topic, *told[4:], partition=2)
    second = log_consumer(cluster, place.reopened(), topic)
    async with running(second.run):
        await until(lambda: second.progress.ready)

    assert first.progress.counts == {"applied": 4}
    assert second.progress.counts == {"applied": 3}
    assert raws(second.journal, told) == [recorded.raw for recorded in told]


async def test_nothing_on_the_log_stops_the_lane(cluster: Kafka, lane: Place) -> None:
    topic = await new_topic(cluster, config={"max.message.bytes": str(4 * 1024 * 1024)})
    told, huge = story(submitted, revised, verified), b'{"x":"' + b"x" * 3_000_000 + b'"}'
    key = key_of(told[0])
    await put_story(cluster, topic, told[0])
    await put(cluster, topic, (key, b"\xff\xfe"), (key, None), (b"other", told[1].raw), (None, b""), (key, huge))
    await put_story(cluster, topic, told[1])
    await put_with_header(cluster, topic, key, told[2].raw, header=b"\xff\xfe")
    consumer = log_consumer(cluster, lane.journal(), topic)

    async with running(consumer.run):
        await until(lambda: consumer.progress.ready)

    assert raws(consumer.journal, told) == [recorded.raw for recorded in told]
    assert dead_letters(consumer.journal) == [
        ("unreadable", b"\xff\xfe"),
        ("tombstone", b""),
        ("wrong_key", told[1].raw),
        ("unreadable", b""),
        ("unreadable", huge),
    ]
    assert consumer.progress.rebuilt == 0


async def test_a_header_that_is_no_text_does_not_hide_the_records_around_it(cluster: Kafka, lane: Place) -> None:
    topic, told = await new_topic(cluster), story(*WHOLE_LIFE)
    consumer = log_consumer(cluster, lane.journal(), topic)
    async with running(consumer.run):
        for number, recorded in enumerate(told):
            header = b"ok" if number == 1 else b"\xc3\x28"
            await put_with_header(cluster, topic, key_of(recorded), recorded.raw, header=header, compression=number % 2)
        await until(lambda: consumer.progress.counts.total() == len(told))

    assert raws(consumer.journal, told) == [recorded.raw for recorded in told]


async def test_a_topic_that_appears_later_is_read(cluster: Kafka, lane: Place) -> None:
    family, told = f"test.{uuid.uuid4().hex}", story(submitted)
    consumer = log_consumer(cluster, lane.journal(), rf"{re.escape(family)}\..*", refuse=dead_letter)
    async with running(consumer.run):
        await until(lambda: consumer.progress.ready)
        await put_story(cluster, await new_topic(cluster, f"{family}.one"), *told)
        await until(consumer.progress.counts.total)

    assert raws(consumer.journal, told) == [told[0].raw]


async def test_what_came_while_a_batch_was_worked_on_comes_as_one(cluster: Kafka, lane: Place) -> None:
    topic, journal = await new_topic(cluster, partitions=6), lane.journal()
    batches, go_on = list[int](), threading.Event()

    def slowly(records: Sequence[Record]) -> list[Outcome]:
        batches.append(len(records))
        assert go_on.wait(PATIENCE_S)
        return journal.replicate(records)

    consumer = log_consumer(cluster, journal, topic, take=slowly)
    async with running(consumer.run):
        await until(lambda: consumer.progress.ready)
        await put_story(cluster, topic, *story(submitted))
        await until(lambda: batches)
        for partition in range(6):
            await put_story(cluster, topic, *story(submitted), partition=partition)
        go_on.set()
        await until(lambda: consumer.progress.counts["applied"] == 7)

    assert batches == [1, 6], "not the first of them alone and the others a batch later"


async def test_while_the_database_is_away_nothing_is_skipped_and_health_is_red(cluster: Kafka, lane: Place) -> None:
    topic, told = await new_topic(cluster), story(*WHOLE_LIFE)
    await put_story(cluster, topic, *told)
    journal = lane.journal()
    journal.store = failing = FailingStore(journal.store)
    failing.unavailable = 2
    consumer = log_consumer(cluster, journal, topic)
    async with running(consumer.run):
        await until(lambda: consumer.progress.blocked)
        assert (consumer.progress.healthy, consumer.progress.ready) == (False, False)
        await until(lambda: consumer.progress.ready)

    assert consumer.progress.healthy
    assert failing.attempts >= 3
    assert raws(journal, told) == [recorded.raw for recorded in told]


async def test_the_lane_is_ready_only_at_the_end_that_was_there_at_start(cluster: Kafka, lane: Place) -> None:
    topic, told = await new_topic(cluster, partitions=2), story(submitted, revised)
    await put_story(cluster, topic, *told, partition=1)
    journal = lane.journal()
    journal.store = failing = FailingStore(journal.store)
    failing.unavailable = 1_000
    consumer = log_consumer(cluster, journal, topic)
    async with running(consumer.run):
        await until(lambda: failing.attempts > 1)
        assert (consumer.progress.ready, consumer.progress.lag) == (False, 2)
        failing.unavailable = 0
        await until(lambda: consumer.progress.ready)
        assert len(raws(journal, told)) == 2


async def test_a_record_our_own_code_chokes_on_is_set_aside_alone(cluster: Kafka, lane: Place) -> None:
    topic, told = await new_topic(cluster), [recorded for _ in range(5) for recorded in story(submitted)]
    await put_story(cluster, topic, *told)
    journal = lane.journal()

    def choke(records: Sequence[Record]) -> list[Outcome]:
        if any(record.raw == told[2].raw for record in records):
            raise RuntimeError("a bug")
        return journal.replicate(records)

    consumer = log_consumer(cluster, journal, topic, take=choke, refuse=dead_letter)
    async with running(consumer.run):
        await until(lambda: consumer.progress.ready)

    assert consumer.progress.counts == {"applied": 4, "failed": 1}
    assert dead_letters(journal) == [("failed", told[2].raw)]


@pytest.mark.parametrize("more", [{}, {"refuse": dead_letter}], ids=["the log", "an OPD's topic"])
def test_what_the_store_cannot_hold_is_the_records_own_fault_and_stops_nobody(shared_place: Place, more: dict[str, Any]) -> None:
    """PostgreSQL knows no text with a zero byte, however often it is asked."""
    journal = shared_place.journal()
    records = [Record("t", 0, offset, b"key", raw, "c") for offset, raw in enumerate((b"good", b"a\x00b", b"good too"))]

    def answered(fresh: Sequence[Record]) -> list[Outcome]:
        letters = [Letter(LetterKind.RECEIPT, r.source, r.offset + 1, (r.raw or b"").decode(), b"{}", b"{}") for r in fresh]
        return [Outcome("accepted", letters=(letter,)) for letter in letters]

    with pytest.raises(DataError):
        journal.answer(records, answered)
    consumer = log_consumer(Kafka("127.0.0.1:1"), journal, "t", take=lambda some: journal.answer(some, answered), **more)

    assert [outcome.counted for outcome in consumer.taken(records)] == ["accepted", "failed", "accepted"]
    assert dead_letters(journal) == [("failed", b"a\x00b")]
    assert journal.position(records[0].source) == 3


async def test_on_the_log_it_waits_instead_and_health_is_red_because_the_log_must_not_have_holes(cluster: Kafka, lane: Place) -> None:
    topic, told = await new_topic(cluster), story(submitted, revised)
    await put_story(cluster, topic, *told)
    journal, broken = lane.journal(), [True]

    def choke(records: Sequence[Record]) -> list[Outcome]:
        if broken:
            raise RuntimeError("a bug")
        return journal.replicate(records)

    consumer = log_consumer(cluster, journal, topic, take=choke)
    async with running(partial(forever, consumer.progress, consumer.run)):
        await until(lambda: consumer.progress.blocked)
        assert (consumer.progress.healthy, journal.last_id()) == (False, 0)
        broken.clear()
        await until(lambda: consumer.progress.ready)

    assert raws(journal, told) == [recorded.raw for recorded in told]
    assert dead_letters(journal) == []


async def test_a_consumer_built_anew_after_an_outage_reads_before_it_is_judged(cluster: Kafka, lane: Place) -> None:
    topic, told = await new_topic(cluster), story(submitted, revised)
    await put_story(cluster, topic, *told)
    before = Progress("log", lag=2, moved_at=time.monotonic() - 3_600)
    consumer = log_consumer(cluster, lane.journal(), topic, progress=before)

    async with running(consumer.run):
        await until(lambda: len(raws(consumer.journal, told)) == 2)

    assert consumer.progress.rebuilt == 0


async def test_two_processes_of_a_lane_share_the_partitions_and_apply_every_record_once(cluster: Kafka, shared_place: Place) -> None:
    topic, group = await new_topic(cluster, partitions=4), f"jejak.{uuid.uuid4().hex}"
    stories = [story(*WHOLE_LIFE) for _ in range(4)]
    consumers = [log_consumer(cluster, shared_place.journal(), topic, group=group) for _ in range(2)]
    async with running(consumers[0].run):
        await asyncio.gather(*(put_story(cluster, topic, *told[:3], partition=n) for n, told in enumerate(stories)))
        await until(lambda: consumers[0].progress.ready)
        async with running(consumers[1].run):
            await asyncio.gather(*(put_story(cluster, topic, *told[3:], partition=n) for n, told in enumerate(stories)))
            journal = consumers[0].journal
            await until(lambda: all(len(raws(journal, told)) == len(told) for told in stories))
            await until(lambda: sum(c.progress.counts.total() for c in consumers) >= sum(map(len, stories)))

    assert all(raws(journal, told) == [recorded.raw for recorded in told] for told in stories)
    assert dead_letters(journal) == []
    assert sum(c.progress.counts["applied"] for c in consumers) == sum(map(len, stories))
