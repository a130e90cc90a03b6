"""The whole way of a dataset, on the pages only: handed in, checked, returned with a reason, mended, verified, approved, published."""

import re
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.desk.beside import PASSWORD, ROWS, Office, table
from web.tokens import Role

pytestmark = pytest.mark.needs("chromium")
REASON = "Jadwal retensi arsip belum diisi; lengkapi sebelum diterbitkan."


@dataclass(frozen=True)
class Screen:
    width: int
    javascript: bool


SCREENS = [Screen(360, javascript=True), Screen(1280, javascript=True), Screen(1280, javascript=False), Screen(360, javascript=False)]
WALKED = [pytest.param(screen, marks=[pytest.mark.long] if screen in SCREENS[1::2] else []) for screen in SCREENS]


@contextmanager
def person(chromium: Browser, office: Office, name: str, screen: Screen) -> Iterator[Page]:
    """A browser of somebody who has just logged in; anything a script stumbles over fails the test."""
    context = chromium.new_context(
        base_url=office.up.url, viewport={"width": screen.width, "height": 800}, java_script_enabled=screen.javascript, locale="id-ID"
    )
    page = context.new_page()
    stumbled: list[str] = []
    page.on("pageerror", lambda error: stumbled.append(str(error)))
    page.on("console", lambda told: stumbled.append(told.text) if told.type == "error" and "status of" not in told.text else None)
    page.goto("/")
    page.get_by_label("Nama pengguna").fill(name)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Selamat datang")
    yield page
    assert stumbled == []
    context.close()


def no_sideways(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def waits(office: Office, page: Page, title: str) -> None:
    """The lanes tell each other in their own time: looked at again until it is there."""
    office.up.until(lambda: page.goto("/kotak-masuk") and page.get_by_role("link", name=title).count() == 1, title)


def hand_in(page: Page, title: str, *, twice: bool = False) -> None:
    page.get_by_role("link", name="Serahkan data").first.click()
    page.get_by_label("Pilih berkas").set_input_files({"name": "daftar.csv", "mimeType": "text/csv", "buffer": table()})
    texts = {
        "Judul data": title,
        "Ringkasan isi": "Kode dan nama kecamatan.",
        "Kata kunci": "kecamatan, kode wilayah",
        "Awal periode data": "2026-01-01",
        "Akhir periode data": "2026-12-31",
        "Bidang atau seksi": "Bagian Tata Pemerintahan",
        "Jabatan penanggung jawab": "Kepala Bagian Tata Pemerintahan",
        "Surel penanggung jawab": "tapem@setda.example.id",
        "Sumber data": "Kode wilayah administrasi",
        "Cara memperoleh data": "Kompilasi data administrasi",
    }
    for label, text in texts.items():
        page.get_by_label(label).fill(text)
    page.get_by_label("Tidak ada data pribadi").check()
    for row, name in enumerate(ROWS[0]):
        page.locator(f'[id="columns.{row}.name"]').fill(name)
        page.locator(f'[id="columns.{row}.description"]').fill(f"{name.title()} kecamatan")
    page.get_by_role("button", name="Periksa dan lanjutkan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Periksa sebelum diserahkan")
    page.get_by_role("button", name="Serahkan sekarang").click(click_count=2 if twice else 1)
    expect(page.get_by_role("heading", level=1)).to_have_text("Diserahkan")


def pick(page: Page, label: str) -> None:
    page.get_by_role("radio", name=label).check()


@pytest.mark.parametrize("screen", WALKED, ids=lambda s: f"{s.width}-{'scripts' if s.javascript else 'plain'}")
def test_five_roles_carry_a_dataset_to_the_portal(office: Office, chromium: Browser, screen: Screen) -> None:
    title = f"Daftar Kecamatan {uuid.uuid4().hex[:6]}"
    tim, ketua = office.person(Role.TIM_PPID, office.own), office.person(Role.KETUA_PPID, office.own)
    atasan, admin, auditor = (office.person(role) for role in (Role.ATASAN_PPID, Role.ADMIN_OPENDATA, Role.AUDITOR))
    with person(chromium, office, tim, screen) as page:
        hand_in(page, title)
        no_sideways(page)
        waits(office, page, title)
    with person(chromium, office, ketua, screen) as page:
        waits(office, page, title)
        page.get_by_role("link", name=title).click()
        expect(page.get_by_text("Jatipuro")).to_be_visible()
        no_sideways(page)
        pick(page, "Sudah benar")
        page.get_by_role("button", name="Kirim").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Dicek dan direvisi")
    with person(chromium, office, atasan, screen) as page:
        waits(office, page, title)
        page.get_by_role("link", name=title).click()
        pick(page, "Kembalikan dengan alasan")
        page.get_by_label("Jenis alasan").first.select_option("incomplete")
        page.get_by_label("Alasan", exact=True).first.fill("terlalu pendek")
        page.get_by_role("button", name="Kirim").click()
        expect(page).to_have_title(re.compile("^Galat:"))
        expect(page.get_by_label("Alasan", exact=True).first).to_have_value("terlalu pendek")
        page.get_by_label("Alasan", exact=True).first.fill(REASON)
        page.get_by_label("Bagian yang dimaksud").first.select_option("dataset.retention")
        page.get_by_role("button", name="Kirim").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Dikembalikan")
    with person(chromium, office, ketua, screen) as page:
        waits(office, page, title)
        page.get_by_role("link", name=title).click()
        expect(page.get_by_text(REASON)).to_be_visible()
        page.get_by_role("link", name="Perbaiki keterangan atau berkas").click()
        expect(page.get_by_label("Kode klasifikasi")).to_be_visible()
        no_sideways(page)
        for label, text in {"Kode klasifikasi": "000.8", "Masa aktif": "2 tahun", "Masa inaktif": "3 tahun"}.items():
            page.get_by_label(label).fill(text)
        page.get_by_label("Nasib akhir").select_option("permanen")
        page.get_by_role("button", name="Simpan dan teruskan").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Dicek dan direvisi")
    with person(chromium, office, atasan, screen) as page:
        waits(office, page, title)
        page.get_by_role("link", name=title).click()
        pick(page, "Verifikasi")
        page.get_by_role("button", name="Kirim").click()
        expect(page.get_by_role("alert").first).to_contain_text("Belum dapat dikirim")  # none of the five words was ticked
        for word in ("Terpadu", "Lengkap", "Aktual", "Valid", "Akuntabel"):
            page.get_by_role("checkbox", name=word).check()
        page.get_by_label("Catatan").first.fill("Temuan sudah dibaca.")
        page.get_by_role("button", name="Kirim").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Diverifikasi")
        page.get_by_role("link", name="Lanjutkan ke keputusan").click()
        pick(page, "Setujui")
        page.get_by_label("Pertimbangan").fill("Data publik, layak diunggah.")
        page.get_by_role("button", name="Lanjutkan").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Periksa sekali lagi")
        page.get_by_role("button", name="Ya, setujui").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Disetujui")
    with person(chromium, office, admin, screen) as page:
        office.up.until(lambda: page.goto("/publikasi") and page.get_by_role("link", name=title).count() == 1, "published")
        with page.expect_navigation():
            page.get_by_role("link", name=title).click()
        office.up.until(lambda: page.reload() and page.get_by_text("Terbit").count() > 1, "published")
        no_sideways(page)
        page.get_by_role("link", name="Lihat di portal Open Data").click()
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    with person(chromium, office, auditor, screen) as page:
        page.get_by_label("Cari nomor, judul atau OPD").fill(title)
        page.get_by_role("button", name="Cari").click()
        page.get_by_role("link", name=title).click()
        page.get_by_role("link", name="Jejak lengkap").click()
        expect(page.locator(".timeline h2")).to_have_count(7)
        expect(page.get_by_text(REASON)).to_be_visible()
        page.get_by_role("link", name="Periksa keutuhan").click()
        expect(page.get_by_text("Utuh.")).to_be_visible()


def test_it_can_be_done_by_keyboard_alone(office: Office, chromium: Browser) -> None:
    number = office.handed_in()
    with person(chromium, office, office.person(Role.KETUA_PPID, office.own), SCREENS[1]) as page:
        page.goto(f"/pengajuan/{number}")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Langsung ke isi")
        page.keyboard.press("Enter")
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.locator(":focus").get_attribute("name") == "pilihan":
                break
        page.keyboard.press("Space")
        expect(page.locator("#pilihan-revise")).to_be_checked()
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.locator(":focus").inner_text() == "Kirim":
                break
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Dicek dan direvisi")


def test_a_double_click_is_one_event(office: Office, chromium: Browser) -> None:
    number = office.handed_in()
    form = {"pilihan": "revise", "expected_sequence": "1", "note": "Sudah dicek."}
    with closing(office.client(office.person(Role.KETUA_PPID, office.own))) as client:
        answers = [client.post(f"/pengajuan/{number}/putusan", data=form) for _ in range(2)]
        other = client.post(f"/pengajuan/{number}/putusan", data=form | {"note": "Lain catatannya."})
    assert {answer.headers["location"] for answer in answers} == {f"/pengajuan/{number}/selesai?langkah=2"}
    assert office.up.submission("review", number)["sequence"] == 2
    assert other.status_code == 409
    assert "Lain catatannya." in other.text


def test_the_second_of_two_sees_what_changed_and_keeps_what_was_written(office: Office, chromium: Browser) -> None:
    number = office.checked()
    with person(chromium, office, office.person(Role.ATASAN_PPID, None, "Atasan Dua"), SCREENS[1]) as page:
        page.goto(f"/pengajuan/{number}")
        pick(page, "Kembalikan dengan alasan")
        page.get_by_label("Jenis alasan").first.select_option("other")
        page.get_by_label("Alasan", exact=True).first.fill(REASON)
        checklist = dict.fromkeys(("terpadu", "lengkap", "aktual", "valid", "akuntabel"), True)
        office.says("decision", "verify", number, "atasan_ppid", expected_sequence=2, checklist=checklist, note="Sudah dibaca.")
        page.get_by_role("button", name="Kirim").click()
        alert = page.get_by_role("alert").first
        expect(alert).to_contain_text("sudah berubah")
        expect(alert).to_contain_text("Diverifikasi")
        expect(page.get_by_label("Alasan", exact=True).first).to_have_value(REASON)
        page.get_by_role("button", name="Lanjutkan").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Dikembalikan")


def test_a_file_that_fails_the_checks_is_said_before_it_is_handed_in(office: Office, chromium: Browser) -> None:
    with person(chromium, office, office.person(Role.TIM_PPID, office.own), SCREENS[0]) as page:
        page.goto("/pengajuan/baru")
        page.get_by_label("Pilih berkas").set_input_files(
            {"name": "../../gambar.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 64}
        )
        page.get_by_label("Judul data").fill("Gambar")
        page.get_by_role("button", name="Periksa dan lanjutkan").click()
        expect(page).to_have_title(re.compile("^Galat:"))
        expect(page.get_by_label("Judul data")).to_have_value("Gambar")
        expect(page.get_by_text("gambar.png").first).to_be_visible()  # kept while other fields are mended
