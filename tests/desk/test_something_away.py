"""A part is away while people work: Kafka, a lane, the portal. A plain sentence, nothing lost, and it goes on afterwards."""

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from jejak import broker, ports
from tests.crash.proxy import Proxy
from tests.desk.beside import Office
from tests.desk.test_journey import SCREENS, hand_in, person, waits
from tests.desk.test_read_by_all import violations
from tests.events.given import CHECKLIST
from tests.jejak.running import Home
from web.tokens import Role

pytestmark = pytest.mark.needs("chromium")
LANES = ("intake", "review", "decision", "publisher", "archive")
SEND = ".decide .buttons button[type=submit]"


@dataclass
class Site:
    """Lanes in one process (`lanes`), the desk in another (`desk`), a proxy between them for one lane, and a Kafka of their own."""

    lanes: Office
    desk: Office
    proxy: Proxy
    kafka: broker.Broker
    folder: Path
    port: int

    def kafka_back(self) -> None:
        self.kafka = broker.start(self.folder / "kafka", port=self.port, say=lambda _: None)

    @property
    def portal(self) -> Path:
        return self.lanes.up.home.directory / "var" / "portal"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, port, own = tmp_path_factory.mktemp("site"), ports.free(), f"dinas-{uuid.uuid4().hex[:8]}"
    for place in ("lanes", "desk"):
        (folder / place).mkdir()
    kafka = broker.start(folder / "kafka", port=port, say=lambda _: None)
    lanes = Home(folder / "lanes", {"JEJAK_KAFKA": kafka.bootstrap})
    with ExitStack() as opened:
        up = opened.enter_context(lanes.up())
        assert lanes.jejak("opd", "add", own, "--name", own).returncode == 0
        proxy = Proxy(("127.0.0.1", int(up.url.rpartition(":")[2])))
        opened.callback(proxy.close)
        addresses = ",".join(f"{lane}={f'http://127.0.0.1:{proxy.port}' if lane == 'review' else up.url}" for lane in LANES)
        settings = {"JEJAK_KAFKA": kafka.bootstrap, "JEJAK_KEYS": str(folder / "lanes" / "var" / "keys"), "JEJAK_DESK_LANES": addresses}
        desk = opened.enter_context(Home(folder / "desk", settings).up("desk"))
        there = Site(Office(up, own, own), Office(desk, own, own), proxy, kafka, folder, port)
        yield there
    there.kafka.stop()


def test_kafka_is_away_and_work_goes_on(site: Site, chromium: Browser) -> None:
    number, title = site.lanes.handed_in(), f"Tanpa Kafka {uuid.uuid4().hex[:6]}"
    tim, ketua = site.desk.person(Role.TIM_PPID, site.desk.own), site.desk.person(Role.KETUA_PPID, site.desk.own)
    with person(chromium, site.desk, tim, SCREENS[1]) as handing, person(chromium, site.desk, ketua, SCREENS[2]) as deciding:
        site.kafka.stop()
        try:
            hand_in(handing, title)
            deciding.goto(f"/pengajuan/{number}")
            deciding.locator("#pilihan-revise").check()
            deciding.locator(SEND).last.click()
            expect(deciding.get_by_role("heading", level=1)).to_have_text("Dicek dan direvisi")
            assert site.lanes.up.submission("decision", number)["sequence"] == 1  # it does not know yet
        finally:
            site.kafka_back()
        site.lanes.seen(number, 2)
        waits(site.desk, deciding, title)
    site.desk.up.until(lambda: site.desk.up.status("/healthz") == 200, "the desk to be well")


@pytest.mark.parametrize("screen", [0, 2], ids=["scripts", "plain"])
def test_a_lane_is_away_and_nothing_typed_is_lost(site: Site, chromium: Browser, screen: int) -> None:
    number, note = site.lanes.handed_in(), "Sudah dicocokkan dengan buku induk."
    with person(chromium, site.desk, site.desk.person(Role.KETUA_PPID, site.desk.own), SCREENS[screen]) as page:
        page.goto(f"/pengajuan/{number}")
        page.locator("#pilihan-revise").check()
        page.locator("#note").first.fill(note)
        site.proxy.shut = True
        site.proxy.reset()
        try:
            page.locator(SEND).last.click()
            expect(page.get_by_text(re.compile("sedang tidak dapat dihubungi|belum menjawab"))).to_be_visible()
            expect(page.get_by_text(note)).to_be_visible()
            if SCREENS[screen].javascript:
                assert violations(page) == []
            for path in ("/", "/kotak-masuk", f"/pengajuan/{number}", "/jatuh-tempo"):
                answer = page.context.request.get(path)
                assert answer.status in {200, 503}, path
                assert "tidak dapat dihubungi" in answer.text() or answer.status == 200, path
        finally:
            site.proxy.shut = False
        page.locator("main form button[type=submit]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Dicek dan direvisi")
    assert site.lanes.up.submission("review", number)["history"][-1]["data"]["note"] == note


def test_the_portal_is_away_and_the_admin_sees_it_and_publishes_later(site: Site, chromium: Browser) -> None:
    title = f"Portal rusak {uuid.uuid4().hex[:6]}"
    number = site.lanes.handed_in(title=title, dataset_id=f"portal-{uuid.uuid4().hex[:6]}")
    site.lanes.says("review", "revise", number, "ketua_ppid", expected_sequence=1)
    site.lanes.says("decision", "verify", number, "atasan_ppid", expected_sequence=2, checklist=CHECKLIST, note="Sudah dibaca.")
    site.portal.rename(site.portal.with_name("aside"))
    site.portal.write_text("no folder any more")
    with person(chromium, site.desk, site.desk.person(Role.ATASAN_PPID), SCREENS[1]) as page:
        page.goto(f"/pengajuan/{number}")
        page.locator("#pilihan-approve").check()
        page.locator("#consideration").fill("Data publik, layak diunggah.")
        page.locator(SEND).last.click()
        page.locator("main form button[type=submit]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Disetujui")
    with person(chromium, site.desk, site.desk.person(Role.ADMIN_OPENDATA), SCREENS[1]) as page:
        fault = page.locator("li.row", has_text=title).locator(".fault")
        site.desk.up.until(lambda: page.goto("/publikasi") and fault.count() == 1, "the error in the queue")
        assert "percobaan" in page.locator("li.row", has_text=title).inner_text()
        assert violations(page) == []
        site.portal.unlink()
        site.portal.with_name("aside").rename(site.portal)
        page.get_by_role("link", name=title).click()
        page.get_by_role("button", name="Coba terbitkan sekarang").click()
        site.lanes.seen(number, 5)
        site.desk.up.until(lambda: page.goto("/publikasi") and fault.count() == 0, "the queue to be empty")
    assert site.lanes.up.submission("archive", number)["state"] == "published"
