"""Tables of which the first word of a column says whose it is, and what looks like something else: as `variants.py`, by subject."""

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
    Variant("ages of groups", [["kelompok_umur", "laki", "perempuan"], ["0-4", 300, 310], ["5-9", 320, 330]], never=("personal_",)),
)  # fmt: skip
TOTALS: tuple[Variant, ...] = (
    Variant("persons in rows that begin as totals do", [["no", "kategori", "nama", "nik"], [1, "Rata-rata", "Budi Santoso", NIKS[0]], [2, "Total", "Siti Aminah", NIKS[1]]], {"personal_data_nik": ("nik", (2, 3)), "personal_data_name": ("nama", (2, 3))}, never=("total_row",)),
    Variant("one number of a person in a row of totals", [["uraian", "nomor"], ["a", "1"], ["b", "2"], ["Total", NIKS[1]]], {"personal_data_nik": ("nomor", (4,))}),
    Variant("totals with their unit", [["uraian", "jumlah", "satuan"], ["laki", 3, "jiwa"], ["perempuan", 4, "jiwa"], ["Jumlah", 7, "jiwa"]], {"total_row": (None, (4,))}),
    Variant("a total beside its region", [["no", "", "kecamatan", "laki", "perempuan"], [1, "", "Jaten", 301, 402], [2, "", "Matesih", 415, 410], [3, "", "Jumapolo", 120, 230], ["", "Jumlah", "Kabupaten Karanganyar", 836, 1042]], {"total_row": (None, (5,))}),
)  # fmt: skip
SPELT: tuple[Variant, ...] = (
    Variant("one person under two spellings", [["no", "penerima", "bantuan"], *[[n, ("Budi Santoso", "BUDI SANTOSO", "Siti Aminah")[n % 3], "PKH"] for n in range(30)]], {"personal_data_name": ("penerima", None)}, never=("value_spelling",)),
    Variant("one address under two spellings", [["no", "tempat"], *[[n, ("Dk. Ngablak RT 01 RW 02", "DK NGABLAK RT 01 RW 02", "Jati")[n % 3]] for n in range(30)]], {"personal_data_address": ("tempat", None)}, never=("value_spelling",)),
    Variant("one district under two spellings", [["no", "kecamatan"], *[[n, ("Jaten", "JATEN", "Matesih")[n % 3]] for n in range(30)]], {"value_spelling": ("kecamatan", None)}),
)  # fmt: skip
MORE: tuple[Variant, ...] = (*WHOSE, *TOTALS, *SPELT)
