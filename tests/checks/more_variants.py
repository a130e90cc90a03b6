"""Tables of which the first word of a column says whose it is, and what looks like something else: as `variants.py`, by subject."""

from tests.checks.sheets import columns
from tests.checks.variants import NIKS, Variant

WHOSE: tuple[Variant, ...] = (
    Variant("owners of businesses", [["no", "nama_pemilik_usaha", "nama_usaha", "alamat", "no_hp"], [1, "Budi Santoso", "Warung Makmur", "Ngablak RT 01 RW 02", "081234567890"], [2, "Siti Aminah", "Keripik Lawu", "Suruh RT 02 RW 03", "085712345678"]], {"personal_data_name": ("nama_pemilik_usaha", (2, 3)), "personal_data_phone": ("no_hp", (2, 3)), "personal_data_address": ("alamat", (2, 3))}),
    Variant("telephones of owners", [["usaha", "no_hp_pemilik_usaha"], ["Warung Makmur", "081234567890"], ["Keripik Lawu", "085712345678"]], {"personal_data_phone": ("no_hp_pemilik_usaha", (2, 3))}),
    Variant("patients of a clinic", [["no", "Nama Pasien Puskesmas", "diagnosa"], [1, "Togar Simanjuntak", "TB"], [2, "Siti Aminah", "HIV"]], {"personal_data_name": ("Nama Pasien Puskesmas", (2, 3))}),
    Variant("children who left school", [["no", "Nama Anak Putus Sekolah", "desa"], [1, "Budi Santoso", "Jaten"], [2, "Yosepina Wenda", "Jati"]], {"personal_data_name": ("Nama Anak Putus Sekolah", (2, 3))}),
    Variant("names from elsewhere beside their village", [["nama", "nama_desa", "no_hp", "alamat"], ["Togar Simanjuntak", "Jaten", "081234567890", "RT 01 RW 02"], ["Yosepina Wenda", "Jati", "085712345678", "RT 02 RW 02"]], {"personal_data_name": ("nama", (2, 3)), "personal_data_phone": ("no_hp", (2, 3)), "personal_data_address": ("alamat", (2, 3))}),
    Variant("posts for mothers and babies", [["no", "nama_posyandu", "alamat", "jumlah_balita"], [1, "Sri Rejeki", "Dk. Ngablak RT 01 RW 02", 45], [2, "Kartini", "Jati RT 02 RW 03", 33], [3, "Dewi Sartika", "Suruh RT 02 RW 01", 54]], never=("personal_",)),
    Variant("groups of farmers", [["no", "nama_kelompok_tani", "desa", "bantuan"], [1, "Sri Rejeki", "Jaten", "traktor"], [2, "Dewi Sri", "Jati", "pupuk"], [3, "Ngudi Lestari", "Suruh", "bibit"]], never=("personal_",)),
    Variant("groups that receive", [["no", "nama_penerima", "hibah"], [1, "Kelompok Tani Sri Rejeki", 5000], [2, "Masjid Al Amin", 4000], [3, "Yayasan Budi Utomo", 3000]], never=("personal_",)),
    Variant("schools by their number", [["NPSN", "Nama Satuan Pendidikan", "Alamat", "Status"], ["20312345", "SD NEGERI 1 JATEN", "Jl. Lawu RT 01 RW 02", "NEGERI"], ["20312346", "KB MELATI", "Dk. Ngijo RT 02/03", "SWASTA"]], never=("personal_",)),
    Variant("offices and how to reach them", [["opd", "telepon", "alamat"], ["Dinas Kesehatan", "(0271) 495039", "Jl. Lawu No. 5"], ["Dinas Sosial", "081234567890", "Jl. Lawu RT 01 RW 02"]], never=("personal_",)),
    Variant("capitals and streams", [["no", "nama_ibu_kota", "nama_anak_sungai"], [1, "Karanganyar", "Samin"], [2, "Surakarta", "Pepe"]], never=("personal_",)),
    Variant("shops that are named", [["nama", "telepon", "alamat"], ["Toko Sri Rejeki", "081234567890", "Jl. Lawu 1"], ["Warung Makmur", "085712345678", "Jl. Lawu 2"]], never=("personal_data_name",)),
    Variant("who leads a group", [["no", "kelompok", "ketua", "no_hp"], [1, "Tani Makmur", "Budi Santoso", "081234567890"], [2, "Sri Rejeki", "Siti Aminah", "085712345678"]], {"personal_data_phone": ("no_hp", (2, 3))}),
    Variant("shops at home", [["no", "toko", "alamat", "no_hp"], [1, "Makmur", "Ngablak RT 01 RW 02", "081234567890"], [2, "Lawu", "Suruh RT 02 RW 03", "085712345678"]], {"personal_data_phone": ("no_hp", (2, 3)), "personal_data_address": ("alamat", (2, 3))}),
    Variant("groups at home", [["no", "kelompok", "alamat", "no_hp"], [1, "Tani Makmur", "Ngablak RT 01 RW 02", "081234567890"], [2, "Sri Rejeki", "Suruh RT 02 RW 03", "085712345678"]], {"personal_data_phone": ("no_hp", (2, 3)), "personal_data_address": ("alamat", (2, 3))}),
    Variant("schools and whom to call", [["sekolah", "kontak"], ["SDN 1 Jaten", "081234567890"], ["SDN 2 Jaten", "085712345678"]], {"personal_data_phone": ("kontak", (2, 3))}),
    Variant("groups of farmers without telephones", [["no", "kelompok", "desa", "telepon"], [1, "Tani Makmur", "Jaten", "(0271) 495039"], [2, "Sri Rejeki", "Jati", "0271-495040"]], never=("personal_",)),
    Variant("posts in short", [["no", "posyandu", "alamat", "balita"], [1, "Sri Rejeki", "Dk. Ngablak RT 01 RW 02", 45], [2, "Kartini", "Jati RT 02 RW 03", 33]], never=("personal_",)),
    Variant("ages of groups", [["kelompok_umur", "laki", "perempuan"], ["0-4", 300, 310], ["5-9", 320, 330]], never=("personal_",)),
)  # fmt: skip
TOTALS: tuple[Variant, ...] = (
    Variant("persons in rows that begin as totals do", [["no", "kategori", "nama", "nik"], [1, "Rata-rata", "Budi Santoso", NIKS[0]], [2, "Total", "Siti Aminah", NIKS[1]]], {"personal_data_nik": ("nik", (2, 3)), "personal_data_name": ("nama", (2, 3))}, never=("total_row",)),
    Variant("one number of a person in a row of totals", [["uraian", "nomor"], ["a", "1"], ["b", "2"], ["Total", NIKS[1]]], {"personal_data_nik": ("nomor", (4,))}),
    Variant("totals with their unit", [["uraian", "jumlah", "satuan"], ["laki", 3, "jiwa"], ["perempuan", 4, "jiwa"], ["Jumlah", 7, "jiwa"]], {"total_row": (None, (4,))}),
    Variant("a total beside its region", [["no", "", "kecamatan", "laki", "perempuan"], [1, "", "Jaten", 301, 402], [2, "", "Matesih", 415, 410], [3, "", "Jumapolo", 120, 230], ["", "Jumlah", "Kabupaten Karanganyar", 836, 1042]], {"total_row": (None, (5,))}),
)  # fmt: skip
UNITS: tuple[Variant, ...] = (
    Variant("totals beside a unit", [["uraian", "satuan", "jumlah"], ["Laki-laki", "Orang", 50], ["Perempuan", "Orang", 60], ["Jumlah", "Orang", 119]], {"total_row": (None, (4,)), "sum_differs": ("jumlah", (4,))}),
    Variant("totals beside a gap and a unit", [["uraian", "kode", "satuan", "n"], ["Miskin", "A", "KK", 50], ["Lain", "B", "KK", 60], ["Jumlah", "", "KK", 999]], {"total_row": (None, (4,)), "sum_differs": ("n", (4,))}),
    Variant("totals behind their region", [["kabupaten", "kecamatan", "n"], ["Karanganyar", "Jaten", 50], ["Karanganyar", "Matesih", 60], ["Karanganyar", "Total", 999]], {"total_row": (None, (4,)), "sum_differs": ("n", (4,))}),
)  # fmt: skip
SPELT: tuple[Variant, ...] = (
    Variant("one person under two spellings", [["no", "penerima", "bantuan"], *[[n, ("Budi Santoso", "BUDI SANTOSO", "Siti Aminah")[n % 3], "PKH"] for n in range(30)]], {"personal_data_name": ("penerima", None)}, never=("value_spelling",)),
    Variant("one address under two spellings", [["no", "tempat"], *[[n, ("Dk. Ngablak RT 01 RW 02", "DK NGABLAK RT 01 RW 02", "Jati")[n % 3]] for n in range(30)]], {"personal_data_address": ("tempat", None)}, never=("value_spelling",)),
    Variant("one district under two spellings", [["no", "kecamatan"], *[[n, ("Jaten", "JATEN", "Matesih")[n % 3]] for n in range(30)]], {"value_spelling": ("kecamatan", None)}),
)  # fmt: skip
COUNTED: tuple[Variant, ...] = (
    Variant("families that are counted", [["desa", "rt", "jumlah_kk", "jumlah_jiwa"], ["Jaten", 12, 1034, 4100], ["Suruh", 10, 987, 3200], ["Dagen", 9, 1220, 4300], ["Ngringo", 20, 2310, 9300], ["Jati", 9, 1150, 3800], ["Brujul", 9, 899, 3100]], never=("code_", "column_", "personal_")),
    Variant("families under their short name", [["desa", "RT", "KK", "Jiwa"], ["Jaten", 12, 1034, 4100], ["Suruh", 10, 987, 3200], ["Dagen", 9, 1220, 4300], ["Ngringo", 20, 2310, 9300]], never=("code_", "column_", "personal_")),
    Variant("numbers of families under the short name", [["desa", "KK"], ["Jaten", NIKS[0]], ["Suruh", NIKS[1]]], {"personal_data_kk": ("KK", (2, 3))}),
    Variant("marriages", [["kecamatan", "Nikah", "Talak"], ["Jaten", 534, 3], ["Matesih", 387, 2], ["Jumapolo", 290, 5], ["Karanganyar", 1010, 5]], never=("code_", "column_", "personal_")),
    Variant("births of a year", [["tahun", "lahir", "mati"], [2021, 12310, 4021], [2022, 11987, 3911], [2023, 11450, 4010]], never=("date_", "personal_")),
    Variant("serial numbers of births under lahir", [["nama", "lahir"], ["Budi Santoso", 40992], ["Siti Aminah", 41321]], {"personal_data_birth_date": ("lahir", (2, 3))}),
    Variant("serial numbers of births without names", [["jenis_kelamin", "lahir"], *[["LP"[n % 2], 29000 + 137 * n] for n in range(12)]], {"personal_data_birth_date": ("lahir", None), "date_serial": ("lahir", None)}),
    Variant("births of districts", [["kecamatan", "lahir"], ["Jaten", 10310], ["Matesih", 11987], ["Jumapolo", 12450], ["Tasikmadu", 10021]], never=("date_", "personal_")),
    Variant("the beginnings of numbers of families", [["no", "kk", "status"], [1, 331301, "ada"], [2, 331302, "ada"], [3, 331311, "ada"]], {"column_personal": ("kk", None)}),
    Variant("families of regencies", [["kabupaten", "KK"], ["Karanganyar", 312345], ["Sragen", 298765], ["Wonogiri", 351234]], never=("code_", "column_", "personal_")),
    Variant("prices called HPP", [["kecamatan", "telur", "HPP"], ["Jaten", 12034, 6500], ["Matesih", 9870, 950], ["Jumapolo", 12900, 7000], ["Jati", 10100, 7000]], never=("code_", "personal_")),
    Variant("dates as columns", [["komoditas", "satuan", "2025-01-01", "2025-01-02"], ["Beras", "kg", 14500, 14500], ["Gula", "kg", 17500, 17500]], never=("header_",)),
    Variant("no header over dates", [["A1", "2025-01-01", "2025-01-02"], ["A2", "2025-02-01", "2025-02-02"]], {"header_missing": (None, (1,))}),
    Variant("densities under sums", [["kecamatan", "luas_km2", "penduduk", "kepadatan", "rasio_jk"], ["Jaten", 25.55, 84000, 3288, 99.1], ["Matesih", 26.27, 46000, 1751, 98.2], ["Jumapolo", 55.67, 49000, 880, 97.5], ["Jumlah", 107.49, 179000, 1665, 98.4]], {"total_row": (None, (5,))}, never=("sum_differs",)),
    Variant("percent under sums", [["uraian", "anggaran", "persen"], ["Belanja Operasi", 1500000, 93.33], ["Belanja Modal", 500000, 80], ["Belanja Lain", 10000, 10], ["JUMLAH", 2010000, 89.6]], never=("sum_differs",)),
    Variant("a sum that is wrong beside one that is right", [["kec", "l", "p"], ["A", 10, 20], ["B", 5, 6], ["C", 7, 8], ["Jumlah", 22, 43]], {"sum_differs": ("p", (5,))}),
    Variant("the sick of a village", [["desa", "HIV", "TBC"], ["Jaten", 1, 13], ["Jati", 12, 14]], {"small_group": ("HIV", (2,))}),
    Variant("the sick of a regency", [["kabupaten", "HIV", "TBC"], ["Karanganyar", 1, 13], ["Sragen", 12, 14]], never=("small_group",)),
    Variant("masks in groups", [["no", "nik"], [1, "331301 410190 ****"], [2, "331301.410190.xxxx"], [3, "331301\u00a0410190\u00a0****"], [4, "331301410190????"]], {"mask_weak": ("nik", (2, 3, 4, 5))}, never=("value_spelling",)),
    Variant("questions", [["no", "catatan"], [1, "Sudah 12??"], [2, "Berapa? 2025-2026 ???? 12"]], never=("mask_weak", "personal_")),
    Variant("a village further down", [["kode_desa", "nama_desa"], *[[f"33.13.01.{2001 + n}", name] for n, name in enumerate(("Jatipurwo", "Jatipuro", "Jatisobo", "Jatiwarno", "Jatimulyo", "Jatisuko"))]], {"region_name": ("nama_desa", None)}),
    Variant("districts beside the codes of villages", [["kode_desa", "nama_kecamatan"], *[[f"33.13.01.{2001 + n}", "Jatipuro"] for n in range(8)]], never=("region_name",)),
    Variant("heads beside the codes of villages", [["kode_desa", "nama_kades"], *[[f"33.13.01.{2001 + n}", name] for n, name in enumerate(("Budi", "Siti", "Agus", "Dewi", "Joko", "Sri"))]], never=("region_name",)),
    Variant("programs that a spreadsheet would start", [["kode", "catatan"], ["A1", "-2+3+cmd|' /C calc'!A0"], ["A2", "+cmd|'/C calc'!A0"], ["A3", "- satu | dua"]], {"cell_formula": ("catatan", (2, 3))}),
)  # fmt: skip
JOINED: tuple[Variant, ...] = (
    Variant("persons in one column", [["no,nama,nik,desa"], *[[f"{n},Budi Santoso,{nik},Jaten"] for n, nik in enumerate(NIKS)]], {"columns_joined": (None, (1,)), "personal_data_nik": ("nik", (2, 3, 4, 5)), "personal_data_name": ("nama", (2, 3, 4, 5))}),
    Variant("places in one column", [["tempat"], ["Jaten, Karanganyar"], ["Jati, Karanganyar"]], never=("columns_joined",)),
    Variant("regencies and provinces in one column", [["Kabupaten, Provinsi"], ["Karanganyar, Jawa Tengah"], ["Sragen, Jawa Tengah"]], never=("columns_joined",)),
    Variant("sentences in one column", [["uraian"], ["Satu, dua, tiga; empat"], ["Lima, enam, tujuh; delapan"], ["Sembilan; sepuluh; sebelas"]], never=("columns_joined",)),
    Variant("addresses under their name", [["alamat kantor"], ["Jl Jati 1, Kec Jaten, Kab Karanganyar"], ["Jl Lawu 5, Kec Matesih, Kab Karanganyar"]], never=("columns_joined", "rows_before_header")),
    Variant("lists in the first of two columns", [["kelas;rombel", "n"], ["1;2", 3], ["3;4", 5]], never=("columns_joined",)),
)  # fmt: skip
MIXED: tuple[Variant, ...] = (
    Variant("words among counts", [["desa", "jumlah"], ["Jaten", 30], ["Jati", "lima"], ["Suruh", "33 orang"], ["Dagen", 45], ["Ngringo", 45]], {"type_mixed": ("jumlah", (3, 4))}),
    Variant("words among dates", [["kegiatan", "selesai"], ["A", "2025-01-02"], ["B", "belum selesai"], ["C", "2025-02-02"], ["D", "2025-03-02"]], {"type_mixed": ("selesai", (3,))}),
    Variant("marks for what is missing", [["desa", "jumlah"], ["Jaten", 30], ["Jati", "tidak ada"], ["Suruh", "-"], ["Dagen", 45], ["Ngringo", 45]], never=("type_mixed",)),
    Variant("numbers of houses", [["gang", "rumah"], ["A", "12"], ["A", "12A"], ["A", "13"], ["A", "14"], ["A", "15B"]], never=("type_mixed",)),
    Variant("codes with letters", [["kode", "n"], ["101", 1], ["102", 2], ["KRA 3", 3], ["104", 4]], never=("type_mixed",)),
    Variant("a header in the middle", [["no", "desa", "jumlah"], [1, "Jaten", 30], ["no", "desa", "jumlah"], [2, "Suruh", 33], [3, "Dagen", 45]], {"header_repeated": (None, (3,))}, never=("total_row", "type_mixed", "row_")),
    Variant("years for dates", [["kode", "mulai"], ["A", 2025], ["B", 2024]], {"column_type": ("mulai", (2, 3))}, declared=columns(kode="string", mulai="date")),
    Variant("years declared so", [["kode", "tahun"], ["A", 2025], ["B", 2024]], never=("column_type",), declared=columns(kode="string", tahun="year")),
)  # fmt: skip
MORE: tuple[Variant, ...] = (*WHOSE, *TOTALS, *UNITS, *SPELT, *COUNTED, *JOINED, *MIXED)
