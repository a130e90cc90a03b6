"""Several commands in one call: each is carried out or refused by itself, with the same answers as its own call gives."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.events.given import (
    ATASAN,
    CHECKLIST,
    KETUA,
    after,
    approved,
    in_the_role_of,
    published,
    revised,
    revision_of,
    story,
    submission_of,
    submitted,
    verified,
)
from tests.events.stores_that_fail import FailingStore
from tests.services.desk import ADMIN, KETUA_OF_DINKES, TIM, Desk, desk_of

REASON = {"code": "incomplete", "note": "Kolom tanpa satuan."}


def waiting(desk: Desk) -> uuid.UUID:
    named: dict[str, Any] = {"dataset_id": f"daftar-{uuid.uuid4().hex[:12]}"}
    return desk.given(*story(submission_of(**named), revision_of(**named)))


def verify(submission_id: object, **more: Any) -> dict[str, Any]:
    return {"submission_id": str(submission_id), "verb": "verify", "body": {"expected_sequence": 2, "checklist": CHECKLIST} | more}


async def test_each_has_its_own_result_and_a_refusal_stops_none_of_the_others(decision: Desk) -> None:
    good, other, late = (waiting(decision) for _ in range(3))
    reject = {"submission_id": str(other), "verb": "reject", "body": {"expected_sequence": 2, "reasons": [REASON]}}
    items = [
        verify(good),
        verify(uuid.uuid4()),
        verify(late, expected_sequence=1),
        verify(late, checklist=CHECKLIST | {"valid": False}),
        verify(late, checklist={}),
        {"submission_id": str(late), "verb": "revise", "body": {}},
        reject,
        verify(late),
    ]

    answer = await decision.post("batch", ATASAN, {"items": items})

    results = answer.json()["results"]
    assert answer.status_code == 200
    assert [result["submission_id"] for result in results] == [item["submission_id"] for item in items]
    assert [result["ok"] for result in results] == [True, False, False, False, False, False, True, True]
    assert [result.get("status") for result in results] == [None, 404, 409, 422, 422, 422, None, None]
    codes = [[error["code"] for error in result.get("errors", ())] for result in results]
    assert codes[1:4] == [["not_found"], ["stale"], ["not_confirmed"]]
    assert {error["field"] for error in results[4]["errors"]} == {f"checklist.{word}" for word in CHECKLIST}
    assert results[5]["errors"][0]["field"] == "verb"
    assert (results[2]["state"], results[2]["sequence"]) == ("revised", 2)
    assert [result["event"]["type"] for result in results if result["ok"]] == ["DataVerified", "DataRejected", "DataVerified"]
    assert [decision.written(one)[-1] for one in (good, other, late)] == ["DataVerified", "DataRejected", "DataVerified"]


async def test_the_same_twice_is_refused_the_second_time(decision: Desk) -> None:
    one = waiting(decision)

    results = (await decision.post("batch", ATASAN, {"items": [verify(one), verify(one)]})).json()["results"]

    assert [(result["ok"], result.get("status")) for result in results] == [(True, None), (False, 409)]
    assert decision.written(one).count("DataVerified") == 1


async def test_four_eyes_hold_in_a_batch_too(decision: Desk) -> None:
    (result,) = (await decision.post("batch", in_the_role_of(ATASAN, KETUA), {"items": [verify(waiting(decision))]})).json()["results"]

    assert (result["status"], [error["code"] for error in result["errors"]]) == (403, ["four_eyes"])


async def test_a_store_that_fails_in_the_middle_costs_that_one_only(decision: Desk) -> None:
    first, second = waiting(decision), waiting(decision)
    real = decision.lane.journal.store
    decision.lane.journal.store = failing = FailingStore(real)
    failing.unavailable = 1

    results = (await decision.post("batch", ATASAN, {"items": [verify(first), verify(second)]})).json()["results"]
    decision.lane.journal.store = real

    assert [(result["ok"], result.get("status")) for result in results] == [(False, 503), (True, None)]
    assert results[0]["errors"][0]["code"] == "not_now"
    assert (decision.written(first)[-1], decision.written(second)[-1]) == ("DataRevised", "DataVerified")


@pytest.mark.parametrize("odd", [{"expected_sequence": 10**30}, {"note": "\ud800"}, {"note": float("nan")}, {"\udfff": 1}])
async def test_what_json_alone_can_say_costs_that_one_only(decision: Desk, odd: dict[str, Any]) -> None:
    first, second, third = waiting(decision), waiting(decision), waiting(decision)

    answer = await decision.post("batch", ATASAN, {"items": [verify(first), verify(second, **odd), verify(third)]})

    assert (answer.status_code, [result["ok"] for result in answer.json()["results"]]) == (200, [True, False, True])
    assert answer.json()["results"][1]["status"] in {409, 422}
    assert [decision.written(one)[-1] for one in (first, second, third)] == ["DataVerified", "DataRevised", "DataVerified"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": [{}]},
        {"items": [{"submission_id": "x", "verb": "verify", "body": {}}]},
        {"items": [verify(uuid.UUID(int=1))] * 101},
        {"items": [verify(uuid.UUID(int=1)) | {"more": 1}]},
    ],
    ids=["nothing", "none", "empty", "no-number", "too-many", "unknown-field"],
)
async def test_what_is_no_batch_is_refused_as_a_whole(decision: Desk, body: dict[str, Any]) -> None:
    answer = await decision.post("batch", ATASAN, body)

    assert answer.status_code == 422
    assert all(error["message"] and error["field"] for error in answer.json()["errors"])


async def test_people_of_an_agency_reach_their_own_only_and_say_their_own_verbs_only(tmp_path: Path) -> None:
    async with desk_of("review", tmp_path) as desk:
        one = desk.given(*story(submitted))
        revise = {"submission_id": str(one), "verb": "revise", "body": {"expected_sequence": 1}}

        for who, status in ((KETUA_OF_DINKES, 404), (TIM, 403), (KETUA, None)):
            (result,) = (await desk.post("batch", who, {"items": [revise]})).json()["results"]
            assert result.get("status") == status


async def test_the_publishers_verbs_in_a_batch(tmp_path: Path) -> None:
    async with desk_of("publisher", tmp_path) as desk:
        told = story(submitted, revised, verified, approved)
        one = desk.given(*told)
        retry = {"submission_id": str(one), "verb": "retry"}
        (result,) = (await desk.post("batch", ADMIN, {"items": [retry]})).json()["results"]
        assert (result["ok"], result["publication"]["state"]) == (True, "waiting")
        (result,) = (await desk.post("batch", ATASAN, {"items": [retry]})).json()["results"]
        assert (result["ok"], result["status"]) == (False, 403)

        desk.given(*after(told, published))
        retract = {"submission_id": str(one), "verb": "retract", "body": {"expected_sequence": 5, "reason": REASON}}
        (result,) = (await desk.post("batch", ADMIN, {"items": [retract]})).json()["results"]
        assert result["event"]["type"] == "DataRetracted"
