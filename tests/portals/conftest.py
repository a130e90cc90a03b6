"""The shelf of files, and the two portals."""

import uuid
from pathlib import Path

import pytest

from tests.ckan.server import CkanServer
from tests.portals.portals import CkanReader, Stage, ckan_stage, folder_stage
from tests.portals.samples import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "files")


@pytest.fixture(params=["folder", pytest.param("ckan", marks=pytest.mark.needs("ckan"))])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    return folder_stage(tmp_path / "portal") if request.param == "folder" else ckan_stage(request.getfixturevalue("ckan"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the folder portal lies."""
    return tmp_path / "portal"


@pytest.fixture
def on_folder(root: Path) -> Stage:
    """The folder portal alone."""
    return folder_stage(root)


@pytest.fixture
def name() -> str:
    """A dataset_id that no other test uses: the CKAN is shared."""
    return f"data-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def reader(ckan: CkanServer) -> CkanReader:
    return CkanReader(ckan)


@pytest.fixture
def on_ckan(ckan: CkanServer) -> Stage:
    return ckan_stage(ckan)
