"""What was wrong with a form, for people and machines: pydantic's errors in, reasons (code, field, Indonesian words) out."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from events.contracts import Reason

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("required", "wajib diisi."),
    "extra_forbidden": ("unknown_field", "tidak dikenal; periksa ejaannya atau hapus."),
    "json_invalid": ("unreadable", "bukan JSON yang benar."),
    "json_type": ("unreadable", "bukan JSON yang benar."),
    "string_type": ("wrong_type", "harus berupa teks."),
    "string_too_short": ("required", "tidak boleh kosong."),
    "string_too_long": ("too_long", "terlalu panjang, paling banyak {max_length} karakter."),
    "string_pattern_mismatch": ("wrong_format", "tidak sesuai bentuk yang diminta."),
    "too_short": ("required", "harus berisi paling sedikit {min_length}."),
    "too_long": ("too_long", "paling banyak {max_length} butir."),
    "literal_error": ("not_allowed", "harus salah satu dari {expected}."),
    "enum": ("not_allowed", "harus salah satu dari {expected}."),
    "bool_type": ("wrong_type", "harus true atau false."),
    "int_type": ("wrong_type", "harus bilangan bulat."),
    "greater_than_equal": ("too_small", "paling kecil {ge}."),
    "date_type": ("wrong_date", "harus tanggal, misalnya 2025-12-31."),
    "date_parsing": ("wrong_date", "harus tanggal, misalnya 2025-12-31."),
    "date_from_datetime_parsing": ("wrong_date", "harus tanggal, misalnya 2025-12-31."),
    "date_written_out": ("wrong_date", "harus tanggal, misalnya 2025-12-31."),
    "time_written_out": ("wrong_time", "harus waktu dengan zona, misalnya 2026-11-23T09:00:00+07:00."),
    "datetime_type": ("wrong_time", "harus waktu dengan zona, misalnya 2026-11-23T09:00:00+07:00."),
    "datetime_parsing": ("wrong_time", "harus waktu dengan zona, misalnya 2026-11-23T09:00:00+07:00."),
    "datetime_from_date_parsing": ("wrong_time", "harus waktu dengan zona, misalnya 2026-11-23T09:00:00+07:00."),
    "timezone_aware": ("wrong_time", "harus menyebut zona waktu, misalnya 2026-11-23T09:00:00+07:00."),
    "uuid_type": ("wrong_uuid", "harus UUID."),
    "uuid_parsing": ("wrong_uuid", "harus UUID."),
    "tuple_type": ("wrong_type", "harus berupa daftar."),
    "list_type": ("wrong_type", "harus berupa daftar."),
    "model_type": ("wrong_type", "harus berupa objek."),
    "dict_type": ("wrong_type", "harus berupa objek."),
    "model_attributes_type": ("wrong_type", "harus berupa objek."),
}


def reasons_of(error: ValidationError, *, within: str = "") -> tuple[Reason, ...]:
    """Every reason at once, at most a hundred; `within` goes before each field's path."""
    return reasons_from([dict(e) for e in error.errors(include_url=False, include_input=False)], within=within)


def reasons_from(errors: Sequence[Mapping[str, Any]], *, within: str = "") -> tuple[Reason, ...]:
    # pydantic does not count a list's wrong items and then calls the list too short as well.
    inside = {tuple(error["loc"][:depth]) for error in errors for depth in range(len(error["loc"]))}
    told = [error for error in errors if error["type"] != "too_short" or tuple(error["loc"]) not in inside]
    return tuple(_reason(error, within) for error in told[:100])


def _reason(error: Mapping[str, Any], within: str) -> Reason:
    code, words = WORDS.get(str(error["type"]), ("wrong_value", "nilainya tidak dapat diterima."))
    path = ".".join(str(part) for part in (*([within] if within else []), *error["loc"]))[:300] or None
    context: Mapping[str, Any] = error.get("ctx", {})
    return Reason(code=code, field=_clean(path), note=f"{_clean(path) or 'Isi'} {words.format_map(_Named(context))}")


def _clean(path: str | None) -> str | None:
    return "".join(c if c.isprintable() else "?" for c in path) if path else None


class _Named(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def unknown_opd(opd: str, heir: str) -> Reason:
    """Why nothing is taken from this OPD: it is not, or no longer, in the directory. `heir`: who acts for it now; itself when nobody."""
    ask = "minta operator Jejak (admin open data kabupaten) mendaftarkannya."
    if heir != opd:
        ask = f"OPD ini sekarang {heir}: pakai kode itu dan minta token baru kepada operator Jejak."
    return Reason(code="unknown_opd", field="opd", note=f"OPD {opd} tidak atau tidak lagi terdaftar; {ask}")
