"""Tables such as an agency's people really fill in, tried as a judge would who has not seen the checks: as `variants.py`, by subject."""

from tests.checks.variants import NIKS, Variant

KECAMATAN = ("Jatipuro", "Jatiyoso", "Jumapolo", "Jumantono", "Matesih", "Tawangmangu", "Ngargoyoso", "Karangpandan", "Karanganyar")
DISTRICTS = [(f"33.13.{n:02}", name) for n, name in enumerate(KECAMATAN, 1)]
VILLAGES = [
    (f"33.13.01.{2001 + n}", name) for n, name in enumerate(("Ngepungsari", "Jatipurwo", "Jatipuro", "Jatisobo", "Jatiwarno", "Jatimulyo"))
]
REGENCIES = [
    ("33.11", "Kabupaten Sukoharjo"),
    ("33.12", "Wonogiri"),
    ("33.13", "Kab. Karanganyar"),
    ("33.14", "Sragen"),
    ("33.72", "Kota Surakarta"),
]


def swapped(rows: list[tuple[str, str]], one: int, two: int) -> list[tuple[str, str]]:
    names = [name for _, name in rows]
    names[one], names[two] = names[two], names[one]
    return [(code, name) for (code, _), name in zip(rows, names, strict=True)]


HEADERS: tuple[Variant, ...] = (
    Variant("more titles and signatures than rows", [["DATA JUMLAH PENDUDUK"], ["KABUPATEN KARANGANYAR"], ["TAHUN 2025"], [], ["No", "Kecamatan", "Laki-Laki", "Perempuan"], [1, "Jaten", 300, 301], [2, "Matesih", 250, 260], [], ["Keterangan: data sementara"], ["", "", "", "Karanganyar, 2 Januari 2026"], ["", "", "", "Kepala Dinas"]], {"rows_before_header": (None, (1, 2, 3)), "rows_after_table": (None, (9, 10, 11))}, never=("row_", "header_")),
    Variant("three header rows of which the second differs", [["No", "Kelurahan", "Kasus TBC", "", "", ""], ["", "", "2024", "", "2025", ""], ["", "", "L", "P", "L", "P"], [1, "Bejen", 5, 7, 12, 3], [2, "Bolong", 11, 1, 5, 6], [3, "Cangakan", 8, 2, 10, 7]], {"header_merged": (None, (1, 2, 3)), "small_group": ("Kasus TBC 2024 P", (5, 6))}, never=("header_twice",)),
    Variant("who wrote it down, under two columns", [["desa", "n"], ["Jaten", 30], ["Jati", 20], ["Dicatat oleh Siti Aminah HP 081234567890", ""]], {"rows_after_table": (None, (4,)), "personal_data_phone": (None, (4,))}),
    Variant("few persons under a heading", [["No", "Desa", "Jumlah Penderita", "", "Total"], ["", "", "L", "P", ""], [1, "Jaten", 5, 7, 12], [2, "Jati", 1, 4, 5], [3, "Suruh", 8, 2, 10]], {"header_merged": (None, (1, 2)), "small_group": ("L", (4,))}),
    Variant("few persons under a title", [["KASUS STUNTING PER DESA"], ["No", "Desa", "L", "P"], [1, "Jaten", 5, 7], [2, "Jati", 1, 4], [3, "Suruh", 8, 2]], {"small_group": ("L", (4,))}),
    Variant("few with a common illness", [["Desa/Kel.", "Diare", "Pneumonia"], ["Jaten", 1, 30], ["Jati", 5, 12]], {"small_group": ("Diare", (2,))}),
    Variant("few animals under a heading", [["No", "Desa", "Populasi Sapi", "", "Total"], ["", "", "Jantan", "Betina", ""], [1, "Jaten", 5, 7, 12], [2, "Jati", 1, 4, 5], [3, "Suruh", 8, 2, 10]], never=("small_group",)),
)  # fmt: skip
REGIONS: tuple[Variant, ...] = (
    Variant("districts", [["kode_kecamatan", "nama_kecamatan"], *DISTRICTS], never=("region_",)),
    Variant("two districts for each other", [["kode", "kecamatan"], *swapped(DISTRICTS, 2, 7)], {"region_name": ("kecamatan", (4, 9))}),
    Variant("regencies as people call them", [["kode_kab", "nama"], *REGENCIES], never=("region_",)),
    Variant("two regencies for each other", [["kode_kab", "nama_kab"], *swapped(REGENCIES, 2, 3)[1:4]], {"region_name": ("nama_kab", (3, 4))}),
    Variant("two villages of three for each other", [["kode_desa", "nama_desa"], *swapped(VILLAGES, 0, 1)[:3]], {"region_name": ("nama_desa", (2, 3))}),
    Variant("a village under another district", [["kode_desa", "nama_desa", "kecamatan"], *[[*each, "Jatiyoso" if n == 2 else "Jatipuro"] for n, each in enumerate(VILLAGES)]], {"region_name": ("kecamatan", (4,))}),
    Variant("a district under another regency", [["kabupaten", "kode_kecamatan", "n"], *[["Sragen" if n == 5 else "Karanganyar", code, 30 + n] for n, (code, _) in enumerate(DISTRICTS)]], {"region_name": ("kabupaten", (7,))}),
    Variant("a district's code under another regency's", [["kode_kab", "kode_kecamatan", "n"], *[["33.14" if n == 5 else "33.13", code, 30 + n] for n, (code, _) in enumerate(DISTRICTS)]], {"region_code_parent": ("kode_kecamatan", (7,))}),
    Variant("capitals of districts", [["kode_kecamatan", "nama_kecamatan", "ibukota_kecamatan"], *[[code, name, "Ngunut" if name == "Jumantono" else name] for code, name in DISTRICTS]], never=("region_",)),
    Variant("regions of several levels by name", [["kode_wilayah", "nama"], ["33.13", "Kabupaten Karanganyar"], ["33.13.01", "Kecamatan Jatipuro"], ["33.13.01.2001", "Desa Ngepungsari"], ["33.13.01.2002", "Desa Jatipurwo"], ["33.13.02", "Kecamatan Jatiyoso"]], never=("region_",)),
    Variant("where people came from", [["kode_kab_asal", "kode_kecamatan_tujuan", "n"], *[["33.14" if n == 5 else "33.13", code, 30 + n] for n, (code, _) in enumerate(DISTRICTS)]], never=("region_code_parent", "region_name")),
    Variant("codes and names in each other's columns", [["kode_kecamatan", "nama_kecamatan", "n"], *[[name, code, 30] for code, name in DISTRICTS]], {"region_code_format": ("kode_kecamatan", tuple(range(2, 11)))}),
)  # fmt: skip
MASKED: tuple[Variant, ...] = (
    Variant("telephones of which three digits are hidden", [["kios", "no_hp"], ["A", "081234567***"], ["B", "0857-1234-5xxx"], ["C", "+62812***67890"]], {"mask_weak": ("no_hp", (2, 3, 4))}),
    Variant("telephones that are hidden", [["kios", "no_hp"], ["A", "0812******90"], ["B", "0857********"], ["C", "08**********"]], never=("mask_weak", "personal_")),
    Variant("telephones of offices that are hidden", [["nama_kantor", "telepon_kantor"], ["A", "0271-495***"], ["B", "0271-4951**"]], never=("mask_weak", "personal_")),
    Variant("NIK behind lines", [["no", "nik"], *[[n, f"{nik[:13]}___"] for n, nik in enumerate(NIKS)]], {"mask_weak": ("nik", (2, 3, 4, 5))}),
    Variant("NIK that go on", [["no", "nik"], *[[n, f"{nik[:12]}..."] for n, nik in enumerate(NIKS)]], {"mask_weak": ("nik", (2, 3, 4, 5))}),
    Variant("NIP, NPWP and accounts", [["nip", "npwp", "no_rekening"], ["198703122010012***", "01.234.567.4-528.***", "0123010123***"]], {"mask_weak": ("nip", (2,))}),
    Variant("names that are hidden", [["nama_pasien", "diagnosa"], ["B*** S***", "TB"], ["S*** A***", "DM"]], never=("personal_",)),
    Variant("initials", [["nama_pasien", "diagnosa"], ["Tn. A", "TB"], ["Ny. S", "DM"]], never=("personal_",)),
)  # fmt: skip
SUMS: tuple[Variant, ...] = (
    Variant("parts by number", [["no", "uraian", "n"], [1, "Jaten", 10], [2, "Jati", 20], ["", "Jumlah I", 30], [3, "Suruh", 5], [4, "Dagen", 6], ["", "Jumlah II", 11], ["", "JUMLAH I + II", 41]], {"total_row": (None, (4, 7, 8))}, never=("sum_differs",)),
    Variant("parts by district", [["kecamatan", "desa", "n"], ["Jaten", "A", 10], ["Jaten", "B", 20], ["Jumlah Kecamatan Jaten", "", 30], ["Matesih", "C", 7], ["Matesih", "D", 9], ["Jumlah Kecamatan Matesih", "", 16]], {"total_row": (None, (4, 7))}),
    Variant("a wrong sum of a row that its total repeats", [["kecamatan", "l", "p", "total"], ["Jaten", 10, 12, 22], ["Jati", 8, 9, 17], ["Suruh", 7, 6, 13], ["Dagen", 5, 5, 11], ["Jumlah", 30, 32, 63]], {"sum_differs": ("total", (5,))}),
)  # fmt: skip
OFFICES: tuple[Variant, ...] = (
    Variant("mailboxes of health centres", [["nama_puskesmas", "email"], ["Puskesmas Jaten I", "pkmjaten1@gmail.com"], ["Puskesmas Matesih", "puskesmas.matesih@gmail.com"]], never=("personal_",)),
)  # fmt: skip
PROSE: tuple[Variant, ...] = (
    Variant("what happened to whom", [["no", "desa", "keterangan"], [1, "Jaten", "Rumah milik Bapak Sutrisno roboh karena hujan"], [2, "Jati", "Korban a.n. Siti Aminah dirawat di RSUD"], [3, "Suruh", "Tidak ada korban jiwa"], [4, "Dagen", "Kerugian 20 juta"]], {"personal_data_name": ("keterangan", (2, 3))}),
    Variant("patients in words", [["no", "catatan"], [1, "Siti Aminah lahir 12 Mei 1980 di Karanganyar, DM"], [2, "Budi Santoso, lahir 01-02-1975, TB"]], {"personal_data_name": ("catatan", (2, 3)), "personal_data_birth_date": ("catatan", (2, 3))}),
    Variant("what offices did", [["no", "kegiatan"], [1, "Rapat dengan Bapak Camat di balai desa"], [2, "Kunjungan Ibu Bupati ke Puskesmas"], [3, "Sosialisasi kepada ibu hamil dan bapak-bapak ronda"], [4, "Jl. Ahmad Yani rusak di depan SMP Budi Utomo"], [5, "Kelompok Tani Sri Lestari menerima traktor"]], never=("personal_",)),
    Variant("births that are counted in words", [["no", "uraian"], [1, "Bayi lahir hidup 12 orang"], [2, "Bayi lahir mati 2 orang tahun 2025"]], never=("personal_",)),
)  # fmt: skip
JUDGED: tuple[Variant, ...] = (*HEADERS, *REGIONS, *MASKED, *SUMS, *OFFICES, *PROSE)
