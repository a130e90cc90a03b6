"""A labelled sample of columns, generated: what a column holds and whether that is personal data, so that recall and precision can be counted.

Each maker gives a table: column name → cells, and the labels: which column holds which kind. Names, numbers and places are made up; the
region codes are real. Hard cases are in it on purpose: numbers inside sentences, unknown names, codes that look like numbers of persons.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from checks.identifiers import nip, npwp
from checks.persons import GIVEN_NAMES
from checks.regions import regions

ROWS = 30
Table = dict[str, list[str]]
Maker = Callable[[random.Random], tuple[Table, dict[str, str]]]
OTHER_NAMES = ["Togar Simanjuntak", "Yosepina Wenda", "Marthen Kogoya", "Ni Luh Sukerti", "Bonar Sihombing", "Lamtiur Pardede", "Obet Kossay", "Frans Rumbiak", "Monang Hutapea", "I Ketut Wardana"]  # fmt: skip
OFFICES = ("Puskesmas Jaten I", "SDN 2 Tasikmadu", "Kantor Kecamatan Mojogedang", "RSUD Kartini", "UPT Pasar Jungke", "SMPN 1 Matesih")
MONTHS = ("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember")
STREETS = ("Jl. Lawu", "Jl. Slamet Riyadi", "Dusun Ngablak", "Perum Griya Asri", "Jl. Kapten Mulyadi")


@dataclass(frozen=True)
class Sample:
    """One table and its labels, with the name of its maker."""

    maker: str
    table: Table
    labels: dict[str, str]


def _nik(r: random.Random) -> str:
    day, month, year = r.randint(1, 28), r.randint(1, 12), r.randint(40, 99)
    return f"{r.choice(sorted(regions().districts))}{day + r.choice((0, 40)):02d}{month:02d}{year:02d}{r.randint(1, 40):04d}"


def _person(r: random.Random) -> str:
    return " ".join(word.capitalize() for word in r.sample(sorted(GIVEN_NAMES), r.randint(1, 3)))


def _phone(r: random.Random) -> str:
    number = f"8{r.choice('12358')}{r.randint(1, 9)}{r.randint(10**6, 10**8 - 1)}"
    return r.choice(
        (
            f"0{number}",
            f"+62{number}",
            f"62{number}",
            f"0{number[:3]}-{number[3:7]}-{number[7:]}",
            f"0{number[:3]} {number[3:7]} {number[7:]}",
        )
    )


def _short_phone(r: random.Random) -> str:
    """Of ten or eleven digits: the oldest numbers."""
    number = f"8{r.choice('12358')}{r.randint(1, 9)}{r.randint(10**5, 10**7 - 1)}"
    return r.choice((f"0{number}", f"0{number[:3]}-{number[3:6]}-{number[6:]}", f"0{number[:3]} {number[3:6]} {number[6:]}"))


def _typed_phone(r: random.Random) -> str:
    number = f"8{r.choice('12358')}{r.randint(1, 9)}{r.randint(10**6, 10**8 - 1)}"
    parts = number[:3], number[3:7], number[7:]
    return r.choice(
        (
            f"(0{parts[0]}) {parts[1]}-{parts[2]}",
            f"0{' - '.join(parts)}",
            "0" + "\u2013".join(parts),
            "0" + "\u00a0".join(parts),
            f"+62 (0){number}",
            f"0062{number}",
        )
    )


def _typed_nik(r: random.Random) -> str:
    nik = _nik(r)
    parts = nik[:6], nik[6:12], nik[12:]
    full_width = str.maketrans("0123456789", "".join(chr(0xFF10 + n) for n in range(10)))
    return r.choice(
        (" - ".join(parts), "\u00a0".join(parts), "  ".join(parts), f"{int(nik):,}", nik.translate(full_width), f"{nik[:8]}\u200b{nik[8:]}")
    )


def _npwp(r: random.Random) -> str:
    while True:
        digits = f"{r.randint(0, 10**9 - 1):09d}{r.randint(0, 999):03d}000"
        if npwp(digits):
            return digits


def _nip(r: random.Random) -> str:
    born, appointed = r.randint(1965, 1998), 0
    appointed = born + r.randint(19, 26)
    made = f"{born}{r.randint(1, 12):02d}{r.randint(1, 28):02d}{appointed}{r.randint(1, 12):02d}{r.choice('12')}{r.randint(1, 9):03d}"
    return made if nip(made) else _nip(r)


def _address(r: random.Random) -> str:
    return f"{r.choice(STREETS)} No. {r.randint(1, 90)} RT {r.randint(1, 9):02d} RW {r.randint(1, 9):02d}"


def _column(r: random.Random, make: Callable[[random.Random], str]) -> list[str]:
    return [make(r) for _ in range(ROWS)]


def _typed_date(r: random.Random) -> str:
    day, month, year = r.randint(1, 28), r.randint(1, 12), r.randint(1940, 2015)
    return r.choice((f"{day}-{MONTHS[month - 1][:3]}-{year % 100:02d}", f"{day:02d}{month:02d}{year}", f"{day} {MONTHS[month - 1]} {year}"))


def _typed_person(r: random.Random) -> str:
    return r.choice((f"{r.randint(1, 90)}. {_person(r)}", f"{_person(r)} ({r.randint(17, 90)} th)", f"{_person(r)} / {_person(r)}"))


def _counts(r: random.Random) -> list[str]:
    return [str(r.randint(3, 900)) for _ in range(ROWS)]


def _one(kind: str, name: str, make: Callable[[random.Random], str]) -> Maker:
    return lambda r: ({"no": [str(n) for n in range(1, ROWS + 1)], name: _column(r, make)}, {name: kind} if kind else {})


def _beside(kind: str, name: str, make: Callable[[random.Random], str]) -> Maker:
    def maker(r: random.Random) -> tuple[Table, dict[str, str]]:
        return {"nama_penerima": _column(r, _person), name: _column(r, make), "bantuan": _counts(r)}, {"nama_penerima": "name", name: kind}

    return maker


def _spaced(nik: str) -> str:
    return f"{nik[:6]} {nik[6:12]} {nik[12:]}"


def _date(r: random.Random) -> str:
    return f"{r.randint(1, 28):02d}/{r.randint(1, 12):02d}/{r.randint(1940, 2015)}"


PERSONAL: dict[str, Maker] = {
    "NIK under its name": _one("nik", "nik", _nik),
    "NIK under another name": _one("nik", "nomor identitas penerima", _nik),
    "NIK written in groups": _one("nik", "identitas", lambda r: _spaced(_nik(r))),
    "NIK as people type them": _one("nik", "identitas", _typed_nik),
    "two NIK in a cell": _one("nik", "suami istri", lambda r: f"{_nik(r)},{_nik(r)}"),
    "NIK in a sentence": _one("nik", "keterangan", lambda r: f"an. {_person(r)}, NIK {_nik(r)}, sudah disalurkan"),
    "NIK shown as 3.31E+15": _one("nik", "nik", lambda r: f"3.3{r.randint(1000, 9999)}E+15"),
    "one NIK among other notes": lambda r: (
        {"catatan": ["lengkap"] * (ROWS - 1) + [f"perbaiki {_nik(r)}"]}, {"catatan": "nik"}
    ),
    "family-card numbers": _one("kk", "no_kk", lambda r: _nik(r)),
    "NPWP with dots": _one("npwp", "npwp", lambda r: (d := _npwp(r)) and f"{d[:2]}.{d[2:5]}.{d[5:8]}.{d[8]}-{d[9:12]}.{d[12:]}"),
    "NPWP as digits, unnamed": _one("npwp", "nomor wajib pajak", _npwp),
    "NIP": _one("nip", "nip", _nip),
    "NIP written in groups": _one("nip", "pegawai", lambda r: (d := _nip(r)) and f"{d[:8]} {d[8:14]} {d[14]} {d[15:]}"),
    "telephones": _one("phone", "no_hp", _phone),
    "telephones as people type them": _one("phone", "kontak", _typed_phone),
    "two telephones in a cell": _one("phone", "kontak", lambda r: ",".join(f"08{r.choice('12358')}{r.randint(10**8, 10**9 - 1)}" for _ in "12")),
    "short telephones": _one("phone", "kontak", _short_phone),
    "telephones in a sentence": _one("phone", "keterangan", lambda r: f"hubungi {_phone(r)} (anak)"),
    "telephones without their zero": _one("phone", "no hp", lambda r: f"8{r.choice('12358')}{r.randint(10**8, 10**9 - 1)}"),
    "mailboxes": _one("email", "email", lambda r: f"{r.choice(sorted(GIVEN_NAMES))}{r.randint(1, 99)}@gmail.com"),
    "mailboxes with blanks": _one("email", "kontak", lambda r: f"{r.choice(sorted(GIVEN_NAMES))}{r.randint(1, 99)}{r.choice((' @ ', '@ ', ' (At) '))}gmail.com"),
    "bank accounts": _beside("account", "no_rekening", lambda r: f"{r.randint(10**9, 10**10 - 1)}"),
    "bank accounts with dashes": _beside("account", "rekening penerima", lambda r: f"{r.randint(1000, 9999)}-01-{r.randint(100000, 999999)}-53-{r.randint(1, 9)}"),
    "addresses with RT/RW": _beside("address", "alamat", _address),
    "streets beside persons": _beside("address", "alamat_rumah", lambda r: f"{r.choice(STREETS)} {r.randint(1, 90)}"),
    "addresses alone": _one("address", "tempat", _address),
    "birth dates": _beside("birth_date", "tgl_lahir", _date),
    "place and date of birth": _beside("birth_date", "TTL", lambda r: f"Karanganyar, {_date(r).replace('/', '-')}"),
    "birth dates called lhr": _beside("birth_date", "lhr", _date),
    "birth dates as people type them": _beside("birth_date", "tanggal lahir", _typed_date),
    "place and date of birth, parted otherwise": _beside("birth_date", "Tempat/Tgl Lahir", lambda r: f"Karanganyar/{_date(r).replace('/', '-')}"),
    "heads of families": _one("name", "Nama Kepala Keluarga", lambda r: f"{r.choice(('', 'H. ', 'Bp. '))}{_person(r)}"),
    "names with something beside": _one("name", "penerima bantuan", _typed_person),
    "names of patients": _one("name", "nama_pasien", _person),
    "names from elsewhere, named so": _one("name", "nama_siswa", lambda r: r.choice(OTHER_NAMES)),
    "names from elsewhere under nama": _one("name", "nama", lambda r: r.choice(OTHER_NAMES)),
    "names under nama": _one("name", "nama", _person),
    "names under another word": _one("name", "penerima", _person),
}  # fmt: skip
HARMLESS: dict[str, Maker] = {
    "budget codes of 16 digits": _one("", "kode_rekening", lambda r: f"5{r.randint(1, 3)}{r.randint(1, 9):02d}{r.randint(1, 40):02d}00{r.randint(0, 9)}0{r.randint(100, 999)}{r.randint(100, 999)}"),
    "random numbers of 16 digits": _one("", "nomor_transaksi", lambda r: f"{r.randint(10**15, 10**16 - 1)}"),
    "random numbers of 15 digits": _one("", "nomor_seri", lambda r: f"{r.randint(10**14, 10**15 - 1)}"),
    "random numbers of 18 digits": _one("", "nomor_dokumen", lambda r: f"{r.randint(10**17, 10**18 - 1)}"),
    "offices' telephones": lambda r: ({"nama_puskesmas": _column(r, lambda q: q.choice(OFFICES)), "telepon": _column(r, _phone)}, {}),
    "telephones of a service": _one("", "telepon_layanan", _phone),
    "role mailboxes": _one("", "email_dinas", lambda r: f"{r.choice(('ppid', 'info', 'sekretariat', 'puskesmas.jaten'))}@contoh.go.id"),
    "offices' addresses": lambda r: ({"nama_sekolah": _column(r, lambda q: q.choice(OFFICES)), "alamat": _column(r, _address)}, {}),
    "villages": _one("", "nama_desa", lambda r: r.choice(list(regions().villages.values()))),
    "villages under nama": _one("", "nama", lambda r: r.choice(list(regions().villages.values()))),
    "heads of villages": _one("", "nama_kepala_desa", _person),
    "dates of a programme": _one("", "tanggal_mulai", _date),
    "region codes": _one("", "kode_desa", lambda r: (c := r.choice(list(regions().villages))) and f"{c[:2]}.{c[2:4]}.{c[4:6]}.{c[6:]}"),
    "money": _one("", "pagu", lambda r: f"{r.randint(10**6, 10**10)}"),
    "school numbers (NPSN)": _one("", "npsn", lambda r: f"20{r.randint(10**5, 10**6 - 1)}"),
    "goods": _one("", "nama_barang", lambda r: r.choice(("Traktor roda dua", "Pupuk urea", "Bibit padi", "Meja siswa", "Sari kedelai", "Cat kayu"))),
    "crops under nama": _one("", "nama", lambda r: r.choice(("Padi sawah", "Jagung", "Kedelai", "Cabai rawit", "Bawang merah", "Wortel"))),
    "unit prices": _one("", "rincian", lambda r: f"{r.randint(1, 90)} buah @ Rp{r.randint(1, 99)}.{r.randint(100, 999)},00"),
    "numbers of letters": _one("", "nomor_surat", lambda r: f"{r.randint(100, 999)}/{r.randint(1000, 9999)}/{r.randint(100, 999)}/{r.randint(2019, 2026)}"),
    "areas with many decimals": _one("", "luas", lambda r: f"{r.randint(10**8, 10**9)},{r.randint(10**8, 10**9)}"),
    "ranges of amounts": _one("", "kisaran", lambda r: f"{r.randint(10**6, 10**7)} - {r.randint(10**7, 10**8)}"),
    "ranges of large amounts": _one("", "kisaran", lambda r: f"62.{r.randint(100, 999)}.000 - {r.randint(63, 99)}.{r.randint(100, 999)}.000"),
    "timetables": _one("", "jam", lambda r: "  ".join(f"{hour:02d}{r.randint(10, 59)}" for hour in (8, 9, 10))),
    "social media of offices": _one("", "media_sosial", lambda r: f"Instagram @{r.choice(('dinkes', 'pemkab', 'dpmd'))}.karanganyar"),
    "periods": _one("", "jangka_waktu", lambda r: f"{r.randint(11, 19)}-{r.randint(1, 12):02d}-2023 - {r.randint(1, 12):02d}-{r.randint(1, 12):02d}-2024"),
    "births counted": _one("", "lahir", lambda r: str(r.randint(0, 900))),
    "kinds of goods with counts": _one("", "nama_barang", lambda r: f"{r.randint(1, 9)}. {r.choice(('Traktor', 'Pupuk urea', 'Bibit padi'))} ({r.randint(1, 90)} buah)"),
    "coordinates": _one("", "koordinat", lambda r: f"-7.{r.randint(10**5, 10**6)}, 110.{r.randint(10**5, 10**6)}"),
}  # fmt: skip


def sample(seed: int, times: int) -> list[Sample]:
    """`times` tables of every maker."""
    made = []
    for name, maker in (PERSONAL | HARMLESS).items():
        for at in range(times):
            table, labels = maker(random.Random(f"{seed}:{name}:{at}"))  # noqa: S311 (a sample, no secret)
            made.append(Sample(name, table, labels))
    return made
