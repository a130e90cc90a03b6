"""Nothing moves a position past records that nobody read: what Kafka lost beside the last proof, behind it, or while nobody looked."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import sqlalchemy as sa
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bus.accept import accept, begins_of
from bus.consumer import Consumer
from bus.kafka import Kafka
from bus.losses import LossWatch
from events import alarms, marks
from events.admission import MANY, Outcome, Record, dead_letter, source_of
from events.alarms import Loss
from events.submission import Recorded
from tests.bus.cluster import all_records, delete_topic, log_consumer, new_topic, put_story, running, until
from tests.bus.test_losses import deleted, held, lost, said, word
from tests.events.conftest import Place
from tests.events.given import WHOLE_LIFE, on_kafka, story, submitted

LOG = re.compile("^log$")


pytestmark = pytest.mark.usefixtures("impatient")


class Gate:
    """Takes records as the journal does, and waits where it is told to."""

    def __init__(self, place: Place) -> None:
        self.journal, self.open, self.waits = place.journal(), threading.Event(), threading.Event()
        self.open.set()

    def take(self, records: Sequence[Record]) -> list[Outcome]:
        self.waits.set()
        assert self.open.wait(30)
        return self.journal.replicate(records)

    def close(self) -> None:
        self.open.clear()
        self.waits.clear()


@asynccontextmanager
async def in_hand(cluster: Kafka, place: Place, topic: str) -> AsyncIterator[tuple[Gate, Consumer, Sequence[Recorded]]]:
    """A consumer that has a life's first three events in its journal and waits with the others in its hand."""
    gate, told = Gate(place), story(*WHOLE_LIFE)
    await put_story(cluster, topic, *told[:3])
    consumer = log_consumer(cluster, gate.journal, topic, take=gate.take)
    async with running(consumer.run):
        await until(lambda: consumer.progress.ready)
        gate.close()
        await put_story(cluster, topic, *told[3:])
        await until(gate.waits.is_set)
        yield gate, consumer, told


async def test_a_log_whose_beginning_is_deleted_after_it_was_read_is_a_loss_until_the_operator_says_so(
    cluster: Kafka, place: Place
) -> None:
    topic = await new_topic(cluster)
    await put_story(cluster, topic, *story(*WHOLE_LIFE))
    consumer = log_consumer(cluster, place.journal(), topic)
    async with running(consumer.run):
        await until(lambda: consumer.progress.ready)
        await deleted(cluster, topic, 2)
        await until(lambda: lost(consumer))
        assert [loss.code for loss in alarms.losses(consumer.journal.store)] == ["beginning_gone"]
        await said(cluster, place, topic)
        await until(lambda: consumer.progress.healthy)

    again = log_consumer(cluster, place.reopened(), topic)
    async with running(again.run):
        await until(lambda: again.progress.ready)
        await deleted(cluster, topic, 4)
        await until(lambda: lost(again), what="more of it is gone")


@pytest.mark.parametrize("inbound", [False, True])
async def test_records_that_go_before_a_running_lane_has_read_them_are_a_loss(*, inbound: bool, cluster: Kafka, place: Place) -> None:
    topic, told, rest = await new_topic(cluster), story(*WHOLE_LIFE), story(submitted)
    gate = Gate(place)
    more = {"refuse": dead_letter} if inbound else {}
    consumer = log_consumer(cluster, gate.journal, topic, take=gate.take, **more)
    async with running(consumer.run):
        await until(lambda: consumer.progress.ready)
        gate.close()
        await put_story(cluster, topic, *told[:1])
        await until(gate.waits.is_set)
        await put_story(cluster, topic, *told[1:], *rest)
        await deleted(cluster, topic, 8)
        gate.open.set()
        await until(lambda: lost(consumer))
        assert {loss.code for loss in alarms.losses(gate.journal.store)} == {"beginning_gone"}


async def test_a_log_cut_between_two_proofs_and_grown_past_the_position_is_a_loss(
    cluster: Kafka, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.standing.WATCH_S", 3.0)
    topic, news = await new_topic(cluster), [story(submitted) for _ in range(12)]
    async with in_hand(cluster, place, topic) as (gate, consumer, told):
        await delete_topic(cluster, topic)
        await new_topic(cluster, topic)
        await put_story(cluster, topic, *told[:3], *(step for new in news for step in new))
        gate.open.set()
        await until(lambda: lost(consumer))
        await said(cluster, place, topic)
        await until(lambda: all(held(gate.journal, news)))


async def test_what_was_passed_over_is_found_also_by_the_process_that_comes_after_one_that_died_before_it_looked(
    cluster: Kafka, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.standing.WATCH_S", 60.0)
    topic, news = await new_topic(cluster), [story(submitted) for _ in range(12)]
    async with in_hand(cluster, place, topic) as (gate, _, _):
        await cut_at(cluster, topic, 3)
        await put_story(cluster, topic, *(step for new in news for step in new))
        gate.open.set()
        await until(lambda: held(gate.journal, news)[-1])
    assert not held(gate.journal, news)[0], "the test shows nothing"

    monkeypatch.setattr("bus.standing.WATCH_S", 0.3)
    second = log_consumer(cluster, place.reopened(), topic)
    async with running(second.run):
        await until(lambda: lost(second))
        assert [loss.code for loss in alarms.losses(second.journal.store)] == ["other_record"]
        await said(cluster, place, topic)
        await until(lambda: all(held(second.journal, news)))


async def test_ends_of_batches_are_kept_until_they_were_found_again(cluster: Kafka, place: Place) -> None:
    topic, told = await new_topic(cluster), story(*WHOLE_LIFE)
    await put_story(cluster, topic, *told[:2])
    consumer = log_consumer(cluster, place.journal(), topic)
    async with running(consumer.run):
        await until(lambda: consumer.progress.ready)
        await put_story(cluster, topic, *told[2:])
        [source] = [mark.source for mark in marks.all_marks(consumer.journal.store)]
        await until(lambda: consumer.journal.position(source) == 7 and not marks.ends(consumer.journal.store, [source]))
        assert [mark.taken for mark in marks.marks(consumer.journal.store, [source])[source]] == [6, 6]


def test_of_a_source_that_fills_batches_no_ends_are_kept(place: Place) -> None:
    journal, (record,) = place.journal(), on_kafka(*story(submitted))
    many = [record._replace(topic="log", offset=offset) for offset in range(MANY)]
    journal.replicate([*many, record._replace(topic="log", partition=1)])
    sources = {partition: source_of("c", "log", partition) for partition in (0, 1)}
    assert {mark.source: mark.taken for mark in marks.all_marks(journal.store)} == {sources[0]: MANY - 1, sources[1]: 0}
    assert list(marks.ends(journal.store, list(sources.values()))) == [sources[1]]


async def cut_at(cluster: Kafka, topic: str, offset: int) -> None:
    """As after an election of a broker that was behind: what is before an offset stands there as it was, with its time."""
    kept = (await all_records(cluster, topic))[:offset]
    await delete_topic(cluster, topic)
    await new_topic(cluster, topic)
    async with AIOKafkaProducer(**cluster.options()) as producer:
        for record in kept:
            await producer.send_and_wait(topic, record.value, key=record.key, partition=0, timestamp_ms=record.timestamp)


async def test_the_same_bytes_sent_again_are_another_log(cluster: Kafka, place: Place) -> None:
    topic, told = await new_topic(cluster), story(*WHOLE_LIFE)
    await put_story(cluster, topic, *told)
    first = log_consumer(cluster, place.journal(), topic)
    async with running(first.run):
        await until(lambda: first.progress.ready)
    await delete_topic(cluster, topic)
    await new_topic(cluster, topic)
    await put_story(cluster, topic, *told)

    second = log_consumer(cluster, place.reopened(), topic)
    async with running(second.run):
        await until(lambda: lost(second))
        await said(cluster, place, topic)
        await until(lambda: second.progress.healthy)


async def test_a_source_of_before_there_were_marks_gets_one_where_its_record_still_stands(cluster: Kafka, place: Place) -> None:
    topic, told = await new_topic(cluster), story(*WHOLE_LIFE)
    await put_story(cluster, topic, *told)
    first = log_consumer(cluster, place.journal(), topic)
    async with running(first.run):
        await until(lambda: first.progress.ready)
    forget_marks(place)

    second = log_consumer(cluster, place.reopened(), topic)
    async with running(second.run):
        await until(lambda: second.progress.ready)
        assert second.progress.healthy
    assert [mark.taken for mark in marks.all_marks(second.journal.store)] == [6]
    forget_marks(place)

    await delete_topic(cluster, topic)
    await new_topic(cluster, topic)
    await put_story(cluster, topic, *(step for _ in range(12) for step in story(submitted)))
    third = log_consumer(cluster, place.reopened(), topic)
    async with running(third.run):
        await until(lambda: lost(third))


def forget_marks(place: Place) -> None:
    store = place.reopened().store
    store.tell(sa.delete(marks.MARKS), sa.delete(marks.ENDS))


def test_a_topic_that_is_not_seen_for_a_moment_is_no_loss(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bus.losses.BEHIND_S", 60.0)
    journal = place.journal()
    journal.replicate([record._replace(topic="log") for record in on_kafka(*story(submitted), cluster="here")])
    watch = LossWatch(journal.store, "here", keeps_all=True)
    for _ in range(3):
        watch.missing(LOG, [])
    assert alarms.losses(journal.store) == []

    monkeypatch.setattr("bus.losses.BEHIND_S", 0.0)
    watch.missing(LOG, [])
    assert [loss.code for loss in alarms.losses(journal.store)] == ["gone"]


async def test_a_new_cluster_ends_no_loss_of_the_old_one(cluster: Kafka, place: Place) -> None:
    topic, news = await new_topic(cluster), story(submitted)
    await put_story(cluster, topic, *news)
    store = place.journal().store
    alarms.write_loss(store, Loss(0, source_of("of-before", topic, 0), "shorter", 7, 0, 3, "2026-11-27T00:00:00+00:00"))

    consumer = log_consumer(cluster, place.reopened(), topic)
    async with running(consumer.run):
        await until(lambda: lost(consumer))
        assert held(consumer.journal, [news]) == [False]
        await said(cluster, place, topic)
        await until(lambda: held(consumer.journal, [news]) == [True])
        await until(lambda: consumer.progress.healthy)


class Rebalancing:
    """While partitions are looked at, Kafka deals out others."""

    def __init__(self, more: TopicPartition) -> None:
        self.more = more
        self.during: Callable[[], None] = lambda: None

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("log", 0), self.more}

    def pause(self, *_: TopicPartition) -> None: ...

    def seek(self, tp: TopicPartition, offset: int) -> None: ...

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def records_at(self, wanted: Mapping[TopicPartition, Collection[int]]) -> dict[TopicPartition, dict[int, Any]]:
        self.during()
        return {tp: {} for tp in wanted}


async def test_what_a_rebalance_brings_while_others_are_examined_stays_doubted(place: Place) -> None:
    consumer, more = log_consumer(Kafka("nowhere"), place.journal(), "log", group="lane"), TopicPartition("log", 1)
    kafka = Rebalancing(more)
    consumer._look_back, consumer._watched_at = kafka, asyncio.get_running_loop().time() + 60
    consumer._doubted = frozenset({TopicPartition("log", 0)})

    def dealt() -> None:
        consumer._doubted |= {more}

    kafka.during = dealt
    await consumer._watch(cast("AIOKafkaConsumer", kafka), cast("Any", None))
    assert consumer._doubted == {more}


async def test_accept_says_where_the_log_begins(cluster: Kafka, place: Place) -> None:
    topic = await new_topic(cluster)
    await put_story(cluster, topic, *story(*WHOLE_LIFE))
    await deleted(cluster, topic, 3)
    begins, store = await begins_of(cluster, [topic]), place.journal().store
    source = source_of(begins.cluster, topic, 0)
    alarms.write_loss(store, Loss(0, source, "beginning_gone", 0, 3, 7, "2026-11-27T00:00:00+00:00"))
    accept(store, topic, begins, word())
    assert marks.began(store, [source, f"{source}~1"]) == {f"{source}~1": 3}
