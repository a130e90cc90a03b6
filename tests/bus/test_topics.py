"""Topics are made with settings that keep the log, and an existing one that would lose it is refused."""

import asyncio
import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import BrokerMetadata

from bus.kafka import Kafka
from bus.topics import FOR_EVER, NEWEST_ONLY, Topic, TopicRefused, check, ensure, inbound_topic, shared_topics
from jejak import ports
from tests.bus.cluster import new_topic


@pytest.fixture
def name() -> str:
    return f"test.{uuid.uuid4().hex}"


async def settings_of(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {entry[0]: entry[1] for response in responses for _, _, _, _, entries in response.resources for entry in entries}


async def test_a_broker_that_is_away_is_passed_over(cluster: Kafka) -> None:
    async with cluster.admin() as admin:
        admin._client.cluster._brokers[99] = BrokerMetadata(99, "127.0.0.1", ports.free(), None)
        for _ in range(20):  # chance picks whom to ask
            assert (await admin.describe_cluster())["cluster_id"]


async def test_a_missing_topic_is_made_to_be_kept_for_ever(cluster: Kafka, name: str) -> None:
    async with cluster.admin() as admin:
        assert await ensure(admin, [Topic(name, 5, FOR_EVER)], replication=1, in_sync=1) == [name]
        assert await ensure(admin, [Topic(name, 5, FOR_EVER)], replication=1, in_sync=1) == []

        settings = await settings_of(admin, name)
        (described,) = await admin.describe_topics([name])

    assert len(described["partitions"]) == 5
    assert settings["retention.ms"] == settings["retention.bytes"] == "-1"
    assert settings["cleanup.policy"] == "delete"
    assert (settings["min.insync.replicas"], settings["unclean.leader.election.enable"]) == ("1", "false")


@pytest.mark.parametrize(
    ("wrong", "needed"),
    [
        ({"retention.ms": "604800000"}, "retention.ms=604800000, needs -1"),
        ({"retention.ms": "-1", "retention.bytes": "1000000"}, "retention.bytes=1000000, needs -1"),
        ({"retention.ms": "-1", "cleanup.policy": "compact"}, "cleanup.policy=compact, needs delete"),
    ],
)
async def test_a_topic_that_would_lose_the_log_is_refused_with_the_setting(
    cluster: Kafka, name: str, wrong: dict[str, str], needed: str
) -> None:
    await new_topic(cluster, name, config=wrong)

    async with cluster.admin() as admin:
        with pytest.raises(TopicRefused) as refused:
            await ensure(admin, [Topic(name, 1, FOR_EVER)], replication=1, in_sync=1)

    assert f"{name} has {needed}" in str(refused.value)


async def test_a_directory_that_is_not_compacted_is_refused(cluster: Kafka, name: str) -> None:
    await new_topic(cluster, name, config={"cleanup.policy": "delete"})

    async with cluster.admin() as admin:
        with pytest.raises(TopicRefused, match=r"cleanup\.policy=delete, needs compact"):
            await ensure(admin, [Topic(name, 1, NEWEST_ONLY)], replication=1, in_sync=1)


async def test_a_topic_that_cannot_be_made_says_why(cluster: Kafka, name: str) -> None:
    async with cluster.admin() as admin:
        with pytest.raises(TopicRefused, match=f"{name} could not be made: InvalidReplicationFactor"):
            await ensure(admin, [Topic(name, 1, FOR_EVER)], replication=9, in_sync=1)


async def test_processes_that_make_the_topics_at_once_all_succeed(cluster: Kafka, name: str) -> None:
    async def make() -> list[str]:
        async with cluster.admin() as admin:
            return await ensure(admin, [Topic(name, 1, FOR_EVER)], replication=1, in_sync=1)

    assert all(made in ([name], []) for made in await asyncio.gather(*(make() for _ in range(5))))


def test_the_log_receipts_and_dead_letters_are_kept_and_the_directory_keeps_the_newest() -> None:
    kept = {topic.name: topic.config["cleanup.policy"] for topic in shared_topics(12)}

    assert kept == {
        "opendata.submissions.v1": "delete",
        "opendata.receipts.v1": "delete",
        "opendata.dead-letters.v1": "delete",
        "opendata.directory.v1": "compact",
    }
    assert {topic.name: topic.partitions for topic in shared_topics(12)}["opendata.submissions.v1"] == 12
    assert inbound_topic("dispermades").name == "opd.dispermades.data-submitted.v1"
    assert inbound_topic("dispermades").config["retention.ms"] == "-1"


async def test_a_topic_whose_settings_cannot_be_read_is_not_taken_for_good(
    cluster: Kafka, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.topics.ATTEMPTS", 2)

    async with cluster.admin() as admin:
        with pytest.raises(TopicRefused, match=rf"{name} \(UnknownTopicOrPartition"):
            await check(admin, [Topic(name, 1, FOR_EVER)])
