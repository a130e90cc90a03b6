"""`jejak up` on one machine: a broker of its own, started twice, stopped, killed, and always going on where it was."""

import asyncio
import json
import signal
import time
import uuid
from pathlib import Path

import psutil
import pytest

from bus.client import send
from bus.kafka import Kafka
from events.ids import submission_id_of
from jejak import ports
from tests.jejak.running import Home, Up
from tests.services.desk import form

OPD = "dispermades"
READY_S = 10.0


@pytest.fixture
def here(tmp_path: Path) -> Home:
    return Home(tmp_path, {"JEJAK_KAFKA_PORT": str(ports.free())})


def family(up: Up) -> list[psutil.Process]:
    process = psutil.Process(up.process.pid)
    return [process, *process.children(recursive=True)]


def patience(first_start_s: float) -> float:
    """Seconds in which it must be ready again, or stop; more on a machine on which the first start, with a broker to be made, took long."""
    return max(READY_S, 1.5 * first_start_s)


def known_to_all(up: Up, submission_id: str) -> bool:
    return all(up.submission(lane, submission_id) for lane in ("intake", "review", "decision", "publisher"))


def submit_through_kafka(home: Home, count: int) -> list[str]:
    """An agency sends so many submissions, without waiting for receipts. Returns their ids."""
    sent = [form(dataset_id=f"data-{n}") for n in range(count)]
    kafka = Kafka(f"127.0.0.1:{home.settings['JEJAK_KAFKA_PORT']}")
    asyncio.run(send(kafka, [(f"opd.{OPD}.data-submitted.v1", None, json.dumps(each).encode()) for each in sent]))
    return [str(submission_id_of(OPD, uuid.UUID(each["event_id"]))) for each in sent]


def test_stopped_and_started_again_it_is_all_there_and_ready_soon(here: Home) -> None:
    began = time.monotonic()
    with here.up() as first:
        enough_s = patience(time.monotonic() - began)
        assert here.jejak("opd", "add", OPD, "--name", "Dinas").returncode == 0
        (submission_id,) = submit_through_kafka(here, 1)
        first.until(lambda: known_to_all(first, submission_id))
        processes = family(first)
        began = time.monotonic()
        exit_code = first.interrupt()
        stopped_s = time.monotonic() - began
        _, alive = psutil.wait_procs(processes, 10)

    assert (exit_code in {0, 130}, alive) == (True, [])
    assert stopped_s < enough_s
    assert "Traceback" not in here.said()

    began = time.monotonic()
    with here.up() as second:
        ready_s = time.monotonic() - began
        assert known_to_all(second, submission_id)
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(30) in {0, 143}

    assert ready_s < enough_s


def test_killed_in_the_middle_it_goes_on_where_it_was(here: Home) -> None:
    with here.up() as first:
        assert here.jejak("opd", "add", OPD, "--name", "Dinas").returncode == 0
        submissions = submit_through_kafka(here, 40)
        first.until(lambda: any(first.submission("review", i) for i in submissions))
        processes = family(first)
        first.process.kill()
        _, alive = psutil.wait_procs(processes, 30)
        assert alive == []

    with here.up() as second:
        second.until(lambda: all(known_to_all(second, i) for i in submissions), "all submissions in every lane")
        histories = [{lane: second.submission(lane, i)["history"] for lane in ("intake", "review", "decision")} for i in submissions]
        counts = second.call("GET", "/intake/healthz").json()["lanes"]["intake"]["log"]["counts"]
        verified = here.jejak("audit", "verify")

    assert all(len(history) == 1 for each in histories for history in each.values())
    assert all(each["intake"] == each["review"] == each["decision"] for each in histories)
    assert set(counts) <= {"applied", "duplicate"}
    assert verified.returncode == 0, verified.stdout + verified.stderr
