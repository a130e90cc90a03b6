"""A lane judges no record of the log before it knows the directory: the law asks who acts for whom."""

import asyncio
from pathlib import Path

import pytest

from jejak.app import LANES
from tests.services.desk import desk_of


@pytest.mark.parametrize("name", LANES)
async def test_the_log_is_read_once_the_directory_is_known(name: str, tmp_path: Path) -> None:
    async with desk_of(name, tmp_path, caught_up=False) as desk:
        may_start = desk.lane.consumers[0].may_start
        assert may_start
        waiting = asyncio.ensure_future(may_start())
        await asyncio.wait([waiting], timeout=0.2)
        assert not waiting.done()
        desk.lane.shared.directory.progress.ready = True
        await asyncio.wait_for(waiting, 5)
