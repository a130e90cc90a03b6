"""What officials write in their own words: it goes on the log for ever, and nobody can take it back from there.

A command's body in; reasons out where its words hold somebody's personal data. Pure.
"""

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from checks.personal import seen_in
from events.contracts import Reason

KINDS: Final = {
    "nik_strong": "NIK atau nomor KK",
    "nik_weak": "NIK atau nomor KK",
    "nik_rounded": "NIK atau nomor KK",
    "half_masked": "NIK atau nomor KK yang belum cukup disamarkan",
    "nip": "NIP",
    "npwp_form": "NPWP",
    "npwp_digits": "NPWP",
    "passport": "nomor paspor",
    "mobile": "nomor telepon",
    "mobile_no_zero": "nomor telepon",
    "mailbox": "surel pribadi",
    "rt_rw": "alamat rumah",
}
"""What text can look like (`checks.personal.seen_in`) → what people call it. An office's own mailbox is nobody's personal data."""
WORDS: Final = {"note", "consideration", "reason", "reasons"}
"""Fields in which people write; metadata has checks of its own."""


def personal_data_in(body: BaseModel) -> list[Reason]:
    """One reason a field, without repeating what stands there."""
    texts = _texts(body.model_dump(include=WORDS), "")
    found = ((field, sorted({KINDS[look] for look, _ in seen_in(text) if look in KINDS})) for field, text in texts)
    return [
        Reason(
            code="personal_data",
            field=field,
            note=f"{field} memuat {' dan '.join(kinds)}: hapus, karena catatan disimpan selamanya dan tidak dapat ditarik kembali.",
        )
        for field, kinds in found
        if kinds
    ]


def _texts(said: Any, field: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 (JSON of any shape)
    match said:
        case str():
            yield field, said
        case dict():
            for name, value in said.items():
                yield from _texts(value, f"{field}.{name}" if field else name)
        case list() | tuple():
            for index, value in enumerate(said):
                yield from _texts(value, f"{field}.{index}")
