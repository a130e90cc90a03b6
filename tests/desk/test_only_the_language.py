"""The language button on every form that the desk takes: the form comes again in that language, and nothing else is done."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from desk.accounts import Post
from desk.clock import now_ms, today
from desk.tables import METADATA
from services.publisher.attempts import Attempt
from services.publisher.web import publishing_of
from tests.desk.alone import PASSWORD
from tests.desk.over import Over, desk_over
from tests.desk.test_nothing_typed_is_lost import again, follow
from tests.desk.test_over_lanes import COLUMNS, FIELDS, VERIFY
from tests.desk.test_who_sees_what import routes
from tests.events.given import approved, revised, story, submitted, verified
from web.tokens import Role

MOVES = {("accounts", "language"), ("sessions", "seen_ms"), ("drafts", "updated_ms")}
TO_APPROVED = (submitted, revised, verified, approved)
DRAFT = "00000000-0000-4000-8000-000000000007"


@dataclass(frozen=True)
class Form:
    """`path`, `fields`: as a person would send it; `{own}`, `{case}`, `{tried}`: submissions; `{other}`: another post of the person."""

    role: Role
    path: str
    fields: dict[str, str] = field(default_factory=dict)


FORMS = {
    "/masuk": Form(Role.AUDITOR, "/masuk", {"nama_pengguna": "siti", "kata_sandi": PASSWORD}),
    "/keluar": Form(Role.AUDITOR, "/keluar", {"di_mana": "semua"}),
    "/bahasa": Form(Role.AUDITOR, "/bahasa"),
    "/sesi": Form(Role.AUDITOR, "/sesi"),
    "/sesi/peran": Form(Role.ATASAN_PPID, "/sesi/peran", {"peran": "{other}"}),
    "/akun/kata-sandi": Form(Role.AUDITOR, "/akun/kata-sandi", {"kata_sandi_lama": "bukan-ini-sandinya"}),
    "/akun/daftar": Form(Role.ADMIN_OPENDATA, "/akun/daftar", {"aksi": "tutup", "orang": "siti"}),
    "/pengajuan/baru/{number}": Form(Role.TIM_PPID, f"/pengajuan/baru/{DRAFT}", {**FIELDS, **COLUMNS, "aksi": "hapus"}),
    "/pengajuan/baru/{number}/serahkan": Form(Role.TIM_PPID, f"/pengajuan/baru/{DRAFT}/serahkan"),
    "/pengajuan/{number}/putusan": Form(Role.ATASAN_PPID, "/pengajuan/{case}/putusan", {**VERIFY, "expected_sequence": "2"}),
    "/pengajuan/{number}/perbaiki": Form(
        Role.KETUA_PPID, "/pengajuan/{own}/perbaiki", {**FIELDS, **COLUMNS, "expected_sequence": "1", "aksi": "kirim"}
    ),
    "/pengajuan/{number}/coba-lagi": Form(Role.ADMIN_OPENDATA, "/pengajuan/{tried}/coba-lagi"),
    "/pengajuan/{number}/ambil": Form(Role.ATASAN_PPID, "/pengajuan/{case}/ambil"),
    "/pengajuan/{number}/lepas": Form(Role.ATASAN_PPID, "/pengajuan/{case}/lepas"),
    "/putusan-bersama": Form(Role.ATASAN_PPID, "/putusan-bersama", {**VERIFY, "pilih": "{case}:2", "yakin": "1"}),
}
DOES_NOTHING = {"/bahasa", "/sesi"}
"""Without the button too."""


@dataclass(frozen=True)
class Office:
    """`asked`: calls of the desk at its lanes that are no questions."""

    over: Over
    places: dict[str, str]
    asked: list[str]

    def everything(self) -> list[object]:
        """All that the desk keeps, but the language and the time, and what it asked of its lanes."""
        with self.over.alone.desk.engine.connect() as c:
            kept = [
                (table.name, *row)
                for table in METADATA.sorted_tables
                for row in c.execute(sa.select(*(column for column in table.c if (table.name, column.name) not in MOVES)))
            ]
        return [*kept, *self.asked]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with desk_over(tmp_path, "intake", "review", "decision", "publisher") as over, over.person(Role.TIM_PPID) as browser:
        alone, asked = over.alone, list[str]()
        alone.person("siti")
        own, case, tried = (over.given(*story(*steps)) for steps in ((submitted,), (submitted, revised), TO_APPROVED))
        attempt = Attempt(tried, len(TO_APPROVED), "refused", 1, "upload", "unavailable", "Portal mati.", datetime.now(UTC))
        publishing_of(over.lanes["publisher"].lane).attempts.put(attempt)
        await browser.post(f"/pengajuan/baru/{DRAFT}", data={**FIELDS, **COLUMNS, "aksi": "simpan"})

        async def note(request: httpx.Request) -> None:
            if request.method != "GET":
                asked.append(f"{request.method} {request.url.path}")

        alone.desk.lanes.http.event_hooks = {"request": [note]}
        yield Office(over, {"own": str(own), "case": str(case), "tried": str(tried)}, asked)


def test_every_form_is_in_the_table() -> None:
    assert routes("POST") == FORMS.keys()


@pytest.mark.parametrize("route", FORMS)
async def test_the_button_of_the_language_does_nothing_else(office: Office, route: str) -> None:
    form, accounts = FORMS[route], office.over.alone.desk.accounts
    async with office.over.person(form.role) as browser:
        person = form.role.value.replace("_", "-")
        accounts.appoint(Post(0, person, Role.AUDITOR, None, "Plh.", "800/1/2026", today(), today()), now_ms=now_ms())
        places = office.places | {"other": str(accounts.posts(person, today())[1].id)}
        path, fields = form.path.format_map(places), {name: value.format_map(places) for name, value in form.fields.items()}
        before = office.everything()
        answer = await browser.post(path, data=fields | {"bahasa": "en"})
        assert office.everything() == before
        if route not in DOES_NOTHING:
            assert (answer.status_code, '<html lang="en">' in answer.text) == (200, True)
            sent = again(answer) if "The language has been changed" in answer.text else (path, list(fields.items()))
            await browser.post(sent[0], data=dict(sent[1]))
            assert office.everything() != before  # it is a form that does something


async def test_what_was_wrong_is_told_in_the_other_language_too(office: Office) -> None:
    case = f"/pengajuan/{office.places['case']}/putusan"
    refused = {
        case: {"pilihan": "reject", "expected_sequence": "2", "reason_note_0": "pendek"},
        "/putusan-bersama": {"pilihan": "approve"},
    }
    async with office.over.person(Role.ATASAN_PPID) as browser:
        for path, typed in refused.items():
            page = await browser.post(path, data=typed)
            at = wrong_at(page)
            assert page.status_code == 422
            assert at
            english = await follow(browser, page, **typed)
            assert (wrong_at(english), '<html lang="en">' in english.text) == (at, True)
            await follow(browser, english, "id", **typed)
        fresh = await browser.get(case.rpartition("/")[0])
        assert wrong_at(await follow(browser, fresh)) == []  # nothing was wrong yet, though nothing is chosen


async def test_what_a_lane_refused_is_not_told_as_something_else(office: Office) -> None:
    case = f"/pengajuan/{office.places['case']}"
    async with office.over.person(Role.ATASAN_PPID, "sri") as first, office.over.person(Role.ATASAN_PPID) as browser:
        await first.post(f"{case}/ambil")
        taken = await browser.post(f"{case}/ambil")
        assert (taken.status_code, "Sri" in summary_of(taken)) == (409, True)
        english = await follow(browser, taken)
        assert (wrong_at(english), "is working on this data" in summary_of(english)) == ([], True)


@pytest.mark.parametrize(
    ("role", "path", "indonesian", "english"),
    [
        (Role.TIM_PPID, f"/pengajuan/baru/{DRAFT}", "Berkas harus berisi paling sedikit 1.", "Files needs at least 1."),
        (Role.KETUA_PPID, "/pengajuan/{own}/perbaiki", "Berkas harus berisi paling sedikit 1.", "Files needs at least 1."),
        (Role.ADMIN_OPENDATA, "/akun/daftar", "Pilih peran.", "Choose a role."),
    ],
)
async def test_what_was_refused_is_told_in_the_language_that_is_switched_to(
    office: Office, role: Role, path: str, indonesian: str, english: str
) -> None:
    fields = {**FIELDS, **COLUMNS, "title": "", "expected_sequence": "1", "orang": "budi"}
    fields |= {"aksi": "tambah" if path == "/akun/daftar" else "periksa"}
    async with office.over.person(role) as browser:
        refused = await browser.post(path.format_map(office.places), data=fields)
        assert (refused.status_code, indonesian in summary_of(refused)) == (422, True)
        other = await follow(browser, refused, **fields)
        assert (other.status_code, english in summary_of(other), indonesian in summary_of(other)) == (200, True, False)
        assert indonesian in summary_of(await follow(browser, other, "id", **fields))


@pytest.mark.parametrize("told", ["x", "{}", "7", "[7]", "[[1,2,3]]", '[["a","b"]]', '[{"at":"a","message":"b","field":"c"}]', "null"])
async def test_what_no_page_told_is_not_told(office: Office, told: str) -> None:
    async with office.over.person(Role.TIM_PPID) as browser:
        page = await browser.post(f"/pengajuan/baru/{DRAFT}", data={**FIELDS, **COLUMNS, "bahasa": "en", "galat": told})
        assert (page.status_code, summary_of(page)) == (200, "")


def summary_of(page: httpx.Response) -> str:
    """What the page says at its top is wrong."""
    return page.text.partition('id="galat"')[2].partition("</div>")[0]


def wrong_at(page: httpx.Response) -> list[str]:
    """The fields that the summary of a page names."""
    return re.findall(r'<a href="#([^"]*)"', summary_of(page))
