"""The words of the SOP as people read them: states, roles, steps, fields and choices. Texts marked `said` are translated where shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from web.tokens import Role


def said(text: str) -> str:
    """Marks a text for the catalogue; it is translated when it is shown."""
    return text


ROLES: Final[Mapping[str, str]] = {
    Role.TIM_PPID: said("Tim PPID Pelaksana"),
    Role.KETUA_PPID: said("Ketua PPID Pelaksana"),
    Role.ATASAN_PPID: said("Atasan PPID Kabupaten"),
    Role.ADMIN_OPENDATA: said("Admin Open Data"),
    Role.AUDITOR: said("Auditor"),
}
HOLDERS: Final[Mapping[str, str]] = {
    "intake": said("Tim PPID Pelaksana"),
    "review": said("Ketua PPID Pelaksana"),
    "decision": said("Atasan PPID Kabupaten"),
    "publisher": said("Admin Open Data (terbit otomatis)"),
}
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "submitted": (said("Diserahkan"), "blue"),
    "revised": (said("Dicek dan direvisi"), "blue"),
    "verified": (said("Diverifikasi"), "blue"),
    "rejected": (said("Dikembalikan"), "amber"),
    "approved": (said("Disetujui"), "green"),
    "published": (said("Terbit"), "green"),
    "retracted": (said("Ditarik"), "grey"),
}
"""State → word, colour of its tag."""
EVENTS: Final[Mapping[str, str]] = {
    "DataSubmitted": said("Diserahkan"),
    "DataRevised": said("Dicek dan direvisi"),
    "DataVerified": said("Diverifikasi"),
    "DataRejected": said("Dikembalikan"),
    "DataApproved": said("Disetujui"),
    "DataPublished": said("Terbit"),
    "DataRetracted": said("Ditarik"),
}
SERVICES: Final[Mapping[str, str]] = {"jejak-publisher": said("Penerbit otomatis")}
"""Who acts on the log and is no person."""
VIA: Final[Mapping[str, str]] = {"desk": said("halaman Jejak"), "password": said("kata sandi")}
"""How a person was known; a provider is called by its own name."""
STEPS: Final[tuple[tuple[str, str], ...]] = (
    (said("Menyerahkan"), said("Tim PPID Pelaksana")),
    (said("Mengecek dan merevisi"), said("Ketua PPID Pelaksana")),
    (said("Memverifikasi dan memutuskan"), said("Atasan PPID Kabupaten")),
    (said("Mengunggah"), said("Admin Open Data")),
)
STEP_OF: Final[Mapping[str | None, int]] = {"intake": 1, "review": 2, "decision": 3, "publisher": 4, None: 4}
"""Holder → the SOP's step that it waits for."""
LANES: Final[Mapping[str, str]] = {
    "intake": said("penerimaan"),
    "review": said("pengecekan"),
    "decision": said("keputusan"),
    "publisher": said("penerbitan"),
    "archive": said("arsip"),
}
FIVE: Final[Mapping[str, tuple[str, str]]] = {
    "terpadu": (said("Terpadu"), said("OPD, kode wilayah dan kode acuan sesuai; tidak ada kiriman lain untuk data dan periode yang sama.")),
    "lengkap": (said("Lengkap"), said("Keterangan wajib terisi, setiap kolom dijelaskan, dan semua berkas ada.")),
    "aktual": (said("Aktual"), said("Periode data masih berlaku menurut frekuensinya, dan tidak lebih lama daripada yang sudah terbit.")),
    "valid": (said("Valid"), said("Berkas dapat dibuka, jenisnya benar, dan pemeriksaan tidak menemukan kesalahan.")),
    "akuntabel": (said("Akuntabel"), said("OPD, bidang, penanggung jawab, sumber dan cara memperolehnya tercatat.")),
}
PORTAL: Final[Mapping[str, str]] = {
    **{state: word for state, (word, _) in STATES.items()},
    "waiting": said("Menunggu giliran"),
    "retrying": said("Gagal, akan dicoba lagi"),
    "refused": said("Ditolak portal"),
    "published": said("Terbit"),
    "retracted": said("Ditarik"),
    "not_down": said("Harus turun, tetapi portal belum mengikuti"),
    "down": said("Sudah tidak tampil"),
    "done": said("Selesai"),
}
SEVERITIES: Final[Mapping[str, tuple[str, str]]] = {
    "error": (said("Kesalahan"), "red"),
    "warning": (said("Perlu perhatian"), "amber"),
    "info": (said("Keterangan"), "grey"),
}
REASONS: Final[Mapping[str, str]] = {
    "incomplete": said("Belum lengkap"),
    "incorrect": said("Isi tidak benar"),
    "outdated": said("Tidak aktual"),
    "personal_data": said("Memuat data pribadi"),
    "not_public": said("Bukan informasi publik"),
    "other": said("Lainnya"),
}
RETRACT_REASONS: Final[Mapping[str, str]] = {
    "personal_data": said("Memuat data pribadi"),
    "wrong_file": said("Berkas yang salah"),
    "incorrect": said("Isi tidak benar"),
    "other": said("Lainnya"),
}
WITHDRAW_REASONS: Final[Mapping[str, str]] = {
    "mistake": said("Salah kirim"),
    "test": said("Hanya uji coba"),
    "replaced": said("Diganti kiriman lain"),
    "other": said("Lainnya"),
}
FREQUENCIES: Final[Mapping[str, str]] = {
    "annual": said("Setiap tahun"),
    "semiannual": said("Setiap semester"),
    "quarterly": said("Setiap triwulan"),
    "monthly": said("Setiap bulan"),
    "weekly": said("Setiap minggu"),
    "daily": said("Setiap hari"),
    "continuous": said("Terus-menerus"),
    "biennial": said("Setiap dua tahun"),
    "quinquennial": said("Setiap lima tahun"),
    "irregular": said("Tidak tentu"),
    "never": said("Tidak diperbarui lagi"),
}
CLASSES: Final[Mapping[str, str]] = {
    "berkala": said("Berkala"),
    "serta-merta": said("Serta-merta"),
    "setiap-saat": said("Setiap saat"),
}
"""Exempt information (dikecualikan) takes another path and is not handed in here."""
LICENSES: Final[Mapping[str, str]] = {
    "cc-by": said("Creative Commons Atribusi (CC BY)"),
    "cc-zero": said("Tanpa syarat (CC0)"),
    "odc-by": said("Open Data Commons Atribusi (ODC-BY)"),
}
FATES: Final[Mapping[str, str]] = {
    "musnah": said("Musnah"),
    "dinilai kembali": said("Dinilai kembali"),
    "permanen": said("Permanen"),
}
CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "frequency": FREQUENCIES,
    "information_class": CLASSES,
    "license": LICENSES,
    "retention.fate": FATES,
}
"""Fields of a dataset that are chosen from a list."""
YES_OR_NO: Final[Mapping[str, str]] = {"ya": said("Ya"), "tidak": said("Tidak")}
SAID_OF_A_COLUMN: Final[Mapping[str, str]] = {"key": said("pembeda baris"), "required": said("selalu terisi")}
TYPES: Final[Mapping[str, str]] = {
    "string": said("Teks"),
    "integer": said("Bilangan bulat"),
    "number": said("Bilangan desimal"),
    "date": said("Tanggal"),
    "year": said("Tahun"),
    "boolean": said("Ya/tidak"),
    "time": said("Jam"),
    "datetime": said("Tanggal dan jam"),
    "any": said("Campuran"),
}


@dataclass(frozen=True)
class FieldWords:
    label: str
    help: str = ""


FIELDS: Final[Mapping[str, FieldWords]] = {
    "title": FieldWords(said("Judul data"), said("Yang dibaca masyarakat, misalnya “Daftar Kecamatan Kabupaten Karanganyar”.")),
    "dataset_id": FieldWords(
        said("Nama tetap"),
        said("Huruf kecil, angka dan tanda hubung; sama untuk setiap periode. Kosongkan agar dibuat dari judul."),
    ),
    "summary": FieldWords(said("Ringkasan isi"), said("Satu atau dua kalimat: apa isinya, untuk wilayah mana.")),
    "keywords": FieldWords(
        said("Kata kunci"),
        said("Pisahkan dengan koma, misalnya: desa, kelurahan, kode wilayah. Yang memuat koma: satu kata kunci tiap baris."),
    ),
    "theme": FieldWords(said("Tema"), said("Misalnya Pemerintahan, Kesehatan, Pendidikan. Boleh kosong.")),
    "section": FieldWords(said("Bidang atau seksi"), said("Unit yang menguasai data ini.")),
    "responsible.position": FieldWords(said("Jabatan penanggung jawab"), said("Jabatan, bukan nama orang.")),
    "responsible.email": FieldWords(said("Surel penanggung jawab"), said("Kotak surat jabatan atau bidang; tampil di portal.")),
    "period_start": FieldWords(said("Awal periode data"), said("Hari pertama yang dicakup data.")),
    "period_end": FieldWords(said("Akhir periode data"), said("Hari terakhir yang dicakup data.")),
    "frequency": FieldWords(said("Seberapa sering diperbarui"), said("Dari sini dihitung kapan periode berikutnya jatuh tempo.")),
    "regions": FieldWords(said("Kode wilayah"), said("Kode Kemendagri; Kabupaten Karanganyar 33.13. Pisahkan dengan koma.")),
    "information_class": FieldWords(said("Golongan informasi publik"), said("Informasi yang dikecualikan tidak diserahkan di sini.")),
    "license": FieldWords(said("Lisensi"), said("CC BY: boleh dipakai siapa saja dengan menyebut sumber.")),
    "personal_data": FieldWords(said("Data pribadi"), said("Nama, NIK, alamat, nomor telepon atau hal lain tentang seseorang.")),
    "personal_data.contains": FieldWords(said("Data pribadi")),
    "personal_data.deidentified": FieldWords(said("Sudah disamarkan")),
    "source": FieldWords(said("Sumber data"), said("Dari mana data ini berasal.")),
    "method": FieldWords(said("Cara memperoleh data"), said("Misalnya pendataan lapangan, kompilasi catatan administrasi.")),
    "retention": FieldWords(said("Jadwal retensi arsip"), said("Sesuai JRA; tidak ditampilkan di portal.")),
    "retention.code": FieldWords(said("Kode klasifikasi")),
    "retention.active": FieldWords(said("Masa aktif"), said("Misalnya: 2 tahun.")),
    "retention.inactive": FieldWords(said("Masa inaktif"), said("Misalnya: 3 tahun.")),
    "retention.fate": FieldWords(said("Nasib akhir")),
    "version": FieldWords(said("Versi"), said("Boleh kosong.")),
    "columns": FieldWords(said("Kolom tabel"), said("Nama harus sama dengan judul kolom di berkas; terangkan arti tiap kolom.")),
    "files": FieldWords(said("Berkas"), said("CSV, TSV, XLSX, XLS, ODS, JSON, GeoJSON, PDF atau ZIP.")),
    "checklist": FieldWords(said("Lima kata SOP")),
    "note": FieldWords(said("Catatan")),
    "consideration": FieldWords(said("Pertimbangan")),
    "reasons": FieldWords(said("Alasan")),
}


NUMBERED: Final[Mapping[str, str]] = {
    FIELDS["columns"].label: said("Kolom %(n)s"),
    FIELDS["files"].label: said("Berkas %(n)s"),
    FIELDS["reasons"].label: said("Alasan %(n)s"),
}
"""Fields of which there are several, as one of them is called."""
OF_FORMS: Final = frozenset({"checklist", "note", "consideration", "reasons", "personal_data.contains", "personal_data.deidentified"})
"""Fields that are none of a dataset, or parts of one that is named as a whole."""


TYPED: Final[Mapping[str, str]] = {
    "reason_note": said("Alasan"),
    "orang": said("Nama pengguna"),
    "nama": said("Nama lengkap"),
    "surat": said("Nomor surat perintah"),
    "mulai": said("Mulai"),
    "selesai": said("Sampai dengan"),
    "opd": said("Kode OPD"),
}
"""Fields of forms beside those of a dataset, in which people write with their own words."""
SEEN: Final[Mapping[str, str]] = {"expected_sequence": said("langkah terakhir yang Anda lihat")}
"""What forms carry along of the page, as a person would call it."""
PARTS_OF_A_COLUMN: Final[Mapping[str, str]] = {
    "name": said("Nama kolom"),
    "title": said("Judul kolom"),
    "description": said("Arti kolom"),
    "unit": said("Satuan"),
}
OF_A_COLUMN: Final[Mapping[str, str]] = {
    **PARTS_OF_A_COLUMN,
    "type": said("Jenis isi"),
    "required": said("Selalu terisi"),
    "key": said("Pembeda baris"),
}
"""With what is chosen and not written."""


def typed_label(name: str) -> str:
    """The label of a form's field by its name, as a key of the catalogue; "" for what a page added itself."""
    if name.startswith("columns."):
        return PARTS_OF_A_COLUMN.get(name.rpartition(".")[2], "")
    return TYPED.get(name.rstrip("0123456789_")) or (field_words(name) if name not in {"files", "columns"} else "")


def field_words(path: str | None) -> str:
    """The label of a field as a lane names it (`dataset.columns.2.name` → "Kolom tabel, nomor 3"), as a key of the catalogue."""
    parts = [part for part in (path or "").split(".") if part and part not in {"dataset", "body"}]
    for length in range(len(parts), 0, -1):
        if words := FIELDS.get(".".join(part for part in parts[:length] if not part.isdigit())):
            return words.label
    return ""


def place_of(path: str | None) -> str:
    """The number of the row that such a path speaks of, from 1; "" when it speaks of none."""
    return next((str(int(part) + 1) for part in (path or "").split(".") if re.fullmatch("[0-9]{1,6}", part)), "")
