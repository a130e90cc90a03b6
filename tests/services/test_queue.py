"""The publishing queue: all that the portal has still to follow, in order, with what went wrong, page by page."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.publisher.attempts import Attempt, Outcome
from services.publisher.web import publishing_of
from tests.events.given import (
    START,
    Step,
    after,
    approved,
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
from tests.services.desk import ADMIN, Desk, desk_of

TO_APPROVED = (submitted, revised, verified, approved)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("publisher", tmp_path) as made:
        yield made


def approved_at(desk: Desk, minute: int) -> uuid.UUID:
    return desk.given(*story(submitted, revised, verified, approved.on(START + timedelta(minutes=minute))))


def tried(desk: Desk, submission_id: uuid.UUID, sequence: int, state: Outcome, *, next_at: datetime = START, attempts: int = 1) -> None:
    attempt = Attempt(submission_id, sequence, state, attempts, "upload", "unavailable", "Portal mati.", next_at)
    publishing_of(desk.lane).attempts.put(attempt)


async def queue(desk: Desk, query: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = (await desk.get(f"queue{query}", ADMIN)).json()
    return answer


async def test_a_line_says_how_far_it_is_and_what_went_wrong(desk: Desk) -> None:
    fresh, failed, stopped = (approved_at(desk, minute) for minute in (60, 61, 62))
    later = datetime.now(UTC) + timedelta(minutes=4)
    tried(desk, failed, 4, "retrying", next_at=later, attempts=3)
    tried(desk, stopped, 4, "refused", next_at=later)

    one, two, three = (await queue(desk))["items"]

    assert [line["submission_id"] for line in (one, two, three)] == [str(fresh), str(failed), str(stopped)]
    assert (one["state"], one["attempts"], one["step"], one["last_error"], one["next_attempt_at"]) == ("waiting", 0, None, None, None)
    assert (one["title"], one["opd"], one["since"], one["running"]) == ("Daftar desa", "dispermades", "2026-11-23T03:00:00Z", False)
    assert (two["state"], two["attempts"], two["step"]) == ("retrying", 3, "upload")
    assert two["last_error"] == {"code": "unavailable", "message": "Portal mati."}
    assert abs(datetime.fromisoformat(two["next_attempt_at"]) - later) < timedelta(seconds=1)
    assert (three["state"], three["next_attempt_at"]) == ("refused", None)


async def test_what_must_come_down_is_first_and_what_is_done_is_gone(desk: Desk) -> None:
    waits = approved_at(desk, 0)
    desk.given(*story(*TO_APPROVED, published))
    down, gone = (desk.given(*story(*TO_APPROVED, published, retracted)) for _ in range(2))
    attempts = publishing_of(desk.lane).attempts
    attempts.look(START, 9, busy=(), finished=[one for one in attempts.for_a_person() if one.submission_id == gone])

    items = (await queue(desk))["items"]

    assert [(line["submission_id"], line["state"]) for line in items] == [(str(down), "not_down"), (str(waits), "waiting")]


async def test_what_was_handed_back_is_counted_no_more(desk: Desk) -> None:
    history = story(*TO_APPROVED)
    submission_id = desk.given(*history)
    tried(desk, submission_id, 4, "retrying")
    assert publishing_of(desk.lane).attempts.count("retrying") == 1
    desk.given(*after(history, recalled))
    assert publishing_of(desk.lane).attempts.count("retrying") == 0


async def test_what_was_withdrawn_before_it_was_approved_has_nothing_to_come_down(desk: Desk) -> None:
    desk.given(*story(submitted, withdrawn))
    desk.given(*story(submitted, revised, rejected(), withdrawn))
    down = desk.given(*story(*TO_APPROVED, retracted))

    assert [line["submission_id"] for line in (await queue(desk))["items"]] == [str(down)]
    assert publishing_of(desk.lane).attempts.not_down() == 1


@pytest.mark.parametrize(
    ("steps", "state"),
    [((submitted, withdrawn), "retracted"), ((*TO_APPROVED, retracted), "down"), ((*TO_APPROVED, published), "published")],
)
async def test_down_is_only_what_had_been_approved(desk: Desk, steps: tuple[Step, ...], state: str) -> None:
    gone = desk.given(*story(*steps))
    attempts = publishing_of(desk.lane).attempts
    attempts.look(START, 9, busy=(), finished=attempts.for_a_person())

    assert (await desk.get(f"submissions/{gone}", ADMIN)).json()["publication"]["state"] == state


async def test_an_attempt_at_an_earlier_approval_is_not_told(desk: Desk) -> None:
    submission_id = approved_at(desk, 0)
    tried(desk, submission_id, 3, "refused")

    (line,) = (await queue(desk))["items"]

    assert (line["state"], line["attempts"], line["last_error"]) == ("waiting", 0, None)


async def test_pages_lose_nothing(desk: Desk) -> None:
    expected = [str(desk.given(*story(*TO_APPROVED, published, retracted))) for _ in range(2)]
    expected = sorted(expected) + [str(approved_at(desk, minute)) for minute in range(5)]
    found, at = [], ""
    while True:
        page = await queue(desk, f"?limit=3{at}")
        found += [line["submission_id"] for line in page["items"]]
        if page["next"] is None:
            break
        at = f"&after={page['next']}"

    assert found == expected


@pytest.mark.parametrize("after", ["x", "0.x", "2.MTox", "0"])
async def test_a_cursor_that_is_none_is_refused(desk: Desk, after: str) -> None:
    answer = await desk.get(f"queue?after={after}", ADMIN)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "after")
