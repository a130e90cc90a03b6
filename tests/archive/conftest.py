"""Both kinds of store for the archive's tests."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'store'}"
    new_database: Callable[[], str] = request.getfixturevalue("postgres")
    return new_database()
