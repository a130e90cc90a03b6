"""Steps 2 and 3 over HTTP: each command happens, is refused with its reason, and stays quiet when it was said before."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from events.contracts import EVENT, Actor, Checklist, DataRejected, DataRevised, DataVerified, manifest_of
from events.recorder import Row
from events.submission import Kind, Recorded, Refused
from services.decision.commands import Verify
from tests.events.given import (
    CHECKLIST,
    FILE,
    START,
    Step,
    approved,
    in_the_role_of,
    on_a_topic,
    published,
    rejected,
    revised,
    revision_of,
    story,
    submission_of,
    submitted,
    verified,
)
from tests.lane.shelves import keep, sha
from tests.services.desk import ADMIN, ATASAN, AUDITOR, KETUA, KETUA_OF_DINKES, TIM, Desk, desk_of

REASONS = [{"code": "incomplete", "field": "dataset.columns", "note": "Kolom tanpa satuan."}]
BODIES: dict[str, dict[str, Any]] = {
    "revise": {"note": "Sudah dicek."},
    "verify": {"checklist": CHECKLIST, "note": ""},
    "approve": {"consideration": "Layak diunggah."},
    "reject": {"reasons": REASONS},
}


@pytest.fixture
async def review(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("review", tmp_path) as desk:
        yield desk


@pytest.fixture
async def decision(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("decision", tmp_path) as desk:
        yield desk


def codes(answer: httpx.Response) -> list[tuple[str, str | None]]:
    assert all(error["message"] for error in answer.json()["errors"])
    return [(error["code"], error["field"]) for error in answer.json()["errors"]]


async def test_the_head_passes_on_what_needs_no_change(review: Desk) -> None:
    told = story(submitted)
    submission_id = review.given(*told)

    answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, note="Sudah dicek.")

    assert answer.status_code == 200
    event = EVENT.validate_json(answer.content)
    assert isinstance(event, DataRevised)
    assert (event.sequence, event.previous, event.actor.id) == (2, told[0].hash, KETUA.id)
    assert (event.data.note, event.data.changed) == ("Sudah dicek.", ())
    assert event.data.manifest == review.lane.find(submission_id).manifest
    (own,) = review.lane.journal.read(0, 10, [Row.OWN])
    assert own.raw == answer.content


async def test_the_head_changes_some_fields_and_takes_one_away(review: Desk) -> None:
    submission_id = review.given(*story(submission_of(theme="Lama")))

    changes = {"title": "Daftar desa 2025", "theme": None}
    answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, dataset=changes)

    event = EVENT.validate_json(answer.content)
    assert isinstance(event, DataRevised)
    assert (event.data.dataset.title, event.data.dataset.theme) == ("Daftar desa 2025", None)
    assert event.data.dataset.summary == "Semua desa dan kelurahan."
    assert set(event.data.changed) == {"dataset.title", "dataset.theme"}


async def test_the_head_replaces_a_file_that_intake_has(review: Desk) -> None:
    submission_id, content = review.given(*story(submitted)), b"kode\n"
    keep(review.shared.files, content)
    files = [FILE | {"sha256": sha(content), "bytes": len(content)}]

    refused = await review.says(KETUA, "revise", submission_id, expected_sequence=1, files=files)
    assert codes(refused) == [("file_missing", "files.0.sha256")], "not brought by this OPD"
    review.shared.files.brought(sha(content), "dispermades")
    answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, files=files)

    event = EVENT.validate_json(answer.content)
    assert isinstance(event, DataRevised)
    assert (event.data.changed, event.data.files[0].sha256) == (("files",), sha(content))


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"dataset": {"title": " ", "licence": "x"}}, [("required", "dataset.title"), ("unknown_field", "dataset.licence")]),
        ({"dataset": {"title": None}}, [("required", "dataset.title")]),
        ({"dataset": {"information_class": "dikecualikan"}}, [("exempt", "dataset.information_class")]),
        ({"dataset": {"personal_data": {"contains": True}}}, [("personal_data", "dataset.personal_data")]),
        ({"files": [FILE]}, [("file_missing", "files.0.sha256")]),
        ({"files": []}, [("required", "files")]),
        ({"note": 3, "unknown": 1}, [("wrong_type", "note"), ("unknown_field", "unknown")]),
    ],
)
async def test_a_revision_that_may_not_stand_is_refused_with_every_field(
    review: Desk, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    submission_id = review.given(*story(submitted))

    answer = await review.says(KETUA, "revise", submission_id, **({"expected_sequence": 1} | body))

    assert (answer.status_code, codes(answer)) == (422, errors)
    assert review.written(submission_id) == ["DataSubmitted"]


async def test_a_name_may_change_until_something_was_published_under_it(review: Desk) -> None:
    review.given(*story(submission_of(dataset_id="sudah-ada")))
    shown = story(submission_of(dataset_id="terbit"), revision_of(dataset_id="terbit"), verified, approved, published)
    review.given(*shown)
    mistyped, next_one = (review.given(*story(submission_of(dataset_id=name))) for name in ("daftar-dessa", "terbit"))

    async def renamed(submission_id: uuid.UUID, name: str, sequence: int = 1) -> httpx.Response:
        return await review.says(KETUA, "revise", submission_id, expected_sequence=sequence, dataset={"dataset_id": name})

    assert codes(await renamed(next_one, "lain")) == [("fixed", "dataset.dataset_id")]
    assert codes(await renamed(mistyped, "sudah-ada")) == [("name_taken", "dataset.dataset_id")]
    answer = await renamed(mistyped, "daftar-desa")
    assert (answer.status_code, answer.json()["data"]["dataset"]["dataset_id"]) == (200, "daftar-desa")
    assert answer.json()["data"]["changed"] == ["dataset.dataset_id"]


@pytest.mark.parametrize(("who", "before"), [(TIM, (submitted,)), (KETUA, (submitted,)), (KETUA, (submitted, revised, rejected()))])
async def test_what_nobody_approved_may_be_withdrawn_by_its_agency(review: Desk, who: Actor, before: tuple[Step, ...]) -> None:
    submission_id, reason = review.given(*story(*before)), {"code": "test", "note": "Hanya uji coba."}

    answer = await review.says(who, "withdraw", submission_id, expected_sequence=len(before), reason=reason)

    assert (answer.status_code, answer.json()["type"], answer.json()["lane"]) == (200, "DataRetracted", "review")
    assert answer.json()["data"]["reason"] == reason
    assert "url" not in answer.json()["data"]
    again = await review.says(who, "withdraw", submission_id, expected_sequence=len(before) + 1, reason=reason)
    assert (again.status_code, codes(again)[0][0]) == (409, "not_holder")


NIK = "3313014101900001"


@pytest.mark.parametrize(
    ("lane", "verb", "before", "body", "field"),
    [
        ("review", "revise", (submitted,), {"note": f"Baris milik {NIK} dihapus."}, "note"),
        ("review", "withdraw", (submitted,), {"reason": {"code": "test", "note": "Hubungi 0812-3456-7890."}}, "reason.note"),
        ("decision", "verify", (submitted, revised), {"checklist": CHECKLIST, "note": "Surel budi.santoso@gmail.com"}, "note"),
        ("decision", "approve", (submitted, revised, verified), {"consideration": f"NIK {NIK} sudah dihapus."}, "consideration"),
        ("decision", "reject", (submitted, revised), {"reasons": [{"code": "x", "note": "NIP 198501012010011001"}]}, "reasons.0.note"),
    ],
)
async def test_personal_data_does_not_enter_the_log_in_an_official_s_words(
    lane: str, verb: str, before: tuple[Step, ...], body: dict[str, Any], field: str, tmp_path: Path
) -> None:
    async with desk_of(lane, tmp_path) as desk:
        submission_id, who = desk.given(*story(*before)), KETUA if lane == "review" else ATASAN
        refused = await desk.says(who, verb, submission_id, expected_sequence=len(before), **body)
        assert (refused.status_code, codes(refused)) == (422, [("personal_data", field)])
        assert NIK not in refused.text
        assert len(desk.written(submission_id)) == len(before)


async def test_an_office_s_own_mailbox_and_numbers_of_laws_are_no_personal_data(decision: Desk) -> None:
    submission_id = decision.given(*story(submitted, revised))
    reasons = [{"code": "x", "note": "Kirim ke ppid@karanganyarkab.go.id; lihat UU 27/2022, kode 33.13.01.2001, 2024-12-31."}]
    assert (await decision.says(ATASAN, "reject", submission_id, expected_sequence=2, reasons=reasons)).status_code == 200


@pytest.mark.parametrize(
    ("who", "before", "status", "code"),
    [
        (ATASAN, (submitted,), 403, "role"),
        (KETUA_OF_DINKES, (submitted,), 404, "not_found"),
        (KETUA, (submitted, revised), 409, "not_holder"),
        (KETUA, (submitted, revised, verified, approved), 409, "not_holder"),
    ],
)
async def test_who_may_not_withdraw_is_refused(review: Desk, who: Actor, before: tuple[Step, ...], status: int, code: str) -> None:
    submission_id, reason = review.given(*story(*before)), {"code": "test", "note": "x"}

    answer = await review.says(who, "withdraw", submission_id, expected_sequence=len(before), reason=reason)

    assert (answer.status_code, codes(answer)[0][0]) == (status, code)
    assert len(review.written(submission_id)) == len(before)


async def test_who_submitted_may_return_it_and_a_system_s_word_locks_nobody_out(decision: Desk) -> None:
    told = story(on_a_topic(submitted, says=ATASAN.id), revised)
    submission_id = decision.given(*told)
    answer = await decision.says(ATASAN, "verify", submission_id, expected_sequence=2, **BODIES["verify"])
    assert answer.status_code == 200

    mine = in_the_role_of(ATASAN, TIM)
    submission_id = decision.given(*story(submitted, revised))
    assert (await decision.says(mine, "reject", submission_id, expected_sequence=2, **BODIES["reject"])).status_code == 200


async def test_approving_looks_again_whose_the_name_is_and_what_is_on_its_way(decision: Desk) -> None:
    """Between verifying and approving another submission may have come to light that was first."""
    told = story(submission_of().on(START + timedelta(hours=2)), revised, verified)
    submission_id = decision.given(*told)
    decision.given(*story(submission_of().on(START + timedelta(hours=1))))

    answer = await decision.says(ATASAN, "approve", submission_id, expected_sequence=3, **BODIES["approve"])

    assert (answer.status_code, codes(answer)) == (422, [("already_open", "dataset.period_start")])


async def test_the_superior_verifies_and_approves_what_the_caller_saw(decision: Desk) -> None:
    told = story(submitted, revised)
    submission_id = decision.given(*told)

    seen = await decision.says(ATASAN, "verify", submission_id, expected_sequence=2, checklist=CHECKLIST, note="Lengkap.")
    done = await decision.says(ATASAN, "approve", submission_id, expected_sequence=3, consideration="Layak diunggah.")

    assert (seen.status_code, done.status_code) == (200, 200)
    event = EVENT.validate_json(seen.content)
    assert isinstance(event, DataVerified)
    assert event.data.manifest == decision.lane.find(submission_id).manifest
    assert decision.written(submission_id) == ["DataSubmitted", "DataRevised", "DataVerified", "DataApproved"]


@pytest.mark.parametrize("before", [(submitted, revised), (submitted, revised, verified)])
async def test_the_superior_returns_a_dataset_with_reasons(decision: Desk, before: tuple[Step, ...]) -> None:
    submission_id = decision.given(*story(*before))

    answer = await decision.says(ATASAN, "reject", submission_id, expected_sequence=len(before), reasons=REASONS)

    event = EVENT.validate_json(answer.content)
    assert isinstance(event, DataRejected)
    assert [reason.model_dump() for reason in event.data.reasons] == REASONS


@pytest.mark.parametrize(
    ("verb", "body", "errors"),
    [
        (
            "verify",
            {"checklist": CHECKLIST | {"valid": False, "aktual": False}},
            [("not_confirmed", "checklist.aktual"), ("not_confirmed", "checklist.valid")],
        ),
        ("verify", {"checklist": {"terpadu": True}}, [("required", f"checklist.{word}") for word in list(CHECKLIST)[1:]]),
        ("reject", {"reasons": []}, [("required", "reasons")]),
        ("reject", {"reasons": [{"code": "Tidak", "note": ""}]}, [("wrong_format", "reasons.0.code"), ("required", "reasons.0.note")]),
        ("approve", {}, [("required", "consideration")]),
        ("verify", {"expected_sequence": "2"}, [("wrong_type", "expected_sequence"), ("required", "checklist")]),
    ],
)
async def test_a_decision_without_what_it_needs_is_refused_with_every_field(
    decision: Desk, verb: str, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    submission_id = decision.given(*story(submitted, revised))

    answer = await decision.says(ATASAN, verb, submission_id, **({"expected_sequence": 2} | body))

    assert (answer.status_code, codes(answer)) == (422, errors)
    assert len(decision.written(submission_id)) == 2


async def test_data_with_an_error_finding_cannot_be_verified_but_returned(decision: Desk) -> None:
    finding = {"word": "valid", "severity": "error", "code": "column_twice", "field": "dataset.columns", "message": "Kolom dua kali."}
    submission_id = decision.given(*story(submitted, revision_of(findings=[finding])))

    refused = await decision.says(ATASAN, "verify", submission_id, expected_sequence=2, **BODIES["verify"])
    returned = await decision.says(ATASAN, "reject", submission_id, expected_sequence=2, **BODIES["reject"])

    assert (refused.status_code, codes(refused)) == (422, [("has_errors", "dataset.columns")])
    assert returned.status_code == 200


async def test_a_name_that_another_agency_publishes_under_cannot_be_verified(decision: Desk) -> None:
    other = submitted.by(Actor(id="tim@dinkes", name="Tim", role="tim_ppid", opd="dinkes"))
    decision.given(*story(other.on(START), revised.by(KETUA_OF_DINKES), rejected()))
    submission_id = decision.given(*story(submitted, revised))

    answer = await decision.says(ATASAN, "verify", submission_id, expected_sequence=2, **BODIES["verify"])

    assert (answer.status_code, codes(answer)) == (422, [("name_taken", "dataset.dataset_id")])


@pytest.mark.parametrize(
    ("who", "verb", "before", "code"),
    [
        (ATASAN, "revise", (submitted,), "role"),
        (TIM, "revise", (submitted,), "role"),
        (AUDITOR, "revise", (submitted,), "role"),
        (KETUA_OF_DINKES, "revise", (submitted,), "not_found"),
        (KETUA, "verify", (submitted, revised), "role"),
        (ADMIN, "approve", (submitted, revised, verified), "role"),
        (ATASAN, "verify", (submitted, revised.by(in_the_role_of(KETUA, ATASAN))), "four_eyes"),
        (in_the_role_of(ATASAN, TIM), "approve", (submitted, revised, verified), "four_eyes"),
    ],
)
async def test_who_may_not_is_refused_and_nothing_is_written(
    tmp_path: Path, who: Actor, verb: str, before: tuple[Step, ...], code: str
) -> None:
    async with desk_of("review" if verb == "revise" else "decision", tmp_path) as desk:
        submission_id = desk.given(*story(*before))

        answer = await desk.says(who, verb, submission_id, expected_sequence=len(before), **BODIES[verb])

        assert (answer.status_code, codes(answer)[0][0]) == (404 if code == "not_found" else 403, code)
        assert code != "not_found" or answer.json().keys() == {"errors"}, "nothing of its state"
        assert len(desk.written(submission_id)) == len(before)


@pytest.mark.parametrize("verb", ["verify", "approve", "reject"])
async def test_a_command_said_twice_is_done_once_and_the_second_hears_what_changed(decision: Desk, verb: str) -> None:
    before = (submitted, revised, verified) if verb == "approve" else (submitted, revised)
    submission_id = decision.given(*story(*before))
    body = {"expected_sequence": len(before), **BODIES[verb]}

    first = await decision.says(ATASAN, verb, submission_id, **body)
    second = await decision.says(ATASAN, verb, submission_id, **body)

    assert (first.status_code, second.status_code) == (200, 409)
    assert codes(second) == [("stale", "expected_sequence")]
    assert ATASAN.name in second.json()["errors"][0]["message"]
    assert (second.json()["state"], second.json()["sequence"]) == (first_state(first), len(before) + 1)
    assert len(decision.written(submission_id)) == len(before) + 1


async def test_a_command_out_of_turn_is_a_conflict(decision: Desk) -> None:
    for before, verb in (((submitted,), "verify"), ((submitted, revised), "approve"), ((submitted, revised, rejected()), "reject")):
        submission_id = decision.given(*story(*before))
        answer = await decision.says(ATASAN, verb, submission_id, expected_sequence=len(before), **BODIES[verb])

        assert (answer.status_code, codes(answer)[0][0]) == (409, "not_holder")


async def test_a_submission_that_does_not_exist(decision: Desk) -> None:
    answer = await decision.says(ATASAN, "verify", uuid.uuid4(), expected_sequence=2, **BODIES["verify"])

    assert (answer.status_code, codes(answer)) == (404, [("not_found", "submission_id")])


async def test_the_lane_itself_asks_for_the_role_whoever_calls_it(decision: Desk) -> None:
    submission_id = decision.given(*story(submitted, revised))
    body = Verify(expected_sequence=2, checklist=Checklist.model_validate(CHECKLIST))

    for act in (decision.lane.do, decision.lane.check):
        with pytest.raises(Refused, match="ketua_ppid") as refused:
            act("verify", submission_id, body, actor=KETUA_OF_DINKES)
        assert refused.value.kind is Kind.FORBIDDEN
    assert len(decision.written(submission_id)) == 2


def first_state(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("Data").lower()


LATER = {"accrual": "harian", "contact": {"fax": "1"}}


def from_a_later_version(**dataset: Any) -> Recorded:
    """A first event with fields that this version does not know, at every level of its metadata."""
    said = orjson.loads(story(submitted)[0].raw)
    said["data"]["dataset"] |= LATER | dataset
    said["data"]["dataset"]["responsible"]["phone"] = "0271"
    said["data"]["dataset"]["columns"][0]["concept"] = "K-1"
    said["data"]["files"][0]["rows"] = 12
    said["data"]["manifest"] = manifest_of(said["data"]["dataset"], said["data"]["files"])
    raw = orjson.dumps(said)
    return Recorded(EVENT.validate_json(raw), raw)


async def test_a_revision_keeps_what_only_a_later_version_knows(review: Desk) -> None:
    first = from_a_later_version()
    submission_id = review.given(first)
    was = orjson.loads(first.raw)["data"]

    answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, dataset={"title": "Daftar desa 2025"})

    data = answer.json()["data"]
    assert data["dataset"] == was["dataset"] | {"title": "Daftar desa 2025"}
    assert (data["files"], data["changed"]) == (was["files"], ["dataset.title"])
    assert data["manifest"] == manifest_of(data["dataset"], data["files"])
    assert review.lane.journal.history(submission_id)[1].raw == answer.content


async def test_a_revision_that_changes_nothing_keeps_the_manifest_of_a_later_version(review: Desk) -> None:
    first = from_a_later_version()

    answer = await review.says(KETUA, "revise", review.given(first), expected_sequence=1)

    was, data = orjson.loads(first.raw)["data"], answer.json()["data"]
    assert (data["dataset"], data["manifest"], data["changed"]) == (was["dataset"], was["manifest"], [])


@pytest.mark.parametrize("change", [{"accrual": "bulanan"}, {"accrual": None}, {"titel": None}])
async def test_what_this_version_does_not_know_it_does_not_change(review: Desk, change: dict[str, Any]) -> None:
    answer = await review.says(KETUA, "revise", review.given(from_a_later_version()), expected_sequence=1, dataset=change)

    assert (answer.status_code, codes(answer)) == (422, [("unknown_field", f"dataset.{next(iter(change))}")])


async def test_what_is_replaced_is_replaced_whole(review: Desk) -> None:
    columns = [{"name": "kode", "type": "string", "description": "Kode"}]

    answer = await review.says(KETUA, "revise", review.given(from_a_later_version()), expected_sequence=1, dataset={"columns": columns})

    data = answer.json()["data"]
    assert (data["dataset"]["columns"], data["dataset"]["responsible"]["phone"]) == (columns, "0271")
