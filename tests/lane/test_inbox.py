"""The inbox: what waits where, in pages, the same on SQLite and PostgreSQL, and never behind its journal."""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from events.contracts import Actor, Lane
from events.heads import HEADS
from events.journal import Journal
from events.stores import open_store
from events.submission import Head, Recorded, State
from lane.asked import Asked, Overdue
from lane.inbox import Inbox, OnItsWay, Standing, open_engine
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
    submission_of,
    submitted,
    verified,
    withdrawn,
)

LANES = itertools.count(1)
KETUA_OF_DINKES = Actor(id="ketua@dinkes", name="Ketua", role="ketua_ppid", opd="dinkes")
DINKES = Actor(id="tim@dinkes", name="Tim", role="tim_ppid", opd="dinkes")


class Room:
    """A journal and the inbox over it; `came` are records of the log in one batch."""

    def __init__(self, address: str, lane: str) -> None:
        self.address, self.lane, self.offset = address, lane, 0
        self.journal = Journal(open_store(address, lane), lane)
        self.inbox = Inbox(lane, open_engine(address, lane))
        self.inbox.prepare()

    def came(self, *told: Recorded) -> None:
        self.journal.replicate(on_kafka(*told, offset=self.offset))
        self.offset += len(told)

    def items(self, holder: Lane | None = None, opd: str | None = None) -> tuple[Head, ...]:
        return self.inbox.page(Asked(holder=holder, opds=[opd] if opd else None)).items

    def close(self) -> None:
        self.inbox.engine.dispose()
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
        (told[0].event.submission_id, state) for told, state in zip(stories, ["verified", "revised", "submitted"], strict=True)
    }
    room.came(*after(stories[1], verified), *after(stories[2], revised))
    assert sorted(item.state.value for item in room.items()) == ["revised", "verified", "verified"]


def test_pages_are_by_arrival_and_lose_nothing_while_work_goes_on(room: Room) -> None:
    stories = [story(submitted.on(START + timedelta(minutes=n // 3))) for n in range(10)]
    room.came(*(told[0] for told in stories))
    first = room.inbox.page(Asked(holder=Lane.REVIEW), limit=4)
    room.came(*after(next(told for told in stories if told[0].event.submission_id == first.items[0].submission_id), revised))

    second = room.inbox.page(Asked(holder=Lane.REVIEW), after=first.next, limit=4)
    third = room.inbox.page(Asked(holder=Lane.REVIEW), after=second.next, limit=4)

    items = [*first.items, *second.items, *third.items]
    assert len({item.submission_id for item in items}) == 10
    assert [item.arrived_at for item in items] == sorted(item.arrived_at for item in items)
    assert third.next is None


def test_pages_by_agency_and_state(room: Room) -> None:
    room.came(*story(submitted), *story(submitted.by(DINKES)), *story(submitted, revised))

    assert [item.opd for item in room.items(opd="dinkes")] == ["dinkes"]
    assert len(room.items(holder=Lane.REVIEW, opd="dispermades")) == 1
    assert len(room.inbox.page(Asked(state=State.REVISED)).items) == 1


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_every_lane_sees_what_waits_on_it_as_the_archive_does(store: str, tmp_path: Path, postgres: Callable[[], str]) -> None:
    address = f"sqlite:{tmp_path}/" if store == "sqlite" else postgres()
    steps = (submitted, revised, rejected(), revision_of(title="Judul baru"), verified, approved, published, retracted)
    stories = [story(*steps[:n]) for n in range(1, len(steps) + 1)] + [story(*steps[:2], verified, approved)]
    whole, *lanes = rooms = [Room(address, name) for name in ("archive", *Lane)]
    for n in range(len(steps)):  # step by step, as lanes see it
        for room in rooms:
            room.came(*(told[n] for told in stories if n < len(told)))
        for room in lanes:
            assert room.items(holder=Lane(room.lane)) == whole.items(holder=Lane(room.lane))
            here, there = (one.inbox.counts(Overdue(START, START)).get(room.lane) for one in (room, whole))
            assert here == there
    assert {item.state for item in whole.items()} == set(State)
    for room in rooms:
        room.close()


@pytest.mark.parametrize("lane", ["intake", "review", "decision", "publisher", "archive"])
def test_no_question_that_a_lane_asks_reads_the_whole_table(lane: str, tmp_path: Path) -> None:
    room, asked = Room(f"sqlite:{tmp_path}/", lane), list[tuple[str, Any]]()

    def heard(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    sa.event.listen(room.inbox.engine, "before_cursor_execute", heard)
    room.inbox.counts(Overdue(START, START))
    if lane != "archive":
        room.items(holder=Lane(lane))
        room.inbox.page(Asked(holder=Lane(lane), waiting=True), newest_first=True)
        room.inbox.count(Asked(holder=Lane(lane), waiting=True), Overdue(START, START))
    if lane in ("review", "intake"):
        room.items(holder=Lane.REVIEW, opd="dinkes")
        room.inbox.page(Asked(waiting=True, opds=["dinkes"]))
    if lane in ("intake", "review", "decision"):
        room.inbox.standings(["daftar-desa"])
        room.inbox.was_published("daftar-desa")
    sa.event.remove(room.inbox.engine, "before_cursor_execute", heard)
    with room.inbox.engine.connect() as c:
        plans = [str(row[3]) for sql, values in asked for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
    room.close()

    assert [plan for plan in plans if HEADS.name in plan and "INDEX" not in plan] == []
    assert [plan for plan in plans if "TEMP B-TREE" in plan] == []


def test_counts_of_what_waits_and_is_late(room: Room) -> None:
    early, late = START, START + timedelta(hours=1)
    room.came(*story(submitted.on(early)), *story(submitted.on(late)), *story(submitted, revised.on(late)))
    room.came(*story(submitted, revised, verified, approved, published))

    counts = room.inbox.counts(Overdue(START, START + timedelta(minutes=30)))

    assert counts == {"review": (2, 1), "decision": (1, 0)}


def test_a_name_belongs_to_the_agency_that_first_submitted_under_it(room: Room) -> None:
    theirs = story(submitted.by(DINKES).on(START), revised.by(KETUA_OF_DINKES), rejected(), withdrawn.by(KETUA_OF_DINKES))
    ours = story(submission_of(edition=4).on(START + timedelta(hours=1)), revised)
    room.came(*ours, *theirs)

    mine, manifest = (
        str(ours[0].event.submission_id),
        room.journal.heads([ours[0].event.submission_id])[ours[0].event.submission_id].manifest,
    )
    assert room.inbox.standings(["daftar-desa", "lain"]) == {
        "daftar-desa": Standing(
            "dinkes", 4, (OnItsWay(mine, ("2025-01-01", "2025-12-31"), "dispermades", State.REVISED),), (mine, manifest)
        )
    }
    assert room.inbox.standings([]) == {}


def test_a_name_that_was_taken_by_renaming_belongs_to_who_submitted_under_it_meanwhile_until_something_is_approved(room: Room) -> None:
    theirs = story(
        submission_of(dataset_id="salah-ketik").by(DINKES).on(START), revision_of(dataset_id="daftar-desa").by(KETUA_OF_DINKES), verified
    )
    room.came(*theirs)
    assert room.inbox.standings(["daftar-desa"])["daftar-desa"].owner == "dinkes"

    room.came(*story(submitted.on(START + timedelta(hours=1))))
    assert room.inbox.standings(["daftar-desa"])["daftar-desa"].owner == "dispermades"

    room.came(*after(theirs, approved))
    assert room.inbox.standings(["daftar-desa"])["daftar-desa"].owner == "dinkes"


def test_submissions_of_the_time_before_editions_were_numbered_count(room: Room) -> None:
    room.came(*story(submitted), *story(submitted), *story(submitted, revised, verified, approved, published))

    assert room.inbox.standings(["daftar-desa"])["daftar-desa"].editions == 3
    assert room.inbox.was_published("daftar-desa")
    assert not room.inbox.was_published("lain")


def test_who_hands_in_sees_the_own_agency_s_submissions_wherever_they_wait(room: Room) -> None:
    mine = [story(*steps) for steps in ((submitted,), (submitted, revised), (submitted, revised, verified, approved))]
    done = story(submitted, revised, verified, approved, published)
    room.came(*(r for told in [*mine, done, story(submitted.by(DINKES))] for r in told))

    items = room.inbox.page(Asked(waiting=True, opds=["dispermades"])).items

    assert {item.submission_id for item in items} == {told[0].event.submission_id for told in mine}
    assert {item.holder for item in items} == {Lane.REVIEW, Lane.DECISION, Lane.PUBLISHER}


def test_what_came_is_seen_at_once_by_whoever_looks(room: Room) -> None:
    """One transaction holds the event and its head, so there is no moment in which one is there without the other."""
    told = story(submitted, revised)
    for recorded in told:
        room.came(recorded)
        (item,) = room.items()
        assert item == room.journal.head(recorded.event.submission_id)
        assert item.hash == recorded.hash


def test_the_edition_before_goes_by_number_and_the_unnumbered_come_first_as_they_came(room: Room) -> None:
    early = START - timedelta(days=9)
    old, newer = (story(submitted.on(early + timedelta(days=day))) for day in (0, 1))
    first = story(submission_of(edition=1).on(early - timedelta(days=9)), revised, verified, approved, published, retracted)
    gone = story(submission_of(edition=2), withdrawn)
    third, fourth = story(submission_of(edition=3).on(START)), story(submission_of(edition=4).on(early))
    other = story(submission_of(edition=1, dataset_id="daftar-lain"))
    for told in (fourth, newer, third, other, gone, first, old):
        room.came(*told)

    heads = {item.submission_id: item for item in room.items()}

    def before(told: list[Recorded]) -> object:
        return room.inbox.before(heads[told[0].event.submission_id])

    ids = [told[0].event.submission_id for told in (old, newer, first, third)]
    assert [before(told) for told in (old, newer, first, gone, third, fourth, other)] == [None, *ids[:3], ids[2], ids[3], None]
