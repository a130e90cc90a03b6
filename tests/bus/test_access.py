"""Users and rights on a real Kafka with SCRAM and an authorizer: each may do what its row says, and nothing else."""

import asyncio
import time
from collections.abc import Awaitable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)
from aiokafka.structs import TopicPartition

from bus.access import Access, AccessRefused
from bus.follow import follow
from bus.kafka import Kafka
from bus.loops import Progress
from bus.rights import RIGHTS, rights_of, user_of
from bus.topics import ensure, inbound_topic, shared_topics
from events.admission import Record
from events.contracts import DEAD_LETTERS_TOPIC, DIRECTORY_TOPIC, LOG_TOPIC, RECEIPTS_TOPIC
from events.stores import open_store
from tests.bus.cluster import running, until
from tests.bus.guarded import guarded, producer_of, sends

PASSWORD = "rahasia"
OPDS = ("dinkes", "setda")


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kafka, Kafka]]:
    with guarded(tmp_path_factory.mktemp("guarded")) as doors:
        yield doors


@pytest.fixture(scope="module")
def door(clusters: tuple[Kafka, Kafka]) -> Kafka:
    """All users and topics are made; log in here."""
    inside, asking = clusters
    access = Access(inside)

    async def topics() -> None:
        async with inside.admin() as admin:
            every = [*shared_topics(1), *map(inbound_topic, OPDS)]
            await ensure(admin, every, replication=1, in_sync=1)
        async with producer_of(inside) as producer:
            for topic in every:
                await producer.send_and_wait(topic.name, b"x", key=b"x")

    asyncio.run(topics())
    for user, rights in (*RIGHTS.items(), *((user_of(opd), rights_of(opd)) for opd in OPDS)):
        access.put_user(user, PASSWORD, rights)
    return asking


def known_as(door: Kafka, user: str, password: str = PASSWORD) -> Kafka:
    return replace(door, user=user, password=password)


async def reads(kafka: Kafka, topic: str, group: str | None = None) -> None:
    """Each topic holds a record; whoever may not even hear of a topic gets no error from the client, and nothing else either."""
    consumer = AIOKafkaConsumer(**kafka.options(), group_id=group, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        await consumer.start()
        if group:
            consumer.subscribe([topic])
        else:
            consumer.assign([TopicPartition(topic, 0)])
        deadline = time.monotonic() + 10
        while not await consumer.getmany(timeout_ms=500):
            if time.monotonic() > deadline or topic in _hidden(consumer):
                raise TopicAuthorizationFailedError(topic)
    finally:
        await consumer.stop()


def _hidden(consumer: AIOKafkaConsumer) -> set[str]:
    """Topics that the brokers do not show to this client."""
    return set(consumer._client.cluster.unauthorized_topics)


async def deletes(kafka: Kafka, topic: str) -> None:
    async with kafka.admin() as admin:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=-1)})


async def denied(doing: Awaitable[None], *errors: type[KafkaError]) -> None:
    with pytest.raises(errors or (TopicAuthorizationFailedError, GroupAuthorizationFailedError)):
        await asyncio.wait_for(doing, 20)


async def test_an_opd_sends_to_its_own_topic_and_reads_the_receipts(door: Kafka) -> None:
    own = known_as(door, user_of("dinkes"))

    await sends(own, "opd.dinkes.data-submitted.v1")
    await reads(own, RECEIPTS_TOPIC, "opd.dinkes.receipts")


@pytest.mark.parametrize("topic", ["opd.setda.data-submitted.v1", LOG_TOPIC, RECEIPTS_TOPIC, DEAD_LETTERS_TOPIC])
async def test_an_opd_writes_nowhere_else(door: Kafka, topic: str) -> None:
    await denied(sends(known_as(door, user_of("dinkes")), topic))


@pytest.mark.parametrize("topic", ["opd.dinkes.data-submitted.v1", "opd.setda.data-submitted.v1", LOG_TOPIC])
async def test_an_opd_reads_nothing_else(door: Kafka, topic: str) -> None:
    await denied(reads(known_as(door, user_of("dinkes")), topic))


async def test_an_opd_uses_no_other_s_group_and_deletes_and_makes_nothing(door: Kafka) -> None:
    own = known_as(door, user_of("dinkes"))

    await denied(reads(own, RECEIPTS_TOPIC, "jejak.intake"))
    await denied(deletes(own, "opd.dinkes.data-submitted.v1"))
    async with own.admin() as admin:
        with pytest.raises(Exception, match=r"Authorization|could not be made"):
            await ensure(admin, [inbound_topic("lain")], replication=1, in_sync=1)


@pytest.mark.parametrize("user", sorted(RIGHTS.keys() - {"jejak-desk"}))
async def test_a_lane_does_its_own_work(door: Kafka, user: str) -> None:
    lane = known_as(door, user)

    await reads(lane, LOG_TOPIC, f"jejak.{user.removeprefix('jejak-')}")
    await sends(lane, DEAD_LETTERS_TOPIC)
    if user != "jejak-archive":
        await sends(lane, LOG_TOPIC)
    async with lane.admin() as admin:
        await ensure(admin, shared_topics(1), replication=1, in_sync=1)


@pytest.mark.parametrize(
    ("user", "topic"),
    [("jejak-archive", LOG_TOPIC), ("jejak-review", RECEIPTS_TOPIC), ("jejak-review", "opd.dinkes.data-submitted.v1")],
)
async def test_a_lane_writes_nothing_of_another(door: Kafka, user: str, topic: str) -> None:
    await denied(sends(known_as(door, user), topic))


@pytest.mark.parametrize("user", ["jejak-review", "jejak-decision", "jejak-publisher", "jejak-archive"])
async def test_no_lane_but_intake_reads_what_opds_send(door: Kafka, user: str) -> None:
    await denied(reads(known_as(door, user), "opd.dinkes.data-submitted.v1"))
    await denied(reads(known_as(door, user), LOG_TOPIC, "jejak.intake"))
    await denied(deletes(known_as(door, user), LOG_TOPIC))


@pytest.mark.parametrize("topic", [LOG_TOPIC, DIRECTORY_TOPIC])
async def test_the_desk_reads_log_and_directory_and_writes_nothing(door: Kafka, topic: str) -> None:
    desk = known_as(door, "jejak-desk")
    await reads(desk, topic)
    await denied(sends(desk, topic))


async def test_the_desk_follows_the_log_as_its_own_user(door: Kafka, tmp_path: Path) -> None:
    desk, taken, progress = known_as(door, "jejak-desk"), list[Record](), Progress("log")
    with closing(open_store(f"sqlite:{tmp_path}", "desk")) as store:
        async with running(lambda: follow(desk, LOG_TOPIC, store, taken.extend, (), progress)):
            await until(lambda: taken and progress.ready, what="the log")


@pytest.mark.parametrize("topic", ["opd.dinkes.data-submitted.v1", RECEIPTS_TOPIC, DEAD_LETTERS_TOPIC])
async def test_the_desk_reads_nothing_else(door: Kafka, topic: str) -> None:
    await denied(reads(known_as(door, "jejak-desk"), topic))
    await denied(reads(known_as(door, "jejak-desk"), LOG_TOPIC, "jejak.desk"))


@pytest.mark.parametrize(("user", "password"), [("opd-dinkes", "salah"), ("nobody", PASSWORD)])
async def test_who_is_not_known_does_not_come_in(door: Kafka, user: str, password: str) -> None:
    await denied(sends(known_as(door, user, password), "opd.dinkes.data-submitted.v1"), SaslAuthenticationFailed, KafkaError)


async def test_without_a_login_nobody_comes_in(door: Kafka) -> None:
    await denied(sends(Kafka(door.bootstrap), "opd.dinkes.data-submitted.v1"), KafkaError)


async def test_a_new_password_and_a_user_taken_away_count_at_once(clusters: tuple[Kafka, Kafka], door: Kafka) -> None:
    access, topic = Access(clusters[0]), "opd.setda.data-submitted.v1"
    access.put_user(user_of("setda"), "baru", rights_of("setda"))
    await sends(known_as(door, user_of("setda"), "baru"), topic)
    await denied(sends(known_as(door, user_of("setda")), topic), SaslAuthenticationFailed, KafkaError)

    access.take_user(user_of("setda"))
    access.take_user(user_of("setda"))

    await denied(sends(known_as(door, user_of("setda"), "baru"), topic), SaslAuthenticationFailed, KafkaError)
    assert user_of("setda") not in access.users()


def test_who_may_not_change_users_hears_so(door: Kafka) -> None:
    with pytest.raises(AccessRefused, match="cannot be changed"):
        Access(known_as(door, user_of("dinkes"))).put_user("mine", "x", ())
