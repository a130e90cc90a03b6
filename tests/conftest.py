"""What tests share: a real Kafka, PostgreSQL and S3, each started when the first test asks and stopped at the end; and the groups."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from bus.headers import read_any_header
from tests import servers
from tests.ckan import server as ckan_server
from tests.ckan.server import CkanServer
from tests.groups import GROUPS

read_any_header()  # as `jejak` does when it starts
LEFT_OUT = "left out"
COSTLY = ("tests/composed/", "tests/crash/", "tests/portals/")
"""What brings up the composed system, all lanes under load, or a CKAN: of those one at a time, beside what costs little."""


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address of a Kafka: JEJAK_KAFKA, else a container where Docker has the image, else the local broker."""
    with servers.kafka(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Makes a fresh database at every call and gives its `postgresql://` address; the server is JEJAK_TEST_POSTGRES or our own."""
    with servers.postgres() as new_database:
        yield new_database


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The `http://` address of an S3 server with the credentials `servers.S3_KEYS`; it makes a bucket when it is first written to."""
    with servers.s3(tmp_path_factory.mktemp("s3")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def ckan() -> Iterator[CkanServer]:
    """A real CKAN with a sysadmin's token, of the group "ckan"; in CI it is installed first."""
    with ckan_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return Path(__file__).parents[1]


class Together(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist says nothing of its types
    """Which tests run in one process, in their order: those of a module, and all that are costly."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return "costly" if module.startswith(COSTLY) else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """The hook of pytest-xdist: `make test` runs three processes: many tests only wait for Kafka."""
    return Together(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long ones only when asked for; what is costly begins first, beside all else. Skip the tests whose group's part is missing; their
    reports say so to the process that counts.
    """
    if not os.environ.get("JEJAK_TEST_LONG"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    items.sort(key=lambda item: not item.nodeid.startswith(COSTLY))
    missing = {name: reason for name, group in GROUPS.items() if (reason := group.missing())}
    for item in items:
        wanted = {name for mark in item.iter_markers("needs") for name in mark.args}
        if unknown := wanted - GROUPS.keys():
            raise pytest.UsageError(f"{item.nodeid} needs {', '.join(unknown)}, which tests/groups.py does not know")
        for name in sorted(wanted & missing.keys()):
            item.user_properties.append((LEFT_OUT, name))
            item.add_marker(pytest.mark.skip(reason=f"group {name} left out: {missing[name]}"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be left out but what .ci/run gave up with a reason."""
    if _may_not_be_left_out(session.config) and os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say at the very end which groups were left out, and what to install for them."""
    left_out = _left_out(config)
    if not left_out:
        return
    terminalreporter.section("LEFT OUT", sep="!", red=True, bold=True)
    for name, count in sorted(left_out.items()):
        group = GROUPS[name]
        terminalreporter.line(f"{name}: {count} test(s) did not run ({group.missing()}). To run them: {group.install}", red=True)
    if os.environ.get("CI") == "true" and (not_given_up := _may_not_be_left_out(config)):
        terminalreporter.line(f"CI=true: leaving out {', '.join(not_given_up)} is a failure.", red=True, bold=True)


def _left_out(config: pytest.Config) -> Counter[str]:
    """How many tests of which group, in all processes; asked in one of several, none."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", ()) if reporter else ()
    return Counter(str(value) for report in skipped for name, value in report.user_properties if name == LEFT_OUT)


def _may_not_be_left_out(config: pytest.Config) -> list[str]:
    given_up = os.environ.get("JEJAK_TEST_LEFT_OUT", "").split()
    return sorted(_left_out(config).keys() - set(given_up))
