"""The worklist: what waits where, in pages, the same on SQLite and PostgreSQL; thrown away and built anew from the journal."""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from events.contracts import Actor, Lane
from events.journal import Journal, Recorded
from events.stores import open_store
from events.submission import State
from lane.worklist import WORK, Item, Worklist, open_engine
from tests.events.given import (
    START,
    after,
    approved,
    on_kafka,
    published,
    rejected,
    retracted,
    revised,
    revision_of,
    story,
    submitted,
    verified,
)

LANES = itertools.count(1)
DINKES = Actor(id="tim@dinkes", name="Tim", role="tim_ppid", opd="dinkes")


class Room:
    """A journal and the worklist over it; `came` are records of the log in one batch."""

    def __init__(self, address: str, lane: str) -> None:
        self.address, self.lane, self.offset = address, lane, 0
        self.journal = Journal(open_store(address, lane), lane)
        self.worklist = self.opened()

    def opened(self) -> Worklist:
        worklist = Worklist(self.journal, open_engine(self.address, self.lane))
        worklist.prepare()
        return worklist

    def came(self, *told: Recorded) -> None:
        self.journal.replicate(on_kafka(*told, offset=self.offset))
        self.offset += len(told)
        self.worklist.follow()

    def items(self, holder: Lane | None = None, opd: str | None = None) -> tuple[Item, ...]:
        return self.worklist.page(holder=holder, opd=opd).items

    def close(self) -> None:
        self.worklist.engine.dispose()
        self.journal.store.close()


@pytest.fixture(scope="module")
def database(postgres: Callable[[], str]) -> str:
    return postgres()


@pytest.fixture(params=["sqlite", "postgres"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    address = f"sqlite:{tmp_path}/" if request.param == "sqlite" else request.getfixturevalue("database")
    made = Room(address, f"desk{next(LANES)}")
    yield made
    made.close()


def test_a_submission_stands_where_its_last_event_put_it(room: Room) -> None:
    told = story(submitted, revision_of(title="Judul baru"), rejected(), revised, verified, approved, published)
    seen = []
    for recorded in told:
        room.came(recorded)
        (item,) = room.items()
        seen.append((item.title, item.state.value, item.holder, item.sequence, item.arrived_at))

    assert [state for _, state, _, _, _ in seen] == ["submitted", "revised", "rejected", "revised", "verified", "approved", "published"]
    assert [holder for _, _, holder, _, _ in seen] == ["review", "decision", "review", "decision", "decision", "publisher", None]
    assert [title for title, *_ in seen] == ["Daftar desa", "Judul baru", "Judul baru", *["Daftar desa"] * 4]
    assert [(sequence, at) for *_, sequence, at in seen] == [(r.event.sequence, r.event.occurred_at) for r in told]


def test_a_batch_ends_where_one_by_one_would(room: Room) -> None:
    stories = [story(submitted, revised, verified), story(submitted, revised), story(submitted)]
    room.came(*(recorded for told in stories for recorded in told))

    assert {(item.submission_id, item.state.value) for item in room.items()} == {
        (str(told[0].event.submission_id), state) for told, state in zip(stories, ["verified", "revised", "submitted"], strict=True)
    }
    room.came(*after(stories[1], verified), *after(stories[2], revised))
    assert sorted(item.state.value for item in room.items()) == ["revised", "verified", "verified"]


def test_pages_are_by_arrival_and_lose_nothing_while_work_goes_on(room: Room) -> None:
    stories = [story(submitted.on(START + timedelta(minutes=n // 3))) for n in range(10)]
    room.came(*(told[0] for told in stories))
    first = room.worklist.page(holder=Lane.REVIEW, limit=4)
    room.came(*after(next(told for told in stories if str(told[0].event.submission_id) == first.items[0].submission_id), revised))

    second = room.worklist.page(holder=Lane.REVIEW, after=first.next, limit=4)
    third = room.worklist.page(holder=Lane.REVIEW, after=second.next, limit=4)

    items = [*first.items, *second.items, *third.items]
    assert len({item.submission_id for item in items}) == 10
    assert [item.arrived_at for item in items] == sorted(item.arrived_at for item in items)
    assert third.next is None


def test_pages_by_agency_and_state(room: Room) -> None:
    room.came(*story(submitted), *story(submitted.by(DINKES)), *story(submitted, revised))

    assert [item.opd for item in room.items(opd="dinkes")] == ["dinkes"]
    assert len(room.items(holder=Lane.REVIEW, opd="dispermades")) == 1
    assert len(room.worklist.page(state=State.REVISED).items) == 1


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_lane_that_keeps_only_what_it_asks_for_shows_what_the_whole_view_shows(
    store: str, tmp_path: Path, postgres: Callable[[], str]
) -> None:
    address = f"sqlite:{tmp_path}/" if store == "sqlite" else postgres()
    steps = (submitted, revised, rejected(), revision_of(title="Judul baru"), verified, approved, published, retracted)
    stories = [story(*steps[:n]) for n in range(1, len(steps) + 1)] + [story(*steps[:2], verified, approved)]
    whole, *lanes = rooms = [Room(address, name) for name in ("archive", *Lane)]
    for n in range(len(steps)):  # step by step, as lanes see it
        for room in rooms:
            room.came(*(told[n] for told in stories if n < len(told)))
        for room in lanes:
            assert room.items(holder=Lane(room.lane)) == whole.items(holder=Lane(room.lane))
            assert room.worklist.counts(overdue_before=START).get(room.lane) == whole.worklist.counts(overdue_before=START).get(room.lane)
    assert {item.state for item in whole.items()} == set(State)
    for room in rooms:
        room.close()


@pytest.mark.parametrize("lane", ["intake", "review", "decision", "publisher", "archive"])
def test_no_question_that_a_lane_asks_reads_the_whole_table(lane: str, tmp_path: Path) -> None:
    room, asked = Room(f"sqlite:{tmp_path}/", lane), list[tuple[str, Any]]()

    def heard(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    sa.event.listen(room.worklist.engine, "before_cursor_execute", heard)
    room.worklist.counts(overdue_before=START)
    if lane != "archive":
        room.items(holder=Lane(lane))
    else:
        room.items()
    if lane == "review":
        room.items(holder=Lane.REVIEW, opd="dinkes")
    if lane == "decision":
        room.worklist.other_opds_with([("daftar-desa", "dinkes")])
    sa.event.remove(room.worklist.engine, "before_cursor_execute", heard)
    with room.worklist.engine.connect() as c:
        plans = [str(row[3]) for sql, values in asked for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
    room.close()

    assert [plan for plan in plans if WORK.name in plan and "INDEX" not in plan] == []
    assert [plan for plan in plans if "TEMP B-TREE" in plan] == []


def test_counts_of_what_waits_and_is_late(room: Room) -> None:
    early, late = START, START + timedelta(hours=1)
    room.came(*story(submitted.on(early)), *story(submitted.on(late)), *story(submitted, revised.on(late)))
    room.came(*story(submitted, revised, verified, approved, published))

    counts = room.worklist.counts(overdue_before=START + timedelta(minutes=30))

    assert counts == {"review": (2, 1), "decision": (1, 0)}


def test_another_agency_s_published_name_is_known(room: Room) -> None:
    room.came(*story(submitted.by(DINKES), revised, verified, approved), *story(submitted, revised))

    asked = [("daftar-desa", "dispermades"), ("daftar-desa", "dinkes"), ("lain", "dispermades"), ("daftar-desa", "dispermades")]
    assert room.worklist.other_opds_with(asked) == {("daftar-desa", "dispermades"): "dinkes"}
    assert room.worklist.other_opds_with([]) == {}


def test_it_is_kept_over_a_restart_and_followed_on(room: Room) -> None:
    told = story(submitted, revised)
    room.came(told[0])
    room.worklist.engine.dispose()
    room.worklist = room.opened()

    room.came(told[1])

    assert [item.state.value for item in room.items()] == ["revised"]
    assert room.worklist.follow() == 0


def test_it_is_built_anew_from_another_journal(room: Room, tmp_path: Path) -> None:
    room.came(*story(submitted), *story(submitted))
    other = Journal(open_store(f"sqlite:{tmp_path / 'other'}/", "x"), "x")
    told = story(submitted, revised)
    other.replicate(on_kafka(*told))

    worklist = Worklist(other, room.worklist.engine)
    worklist.prepare()
    assert worklist.page().items == ()
    worklist.follow()

    assert [item.submission_id for item in worklist.page().items] == [str(told[0].event.submission_id)]
    other.store.close()


def test_it_is_built_anew_when_the_journal_came_from_an_older_backup(room: Room) -> None:
    told = story(submitted)
    room.came(*told)
    with room.worklist.engine.begin() as c:
        c.execute(sa.text("UPDATE worklist_v2_built_from SET entry_id = 1000"))
        c.execute(sa.update(WORK).values(title="from the time after the backup"))

    room.worklist.prepare()
    room.worklist.follow()

    assert [item.title for item in room.items()] == ["Daftar desa"]


def test_whoever_waits_for_work_is_told_of_changes_only(room: Room) -> None:
    told_of = list[int]()
    room.worklist.on_change.append(lambda: told_of.append(1))

    room.worklist.follow()
    assert told_of == []
    room.came(*story(submitted))
    assert told_of == [1]
