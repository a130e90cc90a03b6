"""What was wrong with a form, for people and machines: pydantic's errors in, reasons (code, field, Indonesian words) out."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from events.contracts import Reason

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("required", "{path} wajib diisi."),
    "extra_forbidden": ("unknown_field", "{path} tidak dikenal; periksa ejaannya atau hapus."),
    "json_invalid": ("unreadable", "{path} bukan JSON yang benar."),
    "json_type": ("unreadable", "{path} bukan JSON yang benar."),
    "string_type": ("wrong_type", "{path} harus berupa teks."),
    "string_too_short": ("required", "{path} tidak boleh kosong."),
    "string_too_long": ("too_long", "{path} terlalu panjang, paling banyak {max_length} karakter."),
    "string_pattern_mismatch": ("wrong_format", "{path} tidak sesuai bentuk yang diminta."),
    "too_short": ("required", "{path} harus berisi paling sedikit {min_length}."),
    "too_long": ("too_long", "{path} paling banyak {max_length} butir."),
    "literal_error": ("not_allowed", "{path} harus salah satu dari {expected}."),
    "enum": ("not_allowed", "{path} harus salah satu dari {expected}."),
    "bool_type": ("wrong_type", "{path} harus true atau false."),
    "int_type": ("wrong_type", "{path} harus bilangan bulat."),
    "int_parsing": ("wrong_value", "{path} harus bilangan bulat."),
    "greater_than_equal": ("too_small", "{path} paling kecil {ge}."),
    "less_than_equal": ("wrong_value", "{path} paling besar {le}."),
    "less_than": ("wrong_value", "{path} harus kurang dari {lt}."),
    "date_type": ("wrong_date", "{path} harus tanggal, misalnya 2025-12-31."),
    "date_parsing": ("wrong_date", "{path} harus tanggal, misalnya 2025-12-31."),
    "date_from_datetime_parsing": ("wrong_date", "{path} harus tanggal, misalnya 2025-12-31."),
    "date_written_out": ("wrong_date", "{path} harus tanggal, misalnya 2025-12-31."),
    "time_written_out": ("wrong_time", "{path} harus waktu dengan zona, misalnya 2026-11-23T09:00:00+07:00."),
    "datetime_type": ("wrong_time", "{path} harus waktu dengan zona, misalnya 2026-11-23T09:00:00+07:00."),
    "datetime_parsing": ("wrong_time", "{path} harus waktu dengan zona, misalnya 2026-11-23T09:00:00+07:00."),
    "datetime_from_date_parsing": ("wrong_time", "{path} harus waktu dengan zona, misalnya 2026-11-23T09:00:00+07:00."),
    "timezone_aware": ("wrong_time", "{path} harus menyebut zona waktu, misalnya 2026-11-23T09:00:00+07:00."),
    "uuid_type": ("wrong_uuid", "{path} harus UUID."),
    "uuid_parsing": ("wrong_uuid", "{path} harus UUID."),
    "tuple_type": ("wrong_type", "{path} harus berupa daftar."),
    "list_type": ("wrong_type", "{path} harus berupa daftar."),
    "model_type": ("wrong_type", "{path} harus berupa objek."),
    "dict_type": ("wrong_type", "{path} harus berupa objek."),
    "model_attributes_type": ("wrong_type", "{path} harus berupa objek."),
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
    code, words = WORDS.get(str(error["type"]), ("wrong_value", "{path} nilainya tidak dapat diterima."))
    path = ".".join(str(part) for part in (*([within] if within else []), *error["loc"]))[:300] or None
    named = _Named(error.get("ctx", {}) | {"path": _clean(path) or "Isi"})
    if "expected" in named:
        named["expected"] = named["expected"].replace(" or ", ", ")  # pydantic's own word for the last of them
    return Reason(code=code, field=_clean(path), note=words.format_map(named))


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
