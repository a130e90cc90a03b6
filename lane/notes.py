"""What people write in their own words: it goes on the log for ever, and nobody can take it back from there.

A command's body, or metadata, in; reasons out where their words hold somebody's personal data. Pure.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from pydantic import BaseModel

from checks.personal import seen_in, worth_a_look
from events.contracts import Reason
from lane.plain_text import hidden_in

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
"""Fields of a command in which people write; metadata is looked at whole."""
DOUBTFUL: Final = frozenset({"rt_rw", "passport", "npwp_digits"})
"""In metadata, a neighbourhood that the data is about, a version, a code of a budget."""
CONTACTS: Final = {
    "dataset.responsible.email": frozenset({"mailbox"}),
    "dataset.responsible.position": frozenset({"mobile"}),
}
"""Where somebody says how an office is reached."""
Texts = list[tuple[str, str]]
"""Where each lies, and what it says."""


def personal_data_in(body: BaseModel) -> list[Reason]:
    """One reason a field, without repeating what stands there."""
    return list(_reasons(body.model_dump(include=WORDS), ""))


def hidden_characters_in(body: BaseModel) -> list[Reason]:
    """What turns text around, or is not seen: the public reads why something was taken down, and whoever decides the rest."""
    return [reason for name, said in body.model_dump(include=WORDS).items() for reason in hidden_in(said, field=name)]


def personal_data_noted(note: str) -> list[Reason]:
    """The same of a note alone."""
    return list(_reasons(note, "note"))


def personal_data_said(said: object, field: str) -> Iterator[Reason]:
    """The same of metadata, names of files and of who hands in; `field` is where it lies."""
    return _reasons(said, field, but=DOUBTFUL)


def _reasons(said: object, where: str, *, but: Collection[str] = ()) -> Iterator[Reason]:
    for field, text in _worth_a_look(_texts(said, where)):
        if not (seen := seen_in(text)):
            continue
        may = CONTACTS.get(field, ())
        if kinds := sorted({KINDS[look] for look, _ in seen if look in KINDS and look not in but and look not in may}):
            note = f"{field} memuat {' dan '.join(kinds)}: hapus, karena catatan disimpan selamanya dan tidak dapat ditarik kembali."
            yield Reason(code="personal_data", field=field, note=note)


def _worth_a_look(texts: Texts) -> Texts:
    """Contacts always, the others unless one look at all of them together shows that there is nothing."""
    others = "\n".join(text for field, text in texts if field not in CONTACTS)
    return texts if worth_a_look(others) else [(field, text) for field, text in texts if field in CONTACTS]


def _texts(said: object, field: str) -> Texts:
    """The texts of JSON of any shape, in their order, each with where it lies."""
    if isinstance(said, str):
        return [(field, said)]
    found: Texts = []
    inside: Any = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list | tuple) else ()
    for name, value in inside:
        where = f"{field}.{name}" if field else str(name)
        if isinstance(value, str):
            found.append((where, value))
        elif value:
            found += _texts(value, where)
    return found
