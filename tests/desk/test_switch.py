"""The switch of the language without a screen: the desk alone, whose lanes do not answer."""

import re

import httpx

from tests.desk.alone import Alone, log_in
from tests.desk.test_in_english import INDONESIAN, NAMES, REASON
from web.tokens import Role


async def test_a_lane_that_is_away_and_a_session_that_ended(alone: Alone) -> None:
    async with alone.browser() as browser:
        assert (await log_in(browser, alone.person("english"), bahasa_akun="en")).status_code == 303
        away = await browser.get("/kotak-masuk")
        assert (away.status_code, "The archive service cannot be reached now." in away.text) == (503, True)
        assert_english(away)
        typed = {"pilihan": "reject", "reason_note_0": REASON, "expected_sequence": "2"}
        kept = await browser.post("/pengajuan/00000000-0000-5000-8000-000000000000/putusan", data=typed)
        assert (kept.status_code, REASON in kept.text) == (503, True)
        assert_english(kept)
        alone.desk.sessions.end_all("english")
        ended = await browser.get("/masuk?kembali=/kotak-masuk")
        assert ended.status_code == 200
        assert_english(ended)  # the browser remembers what its last person spoke


async def test_a_switch_does_nothing_but_show_the_form_again(alone: Alone) -> None:
    async with alone.browser() as browser:
        person = alone.person("admin", Role.ADMIN_OPENDATA)
        await log_in(browser, person)
        new = {"aksi": "tambah", "orang": "budi", "nama": "Budi", "peran": "auditor", "bahasa": "en"}
        answer = await browser.post("/akun/daftar", data={name: value for name, value in new.items() if name != "aksi"})
        assert (answer.status_code, '<html lang="en">' in answer.text, 'value="budi"' in answer.text) == (200, True, True)
        assert alone.desk.accounts.find("budi") is None
        account = alone.desk.accounts.find(person)
        assert account
        assert account.language == "en"
        assert alone.desk.accounts.find("budi") is None
        assert (await browser.post("/akun/daftar", data=new)).status_code == 200  # whichever button's name comes along
        assert alone.desk.accounts.find("budi") is None
        other = await browser.post("/akun/daftar", data=new | {"bahasa": "xx"})
        assert '<html lang="en">' in other.text
        assert alone.desk.accounts.find("budi")  # no language of ours, so it is a field like any other


async def test_every_form_in_which_something_is_typed_has_the_button_without_scripts_too(alone: Alone) -> None:
    async with alone.browser() as browser:
        await log_in(browser, alone.person("admin", Role.ADMIN_OPENDATA))
        page = (await browser.get("/akun/daftar")).text
        named = re.findall(r'data-switch form="([^"]*)"', page)
        forms = re.findall(r'<form method="post" id="([^"]*)"[^>]*>(.*?)</form>', page, re.DOTALL)
        typed_in = {form for form, content in forms if "<select" in content}
        assert typed_in == {"isian", "isian-pengganti"}
        assert {form for form, content in forms if form in named or 'name="bahasa" value="en"' in content} == typed_in
        letter = {"orang": "admin", "surat": "800/7/2026", "mulai": "2026-12-01", "bahasa": "en"}
        answer = await browser.post("/akun/daftar", data=letter)
        assert ['value="800/7/2026"' in answer.text, 'value="2026-12-01"' in answer.text] == [True, True]


def assert_english(answer: httpx.Response) -> None:
    text = re.sub(r"<[^>]*>", " ", answer.text)
    for name in NAMES:
        text = text.replace(name, "")
    assert (re.search('<html lang="en">', answer.text) is not None, INDONESIAN.findall(text)) == (True, [])
