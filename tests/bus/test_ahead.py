"""What takes its time for one OPD's records holds up no other OPD, and the order within a topic stays."""

import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from bus.kafka import Kafka
from bus.sources import InboundConsumer
from events.admission import Outcome, Record
from events.journal import Journal
from tests.bus.cluster import log_consumer, new_topic, put, running, until
from tests.events.conftest import Place


async def test_others_go_on_while_one_topic_waits(cluster: Kafka, tmp_path: Path) -> None:
    name = f"test.{uuid.uuid4().hex}"
    slow, quick = await new_topic(cluster, f"{name}.slow"), await new_topic(cluster, f"{name}.quick")
    place = Place(f"sqlite:{tmp_path}/", "intake")
    journal = place.journal()
    taken: list[bytes | None] = []
    looks: list[Future[Any]] = []

    def ahead(groups: Sequence[Sequence[Record]]) -> Sequence[Sequence[Future[Any]]]:
        looks.extend(Future[Any]() for records in groups if records[0].topic == slow)
        return [() if records[0].topic == quick else looks[-1:] for records in groups]

    def judged(fresh: Sequence[Record]) -> list[Outcome]:
        taken.extend(record.raw for record in fresh)
        return [Outcome("taken") for _ in fresh]

    take = lambda records: journal.answer(records, judged)  # noqa: E731
    consumer = log_consumer(cluster, journal, f"{name}.*", take=take, refuse=None, ahead=ahead)
    await put(cluster, slow, (b"k", b"slow 1"), (b"k", b"slow 2"))
    async with running(consumer.run):
        await until(lambda: looks, what="the look to begin")
        await put(cluster, quick, (b"k", b"quick 1"))
        await until(lambda: taken == [b"quick 1"], what="the other topic")
        await put(cluster, slow, (b"k", b"slow 3"))
        await put(cluster, quick, (b"k", b"quick 2"))
        await until(lambda: taken == [b"quick 1", b"quick 2"], what="the other topic again")
        assert _read(journal, consumer._cluster, slow) == 0

        looks[0].set_result(None)
        await until(lambda: len(looks) == 2, what="what came meanwhile")
        looks[1].set_result(None)
        await until(lambda: len(taken) == 5, what="all")
        await until(lambda: consumer.progress.lag == 0, what="the end")

    assert taken[2:] == [b"slow 1", b"slow 2", b"slow 3"]
    assert _read(journal, consumer._cluster, slow) == 3
    place.close()


def test_what_cannot_be_begun_for_one_topic_is_begun_for_the_others(tmp_path: Path) -> None:
    place = Place(f"sqlite:{tmp_path}/", "intake")

    def ahead(groups: Sequence[Sequence[Record]]) -> Sequence[Sequence[Future[Any]]]:
        if any(record.topic == "bad" for records in groups for record in records):
            raise ValueError("choked")
        return [[Future[Any]()] for _ in groups]

    consumer = log_consumer(Kafka("nowhere"), place.journal(), "log", take=lambda _: [], refuse=None, ahead=ahead)
    assert isinstance(consumer, InboundConsumer)
    begun = consumer._begun([[Record(topic, 0, 0, None, b"", "c")] for topic in ("one", "bad", "two")])
    assert [len(futures) for futures in begun] == [1, 0, 1]
    place.close()


def _read(journal: Journal, cluster: str, topic: str) -> int:
    return journal.position(f"{cluster}/{topic}/0")
