"""The shelf of files, and the two portals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publisher.portals import Stage, ckan_stage, folder_stage
from tests.publisher.samples import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "files")


@pytest.fixture(params=["folder", pytest.param("ckan", marks=pytest.mark.needs("ckan"))])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    made = folder_stage(tmp_path / "portal") if request.param == "folder" else ckan_stage(request.getfixturevalue("ckan"))
    yield made
    made.portal.close()
