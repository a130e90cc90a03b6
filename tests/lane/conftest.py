"""What the rooms of the lanes share in their tests."""

from pathlib import Path

import pytest

from tests.lane.shelves import Store, bucket, folder
from tests.servers import S3_KEYS


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "folder":
        return folder(tmp_path / "files")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", S3_KEYS["accessKey"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", S3_KEYS["secretKey"])
    return bucket(request.getfixturevalue("s3"), tmp_path)
