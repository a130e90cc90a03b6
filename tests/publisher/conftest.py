"""The shelf of files and the two portals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publisher.portals import Stage, folder_stage
from tests.publisher.samples import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "files")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = folder_stage(tmp_path / "portal")
    yield made
    made.portal.close()
