"""Where something went wrong, pages read as well as ever: axe-core, the focus on what is wrong, 320 px, for each role at both widths.

And in every way of looking at a page: forced colours and 200 % zoom, on each page of each role.
"""

from collections.abc import Callable, Mapping

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.desk.beside import Office
from tests.desk.test_journey import SCREENS, person
from tests.desk.test_read_by_all import PAGES, violations
from web.tokens import Role

pytestmark = pytest.mark.needs("chromium")
Wrong = Callable[[Page, Mapping[str, str]], object]
NO_SUCH = "00000000-0000-4000-8000-000000000000"


def sends(path: str, button: str) -> Wrong:
    """The form of a page, sent as it is."""

    def do(page: Page, numbers: Mapping[str, str]) -> None:
        page.goto(path.format_map(numbers))
        page.locator(button).last.click()
        expect(page.get_by_role("alert").first).to_be_focused()

    return do


def opens(path: str) -> Wrong:
    return lambda page, numbers: page.goto(path.format_map(numbers))


def empties_the_title(page: Page, numbers: Mapping[str, str]) -> None:
    page.goto(f"/pengajuan/{numbers['number']}/perbaiki")
    page.get_by_label("Judul data").fill("")
    page.locator("main form button[type=submit]").last.click()
    expect(page.get_by_role("alert").first).to_be_focused()


DECIDE = ".decide .buttons button[type=submit]"
WRONG: dict[Role, tuple[Wrong, ...]] = {
    Role.TIM_PPID: (
        sends("/pengajuan/baru", "main form button[value=periksa]"),
        sends("/pengajuan/{number}", DECIDE),
        opens("/putusan-bersama"),
    ),
    Role.KETUA_PPID: (sends("/pengajuan/{number}", DECIDE), empties_the_title, opens(f"/pengajuan/{NO_SUCH}")),
    Role.ATASAN_PPID: (
        sends("/pengajuan/{checked}", DECIDE),
        sends("/putusan-bersama", "main form button[type=submit]"),
        opens("/akun/daftar"),
    ),
    Role.ADMIN_OPENDATA: (sends("/akun/daftar", "main form button[value=tambah]"), opens("/publikasi?q=tidak-ada-yang-begini")),
    Role.AUDITOR: (
        sends("/akun/kata-sandi", "main form button[type=submit]"),
        opens("/cari?q=tidak-ada-yang-begini"),
        opens("/kotak-masuk?q=tidak-ada"),
    ),
}


def no_wider_than(page: Page, width: int) -> None:
    before = page.viewport_size
    assert before
    page.set_viewport_size({"width": width, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} scrolls sideways at {width} px"
    page.set_viewport_size(before)


@pytest.mark.parametrize("width", [0, 1])
@pytest.mark.parametrize("role", WRONG)
def test_axe_finds_nothing_where_something_is_wrong(
    office: Office,
    chromium: Browser,
    numbers: dict[str, str],
    role: Role,
    width: int,
) -> None:
    opd = office.own if role in {Role.TIM_PPID, Role.KETUA_PPID} else None
    with person(chromium, office, office.person(role, opd), SCREENS[width]) as page:
        for go_wrong in WRONG[role]:
            go_wrong(page, numbers)
            assert violations(page) == [], page.url
            no_wider_than(page, 320)


@pytest.mark.parametrize("role", PAGES)
def test_forced_colours_and_twice_the_size_on_every_page(
    office: Office,
    chromium: Browser,
    numbers: dict[str, str],
    role: Role,
) -> None:
    """Borders stand where backgrounds told things apart. 200 % zoom on an office PC is a page of 640 px."""
    opd = office.own if role in {Role.TIM_PPID, Role.KETUA_PPID} else None
    parts = ".tag, .box, .decide, button:not(.link), a.button, input:not([type=hidden]), select, textarea"
    with person(chromium, office, office.person(role, opd), SCREENS[1]) as page:
        page.emulate_media(forced_colors="active")
        for path in PAGES[role]:
            page.goto(path.format_map(numbers))
            seen = "e => e.offsetParent && !['checkbox', 'radio'].includes(e.type) && getComputedStyle(e).borderTopStyle"
            borders = page.evaluate(f"[...document.querySelectorAll('{parts}')].map({seen})")
            assert set(borders) <= {"solid", "inset", "outset", False, None}, path
            no_wider_than(page, 640)


def test_a_wrong_password_reads_as_well(office: Office, chromium: Browser) -> None:
    with chromium.new_context(base_url=office.up.url, viewport={"width": 360, "height": 800}) as context:
        page = context.new_page()
        page.goto("/masuk")
        page.get_by_label("Nama pengguna").fill("tidak-ada")
        page.get_by_label("Kata sandi").fill("kata-sandi-yang-salah")
        page.get_by_role("button", name="Masuk").click()
        expect(page.get_by_role("alert").first).to_be_focused()
        assert violations(page) == []
        no_wider_than(page, 320)
