"""A form is checked before it is handed in: the same reasons and findings as when it is submitted, and nothing left behind."""

import asyncio
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import Report
from events.metadata import Dataset
from lane.checking import CALLS
from tests.bus.cluster import until
from tests.events.given import story, submission_of
from tests.services.desk import KETUA, KETUA_OF_DINKES, TIM, TIM_OF_DINKES, Desk, desk_of, form

NIK = b"nik,nama\n3313010101900001,Siti Aminah\n3313010203910002,Budi Santoso\n"


def with_content(content: bytes, **dataset: Any) -> dict[str, Any]:
    sent = form(content=content, **dataset)
    sent["files"][0] |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return sent


async def test_what_would_be_accepted_has_no_reasons_and_nothing_is_written(intake: Desk, tmp_path: Path) -> None:
    sent = form()
    answer = await intake.post("check", TIM, sent)

    assert (answer.status_code, answer.json()["reasons"]) == (200, [])
    assert set(answer.json()["scores"]) == {"terpadu", "lengkap", "aktual", "valid", "akuntabel"}
    assert intake.lane.journal.last_id() == 0
    assert intake.lane.journal.last_letter() == 0
    assert intake.shared.files.size(sent["files"][0]["sha256"]) is None
    assert (await intake.post("submissions", TIM, sent)).status_code == 202


async def test_of_bytes_that_were_only_checked_nothing_is_kept_and_of_those_handed_in_what_was_found(intake: Desk, tmp_path: Path) -> None:
    sent = form()
    sha256 = sent["files"][0]["sha256"]
    await intake.post("check", TIM, sent)
    assert list((tmp_path / "files").rglob(f"{sha256}*")) == []

    assert (await intake.post("submissions", TIM, sent)).status_code == 202
    assert len(list((tmp_path / "files").rglob(f"{sha256}.check-*"))) == 1


async def test_findings_are_those_that_the_submission_will_carry(intake: Desk) -> None:
    sent = with_content(NIK, period_end="2099-12-31")
    checked = (await intake.post("check", TIM, sent)).json()
    receipt = (await intake.post("submissions", TIM, sent)).json()
    submitted = (await intake.get(f"submissions/{receipt['submission_id']}", TIM)).json()

    assert sorted(f["code"] for f in checked["findings"]) == sorted(f["code"] for f in submitted["findings"])
    assert any(f["code"].startswith("personal_data_") for f in checked["findings"])
    assert b"3313010101900001" not in str(checked).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sent: sent.pop("dataset"),
        lambda sent: sent["dataset"].update(title=""),
        lambda sent: sent["files"][0].update(sha256="0" * 64),
        lambda sent: sent["files"][0].pop("content"),
        lambda sent: sent.update(opd="dinkes"),
        lambda sent: sent["dataset"].update(period_start="2026-01-01"),
        lambda sent: sent["dataset"].update(information_class="dikecualikan"),
    ],
)
async def test_reasons_are_those_of_submitting(intake: Desk, spoil: Any) -> None:
    sent = form()
    spoil(sent)

    checked = await intake.post("check", TIM, sent)
    refused = await intake.post("submissions", TIM, sent)

    assert (checked.status_code, refused.status_code) == (200, 422)
    assert checked.json()["reasons"] == refused.json()["errors"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"null"])
async def test_what_is_no_form_is_told_as_reasons(intake: Desk, body: bytes) -> None:
    answer = await intake.post("check", TIM, body)

    assert (answer.status_code, answer.json()["findings"]) == (200, [])
    assert answer.json()["reasons"][0]["message"]


async def test_a_name_of_another_agency_and_a_period_that_is_on_its_way_are_told(intake: Desk) -> None:
    sent = form()
    assert (await intake.post("submissions", TIM, sent)).status_code == 202
    again = form(dataset_id=sent["dataset"]["dataset_id"])
    others = form(dataset_id=sent["dataset"]["dataset_id"], opd="dinkes")

    assert [r["code"] for r in (await intake.post("check", TIM, again)).json()["reasons"]] == ["already_open"]
    assert "name_taken" in [r["code"] for r in (await intake.post("check", TIM_OF_DINKES, others)).json()["reasons"]]
    assert [r["code"] for r in (await intake.post("check", TIM, sent | {"submitted_by": "x"})).json()["reasons"]] == ["event_id_reused"]


async def test_a_revision_is_checked_beside_the_submission_that_it_changes(intake: Desk) -> None:
    sent = form()
    submission_id = (await intake.post("submissions", TIM, sent)).json()["submission_id"]
    changed = form(content=None, **(sent["dataset"] | {"title": "Judul baru"}))

    answer = (await intake.post(f"check?revises={submission_id}", KETUA, changed)).json()

    assert answer["reasons"] == []
    assert "same_content" not in [f["code"] for f in answer["findings"]]
    refused = await intake.post(f"check?revises={submission_id}", KETUA_OF_DINKES, changed | {"opd": "dinkes"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (404, "not_found")


async def test_somebody_elses_file_is_not_there_for_a_check_either(intake: Desk) -> None:
    sent = form()
    await intake.post("submissions", TIM, sent)
    other = form(content=None, opd="dinkes")

    assert [r["code"] for r in (await intake.post("check", TIM_OF_DINKES, other)).json()["reasons"]] == ["file_missing"]
    intake.given(*story(submission_of(dataset_id="daftar-lain")))
    assert intake.shared.files.size(sent["files"][0]["sha256"]) is not None


async def test_nothing_is_checked_before_the_log_was_read_to_its_end(tmp_path: Path) -> None:
    async with desk_of("intake", tmp_path, caught_up=False) as desk:
        desk.shared.directory.progress.ready = True
        assert (await desk.post("check", TIM, form())).status_code == 503


async def test_one_opd_that_checks_without_end_keeps_no_other_out(intake: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    checking, over, begun = intake.shared.checking, threading.Event(), list[str]()
    looked = checking.findings

    def slow(dataset: Dataset, *asked: Any, **more: Any) -> Report:
        begun.append(dataset.title)
        assert dataset.title != "Lambat" or over.wait(60)
        return looked(dataset, *asked, **more)

    monkeypatch.setattr(checking, "findings", slow)
    flood = [asyncio.create_task(intake.post("check", TIM, form(title="Lambat"))) for _ in range(2 * CALLS)]
    try:
        await until(lambda: begun == ["Lambat"] * (CALLS // 2) and len(checking.turns._waiting[TIM.opd or ""]) == 2 * CALLS - CALLS // 2)
        async with asyncio.timeout(30):
            assert (await intake.post("check", TIM_OF_DINKES, form(opd="dinkes"))).status_code == 200
    finally:
        over.set()
    assert {answer.status_code for answer in await asyncio.gather(*flood)} == {200}


async def test_calls_that_look_at_files_take_no_thread_of_the_lanes_loops(intake: Desk) -> None:
    loops, over = ThreadPoolExecutor(1), threading.Event()
    asyncio.get_running_loop().set_default_executor(loops)
    busy = loops.submit(over.wait)
    sent = form()
    try:
        async with asyncio.timeout(60):
            assert (await intake.post("check", TIM, sent)).status_code == 200
            assert (await intake.post("submissions", TIM, sent)).status_code == 202
    finally:
        over.set()
    assert busy.result(timeout=10)
