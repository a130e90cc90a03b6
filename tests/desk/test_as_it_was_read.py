"""What was chosen stays chosen only as it was read, and whatever a column or a reason is called, its page is shown."""

import re
from pathlib import Path

import pytest

from tests.desk.over import desk_over
from tests.desk.test_over_lanes import VERIFY
from tests.events.given import rejected, revised, revision_of, story, submission_of, submitted
from web.tokens import Role


@pytest.mark.parametrize("sent", [{"bahasa": "en"}, {"pilihan": ""}], ids=["another language", "refused"])
async def test_what_changed_since_several_were_chosen_is_chosen_no_more_and_is_named(tmp_path: Path, sent: dict[str, str]) -> None:
    async with desk_over(tmp_path, "decision") as over, over.person(Role.ATASAN_PPID) as browser:
        told = story(submitted, revised, rejected(), revised)
        number, other = (
            over.given(*told[:2]),
            over.lanes["decision"].given(*story(submission_of(dataset_id="lain"), revision_of(dataset_id="lain"))),
        )
        form = VERIFY | {"pilih": [f"{number}:2", f"{other}:2"], f"judul.{number}": "Daftar yang berubah"}
        over.given(*told[2:])  # a colleague returned it meanwhile, and its agency revised it
        page = await browser.post("/putusan-bersama", data=form | sent)

        assert re.findall(r'name="pilih" value="([^"]+)" checked', page.text) == [f"{other}:2"]
        assert "Daftar yang berubah." in page.text
        assert over.lanes["decision"].written(number)[-1] == "DataRevised"


@pytest.mark.parametrize("name", [f"dataset.columns.{'9' * 30}", f"dataset.columns.{'9' * 5_000}"[:120], "columns.²", "dataset_id"])
async def test_a_column_may_be_called_what_looks_like_a_field(tmp_path: Path, name: str) -> None:
    async with desk_over(tmp_path, "decision") as over, over.person(Role.ATASAN_PPID) as browser:
        finding = {
            "word": "valid",
            "severity": "warning",
            "code": "column_twice",
            "field": "dataset.columns",
            "message": f"Kolom tertulis dua kali: {name}.",
        }
        number = over.given(*story(submission_of(), revision_of(findings=[finding])))
        for language in ("id", "en"):
            await browser.post("/bahasa", data={"bahasa": language})
            page = await browser.get(f"/pengajuan/{number}")
            assert (page.status_code, f": {name}." in page.text) == (200, True)


@pytest.mark.parametrize("field", ["dataset.columns.²", f"dataset.columns.{'9' * 40}.unit"])
async def test_a_reason_may_name_any_field(tmp_path: Path, field: str) -> None:
    async with desk_over(tmp_path, "decision", "archive") as over, over.person(Role.ATASAN_PPID) as browser:
        number = over.given(*story(submitted, revised, rejected(field=field)))
        for page in (f"/pengajuan/{number}", f"/pengajuan/{number}/jejak"):
            assert (await browser.get(page)).status_code == 200
