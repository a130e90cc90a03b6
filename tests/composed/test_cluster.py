"""Three brokers and two processes of one lane: any of them is killed while people work, and nothing is lost and nothing stops."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.composed.system import Composed, docker, installed
from tests.composed.test_killed import at_work, ended

pytestmark = pytest.mark.needs("docker")
OPD = "dinas-klaster"
SMALL = ("KAFKA_HEAP=-Xms96m -Xmx256m", "KAFKA_MEMORY=512m")
BROKERS = ("kafka-2", "kafka")
"""One that follows and the one that the front of the cluster was until now."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    more = ("COMPOSE_FILE=docker-compose.yml:docker-compose.cluster.yml", *SMALL)
    with installed(tmp_path_factory.mktemp("cluster"), more=more) as system:
        system.add_opd(OPD)
        yield system


def containers_of(cluster: Composed, service: str) -> list[str]:
    return cluster.compose("ps", "-q", service).stdout.split()


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
