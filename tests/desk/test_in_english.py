"""In a real browser: switched on the login page, every page of every role is English, without a rest of Indonesian; and back again.

Titles, notes and people's names are English here, so that what is left of Indonesian on a page is the page's own.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import servers
from tests.desk.beside import PASSWORD, Office, table
from tests.desk.conftest import opened
from tests.desk.test_journey import SCREENS, Screen
from tests.desk.test_read_by_all import violations
from tests.events.given import CHECKLIST
from web.tokens import Role

pytestmark = pytest.mark.needs("chromium")
INDONESIAN = re.compile(
    r"\b(yang|tidak|belum|harus|sudah|anda|dan|di|ke|dari|untuk|dengan|atau|oleh|pada|akan|ini|itu|agar|bila|lagi|karena|semua|"
    r"berkas|pengajuan|kolom|baris|menunggu|diserahkan|dicek|direvisi|diverifikasi|disetujui|dikembalikan|ditarik|terbit|kesalahan|"
    r"halaman|masuk|keluar|langkah|batas|terlambat|jam|menit|hari|orang|peran|akun|nomor|judul|catatan|alasan|perlu|tulis|pilih|"
    r"senin|selasa|rabu|kamis|jumat|sabtu|minggu|januari|februari|maret|mei|juni|juli|agustus|oktober|desember|bita|wajib|isi)\b",
    re.IGNORECASE,
)
NAMES = ("Bahasa Indonesia", "Pejabat Pengelola Informasi dan Dokumentasi")
SEEN = """() => {
  const told = ["title", "aria-label", "placeholder", "alt", "data-over", "data-away", "data-working", "data-large"];
  const aloud = [...document.querySelectorAll("*")].flatMap((e) => told.map((name) => e.getAttribute(name) || ""));
  const left = document.body.cloneNode(true);
  for (const code of left.querySelectorAll("code, pre, script")) { code.remove(); }
  return [document.title, left.textContent, ...aloud].join("\\n");
}"""
"""All that can be read or heard of a page, also what is folded away; commands and JSON are as they are."""
DATASET: dict[str, Any] = {
    "title": "Villages",
    "summary": "Codes and names of villages.",
    "keywords": ["villages"],
    "section": "Village Division",
    "responsible": {"position": "Head of Division", "email": "division@example.go.id"},
    "source": "Register",
    "method": "Compiled",
    "retention": {"code": "000.8", "active": "2", "inactive": "3", "fate": "permanen"},
    "columns": [{"name": "code", "type": "string", "description": "Region code"}],
}
REASON = "The unit of each column is missing; add it first."
WORSE = b"code;born;amount\n33.13.01;31/12/2001;1.234,5\n33.13.01;31/12/2001;1.234,5\n\n3313;;-\n"
CSV = table([["code"], ["33.13.01"], ["33.13.02"]])


@contextmanager
def english(chromium: Browser, office: Office, role: Role, screen: Screen = SCREENS[1], name: str = "") -> Iterator[Page]:
    """Somebody who switched on the login page and came in."""
    opd = office.own if role in {Role.TIM_PPID, Role.KETUA_PPID} else None
    person = office.person(role, opd, name or f"English {role.value.title()}")
    office.accounts.set_language(person, "id")
    context = chromium.new_context(
        base_url=office.up.url, viewport={"width": screen.width, "height": 800}, java_script_enabled=screen.javascript
    )
    page = context.new_page()
    page.goto("/masuk")
    page.get_by_label("Nama pengguna").fill(person)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_label("User name")).to_have_value(person)
    if screen.javascript:
        is_english(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    yield page
    context.close()


def is_english(page: Page) -> None:
    assert page.locator("html").get_attribute("lang") == "en"
    text = str(page.evaluate(SEEN))
    for name in NAMES:
        text = text.replace(name, "")
    assert {text[max(0, found.start() - 40) : found.end() + 40] for found in INDONESIAN.finditer(text)} == set(), page.url
    assert violations(page) == [], page.url


def submitted(office: Office, content: bytes = CSV) -> str:
    return office.handed_in(content=content, name="villages.csv", **DATASET)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """On a Kafka of its own: what other tests handed in is Indonesian."""
    with servers.kafka(tmp_path_factory.mktemp("kafka")) as bootstrap, opened(bootstrap, tmp_path_factory.mktemp("english")) as office:
        yield office


@pytest.fixture(scope="module")
def case(office: Office) -> dict[str, str]:
    """One that waits on the head after a return, one with findings that waits on the superior, one that is published."""
    returned, checked, published = submitted(office), submitted(office, WORSE), submitted(office)
    for number in (returned, published):
        office.says("review", "revise", number, "ketua_ppid", expected_sequence=1, note="Looked at.", dataset={"theme": "Government"})
    office.says("review", "revise", checked, "ketua_ppid", expected_sequence=1)
    reasons = [{"code": "incomplete", "field": "dataset.columns.0.unit", "note": REASON}]
    office.says("decision", "reject", returned, "atasan_ppid", expected_sequence=2, reasons=reasons)
    office.says("decision", "verify", published, "atasan_ppid", expected_sequence=2, checklist=CHECKLIST, note="Read.")
    office.says("decision", "approve", published, "atasan_ppid", expected_sequence=3, consideration="Fit.")
    office.seen(published, 5)
    return {"returned": returned, "checked": checked, "published": published}


OF_A_CASE = ("", "/jejak", "/jejak?tampilan=lengkap", "/jejak?tampilan=json", "/jejak?as_of=2001-01-01T00:00", "/lembar", "/keutuhan")
EVERYBODY = (
    "/",
    "/kotak-masuk",
    "/kotak-masuk?terlambat=1&q=nothing",
    "/cari",
    "/cari?q=villages",
    "/cari?q=nothing-like-it",
    "/jatuh-tempo",
)
MORE = {
    Role.TIM_PPID: ("/pengajuan/baru", "/publikasi", "/pengajuan/none", "/akun", "/akun/kata-sandi", "/keluar", "/statistik"),
    Role.KETUA_PPID: ("/pengajuan/{returned}/perbaiki", "/pengajuan/{checked}/selesai?langkah=2"),
    Role.ATASAN_PPID: ("/putusan-bersama",),
    Role.ADMIN_OPENDATA: ("/publikasi", "/akun/daftar", "/akun/opd", "/akun/token"),
    Role.AUDITOR: ("/statistik",),
}


@pytest.mark.parametrize("role", Role)
def test_every_page_of_a_role(office: Office, chromium: Browser, case: dict[str, str], role: Role) -> None:
    with english(chromium, office, role) as page:
        of_cases = [f"/pengajuan/{{{which}}}{path}" for which in case for path in (OF_A_CASE if which == "checked" else OF_A_CASE[:2])]
        pages = [*EVERYBODY, *of_cases, *MORE[role]]
        for path in pages:
            page.goto(path.format_map(case))
            is_english(page)
        page.goto("/kotak-masuk?q=villages")
        page.get_by_role("button", name="Bahasa Indonesia").click()
        expect(page).to_have_url(re.compile(r"/kotak-masuk\?q=villages$"))
        assert page.locator("html").get_attribute("lang") == "id"
        expect(page.get_by_role("button", name="Keluar")).to_be_visible()


def test_what_a_lane_refuses_is_said_in_english_beside_its_field(office: Office, chromium: Browser, case: dict[str, str]) -> None:
    with english(chromium, office, Role.TIM_PPID) as page:
        page.goto("/pengajuan/baru")
        page.get_by_label("Choose files").set_input_files({"name": "villages.csv", "mimeType": "text/csv", "buffer": CSV})
        page.locator("#title").fill("Villages\u200b")
        page.get_by_role("button", name="Check and continue").click()
        expect(page).to_have_title(re.compile("^Error:"))
        assert page.locator(".summary li").count() > 3
        is_english(page)
        assert not re.search(r"dataset\.|expected_sequence|period_end", str(page.evaluate(SEEN)))
    with english(chromium, office, Role.ATASAN_PPID) as page:
        page.goto(f"/pengajuan/{case['checked']}")
        page.locator("#pilihan-verify").check()
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".summary")).to_contain_text("The data was not declared")
        is_english(page)
        page.goto(f"/pengajuan/{case['checked']}")
        page.locator("#pilihan-reject").check()
        page.locator("#reason_code_0").select_option("incomplete")
        page.locator("#reason_note_0").fill("The number 3313011505800001 in the second row is a person's.")
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".summary")).to_contain_text("NIK")
        is_english(page)


@pytest.mark.parametrize("screen", [1, 2], ids=["scripts", "plain"])
def test_what_was_typed_is_still_there_after_the_switch(office: Office, chromium: Browser, case: dict[str, str], screen: int) -> None:
    with english(chromium, office, Role.ATASAN_PPID, SCREENS[screen], "English Typist") as page:
        page.goto(f"/pengajuan/{case['checked']}")
        page.locator("#pilihan-reject").check()
        page.locator("#reason_code_0").select_option("incorrect")
        page.locator("#reason_note_0").fill(REASON)
        for language, button, heading in (("id", "Bahasa Indonesia", "Verifikasi"), ("en", "English", "Verification")):
            page.get_by_role("button", name=button).click()
            assert page.locator("html").get_attribute("lang") == language
            expect(page.locator("#putusan-judul")).to_have_text(heading)
            expect(page.locator("#reason_note_0")).to_have_value(REASON)
            expect(page.locator("#reason_code_0")).to_have_value("incorrect")
        expect(page.locator("#galat")).to_have_count(0)
    assert office.up.submission("decision", case["checked"])["sequence"] == 2
    with english(chromium, office, Role.TIM_PPID, SCREENS[screen], "English Handing In") as page:
        page.goto("/pengajuan/baru")
        page.get_by_label("Choose files").set_input_files({"name": "villages.csv", "mimeType": "text/csv", "buffer": CSV})
        page.locator("#title").fill("Half written")
        page.get_by_role("button", name="Bahasa Indonesia").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Serahkan data")
        expect(page.locator("#title")).to_have_value("Half written")
        expect(page.get_by_text("villages.csv").first).to_be_visible()
    with english(chromium, office, Role.KETUA_PPID, SCREENS[screen], "English Mending") as page:
        page.goto(f"/pengajuan/{case['returned']}/perbaiki")
        page.locator("#summary").fill("Half mended")
        page.get_by_role("button", name="Bahasa Indonesia").click()
        expect(page.locator("#summary")).to_have_value("Half mended")
    with english(chromium, office, Role.ADMIN_OPENDATA, SCREENS[screen], "English Admin") as page:
        page.goto("/akun/daftar")
        page.locator("#orang").fill("somebody")
        page.locator("footer").get_by_role("button", name="Bahasa Indonesia").click()
        expect(page.locator("#orang")).to_have_value("somebody")
        page.locator("#surat").fill("800/13/2026")
        page.locator("footer" if SCREENS[screen].javascript else "#isian-pengganti").get_by_role("button", name="English").click()
        expect(page.locator("#surat")).to_have_value("800/13/2026")


def test_the_switch_goes_with_the_form_that_was_typed_in_last_and_enter_never_means_it(office: Office, chromium: Browser) -> None:
    with english(chromium, office, Role.ADMIN_OPENDATA, name="English Appointing") as page:
        page.goto("/akun/daftar")
        page.locator("#surat").fill("800/12/2026")
        page.get_by_role("button", name="Bahasa Indonesia").click()
        expect(page.locator("#surat")).to_have_value("800/12/2026")
        page.locator("#orang").fill("somebody-new")
        page.locator("#orang").press("Enter")
        assert page.locator("html").get_attribute("lang") == "id"
        expect(page.locator(".summary")).to_be_visible()


def test_an_error_of_the_portal(office: Office, chromium: Browser) -> None:
    title = f"Broken portal {uuid.uuid4().hex[:6]}"
    number = office.handed_in(content=CSV, name="villages.csv", **DATASET | {"title": title})
    office.says("review", "revise", number, "ketua_ppid", expected_sequence=1)
    office.says("decision", "verify", number, "atasan_ppid", expected_sequence=2, checklist=CHECKLIST, note="Read.")
    portal = office.up.home.directory / "var" / "portal"
    portal.rename(portal.with_name("aside"))
    portal.write_text("no folder any more")
    try:
        with english(chromium, office, Role.ADMIN_OPENDATA) as page:
            office.says("decision", "approve", number, "atasan_ppid", expected_sequence=3, consideration="Fit.")
            fault = page.locator("li.row", has_text=title).locator(".fault")
            office.up.until(lambda: page.goto("/publikasi") and fault.count() == 1, "the error in the queue")
            expect(fault).to_contain_text("The portal's folder cannot be")
            is_english(page)
            page.goto(f"/pengajuan/{number}")
            expect(page.get_by_text("Last error")).to_be_visible()
            is_english(page)
    finally:
        portal.unlink()
        portal.with_name("aside").rename(portal)
    office.seen(number, 5)
