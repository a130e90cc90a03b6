"""One table: what every address answers to each role, of the own and of another agency, and to nobody."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from fastapi.routing import APIRoute

from desk.routes import ROUTERS
from tests.desk.beside import Office
from web.tokens import Role

TIM, KETUA, ATASAN, ADMIN, AUDITOR = Role.TIM_PPID, Role.KETUA_PPID, Role.ATASAN_PPID, Role.ADMIN_OPENDATA, Role.AUDITOR
WHO = ("tim", "ketua", "other tim", "other ketua", "atasan", "admin", "auditor", "nobody")
PUBLIC = (200,) * 8
EVERYBODY = (200, 200, 200, 200, 200, 200, 200, 303)
OWN = (200, 200, 404, 404, 200, 200, 200, 303)
TIM_ONLY = (200, 403, 200, 403, 403, 403, 403, 303)
ADMIN_ONLY = (403, 403, 403, 403, 403, 200, 403, 303)
ADMIN_POST = (403, 403, 403, 403, 403, 422, 403, 401)
NO_DRAFT = (404, 403, 404, 403, 403, 403, 403, 303)
NUMBER, SHA256, NO_SUCH = "{number}", "{sha256}", "00000000-0000-4000-8000-000000000000"

GETS: dict[str, tuple[str, tuple[int, ...]]] = {
    "/": ("/", EVERYBODY),
    "/masuk": ("/masuk", (303, 303, 303, 303, 303, 303, 303, 200)),
    "/masuk/penyedia": ("/masuk/penyedia", (404,) * 8),
    "/masuk/kembali": ("/masuk/kembali", (404,) * 8),
    "/keluar": ("/keluar", EVERYBODY),
    "/statistik": ("/statistik", PUBLIC),
    "/kotak-masuk": ("/kotak-masuk?urut=newest&terlambat=1", EVERYBODY),
    "/kotak-masuk.json": ("/kotak-masuk.json", EVERYBODY),
    "/cari": ("/cari?q=daftar", EVERYBODY),
    "/jatuh-tempo": ("/jatuh-tempo", EVERYBODY),
    "/publikasi": ("/publikasi", ADMIN_ONLY),
    "/akun": ("/akun", EVERYBODY),
    "/akun/kata-sandi": ("/akun/kata-sandi", EVERYBODY),
    "/akun/daftar": ("/akun/daftar", ADMIN_ONLY),
    "/akun/opd": ("/akun/opd", ADMIN_ONLY),
    "/akun/token": ("/akun/token", ADMIN_ONLY),
    "/isian/{secret}": ("/isian/tidak-ada", (404, 404, 404, 404, 404, 404, 404, 303)),
    "/pengajuan/baru": ("/pengajuan/baru", TIM_ONLY),
    "/pengajuan/baru/{number}": (f"/pengajuan/baru/{NO_SUCH}", NO_DRAFT),
    "/pengajuan/baru/{number}/periksa": (f"/pengajuan/baru/{NO_SUCH}/periksa", NO_DRAFT),
    "/pengajuan/{number}": (f"/pengajuan/{NUMBER}", OWN),
    "/pengajuan/{number}/jejak": (f"/pengajuan/{NUMBER}/jejak", OWN),
    "/pengajuan/{number}/jejak.json": (f"/pengajuan/{NUMBER}/jejak.json", OWN),
    "/pengajuan/{number}/lembar": (f"/pengajuan/{NUMBER}/lembar", OWN),
    "/pengajuan/{number}/selesai": (f"/pengajuan/{NUMBER}/selesai?langkah=1", OWN),
    "/pengajuan/{number}/keutuhan": (f"/pengajuan/{NUMBER}/keutuhan", OWN),
    "/pengajuan/{number}/paket": (f"/pengajuan/{NUMBER}/paket", OWN),
    "/pengajuan/{number}/berkas/{sha256}": (f"/pengajuan/{NUMBER}/berkas/{SHA256}", OWN),
    "/pengajuan/{number}/perbaiki": (f"/pengajuan/{NUMBER}/perbaiki", (403, 200, 403, 404, 403, 403, 403, 303)),
    "/putusan-bersama": ("/putusan-bersama", (403, 403, 403, 403, 200, 403, 403, 303)),
}
VERB = {"pilihan": "verify", "expected_sequence": "1"}
POSTS: dict[str, tuple[str, dict[str, str], tuple[int, ...]]] = {
    "/masuk": ("/masuk", {}, (401,) * 8),
    "/keluar": ("/keluar", {}, (303,) * 8),
    "/bahasa": ("/bahasa", {"bahasa": "id"}, (303,) * 8),
    "/sesi": ("/sesi", {}, (200, 200, 200, 200, 200, 200, 200, 401)),
    "/sesi/peran": ("/sesi/peran", {"peran": "999999"}, (303, 303, 303, 303, 303, 303, 303, 401)),
    "/akun/kata-sandi": ("/akun/kata-sandi", {}, (422, 422, 422, 422, 422, 422, 422, 401)),
    "/akun/daftar": ("/akun/daftar", {"aksi": "tutup", "orang": "tidak-ada"}, ADMIN_POST),
    "/pengajuan/baru/{number}": (f"/pengajuan/baru/{NO_SUCH}", {"aksi": "periksa"}, (422, 403, 404, 403, 403, 403, 403, 401)),
    "/pengajuan/baru/{number}/serahkan": ("/pengajuan/baru/{other}/serahkan", {}, (404, 403, 404, 403, 403, 403, 403, 401)),
    "/pengajuan/{number}/putusan": (f"/pengajuan/{NUMBER}/putusan", VERB, (403, 403, 404, 404, 403, 403, 403, 401)),
    "/pengajuan/{number}/perbaiki": (f"/pengajuan/{NUMBER}/perbaiki", {"aksi": "kolom"}, (403, 200, 403, 404, 403, 403, 403, 401)),
    "/pengajuan/{number}/coba-lagi": (f"/pengajuan/{NUMBER}/coba-lagi", {}, (404, 404, 404, 404, 404, 404, 404, 401)),
    "/pengajuan/{number}/ambil": (f"/pengajuan/{NUMBER}/ambil", {}, (303, 409, 404, 404, 403, 403, 403, 401)),
    "/pengajuan/{number}/lepas": (f"/pengajuan/{NUMBER}/lepas", {}, (303, 303, 404, 404, 403, 303, 403, 401)),
    "/putusan-bersama": ("/putusan-bersama", {}, (403, 403, 403, 403, 422, 403, 403, 401)),
}


@pytest.fixture(scope="module")
def browsers(office: Office) -> Iterator[dict[str, httpx.Client]]:
    """In as each, and as nobody."""
    own, other = office.own, office.other
    people = [(TIM, own), (KETUA, own), (TIM, other), (KETUA, other), (ATASAN, None), (ADMIN, None), (AUDITOR, None)]
    clients = [office.client(office.person(role, opd)) for role, opd in people]
    clients.append(office.client(None))
    yield dict(zip(WHO, clients, strict=True))
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def place(office: Office) -> dict[str, str]:
    """A submission of the own agency that waits on its head."""
    number = office.handed_in()
    return {"number": number, "sha256": office.up.submission("archive", number)["files"][0]["sha256"], "other": NO_SUCH[:-1] + "1"}


def routes(method: str) -> set[str]:
    return {route.path for router in ROUTERS for route in router.routes if isinstance(route, APIRoute) and method in (route.methods or ())}


def test_every_address_is_in_the_table() -> None:
    assert routes("GET") == GETS.keys()
    assert routes("POST") == POSTS.keys()


@pytest.mark.parametrize("route", GETS)
def test_who_may_look(route: str, browsers: dict[str, httpx.Client], place: dict[str, str]) -> None:
    path, expected = GETS[route]
    answers = {who: browser.get(path.format_map(place)) for who, browser in browsers.items()}
    assert {who: answer.status_code for who, answer in answers.items()} == dict(zip(WHO, expected, strict=True))


@pytest.mark.parametrize("route", [route for route in POSTS if route not in {"/masuk", "/keluar"}])
def test_who_may_act(route: str, browsers: dict[str, httpx.Client], place: dict[str, str]) -> None:
    path, body, expected = POSTS[route]
    answers = {who: browser.post(path.format_map(place), data=body) for who, browser in browsers.items()}
    assert {who: answer.status_code for who, answer in answers.items()} == dict(zip(WHO, expected, strict=True))


def test_a_list_holds_the_own_agency_only(office: Office, browsers: dict[str, httpx.Client], place: dict[str, str]) -> None:
    for path in ("/", "/kotak-masuk", "/kotak-masuk.json", "/cari?q=daftar", f"/cari?q={office.own}"):
        for who in ("other tim", "other ketua"):
            answer = browsers[who].get(path)
            assert answer.status_code == 200
            assert place["number"] not in answer.text, (who, path)


def test_a_search_finds_by_number_and_agency(office: Office, browsers: dict[str, httpx.Client], place: dict[str, str]) -> None:
    for words in (place["number"][:8], office.own):
        assert place["number"] in browsers["auditor"].get("/cari", params={"q": words}).text
    assert browsers["auditor"].get("/cari", params={"q": place["number"]}).headers["location"] == f"/pengajuan/{place['number']}"


def test_everybody_can_leave(office: Office) -> None:
    with closing(office.client(office.person(AUDITOR, None, "Auditor yang pergi"))) as client:
        assert client.post("/keluar").status_code == 303
        assert client.get("/akun").status_code == 303
