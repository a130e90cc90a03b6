"""Step 4 by itself: what was approved is shown, read back and written down; failures wait their turn and hold up nobody."""

import threading
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.contracts import DataPublished, Published
from events.submission import Recorded
from services.publisher.attempts import Attempt
from services.publisher.web import publishing_of, watching_of
from tests.bus.cluster import until
from tests.events.given import FILE, approved, published, revised, revision_of, story, submission_of, submitted, verified
from tests.lane.shelves import sha
from tests.portals.folder_reader import read_catalogue
from tests.services.desk import ADMIN, ATASAN, AUDITOR, CONTENT, KETUA_OF_DINKES, TIM_OF_DINKES, Desk
from tests.services.portal_that_fails import FailingPortal
from tests.services.publishing_desk import approve, is_published, listed, portal_of, publishing_desk, retrying, state_of


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with publishing_desk(tmp_path) as made:
        yield made


@pytest.fixture
def portal(desk: Desk) -> FailingPortal:
    return portal_of(desk)


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
    attempts.put(Attempt(submission_id, 4, "retrying", 9, "look", "unreachable", "x", datetime(2099, 1, 1, tzinfo=UTC)))
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


async def test_the_end_waits_for_what_is_being_written_to_the_portal(tmp_path: Path) -> None:
    begun, go_on, over = threading.Event(), threading.Event(), list[object]()
    async with publishing_desk(tmp_path) as desk:
        whole = portal_of(desk).apply

        def slow(*asked: Any, **more: Any) -> Published | None:
            begun.set()
            assert go_on.wait(30)
            over.append(shown := whole(*asked, **more))
            return shown

        portal_of(desk).apply = slow  # type: ignore[method-assign]
        approve(desk)
        await until(begun.is_set)
        threading.Timer(0.5, go_on.set).start()
    assert len(over) == 1


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


async def test_an_edition_that_is_known_is_not_read_again_however_many_there_are(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    read, histories = list[int](), desk.lane.journal.histories

    def counted(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Recorded]]:
        read.append(len(ids))
        return histories(ids)

    monkeypatch.setattr(desk.lane.journal, "histories", counted)
    for edition in range(1, 9):
        submission_id = approve(desk, edition=edition)
        await until(lambda one=submission_id: is_published(desk, one))  # type: ignore[misc]
    assert read == [1] * 8


async def test_an_older_edition_approved_after_a_newer_one_does_not_take_its_place(desk: Desk, tmp_path: Path) -> None:
    newer = approve(desk, title="Benar", edition=2)
    await until(lambda: is_published(desk, newer))
    older = approve(desk, title="Salah", edition=1)
    await until(lambda: is_published(desk, older))
    shown = listed(tmp_path)
    assert shown is not None
    assert (shown["submission_id"], shown["edition"]) == (str(newer), 2)


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


async def test_what_another_process_published_is_not_published_again(desk: Desk, portal: FailingPortal) -> None:
    told = story(submitted, revised, verified, approved, published)
    desk.given(*told)

    submission_id = approve(desk, dataset_id="lain")
    await until(lambda: is_published(desk, submission_id))

    assert portal.tried == ["lain"]
