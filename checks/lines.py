"""The lines of the index (checks/catalogue.py): code, word, severity, the function that says it, Indonesian, English."""

from typing import Final

from checks.findings import Severity, Word

E: Final = "error"
W: Final = "warning"
I: Final = "info"  # noqa: E741
_PERSONAL = "Hapus kolom itu atau terbitkan jumlahnya saja (mis. per desa), lalu serahkan lagi."
_PERSONAL_EN = "Take the column out, or publish counts only (by village, say), then hand it in again."
Line = tuple[str, Word, Severity, str, str, str]

_FILES: Final[tuple[Line, ...]] = (
    ("file_empty", "lengkap", E, "content.check_kind", "Berkas {file} kosong. Kirim berkas yang berisi data.", "The file {file} is empty. Send one that holds data."),
    ("file_type", "valid", E, "content.check_kind", "Jenis berkas {file} tidak diterima. Pakai CSV, TSV, XLSX, XLS, ODS, JSON, GeoJSON, PDF atau ZIP.", "The kind of {file} is not taken. Use CSV, TSV, XLSX, XLS, ODS, JSON, GeoJSON, PDF or ZIP."),
    ("type_mismatch_file", "valid", E, "content.check_kind", "Isi berkas {file} adalah {kind}, padahal disebut {said}. Simpan ulang dalam format yang benar atau ganti media_type dan nama berkas.", "{file} is {kind} by its content but is called {said}. Save it in the right format, or correct media_type and name."),
    ("file_encrypted", "valid", E, "content.check_kind", "Berkas {file} dilindungi kata sandi. Hapus kata sandinya lalu kirim lagi.", "{file} is protected by a password. Take the password away and send it again."),
    ("file_macros", "valid", E, "content.check_kind", "Berkas {file} memuat makro. Simpan sebagai .xlsx tanpa makro.", "{file} holds macros. Save it as .xlsx without them."),
    ("file_broken", "valid", E, "files.check_file", "Berkas {file} tidak dapat dibuka ({why}). Buka, simpan ulang, lalu kirim lagi.", "{file} cannot be opened ({why_en}). Open it, save it again, then send it again."),
    ("file_lost", "lengkap", E, "lane.checking", "Berkas {file} tidak ada di penyimpanan atau isinya telah berubah. Kirim lagi berkas itu.", "{file} is not in the store, or has changed there. Send it again."),
    ("not_checked", "valid", E, "files.check_file", "Berkas {file} tidak dapat diperiksa seluruhnya: {reason}. Pecah atau sederhanakan berkas itu.", "{file} could not be checked as a whole: {reason_en}. Split or simplify it."),
    ("name_path", "valid", E, "content.check_name", "Nama berkas {name} memuat folder. Pakai nama berkas saja.", "The name {name} holds a folder. Use the file's name alone."),
    ("name_hidden_characters", "valid", E, "content.check_name", "Nama berkas {name} memuat karakter tak terlihat. Ketik ulang namanya.", "The name {name} holds characters that are not seen. Type it anew."),
    ("name_runs", "valid", E, "content.check_name", "Nama berkas {name} seperti program. Pakai akhiran yang sesuai isinya.", "{name} is named like a program. Use the ending that fits its content."),
    ("csv_dialect", "valid", W, "text.check_form", "Kolom dipisah {delimiter}, bukan koma. Simpan sebagai CSV dengan pemisah koma.", "Columns are divided by a {delimiter_en}, not a comma. Save as CSV with commas."),
    ("csv_encoding", "valid", W, "text.check_form", "Teks disimpan sebagai {encoding}, bukan UTF-8. Simpan sebagai “CSV UTF-8”.", "The text is encoded in {encoding}, not UTF-8. Save it as “CSV UTF-8”."),
    ("csv_bom", "valid", I, "text.check_form", "Berkas diawali tanda BOM. Sebagian program menganggapnya bagian nama kolom pertama.", "The file begins with a byte order mark, which some programs take as part of the first column's name."),
    ("csv_broken", "valid", E, "text.rows_of", "CSV tidak dapat dibaca sampai akhir ({why}). Periksa tanda kutip pada baris itu.", "The CSV cannot be read to its end ({why_en}). Look at the quotes in that row."),
    ("text_broken", "valid", W, "written.cells", "Kolom {column} memuat huruf rusak (mis. Ã© atau �). Simpan ulang dari aplikasi asalnya sebagai UTF-8.", "Column {column} has broken characters (Ã© or �). Save it again from where it comes as UTF-8."),
    ("zip_bomb", "valid", E, "archives.check_archive", "Arsip {file} mengembang terlalu besar ({why}). Kirim berkasnya langsung.", "The archive {file} unpacks to too much ({why_en}). Send the files themselves."),
    ("zip_path", "valid", E, "archives.check_archive", "Arsip {file} memuat nama yang keluar dari foldernya: {name}.", "The archive {file} holds a name that leaves its folder: {name}."),
    ("zip_nested", "valid", E, "archives.check_archive", "Arsip {file} memuat arsip lain: {name}. Kirim berkas data saja.", "The archive {file} holds another archive: {name}. Send data files only."),
    ("json_broken", "valid", E, "documents.check_json", "Berkas {file} bukan JSON yang benar ({why}).", "{file} is no correct JSON ({why_en})."),
    ("geojson_shape", "valid", E, "documents.check_json", "Bentuk GeoJSON {file} tidak sesuai: {why}.", "The GeoJSON {file} has not the right shape: {why_en}."),
    ("geojson_range", "valid", W, "documents.check_json", "Koordinat GeoJSON di luar Indonesia atau terbalik (bujur dahulu, lalu lintang).", "Coordinates lie outside Indonesia or are the wrong way round (longitude first, then latitude)."),
    ("pdf_picture", "valid", W, "documents.check_pdf", "PDF {file} hanya gambar tanpa teks; isinya tidak dapat dipakai sebagai data. Serahkan tabelnya sebagai CSV atau XLSX.", "The PDF {file} is a picture without text; nobody can use it as data. Hand the table in as CSV or XLSX."),
    ("pdf_only", "valid", I, "documents.check_pdf", "PDF {file} hanya dapat dibaca manusia. Sertakan datanya sebagai CSV bila ada.", "The PDF {file} can only be read by people. Add the data as CSV if there is any."),
    ("properties_person", "akuntabel", W, "workbooks.check_properties", "Properti dokumen menyebut nama orang ({where}). Hapus lewat “Periksa Dokumen” sebelum mengirim.", "Document properties name a person ({where_en}). Take them away with “Inspect Document” before sending."),
    ("malware", "valid", E, "lane.malware", "Pemindai menemukan kode berbahaya dalam berkas {file}.", "The scanner found malicious code in {file}."),
)  # fmt: skip
_SHEETS: Final[tuple[Line, ...]] = (
    ("hidden_content", "valid", W, "workbooks.check_sheet", "Ada yang disembunyikan: {what}. Tampilkan dan periksa, lalu hapus bila bukan untuk umum.", "Something is hidden: {what_en}. Show it, look at it, and take it out unless it is for the public."),
    ("sheet_empty", "lengkap", W, "workbooks.check_sheet", "Lembar ini kosong. Hapus lembar yang tidak dipakai.", "This sheet is empty. Take out sheets that are not used."),
    ("sheets_several", "valid", I, "workbooks.check_workbook", "Berkas memuat {count} lembar berisi data. Portal biasanya menampilkan lembar pertama; lebih baik satu tabel satu berkas.", "The file holds {count} sheets with data. Portals show the first; one table a file is better."),
    ("header_merged", "valid", E, "grid.find_table", "Judul kolom memakai sel gabung atau lebih dari satu baris. Pakai satu baris judul tanpa sel gabung.", "The header has merged cells or more than one row. Use one header row without merged cells."),
    ("cells_merged", "valid", W, "workbooks.check_sheet", "Ada sel gabung di dalam data. Pisahkan dan isi setiap sel.", "Cells are merged inside the data. Split them and fill each."),
    ("formula_without_value", "valid", W, "workbooks.check_sheet", "Ada rumus tanpa hasil tersimpan; pembaca melihat sel kosong. Buka di aplikasi lembar kerja, simpan ulang, atau tempel sebagai nilai.", "Formulas without a stored value show as empty cells. Open and save it in a spreadsheet, or paste as values."),
    ("external_link", "valid", W, "workbooks.check_workbook", "Berkas mengambil nilai dari berkas lain. Putuskan tautan dan tempel sebagai nilai.", "The file takes values from another file. Break the links and paste as values."),
    ("comments", "akuntabel", W, "workbooks.check_workbook", "Berkas memuat komentar. Hapus komentar sebelum diterbitkan.", "The file holds comments. Take them out before it is published."),
    ("rows_before_header", "valid", W, "grid.find_table", "Ada judul atau teks di atas tabel. Hapus agar baris pertama adalah nama kolom.", "There is text above the table. Take it out so that the first row is the header."),
    ("rows_after_table", "valid", W, "grid.find_table", "Ada catatan di bawah tabel. Pindahkan ke keterangan data (metadata).", "There are notes under the table. Move them to the metadata."),
    ("column_numbers", "valid", W, "grid.find_table", "Ada baris nomor kolom (1, 2, 3 …) di bawah judul. Hapus baris itu.", "A row of column numbers (1, 2, 3 …) stands under the header. Take it out."),
    ("header_missing", "lengkap", E, "grid.find_table", "Baris pertama bukan nama kolom. Tambahkan satu baris judul.", "The first row is no header. Add one."),
    ("header_blank", "lengkap", E, "tables.header", "Ada kolom tanpa nama (kolom ke-{places}). Beri nama setiap kolom.", "Columns without a name (column {places}). Name every column."),
    ("header_twice", "valid", E, "tables.header", "Nama kolom dipakai dua kali: {names}. Beri nama yang berbeda.", "Column names stand twice: {names}. Make them different."),
    ("header_repeated", "valid", W, "tables.rows", "Baris judul diulang di tengah data. Hapus; satu baris judul di atas cukup.", "The header stands again among the data. Take it out; one at the top is enough."),
    ("columns_joined", "valid", E, "joined.parted", "Seluruh tabel berada dalam satu kolom, dipisah {delimiter}. Pisahkan (di Excel: Data → Text to Columns) sehingga setiap kolom berada di kolomnya sendiri.", "The whole table lies in one column, divided by a {delimiter_en}. Split it (in Excel: Data → Text to Columns) so that each column has its own."),
    ("table_empty", "lengkap", E, "tables.rows", "Tabel tidak berisi baris data.", "The table has no rows of data."),
    ("row_ragged", "valid", E, "tables.rows", "Jumlah kolom pada beberapa baris tidak sama dengan judul ({width}). Periksa tanda pemisah dan kutip.", "Some rows do not have as many columns as the header ({width}). Look at delimiters and quotes."),
    ("row_blank", "valid", W, "tables.rows", "Ada baris kosong di tengah data. Hapus.", "There are blank rows inside the data. Take them out."),
    ("row_twice", "valid", W, "tables.rows", "Ada baris yang sama persis. Pastikan bukan salinan ganda.", "Some rows are exactly the same. Make sure that they are no copies."),
    ("key_twice", "valid", E, "tables.rows", "Kunci {column} dipakai lebih dari sekali. Setiap baris harus punya kunci sendiri; perbaiki atau gabungkan.", "The key {column} stands more than once. Each row needs its own; correct or merge them."),
    ("total_row", "valid", W, "tables.totals", "Ada baris jumlah di antara data. Hapus; jumlah dapat dihitung dari data.", "A row of totals stands among the data. Take it out; sums can be made from the data."),
    ("sum_differs", "valid", W, "tables.totals", "Jumlah pada kolom {column} tidak sama dengan penjumlahan datanya. Hitung ulang.", "The total in column {column} is not the sum of the data. Count again."),
)  # fmt: skip
_COLUMNS: Final[tuple[Line, ...]] = (
    ("column_missing", "lengkap", E, "declared.check_declared", "Kolom {column} disebut dalam metadata tetapi tidak ada dalam berkas. Lengkapi berkas atau perbaiki daftar kolom.", "Column {column} is in the metadata but not in the file. Complete the file or correct the list of columns."),
    ("column_spelling", "valid", W, "declared.check_declared", "Nama kolom dalam berkas “{column}”, dalam metadata “{declared}”. Samakan.", "The column is “{column}” in the file and “{declared}” in the metadata. Make them the same."),
    ("column_undeclared", "lengkap", W, "declared.check_declared", "Kolom belum dijelaskan dalam metadata: {column}. Tambahkan keterangannya.", "Columns are not described in the metadata: {column}. Describe them."),
    ("column_type", "valid", E, "declared.check_declared", "Kolom {column} disebut bertipe {type}, tetapi sebagian isinya bukan. Perbaiki isi atau tipenya.", "Column {column} is declared {type}, but some cells are not. Correct the cells or the type."),
    ("type_mixed", "valid", W, "written.mixed", "Kolom {column} mencampur angka atau tanggal dengan kata-kata. Tulis satu jenis isi saja; keterangan pindah ke kolom lain.", "Column {column} mixes numbers or dates with words. Write one kind only; remarks go to another column."),
    ("required_missing", "lengkap", E, "declared.check_declared", "Kolom wajib {column} ada yang kosong. Lengkapi.", "The required column {column} has empty cells. Fill them."),
    ("decimal_comma", "valid", W, "written.numbers", "Angka ditulis dengan titik ribuan atau koma desimal pada kolom {column}. Tulis tanpa pemisah ribuan dan dengan titik desimal.", "Numbers have points for thousands or a decimal comma in column {column}. Write them without grouping and with a decimal point."),
    ("number_mixed", "valid", E, "written.numbers", "Kolom {column} mencampur penulisan angka Indonesia (1.234,5) dan Inggris (1,234.5). Pilih satu.", "Column {column} mixes Indonesian (1.234,5) and English (1,234.5) numbers. Choose one."),
    ("number_ambiguous", "valid", W, "written.numbers", "Angka seperti 1.234 pada kolom {column} dapat berarti 1234 atau 1,234. Tulis tanpa pemisah ribuan.", "Numbers such as 1.234 in column {column} may be a thousand or one and a bit. Write them without grouping."),
    ("number_grouped", "valid", W, "written.numbers", "Angka pada kolom {column} memakai koma ribuan. Tulis tanpa pemisah ribuan.", "Numbers in column {column} have commas for thousands. Write them without."),
    ("number_percent", "valid", I, "written.numbers", "Kolom {column} memuat tanda %. Tulis angkanya saja dan isi satuannya “persen”.", "Column {column} holds % signs. Write the number alone and give “percent” as its unit."),
    ("number_rounded", "valid", W, "written.rounded", "Kolom {column} memuat angka panjang yang dibulatkan lembar kerja (mis. 3,31301E+15 atau berakhir 0). Simpan sebagai teks dari sumber aslinya.", "Column {column} holds long numbers that a spreadsheet rounded (3.31301E+15, or ending in 0). Save them as text from the source."),
    ("date_serial", "valid", E, "written.dates", "Tanggal pada kolom {column} tampil sebagai bilangan (nomor hari Excel). Tulis sebagai 2025-12-31.", "Dates in column {column} show as numbers (Excel's serial days). Write them as 2025-12-31."),
    ("date_format", "valid", W, "written.dates", "Tanggal pada kolom {column} ditulis {forms}. Pakai satu bentuk: 2025-12-31 (tahun-bulan-hari).", "Dates in column {column} are written {forms_en}. Use one form: 2025-12-31."),
    ("date_impossible", "valid", E, "written.dates", "Kolom {column} memuat tanggal yang tidak ada (mis. 31/02). Periksa.", "Column {column} holds dates that do not exist (31/02). Look at them."),
    ("region_code_format", "valid", E, "codes.codes", "Isi kolom {column} bukan kode wilayah (33.13.01.2001). {advice} Simpan kolom itu sebagai teks.", "Cells of column {column} are no region codes (33.13.01.2001). {advice_en} Save the column as text."),
    ("region_code_unknown", "terpadu", W, "codes.codes", "Kolom {column} memuat kode wilayah yang tidak ada dalam daftar resmi. Periksa.", "Column {column} holds region codes that are not on the official list. Look at them."),
    ("region_code_plain", "terpadu", W, "codes.codes", "Kode wilayah pada kolom {column} ditulis tanpa titik. Tulis dengan titik: {example}.", "Region codes in column {column} have no dots. Write them with dots: {example}."),
    ("region_name", "terpadu", W, "codes.codes", "Nama pada kolom {column} tidak sama dengan nama resmi kode wilayahnya. Periksa.", "Names in column {column} are not those of their region codes. Look at them."),
    ("region_code_parent", "terpadu", W, "codes.codes", "Kode pada kolom {column} bukan bagian dari wilayah pada kolom {other} di baris yang sama. Periksa mana yang benar.", "Codes in column {column} do not lie in the region of column {other} of the same row. See which of them is right."),
    ("code_length", "valid", W, "codes.codes", "Sebagian kode pada kolom {column} terdiri atas {length} angka, yang lain {usual}; angka nol di depan mungkin hilang. Simpan sebagai teks.", "Some codes in column {column} have {length} digits, the others {usual}; a zero in front may be lost. Save them as text."),
    ("cell_formula", "valid", E, "written.cells", "Isi kolom {column} diawali =, +, - atau @ sehingga dapat dijalankan lembar kerja. Hapus tanda itu.", "Cells of column {column} begin with =, +, - or @ and a spreadsheet would run them. Take the sign away."),
    ("cell_error", "valid", E, "written.cells", "Kolom {column} memuat kesalahan rumus (#REF!, #DIV/0!). Perbaiki rumusnya.", "Column {column} shows formula errors (#REF!, #DIV/0!). Mend the formulas."),
    ("missing_mark", "lengkap", I, "written.cells", "Kolom {column} memakai tanda {marks} untuk data kosong. Kosongkan selnya, jelaskan di keterangan.", "Column {column} marks missing data with {marks}. Leave the cell empty and explain it."),
    ("version_changes", "akuntabel", I, "differences.differences", "Dibanding versi terbit sebelumnya: {what}.", "Against the version published before: {what_en}."),
    ("not_compared", "akuntabel", I, "lane.checking", "Berkas {file} tidak dapat dibandingkan dengan versi terbit sebelumnya ({why}). Bandingkan sendiri.", "{file} could not be compared with the version published before ({why_en}). Compare them yourself."),
    ("sudden_jump", "valid", W, "jumps.find_jumps", "Lonjakan terhadap versi terbit sebelumnya: {what}. Periksa; bila memang benar, jelaskan.", "A sudden jump against the version published before: {what_en}. Look at it; explain it if it is right."),
    ("value_spelling", "terpadu", W, "written.spellings", "Kolom {column} menulis hal yang sama dengan ejaan berbeda: {shown}. Samakan.", "Column {column} spells the same thing differently: {shown}. Make them the same."),
)  # fmt: skip


def _personal(kind: str, what: str, what_en: str, severity: Severity = "error") -> Line:
    message = f"Kolom {{column}} memuat {what}. {_PERSONAL}"
    return (
        f"personal_data_{kind}",
        "valid",
        severity,
        "persons_found.check_personal",
        message,
        f"Column {{column}} holds {what_en}. {_PERSONAL_EN}",
    )


_PERSONS: Final[tuple[Line, ...]] = (
    _personal("nik", "NIK atau No. KK {how}", "identity (NIK) or family-card numbers {how_en}"),
    _personal("kk", "nomor kartu keluarga {how}", "family-card numbers {how_en}"),
    _personal("npwp", "NPWP", "tax numbers (NPWP)"),
    _personal("nip", "NIP pegawai", "civil servants' numbers (NIP)"),
    _personal("passport", "nomor paspor", "passport numbers"),
    _personal("phone", "nomor telepon pribadi", "personal telephone numbers"),
    _personal("email", "surel pribadi", "personal mailboxes"),
    _personal("account", "nomor rekening bank", "bank accounts"),
    _personal("address", "alamat rumah", "home addresses"),
    _personal("birth_date", "tanggal lahir", "dates of birth"),
    _personal("name", "nama orang", "names of persons"),
    ("mask_weak", "valid", E, "persons_found.check_personal", "Nomor pada kolom {column} kurang disamarkan; angka yang tersisa masih menunjuk orangnya. Hapus kolom itu.", "Numbers in column {column} are not masked enough; what is left still names the person. Take the column out."),
    ("column_personal", "valid", W, "persons_found.check_personal", "Kolom {column} bernama seperti data pribadi. Hapus, atau ganti namanya bila isinya lain.", "Column {column} is named like personal data. Take it out, or rename it if it holds something else."),
    ("small_group", "valid", W, "small_groups.check_small_groups", "Kolom {column} menghitung 1 atau 2 orang di wilayah kecil, sehingga orangnya dapat dikenali. Gabungkan atau tulis “<3”.", "Column {column} counts 1 or 2 persons in a small region, who can be recognised. Merge them or write “<3”."),
    ("personal_declared", "akuntabel", I, "files.check_files", "Metadata menyatakan ada data pribadi, tetapi pemeriksaan tidak menemukannya. Sesuaikan bila keliru.", "The metadata says that there is personal data, but none was found. Correct it if that is wrong."),
)  # fmt: skip
LINES: Final[tuple[Line, ...]] = (*_FILES, *_SHEETS, *_COLUMNS, *_PERSONS)
