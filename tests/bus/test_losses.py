"""Kafka may lose records: noticed by the record before the position, red whatever is started anew, ended by the operator's word."""

import re
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete

from bus.accept import accept, begins_of
from bus.consumer import Consumer
from bus.kafka import Kafka
from events import alarms, marks
from events.admission import dead_letter
from events.alarms import Word
from events.journal import Journal
from events.recorder import Mark
from events.submission import Recorded
from tests.bus.cluster import delete_topic, log_consumer, new_topic, put_story, running, until
from tests.events.conftest import Place
from tests.events.given import WHOLE_LIFE, after, revised, story, submitted

Change = Callable[[Kafka, str, Sequence[list[Recorded]]], Awaitable[None]]


async def made_anew(cluster: Kafka, topic: str, told: Sequence[list[Recorded]]) -> None:
    await delete_topic(cluster, topic)
    await new_topic(cluster, topic)


async def cut(cluster: Kafka, topic: str, told: Sequence[list[Recorded]]) -> None:
    """As after an election of a broker that was behind: the first records are the same, then others come."""
    await made_anew(cluster, topic, told)
    await put_story(cluster, topic, *told[0][:3])


CHANGES = pytest.mark.parametrize("change", [made_anew, cut])


pytestmark = pytest.mark.usefixtures("impatient")


def word(how: str = "accept") -> Word:
    return Word("operator", datetime.now(UTC), how, "dilihat")


def held(journal: Journal, stories: Sequence[list[Recorded]]) -> list[bool]:
    return [bool(journal.history(told[0].event.submission_id)) for told in stories]


def lost(consumer: Consumer) -> bool:
    return (consumer.progress.left_alone or "").startswith("lost:")


async def loses(
    consumer: Consumer, cluster: Kafka, topic: str, change: Change, told: list[Recorded], news: Sequence[list[Recorded]]
) -> None:
    """What a running consumer has read is lost, other submissions stand there, and it has noticed."""
    await until(lambda: consumer.progress.ready)
    await change(cluster, topic, [told])
    for new in news:
        await put_story(cluster, topic, *new)
    await until(lambda: lost(consumer))


async def said(cluster: Kafka, place: Place, topic: str) -> None:
    """As `jejak bus accept` does it, past the running lane."""
    begins = await begins_of(cluster, [topic])
    store = place.opened[-1].store
    assert accept(store, topic, begins, word())


@CHANGES
async def test_a_log_that_lost_records_and_has_grown_is_read_no_more_until_the_operator_ends_it(
    change: Change, cluster: Kafka, place: Place
) -> None:
    topic, told, news = await new_topic(cluster), story(*WHOLE_LIFE), [story(submitted) for _ in range(12)]
    await put_story(cluster, topic, *told)
    consumer = log_consumer(cluster, place.journal(), topic)
    async with running(consumer.run):
        await loses(consumer, cluster, topic, change, told, news)
        assert not consumer.progress.healthy

        await said(cluster, place, topic)
        await until(lambda: all(held(consumer.journal, news)), what="the new submissions")
        await until(lambda: consumer.progress.healthy)


@CHANGES
async def test_it_is_noticed_too_when_it_happened_while_the_lane_was_down(change: Change, cluster: Kafka, place: Place) -> None:
    topic, told, news = await new_topic(cluster), story(*WHOLE_LIFE), [story(submitted) for _ in range(12)]
    await put_story(cluster, topic, *told)
    first = log_consumer(cluster, place.journal(), topic)
    async with running(first.run):
        await until(lambda: first.progress.ready)
    await change(cluster, topic, [told])
    for new in news:
        await put_story(cluster, topic, *new)

    second = log_consumer(cluster, place.reopened(), topic)
    async with running(second.run):
        await until(lambda: lost(second))
    assert (second.progress.ready, second.progress.counts, any(held(second.journal, news))) == (False, {}, False)

    third = log_consumer(cluster, place.reopened(), topic)
    async with running(third.run):
        await until(lambda: lost(third), what="the loss after another restart")
        assert not third.progress.ready
        await said(cluster, place, topic)
        await until(lambda: third.progress.ready)
        assert third.progress.healthy
    assert all(held(third.journal, news))


@CHANGES
@pytest.mark.parametrize("grown", [0, 20])
async def test_a_second_loss_is_noticed_by_a_lane_that_had_not_gone_on_after_the_first(
    grown: int, change: Change, cluster: Kafka, place: Place
) -> None:
    topic, told, news = await new_topic(cluster), story(*WHOLE_LIFE), [story(submitted) for _ in range(12)]
    await put_story(cluster, topic, *told)
    first = log_consumer(cluster, place.journal(), topic)
    async with running(first.run):
        await loses(first, cluster, topic, change, told, news)
    await said(cluster, place, topic)
    await change(cluster, topic, [told])
    for new in [story(submitted) for _ in range(grown)]:
        await put_story(cluster, topic, *new)

    second = log_consumer(cluster, place.reopened(), topic)
    async with running(second.run):
        await until(lambda: lost(second))
        assert [loss.code for loss in alarms.open_losses(alarms.losses(second.journal.store))] == ["other_record" if grown else "shorter"]
        await said(cluster, place, topic)
        await until(lambda: second.progress.healthy and second.progress.ready)
    assert marks.ends(second.journal.store, [mark.source for mark in marks.all_marks(second.journal.store)]) == {}


async def test_nor_is_a_log_that_was_deleted_after_the_first_loss_passed_over(cluster: Kafka, place: Place) -> None:
    topic, told = await new_topic(cluster), story(*WHOLE_LIFE)
    await put_story(cluster, topic, *told)
    first = log_consumer(cluster, place.journal(), topic)
    async with running(first.run):
        await loses(first, cluster, topic, cut, told, [])
    await said(cluster, place, topic)
    await delete_topic(cluster, topic)

    second = log_consumer(cluster, place.reopened(), topic)
    async with running(second.run):
        await until(lambda: lost(second))
    assert [loss.code for loss in alarms.open_losses(alarms.losses(second.journal.store))] == ["gone"]


def test_a_word_that_was_cut_off_and_is_said_again_expects_what_is_there_then(place: Place) -> None:
    store = place.journal().store
    for taken, digest in ((7, "a"), (5, "b"), (5, "c")):
        marks.expect(store, Mark("source~1", taken, digest))
    assert marks.ends(store, ["source~1"]) == {"source~1": [Mark("source~1", 5, "c")]}


@CHANGES
async def test_an_inbound_topic_that_lost_records_is_left_alone_and_the_others_are_read(
    change: Change, cluster: Kafka, place: Place
) -> None:
    family, told, news = f"test.{uuid.uuid4().hex}", story(*WHOLE_LIFE), [story(submitted) for _ in range(10)]
    topic, other = await new_topic(cluster, f"{family}.short"), await new_topic(cluster, f"{family}.other")
    await put_story(cluster, topic, *told)
    first = log_consumer(cluster, place.journal(), rf"{re.escape(family)}\..*", refuse=dead_letter)
    async with running(first.run):
        await until(lambda: first.progress.ready)
    await change(cluster, topic, [told])
    for new in news:
        await put_story(cluster, topic, *new)

    again = log_consumer(cluster, place.reopened(), rf"{re.escape(family)}\..*", refuse=dead_letter)
    async with running(again.run):
        await until(lambda: lost(again))
        another = story(submitted)
        await put_story(cluster, other, *another)
        await until(lambda: all(held(again.journal, [another])))
        assert not any(held(again.journal, news))
        assert not again.progress.healthy

        await said(cluster, place, topic)
        await until(lambda: all(held(again.journal, news)))
        await until(lambda: again.progress.healthy)


async def test_what_was_still_to_be_read_and_is_gone_is_a_loss(cluster: Kafka, place: Place) -> None:
    topic, told, rest = await new_topic(cluster), story(*WHOLE_LIFE), story(submitted)
    await put_story(cluster, topic, *told[:2])
    first = log_consumer(cluster, place.journal(), topic)
    async with running(first.run):
        await until(lambda: first.progress.ready)
    await put_story(cluster, topic, *told[2:], *rest)
    await deleted(cluster, topic, 5)

    second = log_consumer(cluster, place.reopened(), topic)
    async with running(second.run):
        await until(lambda: lost(second))
        assert [loss.code for loss in alarms.losses(second.journal.store)] == ["beginning_gone"]
        await said(cluster, place, topic)
        await until(lambda: second.progress.ready)
    assert held(second.journal, [rest]) == [True]


async def test_a_log_whose_beginning_was_deleted_is_refused(cluster: Kafka, place: Place) -> None:
    topic = await new_topic(cluster)
    await put_story(cluster, topic, *story(*WHOLE_LIFE))
    await deleted(cluster, topic, 2)

    consumer = log_consumer(cluster, place.journal(), topic)
    async with running(consumer.run):
        await until(lambda: lost(consumer))
    assert (consumer.progress.ready, consumer.progress.counts) == (False, {})


async def test_read_records_that_an_opd_deletes_are_no_loss(cluster: Kafka, place: Place) -> None:
    topic, news = await new_topic(cluster), story(submitted)
    await put_story(cluster, topic, *story(*WHOLE_LIFE))
    first = log_consumer(cluster, place.journal(), topic, refuse=dead_letter)
    async with running(first.run):
        await until(lambda: first.progress.ready)
    await deleted(cluster, topic, 7)
    await put_story(cluster, topic, *news)

    second = log_consumer(cluster, place.reopened(), topic, refuse=dead_letter)
    async with running(second.run):
        await until(lambda: held(second.journal, [news]) == [True])
    assert second.progress.healthy


async def test_a_transaction_taken_back_before_the_position_is_no_loss(cluster: Kafka, place: Place) -> None:
    topic, told, news = await new_topic(cluster), story(*WHOLE_LIFE), story(submitted)
    await put_story(cluster, topic, *told)
    await taken_back(cluster, topic)
    first = log_consumer(cluster, place.journal(), topic)
    async with running(first.run):
        await until(lambda: first.progress.ready)
    await taken_back(cluster, topic)
    await put_story(cluster, topic, *news)

    second = log_consumer(cluster, place.reopened(), topic)
    async with running(second.run):
        await until(lambda: held(second.journal, [news]) == [True])
        await until(lambda: second.progress.ready)
    assert second.progress.healthy
    assert alarms.losses(second.journal.store) == []


async def test_a_log_that_is_not_there_any_more_is_a_loss(cluster: Kafka, place: Place) -> None:
    topic, news = await new_topic(cluster), story(submitted)
    await put_story(cluster, topic, *story(*WHOLE_LIFE))
    consumer = log_consumer(cluster, place.journal(), topic)
    async with running(consumer.run):
        await until(lambda: consumer.progress.ready)
        await delete_topic(cluster, topic)
        await until(lambda: lost(consumer))

        await said(cluster, place, topic)
        await new_topic(cluster, topic)
        await put_story(cluster, topic, *news)
        await until(lambda: held(consumer.journal, [news]) == [True])
        await until(lambda: consumer.progress.healthy)


async def test_a_fork_is_an_alarm_until_the_operator_ends_it(cluster: Kafka, place: Place) -> None:
    topic, told = await new_topic(cluster), story(submitted, revised)
    await put_story(cluster, topic, *told, *after(told[:1], revised.on(told[1].event.occurred_at.replace(year=2025))))
    first = log_consumer(cluster, place.journal(), topic)
    async with running(first.run):
        await until(lambda: first.progress.counts["fork"])
        assert not first.progress.healthy

    second = log_consumer(cluster, place.reopened(), topic)
    async with running(second.run):
        await until(lambda: second.progress.ready)
        assert (second.progress.left_alone or "").startswith("alarm: dead letters 1 fork")
        [alarm] = alarms.alarms(second.journal.store)
        alarms.end_alarm(second.journal.store, alarm.number, word())
        await until(lambda: second.progress.healthy)

    third = log_consumer(cluster, place.reopened(), topic)
    async with running(third.run):
        await until(lambda: third.progress.ready)
        assert third.progress.healthy


async def deleted(cluster: Kafka, topic: str, before: int) -> None:
    async with cluster.admin() as admin:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=before)})


async def taken_back(cluster: Kafka, topic: str) -> None:
    async with AIOKafkaProducer(**cluster.options(), transactional_id=uuid.uuid4().hex) as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"never was", partition=0)
        await producer.abort_transaction()
