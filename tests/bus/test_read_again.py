"""A topic that is read again: what was set aside, refused or said of it before is not said a second time."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from aiokafka import TopicPartition
from structlog.testing import capture_logs

from bus.accept import accept, begins_of
from bus.kafka import Kafka
from bus.look_back import Found, KafkaLookBack, Wanted, records_before
from bus.losses import LossWatch
from events import alarms
from events.admission import Outcome, Record, dead_letter
from tests.bus.cluster import delete_topic, log_consumer, new_topic, put_story, running, until
from tests.bus.test_losses import held, lost, made_anew, said, word
from tests.events.conftest import Place
from tests.events.given import after, on_kafka, revised, story, submitted

pytestmark = pytest.mark.usefixtures("impatient")
CONFIRM_S = 0.2  # as `impatient` sets it


async def test_what_was_set_aside_and_looked_at_is_no_new_alarm_when_the_log_is_read_again(cluster: Kafka, place: Place) -> None:
    topic, told = await new_topic(cluster), story(submitted, revised)
    fork = after(told[:1], revised.on(told[1].event.occurred_at.replace(year=2025)))
    await put_story(cluster, topic, *told, *fork)
    consumer = log_consumer(cluster, place.journal(), topic)
    async with running(consumer.run):
        await until(lambda: consumer.progress.counts["fork"])
        [alarm] = alarms.alarms(consumer.journal.store)
        alarms.end_alarm(consumer.journal.store, alarm.number, word())
        await delete_topic(cluster, topic)
        await new_topic(cluster, topic)
        await put_story(cluster, topic, *told, *fork, *(another := story(submitted)))
        await until(lambda: lost(consumer))
        await said(cluster, place, topic)
        await until(lambda: held(consumer.journal, [another]) == [True])
        await until(lambda: consumer.progress.healthy)
    assert alarms.alarms(consumer.journal.store) == []


def test_a_record_that_was_refused_stays_refused_when_its_topic_is_read_again(place: Place) -> None:
    journal, record = place.journal(), Record("opd.x.data-submitted.v1", 0, 3, b"key", b"bad", "c")
    assert journal.answer([record], lambda fresh: [dead_letter(r, "unreadable") for r in fresh])
    again = record._replace(generation=1)
    assert journal.answer([again, another := again._replace(offset=4)], lambda fresh: [Outcome(f"judged {r.offset}") for r in fresh]) == [
        Outcome(f"judged {another.offset}")
    ]
    assert journal.position(again.source) == 5


def test_an_event_that_came_after_all_ends_its_alarm_behind_any_number_of_forks(place: Place) -> None:
    journal, told = place.journal(), story(submitted, revised)
    later = [told[1].event.occurred_at + timedelta(days=n) for n in range(1, 1 + alarms.HEALED_AT_ONCE)]
    forks = [after(told[:1], revised.on(at))[0] for at in later]
    late = story(submitted, revised)
    journal.replicate(on_kafka(*told, *forks, *late[1:], *late))
    assert alarms.count_alarms(journal.store) == {"fork": len(forks), "gap": 1}
    upto = alarms.heal(journal.store, word().at)
    alarms.heal(journal.store, word().at, upto)
    assert alarms.count_alarms(journal.store) == {"fork": len(forks)}


class Spoken(KafkaLookBack):
    """While Kafka is asked, the operator says a word."""

    says: Callable[[], object] | None = None

    async def records_at(self, wanted: Wanted) -> Found:
        if self.says:
            self.says()
            self.says = None
        return await super().records_at(wanted)


async def test_a_word_said_while_kafka_is_asked_is_not_asked_for_again(cluster: Kafka, place: Place) -> None:
    topic, told = await new_topic(cluster), story(submitted, revised)
    await put_story(cluster, topic, *told)
    consumer = log_consumer(cluster, place.journal(), topic)
    async with running(consumer.run):
        await until(lambda: consumer.progress.ready)
    await made_anew(cluster, topic, [told])
    await put_story(cluster, topic, *(step for _ in range(6) for step in story(submitted)))

    store, begins, kafka = place.reopened().store, await begins_of(cluster, [topic]), Spoken(cluster)
    watch, partition = LossWatch(store, begins.cluster, keeps_all=True), [TopicPartition(topic, 0)]
    try:
        while not alarms.losses(store):
            assert await watch.examine(kafka, kafka, partition) or alarms.losses(store)
        assert not await watch.examine(kafka, kafka, partition), "it is written down by now"
        await asyncio.sleep(CONFIRM_S)
        kafka.says = lambda: accept(store, topic, begins, word())
        await watch.examine(kafka, kafka, partition)
        assert not await watch.examine(kafka, kafka, partition)
    finally:
        await kafka.close()
    assert [(loss.code, loss.how) for loss in alarms.losses(store)] == [("other_record", "accept")]


async def test_one_record_is_read_and_the_client_lets_go_at_once(cluster: Kafka) -> None:
    topic, told = await new_topic(cluster), story(submitted, revised)
    await put_story(cluster, topic, *told)
    with capture_logs() as said:
        found = await records_before(cluster, {(topic, 0): 2})
    record, begins, ends = found[topic, 0]
    assert (record and record.offset, begins, ends, said) == (1, 0, 2, [])
