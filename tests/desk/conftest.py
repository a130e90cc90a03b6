"""The desk alone; one running Jejak with everything for all tests of the pages; and a real browser."""

import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.desk.alone import Alone, desk_alone
from tests.desk.beside import Office
from tests.jejak.running import Home

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Alone]:
    async with desk_alone(tmp_path) as desk:
        yield desk


@pytest.fixture(scope="package")
def office(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Not longer than this package: a second intake on the tests' Kafka would answer others' records."""
    with opened(kafka, tmp_path_factory.mktemp("office")) as office:
        yield office


@contextmanager
def opened(kafka: str, folder: Path) -> Iterator[Office]:
    """Everything running on this Kafka, with two agencies."""
    home = Home(folder, {"JEJAK_KAFKA": kafka, "JEJAK_DESK_TIMEOUT_S": "30"})
    own, other = (f"dinas-{uuid.uuid4().hex[:8]}" for _ in range(2))
    with home.up() as up:
        for kode in (own, other):
            assert home.jejak("opd", "add", kode, "--name", f"Dinas {kode}").returncode == 0
        yield Office(up, own, other)


@pytest.fixture(scope="package")
def numbers(office: Office) -> dict[str, str]:
    """One that waits on the head, one that waits on the superior; the second was returned before."""
    checked = office.checked()
    reasons = [{"code": "incomplete", "field": "dataset.retention", "note": "Jadwal retensi arsip belum diisi."}]
    office.says("decision", "reject", checked, "atasan_ppid", expected_sequence=2, reasons=reasons)
    office.says("review", "revise", checked, "ketua_ppid", expected_sequence=3)
    return {"number": office.handed_in(), "checked": checked}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not longer than a module: as long as Playwright is there its event loop runs, and no asynchronous test can."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()
