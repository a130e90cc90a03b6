"""Kafka loses what five running lanes have read: all are red, started anew too, until the operator's word; then nothing is missing."""

import asyncio
import base64
import json
import random
import subprocess
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaProducer

from bus.client import send
from bus.topics import ensure, shared_topics
from events.contracts import DIRECTORY_TOPIC, LOG_TOPIC
from events.stores import StoreRefused, open_reader
from tests.crash.lanes import LANES
from tests.crash.load import playing
from tests.crash.plans import Plan, plans
from tests.crash.stage import PARTITIONS, Stage, ready, stage_in
from tests.crash.stage import until as until_at_last
from tests.jejak.running import JEJAK


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with stage_in(tmp_path, postgres=request.param == "postgres") as made:
        for name in LANES:
            made.add(name)
        ready(made.lanes)
        yield made


def until(is_so: Callable[[], bool], what: str) -> None:
    until_at_last(is_so, what, patience_s=240)


def jejak(stage: Stage, *words: str) -> "subprocess.CompletedProcess[str]":
    own = {"PATH": "/usr/bin:/bin", **stage.settings, "JEJAK_KAFKA": stage.kafka.bootstrap, "JEJAK_STORE": stage.store}
    return subprocess.run([JEJAK, *words], cwd=stage.directory, env=own, capture_output=True, text=True, timeout=300, check=False)


def submit(stage: Stage, wanted: Sequence[Plan]) -> None:
    asyncio.run(send(stage.kafka, [(plan.topic, str(plan.event_id).encode(), plan.raw) for plan in wanted]))


def on_kafka(count: int, seed: int) -> list[Plan]:
    return [plan for plan in plans(seed, 10 * count) if not plan.by_http and plan.times == 1][:count]


def holds(stage: Stage, lane: str, wanted: Sequence[Plan]) -> bool:
    with suppress(StoreRefused), closing(open_reader(stage.store, lane)) as store:  # a lane that has just started has none yet
        return len(store.select_heads([plan.submission_id for plan in wanted])) == len(wanted)
    return False


def red(stage: Stage, lane: str, loop: str = "log") -> str | None:
    """The code for which this loop is red."""
    [process] = stage.of(lane)
    try:
        told: dict[str, Any] = httpx.get(f"{process.url}/{lane}/healthz", timeout=5).json()
    except httpx.TransportError:
        return None
    said: str | None = told["lanes"][lane][loop]["blocked"]
    return said


def healthy(stage: Stage) -> bool:
    return all(lane.answers(f"/{lane.name}/healthz") for lane in stage.lanes)


async def make_anew(stage: Stage, topic: str) -> None:
    async with stage.kafka.admin() as admin:
        await admin.delete_topics([topic])
        while topic in await admin.list_topics():  # noqa: ASYNC110 (Kafka tells nobody)
            await asyncio.sleep(0.05)
        await ensure(admin, [t for t in shared_topics(PARTITIONS) if t.name == topic], replication=1, in_sync=1)


def started_anew(stage: Stage) -> None:
    for lane in stage.lanes:
        lane.kill()
        lane.start()


def test_a_log_made_anew_and_grown_is_put_back_by_the_operator(stage: Stage) -> None:
    todo = on_kafka(30, 1)
    before, news = todo[:6], todo[6:]
    submit(stage, before)
    until(lambda: all(holds(stage, lane, before) for lane in LANES), "all lanes hold the first")

    asyncio.run(make_anew(stage, LOG_TOPIC))
    submit(stage, news)
    until(lambda: all(red(stage, lane) == "lost" for lane in LANES), "all lanes have noticed")
    started_anew(stage)
    until(lambda: all(red(stage, lane) == "lost" for lane in LANES), "all lanes are red after a restart")
    assert not any(lane.answers("/readyz") for lane in stage.lanes)

    told = jejak(stage, "bus", "status", "--json")
    found = json.loads(told.stdout)
    assert (told.returncode, found["ok"], {loss["lane"] for loss in found["losses"]}) == (1, False, set(LANES))
    assert found["lacking"]["events"] >= len(before)
    assert found["lacking"]["differing"] == []
    assert jejak(stage, "bus", "refill").returncode == 2, "nobody sits there to be asked"
    assert jejak(stage, "bus", "refill", "--yes", "--by", "budi").returncode == 0

    ready(stage.lanes)
    until(lambda: all(holds(stage, lane, [*before, *news]) for lane in LANES), "nothing is missing anywhere")
    until(lambda: healthy(stage), "all are well")
    assert jejak(stage, "bus", "status").returncode == 0
    assert jejak(stage, "audit", "verify").returncode == 0


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_a_fork_stays_red_across_restarts_until_the_operator_ends_it(stage: Stage) -> None:
    [plan] = on_kafka(1, 3)
    submit(stage, [plan])
    until(lambda: all(holds(stage, lane, [plan]) for lane in LANES), "all lanes hold it")
    with closing(open_reader(stage.store, "archive")) as store:
        [(_, raw)] = store.select_streams([plan.submission_id])
    forged = orjson.dumps(orjson.loads(raw) | {"occurred_at": "2025-01-01T00:00:00.000Z"})
    place = asyncio.run(put(stage, str(plan.submission_id).encode(), forged))
    until(lambda: all(red(stage, lane) == "alarm" for lane in LANES), "all lanes have set it aside")
    started_anew(stage)
    ready(stage.lanes)
    assert [red(stage, lane) for lane in LANES] == ["alarm"] * 5

    found = json.loads(jejak(stage, "bus", "status", "--json").stdout)
    assert {(alarm["what"], alarm["code"]) for alarm in found["alarms"]} == {(place, "fork")}
    ended = jejak(stage, "bus", "accept", place, "--yes", "--note", "percobaan", "--json")
    assert (ended.returncode, json.loads(ended.stdout)["ended"]) == (0, [{"what": place, "lanes": list(LANES)}])
    assert jejak(stage, "bus", "accept", place, "--yes").returncode == 1, "nothing waits under that name any more"
    until(lambda: healthy(stage), "all are well")
    started_anew(stage)
    ready(stage.lanes)
    assert healthy(stage)


async def put(stage: Stage, key: bytes, value: bytes) -> str:
    async with AIOKafkaProducer(**stage.kafka.options()) as producer:
        written = await producer.send_and_wait(LOG_TOPIC, value, key=key)
        return f"{LOG_TOPIC}/{written.partition}@{written.offset}"


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_lanes_that_start_with_the_directory_gone_know_what_they_knew(stage: Stage) -> None:
    asyncio.run(send(stage.kafka, [(DIRECTORY_TOPIC, f"token/{token_id(stage)}".encode(), b"{}")]))
    until(lambda: asked(stage) == 401, "the token is revoked")
    for lane in stage.lanes:
        lane.kill()
    asyncio.run(delete(stage, DIRECTORY_TOPIC))
    for lane in stage.lanes:
        lane.start()
    ready(stage.lanes)

    assert asked(stage) == 401
    until(lambda: red(stage, "review", "directory") == "directory_lost", "that is shown")
    todo = plans(4, 3)
    with playing(stage, todo, random.Random(4)):  # noqa: S311
        until(lambda: all(holds(stage, lane, todo) for lane in LANES), "the OPDs are known too")

    assert jejak(stage, "bus", "status").returncode == 1
    assert jejak(stage, "bus", "refill", "--yes").returncode == 0
    until(lambda: healthy(stage), "the directory is whole again")
    assert asked(stage) == 401


async def delete(stage: Stage, topic: str) -> None:
    async with stage.kafka.admin() as admin:
        await admin.delete_topics([topic])


def token_id(stage: Stage) -> str:
    """Of the auditor's token."""
    part = stage.tokens["Auditor"].split(".")[1]
    return str(uuid.UUID(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["jti"]))


def asked(stage: Stage) -> int:
    [review] = stage.of("review")
    headers = {"Authorization": f"Bearer {stage.tokens['Auditor']}"}
    return httpx.get(f"{review.url}/review/api/inbox", headers=headers, timeout=5).status_code
