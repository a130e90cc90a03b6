"""A consumer that Kafka no longer serves gives no sign of it (aiokafka #1154): it is known by the records that wait."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from bus import loops
from bus.consumer import Consumer
from bus.kafka import Kafka
from bus.standing import Stalled
from events.admission import source_of
from tests.bus.cluster import log_consumer
from tests.events.conftest import Place

PARTITION = TopicPartition("log", 0)


class SilentConsumer:
    """Kafka's side of a consumer that stays connected and gets nothing: it knows the end and never delivers."""

    def __init__(self) -> None:
        self.end = 10

    def assignment(self) -> set[TopicPartition]:
        return {PARTITION}

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.end)

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def position(self, _: TopicPartition) -> int:
        return 0

    def pause(self, *_: TopicPartition) -> None: ...

    def seek(self, tp: TopicPartition, offset: int) -> None: ...

    async def records_at(self, wanted: Mapping[TopicPartition, Collection[int]]) -> dict[TopicPartition, dict[int, Any]]:
        return {tp: {} for tp in wanted}


class QuietAdmin:
    async def list_topics(self) -> list[str]:
        return [PARTITION.topic]

    async def describe_topics(self, names: Sequence[str]) -> list[dict[str, Any]]:
        return [{"topic": name, "partitions": [{"partition": PARTITION.partition}]} for name in names]


class Watch:
    """The watchman of a consumer, asked as often as one likes; half a minute passes when the test says so."""

    def __init__(self, consumer: Consumer) -> None:
        self.consumer, self.kafka = consumer, SilentConsumer()
        consumer._look_back = self.kafka

    async def look(self) -> None:
        self.consumer._watched_at = 0.0
        await self.consumer._watch(cast("AIOKafkaConsumer", self.kafka), cast("AIOKafkaAdminClient", QuietAdmin()))

    def half_a_minute_later(self) -> None:
        self.consumer.progress.moved_at = time.monotonic() - loops.STALLED_S - 1

    def reads_to(self, position: int) -> None:
        self.consumer.journal.skip_to(source_of("", *PARTITION), position)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    place = Place(f"sqlite:{tmp_path}/", "review")
    yield Watch(log_consumer(Kafka("nowhere"), place.journal(), PARTITION.topic))
    place.close()


async def test_records_that_wait_half_a_minute_are_noticed(watch: Watch) -> None:
    await watch.look()
    watch.half_a_minute_later()

    assert not watch.consumer.progress.healthy
    with pytest.raises(Stalled, match="10 records wait"):
        await watch.look()


async def test_new_records_that_only_queue_up_are_no_progress(watch: Watch) -> None:
    await watch.look()
    watch.half_a_minute_later()
    watch.kafka.end = 25

    with pytest.raises(Stalled, match="25 records wait"):
        await watch.look()


async def test_as_long_as_records_are_read_nothing_is_built_anew_however_many_wait(watch: Watch) -> None:
    for position in range(1, 5):
        await watch.look()
        watch.half_a_minute_later()
        watch.reads_to(position)
        watch.kafka.end += 1
    await watch.look()

    assert watch.consumer.progress.healthy
    assert watch.consumer.progress.lag == 10


async def test_a_consumer_with_nothing_to_read_is_well(watch: Watch) -> None:
    watch.reads_to(10)
    await watch.look()
    watch.half_a_minute_later()
    await watch.look()

    assert watch.consumer.progress.healthy
    assert watch.consumer.progress.ready
