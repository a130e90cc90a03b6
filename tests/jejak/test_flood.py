"""An OPD that floods is slowed down by the broker; another one's submissions are answered as if nobody did."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bus import quotas
from bus.access import AccessRefused
from bus.client import submit
from bus.kafka import Kafka
from tests.bus.guarded import guarded, producer_of
from tests.jejak.running import Home
from tests.services.desk import form

RATE = 128 * 1024
FLOOD_S = 12.0
WINDOW_S = 3.0
"""The test's broker looks at so many seconds when it holds a sender to its rate."""
ON_TIME_S = 5.0


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kafka, Kafka]]:
    with guarded(tmp_path_factory.mktemp("guarded"), {"quota.window.num": "3"}) as both:
        yield both


@pytest.fixture(scope="module")
def operator(doors: tuple[Kafka, Kafka], tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("operator")
    (folder / "kafka-operator").write_text("rahasia\n", "utf-8")
    made = Home(folder, {"JEJAK_KAFKA": doors[0].bootstrap}).jejak("access", str(folder))
    assert made.returncode == 0, made.stderr
    asked = {"JEJAK_KAFKA": doors[1].bootstrap, "JEJAK_KAFKA_SECURITY": "SASL_PLAINTEXT", "JEJAK_KAFKA_USER": "jejak-operator"}
    return Home(folder, asked | {"JEJAK_KAFKA_PASSWORD_FILE": str(folder / "kafka-operator")})


async def test_an_opd_has_a_limit_that_the_operator_changes_and_that_goes_with_it(doors: tuple[Kafka, Kafka], operator: Home) -> None:
    assert "may send 1048576 bytes" in operator.jejak("opd", "add", "bpkad", "--name", "BPKAD").stdout
    assert await quotas.limit_of(doors[0], "opd-bpkad") == quotas.USUAL
    assert operator.jejak("opd", "add", "bpkad", "--name", "BPKAD", "--rate", "2048").returncode == 0
    assert "may send 2048 bytes" in operator.jejak("opd", "add", "bpkad", "--name", "BPKAD").stdout, "not forgotten"

    assert operator.jejak("opd", "remove", "bpkad").returncode == 0
    assert await quotas.limit_of(doors[0], "opd-bpkad") is None


async def test_a_limit_that_may_not_be_changed_says_so(doors: tuple[Kafka, Kafka], operator: Home) -> None:
    stranger = replace(doors[1], user="opd-lain", password=user(operator, "lain"))

    with pytest.raises(AccessRefused, match="Cluster authorization failed"):
        await quotas.limit(stranger, "opd-lain", None)


async def test_who_floods_is_held_to_its_rate_and_another_one_is_on_time(doors: tuple[Kafka, Kafka], operator: Home) -> None:
    flooder = replace(doors[1], user="opd-banjir", password=user(operator, "banjir", "--rate", str(RATE)))
    other = replace(doors[1], user="opd-setda", password=user(operator, "setda"))
    with operator.up():
        flooding = asyncio.create_task(flood(flooder, FLOOD_S))
        await asyncio.sleep(WINDOW_S)
        waits = [await answered(other) for _ in range(4)]
        sent = await flooding

    assert sent > RATE * WINDOW_S, "it did flood"
    assert sent < RATE * (FLOOD_S + 2 * WINDOW_S), f"{sent / FLOOD_S:.0f} bytes a second got through"
    assert max(waits) < ON_TIME_S, waits


def user(operator: Home, kode: str, *more: str) -> str:
    """An OPD made known; its user's password."""
    made = operator.jejak("opd", "add", kode, "--name", kode, "--password-file", kode, *more)
    assert made.returncode == 0, made.stderr
    return Path(operator.directory / kode).read_text("utf-8").strip()


async def flood(kafka: Kafka, seconds: float) -> int:
    """As fast as it goes, on one connection; returns how many bytes the broker has taken."""
    taken, ends = 0, time.monotonic() + seconds
    async with producer_of(kafka) as producer:
        while time.monotonic() < ends:
            await asyncio.gather(*[(await producer.send("opd.banjir.data-submitted.v1", os.urandom(16_000))) for _ in range(4)])
            taken += 4 * 16_000
    return taken


async def answered(kafka: Kafka) -> float:
    """Seconds from a submission to its receipt."""
    began, sent = time.monotonic(), form(opd="setda")
    record = ("opd.setda.data-submitted.v1", None, json.dumps(sent).encode())
    [receipt] = await submit(kafka, [record], event_ids=[sent["event_id"]], timeout_s=30)
    assert receipt["outcome"] == "accepted", receipt
    return time.monotonic() - began
