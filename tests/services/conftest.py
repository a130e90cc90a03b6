"""The lanes' desks, one a fixture; a test file that needs other settings has its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.desk import Desk, desk_of


@pytest.fixture
async def intake(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("intake", tmp_path, files_limit_mb="1") as desk:
        yield desk


@pytest.fixture
async def review(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("review", tmp_path) as desk:
        yield desk


@pytest.fixture
async def decision(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("decision", tmp_path) as desk:
        yield desk
