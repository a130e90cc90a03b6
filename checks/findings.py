"""What checks say while they look: notes by code and place, gathered, then written out as the contract's findings and five scores.

A check says `found("date_format", column="lahir", row=7)`; notes of one code and place become one finding. Names of columns, sheets and
files are made safe here, once, so that no check can carry a raw number or control character out.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from checks.limits import KEPT, ROWS, SAMPLE

Word = Literal["terpadu", "lengkap", "aktual", "valid", "akuntabel"]
Severity = Literal["error", "warning", "info"]
Score = Literal["pass", "attention", "fail"]
WORDS: Final[tuple[Word, ...]] = ("terpadu", "lengkap", "aktual", "valid", "akuntabel")
ORDER: Final[Mapping[Severity, int]] = {"error": 0, "warning": 1, "info": 2}
_DASH: Final = r"\-\u2010-\u2015\u2212\uff0d"
_LONG_NUMBER: Final = re.compile(
    rf"\(?(?<!\d)[0+]\d{{1,4}}\)?(?:[\s.{_DASH}]{{0,3}}\d){{6,}}|\d(?:[\s.{_DASH}]?\d){{6,}}"
    rf"|\d{{4,8}}(?:(?: [.{_DASH}] | {{2}})\d{{4,8}}){{2,3}}|\d(?:,\d{{3}}){{5}}"
)
"""What may be a person's number, however it is parted; what begins with 0 or + with more between."""
_MAIL: Final = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+")


@dataclass
class Note:
    """One code at one place: the first rows, how many cells or rows in all, and the words its message needs."""

    code: str
    file: str | None = None
    sheet: str | None = None
    column: str | None = None
    field: str | None = None
    severity: Severity | None = None
    rows: list[int] = dataclasses.field(default_factory=list)
    count: int = 0
    sample: str | None = None
    words: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclass
class Found:
    """The notes of a check of one or more files, and where it is looking now."""

    file: str | None = None
    sheet: str | None = None
    field: str | None = None
    notes: dict[tuple[str, str | None, str | None, str | None, str | None], Note] = dataclasses.field(default_factory=dict)

    def __call__(
        self,
        code: str,
        *,
        column: str | None = None,
        rows: Iterable[int] = (),
        count: int | None = None,
        sample: str | None = None,
        severity: Severity | None = None,
        **words: object,
    ) -> None:
        """Say it. `rows` count from 1; `count` is theirs unless given; the gravest severity said of a place is kept."""
        key = (code, self.file, self.sheet, column, self.field)
        note = self.notes.get(key)
        if note is None:
            note = self.notes[key] = Note(code, self.file, self.sheet, column, self.field, severity)
            note.words = {name: plain(str(value)) for name, value in words.items()}
        told = list(rows)
        note.rows += told[: ROWS - len(note.rows)] if len(note.rows) < ROWS else []
        note.count += len(told) if count is None else count
        note.sample = note.sample or sample
        if severity and (note.severity is None or ORDER[severity] < ORDER[note.severity]):
            note.severity = severity

    def at(self, *, file: str | None = None, sheet: str | None = None) -> "Found":
        """The same notes, said of another place."""
        return Found(file or self.file, sheet if sheet is not None else self.sheet, self.field, self.notes)


def plain(text: str, longest: int = 200) -> str:
    """Text of a file as it may be shown: no control or direction characters, long numbers and addresses masked, at most `longest` long.

    >>> plain("nik 3313014101900001 milik\\u202e budi@contoh.id")
    'nik 33************01 milik b***@contoh.id'
    >>> plain("3,313,014,101,900,001 atau 331301 - 410190 - 0001, hp (0812) 3456-7890 atau 0812\u20133456\u20137890")
    '3,*****************01 atau 33******************01, hp (0************90 atau 08**********90'
    """
    text = "".join(c if c.isprintable() else " " for c in text[: longest * 2])
    text = _LONG_NUMBER.sub(lambda m: masked(m[0]), text)
    text = _MAIL.sub(lambda m: masked_mail(m[0]), text)
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def masked(value: str) -> str:
    """Two characters at either end, stars between; short values are stars only: `33************01`, `****`."""
    value = value.strip()[:SAMPLE]
    return "*" * len(value) if len(value) < 8 else value[:2] + "*" * (len(value) - 4) + value[-2:]


def masked_mail(value: str) -> str:
    """`budi@contoh.id` → `b***@contoh.id`; the domain of a mail provider tells nothing of a person."""
    name, _, domain = value.strip()[:SAMPLE].partition("@")
    return name[:1] + "***@" + domain


def masked_words(value: str) -> str:
    """The first letter of each word: `Budi Santoso` → `B*** S***`. Numbers lose their digits."""
    return " ".join((word[0] if word[0].isalpha() else "*") + "***" for word in value.split()[:6])


def scores(severities: Iterable[tuple[Word, Severity]]) -> dict[Word, Score]:
    """One score a word: an error fails it, a warning asks for attention."""
    told: dict[Word, Score] = dict.fromkeys(WORDS, "pass")
    for word, severity in severities:
        if severity == "error":
            told[word] = "fail"
        elif severity == "warning" and told[word] == "pass":
            told[word] = "attention"
    return told


def kept(count: int) -> int:
    """How many of so many findings an event keeps."""
    return min(count, KEPT)
