"""Words that tell what a column is about, and names that people in Indonesia carry: name of a column or a cell in, what it speaks of out."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from checks.grid import key_of

_PERSON: Final = (
    r"orang_?tua|orang|penduduk|warga|penerima|siswa|siswi|murid|santri|pasien|anak(?!_?(?:sungai|perusahaan|cabang))|balita|bayi|ibu(?!_?kota)|ayah|bapak|suami|istri|wali(?!_?kota)"
    r"|kepala_?keluarga|peserta|pemilik|penyandang|penderita|lansia|mahasiswa|korban|pelapor|terlapor|anggota|pemohon|penghuni|pemegang|pelanggan|pekerja|karyawan|guru|petani|nelayan|ahli_?waris|kader"
)
"""What a person is called in the name of a column."""
_HINTS: Final[dict[str, str]] = {
    "nik": r"(?:no|nomor)_?induk_?kependudukan|no_?nik|nik(?:_\w*|ktp|kk|ibu|ayah|anak|siswa|pasien|pemilik|penerima)?|no_?ktp|nomor_?ktp|no_?identitas",
    "kk": r"(?:no|nomor)?_?(?:n?kk|kartu_?keluarga)|kk_?no",
    "npwp": r"(?:no|nomor)?_?npwp\w*",
    "nip": r"(?:no|nomor)?_?nip(?:_?\w*)?|nomor_?induk_?pegawai",
    "passport": r"(?:no|nomor)?_?(?:paspor|passport)\w*",
    "phone": r"(?:no|nomor)?_?(?:hp|handphone|telp?|telepon|tlp|phone|ponsel|wa|whatsapp|kontak|contact)\w*",
    "email": r"e_?mail\w*|surel\w*|alamat_?(?:e_?mail|surel)",
    "account": r"(?:no|nomor)_?(?:rek|rekening)(?:_?(?:bank|penerima|tabungan|bri|bni|bca|bsi|btn|bpd|mandiri|jateng)\w*)?|norek\w*|rekening|rekening_?(?:bank|penerima|tabungan)|bank_?account|account_?(?:no|number)",
    "address": r"alamat(?:_?(?:rumah|tinggal|domisili|lengkap|ktp|siswa|pasien|penerima|orang_?tua|pemilik))?|address|domisili|tempat_?tinggal",
    "birth_date": r"(?:tgl|tanggal)_?(?:lahir|lhr)\w*|ttl|tempat_?(?:dan)?_?(?:tgl|tanggal)_?lahir|tempat_tgl_lahir|birth_?date|date_?of_?birth|dob|lahir|lhr",
    "name": rf"nama|nama_?(?:lengkap(?:_\w*)?|kk|(?:{_PERSON})(?:_\w*)?)|full_?name",
}  # fmt: skip
HINTS: Final = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _HINTS.items()}
OFFICE: Final = re.compile(
    r"kantor|instansi|dinas|opd|skpd|layanan|pengaduan|hotline|sekolah|satuan_?pendidikan|madrasah|pesantren|ponpes|paud|pkbm|npsn|puskesmas|posyandu|rumah_?sakit|\brs\b|faskes|perusahaan|usaha|toko|hotel|pasar|lembaga|yayasan"
    r"|kelompok(?!_?(?:umur|usia))|poktan|gapoktan|\bkwt\b|bumdes|organisasi|komunitas|sanggar|karang_?taruna|bank_?sampah"
    r"|desa|kelurahan|kecamatan|unit|pos_?(?:polisi|damkar)|wisata|objek|obyek|lokasi|kegiatan|proyek|gedung|masjid|gereja|apotek|klinik|koperasi|penginapan|restoran|resmi|humas|admin",
    re.IGNORECASE,
)
OFFICIALS: Final = re.compile(
    r"kepala(?![ _]?keluarga)|camat|lurah|kades|pejabat|pimpinan|direktur|ketua|bupati|penanggung|petugas|narahubung|pic\b|jabatan",
    re.IGNORECASE,
)
NOT_PERSONS: Final = re.compile(
    r"desa|kelurahan|kecamatan|kabupaten|kota|provinsi|wilayah|dusun|opd|dinas|instansi|kegiatan|program|barang|jalan|sungai|pasar|sekolah|puskesmas|rumah_?sakit"
    r"|kelompok(?!_?(?:umur|usia))|poktan|gapoktan|\bkwt\b|posyandu|paud|pkbm|\btk\b|satuan_?pendidikan|madrasah|pesantren|ponpes|yayasan|organisasi|komunitas|sanggar|karang_?taruna|bank_?sampah|bumdes|masjid|gereja|partai"
    r"|obat|tanaman|komoditas|produk|usaha|perusahaan|lembaga|objek|obyek|wisata|hotel|file|kolom|jenis|satuan|indikator|bidang|aset|gedung|jembatan|faskes|unit|kapal|ikan|hewan|proyek|paket|penyakit",
    re.IGNORECASE,
)  # fmt: skip
PLACES: Final = re.compile(r"desa|kelurahan|kecamatan|dusun|lokasi|unit|kegiatan|proyek|usaha", re.IGNORECASE)
"""Of what an office may be called: what persons have too."""
PUBLIC: Final = re.compile(
    r"kantor|instansi|dinas|opd|skpd|layanan|puskesmas|rumah_?sakit|\brs\b|faskes|kecamatan|kelurahan", re.IGNORECASE
)
"""Offices whose telephones, mobile ones too, are everybody's to call."""
HOUSED: Final = re.compile(
    PUBLIC.pattern + r"|sekolah|satuan_?pendidikan|madrasah|pesantren|ponpes|paud|pkbm|npsn|posyandu|pasar|masjid|gereja|gedung|hotel",
    re.IGNORECASE,
)
"""Offices with a house of their own, where nobody lives."""
_OF_PERSON: Final = re.compile(rf"(?<![a-z])(?:nama)?_?(?:{_PERSON})(?![a-z])".replace("_?", "[ _]?"), re.IGNORECASE)
SENSITIVE: Final = re.compile(
    r"penyakit|diagnos|pasien|rekam_?medis|icd|hiv|tbc?\b|gizi|stunting|disabilitas|difabel|kecacatan|odgj|hamil|imunisasi|vaksin|bpjs|miskin|kemiskinan|desil|dtks|dtsen|bansos"
    r"|bantuan|pkh|bpnt|blt|rastra|sembako|rtlh|jamkes|siswa|nisn|murid|\bkelas\b|nilai_?(?:ujian|rapor|raport)|\bkip\b|\bpip\b|putus_?sekolah|santri|mahasiswa|kekerasan|korban|agama|narapidana",
    re.IGNORECASE,
)  # fmt: skip
COUNTS_PERSONS: Final = re.compile(
    r"\b(?:jumlah|jml|banyaknya|total)?_?(?:penduduk|jiwa|orang|penderita|pasien|penerima|siswa|murid|kasus|kematian|meninggal|balita|bayi|lansia|korban|penyandang|difabel|disabilitas|warga|miskin|stunting|laki|perempuan|pria|wanita|anak|ibu|keluarga)",
    re.IGNORECASE,
)  # fmt: skip
DISEASES: Final = re.compile(
    r"\b(?:hiv|aids|odha|tbc?|tuberkulosis|kusta|dbd|malaria|sifilis|gonore|ims|hepatitis|kanker|odgj|skizofrenia|gizi buruk|difteri|campak|covid|rabies|leptospirosis|diare|pneumonia|ispa|diabetes|hipertensi|stroke|lumpuh|tuna ?(?:netra|rungu|wicara|daksa|grahita)|penyakit)\b",
    re.IGNORECASE,
)  # fmt: skip
"""A column that is called so counts who has it."""
ROLE_MAILBOX: Final = re.compile(
    r"info|admin|humas|kontak|contact|cs|layanan|pelayanan|pengaduan|sekretariat|setda|ppid|dinas|dis[a-z]{3,}|din(?:kes|sos|pora|naker|perkim|kop|dik|hub|tan)|bagian|badan|bidang|kantor|kecamatan|kec|kelurahan|kel|desa|pemdes|pemkab|pemkot"
    r"|puskesmas|pkm|rsud|rs|sdn?\d*|smpn?\d*|sman?\d*|smkn?\d*|mts|sekolah|tu|kepegawaian|umum|data|opendata|satudata|kominfo|bps|bapp?e\w{2,}|bapenda|bpbd|bpkad|bkp?d|bkpsdm|bpn|dp[a-z]{2,6}|dlh|dpu|inspektorat|sekda|setwan|satpol-?pp|satpol|kesbangpol|uptd?|lpse|rsj|dprd|bumd|pdam|perumda|support|help|no-?reply|webmaster|official|toko|hotel|koperasi|pt|cv",
    re.IGNORECASE,
)  # fmt: skip
GIVEN_NAMES: Final = frozenset(
    ["abdul", "achmad", "adi", "aditya", "agung", "agus", "agustina", "ahmad", "aisyah", "ali", "alif", "amin", "aminah", "andi", "andri", "anggun", "anisa", "anita", "annisa", "ani", "anwar", "ari", "arief", "arif", "aris", "aryo", "asih", "astuti", "ayu", "bagas", "bagus", "bambang", "bayu", "budi", "budiman", "budiono", "cahya", "cahyo", "candra", "citra", "damar", "danang", "daniel", "darmanto", "david", "dedi", "dedy", "dewi", "dian", "didik", "dimas", "dina", "djoko", "dwi", "edi", "edy", "eka", "eko", "endah", "endang", "eni", "erna", "erni", "ester", "evi", "fajar", "fatimah", "fauzan", "febri", "ferry", "fitri", "fitriani", "galih", "gilang", "guntur", "gunawan", "hadi", "hamzah", "handayani", "haris", "hartati", "hartini", "hartono", "hasan", "hendra", "hendro", "heri", "herlina", "herman", "heru", "hidayat", "ika", "ilham", "imam", "indah", "indra", "ira", "irfan", "irma", "irwan", "ismail", "iwan", "jamal", "joko", "juwita", "kartika", "kartini", "kusuma", "lestari", "lia", "lilik", "lina", "linda", "lukman", "maria", "marsudi", "maryam", "maryati", "mega", "mohammad", "muhamad", "muhammad", "mujiono", "mulyadi", "mulyani", "mulyono", "murni", "mustofa", "nabila", "nanang", "nanda", "ningsih", "nita", "novi", "novita", "nugroho", "nur", "nuraini", "nurhayati", "nurul", "oktavia", "pardi", "parjo", "parman", "paryanto", "pratama", "prasetyo", "pratiwi", "purnomo", "purwanto", "puspita", "putra", "putri", "putu", "rahayu", "rahma", "rahmat", "rahmawati", "ramadhan", "rani", "ratna", "reni", "retno", "ria", "rian", "rini", "rina", "riski", "rizal", "rizki", "rizky", "rohman", "rosita", "rudi", "rukmini", "ryan", "saiful", "salim", "samsul", "santi", "santoso", "saputra", "saputri", "sari", "sarjono", "sartono", "satrio", "setiawan", "setiawati", "setyo", "sigit", "siti", "slamet", "soleh", "sri", "subagyo", "sudarmi", "sudarsono", "sugeng", "sugiarti", "sugiarto", "sugiyanto", "sugiyono", "suharti", "suharto", "suhartono", "sukarni", "sukarno", "sukirman", "sulastri", "sulistyo", "sumardi", "sumarni", "sumiati", "sunarti", "sunarto", "suparman", "suparmi", "supriyadi", "supriyanto", "suranto", "suryani", "susanti", "susanto", "susilo", "susilowati", "sutarmi", "sutarno", "sutrisno", "suwarni", "suwarno", "suyanto", "suyatmi", "syaiful", "syarif", "taufik", "teguh", "tini", "titik", "tono", "tri", "triyono", "tuti", "udin", "umar", "umi", "utami", "utomo", "vina", "wahid", "wahyu", "wahyuni", "warsito", "wati", "wawan", "wibowo", "widodo", "wijaya", "winarno", "winarsih", "wiwik", "wulan", "wulandari", "yanti", "yanto", "yoga", "yogi", "yohanes", "yudi", "yulia", "yuliana", "yulianto", "yuni", "yusuf", "zaenal", "zahra", "zainal"]
)  # fmt: skip
_JAVANESE: Final = re.compile(
    r"[a-z]*(?:inah|inem|iyem|iyah|imin|anto|atno|arno|orno|iono|yono|arti|yati|yanti|wati|ningsih|yem|nem|kem|jem|ijan|imun|irah|ijah|isah|armi|ipah|ilah|yani|ijem|aijo)"
    r"|(?:suk|sut|suw|sup|sum|sun|sud|sug|suh|sul|sur|suy|tuk|tum|pon|kas|wag|wak|ngat|ngad|sag|sam|par|mar|sar|war|kar|las|yat|gim|gin|jum)[a-z]{0,4}(?:i|o|em|in|ah|an|un|at)"
)  # fmt: skip
"""Names that the villages of Java give, by their endings and beginnings: Sutinah, Ngatiyem, Parmin. One in thirty villages is called so too."""
_TITLES: Final = re.compile(
    r"\b(?:h|hj|dr|drs|dra|ir|s\.?(?:pd|kom|sos|h|e|t|ag|kep|si|km)|m\.?(?:pd|si|kom|m|kes)|alm|bin|binti)\b\.?", re.IGNORECASE
)


_BESIDE: Final = re.compile(r"^\d{1,4}[.)]?\s+|\(\D{0,10}\d{1,3}\D{0,10}\)$|/.*$|\sdan\s.*$", re.IGNORECASE | re.DOTALL)
NAMED_AFTER: Final = (
    r"jl|jln|jalan|gang|gg|desa|dusun|ds|kel|kelurahan|kec|kecamatan|sd|sdn|sdit|mi|min|smp|smpn|mts|mtsn|sma|sman|smk|smkn|ma|man|ra|tk|kb|paud|pondok|ponpes|masjid|musho?l+a|langgar"
    r"|gereja|pura|toko|warung|rm|cv|pt|ud|pd|fa|puskesmas|rs|rsu|rsud|rsia|klinik|apotek|hotel|pasar|lapangan|gedung|balai|jembatan|sungai|kali|waduk|embung|candi|taman|yayasan|koperasi|kud"
    r"|bumdes|kelompok|klp|poktan|gapoktan|kwt|posyandu|pkbm|karang taruna|bank sampah|sanggar|perum|perumahan|terminal|stadion|universitas|akademi|stasiun|museum|makam"
)
_NO_PERSON: Final = re.compile(rf"\s*(?:{NAMED_AFTER})\b", re.IGNORECASE)
"""How a name begins that is a street's, a school's or a shop's, though it was given after a person."""


@lru_cache(maxsize=4096)
def hint_of(name: str) -> str | None:
    """The kind of personal data that a column's name speaks of: `No. HP` → phone. `kode_rekening` is a budget code, no account."""
    spelt = re.sub(r"[\W]+", "_", name.strip().casefold()).strip("_")
    return next((kind for kind, pattern in HINTS.items() if pattern.fullmatch(spelt)), None)


def is_headed(pattern: re.Pattern[str], name: str) -> bool:
    """Does a column hold what the pattern speaks of, and not persons who have to do with it? The first word says: `nama_pemilik_usaha`, `Pasien
    Puskesmas` are persons, `usaha_pemilik` is a business."""
    said = name.replace("_", " ")
    match = pattern.search(said) or pattern.search(name)
    person = _OF_PERSON.search(said)
    return match is not None and (person is None or match.start() < person.start())


def is_of_person(name: str) -> bool:
    return _OF_PERSON.search(name.replace("_", " ")) is not None


def bare_name(value: str) -> str:
    """The first name in a cell, without its number and what stands behind it: `7. Sri Hartati (41 th) / Joko` → `Sri Hartati`."""
    return _BESIDE.sub("", value.strip()).strip()


_COUNTED: Final = re.compile(
    r"\b(?:jumlah|jml|total|banyaknya|rata|rerata|persen|persentase|luas|data|laporan|indeks|rasio|angka|nilai|tingkat|sungai|jaringan|jalan)\b",
    re.IGNORECASE,
)
"""What is measured or listed: `Jumlah Ibu Hamil` is nobody's name, though some of its words sound like one."""


def is_person_name(value: str) -> bool:
    """Two to five words of letters, one of them a name that people are given; or one such word alone."""
    value = bare_name(value)
    if _NO_PERSON.match(value) or _COUNTED.search(value):
        return False
    words = _TITLES.sub(" ", value).replace(",", " ").replace(".", " ").replace("'", "").split()
    if not 1 <= len(words) <= 5 or not all(word.isalpha() for word in words):
        return False
    return any(word in GIVEN_NAMES or (len(word) > 4 and _JAVANESE.fullmatch(word)) for word in map(str.casefold, words))


def is_no_person(value: str) -> bool:
    """`Kelompok Tani Sri Rejeki`, `Jl. Ahmad Yani`: what is only named after persons."""
    return _NO_PERSON.match(value) is not None


def share_of_names(values: Iterable[str]) -> float:
    """How many of these values look like persons' names, from 0 to 1."""
    told = [value for value in values if value.strip()]
    return sum(is_person_name(value) for value in told) / len(told) if told else 0.0


def is_about(pattern: re.Pattern[str], *texts: str) -> bool:
    return any(pattern.search(text.replace("_", " ")) or pattern.search(text) for text in texts)


@lru_cache(maxsize=1024)
def sensitive_words(text: str) -> str:
    """What of a text speaks of health, poverty, school and the like: all that matters of a title for the checks of a file."""
    return " ".join(sorted({word.casefold() for word in SENSITIVE.findall(text)}))


def is_role_mailbox(address: str) -> bool:
    """`ppid@karanganyarkab.go.id`, `puskesmas.jaten@gmail.com`: an office's, not a person's."""
    local = address.partition("@")[0].casefold()
    return any(ROLE_MAILBOX.fullmatch(part) for part in re.split(r"[._\-+\d]+", local) if part) or key_of(local).startswith(
        ("puskesmas", "pkm", "uptd", "kecamatan", "kelurahan", "pemdes", "desa", "dinas", "kantor", "rsud", "sdn", "smpn", "sman", "smkn")
    )
