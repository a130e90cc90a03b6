"""What a page may offer: `may` says exactly the verbs that the lane lets this caller say now; `previous` what to compare with."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.contracts import Actor
from services.publisher.attempts import Attempt
from services.publisher.web import publishing_of
from tests.events.given import (
    Step,
    approved,
    in_the_role_of,
    published,
    rejected,
    retracted,
    revised,
    story,
    submission_of,
    submitted,
    verified,
    withdrawn,
)
from tests.services.desk import ADMIN, ATASAN, AUDITOR, KETUA, TIM, Desk, desk_of

KETUA_AS_ATASAN = in_the_role_of(ATASAN, KETUA)
LIFE = (submitted, revised, verified, approved, published, retracted)


async def shown(desk: Desk, who: Actor, submission_id: uuid.UUID) -> dict[str, object]:
    found: dict[str, object] = (await desk.get(f"submissions/{submission_id}", who)).json()
    return found


@pytest.mark.parametrize(
    ("lane", "steps", "who", "verbs"),
    [
        ("review", LIFE[:1], KETUA, ["revise", "withdraw"]),
        ("review", LIFE[:1], TIM, ["withdraw"]),
        ("review", LIFE[:1], AUDITOR, []),
        ("review", (*LIFE[:2], rejected()), KETUA, ["revise", "withdraw"]),
        ("review", LIFE[:2], KETUA, []),
        ("decision", LIFE[:1], ATASAN, []),
        ("decision", LIFE[:2], ATASAN, ["reject", "verify"]),
        ("decision", LIFE[:2], KETUA_AS_ATASAN, ["reject"]),
        ("decision", LIFE[:3], ATASAN, ["approve", "reject"]),
        ("decision", LIFE[:4], ATASAN, []),
        ("publisher", LIFE[:4], ADMIN, ["reject", "retract"]),
        ("publisher", LIFE[:4], ATASAN, ["reject"]),
        ("publisher", LIFE[:5], ADMIN, ["retract"]),
        ("publisher", LIFE[:5], ATASAN, []),
        ("publisher", LIFE[:6], ADMIN, []),
        ("intake", LIFE[:1], TIM, []),
        ("archive", LIFE[:2], ATASAN, []),
    ],
)
async def test_may_follows_state_role_and_person(tmp_path: Path, lane: str, steps: Sequence[Step], who: Actor, verbs: list[str]) -> None:
    async with desk_of(lane, tmp_path) as desk:
        assert (await shown(desk, who, desk.given(*story(*steps))))["may"] == verbs


@pytest.mark.parametrize(("state", "verbs"), [("refused", ["retry"]), ("retrying", ["retry"]), ("done", [])])
async def test_trying_again_is_offered_when_it_was_tried_in_vain(tmp_path: Path, state: str, verbs: list[str]) -> None:
    async with desk_of("publisher", tmp_path) as desk:
        submission_id = desk.given(*story(*LIFE))
        attempt = Attempt(submission_id, 6, state, 1, "look", "unavailable", "Portal mati.", datetime.now(UTC))  # type: ignore[arg-type]
        publishing_of(desk.lane).attempts.put(attempt)

        assert (await shown(desk, ADMIN, submission_id))["may"] == verbs


async def test_nothing_may_be_done_where_the_log_was_not_read_to_its_end(tmp_path: Path) -> None:
    async with desk_of("review", tmp_path, caught_up=False) as desk:
        desk.shared.directory.progress.ready = True
        submission_id = desk.given(*story(submitted))
        assert (await shown(desk, KETUA, submission_id))["may"] == []

        desk.caught_up()
        assert (await shown(desk, KETUA, submission_id))["may"] == ["revise", "withdraw"]


@pytest.mark.parametrize("lane", ["review", "archive"])
async def test_a_new_version_names_the_edition_before_it(tmp_path: Path, lane: str) -> None:
    async with desk_of(lane, tmp_path) as desk:
        first = desk.given(*story(submission_of(edition=1), *LIFE[1:5]))
        desk.given(*story(submission_of(edition=2), withdrawn))  # nobody saw it
        third = desk.given(*story(submission_of(edition=3)))

        assert (await shown(desk, KETUA, third))["previous"] == str(first)
        assert (await shown(desk, KETUA, first))["previous"] is None


@pytest.mark.parametrize(("lane", "who"), [("decision", ATASAN), ("archive", KETUA)])
async def test_who_decides_on_an_older_submission_is_told_that_a_newer_one_came(tmp_path: Path, lane: str, who: Actor) -> None:
    async with desk_of(lane, tmp_path) as desk:
        first = desk.given(*story(submission_of(edition=1), revised))
        assert (await shown(desk, who, first))["newer"] is None
        second = desk.given(*story(submission_of(edition=2), *LIFE[1:5]))
        desk.given(*story(submission_of(edition=3), withdrawn))

        assert (await shown(desk, who, first))["newer"] == str(second)
        assert (await shown(desk, who, second))["newer"] is None
