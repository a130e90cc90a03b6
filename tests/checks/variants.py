"""What people send that is like the known faults and yet another: tables as text or rows, with what must and what must not be found.

`wants`: code → (column or None for any, rows or None for any). `never`: codes that would be false alarms. Each is tried as it stands;
those given as rows are tried as CSV and as XLSX.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from events.metadata import Column
from tests.checks.sheets import columns

Want = tuple[str | None, tuple[int, ...] | None]
ANY: Want = (None, None)


@dataclass(frozen=True)
class Variant:
    """One file."""

    name: str
    table: str | Sequence[Sequence[object]]
    wants: Mapping[str, Want] = field(default_factory=dict)
    never: tuple[str, ...] = ()
    declared: tuple[Column, ...] = ()
    encoding: str = "utf-8"
    file: str = "data.csv"
    title: str = ""


NIK = "3313014101900001"
NIKS = ("3313014101900001", "3313025501850002", "3313051203720003", "3313116008990001")
CODES: tuple[Variant, ...] = (
    Variant("districts that lost their zero as numbers", [["kode_kab", "nama"], [33.13, "Karanganyar"], [33.2, "Jepara"], [33.1, "Klaten"], [33.75, "Pekalongan"]], {"region_code_format": ("kode_kab", (3, 4))}),
    Variant("a district code with one digit too few", [["kode_kecamatan", "n"], ["33.13.01", 4], ["33.13.2", 5], ["33.13.03", 6], ["33.13.04", 6]], {"region_code_format": ("kode_kecamatan", (3,))}),
    Variant("a village code with three digits at the end", [["kode_desa", "n"], ["33.13.01.2001", 4], ["33.13.01.201", 5], ["33.13.01.2003", 6]], {"region_code_format": ("kode_desa", (3,))}),
    Variant("one code without dots among those with", [["kode_wilayah", "n"], ["33.13", 4], ["3320", 5], ["33.75", 6], ["33.01", 6]], {"region_code_format": ("kode_wilayah", (3,))}),
    Variant("codes with a decimal comma", "kode_wilayah;nama\n33,13;Karanganyar\n33,2;Jepara\n33,75;Pekalongan\n", {"region_code_format": ("kode_wilayah", (2, 3, 4))}, never=("decimal_comma", "number_mixed")),
    Variant("codes that became dates", "kode,nama\n11.01,Satu\n11-Feb,Dua\n11.03,Tiga\n11.04,Empat\n", {"region_code_format": ("kode", (3,))}, declared=columns(kode="string", nama="string")),
    Variant("codes with .0 behind", [["kode_kab", "n"], ["3313.0", 4], ["3320.0", 5], ["3375.0", 6]], {"region_code_format": ("kode_kab", (2, 3, 4))}),
    Variant("codes of Statistics Indonesia", [["kode_bps", "n"], ["3313010", 4], ["3313020", 5], ["3313030", 6]], never=("region_code_format", "code_length")),
    Variant("prices under a name like a code", [["kode_barang", "harga"], ["B1", 33.2], ["B2", 11.1], ["B3", 12.5]], never=("region_code_format",)),
    Variant("ratios that look like codes", [["kecamatan", "rasio"], ["Jaten", 11.1], ["Tasikmadu", 33.2], ["Matesih", 12.7]], never=("region_code_format",)),
    Variant("school numbers that lost a zero", [["npsn", "sekolah"], ["20312345", "SDN 1"], ["20312346", "SDN 2"], ["2031234", "SDN 3"], ["20312348", "SDN 4"]], {"code_length": ("npsn", (4,))}, declared=columns(npsn="string", sekolah="string")),
    Variant("two of five postcodes lost their zero", [["kode_pos", "kota"], ["01010", "A"], ["2020", "B"], ["57711", "C"], ["57712", "D"], ["3030", "E"]], {"code_length": ("kode_pos", (3, 6))}),
    Variant("all postcodes lost their zero", [["kode_pos", "kota"], [1010, "A"], [2020, "B"], [3030, "C"]], {"code_length": ("kode_pos", (2, 3, 4))}),
    Variant("bank codes of three digits", [["kode_bank", "bank"], ["008", "Mandiri"], ["014", "BCA"], ["9", "BNI"], ["113", "Jateng"]], {"code_length": ("kode_bank", (4,))}),
    Variant("counted ids", [["id", "nama_barang"], *[[str(n), f"Barang {n}"] for n in range(1, 1400)]], never=("code_length",), declared=columns(id="string", nama_barang="string")),
    Variant("budget codes of several levels", [["kode", "uraian"], ["5", "a"], ["51", "b"], ["5101", "c"], ["510101", "d"], ["510102", "d"]], never=("code_length", "region_code_format")),
    Variant("region codes of several levels", [["kode", "nama"], ["33", "Jateng"], ["33.13", "Karanganyar"], ["33.13.01", "Jatipuro"], ["33.13.01.2001", "Ngepungsari"]], never=("code_length", "region_code_format")),
)  # fmt: skip
FORMS: tuple[Variant, ...] = (
    Variant("tab in a .csv", "kode\tnama\tn\nA1\tx\t1\nA2\ty\t2\n", {"csv_dialect": ANY}, never=("row_", "header_")),
    Variant("bars", "kode|nama|n\nA1|x|1\nA2|y|2\n", {"csv_dialect": ANY}, never=("row_", "header_")),
    Variant("semicolons and one comma in each row", "Nama;Luas, Ha\nJati;1,5\nTasik;2,5\n", {"csv_dialect": ANY, "decimal_comma": ("Luas, Ha", None)}),
    Variant("semicolons and commas in quotes", 'kode;uraian\nA1;"satu, dua, tiga"\nA2;"empat, lima"\n', {"csv_dialect": ANY}, never=("row_",)),
    Variant("Excel's own first line", "sep=;\nkode;nama\nA1;x\nA2;y\n", {"csv_dialect": ANY}, never=("row_", "header_", "column_missing"), declared=columns(kode="string", nama="string")),
    Variant("a title above semicolons", "Data Penduduk, Kabupaten Karanganyar, 2025\nkode;nama;n\nA1;x;1\nA2;y;2\nA3;z;3\n", {"csv_dialect": ANY, "rows_before_header": (None, (1,))}),
    Variant("semicolons inside the text of a comma file", "kode,catatan\nA1,satu; dua\nA2,tiga; empat\n", never=("csv_dialect",)),
    Variant("one column only", "nama\nJati\nTasik\n", never=("csv_dialect", "row_")),
    Variant("tabs under .tsv", "kode\tnama\nA1\tx\n", never=("csv_dialect",), file="data.tsv"),
    Variant("commas under .tsv", "kode,nama\nA1,x\n", {"csv_dialect": ANY}, file="data.tsv"),
    Variant("one letter of Windows at the end", "kode,nama\n" + "A1,x\n" * 30_000 + "A2,Caf\u00e9\n", {"csv_encoding": ANY}, encoding="cp1252", never=("text_broken",)),
    Variant("Latin-1", "kode,nama\nA1,Andr\u00e9\n", {"csv_encoding": ANY}, encoding="latin-1", never=("text_broken",)),
    Variant("UTF-16 without a mark", "kode,nama\nA1,x\n", {"csv_encoding": ANY}, encoding="utf-16-le", never=("row_", "text_broken")),
    Variant("UTF-16 of the other end", "kode,nama\nA1,x\n", {"csv_encoding": ANY}, encoding="utf-16-be", never=("row_",)),
    Variant("UTF-32", "kode,nama\nA1,x\n", {"csv_encoding": ANY}, encoding="utf-32", never=("row_", "text_broken")),
    Variant("UTF-16 with semicolons, as Excel's Unicode text", "kode\tnama\nA1\tx\n", {"csv_encoding": ANY, "csv_dialect": ANY}, encoding="utf-16"),
    Variant("plain UTF-8 with letters of its own", "kode,nama\nA1,Café – “Lawu”\n", never=("csv_encoding", "text_broken")),
    Variant("nothing but blank lines", "\n\n  \n", {"table_empty": ANY}),
    Variant("nothing but a mark", "", {"table_empty": ANY}, encoding="utf-8-sig"),
)  # fmt: skip
NUMBERS: tuple[Variant, ...] = (
    Variant("money as it is written", [["kegiatan", "pagu"], ["A", "Rp 1.234.567,00"], ["B", "Rp 987.654,50"], ["C", "Rp1.000.000,-"]], {"decimal_comma": ("pagu", None)}, never=("number_mixed",)),
    Variant("ambiguous thousands beside decimal commas", [["kode", "pagu", "persen"], ["A", "1.234", "12,5"], ["B", "2.345", "7,25"]], {"decimal_comma": ("pagu, persen", None)}, never=("number_ambiguous",), declared=columns(kode="string", pagu="integer", persen="number")),
    Variant("percent with a comma", [["kode", "persen"], ["A", "12,5%"], ["B", "7,25 %"]], {"decimal_comma": ("persen", None), "number_percent": ANY}),
    Variant("negatives in brackets", [["kode", "selisih"], ["A", "(1.234.567,50)"], ["B", "2.345,10"], ["C", "(12,5)"]], {"decimal_comma": ("selisih", None)}, declared=columns(kode="string", selisih="number"), never=("column_type",)),
    Variant("thousands by spaces", [["kode", "nilai"], ["A", "1 234 567,5"], ["B", "2\u00a0345,25"]], {"decimal_comma": ("nilai", None)}, declared=columns(kode="string", nilai="number"), never=("column_type",)),
    Variant("thousands by points only", [["kode", "pagu"], ["A", "1.234.567"], ["B", "987.654.321"]], {"decimal_comma": ("pagu", None)}, declared=columns(kode="string", pagu="integer"), never=("column_type",)),
    Variant("English numbers", [["kode", "luas"], ["A", "1234.5"], ["B", "12.25"]], never=("decimal_comma", "number_")),
    Variant("coordinates", [["nama_tempat", "lintang", "bujur"], ["A", "-7.612", "110.912"], ["B", "-7.598", "111.004"], ["C", "-7.601", "110.998"]], never=("decimal_comma", "number_mixed", "number_ambiguous")),
    Variant("versions and law numbers", [["dokumen", "nomor"], ["A", "1.2.3"], ["B", "12/2025"], ["C", "14 Tahun 2008"]], never=("decimal_comma", "date_")),
    Variant("a list in a cell", [["kode", "kelas"], ["A", "1,2"], ["B", "3,4,5"], ["C", "2"]], never=("decimal_comma",), declared=columns(kode="string", kelas="string")),
    Variant("family-card numbers in scientific notation", [["no", "no_kk"], [1, "3,31301E+15"], [2, "3,31302E+15"]], {"number_rounded": ("no_kk", (2, 3)), "personal_data_kk": ("no_kk", (2, 3))}),
    Variant("NIK as numbers of a sheet", [["no", "nik"], [1, 3313014101900001], [2, 3313025501850002]], {"personal_data_nik": ("nik", (2, 3))}),
    Variant("NIK rounded under another name", [["no", "identitas"], [1, "3313014101900000"], [2, "3313025501850000"], [3, "3313051203720000"]], {"number_rounded": ("identitas", (2, 3, 4)), "personal_data_nik": ("identitas", (2, 3, 4))}),
    Variant("NIP rounded to 15 digits", [["no", "nip"], [1, "198703122010012000"], [2, "197501012000031000"]], {"number_rounded": ("nip", (2, 3)), "personal_data_nip": ("nip", (2, 3))}),
    Variant("NIP in scientific notation", [["no", "nip"], [1, "1.98703E+17"], [2, "1.97501E+17"]], {"number_rounded": ("nip", (2, 3)), "personal_data_nip": ("nip", (2, 3))}),
    Variant("telephones in scientific notation", [["no", "no_hp"], [1, "6.28123E+12"], [2, "6.28577E+12"]], {"number_rounded": ("no_hp", (2, 3)), "personal_data_phone": ("no_hp", (2, 3))}),
    Variant("budget codes of sixteen digits", [["no", "kode_rekening"], [1, "5101010100010001"], [2, "5102020100260003"], [3, "5102020100260010"]], never=("number_rounded", "personal_")),
    Variant("money in full", [["kode", "pagu"], ["A", 1250000000], ["B", 3500000000]], never=("number_rounded", "personal_", "date_")),
)  # fmt: skip
REPORTS: tuple[Variant, ...] = (
    Variant("a title and blank rows", [["REKAP PENDUDUK"], ["TAHUN 2025"], [], ["kode", "nama", "jumlah"], ["A1", "x", 3], ["A2", "y", 4]], {"rows_before_header": (None, (1, 2))}, never=("header_", "row_")),
    Variant("what it is about in pairs above", [["Kabupaten", "Karanganyar"], ["Tahun", "2025"], ["no", "kecamatan", "laki", "perempuan", "total"], [1, "Jaten", 3, 4, 7], [2, "Matesih", 4, 4, 8], [3, "Jumapolo", 5, 2, 7]], {"rows_before_header": (None, (1, 2))}, never=("header_", "column_missing")),
    Variant("pairs with colons above", [["Kabupaten", ":", "Karanganyar"], ["Tahun", ":", 2025], [], ["no", "kecamatan", "laki", "perempuan", "total", "ket"], [1, "Jaten", 3, 4, 7, ""], [2, "Matesih", 4, 4, 8, ""]], {"rows_before_header": (None, (1, 2))}, never=("header_",)),
    Variant("blank rows above", [[], [], ["kode", "nama"], ["A1", "x"], ["A2", "y"]], {"rows_before_header": (None, (1, 2))}, never=("row_blank", "header_")),
    Variant("a group row over the header", [["no", "kecamatan", "jumlah", "", "ket"], ["", "", "L", "P", ""], [1, "Jaten", 3, 4, ""], [2, "Matesih", 5, 4, ""]], {"header_merged": (None, (1, 2))}, never=("header_missing", "header_blank", "rows_before_header"), declared=columns(no="integer", kecamatan="string", L="integer", P="integer", ket="string")),
    Variant("three header rows", [["no", "kecamatan", "2024", "", "2025", ""], ["", "", "jumlah", "", "jumlah", ""], ["", "", "L", "P", "L", "P"], [1, "Jaten", 3, 4, 5, 6], [2, "Matesih", 5, 4, 5, 7]], {"header_merged": (None, (1, 2, 3))}, never=("header_missing", "header_twice", "rows_before_header")),
    Variant("a source right under the table", [["kode", "nama", "n"], ["A1", "x", 3], ["A2", "y", 4], ["Sumber : BPS Kabupaten Karanganyar"]], {"rows_after_table": (None, (4,))}, never=("row_ragged", "total_row")),
    Variant("a place and date under two columns", [["kecamatan", "jumlah"], ["Jaten", 3], ["Matesih", 4], [], ["Karanganyar, 31 Desember 2025"]], {"rows_after_table": (None, (5,))}, never=("row_blank", "row_ragged")),
    Variant("a signature at the right", [["no", "kecamatan", "laki", "perempuan"], [1, "Jaten", 3, 4], [2, "Matesih", 5, 4], [], ["", "", "", "Karanganyar, 31 Desember 2025"], ["", "Mengetahui", "", "Kepala Dinas"], [], ["", "", "", "Budi Santoso"]], {"rows_after_table": (None, (5, 6, 8))}, never=("row_blank", "personal_data_name")),
    Variant("footnotes", [["kecamatan", "laki", "perempuan"], ["Jaten", 3, 4], ["Matesih", 5, 4], ["1) angka sementara"], ["*) diperbaiki"]], {"rows_after_table": (None, (4, 5))}),
    Variant("a last row that is only begun", [["kode", "desa", "laki", "perempuan"], ["33.13.01.2001", "Ngepungsari", 3, 4], ["33.13.01.2002", "Jatipurwo", 5, 4], ["33.13.01.2003", "", "", ""]], never=("rows_after_table",)),
    Variant("total of all in words", [["no", "kecamatan", "jumlah"], [1, "Jaten", 3], [2, "Matesih", 4], ["", "Jumlah Total", 7]], {"total_row": (None, (4,))}, never=("sum_differs",)),
    Variant("total of a regency by its name", [["no", "kecamatan", "jumlah"], [1, "Jaten", 30], [2, "Matesih", 41], [3, "Jumapolo", 12], ["", "Jumlah Kabupaten Karanganyar", 83]], {"total_row": (None, (5,))}),
    Variant("the regency itself under its districts", [["kecamatan", "laki", "perempuan"], ["Jaten", 301, 402], ["Matesih", 415, 410], ["Jumapolo", 120, 230], ["Kabupaten Karanganyar", 836, 1042]], {"total_row": (None, (5,))}),
    Variant("a column of sums with one that is not", [["kec", "laki", "perempuan", "jumlah"], ["A", 10, 20, 30], ["B", 5, 6, 12], ["C", 7, 8, 15], ["D", 1, 1, 2]], {"sum_differs": ("jumlah", (3,))}),
    Variant("a total that counts something else", [["kec", "rt", "rw", "jumlah_kk"], ["A", 10, 2, 300], ["B", 5, 1, 120], ["C", 7, 2, 150], ["D", 1, 1, 2]], never=("sum_differs",)),
    Variant("subtotals", [["kelompok", "uraian", "nilai"], ["A", "x", 3], ["A", "y", 4], ["Sub Total A", "", 7], ["B", "z", 5], ["B", "q", 6], ["Sub Total B", "", 11], ["GRAND TOTAL", "", 18]], {"total_row": (None, (4, 7, 8))}, never=("sum_differs",)),
    Variant("a total as the first row", [["wilayah", "n"], ["TOTAL", 7], ["Jaten", 3], ["Matesih", 4]], {"total_row": (None, (2,))}, never=("sum_differs",)),
    Variant("total in the fourth column", [["a", "b", "c", "uraian", "n"], ["1", "x", "p", "satu", 3], ["2", "y", "p", "dua", 4], ["", "", "", "JUMLAH", 7]], {"total_row": (None, (4,))}),
    Variant("indicators that count", [["indikator", "nilai"], ["Jumlah Penduduk", 931], ["Jumlah Desa", 162], ["Total Fertility Rate", 2], ["Jumlah Kecamatan", 17]], never=("total_row",)),
    Variant("rows that happen to add up", [["tahun", "n"], [2021, 10], [2022, 20], [2023, 30]], never=("total_row",)),
)  # fmt: skip
DATES: tuple[Variant, ...] = (
    Variant("serial numbers of old birth days", [["kode", "tgl_lahir"], ["A", 15000], ["B", 18321], ["C", 29352]], {"date_serial": ("tgl_lahir", (2, 3, 4))}),
    Variant("serial numbers among dates", [["kode", "tanggal"], ["A", "2025-12-01"], ["B", "45992"], ["C", "2025-12-03"]], {"date_serial": ("tanggal", (3,))}),
    Variant("serial numbers with a time", [["kode", "tanggal"], ["A", "45992.5"], ["B", "45993.25"]], {"date_serial": ("tanggal", (2, 3))}),
    Variant("serial numbers in a column declared a date", [["kode", "mulai"], ["A", 45992], ["B", 45993]], {"date_serial": ("mulai", (2, 3))}, declared=columns(kode="string", mulai="date")),
    Variant("births that are counted", [["kecamatan", "jumlah_kelahiran"], ["A", 25000], ["B", 31000]], never=("date_", "personal_")),
    Variant("candidates and updates", [["nama_partai", "kandidat", "update"], ["A", 25000, 31000], ["B", 24000, 32000]], never=("date_",)),
    Variant("dates without signs", [["kode", "tanggal"], ["A", "20251231"], ["B", "20260101"]], {"date_format": ("tanggal", (2, 3))}, declared=columns(kode="string", tanggal="date")),
    Variant("American dates", [["kode", "tanggal"], ["A", "12/31/2025"], ["B", "1/15/2026"]], {"date_format": ("tanggal", (2, 3))}),
    Variant("dates in words", [["kode", "tanggal"], ["A", "Rabu, 31 Desember 2025"], ["B", "1 Jan 2026"], ["C", "17 Agustus 1945"]], {"date_format": ("tanggal", (2, 3, 4))}),
    Variant("short years", [["kode", "tanggal"], ["A", "31-12-25"], ["B", "01/02/26"]], {"date_format": ("tanggal", (2, 3))}),
    Variant("points and spaces", [["kode", "tanggal"], ["A", "31.12.2025"], ["B", "31 - 12 - 2025"], ["C", "2025/12/31"]], {"date_format": ("tanggal", (2, 3, 4))}),
    Variant("one date among good ones is otherwise", [["kode", "tanggal"], ["A", "2025-12-01"], ["B", "2/12/2025"], ["C", "2025-12-03"]], {"date_format": ("tanggal", (3,))}),
    Variant("months with hyphens", [["kode", "tanggal"], ["A", "31-Des-2025"], ["B", "1-Mei-26"]], {"date_format": ("tanggal", (2, 3))}),
    Variant("school years", [["tahun_ajaran", "siswa"], ["2024/2025", 300], ["2025/2026", 310]], never=("date_",)),
    Variant("good dates", [["kode", "tanggal"], ["A", "2025-12-01"], ["B", "2025-12-03"]], never=("date_",)),
)  # fmt: skip
COLUMNS: tuple[Variant, ...] = (
    Variant("another case and a gap", [["Kode Wilayah", "JUMLAH"], ["A1", 3]], {"column_spelling": ANY}, never=("column_missing", "column_undeclared"), declared=columns(kode_wilayah="string", jumlah="integer")),
    Variant("a letter left out", [["kecamtan", "jumlah"], ["A1", 3]], {"column_spelling": ("kecamtan", None)}, never=("column_missing",), declared=columns(kecamatan="string", jumlah="integer")),
    Variant("short words", [["kec", "jml_pddk", "thn"], ["A1", 3, 2025]], {"column_spelling": ANY}, never=("column_missing", "column_undeclared"), declared=columns(kecamatan="string", jumlah_penduduk="integer", tahun="year")),
    Variant("men for women", [["kode", "jumlah_l"], ["A1", 3]], {"column_missing": ("jumlah_p", None)}, never=("column_spelling",), declared=columns(kode="string", jumlah_p="integer")),
    Variant("another year", [["kode", "penduduk_2023"], ["A1", 3]], {"column_missing": ("penduduk_2024", None)}, never=("column_spelling",), declared=columns(kode="string", penduduk_2024="integer")),
    Variant("missing at all", [["kode"], ["A1"], ["A2"]], {"column_missing": ("luas", None)}, declared=columns(kode="string", luas="number")),
    Variant("another order", [["jumlah", "kode"], [3, "A1"]], never=("column_",), declared=columns(kode="string", jumlah="integer")),
    Variant("a line break and gaps in the header", [["Jumlah\nPenduduk ", " kode"], [3, "A1"]], never=("column_missing",), declared=columns(**{"Jumlah Penduduk": "integer", "kode": "string"})),
)  # fmt: skip
PERSONS: tuple[Variant, ...] = (
    Variant("NIK behind an apostrophe", [["no", "nik"], *[[n, f"'{nik}"] for n, nik in enumerate(NIKS, 1)]], {"personal_data_nik": ("nik", (2, 3, 4, 5))}),
    Variant("NIK in dots", [["no", "id"], *[[n, f"{nik[:6]}.{nik[6:12]}.{nik[12:]}"] for n, nik in enumerate(NIKS, 1)]], {"personal_data_nik": ("id", None)}),
    Variant("NIK under KTP", [["no", "No. KTP"], *[[n, nik] for n, nik in enumerate(NIKS, 1)]], {"personal_data_nik": ("No. KTP", None)}),
    Variant("NIK in the title", [[f"Daftar milik {NIK}"], [], ["kode", "nama_barang", "n"], ["A1", "x", 3], ["A2", "y", 4]], {"personal_data_nik": ANY}),
    Variant("NIK in a note under the table", [["kode", "nama_barang", "n"], ["A1", "x", 3], ["A2", "y", 4], [], [f"Petugas: Budi, NIK {NIK}, HP 081234567890"]], {"personal_data_nik": ANY, "personal_data_phone": ANY}),
    Variant("NIK as a column's name", [["kode", NIK], ["A1", 3], ["A2", 4]], {"personal_data_nik": ANY}),
    Variant("family cards called nkk", [["no", "NKK"], *[[n, nik] for n, nik in enumerate(NIKS, 1)]], {"personal_data_kk": ("NKK", None)}),
    Variant("family cards in full", [["no", "Nomor Kartu Keluarga"], *[[n, nik] for n, nik in enumerate(NIKS, 1)]], {"personal_data_kk": ("Nomor Kartu Keluarga", None)}),
    Variant("NPWP beside a name", [["pemilik_usaha", "NPWP"], ["Budi", "01.234.567.4-528.000"], ["Siti", "012345674528000"]], {"personal_data_npwp": ("NPWP", None)}),
    Variant("the new NPWP", [["usaha", "npwp"], ["A", "0012345674528000"], ["B", NIK]], {"personal_data_npwp": ("npwp", None)}),
    Variant("NIP in gaps", [["pegawai", "Nip."], ["x", "19870312 201001 2 003"], ["y", "19750101 200003 1 001"]], {"personal_data_nip": ("Nip.", None)}),
    Variant("NIP of an old kind", [["pegawai", "NIP Lama"], ["x", "130123456"], ["y", "130654321"]], {"personal_data_nip": ("NIP Lama", None)}),
    Variant("NIP under the signature", [["kode", "nama_barang", "n"], ["A1", "x", 3], ["A2", "y", 4], [], ["", "", "Kepala Dinas"], ["", "", "NIP. 19870312 201001 2 003"]], {"personal_data_nip": ANY, "rows_after_table": ANY}),
    Variant("telephones in points", [["nama_warga", "WA"], ["Budi", "0812.3456.7890"], ["Siti", "+62 813-4567-8901"]], {"personal_data_phone": ("WA", (2, 3))}),
    Variant("two telephones in a cell", [["ketua_kelompok", "cp"], ["Budi", "081234567890/081345678901"], ["Siti", "62 812 3456 7890"]], {"personal_data_phone": ("cp", (2, 3))}),
    Variant("telephones as numbers", [["nama_lengkap", "HP"], ["Budi Santoso", 81234567890], ["Siti Aminah", 6281345678901]], {"personal_data_phone": ("HP", (2, 3))}),
    Variant("landlines of persons", [["nama_pemilik", "telepon"], ["Budi Santoso", "(0271) 495039"], ["Siti Aminah", "0271-495040"]], {"personal_data_phone": ("telepon", (2, 3))}),
    Variant("landlines of offices", [["nama_puskesmas", "telepon"], ["Puskesmas Jaten", "(0271) 495039"], ["Puskesmas Matesih", "0271-495040"]], never=("personal_",)),
    Variant("mailboxes hidden from robots", [["nama_siswa", "surel"], ["Budi", "budi[at]gmail.com"], ["Siti", "siti.aminah (at) yahoo.co.id"]], {"personal_data_email": ("surel", (2, 3))}),
    Variant("mailboxes in capitals", [["no", "Email"], [1, "BUDI.SANTOSO@GMAIL.COM"], [2, "siti99@yahoo.co.id"]], {"personal_data_email": ("Email", (2, 3))}),
    Variant("accounts by their bank", [["nama_penerima", "No. Rek BRI"], ["Budi", "0123-01-012345-53-1"], ["Siti", "012301012345532"]], {"personal_data_account": ("No. Rek BRI", None)}),
    Variant("accounts in short", [["nama_penerima", "no_rek"], ["Budi", "1234567890"], ["Siti", "1234567891"]], {"personal_data_account": ("no_rek", None)}),
    Variant("RT/RW in short", [["nama_kk", "alamat"], ["Budi", "Ngablak RT 1/2"], ["Siti", "Gondang rt01/rw02"], ["Agus", "RT.003 RW.004 Jaten"]], {"personal_data_address": ("alamat", None)}),
    Variant("RT/RW small", [["no", "domisili"], [1, "ngablak rt 01 rw 02"], [2, "gondang RT/RW 003/001"]], {"personal_data_address": ("domisili", (2, 3))}),
    Variant("birth dates as serial numbers", [["nama_anak", "Tgl. Lahir"], ["Budi", 40992], ["Siti", 41321]], {"personal_data_birth_date": ("Tgl. Lahir", None), "date_serial": ANY}),
    Variant("place and date of birth", [["nama", "Tempat, Tanggal Lahir"], ["Budi Santoso", "Karanganyar, 12 Mei 1980"], ["Siti Aminah", "Solo, 01-02-1985"]], {"personal_data_birth_date": ("Tempat, Tanggal Lahir", None)}),
    Variant("birth dates in words", [["nama", "lahir"], ["Budi Santoso", "12 Mei 1980"], ["Siti Aminah", "1 Feb 1985"]], {"personal_data_birth_date": ("lahir", None)}),
    Variant("names in capitals", [["NAMA SISWA", "KELAS"], ["BUDI SANTOSO", 3], ["SITI AMINAH", 4]], {"personal_data_name": ("NAMA SISWA", None)}),
    Variant("names from elsewhere beside their numbers", [["nama", "nik"], *[[name, nik] for name, nik in zip(("Togar Simanjuntak", "Yosepina Wenda", "Marthen Kogoya", "Obet Kossay"), NIKS, strict=True)]], {"personal_data_name": ("nama", None)}),
    Variant("names with titles", [["nama_pasien", "diagnosa"], ["dr. Budi Santoso, Sp.A", "TB"], ["Hj. Siti Aminah, S.Pd.", "DM"]], {"personal_data_name": ("nama_pasien", None)}),
    Variant("recipients", [["Penerima PKH", "jumlah"], ["Budi Santoso", 300000], ["Siti Aminah", 300000], ["Agus Prasetyo", 300000]], {"personal_data_name": ("Penerima PKH", None)}),
    Variant("streets named after persons", [["ruas", "panjang_km"], ["Jl. Ahmad Yani", 3.5], ["Jl. Slamet Riyadi", 4.5], ["Jl. Dewi Sartika", 1.5]], never=("personal_",)),
    Variant("schools and mosques", [["nama", "murid"], ["SD Muhammadiyah Putra", 300], ["SMP Budi Utomo", 400], ["TK Siti Hajar", 50]], never=("personal_data_name",)),
    Variant("villages under nama", [["kode", "nama", "penduduk"], ["33.13.01.2001", "Ngepungsari", 300], ["33.13.01.2002", "Jatipurwo", 400], ["33.13.01.2003", "Jatipuro", 400]], never=("personal_",)),
    Variant("office heads", [["opd", "kepala_dinas"], ["Dinas A", "Budi Santoso"], ["Dinas B", "Siti Aminah"]], never=("personal_data_name",)),
    Variant("cards of sixteen digits", [["no", "nomor_va"], [1, "8808123456789012"], [2, "8808123456789013"]], never=("personal_",)),
    Variant("moments in microseconds", [["id", "waktu_ms"], ["a", "1700000000000001"], ["b", "1700000100000002"]], never=("personal_",)),
    Variant("passports", [["nama", "No Paspor"], ["Budi Santoso", "B1234567"], ["Siti Aminah", "c7654321"]], {"personal_data_passport": ("No Paspor", (2, 3))}),
)  # fmt: skip
AGAIN: tuple[Variant, ...] = (
    Variant("the letter O for a zero", [["kode_wilayah", "n"], ["33.13", 4], ["33.O1", 5], ["33.75", 6], ["33.20", 6]], {"region_code_format": ("kode_wilayah", (3,))}),
    Variant("offices' telephones that lost their zero", [["nama_kantor", "telepon"], ["A", "0271495039"], ["B", "271495040"], ["C", "0271495041"], ["D", "0271495042"]], {"code_length": ("telepon", (3,))}, never=("personal_",)),
    Variant("telephones of several lengths", [["nama_toko", "telepon"], ["A", "081234567890"], ["B", "08123456789"], ["C", "081234567891"], ["D", "081234567892"], ["E", "0271495041"]], {"personal_data_phone": ("telepon", (2, 3, 4, 5))}, never=("code_length",)),
    Variant("NIK that lost a digit", [["no", "nik"], [1, NIKS[0]], [2, NIKS[1]], [3, NIKS[2][:15]], [4, NIKS[3]]], {"code_length": ("nik", (4,)), "personal_data_nik": ("nik", None)}),
    Variant("thousands by points in a file with semicolons", "kode;pagu\nA;1.234\nB;2.345\n", {"decimal_comma": ("pagu", (2, 3)), "csv_dialect": ANY}, never=("number_ambiguous",)),
    Variant("totals in wide letters", [["no", "kecamatan", "jumlah"], [1, "Jaten", 3], [2, "Matesih", 4], ["", "J U M L A H", 7]], {"total_row": (None, (4,))}),
    Variant("totals with more than one word around", [["kecamatan", "laki", "perempuan"], ["Jaten", 3, 4], ["Matesih", 5, 4], ["JUMLAH / TOTAL", 8, 8]], {"total_row": (None, (4,))}),
    Variant("groups over the declared names", [["Identitas", "", "Penduduk", ""], ["kode", "nama", "L", "P"], ["A1", "x", 3, 4], ["A2", "y", 5, 4]], {"header_merged": (None, (1, 2))}, never=("column_missing", "rows_before_header"), declared=columns(kode="string", nama="string", L="integer", P="integer")),
    Variant("groups over names, undeclared", [["Identitas", "", "Penduduk", ""], ["kode", "nama", "L", "P"], ["A1", "x", 3, 4], ["A2", "y", 5, 4]], {"header_merged": (None, (1, 2))}, never=("header_blank", "rows_before_header")),
    Variant("a unit above the last column", [["REKAP", "", "", ""], ["", "", "", "(dalam jiwa)"], ["no", "kecamatan", "laki", "perempuan"], [1, "Jaten", 3, 4], [2, "Matesih", 5, 4]], {"rows_before_header": (None, (1, 2))}, never=("header_",)),
    Variant("a legend under the table", [["kecamatan", "l", "p"], ["Jaten", 3, 4], ["Matesih", 5, 4], [], ["Keterangan:"], ["L = laki-laki"], ["P = perempuan"]], {"rows_after_table": (None, (5, 6, 7))}, never=("row_blank",)),
    Variant("who printed it and when", [["kode", "nama", "n"], ["A1", "x", 3], ["A2", "y", 4], ["Dicetak pada 31/12/2025 10:00 oleh admin"]], {"rows_after_table": (None, (4,))}),
    Variant("years as columns", [["kecamatan", "2021", "2022", "2023"], ["Jaten", 3, 4, 5], ["Matesih", 5, 4, 6]], never=("header_", "column_numbers", "rows_", "total_row")),
    Variant("a column of years and one of counts", [["tahun", "jumlah_penduduk"], [2021, 45000], [2022, 46000], [2023, 47000]], never=("date_", "number_", "code_", "total_row")),
    Variant("times of day", [["jam", "pengunjung"], ["08:00", 12], ["09.30", 14]], never=("date_", "decimal_comma", "number_")),
    Variant("sizes and ratios in text", [["ukuran", "n"], ["3 x 4", 1], ["1:1000", 2], ["2-3", 3]], never=("date_", "number_", "decimal_comma", "cell_formula")),
    Variant("numbers below zero", [["kode", "pertumbuhan"], ["A", "-2.5"], ["B", "+1.25"], ["C", "-0.75"]], never=("cell_formula", "decimal_comma", "number_")),
    Variant("birth dates declared as text", [["nama_siswa", "tanggal_lahir"], ["Budi", "12-05-1980"], ["Siti", "1 Mei 1985"]], {"personal_data_birth_date": ("tanggal_lahir", (2, 3)), "date_format": ("tanggal_lahir", (2, 3))}, declared=columns(nama_siswa="string", tanggal_lahir="string")),
    Variant("dates of events", [["kegiatan", "tanggal"], ["Rapat", "2025-05-12"], ["Lomba", "2025-06-01"]], never=("personal_", "date_")),
    Variant("names of officials with their offices", [["nama_kepala_sekolah", "sekolah"], ["Budi Santoso, S.Pd.", "SDN 1"], ["Siti Aminah, M.Pd.", "SDN 2"]], never=("personal_data_name",)),
    Variant("medicines and plants", [["nama_obat", "stok"], ["Paracetamol", 3], ["Amoxicillin", 4], ["Adi Husada", 5]], never=("personal_",)),
    Variant("accounts without a name beside", [["no", "nomor_rekening"], [1, "1234567890"], [2, "0987654321"]], {"personal_data_account": ("nomor_rekening", (2, 3))}),
    Variant("budget accounts", [["rekening", "uraian", "pagu"], ["5.1.02.01.01", "ATK", 100], ["5.1.02.02.01", "Listrik", 200]], never=("personal_", "region_", "date_", "number_")),
    Variant("single Javanese names beside what they were given", [["no", "nama", "desa", "jenis_bantuan"], [1, "Sutinah", "Jaten", "PKH"], [2, "Ngatiyem", "Jaten", "BPNT"], [3, "Tukimin", "Suruh", "PKH"]], {"personal_data_name": ("nama", (2, 3, 4))}),
    Variant("groups that got something", [["no", "nama", "desa", "jenis_bantuan"], [1, "Sido Makmur", "Jaten", "traktor"], [2, "Tani Maju", "Jaten", "pompa"], [3, "Ngudi Rejeki", "Suruh", "bibit"]], never=("personal_",)),
    Variant("names of hamlets beside the poor that live there", [["nama", "jumlah_miskin"], ["Karangwuni", 12], ["Sumberejo", 15], ["Kaliwuluh", 9], ["Ngijo", 10], ["Tegalrejo", 8]], never=("personal_",)),
    Variant("quotes that are never closed", 'kode,nama\nA1,x\nA2,"tidak tutup\nA3,y\n', {"csv_broken": (None, (3,))}),
    Variant("inches are no quotes", 'kode,pipa\nA1,5" pendek\nA2,6" panjang\nA3,7"', never=("csv_broken",)),
    Variant("a code that a spreadsheet shows shortened", [["kode_desa", "n"], ["3.31301E+09", 1], ["3.31302E+09", 2]], {"number_rounded": ("kode_desa", (2, 3))}),
    Variant("mailboxes of offices by their short names", [["nama_opd", "email"], ["Dinkes", "dinkes@contoh.go.id"], ["BKPSDM", "bkpsdm@contoh.go.id"], ["DPMPTSP", "dpmptsp.kra@gmail.com"], ["Baperlitbang", "baperlitbang@contoh.go.id"]], never=("personal_",)),
    Variant("mail of persons in a column of offices", [["nama_dinas", "email_dinas"], ["A", "ppid@contoh.go.id"], ["B", "sekretariat.b@contoh.go.id"]], never=("personal_",)),
    Variant("RT and RW beside a name", [["nama_penerima", "alamat"], ["Budi Santoso", "Dk. Ngablak RT 03 / RW 04"], ["Siti Aminah", "Gondang Rt.01 Rw.02"]], {"personal_data_address": ("alamat", (2, 3)), "personal_data_name": ("nama_penerima", (2, 3))}),
    Variant("addresses of schools", [["nama_sekolah", "alamat"], ["SDN 1 Jaten", "Jl. Lawu 1 RT 01 RW 02"], ["SDN 2 Jaten", "Jl. Lawu 2 RT 01 RW 03"]], never=("personal_",)),
    Variant("NIK half masked", [["no", "nik"], [1, "33130141019000**"], [2, "33130255018500**"]], {"mask_weak": ("nik", (2, 3))}),
    Variant("NIK masked well", [["no", "nik"], [1, "3313************"], [2, "3313************"]], never=("mask_weak", "personal_data_nik")),
    Variant("women's NIK with another province", [["no", "identitas"], [1, "9403015005850001"], [2, "7371016512900002"], [3, "1171014107880003"]], {"personal_data_nik": ("identitas", None)}),
    Variant("a semicolon file from the ministry with quotes and a mark", '\ufeff"Kode";"Nama";"Luas"\r\n"33.13";"Karanganyar";"767,79"\r\n"33.20";"Jepara";"1.059,25"\r\n', {"csv_dialect": ANY, "decimal_comma": ("Luas", (2, 3)), "csv_bom": ANY}, never=("region_code_format", "row_", "column_missing"), declared=columns(Kode="string", Nama="string", Luas="number")),
)  # fmt: skip
VARIANTS: tuple[Variant, ...] = (*AGAIN, *CODES, *FORMS, *NUMBERS, *REPORTS, *DATES, *COLUMNS, *PERSONS)
