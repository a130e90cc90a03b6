"""The shelf of files, the two portals, and the real CKAN behind one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ckan.server import CkanServer, running
from tests.publisher.portals import Stage, ckan_stage, folder_stage
from tests.publisher.samples import Shelf


@pytest.fixture(scope="session")
def ckan() -> Iterator[CkanServer]:
    """A real CKAN, fresh for this test run."""
    with running() as server:
        yield server


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "files")


@pytest.fixture(params=["folder", pytest.param("ckan", marks=pytest.mark.needs("ckan"))])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    made = folder_stage(tmp_path / "portal") if request.param == "folder" else ckan_stage(request.getfixturevalue("ckan"))
    yield made
    made.portal.close()
