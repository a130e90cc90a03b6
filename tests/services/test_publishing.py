"""Step 4 by itself: what was approved is shown, read back and written down; failures wait their turn and hold up nobody."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.contracts import EVENT, DataPublished, DataRetracted
from services.publisher.web import publishing_of
from tests.bus.cluster import running, until
from tests.events.given import FILE, approved, published, revised, revision_of, story, submitted, verified
from tests.lane.shelves import keep, sha
from tests.services.desk import ADMIN, ATASAN, AUDITOR, CONTENT, Desk, desk_of
from tests.services.portal_that_fails import FailingPortal

REASON = {"code": "personal_data", "field": "files.0", "note": "Ada NIK di kolom keterangan."}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("publisher", tmp_path) as made:
        publishing = publishing_of(made.lane)
        publishing.portal.close()
        publishing.portal = FailingPortal(tmp_path / "portal")
        keep(made.shared.files, CONTENT)
        async with running(publishing.run):
            yield made


@pytest.fixture
def portal(desk: Desk) -> FailingPortal:
    found = publishing_of(desk.lane).portal
    assert isinstance(found, FailingPortal)
    return found


def approve(desk: Desk, **changes: Any) -> uuid.UUID:
    """An approved submission with a file that is there."""
    files = [FILE | {"sha256": sha(CONTENT), "bytes": len(CONTENT)}]
    begun = story(submitted, revision_of(files=files, **changes), verified, approved.on(datetime.now(UTC)))
    return desk.given(*begun)


def is_published(desk: Desk, submission_id: uuid.UUID) -> bool:
    return desk.written(submission_id)[-1] == "DataPublished"


async def state_of(desk: Desk, submission_id: uuid.UUID) -> dict[str, Any]:
    publication: dict[str, Any] = (await desk.get(f"submissions/{submission_id}", ADMIN)).json()["publication"]
    return publication


async def test_what_was_approved_is_published_with_the_hashes_read_back(desk: Desk, portal: FailingPortal) -> None:
    submission_id = approve(desk)
    await until(lambda: is_published(desk, submission_id))

    event = desk.lane.journal.history(submission_id)[-1].event
    assert isinstance(event, DataPublished)
    assert (event.actor.id, event.actor.role) == ("jejak-publisher", "admin_opendata")
    assert event.data.manifest == desk.lane.find(submission_id).manifest
    assert [(file.name, file.sha256) for file in event.data.files] == [("daftar-desa.csv", sha(CONTENT))]
    shown = portal.shown("daftar-desa")
    assert shown is not None
    assert (shown.public, shown.submission_id, shown.files[0].sha256) == (True, submission_id, sha(CONTENT))


async def test_a_portal_that_is_down_is_tried_again_and_the_admin_sees_it(desk: Desk, portal: FailingPortal) -> None:
    portal.down = True
    submission_id = approve(desk)
    await until(publishing_of(desk.lane).attempts.waiting)

    waiting = await state_of(desk, submission_id)
    assert waiting["error"] == {"code": "unreachable", "message": "Portal tidak menjawab."}
    assert (waiting["attempts"] >= 1, waiting["step"]) == (True, "look")
    assert datetime.fromisoformat(waiting["next_at"]) > datetime(2026, 1, 1, tzinfo=UTC)
    assert desk.written(submission_id)[-1] == "DataApproved"

    portal.down = False
    await until(lambda: is_published(desk, submission_id))
    await until(lambda: not publishing_of(desk.lane).attempts.waiting())
    assert desk.written(submission_id).count("DataPublished") == 1


async def test_try_again_now(desk: Desk, portal: FailingPortal) -> None:
    portal.down = True
    submission_id = approve(desk)
    attempts = publishing_of(desk.lane).attempts
    await until(attempts.waiting)
    attempts.failed(str(submission_id), attempts=9, step="look", code="unreachable", message="x", next_at=datetime(2099, 1, 1, tzinfo=UTC))
    portal.down = False

    for who, status in ((ATASAN, 403), (AUDITOR, 403), (ADMIN, 200)):
        answer = await desk.post(f"submissions/{submission_id}/retry", who, {})
        assert answer.status_code == status

    await until(lambda: is_published(desk, submission_id))
    again = await desk.post(f"submissions/{submission_id}/retry", ADMIN, {})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "not_holder")
    assert (await desk.post(f"submissions/{uuid.uuid4()}/retry", ADMIN, {})).status_code == 404


async def test_one_that_fails_holds_up_no_other(desk: Desk, portal: FailingPortal) -> None:
    portal.broken.add("rusak")
    bad = approve(desk, dataset_id="rusak")
    good = [approve(desk, dataset_id=f"baik-{n}") for n in range(6)]

    await until(lambda: all(is_published(desk, submission_id) for submission_id in good))

    assert desk.written(bad)[-1] == "DataApproved"


async def test_a_lost_answer_of_the_portal_makes_no_second_dataset(desk: Desk, portal: FailingPortal, tmp_path: Path) -> None:
    portal.answer_lost = 1
    submission_id = approve(desk)
    await until(lambda: is_published(desk, submission_id))

    assert portal.tried == ["daftar-desa"] * 2
    assert desk.written(submission_id).count("DataPublished") == 1
    assert portal.shown("daftar-desa") is not None


async def test_a_missing_file_waits_and_is_told(desk: Desk) -> None:
    submission_id = desk.given(*story(submitted, revised, verified, approved))
    await until(publishing_of(desk.lane).attempts.waiting)

    assert (await state_of(desk, submission_id))["error"]["code"] == "file_missing"


async def test_versions_of_one_dataset_follow_each_other(desk: Desk, portal: FailingPortal) -> None:
    portal.down = True
    first, second = approve(desk, title="Versi satu"), approve(desk, title="Versi dua")
    await until(publishing_of(desk.lane).attempts.waiting)
    portal.down = False
    await until(lambda: is_published(desk, first) and is_published(desk, second))

    shown = portal.shown("daftar-desa")
    assert shown is not None
    assert shown.submission_id == second


async def test_an_admin_takes_a_dataset_down_and_it_is_written_down(desk: Desk, portal: FailingPortal) -> None:
    submission_id = approve(desk)
    await until(lambda: is_published(desk, submission_id))
    body = {"expected_sequence": 5, "reason": REASON}

    portal.down = True
    unreachable = await desk.says(ADMIN, "retract", submission_id, **body)
    assert (unreachable.status_code, unreachable.json()["errors"][0]["code"]) == (503, "unreachable")
    assert desk.written(submission_id)[-1] == "DataPublished"

    portal.down = False
    answer = await desk.says(ADMIN, "retract", submission_id, **body)
    event = EVENT.validate_json(answer.content)
    assert isinstance(event, DataRetracted)
    assert event.data.reason.model_dump() == REASON
    shown = portal.shown("daftar-desa")
    assert shown is None or not shown.public
    assert (await desk.says(ADMIN, "retract", submission_id, **body)).status_code == 409


async def test_what_may_not_be_retracted_stays_on_the_portal(desk: Desk, portal: FailingPortal) -> None:
    submission_id = approve(desk)
    await until(lambda: is_published(desk, submission_id))

    for who, sequence, status in ((ATASAN, 5, 403), (AUDITOR, 5, 403), (ADMIN, 4, 409)):
        answer = await desk.says(who, "retract", submission_id, expected_sequence=sequence, reason=REASON)
        assert answer.status_code == status
    waiting = desk.given(*story(submitted, revised))
    assert (await desk.says(ADMIN, "retract", waiting, expected_sequence=2, reason=REASON)).status_code == 409
    assert (await desk.says(ADMIN, "retract", uuid.uuid4(), expected_sequence=2, reason=REASON)).status_code == 404
    shown = portal.shown("daftar-desa")
    assert shown is not None
    assert shown.public


async def test_what_another_process_published_is_not_published_again(desk: Desk, portal: FailingPortal) -> None:
    told = story(submitted, revised, verified, approved, published)
    desk.given(*told)

    submission_id = approve(desk, dataset_id="lain")
    await until(lambda: is_published(desk, submission_id))

    assert portal.tried == ["lain"]
