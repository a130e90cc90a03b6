"""Every container is killed in turn while people work: it comes back, what was accepted gets published, and the proof holds."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.composed.lives import Lives
from tests.composed.system import LANES, SERVING, Composed, docker

AWAY_S = float(os.environ.get("JEJAK_TEST_AWAY_S", "10"))
"""An operator's network is away longer than that now and then: 30 in a long run."""
pytestmark = pytest.mark.needs("docker")
CRASH = (
    "import os, pathlib\n"
    "for status in pathlib.Path('/proc').glob('[0-9]*/stat'):\n"
    "    number, _, rest = status.read_text().partition(' (')\n"
    "    if rest.rpartition(') ')[2].split()[1] == '1' and int(number) != os.getpid() and 'jejak' in rest:\n"
    "        os.kill(int(number), 9)\n"
)
"""Kills the program below a container's first process, as a crash or the kernel's lack of memory would."""


@contextmanager
def at_work(composed: Composed, opd: str, people: int = 2) -> Iterator[list[Lives]]:
    """Lives that go on until the block ends, and are then lived to their end."""
    with composed.door() as door, ThreadPoolExecutor(people) as pool:
        lives = [Lives(door, opd) for _ in range(people)]
        working = [pool.submit(each.until_stopped) for each in lives]
        try:
            yield lives
        finally:
            for each in lives:
                each.stop()
        for work in working:
            work.result()


def ended(lives: list[Lives]) -> int:
    return sum(len(each.ended) for each in lives)


@pytest.mark.timeout(1200)
def test_each_container_is_killed_while_people_work_and_nothing_is_lost(composed: Composed, opd: str) -> None:
    with at_work(composed, opd) as lives:
        for service in SERVING:
            before = ended(lives)
            composed.until(lambda before=before: ended(lives) > before, f"work before {service} is killed")  # type: ignore[misc]
            if service in LANES:
                restarts = composed.state(service)["RestartCount"]
                composed.compose("exec", "-T", service, "python", "-c", CRASH, check=False)
                composed.until(
                    lambda service=service, restarts=restarts: composed.state(service)["RestartCount"] > restarts,  # type: ignore[misc]
                    f"{service} to be started again by itself",
                )
            else:
                container = composed.compose("ps", "-q", service).stdout.strip()
                docker("kill", container)
                docker("start", container)
            composed.until(lambda service=service: composed.is_healthy(service), f"{service} to be healthy again")  # type: ignore[misc]
            before = ended(lives)
            composed.until(lambda before=before: ended(lives) > before, f"work after {service} was killed")  # type: ignore[misc]

    accepted = {submission_id for each in lives for submission_id in each.accepted}
    assert accepted == {submission_id for each in lives for submission_id in each.ended}
    assert "semua utuh" in composed.jejak("audit", "verify").stdout


@pytest.mark.timeout(1200)
@pytest.mark.long
def test_the_network_of_each_container_is_taken_away_while_people_work_and_nothing_is_lost(composed: Composed, opd: str) -> None:
    with at_work(composed, opd) as lives:
        for service in SERVING:
            [container] = composed.compose("ps", "-q", service).stdout.split()
            with without_network(composed, container, service):
                ends = time.monotonic() + AWAY_S
                composed.until(lambda ends=ends: time.monotonic() > ends, "the time without a network to pass")  # type: ignore[misc]
            composed.until(lambda service=service: composed.is_healthy(service), f"{service} to be healthy again")  # type: ignore[misc]
            before = ended(lives)
            composed.until(lambda before=before: ended(lives) > before, f"work after {service} was alone")  # type: ignore[misc]

    accepted = {submission_id for each in lives for submission_id in each.accepted}
    assert accepted == {submission_id for each in lives for submission_id in each.ended}
    assert "semua utuh" in composed.jejak("audit", "verify").stdout


@contextmanager
def without_network(composed: Composed, container: str, service: str) -> Iterator[None]:
    """As if somebody pulled all its cables, and put them in again."""
    names = list(composed.state(service)["NetworkSettings"]["Networks"])
    for name in names:
        docker("network", "disconnect", "-f", name, container)
    try:
        yield
    finally:
        for name in names:
            docker("network", "connect", "--alias", service, name, container)
