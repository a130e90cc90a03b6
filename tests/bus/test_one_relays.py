"""Two processes of a lane on PostgreSQL: one sends at a time, each event once; who is killed or stands still leaves it to the other."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from bus.kafka import Kafka
from bus.topics import ensure, shared_topics
from events.contracts import LOG_TOPIC
from events.recorder import Row
from events.turns import SILENT_S
from tests.bus.cluster import all_records
from tests.bus.relaying import FATED
from tests.events.conftest import Place

PATIENCE_S = 180.0


@dataclass
class Process:
    """One of the lane, and what it said."""

    process: "subprocess.Popen[str]"
    said: list[dict[str, Any]] = field(default_factory=list)

    def listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(json.loads(line))

    @property
    def has_written(self) -> bool:
        return any("written" in line for line in self.said)

    @property
    def sends(self) -> list[tuple[float, float]]:
        """From when to when; one that never ended is left out."""
        told = [line for line in self.said if "written" not in line]
        return [(a["at"], b["at"]) for a, b in pairwise(told) if "begins" in a and "ended" in b]


@contextmanager
def process(place: Place, kafka: str, events: int, fate: str = "") -> Iterator[Process]:
    command = [sys.executable, "-m", "tests.bus.relaying", place.address, place.lane, kafka, str(events), fate]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        running = Process(started)
        listening = threading.Thread(target=running.listen)
        listening.start()
        try:
            yield running
        finally:
            started.send_signal(signal.SIGCONT)
            started.kill()
            listening.join()


@pytest.fixture
async def kafka_with_topics(kafka: str) -> str:
    async with Kafka(kafka).admin() as admin:
        await ensure(admin, shared_topics(3), replication=1, in_sync=1)
    return kafka


def until(is_so: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.001)


def all_is_sent(place: Place) -> bool:
    journal = place.opened[0]
    written = journal.read(0, 10_000, (Row.OWN,))
    return bool(written) and journal.cursor("relay") == written[-1].id


async def on_the_log(place: Place, kafka: str) -> Counter[bytes]:
    """How often each event of this lane is there."""
    own = {str(entry.stream).encode() for entry in place.opened[0].read(0, 10_000, (Row.OWN,))}
    found = Counter(record.key for record in await all_records(Kafka(kafka), LOG_TOPIC) if record.key in own)
    assert found.keys() == own, "nothing is lost"
    return found


def at_once(*processes: Process) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Sends that overlap."""
    told = sorted(send for each in processes for send in each.sends)
    return [(a, b) for a, b in pairwise(told) if b[0] < a[1]]


async def test_each_event_is_sent_once_and_by_one_process_at_a_time(shared_place: Place, kafka_with_topics: str) -> None:
    shared_place.journal()
    with process(shared_place, kafka_with_topics, 150) as first, process(shared_place, kafka_with_topics, 150) as second:
        until(lambda: first.has_written and second.has_written, "both to write")
        until(lambda: all_is_sent(shared_place), "all to be sent")

        assert at_once(first, second) == []
        assert min(len(first.sends), len(second.sends)) > 5, "each sends what it has written itself, at once"
        assert set((await on_the_log(shared_place, kafka_with_topics)).values()) == {1}


async def test_the_one_that_sends_is_killed_and_the_other_goes_on(shared_place: Place, kafka_with_topics: str) -> None:
    shared_place.journal()
    with process(shared_place, kafka_with_topics, 400, "killed") as first, process(shared_place, kafka_with_topics, 200) as second:
        until(lambda: first.process.poll() is not None, "the first to be killed")
        died, before = time.monotonic(), len(second.sends)
        until(lambda: len(second.sends) > before, "the second to go on")
        took = time.monotonic() - died
        until(lambda: second.has_written and all_is_sent(shared_place), "all to be sent")

        assert took < SILENT_S, "its connection went with it: nobody waited for it to be silent"
        assert at_once(first, second) == []
        twice = [count for count in (await on_the_log(shared_place, kafka_with_topics)).values() if count > 1]
        assert 0 < len(twice) < 20, "what was acknowledged when it was killed, and no more"


async def test_the_one_that_stands_still_loses_its_turn_and_sends_nothing_when_it_wakes(
    shared_place: Place, kafka_with_topics: str
) -> None:
    shared_place.journal()
    with process(shared_place, kafka_with_topics, 60, "stopped") as first, process(shared_place, kafka_with_topics, 100) as second:
        until(lambda: len(first.said) == 2 * FATED - 1, "the first to stand still")
        stopped = time.monotonic()
        until(lambda: second.sends and second.sends[-1][0] > stopped + 1, "the second to go on")
        until(lambda: second.has_written and all_is_sent(shared_place), "all to be sent")
        first.process.send_signal(signal.SIGCONT)
        until(lambda: first.has_written and all_is_sent(shared_place), "the first to go on too")

        assert at_once(first, second) == []
        assert set((await on_the_log(shared_place, kafka_with_topics)).values()) == {1}
