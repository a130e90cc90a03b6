"""The servers that other tests stand on: each is there, and gives every caller a place of its own."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.servers import bucket

GROUPED = """
import pytest

@pytest.mark.needs("elephant")
def test_elephant():
    raise AssertionError("never runs")

def test_mouse():
    pass
"""
NO_ELEPHANT = """
from tests import groups
from tests.conftest import *

groups.GROUPS = {"elephant": groups.Group(lambda: "none in sight", "apt install elephant")}
import tests.conftest
tests.conftest.GROUPS = groups.GROUPS
"""


async def test_kafka_answers(kafka: str) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await client.start()
    try:
        assert (await client.describe_cluster())["brokers"]
    finally:
        await client.close()


def test_every_call_gets_an_empty_database(postgres: Callable[[], str]) -> None:
    first, second = postgres(), postgres()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE here (id int)")

    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('here')").fetchone() == (None,)


def test_s3_keeps_what_it_is_given(s3: str) -> None:
    store = bucket(s3, "a-bucket")
    store.put("key", b"bytes")

    assert bytes(store.get("key").bytes()) == b"bytes"


@pytest.mark.parametrize(("ci", "exit_code"), [("", pytest.ExitCode.OK), ("true", pytest.ExitCode.TESTS_FAILED)])
def test_a_group_that_is_left_out_is_named_and_fails_ci(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, repository: Path, ci: str, exit_code: pytest.ExitCode
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PYTHONPATH", str(repository))
    pytester.makeini("[pytest]\nmarkers = needs\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makeconftest(NO_ELEPHANT)
    pytester.makepyfile(GROUPED)

    result = pytester.runpytest_subprocess()

    assert result.ret == exit_code
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*LEFT OUT*", "elephant: 1 test(s) did not run (none in sight). To run them: apt install elephant"])
