"""One composed system for the tests of this room."""

import uuid
from collections.abc import Iterator

import pytest

from tests.composed.system import TRACES, Composed, installed, keeping_spans


@pytest.fixture(scope="package")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    with installed(tmp_path_factory.mktemp("composed"), more=(f"JEJAK_TRACES=http://{TRACES}:4318",)) as system, keeping_spans(system):
        yield system


@pytest.fixture(scope="package")
def opd(composed: Composed) -> str:
    """An agency that the operator has made known."""
    kode = f"dinas-{uuid.uuid4().hex[:8]}"
    composed.add_opd(kode)
    return kode
