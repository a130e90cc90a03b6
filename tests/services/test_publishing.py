"""Step 4 by itself: what was approved is shown, read back and written down; failures wait their turn and hold up nobody."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.contracts import EVENT, Actor, DataPublished, DataRetracted
from services.publisher.attempts import Attempt
from services.publisher.web import publishing_of, watching_of
from tests.bus.cluster import running, until
from tests.events.given import FILE, after, approved, published, retracted, revised, revision_of, story, submission_of, submitted, verified
from tests.lane.shelves import keep, sha
from tests.portals.folder_reader import read_catalogue, read_dataset
from tests.services.desk import ADMIN, ATASAN, AUDITOR, CONTENT, KETUA_OF_DINKES, TIM, TIM_OF_DINKES, Desk, desk_of
from tests.services.portal_that_fails import FailingPortal

REASON = {"code": "personal_data", "field": "files.0", "note": "Ada NIK di kolom keterangan."}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("publisher", tmp_path) as made:
        publishing = publishing_of(made.lane)
        publishing.portal.close()
        publishing.portal = watching_of(made.lane).portal = FailingPortal(tmp_path / "portal")
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
    edition = changes.pop("edition", None)
    begun = story(submission_of(edition=edition), revision_of(files=files, **changes), verified, approved.on(datetime.now(UTC)))
    return desk.given(*begun)


def listed(tmp_path: Path, dataset_id: str = "daftar-desa") -> dict[str, Any] | None:
    """What anybody finds on the portal; a tombstone is nothing."""
    record = read_dataset(tmp_path / "portal", dataset_id)
    return None if record is None or "retracted" in record else record


def retrying(desk: Desk) -> int:
    return publishing_of(desk.lane).attempts.count("retrying")


def is_published(desk: Desk, submission_id: uuid.UUID) -> bool:
    return desk.written(submission_id)[-1] == "DataPublished"


async def state_of(desk: Desk, submission_id: uuid.UUID) -> dict[str, Any]:
    publication: dict[str, Any] = (await desk.get(f"submissions/{submission_id}", ADMIN)).json()["publication"]
    return publication


async def test_what_was_approved_is_published_with_the_hashes_read_back(desk: Desk, tmp_path: Path) -> None:
    submission_id = approve(desk)
    await until(lambda: is_published(desk, submission_id))

    event = desk.lane.journal.history(submission_id)[-1].event
    assert isinstance(event, DataPublished)
    assert (event.actor.id, event.actor.role) == ("jejak-publisher", "admin_opendata")
    assert event.data.manifest == desk.lane.find(submission_id).manifest
    assert [(file.name, file.sha256) for file in event.data.files] == [("daftar-desa.csv", sha(CONTENT))]
    assert "latest" not in event.data.url, "an edition's own lasting address"
    shown = listed(tmp_path)
    assert shown is not None
    assert (shown["submission_id"], shown["files"][0]["sha256"]) == (str(submission_id), sha(CONTENT))


async def test_a_portal_that_is_down_is_tried_again_and_the_admin_sees_it(desk: Desk, portal: FailingPortal) -> None:
    portal.down = True
    submission_id = approve(desk)
    await until(lambda: retrying(desk))

    waiting = await state_of(desk, submission_id)
    assert waiting["error"] == {"code": "unreachable", "message": "Portal tidak menjawab."}
    assert (waiting["attempts"] >= 1, waiting["step"]) == (True, "look")
    assert datetime.fromisoformat(waiting["next_at"]) > datetime(2026, 1, 1, tzinfo=UTC)
    assert desk.written(submission_id)[-1] == "DataApproved"

    portal.down = False
    await until(lambda: is_published(desk, submission_id))
    await until(lambda: not retrying(desk))
    assert desk.written(submission_id).count("DataPublished") == 1


async def test_try_again_now(desk: Desk, portal: FailingPortal) -> None:
    portal.down = True
    submission_id = approve(desk)
    attempts = publishing_of(desk.lane).attempts
    await until(lambda: retrying(desk))
    attempts.put(Attempt(str(submission_id), 4, "retrying", 9, "look", "unreachable", "x", datetime(2099, 1, 1, tzinfo=UTC)))
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
    assert listed(tmp_path) is not None


async def test_a_missing_file_waits_and_is_told(desk: Desk) -> None:
    submission_id = desk.given(*story(submitted, revised, verified, approved))
    await until(lambda: retrying(desk))

    assert (await state_of(desk, submission_id))["error"]["code"] == "file_missing"


async def test_editions_of_one_dataset_follow_each_other(desk: Desk, portal: FailingPortal, tmp_path: Path) -> None:
    portal.down = True
    first, second = approve(desk, title="Versi satu"), approve(desk, title="Versi dua")
    await until(lambda: retrying(desk))
    portal.down = False
    await until(lambda: is_published(desk, first) and is_published(desk, second))

    shown = listed(tmp_path)
    assert shown is not None
    assert shown["submission_id"] == str(second)


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
    await until(lambda: publishing_of(desk.lane).attempts.count("done"))
    assert listed(tmp_path) is None


async def test_the_answer_about_a_retraction_names_the_editions_that_stay_public(desk: Desk, tmp_path: Path) -> None:
    first, second = approve(desk, title="Satu", edition=1), approve(desk, title="Dua", edition=2)
    await until(lambda: is_published(desk, first) and is_published(desk, second))
    await desk.says(ADMIN, "retract", second, expected_sequence=5, reason=REASON, relist=True)
    await until(lambda: not publishing_of(desk.lane).attempts.not_down())
    assert (await state_of(desk, second))["still_shown"] == [str(first)]
    shown = listed(tmp_path)
    assert shown is not None
    assert shown["submission_id"] == str(first)


async def test_an_older_edition_approved_after_a_newer_one_does_not_take_its_place(desk: Desk, tmp_path: Path) -> None:
    newer = approve(desk, title="Benar", edition=2)
    await until(lambda: is_published(desk, newer))
    older = approve(desk, title="Salah", edition=1)
    await until(lambda: is_published(desk, older))
    shown = listed(tmp_path)
    assert shown is not None
    assert (shown["submission_id"], shown["edition"]) == (str(newer), 2)


async def test_an_older_edition_approved_after_the_newer_one_was_retracted_says_that_the_dataset_is_closed(
    desk: Desk, tmp_path: Path
) -> None:
    newer = approve(desk, edition=2)
    await until(lambda: is_published(desk, newer))
    await desk.says(ADMIN, "retract", newer, expected_sequence=5, reason=REASON)
    await until(lambda: publishing_of(desk.lane).attempts.count("done"))
    older = approve(desk, edition=1)
    await until(lambda: publishing_of(desk.lane).attempts.count("refused"))
    assert (await state_of(desk, older))["error"]["code"] == "closed"
    assert listed(tmp_path) is None


async def test_what_the_portal_refuses_for_good_waits_for_a_person_and_holds_up_no_later_edition(
    desk: Desk, portal: FailingPortal, tmp_path: Path
) -> None:
    portal.refusing.add("Ditolak")
    bad = approve(desk, title="Ditolak", edition=1)
    await until(lambda: publishing_of(desk.lane).attempts.count("refused"))
    seen = await state_of(desk, bad)
    assert (seen["state"], seen["next_at"], seen["error"]["code"]) == ("refused", None, "invalid")
    attention = (await desk.get("attention", ADMIN)).json()["items"]
    assert [(one["submission_id"], one["publication"]["state"]) for one in attention] == [(str(bad), "refused")]

    good = approve(desk, title="Diterima", edition=2)
    await until(lambda: is_published(desk, good))
    assert portal.tried == ["daftar-desa"] * 2, "not tried again by itself"

    portal.refusing.clear()
    await desk.post(f"submissions/{bad}/retry", ADMIN, {})
    await until(lambda: is_published(desk, bad))
    assert portal.differences(publishing_of(desk.lane).standings.desired("daftar-desa")) == []


async def test_a_name_that_another_opd_published_under_is_refused_for_good(desk: Desk, tmp_path: Path) -> None:
    theirs = approve(desk)
    await until(lambda: is_published(desk, theirs))
    files = [FILE | {"sha256": sha(CONTENT), "bytes": len(CONTENT)}]
    ours = desk.given(*story(submission_of().by(TIM_OF_DINKES), revision_of(files=files).by(KETUA_OF_DINKES), verified, approved))
    await until(lambda: publishing_of(desk.lane).attempts.count("refused"))
    seen = await state_of(desk, ours)
    assert (seen["error"]["code"], "dispermades" in seen["error"]["message"]) == ("name_taken", True)
    shown = listed(tmp_path)
    assert shown is not None
    assert shown["opd"] == "dispermades"


@pytest.mark.parametrize("how", ["handed over", "merged"])
async def test_who_took_the_name_over_publishes_under_it(desk: Desk, tmp_path: Path, how: str) -> None:
    theirs = approve(desk, edition=1)
    await until(lambda: is_published(desk, theirs))
    directory = desk.shared.directory
    if how == "handed over":
        directory.names["daftar-desa"] = "dinkes"
    else:
        directory.opds["dispermades"] = {"name": "Dispermades", "moved_to": "dinkes"}
    files = [FILE | {"sha256": sha(CONTENT), "bytes": len(CONTENT)}]
    ours = desk.given(*story(submission_of(edition=2).by(TIM_OF_DINKES), revision_of(files=files).by(KETUA_OF_DINKES), verified, approved))
    await until(lambda: is_published(desk, ours))
    shown = listed(tmp_path)
    assert shown is not None
    assert (shown["opd"], shown["edition"]) == ("dinkes", 2)


async def test_the_catalogue_is_made_from_the_log(desk: Desk, tmp_path: Path) -> None:
    submission_id = approve(desk)
    await until(lambda: is_published(desk, submission_id))
    forged = tmp_path / "portal/dataset/palsu/latest"
    forged.mkdir(parents=True)
    (forged / "metadata.json").write_bytes((tmp_path / "portal/dataset/daftar-desa/latest/metadata.json").read_bytes())
    watching_of(desk.lane).overview(None)
    assert list(read_catalogue(tmp_path / "portal")) == ["daftar-desa"]


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


async def test_what_another_process_published_is_not_published_again(desk: Desk, portal: FailingPortal) -> None:
    told = story(submitted, revised, verified, approved, published)
    desk.given(*told)

    submission_id = approve(desk, dataset_id="lain")
    await until(lambda: is_published(desk, submission_id))

    assert portal.tried == ["lain"]


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
