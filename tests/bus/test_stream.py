"""FastStream set up as we need it: wiring on its test broker, what a broker promises on the real one."""

import ssl
from typing import Any, cast

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker, TestKafkaBroker

from bus.client import Awaited, publish, submit
from bus.kafka import Kafka
from bus.stream import connected, stream
from bus.topics import ensure, shared_topics
from events.contracts import RECEIPTS_TOPIC
from tests.bus.cluster import all_records, new_topic, put, put_with_header, until

ODD = b"\xff\xfe"


def receipt(event_id: str | None, outcome: str = "accepted") -> bytes:
    return orjson.dumps({"event_id": event_id, "outcome": outcome})


@pytest.fixture
def broker() -> KafkaBroker:
    return stream(Kafka("nowhere:9092"))


async def test_only_the_receipts_that_are_waited_for_are_kept_and_each_once(broker: KafkaBroker) -> None:
    awaited = Awaited({"a", "b"})
    awaited.subscribe(broker)
    async with TestKafkaBroker(broker):
        for said in (receipt(None), receipt("a"), receipt("c"), receipt("a", "duplicate")):
            await broker.publish(said, RECEIPTS_TOPIC)
        assert not awaited.all_there.is_set()
        await broker.publish(receipt("b", "refused"), RECEIPTS_TOPIC)

    assert awaited.all_there.is_set()
    assert [(r["event_id"], r["outcome"]) for r in awaited.receipts] == [("a", "accepted"), ("b", "refused")]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "?"])
async def test_a_handler_gets_the_bytes_whatever_the_record_says_of_itself(broker: KafkaBroker, content_type: str) -> None:
    got = list[bytes]()

    @broker.subscriber("topic")
    async def take(body: bytes) -> None:
        got.append(body)

    async with TestKafkaBroker(broker):
        await broker.publish(ODD, "topic", headers={"content-type": content_type})

    assert got == [ODD]


async def test_records_reach_kafka_as_they_are_with_one_header_that_we_chose(cluster: Kafka) -> None:
    topic = await new_topic(cluster)
    async with connected(stream(cluster)) as broker:
        await publish(broker, [(topic, b"key", b'{"a": 1}'), (topic, None, ODD), (topic, b"gone", None)])

    records = await all_records(cluster, topic)
    assert [(record.key, record.value) for record in records] == [(b"key", b'{"a": 1}'), (None, ODD), (b"gone", None)]
    assert {record.headers for record in records} == {(("content-type", b"application/json"),)}


async def test_sending_waits_for_every_copy_and_a_retry_writes_nothing_twice(cluster: Kafka) -> None:
    async with connected(stream(cluster)) as broker:
        producer = cast("Any", broker.config.broker_config.producer)._producer.producer
        assert producer._sender._acks == -1
        assert producer._txn_manager is not None
        assert producer._txn_manager.has_pid()


async def test_headers_that_are_no_text_hide_no_record(cluster: Kafka) -> None:
    topic, got = await new_topic(cluster), list[bytes]()
    broker = stream(cluster)

    @broker.subscriber(topic, auto_offset_reset="earliest")
    async def take(body: bytes) -> None:
        got.append(body)

    await put_with_header(cluster, topic, b"key", b"a name that is no text", header=ODD)
    async with connected(broker):
        async with AIOKafkaProducer(**cluster.options()) as producer:
            await producer.send_and_wait(topic, b"a value that is no text", headers=[("content-type", ODD), ("nothing", None)])
        await put(cluster, topic, (b"key", b"plain"))
        await until(lambda: len(got) == 3)

    assert got == [b"a name that is no text", b"a value that is no text", b"plain"]


async def test_a_handler_that_raises_is_told_in_the_log_and_the_next_record_comes(cluster: Kafka, caplog: pytest.LogCaptureFixture) -> None:
    topic, got = await new_topic(cluster), list[bytes]()
    broker = stream(cluster)

    @broker.subscriber(topic, auto_offset_reset="earliest")
    async def take(body: bytes) -> None:
        if body == b"bad":
            raise ValueError("cannot be read")
        got.append(body)

    await put(cluster, topic, (None, b"bad"), (None, b"good"))
    async with connected(broker):
        await until(lambda: got == [b"good"])

    assert "cannot be read" in caplog.text


async def test_a_receipt_written_at_once_is_not_missed(cluster: Kafka) -> None:
    async with cluster.admin() as admin:
        await ensure(admin, shared_topics(3), replication=1, in_sync=1)
    for number in range(5):
        event_id = f"{await new_topic(cluster)}-{number}"  # a name of its own
        (answer,) = await submit(cluster, [(RECEIPTS_TOPIC, None, receipt(event_id))], event_ids=[event_id], timeout_s=20)
        assert answer["event_id"] == event_id


async def test_receipts_that_stay_out_are_named(cluster: Kafka) -> None:
    async with cluster.admin() as admin:
        await ensure(admin, shared_topics(3), replication=1, in_sync=1)
    with pytest.raises(TimeoutError, match="no receipt yet for nobody's"):
        await submit(cluster, [], event_ids=["nobody's"], timeout_s=0.2)


def test_credentials_and_certificates_reach_the_broker() -> None:
    plain = stream(Kafka("a:1,b:2", security="SASL_PLAINTEXT", user="opd", password="secret"))._connection_kwargs
    safe = stream(Kafka("a:1", security="SSL"))._connection_kwargs
    both = stream(Kafka("a:1", security="SASL_SSL", user="opd", password="secret"))._connection_kwargs

    assert plain["bootstrap_servers"] == ["a:1", "b:2"]
    said = (plain["security_protocol"], plain["sasl_mechanism"], plain["sasl_plain_username"], plain["sasl_plain_password"])
    assert said == ("SASL_PLAINTEXT", "SCRAM-SHA-512", "opd", "secret")
    assert (safe["security_protocol"], both["security_protocol"]) == ("SSL", "SASL_SSL")
    assert {each["ssl_context"].verify_mode for each in (safe, both)} == {ssl.CERT_REQUIRED}
