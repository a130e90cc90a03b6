"""Files of a submission: put by their hash, and whose they are."""

import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest

from events.contracts import Actor
from tests.services.desk import ATASAN, AUDITOR, CONTENT, KETUA, TIM, TIM_OF_DINKES, Desk, bearer, codes, edited, form

MIB = 1024 * 1024


async def put(desk: Desk, sha256: str, content: bytes | AsyncIterator[bytes], who: Actor = TIM) -> httpx.Response:
    return await desk.http.put(f"/intake/api/files/{sha256}", content=content, headers=bearer(desk.token(who)))


async def test_a_file_is_put_under_its_hash_and_then_named_by_it(intake: Desk) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()

    for _ in range(2):
        answer = await put(intake, sha256, CONTENT)
        assert (answer.status_code, answer.json()) == (201, {"sha256": sha256, "bytes": len(CONTENT)})

    assert b"".join(intake.shared.files.read(sha256)) == CONTENT
    assert (await intake.post("submissions", TIM, form(content=None))).status_code == 202


async def test_bytes_that_do_not_hash_to_their_name_are_refused(intake: Desk) -> None:
    for name in ("0" * 64, hashlib.sha256(CONTENT).hexdigest().upper(), "x", "..", "%2e%2e%2fetc"):
        answer = await put(intake, name, CONTENT)
        assert answer.status_code in {422, 404, 405}, name
    assert codes(await put(intake, "0" * 64, CONTENT)) == [("wrong_hash", "sha256")]
    assert intake.shared.files.size("0" * 64) is None


@pytest.mark.parametrize("declared", [True, False])
async def test_a_file_past_the_limit_is_stopped(intake: Desk, *, declared: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield bytes(MIB // 10)

    answer = await put(intake, "0" * 64, bytes(MIB + 1) if declared else chunks())

    assert (answer.status_code, codes(answer)[0][0]) == (413, "too_large")


async def test_only_people_of_an_agency_put_files(intake: Desk) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()

    assert [(await put(intake, sha256, CONTENT, who)).status_code for who in (TIM, KETUA, ATASAN, AUDITOR)] == [201, 201, 403, 403]


async def test_refused_data_leaves_no_bytes_behind(intake: Desk) -> None:
    await intake.post("submissions", TIM, edited(dataset__personal_data={"contains": True}))

    assert intake.shared.files.size(hashlib.sha256(CONTENT).hexdigest()) is None


async def test_who_only_knows_the_hash_of_another_opds_file_hears_that_it_is_not_there(intake: Desk) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    theirs = form(content=None, opd="dinkes")
    before = (await intake.post("submissions", TIM_OF_DINKES, theirs)).json()["errors"]

    assert (await put(intake, sha256, CONTENT)).status_code == 201
    answer = await intake.post("submissions", TIM_OF_DINKES, theirs)

    assert (answer.status_code, answer.json()["errors"]) == (422, before)
    assert before[0]["code"] == "file_missing"
    assert (await put(intake, sha256, CONTENT, TIM_OF_DINKES)).status_code == 201
    assert (await intake.post("submissions", TIM_OF_DINKES, theirs)).status_code == 202
    assert (await intake.post("submissions", TIM, form(content=None))).status_code == 202


async def test_a_file_sent_inline_belongs_to_the_opd_that_sent_it(intake: Desk) -> None:
    assert (await intake.post("submissions", TIM, form())).status_code == 202

    assert (await intake.post("submissions", TIM, form(content=None))).status_code == 202
    assert codes(await intake.post("submissions", TIM_OF_DINKES, form(content=None, opd="dinkes")))[0][0] == "file_missing"
