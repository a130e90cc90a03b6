"""Personal data around a table: in its title, in the notes and the signature under it, in the names of its columns."""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Final

from checks.columns import TableFacts
from checks.findings import Found, Severity, masked_words
from checks.personal import is_of_a_person, seen_in, worth_a_look
from checks.prose import is_full_name, names_in

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


def check_notes(texts: Iterable[str], found: Found) -> None:
    """Names and addresses in what people write beside a table: comments, text boxes, headers and footers."""
    for text in texts:
        if any(look == "rt_rw" for look, _ in seen_in(text)):
            found("personal_data_address", count=1, sample="RT ** RW **", severity="warning")
        for name in [text] if is_full_name(text) else names_in(text):
            found("personal_data_name", count=1, sample=masked_words(name), severity="warning")


def check_links(links: Iterable[tuple[int, int, str]], facts: TableFacts | None, found: Found) -> None:
    """Where the formulas of a sheet lead to, as (row, column, formula): the cells show other words."""
    for number, at, text in links:
        column = facts.columns[at].name if facts and at < len(facts.columns) else None
        for look, sample in _seen([text]):
            code, severity = _LOOKS[look]
            found(code, column=column, rows=[number], sample=sample, severity=severity, how="", how_en="")


def check_names(names: Iterable[str], found: Found) -> None:
    """Of files and sheets, in which a dash or a line may part a number from what stands before it."""
    names = list(names)
    check_texts([(shown,) for name in names for shown in ways(name)[:1]], found)
    for name in names:
        words = re.sub(r"[-_]+|\.\w{2,7}$", " ", name).strip()
        for called in [words] if is_full_name(words) else names_in(words):
            found("personal_data_name", count=1, sample=masked_words(called), severity="warning")


def ways(name: str) -> list[str]:
    """The ways of reading a name in which it holds a number of a person: as it stands, or parted at its dashes, lines and points."""
    return [text for text in (name, re.sub(r"[-_.]+", " / ", name)) if is_of_a_person(text)]


def _seen(cells: Sequence[str]) -> list[tuple[str, str]]:
    return [seen for cell in cells for seen in seen_in(cell) if seen[0] in _LOOKS]
