"""Persons in running text, `Rumah milik Bapak Sutrisno roboh`: a text in, their names and whether a birth is told out; and of a column.

Cells of a table of complaints or of what happened name persons as no column of names does. Officials, and what is called after persons,
are none.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Final

from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found, Severity, masked_words
from checks.persons import GIVEN_NAMES, NAMED_AFTER, OFFICIALS, is_person_name

_NAME: Final = r"(?P<name>[A-Z][A-Za-z']+\.?(?: [A-Z][A-Za-z']+\.?){0,3})"
_CALLED: Final = re.compile(
    r"\b(?:(?i:a\.?n\.?|atas nama|bernama|bapak|pak|ibu|bu|sdri?|saudara|saudari|tn|ny|nn|alm|almh|almarhum|almarhumah|milik|korban"
    rf"|penerima|pasien)\b[\s.:]{{1,3}})+{_NAME}"
)
_PAIR: Final = re.compile(r"\b([A-Z][A-Za-z']+)(?= ([A-Z][A-Za-z']+))")
_AFTER: Final = re.compile(rf"\b(?:{NAMED_AFTER}|tani|ternak|wisata|kampung|dukuh|simpang|perempatan|pertigaan|ruas)\b", re.IGNORECASE)
_BEFORE: Final = 30
"""Characters before a name in which the word stands that says what is called so."""
_WORDS_TOO: Final = frozenset({
    "agung", "amin", "bagus", "budi", "cahya", "cahyo", "citra", "dewi", "dwi", "eka", "fajar", "galih", "guntur", "indah", "kartika",
    "kusuma", "lestari", "maria", "mega", "murni", "pratama", "puspita", "putra", "putri", "rahayu", "ratna", "santi", "sari", "sri",
    "teguh", "tri", "utami", "utomo", "wijaya", "wulan",
})  # fmt: skip
"""Names that are words, or that schools, groups and villages carry: two of them are no person."""
_MOST: Final = 200
"""Of what may be names in one text; a sentence has a few."""
_BORN: Final = re.compile(r"\b(?i:lahir|lhr|ttl)\b\D{0,25}\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{2,4}\b")


def names_in(text: str) -> Iterator[str]:
    """What is introduced as a person's name, and two given names beside each other in a sentence of four words or more."""
    told = (match["name"] for match in itertools.islice(_CALLED.finditer(text), _MOST))
    introduced = [name for name in told if not OFFICIALS.match(name) and is_person_name(name)]
    yield from introduced
    if not introduced and text.count(" ") > 2:  # a name alone is the business of columns of names
        pairs = itertools.islice(filter(_is_pair, _PAIR.finditer(text)), _MOST)
        yield from (f"{match[1]} {match[2]}" for match in pairs if not _is_called_after(text, match.start()))


def _is_pair(match: re.Match[str]) -> bool:
    words = {match[1].casefold(), match[2].casefold()}
    return words <= GIVEN_NAMES and not words <= _WORDS_TOO


def _is_called_after(text: str, at: int) -> bool:
    """A street, a school, a group; an official, who is known by his office."""
    before = text[max(0, at - _BEFORE) : at]
    return bool(_AFTER.search(before) or OFFICIALS.search(before))


def is_full_name(text: str) -> bool:
    """Nothing but two to four words of which two are given names: `Siti Aminah`, no `Sri Rejeki`."""
    words = set(text.casefold().split())
    return len(words) <= 4 and len(words & GIVEN_NAMES) > 1 and not words <= _WORDS_TOO and is_person_name(text)


def tells_birth(text: str) -> bool:
    """`lahir 12 Mei 1980`."""
    return _BORN.search(text) is not None


def find_persons(column: ColumnFacts, facts: TableFacts, found: Found, severity: Severity) -> None:
    """In a column of text that holds no names by what it is called."""
    if column.notations["text"] * 2 < column.filled:
        return
    _say(column, "personal_data_name", lambda value: any(names_in(value)), facts, found, severity)
    if column.hint != "birth_date":
        _say(column, "personal_data_birth_date", tells_birth, facts, found, severity)


def _say(column: ColumnFacts, code: str, looks: Callable[[str], bool], facts: TableFacts, found: Found, severity: Severity) -> None:
    values = {value for value in column.values if " " in value and looks(value)}
    if values:
        sample = masked_words(next((name for value in sorted(values) for name in names_in(value)), "")) or "**-**-****"
        count = sum(column.values[value] for value in values)
        found(code, column=column.name, rows=facts.rows_of(column, values), count=count, sample=sample, severity=severity)
