"""Requests from other sites change nothing, too large ones are not read, and every answer carries the headers."""

from collections.abc import AsyncIterator

import pytest

from tests.desk.alone import ADDRESS, PASSWORD, Alone, log_in

FORM = {"nama_pengguna": "budi", "kata_sandi": PASSWORD}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ADDRESS}, 303),
        ({"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": f"{ADDRESS}.evil.example"}, 403),
        ({"Origin": ADDRESS, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": ADDRESS, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": ADDRESS, "Sec-Fetch-Site": "none"}, 403),
        ({"Origin": f"{ADDRESS}:8443"}, 403),
        ({"Referer": f"{ADDRESS}/masuk"}, 403),
    ],
)
async def test_only_own_pages_may_change_something(alone: Alone, headers: dict[str, str], status: int) -> None:
    alone.person("budi")
    async with alone.browser(origin=None) as browser:
        assert (await browser.post("/masuk", data=FORM, headers=headers)).status_code == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
async def test_every_unsafe_method_is_asked(alone: Alone, method: str) -> None:
    async with alone.browser(origin="http://evil.example") as browser:
        assert (await browser.request(method, "/akun")).status_code == 403


@pytest.mark.parametrize("path", ["/masuk", "/statistik", "/tidak-ada", "/akun", "/aset/desk.css", "/aset/tidak-ada", "/sesi"])
async def test_every_answer_carries_the_headers(alone: Alone, path: str) -> None:
    async with alone.browser() as browser:
        headers = (await browser.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert ("cache-control" in headers) is not path.startswith("/aset/")


async def test_a_page_that_failed_carries_them_too(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("rahasia di dalam")

    monkeypatch.setattr(type(alone.desk), "who", broken)
    async with alone.browser() as browser:
        answer = await browser.get("/akun")
    assert answer.status_code == 500
    assert "rahasia" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


async def test_too_much_is_refused(alone: Alone) -> None:
    async with alone.browser() as browser:
        assert (await browser.post("/masuk", data={"nama_pengguna": "x" * 5_000_000})).status_code == 413

        async def unending() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 65_536

        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await browser.post("/masuk", content=unending(), headers=headers)).status_code in {400, 413}


async def test_a_lane_that_is_away_costs_a_sentence_and_nothing_that_was_typed(alone: Alone) -> None:
    number = "00000000-0000-5000-8000-000000000000"
    async with alone.browser() as browser:
        await log_in(browser, alone.person("budi"))
        assert (await browser.get("/")).status_code == 200
        for path in ("/kotak-masuk", f"/pengajuan/{number}", f"/pengajuan/{number}/jejak", "/jatuh-tempo", "/cari?q=desa"):
            away = await browser.get(path)
            assert away.status_code == 503, path
            assert "sedang tidak dapat dihubungi" in away.text
        typed = {"pilihan": "approve", "consideration": "Data publik & layak.", "expected_sequence": "3"}
        answer = await browser.post(f"/pengajuan/{number}/putusan", data=typed)
        assert answer.status_code == 503
        assert 'name="consideration" value="Data publik &amp; layak."' in answer.text
        assert (await browser.get("/statistik")).status_code == 200
