"""What the pages show and do over real lanes that have not heard of each other yet, or answer late, or twice."""

import asyncio
import html
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from desk.clock import today
from desk.settings import lanes_of
from desk.tables import DRAFTS
from events.ids import submission_id_of
from tests.desk.alone import desk_alone, log_in
from tests.desk.over import OPD, desk_over
from tests.events.given import (
    after,
    approved,
    recalled,
    revised,
    revision_of,
    story,
    submission_of,
    submitted,
    verified,
    withdrawn,
)
from web.tokens import Role

CHECKLIST = {f"checklist_{word}": "1" for word in ("terpadu", "lengkap", "aktual", "valid", "akuntabel")}
VERIFY = {"pilihan": "verify", "note": "Sudah dibaca.", **CHECKLIST}
REASON = {"reason_code_0": "other", "reason_note_0": "Salah kirim: ini berkas tahun yang lalu."}
FIELDS = {
    "title": "Daftar Kecamatan",
    "summary": "Kode dan nama kecamatan.",
    "keywords": "kecamatan",
    "section": "Tata Pemerintahan",
    "responsible.position": "Kepala Bagian",
    "responsible.email": "tapem@setda.example.id",
    "period_start": "2026-01-01",
    "period_end": "2026-12-31",
    "frequency": "annual",
    "regions": "33.13",
    "information_class": "berkala",
    "license": "cc-by",
    "personal_data": "none",
}
COLUMNS = {f"columns.{n}.name": name for n, name in enumerate(("kode", "nama", "jumlah"))}
COLUMNS |= {f"columns.{n}.description": "Arti" for n in range(3)}
COLUMNS |= {f"columns.{n}.type": kind for n, kind in enumerate(("string", "string", "integer"))}
FILE = ("files", ("daftar.csv", b"kode,nama,jumlah\n33.13.01,Jatipuro,12\n33.13.02,Jatiyoso,15\n"))


@pytest.mark.parametrize("who", [Role.TIM_PPID, Role.KETUA_PPID])
async def test_what_was_just_withdrawn_is_shown_as_withdrawn_though_the_own_lane_has_not_heard_of_it(tmp_path: Path, who: Role) -> None:
    async with desk_over(tmp_path, "intake", "review") as over, over.person(who) as browser:
        number = over.given(*story(submitted))
        form = {"pilihan": "withdraw", "expected_sequence": "1", "yakin": "1", **REASON}
        answer = await browser.post(f"/pengajuan/{number}/putusan", data=form)
        assert answer.headers["location"] == f"/pengajuan/{number}/selesai?langkah=2"
        done = await browser.get(answer.headers["location"])
        assert "<h1>Ditarik</h1>" in done.text
        assert ("Daftar mungkin masih menampilkan keadaan sebelumnya" in done.text) is (who is Role.TIM_PPID)
        case = (await browser.get(f"/pengajuan/{number}")).text
        assert "Ditarik</span>" in case
        assert "pilihan-withdraw" not in case
        again = await browser.post(f"/pengajuan/{number}/putusan", data=form)
        assert again.headers["location"] == answer.headers["location"]
        assert over.lanes["review"].written(number) == ["DataSubmitted", "DataRetracted"]


async def test_an_approval_that_was_recalled_is_recalled_though_the_own_lane_has_not_heard_of_it(tmp_path: Path) -> None:
    async with desk_over(tmp_path, "decision", "publisher") as over, over.person(Role.ATASAN_PPID) as browser:
        number = over.given(*story(submitted, revised, verified, approved))
        answer = await browser.post(f"/pengajuan/{number}/putusan", data={"pilihan": "reject", "expected_sequence": "4", **REASON})
        assert answer.status_code == 303
        for page in (answer.headers["location"], f"/pengajuan/{number}"):
            assert "Dikembalikan" in (await browser.get(page)).text
        assert (await browser.get(f"/pengajuan/{number}/lembar")).status_code == 503  # the archive is not there, and says so


async def test_what_must_come_down_is_not_called_withdrawn_and_what_was_never_approved_is_not_called_down(tmp_path: Path) -> None:
    async with desk_over(tmp_path, "publisher") as over, over.person(Role.ADMIN_OPENDATA) as browser:
        approval = story(submitted, revised, verified, approved)
        told = {"handed back": over.given(*approval, *after(approval, recalled)), "withdrawn": over.given(*story(submitted, withdrawn))}
        pages = {what: (await browser.get(f"/pengajuan/{number}")).text for what, number in told.items()}
        said = {what: re.search(r"Keadaan di portal</dt><dd>([^<]*)", page) for what, page in pages.items()}
        assert {what: found and found[1] for what, found in said.items()} == {
            "handed back": "Harus turun, tetapi portal belum mengikuti",
            "withdrawn": "Ditarik",
        }


async def test_several_at_once_sent_twice_is_done_once_and_shown_twice(tmp_path: Path) -> None:
    async with desk_over(tmp_path, "decision") as over, over.person(Role.ATASAN_PPID) as browser:
        lane = over.lanes["decision"]
        names: list[dict[str, Any]] = [{"dataset_id": f"daftar-{n}"} for n in range(3)]
        numbers = [lane.given(*story(submission_of(**name), revision_of(**name))) for name in names]
        form = VERIFY | {"pilih": [f"{number}:2" for number in numbers[:2]], "yakin": "1"}
        answers = [await browser.post("/putusan-bersama", data=form) for _ in range(2)]
        assert ["2 dari 2 berhasil" in answer.text for answer in answers] == [True, True]
        assert re.findall("<main.*</main>", answers[0].text, re.DOTALL) == re.findall("<main.*</main>", answers[1].text, re.DOTALL)
        other = await browser.post("/putusan-bersama", data=form | {"note": "Catatan lain."})
        assert "0 dari 2 berhasil" in other.text
        both = await asyncio.gather(*(browser.post("/putusan-bersama", data=form | {"pilih": f"{numbers[2]}:2"}) for _ in range(2)))
        assert ["1 dari 1 berhasil" in answer.text for answer in both] == [True, True]
        assert [lane.written(number)[2:] for number in numbers] == [["DataVerified"]] * 3


async def test_who_decides_on_an_older_submission_is_told_of_the_newer_one(tmp_path: Path) -> None:
    async with desk_over(tmp_path, "decision") as over, over.person(Role.ATASAN_PPID) as browser:
        older = over.given(*story(submission_of(edition=1, period_end="2025-06-30"), revised))
        newer = over.given(*story(submission_of(edition=2), revised))
        pages = [(await browser.get(f"/pengajuan/{number}")).text for number in (older, newer)]
        assert [f'href="/pengajuan/{newer}">lihat yang lebih baru' in page for page in pages] == [True, False]


async def test_a_form_sent_again_after_the_next_step_still_says_that_it_was_done(tmp_path: Path) -> None:
    async with desk_over(tmp_path, "decision", "publisher") as over, over.person(Role.ATASAN_PPID) as browser:
        number = over.lanes["decision"].given(*story(submitted, revised))
        form = VERIFY | {"expected_sequence": "2"}
        first = await browser.post(f"/pengajuan/{number}/putusan", data=form)
        returned = await browser.post(f"/pengajuan/{number}/putusan", data={"pilihan": "reject", "expected_sequence": "3", **REASON})
        assert returned.status_code == 303
        assert (await browser.post(f"/pengajuan/{number}/putusan", data=form)).headers["location"] == first.headers["location"]
        assert over.lanes["decision"].written(number)[2:] == ["DataVerified", "DataRejected"]


async def test_an_admin_sees_who_has_a_case_of_another_lane_and_releases_it(tmp_path: Path) -> None:
    async with (
        desk_over(tmp_path, "decision", "publisher") as over,
        over.person(Role.ATASAN_PPID, "sri") as atasan,
        over.person(Role.ADMIN_OPENDATA) as admin,
    ):
        number = over.given(*story(submitted, revised))
        assert (await atasan.post(f"/pengajuan/{number}/ambil")).status_code == 303
        page = (await admin.get(f"/pengajuan/{number}")).text
        assert "Sedang dikerjakan Sri" in page
        assert "Lepaskan dari Sri" in page
        assert (await admin.post(f"/pengajuan/{number}/lepas")).status_code == 303
        assert "Sri" not in (await admin.get(f"/pengajuan/{number}")).text
        assert "Sedang dikerjakan" not in (await atasan.get(f"/pengajuan/{number}")).text


async def test_columns_are_taken_from_the_file_and_what_was_typed_stays(tmp_path: Path) -> None:
    number = uuid.uuid4()
    async with desk_over(tmp_path, "intake") as over, over.person(Role.TIM_PPID) as browser:
        typed = {"title": "Daftar Kecamatan", "columns.0.name": "nama", "columns.0.description": "Nama kecamatan"}
        typed |= {"columns.0.type": "string", "aksi": "usul"}
        page = (await browser.post(f"/pengajuan/baru/{number}", data=typed, files=[FILE])).text
        assert "2 kolom diisi dari berkas" in page
        names = re.findall(r'name="columns\.\d+\.name" type="text" value="([^"]+)"', page)
        assert names == ["nama", "kode", "jumlah"]
        assert 'value="Nama kecamatan"' in page
        assert re.search(r'columns\.2\.type".*?value="integer" selected', page, re.DOTALL)
        draft = over.alone.desk.drafts.find(str(number), "tim-ppid", OPD)
        assert draft
        assert [column["type"] for column in draft.content["dataset"]["columns"]] == ["string", "string", "integer"]
        none = await browser.post(f"/pengajuan/baru/{uuid.uuid4()}", data={"title": "Tanpa berkas", "aksi": "usul"}, files=[("x", b"")])
        assert "Tidak ada kolom baru" in none.text


async def test_a_file_that_is_too_large_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    number = uuid.uuid4()
    async with desk_over(tmp_path, "intake", upload_mb=1) as over, over.person(Role.TIM_PPID) as browser:
        files = [(FILE[0], (f"{n}-daftar.csv", b"kode\n" + b"1" * 1_000_000)) for n in range(3)] + [
            ("files", ("besar.csv", b"1" * 2_000_000))
        ]
        answer = await browser.post(f"/pengajuan/baru/{number}", data={"title": "Daftar", "aksi": "periksa"}, files=files)
        assert answer.status_code == 422
        assert "besar.csv tidak ikut: paling besar 1 MB tiap berkas" in answer.text
        draft = over.alone.desk.drafts.find(str(number), "tim-ppid", OPD)
        assert draft
        assert [file["name"] for file in draft.content["files"]] == [f"{n}-daftar.csv" for n in range(3)]
        assert draft.title == "Daftar"


async def test_an_answer_that_was_lost_leads_to_no_second_hand_in(tmp_path: Path) -> None:
    """The first one arrived; the draft was changed meanwhile: it is told, and nothing is handed in again under the same id."""
    number = uuid.uuid4()
    async with desk_over(tmp_path, "intake") as over, over.person(Role.TIM_PPID) as browser:
        lane, form = over.lanes["intake"], FIELDS | COLUMNS | {"aksi": "simpan"}
        saved = await browser.post(f"/pengajuan/baru/{number}", data=form, files=[FILE])
        assert saved.status_code == 303, saved.text
        sent = [await browser.post(f"/pengajuan/baru/{number}/serahkan") for _ in range(2)]
        submission = submission_id_of(OPD, number)
        kept = over.alone.desk.drafts.find(str(number), "tim-ppid", OPD)
        assert kept
        same = form | {"berkas": orjson.dumps(kept.content["files"]).decode()}
        assert (await browser.post(f"/pengajuan/baru/{number}", data=same)).headers["location"] == f"/pengajuan/{submission}"
        other = await browser.post(f"/pengajuan/baru/{number}", data=same | {"title": "Judul yang diketik di tab lain"})
        assert other.status_code == 409
        assert "Judul yang diketik di tab lain" in other.text
        assert [answer.headers["location"] for answer in sent] == [f"/pengajuan/{submission}/selesai?langkah=1"] * 2
        for aksi, path in (("simpan", f"/pengajuan/baru/{number}/serahkan"), ("periksa", f"/pengajuan/baru/{number}")):
            with over.alone.desk.engine.begin() as c:
                c.execute(sa.update(DRAFTS).values(submission=None))  # as it stands when the answer did not come
            draft = over.alone.desk.drafts.find(str(number), "tim-ppid", OPD)
            assert draft
            changed = {**form, "title": f"Judul lain {aksi}", "aksi": "simpan", "berkas": orjson.dumps(draft.content["files"]).decode()}
            assert (await browser.post(f"/pengajuan/baru/{number}", data=changed)).status_code == 303
            answer = await browser.post(path, data={**changed, "aksi": aksi})
            assert answer.headers["location"] == f"/pengajuan/{submission}/selesai?langkah=1&sebelumnya=1"
            assert "sudah diserahkan sebelumnya" in (await browser.get(answer.headers["location"])).text
        assert lane.written(submission) == ["DataSubmitted"]


async def test_an_agency_s_and_a_token_s_state_is_there_to_read_with_the_command_that_changes_it(tmp_path: Path) -> None:
    async with desk_over(tmp_path, "archive") as over, over.person(Role.ADMIN_OPENDATA) as admin:
        directory = over.lanes["archive"].shared.directory
        directory.opds["dinkes"] = {"name": "Dinas Kesehatan", "moved_to": "setda"}
        told = {"person": "sistem", "name": "Sistem <b>", "role": "tim_ppid", "opd": "setda", "issued_at": "2026-01-01T00:00:00+00:00"}
        directory.issued |= {
            "satu": told | {"expires_at": "2999-01-01T00:00:00+00:00"},
            "dua": told | {"expires_at": "2026-02-01T00:00:00+00:00"},
        }
        directory.issued["tiga"] = told | {"expires_at": "2999-01-01T00:00:00+00:00"}
        directory.revoked.add("tiga")
        opds, tokens = (await admin.get("/akun/opd")).text, (await admin.get("/akun/token")).text
        assert "Menjadi setda" in opds
        assert "Sistem &lt;b&gt;" in tokens
        assert re.findall(r"jejak token revoke (satu|dua|tiga)", tokens) == ["satu"]
        assert ("Dicabut" in tokens, "Habis masa berlakunya" in tokens) == (True, True)


@asynccontextmanager
async def a_lane_that_waits() -> AsyncIterator[tuple[str, asyncio.Event, list[str]]]:
    """An address where every call is answered only when the event is set; the bodies that came."""
    released, bodies = asyncio.Event(), list[str]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        bodies.append((await reader.readexactly(int(length[1]) if length else 0)).decode())
        await released.wait()
        body = b'{"reasons": [], "findings": [], "more": {}, "scores": {}}'
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", released, bodies
        released.set()


async def test_a_check_that_takes_longer_than_other_calls_is_waited_for(tmp_path: Path) -> None:
    async with (
        a_lane_that_waits() as (address, released, _),
        desk_alone(tmp_path, lanes=lanes_of(address, address), timeout_s=0.3, patience_s=30.0) as alone,
        alone.browser() as browser,
    ):
        await log_in(browser, alone.person("tini", Role.TIM_PPID, OPD))
        check = asyncio.create_task(browser.post(f"/pengajuan/baru/{uuid.uuid4()}", data={"title": "Kios", "aksi": "periksa"}))
        assert (await browser.get("/kotak-masuk")).status_code == 503  # another call gives up meanwhile
        assert not check.done()
        released.set()
        assert (await check).status_code == 303


async def test_a_hand_in_that_is_not_answered_is_sent_again_under_the_same_id(tmp_path: Path) -> None:
    number = str(uuid.uuid4())
    async with (
        a_lane_that_waits() as (address, _, bodies),
        desk_alone(tmp_path, lanes=lanes_of(address, address), patience_s=0.3) as alone,
        alone.browser() as browser,
    ):
        await log_in(browser, alone.person("tini", Role.TIM_PPID, OPD))
        (post,) = alone.desk.accounts.posts("tini", today())
        await browser.post(f"/pengajuan/baru/{number}", data={"title": "Kios", "aksi": "simpan"})
        mark = {"sebagai": alone.desk.marks.of(post.id)}
        for _ in range(2):
            late = await browser.post(f"/pengajuan/baru/{number}/serahkan", data=mark)
            assert late.status_code == 503
            assert "tidak ada yang tercatat dua kali" in html.unescape(late.text)
            assert f'action="/pengajuan/baru/{number}/serahkan"' in late.text
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert orjson.loads(bodies[0])["event_id"] == number
