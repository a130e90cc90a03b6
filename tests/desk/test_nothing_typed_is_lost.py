"""What a person typed is never done as somebody else, and never lost: not when the session ends, nor when the desk or a lane says no."""

import html
import re
import uuid
from pathlib import Path

import httpx
import pytest

from desk.accounts import Post
from desk.clock import now_ms, today
from desk.forms import FORM_BYTES, MADE_FOR
from desk.kept import DAY_MS, FOR_A_POST
from desk.marks import Marks
from tests.desk.alone import PASSWORD, Alone, desk_alone, log_in
from web.tokens import Role

TEMPLATES = Path(__file__).parents[2] / "desk" / "templates"
NUMBER = "00000000-0000-5000-8000-000000000000"
REASON = "Kolom <b>satuan</b> belum diisi; lengkapi dahulu."
FORM = {"pilihan": "reject", "reason_note_0": REASON, "expected_sequence": "2"}


def two_posts(alone: Alone, name: str = "budi") -> tuple[Post, Post]:
    """The own post and one held for another."""
    alone.person(name, Role.KETUA_PPID, "setda")
    acting = Post(0, name, Role.ATASAN_PPID, None, "Plh.", "800/1/2026", today(), today())
    alone.desk.accounts.appoint(acting, now_ms=now_ms())
    own, held = alone.desk.accounts.posts(name, today())
    return own, held


def mark_of(alone: Alone, post: Post) -> dict[str, str]:
    return {MADE_FOR: alone.desk.marks.of(post.id)}


def again(page: httpx.Response) -> tuple[str, list[tuple[str, str]]]:
    """Where the form of a message page leads, and its fields as a browser would send them."""
    main = page.text.partition("<main")[2]
    form = main.partition("<form")[2].partition("</form>")[0]
    action = html.unescape(form.partition('action="')[2].partition('"')[0])
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form, re.DOTALL)
    return action, [(html.unescape(name), html.unescape(value)) for name, value in pairs]


async def follow(browser: httpx.AsyncClient, page: httpx.Response, language: str = "en", **typed: str) -> httpx.Response:
    """The button of the language is pressed: the fields of the form that it names go along, or those of its own."""
    named = re.search(r'data-switch form="([^"]*)"', page.text)
    form = re.search(rf'<form[^>]*id="{named[1]}"' if named else '<form[^>]*action="/bahasa"', page.text)
    assert form
    text = page.text[form.start() :].partition("</form>")[0]
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', text, re.DOTALL)
    action = html.unescape(text.partition('action="')[2].partition('"')[0])
    drawn = {html.unescape(name): html.unescape(value) for name, value in fields}
    return await browser.post(action, data={**drawn, **typed, "bahasa": language}, follow_redirects=True)


def test_every_form_says_for_whom_it_was_drawn() -> None:
    found = {}
    for path in TEMPLATES.glob("*.html"):
        plain = re.sub(r"\{\{(?! made_for).*?\}\}|\{%.*?%\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        found[path.name] = re.findall(r'<form method="post"[^>]*>(?!\{\{ made_for \}\})', plain)
    assert {name for name, forms in found.items() if forms} == {"login.html"}  # nobody is in there
    assert len(found["login.html"]) == 1


def test_a_mark_is_the_desk_s_own() -> None:
    marks = Marks(b"secret")
    assert marks.post_of(marks.of(12)) == 12
    for other in ("12", "12.", "", f"13.{marks.of(12).partition('.')[2]}", Marks(b"other").of(12), "١.a", f"{marks.of(12)}0", "x" * 9999):
        assert marks.post_of(other) is None


async def test_a_form_filled_in_as_one_is_not_sent_as_another(alone: Alone) -> None:
    own, held = two_posts(alone)
    async with alone.browser() as browser:
        await log_in(browser, "budi")
        await browser.post("/sesi/peran", data={"peran": str(held.id)})
        answer = await browser.post(f"/pengajuan/{NUMBER}/putusan", data=FORM | mark_of(alone, own))
        assert answer.status_code == 409
        assert "Ketua PPID Pelaksana setda" in answer.text
        assert html.escape(REASON) in answer.text
        assert "Atasan PPID Kabupaten" in (await browser.get("/akun")).text
        action, fields = again(answer)
        sent = await browser.post(action, data=dict(fields))
        assert sent.status_code == 503  # asked a lane, in the post that it was drawn for, and nobody is there
        assert "Plh. Atasan PPID Kabupaten" not in sent.text
        assert ("pakai_peran", "1") not in again(sent)[1]  # said once, not for ever


@pytest.mark.parametrize(
    "path", ["/akun/daftar", "/akun/kata-sandi", "/pengajuan/baru/x", "/putusan-bersama", f"/pengajuan/{NUMBER}/ambil"]
)
async def test_a_form_of_another_person_at_the_same_browser_does_nothing(alone: Alone, path: str) -> None:
    own, _ = two_posts(alone)
    async with alone.browser() as browser:
        await log_in(browser, alone.person("siti", Role.ADMIN_OPENDATA))
        answer = await browser.post(path, data={"aksi": "tutup", "orang": "budi", "note": "Tulisan Budi."} | mark_of(alone, own))
        assert answer.status_code == 409
        assert "Tulisan Budi." in answer.text
        assert 'type="submit"' not in answer.text.partition("<main")[2].partition("</main>")[0]  # there is nothing to send
        switched = await follow(browser, answer)
        assert ('<html lang="en">' in switched.text, "Tulisan Budi." in switched.text) == (True, True)
        back = await follow(browser, switched, "id")
        assert ('<html lang="id">' in back.text, "Tulisan Budi." in back.text) == (True, True)
    found = alone.desk.accounts.find("budi")
    assert found
    assert not found.closed


@pytest.mark.parametrize(
    "text", ["pendek", "x" * 300_000, "kata & <b> 'tanda' \"kutip\"\nbaris dua " * 20_000], ids=["short", "long", "signs"]
)
async def test_what_was_typed_when_the_session_ended_comes_back_after_the_login(alone: Alone, text: str) -> None:
    own, _ = two_posts(alone)
    path = f"/pengajuan/{NUMBER}/putusan"
    async with alone.browser() as browser:
        ended = await browser.post(path, data=FORM | {"reason_note_0": text} | mark_of(alone, own))
        assert ended.status_code == 401
        back = html.unescape(ended.text.partition('name="kembali" value="')[2].partition('"')[0])
        wrong = await log_in(browser, "budi", "bukan-ini-sandinya", kembali=back)
        assert back in wrong.text
        assert (await log_in(browser, "budi", kembali=back)).headers["location"] == back
        action, fields = again(await browser.get(back))
    assert action == path
    assert dict(fields) == FORM | {"reason_note_0": text} | mark_of(alone, own)


async def test_a_form_without_fields_leads_to_a_page_and_not_to_an_address_that_only_forms_are_sent_to(alone: Alone) -> None:
    own, _ = two_posts(alone)
    async with alone.browser() as browser:
        for marked in (mark_of(alone, own), {}):
            ended = await browser.post(f"/pengajuan/{NUMBER}/ambil", data=marked)
            back = html.unescape(ended.text.partition('name="kembali" value="')[2].partition('"')[0])
            page = await browser.get((await log_in(browser, "budi", kembali=back)).headers["location"])
            assert page.status_code == 200
            await browser.post("/keluar")
        await log_in(browser, "budi")
        assert (await browser.get(f"/pengajuan/{NUMBER}/ambil")).headers["location"] == f"/pengajuan/{NUMBER}"


async def test_a_first_password_in_the_middle_of_a_form_loses_nothing(alone: Alone) -> None:
    own, _ = two_posts(alone)
    new = "empat-kata-tanpa-arti"
    async with alone.browser() as browser:
        await log_in(browser, "budi")
        alone.desk.accounts.set_password("budi", PASSWORD, must_change=True)
        ended = await browser.post(f"/pengajuan/{NUMBER}/putusan", data=FORM | mark_of(alone, own))
        back = html.unescape(ended.text.partition('name="kembali" value="')[2].partition('"')[0])
        await log_in(browser, "budi", kembali=back)
        change = await browser.get((await browser.get(back)).headers["location"])
        kept = html.unescape(change.text.partition('name="kembali" value="')[2].partition('"')[0])
        typed = {"kata_sandi_lama": PASSWORD, "kata_sandi_baru": new, "kata_sandi_lagi": new, "kembali": kept}
        page = await browser.get((await browser.post("/akun/kata-sandi", data=typed)).headers["location"])
    assert dict(again(page)[1])["reason_note_0"] == REASON


async def test_a_kept_form_is_its_person_s_alone_for_a_day_and_a_few_of_each(alone: Alone) -> None:
    own, _ = two_posts(alone)
    kept, fields = alone.desk.kept, (("note", "rahasia"),)
    secrets = [kept.keep(own.id, f"/{n}", fields, now_ms=1_000 + n) or "" for n in range(FOR_A_POST + 1)]
    found = [kept.find(secret, "budi", now_ms=2_000) for secret in secrets]
    assert [form is not None for form in found] == [False] + [True] * FOR_A_POST
    assert kept.find(secrets[-1], "siti", now_ms=2_000) is None
    assert kept.find(secrets[-1], "budi", now_ms=2_000 + DAY_MS) is None
    assert kept.keep(99_999, "/", fields, now_ms=1) is None
    async with alone.browser() as browser:
        stranger = await browser.post(f"/pengajuan/{NUMBER}/putusan", data=FORM | {MADE_FOR: f"{own.id}.0123456789abcdef"})
        assert "/isian/" not in stranger.text  # a mark that this desk did not write keeps nothing
        await log_in(browser, alone.person("siti"))
        live = kept.keep(own.id, "/", fields, now_ms=now_ms())
        assert (await browser.get(f"/isian/{live}")).status_code == 404


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        ("/akun/daftar", Role.AUDITOR, 403),
        ("/pengajuan/bukan-nomor/putusan", Role.ATASAN_PPID, 404),
        ("/alamat/lain", Role.ATASAN_PPID, 404),
        ("/statistik", Role.ATASAN_PPID, 405),
        (f"/pengajuan/{NUMBER}/putusan", Role.ATASAN_PPID, 503),
        (f"/pengajuan/{NUMBER}/coba-lagi", Role.ADMIN_OPENDATA, 503),
    ],
)
async def test_a_no_comes_with_what_was_typed(alone: Alone, path: str, role: Role, status: int) -> None:
    async with alone.browser() as browser:
        await log_in(browser, alone.person("budi", role))
        answer = await browser.post(path, data=FORM)
        english = await follow(browser, answer)
    assert ('<html lang="en">' in english.text, html.escape(REASON) in english.text) == (True, True)
    assert answer.status_code == status
    assert f'<dd class="as-typed">{html.escape(REASON)}</dd>' in answer.text
    assert set(FORM.items()) <= set(again(answer)[1])


@pytest.mark.parametrize("who", ["in", "out"])
async def test_a_file_that_is_too_large_costs_that_file_only(tmp_path: Path, who: str) -> None:
    """Each file has the limit for itself; the form is read to its end whether or not somebody is in."""
    number = str(uuid.uuid4())
    megabyte = b"x" * 1_000_000
    files = [("files", (f"{n}.csv", megabyte)) for n in range(4)] + [("files", ("besar.csv", megabyte * 2))]
    async with desk_alone(tmp_path, upload_mb=1) as alone, alone.browser() as browser:
        name = alone.person("tini", Role.TIM_PPID, "setda")
        (post,) = alone.desk.accounts.posts(name, today())
        if who == "in":
            await log_in(browser, name)
        answer = await browser.post(
            f"/pengajuan/baru/{number}", data={"title": "Jumlah kios", "berkas": "[]"} | mark_of(alone, post), files=files
        )
        if who == "out":
            assert answer.status_code == 401
            back = html.unescape(answer.text.partition('name="kembali" value="')[2].partition('"')[0])
            await log_in(browser, name, kembali=back)
            answer = await browser.get(back)
            assert answer.status_code == 200
            assert "pilih lagi" in answer.text
            assert dict(again(answer)[1])["title"] == "Jumlah kios"
        else:
            assert answer.status_code == 503  # the four others were on their way to intake, which is not there
            assert alone.desk.drafts.find(number, name, "setda")


async def test_what_is_too_long_to_be_read_is_told_by_a_page(alone: Alone) -> None:
    async with alone.browser() as browser:
        answer = await browser.post("/masuk", data={"nama_pengguna": "x" * (FORM_BYTES + 1)})
        assert answer.status_code == 413
        assert "Kembali pada peramban" in answer.text
        assert answer.headers["content-type"].startswith("text/html")


async def test_what_a_draft_no_longer_takes_can_be_copied_in_either_language(tmp_path: Path) -> None:
    number = str(uuid.uuid4())
    async with desk_alone(tmp_path) as alone, alone.browser() as browser:
        await log_in(browser, alone.person("tini", Role.TIM_PPID, "setda"))
        await browser.post(f"/pengajuan/baru/{number}", data={"title": "Jumlah kios", "aksi": "simpan"})
        draft = alone.desk.drafts.find(number, "tini", "setda")
        assert draft
        alone.desk.drafts.handed_in(draft, NUMBER)
        late = await browser.post(f"/pengajuan/baru/{number}", data={"title": "Jumlah kios pasar", "berkas": "[]", "aksi": "simpan"})
        english = await follow(browser, late)
        indonesian = await follow(browser, english, "id")
        pages = [(page.status_code, page.text.count("Jumlah kios pasar") > 0) for page in (late, english, indonesian)]
        assert pages == [(409, True)] * 3
        assert ('<html lang="en">' in english.text, '<html lang="id">' in indonesian.text) == (True, True)
