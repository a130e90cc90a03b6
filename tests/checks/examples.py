"""For each check that a small table of characters can show: one file that it finds something in, and one that it does not.

They are the checks' tests and the examples of docs/checks.md. What needs a workbook, an archive or a document is tested beside them.
"""

from typing import Final

from events.metadata import Column
from tests.checks.sheets import columns

Example = tuple[str, str, tuple[Column, ...]]
"""A file that fails, one that passes, and the declared columns of both."""

NONE: Final[tuple[Column, ...]] = ()
KEY: Final = (Column(name="kode", type="string", description="-", required=True), Column(name="jumlah", type="integer", description="-"))
KEYED: Final = (Column(name="kode", type="string", description="-", key=True), Column(name="jumlah", type="integer", description="-"))
EXAMPLES: Final[dict[str, Example]] = {
    "csv_dialect": ("kode;nama\nA1;Jati\nA2;Tasik\n", "kode,nama\nA1,Jati\nA2,Tasik\n", NONE),
    "csv_bom": ("\ufeffkode,nama\nA1,Jati\n", "kode,nama\nA1,Jati\n", NONE),
    "text_broken": ("kode,nama\nA1,CafÃ© Lawu\n", "kode,nama\nA1,Café Lawu\n", NONE),
    "rows_before_header": ("DATA DESA 2025,,\nkode,nama,jumlah\nA1,Jati,3\nA2,Tasik,4\n", "kode,nama,jumlah\nA1,Jati,3\nA2,Tasik,4\n", NONE),
    "rows_after_table": ("kode,nama,jumlah\nA1,Jati,3\nA2,Tasik,4\nSumber: BPS,,\n", "kode,nama,jumlah\nA1,Jati,3\nA2,Tasik,4\n", NONE),
    "column_numbers": ("kode,nama,jumlah\n(1),(2),(3)\nA1,Jati,3\nA2,Tasik,4\n", "kode,nama,jumlah\nA1,Jati,3\nA2,Tasik,4\n", NONE),
    "header_merged": ("no,kecamatan,jumlah,\n,,L,P\n1,Jati,3,4\n2,Tasik,5,6\n", "no,kecamatan,L,P\n1,Jati,3,4\n2,Tasik,5,6\n", NONE),
    "header_missing": ("33.13.01,Jatipuro,10\n33.13.02,Jatiyoso,9\n", "kode,nama,jumlah\n33.13.01,Jatipuro,10\n33.13.02,Jatiyoso,9\n", NONE),
    "header_blank": ("kode,,jumlah\nA1,x,3\nA2,y,4\n", "kode,nama,jumlah\nA1,x,3\nA2,y,4\n", NONE),
    "header_twice": ("kode,nama,Nama\nA1,x,y\n", "kode,nama,alias\nA1,x,y\n", NONE),
    "table_empty": ("kode,nama\n", "kode,nama\nA1,x\n", NONE),
    "row_ragged": ("kode,nama\nA1,x\nA2,y,z\n", "kode,nama\nA1,x\nA2,y\n", NONE),
    "row_blank": ("kode,nama\nA1,x\n\nA2,y\n", "kode,nama\nA1,x\nA2,y\n", NONE),
    "row_twice": ("kode,nama\nA1,x\nA1,x\n", "kode,nama\nA1,x\nA2,x\n", NONE),
    "header_repeated": ("desa,jumlah\nJati,3\ndesa,jumlah\nTasik,4\n", "desa,jumlah\nJati,3\nTasik,4\n", NONE),
    "columns_joined": ('"kode;desa;jumlah"\n"A1;Jati;3"\n"A2;Tasik;4"\n', "kode,desa,jumlah\nA1,Jati,3\nA2,Tasik,4\n", NONE),
    "key_twice": ("kode,jumlah\nA1,3\nA1,4\n", "kode,jumlah\nA1,3\nA2,4\n", KEYED),
    "type_mixed": ("desa,jumlah\nJati,3\nTasik,lima\nSuruh,4\nDagen,6\n", "desa,jumlah\nJati,3\nTasik,5\nSuruh,<3\nDagen,6\n", NONE),
    "total_row": ("desa,jumlah\nJati,3\nTasik,4\nJUMLAH,7\n", "desa,jumlah\nJati,3\nTasik,4\n", NONE),
    "sum_differs": ("desa,jumlah\nJati,3\nTasik,4\nTotal,8\n", "desa,jumlah\nJati,3\nTasik,4\nTotal,7\n", NONE),
    "column_missing": ("kode\nA1\n", "kode,jumlah\nA1,3\n", columns(kode="string", jumlah="integer")),
    "column_spelling": ("Kode,Jumlah\nA1,3\n", "kode,jumlah\nA1,3\n", columns(kode="string", jumlah="integer")),
    "column_undeclared": ("kode,jumlah,catatan\nA1,3,x\n", "kode,jumlah\nA1,3\n", columns(kode="string", jumlah="integer")),
    "column_type": ("kode,jumlah\nA1,tiga\n", "kode,jumlah\nA1,3\n", columns(kode="string", jumlah="integer")),
    "required_missing": ("kode,jumlah\nA1,3\n,4\n", "kode,jumlah\nA1,3\nA2,4\n", KEY),
    "decimal_comma": ('kode,luas\nA1,"12,5"\nA2,"7,25"\n', "kode,luas\nA1,12.5\nA2,7.25\n", NONE),
    "number_mixed": ('kode,luas\nA1,"12,5"\nA2,7.25\n', "kode,luas\nA1,12.5\nA2,7.25\n", NONE),
    "number_ambiguous": ("kode,pagu\nA1,1.234\nA2,2.345\n", "kode,pagu\nA1,1234\nA2,2345\n", columns(kode="string", pagu="integer")),
    "number_grouped": ('kode,pagu\nA1,"1,234,567"\n', "kode,pagu\nA1,1234567\n", columns(kode="string", pagu="integer")),
    "number_percent": ("kode,bagian\nA1,12%\n", "kode,bagian\nA1,12\n", columns(kode="string", bagian="number")),
    "number_rounded": ("kode,nomor\nA1,3.31301E+15\n", "kode,nomor\nA1,3313010000000001\n", columns(kode="string", nomor="string")),
    "date_serial": ("kode,tanggal\nA1,45992\nA2,45993\n", "kode,tanggal\nA1,2025-12-01\nA2,2025-12-02\n", columns(kode="string", tanggal="date")),
    "date_format": ("kode,tanggal\nA1,31/12/2025\nA2,1 Mei 2025\n", "kode,tanggal\nA1,2025-12-31\nA2,2025-05-01\n", NONE),
    "date_impossible": ("kode,tanggal\nA1,31/02/2025\n", "kode,tanggal\nA1,2025-02-28\n", columns(kode="string", tanggal="date")),
    "region_code_format": ("kode_wilayah,jumlah\n33.13,1\n33.2,2\n", "kode_wilayah,jumlah\n33.13,1\n33.20,2\n", NONE),
    "region_code_unknown": ("kode_wilayah,jumlah\n33.13,1\n33.99,2\n", "kode_wilayah,jumlah\n33.13,1\n33.20,2\n", NONE),
    "region_code_plain": ("kode_wilayah,jumlah\n3313,1\n3320,2\n", "kode_wilayah,jumlah\n33.13,1\n33.20,2\n", NONE),
    "region_name": (
        "kode_desa,nama_desa\n33.13.01.2001,Ngepungsari\n33.13.01.2002,Jatipurwo\n33.13.01.2003,Jatipuro\n33.13.01.2004,Jatisobo\n11.01.01.2001,Lain\n",
        "kode_desa,nama_desa\n33.13.01.2001,Ngepungsari\n33.13.01.2002,Jatipurwo\n33.13.01.2003,Desa Jatipuro\n33.13.01.2004,JATISOBO\n11.01.01.2001,Keude Bakongan\n",
        NONE,
    ),
    "region_code_parent": (
        "kode_kab,kode_kecamatan\n33.13,33.13.01\n33.13,33.13.02\n33.13,33.13.03\n33.14,33.13.04\n",
        "kode_kab,kode_kecamatan\n33.13,33.13.01\n33.13,33.13.02\n33.13,33.13.03\n33.14,33.14.04\n",
        NONE,
    ),
    "code_length": ("kode_pos\n57711\n57712\n57713\n1010\n", "kode_pos\n57711\n57712\n57713\n01010\n", NONE),
    "cell_formula": ("kode,nama\nA1,=SUM(A1)\nA2,@x\n", "kode,nama\nA1,x\nA2,-5\n", NONE),
    "cell_error": ("kode,jumlah\nA1,#REF!\nA2,3\n", "kode,jumlah\nA1,4\nA2,3\n", NONE),
    "missing_mark": ("kode,jumlah\nA1,-\nA2,3\n", "kode,jumlah\nA1,\nA2,3\n", columns(kode="string", jumlah="integer")),
    "value_spelling": (
        "jenis,jumlah\n" + "Desa,1\ndesa,2\nKelurahan,3\n" * 10,
        "jenis,jumlah\n" + "".join(f"Desa,{n}\nKelurahan,{n}\n" for n in range(15)),
        NONE,
    ),
    "personal_data_nik": ("kode,nik\nA1,3313014101900001\n", "kode,kode_rekening\nA1,5101010100010001\n", NONE),
    "personal_data_kk": ("kode,no_kk\nA1,3313010101100001\n", "kode,jumlah_kk\nA1,310\n", NONE),
    "personal_data_npwp": ("kode,npwp\nA1,01.234.567.4-528.000\n", "kode,versi\nA1,01.234.567\n", NONE),
    "personal_data_nip": ("kode,pegawai\nA1,198703122010012003\n", "kode,dokumen\nA1,999999999999999999\n", NONE),
    "personal_data_passport": ("kode,no_paspor\nA1,B1234567\n", "kode,seri\nA1,B1234567\n", NONE),
    "personal_data_phone": ("kode,no_hp\nA1,081234567890\n", "kode,telepon_kantor\nA1,081234567890\n", NONE),
    "personal_data_email": ("kode,email\nA1,budi.santoso@gmail.com\n", "kode,email\nA1,ppid@contoh.go.id\n", NONE),
    "personal_data_account": ("kode,no_rekening\nA1,0123456789\n", "kode,kode_rekening\nA1,5102010001\n", NONE),
    "personal_data_address": ("kode,alamat\nA1,Dusun Ngablak RT 01 RW 02\n", "kode,alamat_kantor\nA1,Jl. Lawu 1 RT 01 RW 02\n", NONE),
    "personal_data_birth_date": ("kode,tgl_lahir\nA1,1980-05-12\n", "kode,tgl_mulai\nA1,1980-05-12\n", NONE),
    "personal_data_name": ("nama_pasien,kunjungan\nBudi Santoso,3\nSiti Aminah,4\n", "nama_desa,kunjungan\nJatipuro,3\nJatiyoso,4\n", NONE),
    "mask_weak": ("kode,nomor\nA1,33130141019***01\n", "kode,nomor\nA1,33************01\n", NONE),
    "column_personal": ("kode,nik\nA1,ada\n", "kode,status\nA1,ada\n", NONE),
    "small_group": ("desa,jumlah_penderita\nJatipuro,2\nJatiyoso,14\n", "desa,jumlah_penderita\nJatipuro,12\nJatiyoso,14\n", NONE),
}  # fmt: skip
