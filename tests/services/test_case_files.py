"""Files of a case: the bytes that were judged, as an attachment under the name that the agency gave, never shown in place."""

import hashlib
import uuid
from email.message import Message
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.events.given import FILE, revision_of, story, submission_of
from tests.services.desk import AUDITOR, KETUA, TIM, Desk, desk_of, form

OLD, NEW = b"kode,nama\n33.13.01,Jatipuro\n", b"kode,nama\n33.13.02,Jatiyoso\n"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file(content: bytes, name: str, **more: Any) -> dict[str, Any]:
    return FILE | {"name": name, "bytes": len(content), "sha256": sha256_of(content)} | more


def kept(desk: Desk, content: bytes) -> None:
    with desk.shared.files.spool(limit=10_000_000) as spool:
        spool.write(content)
        spool.keep(sha256_of(content))


async def download(desk: Desk, submission_id: uuid.UUID, content: bytes) -> httpx.Response:
    return await desk.get(f"submissions/{submission_id}/files/{sha256_of(content)}", KETUA)


def name_in(answer: httpx.Response) -> str | None:
    header = Message()
    header["Content-Disposition"] = answer.headers["content-disposition"]
    return header.get_filename()


@pytest.mark.parametrize(
    "name", ["daftar desa 100%.csv", 'a"; filename="x.exe.csv', "données – 测试.csv", "x;y=z.csv", "a'b.csv", "..csv".lstrip(".") + ".csv"]
)
async def test_a_file_comes_as_an_attachment_under_its_own_name_and_is_never_shown(tmp_path: Path, name: str) -> None:
    async with desk_of("review", tmp_path) as desk:
        kept(desk, OLD)
        submission_id = desk.given(*story(submission_of(files=[file(OLD, name, media_type="text/html")])))

        answer = await download(desk, submission_id, OLD)

        assert (answer.status_code, answer.content) == (200, OLD)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert name_in(answer) == name
        assert (answer.headers["x-content-type-options"], answer.headers["content-length"]) == ("nosniff", str(len(OLD)))


async def test_also_a_file_that_a_revision_replaced_and_none_of_another_submission(tmp_path: Path) -> None:
    async with desk_of("review", tmp_path) as desk:
        kept(desk, OLD)
        kept(desk, NEW)
        one = desk.given(*story(submission_of(files=[file(OLD, "a.csv")]), revision_of(files=[file(NEW, "b.csv")])))
        other = desk.given(*story(submission_of(files=[file(NEW, "c.csv")], dataset_id="daftar-lain")))

        assert [(await download(desk, one, content)).content for content in (OLD, NEW)] == [OLD, NEW]
        assert name_in(await download(desk, other, NEW)) == "c.csv"
        refused = await download(desk, other, OLD)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (404, "not_found")


async def test_a_file_that_is_lost_is_said_to_be_missing(tmp_path: Path) -> None:
    async with desk_of("review", tmp_path) as desk:
        submission_id = desk.given(*story(submission_of(files=[file(OLD, "a.csv")])))

        answer = await download(desk, submission_id, OLD)

        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "file_missing")


async def test_a_file_that_was_changed_in_the_store_is_not_sent_to_its_end(tmp_path: Path) -> None:
    async with desk_of("review", tmp_path) as desk:
        content = b"kode,nama\n" * 300_000
        kept(desk, content)
        submission_id = desk.given(*story(submission_of(files=[file(content, "a.csv")])))
        (path,) = (path for path in (tmp_path / "files").rglob(sha256_of(content)) if path.is_file())
        path.chmod(0o600)
        path.write_bytes(content[:-1] + b"X")

        answer = await download(desk, submission_id, content)

        assert len(answer.content) < len(content)


async def test_a_profile_shows_the_first_fifty_rows_with_personal_columns_masked(tmp_path: Path) -> None:
    rows = [f"33130101{n:08d},Orang {n},{n}" for n in range(1, 81)]
    content = "\n".join(["nik,keterangan,jumlah", *rows]).encode() + b"\n"
    sent = form(content=content)
    sent["dataset"]["personal_data"] = {"contains": False}
    sent["files"][0] |= {"bytes": len(content), "sha256": sha256_of(content)}
    async with desk_of("intake", tmp_path) as desk:
        receipt = (await desk.post("submissions", TIM, sent)).json()

        answer = await desk.get(f"submissions/{receipt['submission_id']}/files/{sha256_of(content)}/profile", AUDITOR)

        (table,) = answer.json()["tables"]
        assert [row[1:] for row in table["preview"]] == [[f"Orang {n}", str(n)] for n in range(1, 51)]
        assert [column["name"] for column in table["columns"]] == ["nik", "keterangan", "jumlah"]
        assert not any(row.split(",")[0] in answer.text for row in rows)
        assert answer.json()["scores"]
