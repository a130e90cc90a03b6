"""`make pictures`: a running demo in, pictures of the pages in docs/pages/ out. Each is looked at before it is committed.

python -m tests.desk.pictures URL     (the address that `make run` prints; in the folder in which it runs)
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.desk.conftest import FLAGS

TARGET: Final = Path(__file__).parents[2] / "docs" / "pages"
PASSWORD: Final = Path("var/demo/password.txt")
TALLEST: Final = 1_100
TABLE: Final = "kode_wilayah;nama_pasar;jumlah_kios\n33.13.01;Pasar Jumantono;45\n33.13.11;Pasar Karanganyar;210\n"
FIELDS: Final = {
    "Judul data": "Daftar Pasar Rakyat",
    "Ringkasan isi": "Pasar rakyat dan banyaknya kios menurut kecamatan, tahun 2025.",
    "Kata kunci": "pasar, kios",
    "Awal periode data": "2025-01-01",
    "Akhir periode data": "2025-12-31",
    "Bidang atau seksi": "Bidang Ekonomi Desa",
    "Jabatan penanggung jawab": "Kepala Bidang Ekonomi Desa",
    "Surel penanggung jawab": "dispermades@karanganyarkab.go.id",
}
COLUMNS: Final = (("kode_wilayah", "Kode kecamatan"), ("nama_pasar", "Nama pasar"), ("jumlah_kios", "Banyaknya kios"))


def take(page: Page, name: str) -> None:
    """From the top, not taller than a screen or so."""
    page.wait_for_load_state()
    width, whole = page.evaluate("[window.innerWidth, document.documentElement.scrollHeight]")
    page.screenshot(path=TARGET / f"{name}.png", full_page=True, clip={"x": 0, "y": 0, "width": width, "height": min(TALLEST, whole)})


@contextmanager
def somebody(browser: Browser, url: str, name: str, *, width: int = 1_000) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="id-ID", base_url=url)
    page = context.new_page()
    page.goto("/masuk")
    if name:
        page.get_by_label("Nama pengguna").fill(name)
        page.get_by_label("Kata sandi").fill(PASSWORD.read_text("ascii").strip())
        page.get_by_role("button", name="Masuk").click()
    yield page
    context.close()


def handed_in(page: Page) -> str:
    """A dataset handed in on the pages; returns its address."""
    page.goto("/pengajuan/baru")
    page.get_by_label("Pilih berkas").set_input_files({"name": "pasar.csv", "mimeType": "text/csv", "buffer": TABLE.encode()})
    for label, value in FIELDS.items():
        page.get_by_label(label).fill(value)
    page.get_by_label("Tidak ada data pribadi").check()
    for at, (name, meaning) in enumerate(COLUMNS):
        page.get_by_label("Nama kolom").nth(at).fill(name)
        page.get_by_label("Arti kolom").nth(at).fill(meaning)
    take(page, "serahkan")
    page.get_by_role("button", name="Periksa dan lanjutkan").click()
    take(page, "periksa")
    page.get_by_role("button", name="Serahkan sekarang").click()
    page.get_by_text("Menunggu Ketua PPID").wait_for()
    return page.url.partition("/selesai")[0]


def main(url: str) -> None:
    TARGET.mkdir(exist_ok=True)
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        with somebody(browser, url, "") as page:
            take(page, "masuk")
            page.goto("/statistik")
            take(page, "angka")
        with somebody(browser, url, "tim-dispermades") as page:
            case = handed_in(page)
            page.goto("/jatuh-tempo")
            take(page, "jatuh-tempo")
        with somebody(browser, url, "ketua-dispermades") as page:
            page.goto("/kotak-masuk")
            take(page, "kotak-masuk")
            page.goto(case)
            page.get_by_text("Sudah benar, teruskan").wait_for()
            take(page, "cek")
            page.get_by_label("Sudah benar, teruskan").check()
            page.get_by_role("button", name="Kirim").click()
            page.get_by_text("Menunggu Atasan PPID").wait_for()
        with somebody(browser, url, "atasan-ppid") as page:
            page.goto(case)
            page.get_by_label("Verifikasi: kelima").check()
            take(page, "verifikasi")
        with somebody(browser, url, "admin-opendata") as page:
            page.goto("/publikasi")
            take(page, "publikasi")
        with somebody(browser, url, "auditor", width=420) as page:
            page.goto("/kotak-masuk")
            page.get_by_role("link", name="Penerima Bantuan Desa").click()
            page.get_by_role("link", name="Jejak lengkap").click()
            page.get_by_role("heading", name="Jejak:").wait_for()
            take(page, "jejak-ponsel")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
