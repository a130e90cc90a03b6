"""The SOP's numbers: they agree with the trail of each submission, month by month, and cost what that month costs."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from archive.steps import ROWS, Statistics
from archive.trail import story as trail_of
from events.contracts import Actor, Lane
from tests.archive.rooms import Room
from tests.archive.stories import returned_once
from tests.events.given import (
    START,
    Step,
    approved,
    on_kafka,
    published,
    recalled,
    rejected,
    retracted,
    revised,
    story,
    submitted,
    verified,
    withdrawn,
)

NOVEMBER = "2026-11"
DINKES = Actor(id="tim@dinkes", name="Tim", role="tim_ppid", opd="dinkes")
BY_OPD = {Lane.INTAKE: DINKES, Lane.REVIEW: Actor(id="ketua@dinkes", name="Ketua", role="ketua_ppid", opd="dinkes")}


def an_hour(at: datetime) -> datetime:
    return at + timedelta(minutes=60)


@pytest.fixture
def room(store: str) -> Iterator[Room]:
    made = Room(store)
    yield made
    made.close()


def numbers(room: Room, month: str = NOVEMBER) -> dict[str, Any]:
    told: dict[str, Any] = Statistics(room.engine, lambda opd: f"Nama {opd}").of(month, START)
    return told


@pytest.mark.parametrize("one_by_one", [True, False])
def test_every_step_is_as_the_trail_tells_it(room: Room, *, one_by_one: bool) -> None:
    stories = [
        returned_once(4, 30, 50, 95, 160, 170, 175, 176),
        story(submitted, revised, verified, approved, recalled, revised, rejected(), withdrawn),
        story(submitted, revised, verified, approved, published, retracted),
    ]
    for told in stories:
        for piece in ([r] for r in told) if one_by_one else [told]:
            room.came(*piece)

    with room.engine.connect() as c:
        rows = {(row.submission_id, row.sequence): (row.step, row.took_s, row.on_time) for row in c.execute(sa.select(ROWS))}
    expected: dict[object, object] = {}
    for told in stories:
        trail = trail_of(told, an_hour)
        assert trail
        expected |= {(trail.submission.id, e.recorded.event.sequence): (e.step, e.took_s, e.on_time) for e in trail.events}
    assert rows == expected


def test_a_damaged_step_is_passed_over(room: Room) -> None:
    room.journal.replicate(on_kafka(*story(submitted, revised, verified)))
    with room.engine.begin() as c:
        c.execute(sa.text("UPDATE stored_events SET state = :raw WHERE originator_version = 2"), {"raw": b'{"previous": []}'})

    room.views.follow()

    with room.engine.connect() as c:
        assert sorted(c.execute(sa.select(ROWS.c.sequence)).scalars()) == [1, 3]
    assert room.views.progress.counts == {"taken": 2, "unreadable": 1}


def life(*minutes: float, start: datetime = START, by: str | None = None) -> list[Any]:
    """A whole life; each step after the first takes so many minutes."""
    steps: tuple[Step, ...] = (submitted, revised, verified, approved, published)
    at, timed = start, []
    for step, took in zip(steps, (0, *minutes), strict=True):
        at += timedelta(minutes=took)
        timed.append((step.by(BY_OPD[step.lane]) if by and step.lane in BY_OPD else step).on(at))
    return story(*timed)


def test_medians_and_how_much_was_in_time(room: Room) -> None:
    for took in (10, 20, 61, 400):
        room.came(*life(took, 1, 2, 3))

    steps = {line["step"]: line for line in numbers(room)["steps"]}

    assert steps[2] == {"step": 2, "median_minutes": 40.5, "on_time_percent": 50.0, "count": 4}
    assert steps[3] == {"step": 3, "median_minutes": 1.5, "on_time_percent": 100.0, "count": 8}
    assert (steps[4]["median_minutes"], steps[4]["count"]) == (3.0, 4)


def test_what_was_published_this_month_and_by_whom(room: Room) -> None:
    for _ in range(2):
        room.came(*life(1, 1, 1, 1))
    room.came(*life(1, 1, 1, 1, by="dinkes"))
    room.came(*life(1, 1, 1, 1, start=datetime(2026, 10, 31, 16, 59, 56, tzinfo=UTC) - timedelta(minutes=4)))  # 23:59:56 in Karanganyar
    room.came(*life(1, 1, 1, 1, start=datetime(2026, 10, 31, 17, 0, tzinfo=UTC)))

    november, october = numbers(room), numbers(room, "2026-10")

    assert (november["month"], november["published_this_month"]) == (NOVEMBER, 4)
    assert november["by_opd"] == [
        {"opd": "dispermades", "name": "Nama dispermades", "published": 3},
        {"opd": "dinkes", "name": "Nama dinkes", "published": 1},
    ]
    assert (october["published_this_month"], october["steps"][3]["count"]) == (1, 1)


def test_a_month_without_anything_has_no_numbers(room: Room) -> None:
    none: dict[str, int | None] = {"median_minutes": None, "on_time_percent": None, "count": 0}
    assert numbers(room, "2020-01") == {
        "month": "2020-01",
        "published_this_month": 0,
        "by_opd": [],
        "steps": [none | {"step": step} for step in (1, 2, 3, 4)],
    }


def test_the_same_is_not_counted_again_for_half_a_minute(room: Room) -> None:
    told = Statistics(room.engine, str)
    assert told.of(NOVEMBER, START)["published_this_month"] == 0
    room.came(*life(1, 1, 1, 1))

    assert told.of(NOVEMBER, START + timedelta(seconds=30))["published_this_month"] == 0
    assert told.of(NOVEMBER, START + timedelta(seconds=31))["published_this_month"] == 1


def test_a_months_numbers_read_that_month_only(tmp_path: Any) -> None:
    room, heard = Room(f"sqlite:{tmp_path}/"), list[tuple[str, Any]]()
    room.came(*life(1, 1, 1, 1))
    sa.event.listen(room.engine, "before_cursor_execute", lambda _c, _r, sql, values, *_: heard.append((sql, values)))
    numbers(room)
    asked = list(heard)
    with room.engine.connect() as c:
        plans = [str(row[3]) for sql, values in asked for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
    room.close()

    looked = [plan for plan in plans if ROWS.name in plan]
    assert looked
    assert [plan for plan in looked if "month=?" not in plan or "INDEX" not in plan] == []


def test_two_who_follow_at_once_write_what_one_would(room: Room) -> None:
    stories = [life(n, 1, 2, 3) for n in range(1, 30)]
    for told in stories:
        room.journal.replicate(on_kafka(*told, offset=room.offset))
        room.offset += len(told)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: [room.views.follow() for _ in range(5)], range(2)))

    assert room.views.follow() == 0
    assert {line["step"]: line["count"] for line in numbers(room)["steps"]} == {1: 29, 2: 29, 3: 58, 4: 29}
