"""One writer a dataset: what a publisher on PostgreSQL does when its turn at the portal ends while it writes, and another goes on."""

import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from events.contracts import Published
from lane.inbox import open_engine
from services.publisher.publishing import Publishing
from services.publisher.turns import FILES, Turns
from services.publisher.upkeep import Upkeep
from services.publisher.web import publishing_of
from tests.bus.cluster import until
from tests.services.desk import ADMIN, Desk, one_of_several
from tests.services.portal_that_fails import FailingPortal
from tests.services.publishing_desk import (
    REASON,
    approve,
    is_down,
    is_published,
    listed,
    portal_of,
    publishing,
    publishing_desk,
    retrying,
    state_of,
)

POOLS: list[sa.Pool] = []


@pytest.fixture
def database(postgres: Callable[[], str]) -> str:
    return postgres()


@pytest.fixture
async def desk(tmp_path: Path, database: str) -> AsyncIterator[Desk]:
    async with publishing_desk(tmp_path, store=database) as made:
        POOLS.append(made.lane.inbox.engine.pool)
        yield made
    while POOLS:  # what a thread gave back after the end
        POOLS.pop().dispose()


@pytest.fixture
def two(desk: Desk, database: str) -> Iterator[tuple[Turns, Turns]]:
    """The turns of two processes."""
    engines = [open_engine(database, "publisher") for _ in range(2)]
    yield Turns(engines[0]), Turns(engines[1])
    for engine in engines:
        engine.dispose()


def test_datasets_that_share_a_file_wait_only_for_another_process(tmp_path: Path) -> None:
    engines = [open_engine(f"sqlite:{tmp_path}/", "publisher") for _ in range(2)]
    here, there = map(Turns, engines)
    one, another = (
        "data-9",
        next(f"data-{n}" for n in range(10, 100_000) if zlib.crc32(b"data-%d" % n) % FILES == zlib.crc32(b"data-9") % FILES),
    )
    with here.turn(one) as first:
        with here.turn(another) as second, there.turn(one) as taken, here.turn(one) as again:
            assert (bool(first), bool(second), taken, again) == (True, True, None, None)
        with there.turn(another) as taken:  # its file is still ours
            assert taken is None
    with there.turn(another) as free, here.turn(one) as theirs:
        assert (bool(free), theirs) == (True, None)
    for engine in engines:
        engine.dispose()


@asynccontextmanager
async def another_process(tmp_path: Path, database: str) -> AsyncIterator[Publishing]:
    async with one_of_several("publisher", tmp_path, store=database) as made, publishing(made, tmp_path):
        POOLS.append(made.lane.inbox.engine.pool)
        yield publishing_of(made.lane)


def fail_over(database: str) -> None:
    """As when PostgreSQL starts anew: whoever has a turn has it no longer, and is not told."""
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


class Held:
    """Stops the portal's first writer within its first step; `in_one_step`: a portal that is not told of any other, as a long request.

    `over`: it has ended, well or not; `steps`: those that it took after that.
    """

    def __init__(self, portal: FailingPortal, *, in_one_step: bool) -> None:
        self.begun, self.go_on, self.over = threading.Event(), threading.Event(), threading.Event()
        self.whole, self.in_one_step = portal.apply, in_one_step
        self.steps: list[str] = []
        portal.apply = self.apply  # type: ignore[method-assign]

    def apply(self, *asked: Any, step: Callable[[str], None], **more: Any) -> Published | None:
        if self.begun.is_set():
            return self.whole(*asked, step=step, **more)

        def taken(name: str) -> None:
            if not self.in_one_step:
                step(name)
            self.steps.append(name)

        step("look")
        self.begun.set()
        assert self.go_on.wait(30)
        try:
            return self.whole(*asked, step=taken, **more)
        finally:
            self.over.set()


async def test_what_was_taken_down_while_a_writer_without_its_turn_was_showing_it_comes_down_again(
    desk: Desk, tmp_path: Path, database: str
) -> None:
    held, on_portal = Held(portal_of(desk), in_one_step=True), tmp_path / "portal/dataset/daftar-desa"
    submission_id = approve(desk)
    await until(held.begun.is_set)
    assert (await desk.says(ADMIN, "retract", submission_id, expected_sequence=4, reason=REASON)).status_code == 200
    async with another_process(tmp_path, database) as other:
        fail_over(database)
        await until(lambda: not other.attempts.not_down())
        assert not on_portal.exists()

        held.go_on.set()
        await until(held.over.is_set)
        await until(lambda: not publishing_of(desk.lane).working_at)
        await until(lambda: not on_portal.exists(), what="the dataset to come down again")
        await until(lambda: not other.attempts.not_down())
    assert (await state_of(desk, submission_id))["state"] == "down"
    assert not publishing_of(desk.lane).failures


async def test_who_comes_too_late_to_say_that_it_published_looks_at_the_portal_once_more(tmp_path: Path) -> None:
    """Whatever let another in: its turn says that nobody was."""
    async with publishing_desk(tmp_path) as desk:
        held, attempts = Held(portal_of(desk), in_one_step=True), publishing_of(desk.lane).attempts
        submission_id = approve(desk)
        await until(held.begun.is_set)
        await desk.says(ADMIN, "retract", submission_id, expected_sequence=4, reason=REASON)
        down = attempts.of(submission_id)
        assert down
        attempts.look(datetime.now(UTC), 1, busy=(), finished=[down])  # the other one took it down

        held.go_on.set()
        await until(held.over.is_set)
        await until(lambda: not publishing_of(desk.lane).working_at)
        await until(lambda: is_down(tmp_path))
        await until(lambda: not attempts.not_down())
        assert (await state_of(desk, submission_id))["state"] == "down"


async def test_what_is_published_and_looked_at_once_more_is_not_told_as_taken_down(tmp_path: Path) -> None:
    async with publishing_desk(tmp_path) as desk:
        submission_id, attempts = approve(desk), publishing_of(desk.lane).attempts
        await until(lambda: is_published(desk, submission_id))
        portal_of(desk).down = True
        attempts.following.look_again(submission_id, "daftar-desa")
        await until(lambda: retrying(desk))
        assert (await state_of(desk, submission_id))["state"] == "retrying"

        portal_of(desk).down = False
        await desk.post(f"submissions/{submission_id}/retry", ADMIN, {})
        await until(lambda: not attempts.not_down())
        assert (await state_of(desk, submission_id))["state"] == "published"
        assert listed(tmp_path)


async def test_who_has_lost_its_turn_takes_no_further_step(desk: Desk, tmp_path: Path, database: str) -> None:
    held = Held(portal_of(desk), in_one_step=False)
    submission_id = approve(desk)
    await until(held.begun.is_set)
    async with another_process(tmp_path, database) as other:
        fail_over(database)
        await until(lambda: is_published(desk, submission_id))
        shown = listed(tmp_path)

        held.go_on.set()
        await until(held.over.is_set)
        await until(lambda: not publishing_of(desk.lane).working_at)
        await until(lambda: not other.attempts.not_down())
    assert held.steps == []
    assert shown
    assert listed(tmp_path) == shown
    assert not publishing_of(desk.lane).failures
    assert desk.written(submission_id).count("DataPublished") == 1


def test_a_turn_that_ended_is_known_to_have_ended_and_what_came_of_it_stands(two: tuple[Turns, Turns], database: str) -> None:
    one, other = two

    def came_of_it() -> list[bool]:
        with one.turn("daftar") as still_mine:
            assert still_mine
            said = [still_mine()]
            fail_over(database)
            said += [still_mine(), still_mine()]
            with other.turn("daftar") as theirs:
                assert theirs
                return [*said, theirs()]

    assert came_of_it() == [True, False, False, True]
    with other.turn("daftar") as still_mine:
        assert still_mine
        assert still_mine()


async def test_a_repair_that_has_lost_its_turn_says_so(desk: Desk, tmp_path: Path, database: str) -> None:
    submission_id = approve(desk)
    await until(lambda: is_published(desk, submission_id))
    await until(lambda: not publishing_of(desk.lane).working_at)
    running = publishing_of(desk.lane)
    upkeep = Upkeep(FailingPortal(tmp_path / "portal"), running.standings, running.turns, desk.shared.files)
    (tmp_path / "portal/dataset/daftar-desa/latest/index.html").write_text("palsu")
    whole = upkeep.portal.apply

    def lost(*asked: Any, **more: Any) -> Published | None:
        fail_over(database)
        return whole(*asked, **more)

    upkeep.portal.apply = lost  # type: ignore[method-assign]
    assert [(repair.difference.what, repair.why and "giliran" in repair.why) for repair in upkeep.repair("daftar-desa")] == [("page", True)]
