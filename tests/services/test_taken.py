"""Who works on a case is shown to the others, ends by itself, and stops nobody from deciding."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from events.contracts import Actor
from events.heads import HEADS
from events.submission import Head
from lane.inbox import open_engine
from lane.taken import Takings
from tests.events.given import ADMIN, KETUA, after, revised, story, submitted
from tests.services.desk import AUDITOR, TIM, Desk

SRI = Actor(id="sri", name="Sri Wahyuni", role="ketua_ppid", opd="dispermades")
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


async def say(desk: Desk, who: Actor, verb: str, submission_id: uuid.UUID) -> httpx.Response:
    return await desk.http.post(f"/review/api/submissions/{submission_id}/{verb}", headers={"Authorization": f"Bearer {desk.token(who)}"})


async def shown(desk: Desk, submission_id: uuid.UUID) -> object:
    """Who has it, as the case and the inbox say alike."""
    case = (await desk.get(f"submissions/{submission_id}", KETUA)).json()["taken_by"]
    lines = (await desk.get("inbox", KETUA)).json()["items"]
    assert [line["taken_by"] for line in lines if line["submission_id"] == str(submission_id)] in ([case], [])
    return case and case["id"]


async def test_a_case_that_somebody_took_shows_who_until_it_is_released(review: Desk) -> None:
    submission_id = review.given(*story(submitted))
    assert await shown(review, submission_id) is None

    answer = await say(review, SRI, "take", submission_id)

    told = answer.json()["taken_by"]
    assert (answer.status_code, told["id"], told["name"]) == (200, "sri", "Sri Wahyuni")
    assert timedelta(minutes=29) < datetime.fromisoformat(told["until"]) - datetime.now(UTC) <= timedelta(minutes=30)
    assert await shown(review, submission_id) == "sri"
    assert (await say(review, SRI, "release", submission_id)).json() == {"taken_by": None}
    assert await shown(review, submission_id) is None
    assert (await say(review, SRI, "release", submission_id)).status_code == 200


async def test_another_one_is_told_who_has_it_and_may_decide_all_the_same(review: Desk) -> None:
    submission_id = review.given(*story(submitted))
    await say(review, SRI, "take", submission_id)

    refused = await say(review, KETUA, "take", submission_id)

    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["code"]) == (409, "taken")
    assert "Sri Wahyuni" in error["message"]
    released = await say(review, KETUA, "release", submission_id)
    assert (released.status_code, released.json()["errors"][0]["code"]) == (403, "taken")
    assert await shown(review, submission_id) == "sri"
    assert (await review.says(KETUA, "revise", submission_id, expected_sequence=1, note="")).status_code == 200


async def test_the_admin_releases_anybodys(review: Desk) -> None:
    submission_id = review.given(*story(submitted))
    await say(review, SRI, "take", submission_id)

    assert (await say(review, ADMIN, "release", submission_id)).status_code == 200
    assert await shown(review, submission_id) is None
    assert (await say(review, ADMIN, "take", submission_id)).status_code == 403


async def test_the_next_event_ends_it(review: Desk) -> None:
    told = story(submitted)
    submission_id = review.given(*told)
    await say(review, SRI, "take", submission_id)

    review.given(*after(told, revised))

    assert await shown(review, submission_id) is None
    late = await say(review, SRI, "take", submission_id)
    assert (late.status_code, late.json()["errors"][0]["code"]) == (409, "not_holder")


async def test_nobody_takes_what_waits_elsewhere_or_is_not_theirs(review: Desk) -> None:
    submission_id = review.given(*story(submitted))
    other = Actor(id="x", name="X", role="ketua_ppid", opd="dinkes")

    assert [(await say(review, who, "take", submission_id)).status_code for who in (AUDITOR, other, TIM)] == [403, 404, 200]
    assert (await say(review, SRI, "take", uuid.uuid4())).status_code == 404


@pytest.fixture(params=["sqlite", "postgres"])
def takings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Takings]:
    new: Callable[[], str] = request.getfixturevalue("postgres") if request.param == "postgres" else lambda: f"sqlite:{tmp_path}/"
    made = Takings(open_engine(new(), "review"), 30)
    with made.engine.begin() as c:
        if request.param == "postgres":
            c.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS jejak_review")
    made.prepare()
    yield made
    made.engine.dispose()


def head_at(sequence: int) -> Head:
    values = {column.name: None for column in HEADS.columns} | {"submission_id": uuid.UUID(int=1), "sequence": sequence}
    return Head(**values)  # type: ignore[arg-type]  # the rest is not looked at


def test_it_ends_by_itself_and_another_takes_it(takings: Takings) -> None:
    head, end = head_at(1), NOW + timedelta(minutes=30)
    assert takings.take(head, SRI, NOW).until == end  # type: ignore[union-attr]
    almost = end - timedelta(milliseconds=1)

    assert takings.take(head, KETUA, almost).id == "sri"  # type: ignore[union-attr]
    assert takings.of([head], end) == {}
    assert takings.take(head, KETUA, end).id == KETUA.id  # type: ignore[union-attr]
    assert takings.take(head, KETUA, end + timedelta(minutes=5)).until == end + timedelta(minutes=35)  # type: ignore[union-attr]


def test_what_was_taken_before_the_last_event_is_free(takings: Takings) -> None:
    takings.take(head_at(1), SRI, NOW)

    assert takings.of([head_at(2)], NOW) == {}
    assert takings.take(head_at(2), KETUA, NOW).id == KETUA.id  # type: ignore[union-attr]
    assert takings.take(head_at(1), SRI, NOW) is None  # a look from before that event


def test_of_many_who_take_it_at_once_one_has_it(takings: Takings) -> None:
    people = [SRI.model_copy(update={"id": f"p{n}", "name": f"P {n}"}) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = {taken.id for taken in pool.map(lambda who: takings.take(head_at(1), who, NOW), people) if taken}

    assert len(found) == 1


def test_releasing_takes_away_the_own_one_only_unless_it_is_anybodys(takings: Takings) -> None:
    head = head_at(1)
    takings.take(head, SRI, NOW)
    takings.release(head.submission_id, KETUA.id)
    assert takings.of([head], NOW)[head.submission_id].id == "sri"
    takings.release(head.submission_id, None)
    assert takings.of([head], NOW) == {}
