"""What falls due: by the newest published period and the dataset's frequency, soonest first, and gone when it is taken down."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from archive.falling_due import Page, next_due, page
from events.contracts import Actor
from events.recorder import Batch, EventRow, Row
from tests.archive.rooms import Room
from tests.events.given import (
    DATASET,
    after,
    approved,
    on_kafka,
    published,
    retracted,
    revised,
    revision_of,
    story,
    submission_of,
    submitted,
    verified,
)

DINKES = Actor(id="tim@dinkes", name="Tim", role="tim_ppid", opd="dinkes")
KETUA_OF_DINKES = Actor(id="ketua@dinkes", name="Ketua", role="ketua_ppid", opd="dinkes")
TODAY = date(2026, 11, 27)


@pytest.fixture
def room(store: str) -> Iterator[Room]:
    made = Room(store)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("ends", "frequency", "due"),
    [
        ("2026-11-26", "daily", "2026-11-27"),
        ("2026-12-28", "weekly", "2027-01-04"),
        ("2026-01-31", "monthly", "2026-02-28"),
        ("2024-01-31", "monthly", "2024-02-29"),
        ("2026-02-28", "monthly", "2026-03-31"),
        ("2026-01-30", "monthly", "2026-02-28"),
        ("2026-01-15", "monthly", "2026-02-15"),
        ("2026-09-30", "quarterly", "2026-12-31"),
        ("2026-12-31", "quarterly", "2027-03-31"),
        ("2026-06-30", "semiannual", "2026-12-31"),
        ("2025-12-31", "annual", "2026-12-31"),
        ("2024-02-29", "annual", "2025-02-28"),
        ("2025-12-31", "biennial", "2027-12-31"),
        ("2025-12-31", "quinquennial", "2030-12-31"),
        ("2025-12-31", "continuous", None),
        ("2025-12-31", "irregular", None),
        ("2025-12-31", "never", None),
        ("9999-12-31", "daily", None),
    ],
)
def test_the_next_period_ends_one_frequency_later(ends: str, frequency: str, due: str | None) -> None:
    assert next_due(date.fromisoformat(ends), frequency) == (date.fromisoformat(due) if due else None)


def life(*, by: Actor | None = None, edition: int | None = None, **dataset: Any) -> list[Any]:
    first = submission_of(edition=edition, **dataset)
    revision = revision_of(**dataset)
    return story(first.by(by) if by else first, revision.by(KETUA_OF_DINKES) if by else revision, verified, approved, published)


def asked(room: Room, **more: Any) -> Page:
    given = {"today": TODAY, "within_days": None, "opds": None, "after": None, "limit": 50} | more
    return page(room.engine, **given)


def named(found: Page) -> list[object]:
    return [item["dataset_id"] for item in found.items]


def test_published_datasets_soonest_first_with_what_is_late(room: Room) -> None:
    annual = room.came(*life(dataset_id="tahunan"))
    room.came(*life(dataset_id="bulanan", frequency="monthly", period_end="2026-10-31", by=DINKES))
    room.came(*life(dataset_id="lambat", frequency="monthly", period_end="2026-09-30"))
    room.came(*life(dataset_id="sekali", frequency="never"))
    room.came(*story(submission_of(dataset_id="belum-terbit")))

    found = asked(room)

    assert [(i["dataset_id"], i["due_on"], i["overdue"]) for i in found.items] == [
        ("lambat", "2026-10-31", True),
        ("bulanan", "2026-11-30", False),
        ("tahunan", "2026-12-31", False),
    ]
    assert found.items[2] == {
        "dataset_id": "tahunan",
        "submission_id": annual,
        "opd": "dispermades",
        "title": "Daftar desa",
        "frequency": "annual",
        "period_end": "2025-12-31",
        "due_on": "2026-12-31",
        "overdue": False,
        "on_its_way": None,
    }
    assert named(asked(room, within_days=3)) == ["lambat", "bulanan"]
    assert named(asked(room, within_days=0)) == ["lambat"]
    assert named(asked(room, opds=["dinkes"])) == ["bulanan"]
    assert named(asked(room, opds=["dinkes", "dispermades"])) == ["lambat", "bulanan", "tahunan"]


def test_on_its_last_day_it_is_not_late(room: Room) -> None:
    room.came(*life())

    assert [asked(room, today=date(2026, 12, 31) if on_time else date(2027, 1, 1)).items[0]["overdue"] for on_time in (True, False)] == [
        False,
        True,
    ]


def test_a_newer_period_moves_it_on_and_an_older_one_does_not(room: Room) -> None:
    room.came(*life(edition=1))
    newer = life(edition=2, period_start="2026-01-01", period_end="2026-12-31", title="Daftar desa 2026")
    room.came(newer[0])
    (item,) = asked(room).items
    assert (item["due_on"], item["on_its_way"]) == (
        "2026-12-31",
        {"submission_id": newer[0].event.submission_id, "state": "submitted", "period_end": "2026-12-31"},
    )
    room.came(*newer[1:])
    room.came(*life(edition=3, period_start="2020-01-01", period_end="2020-12-31"))

    (item,) = asked(room).items

    assert (item["due_on"], item["title"], item["on_its_way"]) == ("2027-12-31", "Daftar desa 2026", None)


def test_what_was_taken_down_no_longer_falls_due_unless_an_edition_before_it_is_left(room: Room) -> None:
    first = life(edition=1)
    second = life(edition=2, period_start="2026-01-01", period_end="2026-12-31")
    room.came(*first)
    room.came(*second)
    room.came(*after(second, retracted))
    assert [item["due_on"] for item in asked(room).items] == ["2026-12-31"]

    room.came(*after(first, retracted))

    assert asked(room).items == ()


def test_pages_lose_nothing(room: Room) -> None:
    for n in range(7):
        room.came(*life(dataset_id=f"data-{n}", period_end=f"2025-12-{20 + n // 3}"))
    found, at = [], None
    while True:
        some = asked(room, limit=3, after=at)
        found += named(some)
        at = some.next
        if at is None:
            break

    assert found == [f"data-{n}" for n in range(7)]


@pytest.mark.parametrize("after_what", ["x", "%00", "eA=="])
def test_a_cursor_that_is_none_is_refused(room: Room, after_what: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        asked(room, after=after_what)


def test_a_damaged_event_is_passed_over(room: Room) -> None:
    bad = story(submitted)[0].event.submission_id
    room.journal.store.write(Batch([EventRow(Row.COPY, bad, 1, b"{}")]))
    room.came(*life())

    assert named(asked(room)) == ["daftar-desa"]
    assert room.views.progress.counts["unreadable"] == 1


def test_of_a_published_dataset_whose_metadata_are_damaged_those_before_are_taken(room: Room) -> None:
    whole = story(submitted, revised, verified, approved, published)
    room.journal.replicate(on_kafka(*whole[:4]))
    room.offset = 4
    with room.engine.begin() as c:
        c.execute(sa.text("UPDATE stored_events SET state = :raw WHERE originator_version = 2"), {"raw": b'{"type":"DataRevised"}'})
    room.came(*whole[4:])

    assert named(asked(room)) == [DATASET["dataset_id"]]
