"""Personal data around a table: in its title, in the notes and the signature under it, in the names of its columns."""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Final

from checks.columns import TableFacts
from checks.findings import Found, Severity
from checks.personal import is_of_a_person, seen_in, worth_a_look

_LOOKS: Final[dict[str, tuple[str, Severity]]] = {
    "nik_strong": ("personal_data_nik", "error"),
    "npwp_form": ("personal_data_npwp", "warning"),
    "nip": ("personal_data_nip", "warning"),
    "mobile": ("personal_data_phone", "warning"),
    "mailbox": ("personal_data_email", "warning"),
}
"""Whoever signs says his NIP as an official: a warning, and the reviewer decides."""


def check_around(facts: TableFacts, found: Found) -> None:
    """Called when the table was read to its end."""
    for number, cells in (*facts.table.around, (facts.table.header_row, facts.table.names)):
        for look, sample in _seen(cells):
            code, severity = _LOOKS[look]
            found(code, rows=[number], sample=sample, severity=severity, how="", how_en="")


def check_texts(texts: Iterable[Sequence[str]], found: Found) -> None:
    """Text that stands in no cell: comments, properties, the records behind a pivot table."""
    for text in itertools.chain.from_iterable(several for several in texts if worth_a_look("\n".join(several))):
        for look, sample in _seen([text]) if worth_a_look(text) else ():
            code, severity = _LOOKS[look]
            found(code, count=1, sample=sample, severity=severity, how="", how_en="")


def check_names(names: Iterable[str], found: Found) -> None:
    """Of files and sheets, in which a dash or a line may part a number from what stands before it."""
    check_texts([(shown,) for name in names for shown in ways(name)[:1]], found)


def ways(name: str) -> list[str]:
    """The ways of reading a name in which it holds a number of a person: as it stands, or parted at its dashes, lines and points."""
    return [text for text in (name, re.sub(r"[-_.]+", " / ", name)) if is_of_a_person(text)]


def _seen(cells: Sequence[str]) -> list[tuple[str, str]]:
    return [seen for cell in cells for seen in seen_in(cell) if seen[0] in _LOOKS]
