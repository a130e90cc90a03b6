"""What stands in a file decides: refused at intake, stopped at verification, acknowledged with a note; and its profile."""

import base64
import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from bus.sources import InboundConsumer
from jejak import demo_village
from tests.events.given import CHECKLIST, after, approved, published, rejected, revision_of, story, submission_of, submitted, verified
from tests.services.desk import ATASAN, KETUA, KETUA_OF_DINKES, TIM, TIM_OF_DINKES, Desk, desk_of, form
from tests.services.test_inbound import records_of

NIK = "3313014101900001"


def with_file(content: bytes, name: str = "penerima.csv", **dataset: Any) -> dict[str, Any]:
    file = {"name": name, "media_type": "text/csv", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return form(**dataset) | {"files": [file | {"content": base64.b64encode(content).decode()}]}


def brought(desk: Desk, content: bytes) -> dict[str, Any]:
    """A file that the agency put to the lane's files, as a revision names it."""
    sha256 = hashlib.sha256(content).hexdigest()
    with desk.shared.files.spool(limit=1000) as spool:
        spool.write(content)
        spool.keep(sha256)
    desk.shared.files.brought(sha256, "dispermades")
    return {"name": "a.csv", "media_type": "text/csv", "bytes": len(content), "sha256": sha256}


async def test_a_list_of_persons_enters_with_errors_and_no_value_of_it_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = demo_village.persons()
    async with desk_of("intake", tmp_path) as intake:
        columns = [{"name": name, "type": "string", "description": name} for name in demo_village.COLUMNS]
        answer = await intake.post("submissions", TIM, with_file(content, columns=columns))
        submission_id = uuid.UUID(answer.json()["submission_id"])
        seen = await intake.get(f"submissions/{submission_id}", KETUA)
        profile = await intake.get(f"submissions/{submission_id}/files/{hashlib.sha256(content).hexdigest()}/profile", KETUA)
        (recorded,) = intake.lane.journal.history(submission_id)

    assert {f["code"] for f in seen.json()["findings"] if f["severity"] == "error"} >= {
        "personal_data_nik",
        "personal_data_kk",
        "personal_data_name",
    }
    assert profile.json()["tables"][0]["rows"] == 300
    told = answer.text + seen.text + profile.text + recorded.raw.decode() + caplog.text
    numbers = {cell for line in content.decode().splitlines()[1:] for cell in line.split(",")[:3]}
    assert not [number for number in numbers if number in told]


async def test_the_table_of_counts_has_no_error(tmp_path: Path) -> None:
    async with desk_of("intake", tmp_path) as intake:
        sent = with_file(demo_village.counts(), columns=demo_village.columns_of_counts())
        answer = await intake.post("submissions", TIM, sent)
        seen = (await intake.get(f"submissions/{answer.json()['submission_id']}", KETUA)).json()

    assert [f for f in seen["findings"] if f["severity"] == "error"] == []


async def test_a_program_is_refused_at_intake(tmp_path: Path) -> None:
    async with desk_of("intake", tmp_path) as intake:
        answer = await intake.post("submissions", TIM, with_file(b"MZ" + bytes(500)))

        assert (answer.status_code, [(e["code"], e["field"]) for e in answer.json()["errors"]]) == (422, [("file_type", "files.0")])
        assert intake.lane.journal.last_id() == 0


async def test_a_type_that_the_setting_leaves_out_is_refused(tmp_path: Path) -> None:
    async with desk_of("intake", tmp_path, check_types="xlsx") as intake:
        answer = await intake.post("submissions", TIM, form())

    assert [e["code"] for e in answer.json()["errors"]] == ["file_type"]


async def test_another_agency_sees_no_profile(tmp_path: Path) -> None:
    content = b"kode,nama\nA1,x\n"
    sha256 = hashlib.sha256(content).hexdigest()
    async with desk_of("intake", tmp_path) as intake:
        submission_id = (await intake.post("submissions", TIM, with_file(content))).json()["submission_id"]

        assert (await intake.get(f"submissions/{submission_id}/files/{sha256}/profile", KETUA_OF_DINKES)).status_code == 404
        assert (await intake.get(f"submissions/{submission_id}/files/{'0' * 64}/profile", KETUA)).status_code == 404


async def test_a_profile_is_of_what_this_submission_says_and_of_no_other_agency_s_check(tmp_path: Path) -> None:
    content = b"kode,jumlah\n33.13.01,5\n33.13.02,7\n33.13.03,9\n"
    own = [{"name": "kode", "type": "string", "description": "-"}, {"name": "jumlah", "type": "integer", "description": "-"}]
    others = [{"name": "33.13.02", "type": "string", "description": "-"}, {"name": "7", "type": "date", "description": "-"}]
    async with desk_of("intake", tmp_path) as intake:
        submission_id = (await intake.post("submissions", TIM, with_file(content, columns=own))).json()["submission_id"]
        path = f"submissions/{submission_id}/files/{hashlib.sha256(content).hexdigest()}/profile"
        before = (await intake.get(path, KETUA)).json()
        checked = await intake.post("check", TIM_OF_DINKES, with_file(content, columns=others, opd="dinkes"))
        after_it = (await intake.get(path, KETUA)).json()

    assert (checked.status_code, checked.json()["reasons"]) == (200, [])
    assert before["tables"][0]["rows"] == 3
    assert after_it == before


async def test_a_profile_that_is_not_there_is_made_anew(tmp_path: Path) -> None:
    async with desk_of("review", tmp_path) as review:
        file = brought(review, b"kode,nama\nA1,x\nA2,y\n")
        submission_id = review.given(*story(submission_of(files=[file])))
        profile = await review.get(f"submissions/{submission_id}/files/{file['sha256']}/profile", KETUA)

    assert (profile.status_code, profile.json()["tables"][0]["rows"]) == (200, 2)


async def test_a_revision_is_checked_anew(tmp_path: Path) -> None:
    async with desk_of("review", tmp_path) as review:
        submission_id = review.given(*story(submitted))
        file = brought(review, f"kode,nik\nA1,{NIK}\n".encode())
        answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, files=[file])

    assert "personal_data_nik" in {f["code"] for f in answer.json()["data"]["findings"]}
    assert NIK not in json.dumps(answer.json())


async def test_a_revision_is_held_against_the_published_edition(tmp_path: Path) -> None:
    old, new = b"kode,jumlah\nA,100\nB,200\n", b"kode,jumlah\nA,100\nB,2100\n"
    columns = [{"name": n, "type": t, "description": "-", "key": n == "kode"} for n, t in (("kode", "string"), ("jumlah", "integer"))]
    async with desk_of("review", tmp_path) as review:
        was, becomes = (brought(review, content) for content in (old, new))
        shown = {"columns": columns, "files": [was]}
        review.given(*story(submission_of(edition=1, **shown), revision_of(**shown), verified, approved, published))
        second = review.given(*story(submission_of(edition=2, **shown | {"period_start": "2026-01-01", "period_end": "2026-06-30"})))
        answer = await review.says(KETUA, "revise", second, expected_sequence=1, files=[becomes])

    told = {(f["code"], f["field"]) for f in answer.json()["data"]["findings"] if f["code"] in {"version_changes", "sudden_jump"}}
    assert told == {("sudden_jump", "files.0"), ("version_changes", "dataset.period_start"), ("version_changes", "files.0")}


async def test_a_record_that_waits_is_held_against_the_published_version_before_its_turn(tmp_path: Path) -> None:
    old, new = b"kode,jumlah\nA,100\n", b"kode,jumlah\nA,120\n"
    async with desk_of("intake", tmp_path) as intake:
        was = brought(intake, old)
        shown = {"dataset_id": "daftar-desa", "files": [was]}
        intake.given(*story(submission_of(edition=1, **shown), revision_of(**shown), verified, approved, published))
        sent = with_file(new, name="a.csv", dataset_id="daftar-desa", period_start="2026-01-01", period_end="2026-06-30")
        consumer = intake.lane.consumers[1]
        assert isinstance(consumer, InboundConsumer)

        begun = [future.result() for future in consumer.ahead([records_of(sent)])[0]]

    assert [told["changes"][0]["rows"]["after"] for told in begun if "changes" in told] == [1]


@pytest.mark.parametrize(("code", "stands"), [("csv_dialect", True), ("not_checked", False), ("file_lost", False)])
async def test_when_nothing_is_changed_what_was_found_stands_but_for_a_file_that_could_not_be_looked_at(
    code: str, tmp_path: Path, *, stands: bool
) -> None:
    finding = {"word": "valid", "severity": "warning", "code": code, "field": "files.0", "message": "x"}
    async with desk_of("review", tmp_path) as review:
        submission_id = review.given(*story(submission_of(findings=[finding])))
        answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1)

    assert ([f["message"] for f in answer.json()["data"]["findings"]] == ["x"]) is stands


async def test_what_only_intake_could_see_stays_with_a_revision_as_long_as_it_is_true(tmp_path: Path) -> None:
    finding = {"word": "akuntabel", "severity": "warning", "field": "files", "message": "x"}
    early, same = finding | {"code": "time_ahead"}, finding | {"code": "same_content"}
    async with desk_of("review", tmp_path) as review:
        file = brought(review, b"kode,nama\nA1,x\n")
        sent = submission_of(files=[file], findings=[early, same])
        submission_id = review.given(*story(sent))
        changed = await review.says(KETUA, "revise", submission_id, expected_sequence=1, dataset={"title": "Lain"})

        back = review.given(*story(sent, revision_of(files=[file], title="Lain"), rejected()))
        title = review.lane.journal.history(back)[0].said["data"]["dataset"]["title"]
        again = await review.says(KETUA, "revise", back, expected_sequence=3, dataset={"title": title})

    found = [{f["code"] for f in answer.json()["data"]["findings"]} & {"time_ahead", "same_content"} for answer in (changed, again)]
    assert found == [{"time_ahead"}, {"time_ahead", "same_content"}]


async def test_warnings_are_verified_with_a_note_only(tmp_path: Path) -> None:
    finding = {"word": "valid", "severity": "warning", "code": "csv_dialect", "message": "Titik koma."}
    async with desk_of("decision", tmp_path) as decision:
        submission_id = decision.given(*story(submitted, revision_of(findings=[finding])))
        silent = await decision.says(ATASAN, "verify", submission_id, expected_sequence=2, checklist=CHECKLIST, note=" ")
        said = await decision.says(ATASAN, "verify", submission_id, expected_sequence=2, checklist=CHECKLIST, note="Memang begitu.")

    assert (silent.status_code, [e["code"] for e in silent.json()["errors"]]) == (422, ["not_acknowledged"])
    assert said.status_code == 200


async def test_a_later_edition_says_what_is_other_than_in_the_published_one(tmp_path: Path) -> None:
    old, new = b"kode,jumlah\nA,100\nB,200\n", b"kode,jumlah\nA,100\nB,2100\nC,300\n"
    columns = [{"name": n, "type": t, "description": "-", "key": n == "kode"} for n, t in (("kode", "string"), ("jumlah", "integer"))]
    kept = revision_of(columns=columns, files=[{k: v for k, v in with_file(old)["files"][0].items() if k != "content"}])
    async with desk_of("intake", tmp_path) as intake:
        first = uuid.UUID(
            (await intake.post("submissions", TIM, with_file(old, dataset_id="daftar-desa", columns=columns))).json()["submission_id"]
        )
        recorded = intake.lane.journal.history(first)
        intake.given(*after(recorded, kept, verified, approved, published))
        later = with_file(new, dataset_id="daftar-desa", columns=columns, period_start="2026-01-01", period_end="2026-06-30")
        second = (await intake.post("submissions", TIM, later)).json()["submission_id"]
        seen = (await intake.get(f"submissions/{second}", KETUA)).json()
        profile = (await intake.get(f"submissions/{second}/files/{hashlib.sha256(new).hexdigest()}/profile", KETUA)).json()
        before = (await intake.get(f"submissions/{first}/files/{hashlib.sha256(old).hexdigest()}/profile", KETUA)).json()

    told = [(f["code"], f["severity"], f["field"]) for f in seen["findings"] if f["code"] in {"version_changes", "sudden_jump"}]
    assert told == [
        ("sudden_jump", "warning", "files.0"),
        ("version_changes", "info", "dataset.period_start"),
        ("version_changes", "info", "files.0"),
    ]
    assert profile["changes"]["against"]["submission_id"] == str(first)
    assert profile["changes"]["tables"][0]["rows"] == {"before": 2, "after": 3, "added": 1, "removed": 0, "changed": 1}
    assert before["changes"] is None
