"""Stored text shows as text: markup, templates and signs that turn the order round run nothing and ask nobody, on every page."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.desk.beside import Office, table
from tests.desk.test_journey import SCREENS, person
from tests.desk.test_read_by_all import PAGES
from web.tokens import Role

pytestmark = pytest.mark.needs("chromium")
MARKUP = "<script>window.hit=1</script><img src=//evil.example/x onerror=\"window.hit=1\"><svg onload='window.hit=1'>\"'>"
COLUMN = "<img src=//evil.example/k onerror=window.hit=1>"
TEMPLATE = "{{ 8387*8389 }}{% raw %}${8387*8389}#{8387*8389}"
PRODUCT = str(8387 * 8389)
"""What a template that ran would show: too long to stand in a random number."""


@pytest.fixture(scope="module")
def office(office: Office) -> Office:
    """With an agency whose name is as hostile as all else."""
    kode = f"dinas-{uuid.uuid4().hex[:8]}"
    made = office.up.home.jejak("opd", "add", kode, "--name", f"Dinas {COLUMN} {TEMPLATE}")
    assert made.returncode == 0, made.stderr
    return replace(office, own=kode)


@pytest.fixture(scope="module")
def numbers(office: Office) -> dict[str, str]:
    hostile = f"{MARKUP}{TEMPLATE}"
    columns = [{"name": COLUMN, "type": "string", "description": hostile}, {"name": "nama", "type": "string", "description": TEMPLATE}]
    told: dict[str, Any] = {
        "title": f"Judul {hostile}"[:300],
        "summary": hostile,
        "keywords": [MARKUP[:90]],
        "section": hostile,
        "columns": columns,
        "source": hostile,
    }
    told["responsible"] = {"position": hostile, "email": '"<b>"@evil.example'}
    cells = table([[COLUMN, "nama"], ["33.13.01", MARKUP], [TEMPLATE, COLUMN]])
    first, second = (office.handed_in(name="x<img src=x onerror='window.hit=1'>.csv", content=cells, **told) for _ in range(2))
    office.says("review", "revise", second, "ketua_ppid", expected_sequence=1, note=hostile)
    reasons = [{"code": "other", "field": f"dataset.{MARKUP}", "note": hostile}]
    office.says("decision", "reject", second, "atasan_ppid", expected_sequence=2, reasons=reasons)
    office.says("review", "revise", second, "ketua_ppid", expected_sequence=3, note=hostile)
    return {"number": first, "checked": second}


@pytest.mark.parametrize("role", PAGES)
def test_nothing_of_it_runs(office: Office, chromium: Browser, numbers: dict[str, str], role: Role) -> None:
    opd = office.own if role in {Role.TIM_PPID, Role.KETUA_PPID} else None
    named = office.person(role, opd, f"{role} <img src=x onerror=window.hit=1> {TEMPLATE[:15]}")
    with person(chromium, office, named, SCREENS[1]) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for path in (*PAGES[role], "/pengajuan/{checked}", "/pengajuan/{checked}/jejak?tampilan=json", "/cari?q=<script>alert(1)</script>"):
            page.goto(path.format_map(numbers), wait_until="networkidle")
            assert page.evaluate("window.hit") is None, path
            assert PRODUCT not in page.title()
        assert [url for url in asked if not url.startswith(office.up.url)] == []


def test_it_is_shown_as_it_was_written(office: Office, chromium: Browser, numbers: dict[str, str]) -> None:
    with person(chromium, office, office.person(Role.AUDITOR), SCREENS[1]) as page:
        page.goto(f"/pengajuan/{numbers['number']}")
        assert MARKUP in page.inner_text("main")
        assert TEMPLATE in page.inner_text("main")
        assert page.locator("main img, main script, main svg").count() == 0
