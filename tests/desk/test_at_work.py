"""What people do with pages in a real browser: go back, click twice, work on one case from two places, lose the session, use no mouse."""

import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from desk.tables import SESSIONS
from tests.desk.beside import PASSWORD, Office, published, verified
from tests.desk.test_journey import REASON, SCREENS, Screen, hand_in, person, pick, waits
from tests.events.given import CHECKLIST
from web.tokens import Role

pytestmark = pytest.mark.needs("chromium")
SCRIPTS, PLAIN = SCREENS[1], SCREENS[2]


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def nothing(_: Page) -> None:
    """No more is asked."""


def one_reason(page: Page) -> None:
    page.locator("#reason_code_0").select_option("other")
    page.locator("#reason_note_0").fill(REASON)


def all_five(page: Page) -> None:
    for box in page.locator("input[name^=checklist_]").all():
        box.check()
    page.locator("#note").first.fill("Temuan sudah dibaca.")


DECISIONS: dict[str, tuple[Role, Callable[[Office], str], Callable[[Page], object], bool]] = {
    "revise": (Role.KETUA_PPID, Office.handed_in, nothing, False),
    "verify": (Role.ATASAN_PPID, Office.checked, all_five, False),
    "reject": (Role.ATASAN_PPID, Office.checked, one_reason, False),
    "approve": (Role.ATASAN_PPID, verified, lambda page: page.locator("#consideration").fill("Data publik, layak diunggah."), True),
    "withdraw": (Role.TIM_PPID, Office.handed_in, one_reason, True),
    "retract": (Role.ADMIN_OPENDATA, published, one_reason, True),
}
"""Verb → who says it, the case, what is filled in, and whether a page asks once more."""


@pytest.mark.parametrize("screen", [SCRIPTS, PLAIN], ids=["scripts", "plain"])
@pytest.mark.parametrize("verb", DECISIONS)
def test_a_double_click_decides_once_and_going_back_decides_nothing(office: Office, chromium: Browser, verb: str, screen: Screen) -> None:
    role, scene, fill, is_asked = DECISIONS[verb]
    number = scene(office)
    before = office.up.submission("archive", number)["sequence"]
    opd = office.own if role in {Role.TIM_PPID, Role.KETUA_PPID} else None
    with person(chromium, office, office.person(role, opd), screen) as page:
        page.goto(f"/pengajuan/{number}")
        page.locator(f"#pilihan-{verb}").check()
        fill(page)
        page.locator(".decide .buttons button[type=submit]").last.dblclick()
        if is_asked:
            heading(page, "Periksa sekali lagi")
            page.locator("main form button").dblclick()
        page.wait_for_url(f"**/pengajuan/{number}/selesai?langkah={before + 1}")
        if is_asked and not screen.javascript:  # past the page that asked, which only a form leads to
            page.evaluate("history.go(-2)")
        else:
            page.go_back()
        page.wait_for_url(f"**/pengajuan/{number}")
        again = page.locator("main form button[type=submit]")
        if again.count():
            again.last.click()
            page.wait_for_load_state()
        expect(page.locator("h1")).to_have_count(1)
    office.seen(number, before + 1)
    said = [event["type"] for event in office.up.submission("archive", number)["history"][before:] if event["type"] != "DataPublished"]
    assert len(said) == 1  # what is approved is published by itself


@pytest.mark.parametrize("screen", [SCRIPTS, PLAIN], ids=["scripts", "plain"])
def test_a_double_click_hands_in_once(office: Office, chromium: Browser, screen: Screen) -> None:
    title = f"Dua kali {uuid.uuid4().hex[:6]}"
    with person(chromium, office, office.person(Role.TIM_PPID, office.own), screen) as page:
        hand_in(page, title, twice=True)
        waits(office, page, title)
        assert page.get_by_role("link", name=title).count() == 1


@pytest.mark.parametrize("screen", [SCRIPTS, PLAIN], ids=["scripts", "plain"])
def test_a_double_click_on_several_at_once_decides_each_once(office: Office, chromium: Browser, screen: Screen) -> None:
    numbers = [office.checked(), office.checked()]
    with person(chromium, office, office.person(Role.ATASAN_PPID), screen) as page:
        page.goto("/putusan-bersama")
        for number in numbers:
            page.locator(f'input[value="{number}:2"]').check()
        page.locator("#pilihan-verify").check()
        all_five(page)
        page.locator("main form button[type=submit]").dblclick()
        heading(page, "Periksa sekali lagi")
        page.locator("main form button[type=submit]").dblclick()
        expect(page.get_by_text("2 dari 2 berhasil")).to_be_visible()
    for number in numbers:
        assert [event["type"] for event in office.up.submission("decision", number)["history"][2:]] == ["DataVerified"]


def test_two_browsers_on_one_case(office: Office, chromium: Browser) -> None:
    """Who took it is seen; who decides second sees what the first one did, and keeps what was written."""
    number = office.checked()
    first, second = (office.person(Role.ATASAN_PPID, None, name) for name in ("Atasan Pertama", "Atasan Kedua"))
    with person(chromium, office, first, SCRIPTS) as one, person(chromium, office, second, PLAIN) as two:
        one.goto(f"/pengajuan/{number}")
        one.get_by_role("button", name="Saya kerjakan ini").click()
        two.goto(f"/pengajuan/{number}")
        expect(two.get_by_text("Atasan Pertama").first).to_be_visible()
        pick(two, "Kembalikan dengan alasan")
        one_reason(two)
        pick(one, "Verifikasi")
        all_five(one)
        one.locator(".decide .buttons button[type=submit]").last.click()
        heading(one, "Diverifikasi")
        two.locator(".decide .buttons button[type=submit]").last.click()
        expect(two.get_by_role("alert").first).to_contain_text("Atasan Pertama")
        expect(two.locator("#reason_note_0")).to_have_value(REASON)
    assert office.up.submission("decision", number)["sequence"] == 3


@pytest.mark.parametrize("screen", [SCRIPTS, PLAIN], ids=["scripts", "plain"])
def test_a_session_that_ends_in_the_middle_of_a_form_loses_nothing(office: Office, chromium: Browser, screen: Screen) -> None:
    number, note = office.handed_in(), "Sudah dicocokkan dengan buku induk."
    name = office.person(Role.KETUA_PPID, office.own, "Ketua yang lama mengetik")
    with person(chromium, office, name, screen) as page:
        page.goto(f"/pengajuan/{number}")
        page.locator("#pilihan-revise").check()
        page.locator("#note").first.fill(note)
        with office.accounts.engine.begin() as c:
            assert c.execute(sa.delete(SESSIONS).where(SESSIONS.c.account == name)).rowcount
        page.locator(".decide .buttons button[type=submit]").last.click()
        expect(page.get_by_text("Waktu Anda habis")).to_be_visible()
        assert office.up.submission("review", number)["sequence"] == 1
        page.get_by_label("Nama pengguna").fill(name)
        page.get_by_label("Kata sandi").fill(PASSWORD)
        page.get_by_role("button", name="Masuk").click()
        expect(page.get_by_text(note)).to_be_visible()
        page.locator("main form button[type=submit]").click()
        page.wait_for_url(f"**/pengajuan/{number}/selesai?langkah=2")
    assert office.up.submission("review", number)["history"][-1]["data"]["note"] == note


def reach(page: Page, selector: str) -> None:
    """By the Tab key alone, from where the focus is."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            outline = page.evaluate(
                "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.boxShadow] })()"
            )
            assert outline != ["none", "none"], f"nobody sees that {selector} has the focus"
            return
    raise AssertionError(f"{selector} cannot be reached")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    reach(page, selector)
    page.keyboard.press(key)


def write(page: Page, selector: str, text: str) -> None:
    reach(page, selector)
    page.keyboard.insert_text(text)


def test_the_whole_way_by_keyboard_alone(office: Office, chromium: Browser) -> None:
    """From the case that waits to the portal: login, check, verify, approve, and the trail of it."""
    number = office.handed_in()
    case, send = f"/pengajuan/{number}", ".decide .buttons button[type=submit]"
    ketua, atasan = office.person(Role.KETUA_PPID, office.own), office.person(Role.ATASAN_PPID)
    for name, steps in ((ketua, 1), (atasan, 2)):
        with chromium.new_context(base_url=office.up.url, viewport={"width": 1280, "height": 800}) as context:
            page = context.new_page()
            page.goto(f"/masuk?kembali={case}")
            write(page, "[name=nama_pengguna]", name)
            write(page, "[name=kata_sandi]", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{office.up.url}{case}")
            if steps == 1:
                press(page, "[name=pilihan]", "Space")
                press(page, send)
                heading(page, "Dicek dan direvisi")
                office.seen(number, 2)
                continue
            press(page, "[name=pilihan]", "Space")
            for word in CHECKLIST:
                press(page, f"#checklist_{word}", "Space")
            write(page, "#note", "Temuan sudah dibaca.")
            press(page, send)
            heading(page, "Diverifikasi")
            press(page, f"main a[href='{case}']")
            page.wait_for_url(f"{office.up.url}{case}")
            press(page, "[name=pilihan]", "Space")
            write(page, "#consideration", "Data publik, layak diunggah.")
            press(page, send)
            heading(page, "Periksa sekali lagi")
            press(page, "main form button[type=submit]")
            heading(page, "Disetujui")
            office.seen(number, 5)
            page.goto(case)
            press(page, f"main a[href='{case}/jejak']")
            page.wait_for_url(f"**{case}/jejak")
            expect(page.locator(".timeline h2")).to_have_count(5)
