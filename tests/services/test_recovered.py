"""An intake that lost its store while an OPD's topic was made anew too: its receipts speak of other records than those there now."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from bus.kafka import Kafka
from bus.reader import cluster_id
from bus.topics import ensure, inbound_topic, shared_topics
from events import alarms, marks
from events.admission import source_of
from events.contracts import RECEIPTS_TOPIC
from events.journal import Journal
from events.stores import open_store
from services.intake.recovery import recover
from tests import servers
from tests.bus.cluster import delete_topic


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of these tests' own: an intake that began on it afterwards would rightly say that topics were lost."""
    with servers.kafka(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(open_store(f"sqlite:{tmp_path}", "intake")) as store:
        yield Journal(store, "intake")


@pytest.fixture
def opd() -> str:
    return f"dinas-{uuid.uuid4().hex[:8]}"


async def made(kafka: Kafka, opd: str) -> str:
    async with kafka.admin() as admin:
        await ensure(admin, [*shared_topics(1), inbound_topic(opd)], replication=1, in_sync=1)
    return inbound_topic(opd).name


async def sent(kafka: Kafka, topic: str, count: int) -> list[str]:
    """Records with ids of their own."""
    ids = [str(uuid.uuid4()) for _ in range(count)]
    async with AIOKafkaProducer(**kafka.options()) as producer:
        for event_id in ids:
            await producer.send_and_wait(topic, orjson.dumps({"event_id": event_id}), partition=0)
    return ids


async def answered(kafka: Kafka, topic: str, ids: list[str], /, **more: str) -> None:
    cluster = await cluster_id(kafka)
    async with AIOKafkaProducer(**kafka.options()) as producer:
        for offset, event_id in enumerate(ids):
            said = {"cluster": cluster, "topic": topic, "partition": "0", "offset": str(offset)} | more
            receipt = {"event_id": event_id, "opd": "dinas", "outcome": "refused", "at": "2026-11-23T02:00:00Z"}
            headers = [(name, value.encode()) for name, value in said.items()]
            await producer.send_and_wait(RECEIPTS_TOPIC, orjson.dumps(receipt), headers=headers)


def losses_of(journal: Journal, topic: str) -> list[alarms.Loss]:
    return [loss for loss in alarms.losses(journal.store) if topic in loss.source]


async def test_where_the_last_answered_record_stands_reading_goes_on(kafka: str, opd: str, journal: Journal) -> None:
    cluster = Kafka(kafka)
    topic = await made(cluster, opd)
    await answered(cluster, topic, (await sent(cluster, topic, 5))[:3])

    await recover(cluster, journal)

    source = source_of(await cluster_id(cluster), topic, 0)
    assert (journal.position(source), [mark.taken for mark in marks.all_marks(journal.store) if mark.source == source]) == (3, [2])
    assert losses_of(journal, topic) == []


async def test_where_another_one_stands_that_is_a_loss(kafka: str, opd: str, journal: Journal) -> None:
    cluster = Kafka(kafka)
    topic = await made(cluster, opd)
    await answered(cluster, topic, await sent(cluster, topic, 3))
    await delete_topic(cluster, topic)
    await made(cluster, opd)
    await sent(cluster, topic, 9)

    await recover(cluster, journal)

    [loss] = losses_of(journal, topic)
    assert (loss.source, loss.code, loss.position) == (source_of(await cluster_id(cluster), topic, 0), "other_record", 3)


async def test_receipts_of_a_generation_that_ended_say_nothing_of_the_next(kafka: str, opd: str, journal: Journal) -> None:
    cluster = Kafka(kafka)
    topic = await made(cluster, opd)
    await answered(cluster, topic, [str(uuid.uuid4()) for _ in range(8)])
    await answered(cluster, topic, (await sent(cluster, topic, 4))[:2], generation="1")

    await recover(cluster, journal)

    assert journal.position(source_of(await cluster_id(cluster), topic, 0)) == 2
    assert losses_of(journal, topic) == []


@pytest.mark.parametrize("said", [{"offset": "9" * 5_000}, {"partition": "9" * 400}, {"topic": "a\x00b"}, {"topic": "of/somebody/else"}])
async def test_a_receipt_that_speaks_of_no_place_is_passed_over(kafka: str, opd: str, journal: Journal, said: dict[str, str]) -> None:
    cluster = Kafka(kafka)
    topic = await made(cluster, opd)
    await answered(cluster, topic, (await sent(cluster, topic, 5))[:3])
    await answered(cluster, topic, [str(uuid.uuid4())], **said)

    await recover(cluster, journal)

    assert journal.position(source_of(await cluster_id(cluster), topic, 0)) == 3
