"""Three brokers, two processes of one lane, files on S3: any of them is killed while people work, and nothing is lost and nothing stops."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bus.client import submit
from bus.kafka import Kafka
from jejak import ports
from tests.composed.lives import Lives
from tests.composed.system import Composed, docker, installed
from tests.composed.test_killed import at_work, ended
from tests.services.desk import CONTENT, form

pytestmark = pytest.mark.needs("docker")
OPD = "dinas-klaster"
SMALL = ("KAFKA_HEAP=-Xms96m -Xmx256m", "KAFKA_MEMORY=512m")
BROKERS = ("kafka-2", "kafka")
"""One that follows and the one that the front of the cluster was until now."""
S3 = ("COMPOSE_PROFILES=s3", "JEJAK_FILES=s3://jejak/files", "JEJAK_S3_ENDPOINT=http://s3:8333", "JEJAK_S3_KEY_ID=jejak")
"""As `jejak init` has it in .env."""
OUTER = {"kafka": ports.free(), "kafka-2": ports.free(), "kafka-3": ports.free()}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    files = "COMPOSE_FILE=docker-compose.yml:docker-compose.cluster.yml:docker-compose.kafka-cluster.yml"
    outer = [f"{service.upper().replace('-', '_')}_PORT={port}" for service, port in OUTER.items()]
    more = (files, *outer, *S3, *SMALL)
    with installed(tmp_path_factory.mktemp("cluster"), more=more) as system:
        system.add_opd(OPD)
        yield system


def containers_of(cluster: Composed, service: str) -> list[str]:
    return cluster.compose("ps", "-q", service).stdout.split()


def at(cluster: Composed, *services: str) -> Kafka:
    """The outer listeners of these brokers, for this agency."""
    return replace(cluster.kafka_as(OPD), bootstrap=",".join(f"localhost:{OUTER[service]}" for service in services))


async def is_accepted(kafka: Kafka) -> bool:
    sent = form(opd=OPD)
    record = f"opd.{OPD}.data-submitted.v1", None, json.dumps(sent).encode()
    (receipt,) = await submit(kafka, [record], event_ids=[sent["event_id"]], timeout_s=60)
    return bool(receipt["outcome"] == "accepted")


async def test_an_agency_outside_reaches_every_broker_and_goes_on_without_one(cluster: Composed) -> None:
    for service in OUTER:
        assert await is_accepted(at(cluster, service)), f"{service} tells where all three are"
    [container] = containers_of(cluster, "kafka-3")
    docker("kill", container)

    assert await is_accepted(at(cluster, *OUTER))
    docker("start", container)
    cluster.until(lambda: cluster.is_healthy("kafka-3"), "kafka-3 to be back")


def test_files_lie_on_s3_and_reach_the_public(cluster: Composed) -> None:
    with cluster.door() as door:
        published = Lives(door, OPD).put_and_published(CONTENT)
        shown = door.public(published["files"][0]["url"])

    assert shown.content == CONTENT
    assert cluster.compose("exec", "-T", "intake", "find", "/var/lib/jejak/files", "-type", "f").stdout == ""
    answers = [json.loads(line) for line in cluster.jejak("doctor", "--json").stdout.splitlines()]
    assert [answer for answer in answers if not answer["good"]] == []


@pytest.mark.timeout(1200)
def test_brokers_and_processes_of_a_lane_are_killed_in_turn_while_people_work(cluster: Composed) -> None:
    told = json.loads(cluster.compose("exec", "-T", "archive", "python", "-c", TOLD).stdout)
    assert told == {"replicas": [3] * 12, "in sync": "2"}
    cluster.compose("up", "-d", "--wait", "--scale", "review=2", timeout=420)
    both = containers_of(cluster, "review")
    assert len(both) == 2

    with at_work(cluster, OPD) as lives:

        def goes_on(what: str) -> None:
            before = ended(lives)
            cluster.until(lambda: ended(lives) > before + 1, what)

        goes_on("work before anything is killed")
        for broker in BROKERS:
            [container] = containers_of(cluster, broker)
            docker("kill", container)
            goes_on(f"work without {broker}")
            docker("start", container)
            cluster.until(lambda broker=broker: cluster.is_healthy(broker), f"{broker} to be back")  # type: ignore[misc]
        assert sorted(map(partitions_of, both)) == [6, 6], "they share the log's partitions"
        for container in both:
            docker("kill", container)
            goes_on("work with one review only")
            docker("start", container)
            goes_on("work after it came back")

    accepted = {submission_id for each in lives for submission_id in each.accepted}
    assert accepted == {submission_id for each in lives for submission_id in each.ended}
    assert "semua utuh" in cluster.jejak("audit", "verify").stdout


TOLD = """
import asyncio, json, os
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from lane.settings import read_settings

async def look():
    async with read_settings(os.environ).kafka_cluster().admin() as admin:
        [topic] = await admin.describe_topics(["opendata.submissions.v1"])
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic["topic"])])
        config = {entry[0]: entry[1] for entry in answer.resources[0][4]}
        print(json.dumps({"replicas": [len(p["replicas"]) for p in topic["partitions"]], "in sync": config["min.insync.replicas"]}))

asyncio.run(look())
"""
"""What a lane's user is told of the log."""


def partitions_of(container: str) -> int:
    """How many partitions of the log this process was given last, by its own log."""
    lines = (line for line in docker_said(container) if '"partitions_assigned"' in line)
    given = [told["partitions"] for line in lines if (told := json.loads(line))["consumer"] == "log"]
    return int(given[-1]) if given else 0


def docker_said(container: str) -> list[str]:
    done = subprocess.run(["docker", "logs", container], capture_output=True, text=True, timeout=60, check=True)
    return (done.stdout + done.stderr).splitlines()
