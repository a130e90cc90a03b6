"""One running Jejak with all lanes, on the tests' Kafka, and agencies of the test's own."""

import uuid
from collections.abc import Iterator

import pytest

from tests.jejak.running import Home, Up


@pytest.fixture(scope="session")
def home(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A directory whose commands speak to the tests' Kafka."""
    return Home(tmp_path_factory.mktemp("home"), {"JEJAK_KAFKA": kafka})


@pytest.fixture(scope="module")
def up(home: Home) -> Iterator[Up]:
    """All lanes in one process. Not longer than a module needs it: a second intake on the tests' Kafka would answer others' records."""
    with home.up() as running:
        yield running


@pytest.fixture
def new_opd() -> str:
    """The code of an agency that nobody knows yet."""
    return f"dinas-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def opd(up: Up) -> str:
    """An agency that Jejak knows."""
    kode = f"dinas-{uuid.uuid4().hex[:8]}"
    assert up.home.jejak("opd", "add", kode, "--name", f"Dinas {kode}").returncode == 0
    return kode
