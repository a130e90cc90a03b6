"""The session's warning in a real browser: staying in, or having been put out meanwhile, takes nothing of what is being written."""

import pytest
from playwright.sync_api import Browser, expect

from tests.desk.beside import PASSWORD, Office
from tests.desk.test_journey import SCREENS, person, pick
from web.tokens import Role

pytestmark = pytest.mark.needs("chromium")
WARN = "document.getElementById('sisa-sesi').hidden = false"


def test_staying_in_and_coming_in_again_lose_nothing(office: Office, chromium: Browser) -> None:
    number, name = office.handed_in(), office.person(Role.KETUA_PPID, office.own)
    with person(chromium, office, name, SCREENS[1]) as page:
        page.goto(f"/pengajuan/{number}")
        pick(page, "Sudah benar")
        note = page.locator("#untuk-revise").get_by_label("Catatan")
        note.fill("Sudah dicek dengan bidang.")
        warning, stay = page.locator("#sisa-sesi"), page.get_by_role("button", name="Tetap masuk")
        page.evaluate(WARN)
        stay.click()
        expect(warning).to_be_hidden()
        expect(note).to_have_value("Sudah dicek dengan bidang.")
        page.context.clear_cookies()
        page.evaluate(WARN)
        stay.click()
        expect(warning).to_contain_text("Anda sudah keluar")
        expect(note).to_have_value("Sudah dicek dengan bidang.")
        page.get_by_role("button", name="Kirim").click()
        page.get_by_label("Nama pengguna").fill(name)
        page.get_by_label("Kata sandi").fill(PASSWORD)
        page.get_by_role("button", name="Masuk").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Anda sudah masuk lagi")
        expect(page.get_by_text("Sudah dicek dengan bidang.")).to_be_visible()
        page.get_by_role("button", name="Kirim lagi").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Dicek dan direvisi")
