"""Who gets in, who stays in, and who cannot be locked out by others."""

import html
import uuid
from pathlib import Path

import pytest

from desk.accounts import Post
from desk.attempts import TRIES, TRIES_OF_A_SOURCE, Guess
from desk.clock import now_ms, today
from desk.forms import MADE_FOR
from desk.sessions import hash_of
from tests.desk.alone import PASSWORD, Alone, desk_alone, log_in
from web.tokens import Role


async def test_with_name_and_password_a_person_is_in(alone: Alone) -> None:
    async with alone.browser() as browser:
        assert (await browser.get("/akun")).headers["location"] == "/masuk?kembali=/akun"
        answer = await log_in(browser, alone.person("budi"), kembali="/akun")
        assert (answer.status_code, answer.headers["location"]) == (303, "/akun")
        assert "Budi" in (await browser.get("/akun")).text


async def test_a_wrong_password_and_an_unknown_name_sound_the_same(alone: Alone) -> None:
    alone.person("budi")
    async with alone.browser() as browser:
        wrong, unknown = await log_in(browser, "budi", "bukan-ini-sandinya"), await log_in(browser, "siapa", "bukan-ini-sandinya")
        assert wrong.status_code == unknown.status_code == 401
        assert wrong.text.replace("budi", "") == unknown.text.replace("siapa", "")


async def test_the_cookie_is_closed_to_scripts_and_other_sites_and_behind_tls_to_plain_lines(alone: Alone, tmp_path: Path) -> None:
    async with alone.browser() as browser:
        cookies = (await log_in(browser, alone.person("budi"))).headers.get_list("set-cookie")
    assert all("HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie for cookie in cookies)
    async with (
        desk_alone(tmp_path / "tls", public_url="https://jejak.example") as tls,
        tls.browser(origin="https://jejak.example") as browser,
    ):
        cookies = (await log_in(browser, tls.person("budi"))).headers.get_list("set-cookie")
    assert all(cookie.startswith("__Host-") and "Secure" in cookie for cookie in cookies)


async def test_the_database_does_not_hold_what_the_browser_shows(alone: Alone) -> None:
    async with alone.browser() as browser:
        await log_in(browser, alone.person("budi"))
        secret = browser.cookies["jejak_sesi"]
    (session,) = alone.desk.sessions.of("budi", now_ms=now_ms())
    assert session.hash == hash_of(secret) != secret


async def test_the_first_password_opens_one_page_only(alone: Alone) -> None:
    async with alone.browser() as browser:
        await log_in(browser, alone.person("budi", must_change=True))
        assert (await browser.get("/akun")).headers["location"] == "/akun/kata-sandi?kembali=/akun"
        short = {"kata_sandi_lama": PASSWORD, "kata_sandi_baru": "pendek", "kata_sandi_lagi": "pendek"}
        refused = await browser.post("/akun/kata-sandi", data=short)
        assert refused.status_code == 422
        assert "Galat:" in refused.text
        new = "empat-kata-tanpa-arti"
        answer = await browser.post("/akun/kata-sandi", data={**short, "kata_sandi_baru": new, "kata_sandi_lagi": new})
        assert answer.status_code == 303
        assert (await browser.get("/akun")).status_code == 200
    async with alone.browser(source="192.0.2.9") as browser:
        assert (await log_in(browser, "budi")).status_code == 401
        assert (await log_in(browser, "budi", new)).status_code == 303


@pytest.mark.parametrize("new", ["budi-budi-budi-1", "aaaaaaaaaaaaaaaa", "password1234", PASSWORD])
async def test_a_password_that_is_easily_guessed_is_none(alone: Alone, new: str) -> None:
    async with alone.browser() as browser:
        await log_in(browser, alone.person("budi"))
        typed = {"kata_sandi_lama": PASSWORD, "kata_sandi_baru": new, "kata_sandi_lagi": new}
        assert (await browser.post("/akun/kata-sandi", data=typed)).status_code == 422


async def test_a_guesser_is_stopped_and_nobody_else(alone: Alone) -> None:
    """From one place five wrong passwords close that place; the person elsewhere, and in a known browser at the same place, gets in."""
    name = alone.person("budi")
    async with alone.browser(source="192.0.2.7") as own:
        assert (await log_in(own, name)).status_code == 303
        async with alone.browser(source="192.0.2.7") as guesser:
            statuses = [(await log_in(guesser, name, f"tebakan-nomor-{n}")).status_code for n in range(TRIES)]
            assert statuses == [401] * TRIES
            assert (await log_in(guesser, name)).status_code == 429  # even with the right one
        own.cookies.delete("jejak_sesi")
        assert (await log_in(own, name)).status_code == 303
    async with alone.browser(source="198.51.100.1") as elsewhere:
        assert (await log_in(elsewhere, name)).status_code == 303


async def test_whoever_found_an_open_session_cannot_guess_the_password_by_changing_it(alone: Alone) -> None:
    new = "empat-kata-tanpa-arti"
    async with alone.browser() as browser:
        await log_in(browser, alone.person("budi"))
        typed = {"kata_sandi_baru": new, "kata_sandi_lagi": new}
        guesses = [await browser.post("/akun/kata-sandi", data=typed | {"kata_sandi_lama": f"tebakan-nomor-{n}"}) for n in range(TRIES)]
        assert [guess.status_code for guess in guesses] == [422] * TRIES
        right = await browser.post("/akun/kata-sandi", data=typed | {"kata_sandi_lama": PASSWORD})
        assert right.status_code == 429
        assert "dalam 15 menit" in right.text
    async with alone.browser(source="198.51.100.1") as elsewhere:
        assert (await log_in(elsewhere, "budi")).status_code == 303


async def test_a_form_that_comes_back_without_its_password_is_no_guess(alone: Alone) -> None:
    """As the page of a failure sends it again."""
    name, new = alone.person("budi"), "empat-kata-tanpa-arti"
    async with alone.browser() as browser:
        empty = [(await log_in(browser, name, "")).status_code for _ in range(TRIES + 1)]
        assert (empty, (await log_in(browser, name)).status_code) == ([401] * (TRIES + 1), 303)
        typed = {"kata_sandi_baru": new, "kata_sandi_lagi": new}
        again = [(await browser.post("/akun/kata-sandi", data=typed)).status_code for _ in range(TRIES + 1)]
        right = await browser.post("/akun/kata-sandi", data=typed | {"kata_sandi_lama": PASSWORD})
        assert (again, right.status_code) == ([422] * (TRIES + 1), 303)


async def test_who_is_appointed_twice_is_appointed_once(alone: Alone) -> None:
    alone.person("budi", Role.KETUA_PPID, "setda")
    for letter in ("800/1/2026", "800/1/2026", "800/2/2026"):
        acting = Post(0, "budi", Role.ATASAN_PPID, None, "Plh.", letter, today(), today())
        alone.desk.accounts.appoint(acting, now_ms=now_ms())
    assert [post.letter for post in alone.desk.accounts.posts("budi", today())] == [None, "800/1/2026", "800/2/2026"]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge di Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome di Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox di Linux"),
        ("curl/8.0", "curl/8.0"),
    ],
)
async def test_a_browser_is_called_as_people_call_it(alone: Alone, agent: str, words: str) -> None:
    async with alone.browser() as browser:
        browser.headers["User-Agent"] = agent
        await log_in(browser, alone.person("budi"))
        assert f"<li>{words} ·" in (await browser.get("/akun")).text


async def test_one_place_cannot_try_all_names(alone: Alone) -> None:
    for n in range(TRIES_OF_A_SOURCE - 1):
        alone.desk.attempts.failed(Guess(f"nama-{n}", "192.0.2.1", None), now_ms=now_ms())
    async with alone.browser() as guesser:
        statuses = [(await log_in(guesser, name, "tebakan-yang-salah")).status_code for name in ("satu", "dua")]
    assert statuses == [401, 429]


async def test_a_browser_known_for_one_person_is_a_stranger_to_another(alone: Alone) -> None:
    alone.person("budi"), alone.person("siti")
    async with alone.browser() as browser:
        await log_in(browser, "budi")
        browser.cookies.delete("jejak_sesi")
        for n in range(TRIES):
            await log_in(browser, "siti", f"tebakan-nomor-{n}")
        assert (await log_in(browser, "siti")).status_code == 429


async def test_out_is_out_here_or_everywhere(alone: Alone) -> None:
    alone.person("budi")
    async with alone.browser() as one, alone.browser() as two:
        for browser in (one, two):
            await log_in(browser, "budi")
        stolen = one.cookies["jejak_sesi"]
        await one.post("/keluar")
        one.cookies.set("jejak_sesi", stolen, domain="jejak.example")
        assert (await one.get("/akun")).status_code == 303
        assert (await two.get("/akun")).status_code == 200
        await log_in(one, "budi")
        await one.post("/keluar", data={"di_mana": "semua"})
        assert (await two.get("/akun")).status_code == 303


async def test_a_session_ends_when_it_is_not_used_and_in_any_case(alone: Alone) -> None:
    alone.person("budi")
    (post,) = alone.desk.accounts.posts("budi", today())
    sessions, began = alone.desk.sessions, now_ms()
    secret = sessions.begin("budi", post.id, via="password", agent="", now_ms=began)
    idle, longest = sessions.idle_ms, sessions.longest_ms
    assert sessions.find(secret, now_ms=began + idle - 1)  # and is noted as used
    assert sessions.find(secret, now_ms=began + 2 * idle - 2)
    assert sessions.find(secret, now_ms=began + 4 * idle) is None
    at, still_in = began, sessions.find(secret, now_ms=began)
    while at < began + longest:
        at += idle // 2
        still_in = sessions.find(secret, now_ms=at)
    assert still_in is None


async def test_a_closed_account_is_out_at_once(alone: Alone) -> None:
    async with alone.browser() as browser:
        await log_in(browser, alone.person("budi"))
        alone.desk.accounts.close("budi", now_ms=now_ms())
        assert (await browser.get("/akun")).status_code == 303
        assert (await log_in(browser, "budi")).status_code == 401


async def test_who_acts_for_another_does_so_from_day_to_day(alone: Alone) -> None:
    alone.person("siti", Role.TIM_PPID, "setda")
    day, letter = today(), "800/123/2026"
    over = Post(0, "siti", Role.ATASAN_PPID, None, "Plh.", letter, day.replace(year=day.year - 2), day.replace(year=day.year - 1))
    held = Post(0, "siti", Role.KETUA_PPID, "setda", "Plh.", letter, day, day)
    for post in (over, held):
        alone.desk.accounts.appoint(post, now_ms=now_ms())
    own, acting = alone.desk.accounts.posts("siti", day)
    assert (own.role, acting.role, acting.letter) == (Role.TIM_PPID, Role.KETUA_PPID, letter)
    async with alone.browser() as browser:
        await log_in(browser, "siti")
        assert "Tim PPID Pelaksana" in (await browser.get("/akun")).text
        await browser.post("/sesi/peran", data={"peran": str(acting.id)})
        page = (await browser.get("/akun")).text
        assert "Plh. Ketua PPID Pelaksana" in page
        assert letter in page
        everybody = [post.id for _, posts in alone.desk.accounts.all() for post in posts]
        await browser.post("/sesi/peran", data={"peran": str(min(set(everybody) - {own.id, acting.id}))})  # the one that is over
        assert "Plh. Ketua PPID Pelaksana" in (await browser.get("/akun")).text
        alone.desk.accounts.end(acting.id, now_ms=now_ms())
        assert (await browser.get("/akun")).status_code == 303


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/masuk", "/a\nb"])
async def test_a_login_leads_nowhere_else(alone: Alone, back: str) -> None:
    async with alone.browser() as browser:
        assert (await log_in(browser, alone.person("budi"), kembali=back)).headers["location"] == "/"


async def test_a_revision_that_comes_back_after_the_login_is_shown_again_before_it_is_sent(alone: Alone) -> None:
    """The file that was chosen did not come back: what is sent at once would name the old one."""
    number = str(uuid.uuid4())
    alone.person("wati", Role.KETUA_PPID, "setda")
    (post,) = alone.desk.accounts.posts("wati", today())
    async with alone.browser() as browser:
        typed = {"expected_sequence": "1", "berkas": "[]", "title": "Jumlah kios", "aksi": "kirim", MADE_FOR: alone.desk.marks.of(post.id)}
        ended = await browser.post(f"/pengajuan/{number}/perbaiki", data=typed)
        back = html.unescape(ended.text.partition('name="kembali" value="')[2].partition('"')[0])
        await log_in(browser, "wati", kembali=back)
        answer = await browser.get(back)
    assert "pilih lagi" in answer.text
    assert 'name="aksi" value="kolom"' in answer.text
    assert 'value="kirim"' not in answer.text
    assert "Jumlah kios" in answer.text
