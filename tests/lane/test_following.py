"""A worklist keeps up with its journal: whoever decided sees it done, and a view that fails holds up nothing."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import patch

import pytest

from events.contracts import Lane as Holder
from lane.lane import Follower
from lane.worklist import Worklist
from services.review.commands import Revise
from tests.bus.cluster import until
from tests.events.given import KETUA, on_kafka, revised, story, submitted, verified
from tests.services.desk import Desk, desk_of


@pytest.fixture
async def review(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("review", tmp_path) as desk:
        yield desk


def waiting(desk: Desk) -> list[str]:
    return [item.submission_id for item in desk.lane.worklist.page(holder=Holder.REVIEW).items]


def follower(desk: Desk) -> Follower:
    [found] = [work.__self__ for progress, work in desk.lane.work if progress.name == "worklist"]  # type: ignore[attr-defined]
    assert isinstance(found, Follower)
    return found


async def test_what_came_and_what_was_decided_is_seen_at_once(review: Desk) -> None:
    told = story(submitted)
    review.caught_up()

    review.lane.journal.replicate(on_kafka(told[0]))
    assert waiting(review) == [str(told[0].event.submission_id)]

    review.lane.do("revise", told[0].event.submission_id, Revise(expected_sequence=1), actor=KETUA)
    assert waiting(review) == []


async def test_a_view_that_fails_holds_up_nothing_shows_itself_and_is_tried_again(review: Desk) -> None:
    told, progress = story(submitted), follower(review).progress
    with patch.object(Worklist, "follow", side_effect=sqlite3.OperationalError("disk I/O error")):
        review.lane.journal.replicate(on_kafka(told[0]))
        assert not progress.healthy
    assert review.lane.journal.submission(told[0].event.submission_id)
    assert waiting(review) == []

    running = asyncio.create_task(follower(review).run())
    await until(lambda: waiting(review) != [])
    running.cancel()
    assert progress.healthy


async def test_nothing_is_written_for_events_that_change_nothing_here(review: Desk) -> None:
    one, two = story(submitted, revised, verified), story(submitted)
    journal, worklist = review.lane.journal, review.lane.worklist
    journal.replicate(on_kafka(one[0], one[1]))
    with worklist.engine.connect() as c:
        before = c.exec_driver_sql("PRAGMA data_version").scalar()
        journal.replicate(on_kafka(one[2], offset=2))
        assert c.exec_driver_sql("PRAGMA data_version").scalar() == before
        journal.replicate(on_kafka(two[0], offset=3))
        assert c.exec_driver_sql("PRAGMA data_version").scalar() != before
    assert len(worklist.page().items) == 2
