"""Out again: retracted after approval with the portal up or down, handed back, or recalled in time."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from events.contracts import EVENT, Actor, DataRetracted
from services.publisher.web import publishing_of
from tests.bus.cluster import until
from tests.events.given import FILE, after, approved, retracted, revised, revision_of, story, submitted, verified
from tests.lane.shelves import sha
from tests.services.desk import ADMIN, ATASAN, AUDITOR, CONTENT, TIM, Desk
from tests.services.portal_that_fails import FailingPortal
from tests.services.publishing_desk import REASON, approve, is_down, is_published, listed, portal_of, publishing_desk, retrying, state_of


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with publishing_desk(tmp_path) as made:
        yield made


@pytest.fixture
def portal(desk: Desk) -> FailingPortal:
    return portal_of(desk)


async def test_a_dataset_taken_down_while_the_portal_is_down_is_written_down_at_once_and_followed_later(
    desk: Desk, portal: FailingPortal, tmp_path: Path
) -> None:
    submission_id = approve(desk)
    await until(lambda: is_published(desk, submission_id))
    body = {"expected_sequence": 5, "reason": REASON}

    portal.down = True
    answer = await desk.says(ADMIN, "retract", submission_id, **body)
    event = EVENT.validate_json(answer.content)
    assert isinstance(event, DataRetracted)
    assert event.data.reason.model_dump() == REASON
    assert (await desk.says(ADMIN, "retract", submission_id, **body)).status_code == 409
    await until(lambda: retrying(desk))
    seen = await state_of(desk, submission_id)
    assert (seen["state"], seen["error"]["code"]) == ("not_down", "unreachable")
    attention = (await desk.get("attention", ADMIN)).json()["items"]
    assert [(one["submission_id"], one["publication"]["state"]) for one in attention] == [(str(submission_id), "not_down")]
    assert listed(tmp_path) is not None

    portal.down = False
    await desk.post(f"submissions/{submission_id}/retry", ADMIN, {})
    await until(lambda: not publishing_of(desk.lane).attempts.not_down())
    assert listed(tmp_path) is None
    await until(lambda: not publishing_of(desk.lane).working_at)
    seen = await state_of(desk, submission_id)
    assert (seen["state"], seen["running"], seen["next_at"]) == ("down", False, None)
    assert (await desk.get("attention", ADMIN)).json() == {"items": [], "differences": []}


async def test_what_is_taken_down_before_it_was_published_never_comes_up(desk: Desk, portal: FailingPortal, tmp_path: Path) -> None:
    portal.down = True
    submission_id = approve(desk)
    await until(lambda: retrying(desk))
    answer = await desk.says(ADMIN, "retract", submission_id, expected_sequence=4, reason=REASON)
    assert answer.status_code == 200
    portal.down = False
    await desk.post(f"submissions/{submission_id}/retry", ADMIN, {})
    await until(lambda: not publishing_of(desk.lane).attempts.not_down())
    assert desk.written(submission_id)[-1] == "DataRetracted"
    assert not (tmp_path / "portal/dataset/daftar-desa").exists()


async def test_a_retraction_that_another_process_wrote_is_followed(desk: Desk, tmp_path: Path) -> None:
    told = story(submitted, revision_of(files=[FILE | {"sha256": sha(CONTENT), "bytes": len(CONTENT)}]), verified, approved)
    desk.given(*told)
    await until(lambda: is_published(desk, told[0].event.submission_id))
    desk.given(*after(desk.lane.journal.history(told[0].event.submission_id), retracted))
    await until(lambda: is_down(tmp_path))


async def test_the_answer_about_a_retraction_names_the_editions_that_stay_public(desk: Desk, tmp_path: Path) -> None:
    first, second = approve(desk, title="Satu", edition=1), approve(desk, title="Dua", edition=2)
    await until(lambda: is_published(desk, first) and is_published(desk, second))
    answer = await desk.says(ADMIN, "retract", second, expected_sequence=5, reason=REASON, relist=True)
    told = answer.json()
    assert (answer.status_code, told["type"], told["sequence"]) == (200, "DataRetracted", 6)
    assert (told["publication"]["still_shown"], told["publication"]["same_file"]) == ([str(first)], [str(first)])
    await until(lambda: not publishing_of(desk.lane).attempts.not_down())
    assert (await state_of(desk, second))["still_shown"] == [str(first)]
    shown = listed(tmp_path)
    assert shown is not None
    assert shown["submission_id"] == str(first)


async def test_an_older_edition_approved_after_the_newer_one_was_retracted_says_that_the_dataset_is_closed(
    desk: Desk, tmp_path: Path
) -> None:
    newer = approve(desk, edition=2)
    await until(lambda: is_published(desk, newer))
    await desk.says(ADMIN, "retract", newer, expected_sequence=5, reason=REASON)
    await until(lambda: not publishing_of(desk.lane).attempts.not_down())
    older = approve(desk, edition=1)
    await until(lambda: publishing_of(desk.lane).attempts.count("refused"))
    assert (await state_of(desk, older))["error"]["code"] == "closed"
    assert listed(tmp_path) is None


async def test_a_retraction_s_reason_does_not_carry_what_was_taken_down(desk: Desk) -> None:
    submission_id = approve(desk)
    await until(lambda: is_published(desk, submission_id))
    reason = {"code": "personal_data", "note": "NIK 3313014101900001 tampak di baris 7."}
    answer = await desk.says(ADMIN, "retract", submission_id, expected_sequence=5, reason=reason)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "personal_data", "reason.note")
    assert (await desk.says(ADMIN, "retract", submission_id, expected_sequence=5, reason=REASON)).status_code == 200


async def test_what_may_not_be_retracted_stays_on_the_portal(desk: Desk, tmp_path: Path) -> None:
    submission_id = approve(desk)
    await until(lambda: is_published(desk, submission_id))

    for who, sequence, status in ((ATASAN, 5, 403), (AUDITOR, 5, 403), (ADMIN, 4, 409)):
        answer = await desk.says(who, "retract", submission_id, expected_sequence=sequence, reason=REASON)
        assert answer.status_code == status
    waiting = desk.given(*story(submitted, revised))
    assert (await desk.says(ADMIN, "retract", waiting, expected_sequence=2, reason=REASON)).status_code == 409
    assert (await desk.says(ADMIN, "retract", uuid.uuid4(), expected_sequence=2, reason=REASON)).status_code == 404
    assert listed(tmp_path) is not None


async def test_what_the_portal_refuses_for_good_is_handed_back_and_goes_on_from_the_agency(desk: Desk, portal: FailingPortal) -> None:
    portal.refusing = {"Ditolak"}
    submission_id = approve(desk, title="Ditolak")
    await until(lambda: publishing_of(desk.lane).attempts.count("refused"))
    reasons = [{"code": "invalid", "field": "dataset.dataset_id", "note": "Portal menolak nama ini; pakai nama lain."}]

    answer = await desk.says(ADMIN, "reject", submission_id, expected_sequence=4, reasons=reasons)

    assert (answer.status_code, answer.json()["type"], answer.json()["lane"]) == (200, "DataRejected", "publisher")
    shown = (await desk.get(f"submissions/{submission_id}", ADMIN)).json()
    assert (shown["state"], shown["holder"]) == ("rejected", "review")
    assert (await desk.says(ADMIN, "reject", submission_id, expected_sequence=5, reasons=reasons)).status_code == 409


@pytest.mark.parametrize(("who", "status"), [(ATASAN, 200), (TIM, 403), (AUDITOR, 403)])
async def test_the_superior_recalls_an_approval_in_time(desk: Desk, portal: FailingPortal, tmp_path: Path, who: Actor, status: int) -> None:
    """Personal data were seen after the approval, while the portal is down: once it is back, nothing of it comes up."""
    portal.down = True
    submission_id = approve(desk)
    await until(lambda: retrying(desk) == 1)
    reasons = [{"code": "personal_data", "note": "Ada NIK di kolom keterangan."}]

    answer = await desk.says(who, "reject", submission_id, expected_sequence=4, reasons=reasons)

    assert answer.status_code == status
    portal.down = False
    if status == 200:
        other = approve(desk, dataset_id="lain")
        await until(lambda: is_published(desk, other))
        assert desk.written(submission_id)[-1] == "DataRejected"
        assert listed(tmp_path) is None
