"""A report of the checker for people and machines: differences in; a sentence in Indonesian for each, or JSON, out."""

from collections.abc import Iterator, Mapping
from typing import Final

from archive.proof import Difference, Report

WHAT: Final[Mapping[str, str]] = {
    "altered": "isinya telah diubah: hash-nya bukan yang dicatat oleh peristiwa sesudahnya",
    "bytes_differ": "bitanya berbeda dari salinan lain",
    "broken_chain": "rantai putus: hash peristiwa sebelumnya tidak cocok",
    "empty": "salinan ini kosong: tidak ada satu peristiwa pun untuk diperiksa",
    "beginning_gone": "awal log sudah tidak ada di Kafka; lihat: jejak bus status",
    "missing": "tidak ada di sini",
    "extra": "hanya ada di sini, tidak di salinan lain",
    "gap": "peristiwa-peristiwa sebelumnya tidak ada",
    "fork": "bercabang: nomor yang sama dengan isi lain",
    "out_of_order": "mendahului peristiwa sebelumnya",
    "out_of_turn": "bukan giliran langkah ini menurut SOP",
    "manifest": "hash manifes tidak cocok dengan metadata dan daftar berkas",
    "misplaced": "isinya milik pengajuan atau nomor lain",
    "wrong_key": "kunci Kafka bukan nomor pengajuannya",
    "unreadable": "bukan peristiwa yang sah",
    "tombstone": "rekaman tanpa isi",
    "head": "keadaan terakhir yang dicatat di sini bukan yang dikatakan peristiwanya; buat ulang: jejak audit rebuild --heads",
    "wrong_lane": "ditulis oleh lajur yang tidak berhak menulisnya",
    "wrong_role": "dikatakan oleh peran yang tidak berhak mengatakannya",
    "wrong_id": "nomornya bukan yang seharusnya menurut pengajuan dan urutannya",
    "other_opd": "oleh orang dari OPD yang tidak berhak atas data ini",
    "four_eyes": "diverifikasi atau disetujui oleh orang yang menyerahkan atau merevisinya",
    "not_confirmed": "diverifikasi tanpa kelima kata SOP",
    "has_errors": "diverifikasi walaupun pemeriksaan menemukan kesalahan",
    "wrong_files": "diterbitkan dengan berkas lain dari yang disetujui",
}


WHOLE: Final = frozenset({"empty", "beginning_gone"})
"""What is said of a copy, not of a record."""


def as_json(report: Report) -> dict[str, object]:
    """The shape that docs/for-auditors.md shows, with submissions, events by source, and how many differences were left out."""
    return {
        "ok": report.ok,
        "events": report.events,
        "submissions": report.submissions,
        "sources": report.sources,
        "differences": [difference_json(difference) for difference in report.differences],
        "unlisted": report.unlisted,
    }


def difference_json(difference: Difference) -> dict[str, object]:
    return vars(difference) | {"message": WHAT[difference.what]}


def in_words(report: Report) -> Iterator[str]:
    """A line for each difference, then the sum of it."""
    for found in report.differences:
        sequence = f"peristiwa {found.sequence}" if found.sequence else "rekaman"
        which = "seluruh salinan" if found.what in WHOLE else f"{found.submission_id or 'tanpa nomor pengajuan'}, {sequence}"
        yield f"{which}, {found.where}: {WHAT[found.what]}."
    if report.unlisted:
        yield f"… dan {report.unlisted} perbedaan lagi."
    checked = f"{report.submissions} pengajuan, {report.events} peristiwa"
    where = ", ".join(f"{name} {events}" for name, events in report.sources.items())
    verdict = "semua utuh" if report.ok else f"{len(report.differences) + report.unlisted} perbedaan"
    yield f"{checked} diperiksa ({where}): {verdict}."
