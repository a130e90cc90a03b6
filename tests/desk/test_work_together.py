"""Several people on the same cases: taken and released, several decided at once, and somebody acting for an absent official."""

from contextlib import closing

import pytest

from desk.accounts import Post
from desk.clock import now_ms, today
from tests.desk.beside import Office
from web.tokens import Role

CHECKLIST = {f"checklist_{word}": "1" for word in ("terpadu", "lengkap", "aktual", "valid", "akuntabel")}


def test_who_works_on_a_case_is_shown_to_the_others_and_an_admin_releases_it(office: Office) -> None:
    number = office.checked()
    one, two = (office.person(Role.ATASAN_PPID, None, f"Atasan {name}") for name in ("Satu", "Dua"))
    with (
        closing(office.client(one)) as first,
        closing(office.client(two)) as second,
        closing(office.client(office.person(Role.ADMIN_OPENDATA))) as admin,
    ):
        assert first.post(f"/pengajuan/{number}/ambil").status_code == 303
        assert "Sedang dikerjakan Atasan Satu" in second.get(f"/pengajuan/{number}").text
        assert "sedang dikerjakan Atasan Satu" in second.get("/kotak-masuk").text
        refused = second.post(f"/pengajuan/{number}/ambil")
        assert refused.status_code == 409
        assert "Atasan Satu" in refused.text
        assert admin.post(f"/pengajuan/{number}/lepas").status_code == 303
        assert "Sedang dikerjakan" not in second.get(f"/pengajuan/{number}").text
        assert second.post(f"/pengajuan/{number}/ambil").status_code == 303


def test_several_are_decided_at_once_and_one_refusal_stops_none(office: Office) -> None:
    good, stale = office.checked(), office.checked()
    with closing(office.client(office.person(Role.ATASAN_PPID))) as atasan:
        page = atasan.get("/putusan-bersama").text
        assert f'value="{good}:2"' in page
        nothing = atasan.post("/putusan-bersama", data={"pilihan": "verify", "note": "Sudah dibaca.", **CHECKLIST})
        assert nothing.status_code == 422
        assert "Sudah dibaca." in nothing.text
        form = {"pilihan": "verify", "pilih": [f"{good}:2", f"{stale}:1"], "note": "Sudah dibaca.", **CHECKLIST}
        asked = atasan.post("/putusan-bersama", data=form)
        assert "2 pengajuan akan diverifikasi" in asked.text
        assert office.up.submission("decision", good)["state"] == "revised"
        done = atasan.post("/putusan-bersama", data={**form, "yakin": "1"})
        assert "1 dari 2 berhasil" in done.text
        assert "Data sudah berubah" in done.text
    assert office.up.submission("decision", good)["state"] == "verified"
    assert office.up.submission("decision", stale)["state"] == "revised"


@pytest.mark.parametrize("handed_in_by_the_same", [False, True])
def test_who_acts_for_another_decides_with_the_letters_number_and_never_alone(office: Office, handed_in_by_the_same: bool) -> None:  # noqa: FBT001
    letter = "800/123/2026"
    name = f"Plh. {handed_in_by_the_same}"
    person = office.person(Role.KETUA_PPID, office.own, name)
    office.accounts.appoint(Post(0, person, Role.ATASAN_PPID, None, "Plh.", letter, today(), today()), now_ms=now_ms())
    number = office.handed_in()
    with closing(office.client(person)) as browser:
        if handed_in_by_the_same:
            revised = browser.post(f"/pengajuan/{number}/putusan", data={"pilihan": "revise", "expected_sequence": "1", "note": "Sudah."})
            assert revised.status_code == 303
            office.seen(number, 2)
        else:
            office.says("review", "revise", number, "ketua_ppid", expected_sequence=1)
        _, acting = office.accounts.posts(person, today())
        browser.post("/sesi/peran", data={"peran": str(acting.id)})
        form = {"pilihan": "verify", "expected_sequence": "2", "note": "Sudah dibaca.", **CHECKLIST}
        answer = browser.post(f"/pengajuan/{number}/putusan", data=form)
        if handed_in_by_the_same:
            assert answer.status_code == 403
            assert "Anda tidak dapat memutuskan" in browser.get(f"/pengajuan/{number}").text
            return
        assert answer.status_code == 303
        assert letter in browser.get(f"/pengajuan/{number}/jejak").text
    event = office.up.submission("decision", number)["history"][-1]
    assert (event["actor"]["acting"], event["actor"]["via"], event["actor"]["id"]) == (letter, ["desk", "password"], person)


def test_an_admin_appoints_others_and_never_ends_somebody_s_own_post(office: Office) -> None:
    admin, ketua = office.person(Role.ADMIN_OPENDATA), office.person(Role.KETUA_PPID, office.own)
    day = today().isoformat()
    acting = {"aksi": "tunjuk", "peran": "atasan_ppid", "jenis": "Plh.", "surat": "800/1/2026", "mulai": day, "selesai": day}
    with closing(office.client(admin)) as browser:
        assert browser.post("/akun/daftar", data=acting | {"orang": admin}).status_code == 422
        assert browser.post("/akun/daftar", data=acting | {"orang": ketua}).status_code == 303
        for post in office.accounts.posts(ketua, today()):
            browser.post("/akun/daftar", data={"aksi": "akhiri", "orang": ketua, "peran": str(post.id)})
    assert [(post.role, post.letter) for post in office.accounts.posts(ketua, today())] == [(Role.KETUA_PPID, None)]
