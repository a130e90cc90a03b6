"""Step 3 over HTTP: each decision happens, is refused with its reason, and stays quiet when it was said before."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.contracts import EVENT, Actor, Checklist, DataRejected, DataVerified
from events.submission import Kind, Refused
from services.decision.commands import Verify
from tests.events.given import (
    CHECKLIST,
    START,
    Step,
    in_the_role_of,
    on_a_topic,
    rejected,
    revised,
    revision_of,
    story,
    submission_of,
    submitted,
    verified,
)
from tests.services.desk import ADMIN, ATASAN, AUDITOR, KETUA, KETUA_OF_DINKES, TIM, Desk, codes, desk_of

REASONS = [{"code": "incomplete", "field": "dataset.columns", "note": "Kolom tanpa satuan."}]
BODIES: dict[str, dict[str, Any]] = {
    "revise": {"note": "Sudah dicek."},
    "verify": {"checklist": CHECKLIST, "note": ""},
    "approve": {"consideration": "Layak diunggah."},
    "reject": {"reasons": REASONS},
}


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
