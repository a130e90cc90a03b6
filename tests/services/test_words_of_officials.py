"""What nobody approved may be withdrawn; and no personal data enters the log in an official's words."""

from pathlib import Path
from typing import Any

import pytest

from events.contracts import Actor
from tests.events.given import (
    CHECKLIST,
    FILE,
    Step,
    approved,
    rejected,
    revised,
    story,
    submitted,
    verified,
)
from tests.services.desk import ADMIN, ATASAN, KETUA, KETUA_OF_DINKES, TIM, Desk, codes, desk_of, form


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


@pytest.mark.parametrize(
    ("lane", "verb", "before", "body", "field"),
    [
        ("review", "revise", (submitted,), {"note": "Sudah \u202edicek."}, "note"),
        ("review", "withdraw", (submitted,), {"reason": {"code": "test", "note": "Uji\u200b coba."}}, "reason.note"),
        ("decision", "approve", (submitted, revised, verified), {"consideration": "Layak\u2066 diunggah."}, "consideration"),
        ("decision", "reject", (submitted, revised), {"reasons": [{"code": "x", "note": "Salah\u202e."}]}, "reasons.0.note"),
        ("decision", "reject", (submitted, revised), {"reasons": [{"code": "x", "field": "\u202ea", "note": "n"}]}, "reasons.0.field"),
        ("publisher", "retract", (submitted, revised, verified, approved), {"reason": {"code": "x", "note": "\u202eNIK"}}, "reason.note"),
    ],
)
async def test_nothing_that_turns_text_around_enters_it_either(
    lane: str, verb: str, before: tuple[Step, ...], body: dict[str, Any], field: str, tmp_path: Path
) -> None:
    async with desk_of(lane, tmp_path) as desk:
        submission_id, who = desk.given(*story(*before)), {"review": KETUA, "decision": ATASAN, "publisher": ADMIN}[lane]
        refused = await desk.says(who, verb, submission_id, expected_sequence=len(before), **body)
        assert (refused.status_code, codes(refused)) == (422, [("hidden_character", field)])
        assert len(desk.written(submission_id)) == len(before)


async def test_joiners_have_their_place_in_a_note(review: Desk) -> None:
    submission_id = review.given(*story(submitted))
    reason = {"code": "test", "note": "Uji coba \U0001f468\u200d\U0001f4bb\ufe0f."}
    assert (await review.says(KETUA, "withdraw", submission_id, expected_sequence=1, reason=reason)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": f"Data Budi NIK {NIK}"}, "dataset.title"),
        ({"summary": "Hubungi 081234567890."}, "dataset.summary"),
        ({"keywords": ["desa", "budi.santoso@gmail.com"]}, "dataset.keywords.1"),
        ({"columns": [{"name": "nik", "type": "string", "description": f"misalnya {NIK}"}]}, "dataset.columns.0.description"),
        ({"dataset_id": f"data-{NIK}"}, "dataset.dataset_id"),
        ({"files": [FILE | {"name": f"KTP {NIK}.csv"}]}, "files.0.name"),
        ({"submitted_by": "Budi NIP 198501012010011001"}, "submitted_by"),
    ],
)
async def test_nor_in_metadata_in_names_of_files_or_of_who_hands_in(intake: Desk, changes: dict[str, Any], field: str) -> None:
    sent = form()
    sent["files"][0] |= {"name": changes.get("files", sent["files"])[0]["name"]}
    sent |= {name: value for name, value in changes.items() if name == "submitted_by"}
    sent["dataset"] |= {name: value for name, value in changes.items() if name not in {"files", "submitted_by"}}

    refused = await intake.post("submissions", TIM, sent)

    assert (refused.status_code, codes(refused)) == (422, [("personal_data", field)])
    assert NIK not in refused.text
    assert intake.lane.journal.last_id() == 0


async def test_nor_in_what_a_revision_changes(review: Desk) -> None:
    submission_id = review.given(*story(submitted))
    refused = await review.says(KETUA, "revise", submission_id, expected_sequence=1, dataset={"title": f"Milik {NIK}"})
    assert (refused.status_code, codes(refused)) == (422, [("personal_data", "dataset.title")])


@pytest.mark.parametrize(
    "changes",
    [
        {"responsible": {"position": "Kepala Bidang, telepon 0271-495025", "email": "tapem@setda.example.id"}},
        {"responsible": {"position": "Layanan (WA 0812-3456-7890)", "email": "budi@karanganyarkab.go.id"}},
        {"summary": "Periode 2024-01-01 2024-12-31, desa 33.13.01.2001, SKPD 1.01.2.22.0.00.01.0000, tahun 2021 2022 2023 2024."},
        {"source": "RT 01 RW 02 Kelurahan Cangakan; UU 27/2022; surat 045/1234/2024; ppid@karanganyarkab.go.id", "version": "V2024001"},
        {"method": "Sensus 1 s.d. 31-12-2025 pukul 08.00-16.00, galat 0.123456789012345, 1.234.567 jiwa, telepon (0271) 495025"},
    ],
)
async def test_what_is_no_person_s_may_stand_in_metadata(intake: Desk, changes: dict[str, Any]) -> None:
    answer = await intake.post("submissions", TIM, form(**changes))
    assert answer.status_code == 202, answer.text


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
