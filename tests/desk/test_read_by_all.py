"""axe-core finds nothing on any page, for each role at both widths, in normal and error states; nothing scrolls sideways at 320 px."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.desk.beside import Office
from tests.desk.test_journey import SCREENS, person
from web.tokens import Role

pytestmark = pytest.mark.needs("chromium")
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
NUMBER = "{number}"
CASE = (f"/pengajuan/{NUMBER}", f"/pengajuan/{NUMBER}/jejak", f"/pengajuan/{NUMBER}/jejak?tampilan=lengkap", f"/pengajuan/{NUMBER}/lembar")
PAGES: dict[Role, tuple[str, ...]] = {
    Role.TIM_PPID: ("/", "/kotak-masuk", "/pengajuan/baru", "/jatuh-tempo", "/akun", "/akun/kata-sandi", *CASE),
    Role.KETUA_PPID: ("/", "/kotak-masuk?urut=newest", f"/pengajuan/{NUMBER}/perbaiki", f"/pengajuan/{NUMBER}/selesai?langkah=1", *CASE),
    Role.ATASAN_PPID: ("/", "/kotak-masuk", "/putusan-bersama", "/pengajuan/{checked}", "/pengajuan/tidak-ada"),
    Role.ADMIN_OPENDATA: ("/", "/publikasi", "/akun/daftar", "/akun/opd", "/akun/token", "/kotak-masuk", *CASE),
    Role.AUDITOR: (
        "/",
        "/kotak-masuk",
        "/cari?q=daftar",
        f"/pengajuan/{NUMBER}/keutuhan",
        f"/pengajuan/{NUMBER}/jejak?as_of=2001-01-01T00:00",
        "/publikasi",
        *CASE,
    ),
}


def violations(page: Page) -> list[str]:
    told = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in told for node in one["nodes"]]


@pytest.mark.parametrize("width", [0, 1])
@pytest.mark.parametrize("role", PAGES)
def test_axe_finds_nothing(office: Office, chromium: Browser, numbers: dict[str, str], role: Role, width: int) -> None:
    opd = office.own if role in {Role.TIM_PPID, Role.KETUA_PPID} else None
    with person(chromium, office, office.person(role, opd), SCREENS[width]) as page:
        for path in PAGES[role]:
            page.goto(path.format_map(numbers))
            assert violations(page) == [], path
            assert page.locator("[hidden]:visible").count() == 0, path
            if width == 0:
                page.set_viewport_size({"width": 320, "height": 640})
                assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
                page.set_viewport_size({"width": 360, "height": 800})


@pytest.mark.parametrize("width", [0, 1])
def test_axe_finds_nothing_where_something_went_wrong(office: Office, chromium: Browser, numbers: dict[str, str], width: int) -> None:
    with person(chromium, office, office.person(Role.ATASAN_PPID), SCREENS[width]) as page:
        page.goto(f"/pengajuan/{numbers['checked']}")
        page.get_by_role("radio", name="Kembalikan dengan alasan").check()
        page.get_by_role("button", name="Kirim").click()
        assert page.get_by_role("alert").first.evaluate("alert => alert === document.activeElement")
        assert violations(page) == []
        page.get_by_role("alert").first.get_by_role("link").first.click()
        assert page.locator(":focus").get_attribute("id") == "reason_code_0"


@pytest.mark.parametrize("path", ["/masuk", "/statistik", "/masuk?kembali=/kotak-masuk"])
def test_axe_finds_nothing_before_the_login(office: Office, chromium: Browser, path: str) -> None:
    with chromium.new_context(base_url=office.up.url, viewport={"width": 360, "height": 800}) as context:
        page = context.new_page()
        page.goto(path)
        assert violations(page) == []


def test_a_page_weighs_less_than_100_kb(office: Office, chromium: Browser, numbers: dict[str, str]) -> None:
    """The first load, everything together, nothing from elsewhere."""
    with person(chromium, office, office.person(Role.KETUA_PPID, office.own), SCREENS[1]) as page:
        fetched: list[tuple[str, int]] = []
        page.on("response", lambda answer: fetched.append((answer.url, len(answer.body()))))
        page.goto(f"/pengajuan/{numbers['number']}", wait_until="networkidle")
        assert all(url.startswith(office.up.url) for url, _ in fetched)
        assert sum(size for _, size in fetched) < 100_000
