"""The index of the checks: one line a check with its code, word, severity, the function that says it, and its words in two languages.

`report` turns the notes of a check into the contract's findings, gravest first, at most 200; the rest is counted by code. A note may be
graver or milder than its line where the function says why.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from checks.findings import ORDER, Found, Note, Score, Severity, Word, masked, plain, scores
from checks.limits import KEPT, ROWS
from checks.lines import LINES
from events.contracts import Finding


@dataclass(frozen=True)
class Check:
    """A line of the index. `message` says in Indonesian what is wrong and what to do; {column} and the like come from the note."""

    code: str
    word: Word
    severity: Severity
    function: str
    message: str
    message_en: str


@dataclass(frozen=True)
class Report:
    """What was found: the kept findings, how many more there are by code, and a score for each word."""

    findings: tuple[Finding, ...]
    more: dict[str, int]
    scores: dict[Word, Score]


CHECKS: Final[dict[str, Check]] = {line[0]: Check(*line) for line in LINES}


def report(found: Found, *before: Finding) -> Report:
    """`before`: findings that were made already (metadata)."""
    findings = [*before, *(_finding(note) for note in found.notes.values())]
    return summary(findings)


def summary(findings: list[Finding]) -> Report:
    """Gravest first, then by file, sheet and row; at most 200 kept."""
    ordered = sorted(findings, key=lambda f: (ORDER[f.severity], f.file or "", f.sheet or "", (f.rows or (0,))[0], f.code))
    more = dict(Counter(finding.code for finding in ordered[KEPT:])) if len(ordered) > KEPT else {}
    return Report(tuple(ordered[:KEPT]), more, scores((f.word, f.severity) for f in ordered))


def _finding(note: Note) -> Finding:
    check = CHECKS[note.code]
    words = {
        "file": plain(note.sheet or note.file or "") if note.sheet and "." in note.sheet else plain(note.file or ""),
        "column": plain(note.column or ""),
        "count": str(note.count),
    } | note.words
    words = {f"{name}_en": word for name, word in words.items()} | words  # what is the same in both languages is said once
    texts = (check.message, check.message_en) if note.column or "personal" not in note.code else _of_no_column(check)
    message, message_en = (" ".join(text.format(**words).split()).replace(" .", ".") for text in texts)
    rows = tuple(sorted(dict.fromkeys(note.rows)))[:ROWS] or None
    if rows:
        several = f" dan {note.count - len(rows)} lagi" if note.count > len(rows) else ""
        message += f" Baris {', '.join(map(str, rows))}{several}."
        several = f" and {note.count - len(rows)} more" if note.count > len(rows) else ""
        message_en += f" Rows {', '.join(map(str, rows))}{several}."
    return Finding(
        word=check.word,
        severity=note.severity or check.severity,
        code=note.code,
        field=note.field,
        message=message,
        message_en=message_en,
        file=plain(note.file) if note.file else None,
        sheet=(plain(note.sheet, 100) or None) if note.sheet else None,
        rows=rows,
        column=(plain(note.column) or None) if note.column else None,
        count=note.count or None,
        sample=_safe(note.sample),
    )


def _of_no_column(check: Check) -> tuple[str, str]:
    """The same of what stands around a table, where there is nothing to count."""
    return (
        check.message.replace("Kolom {column}", "Teks di luar tabel (judul, catatan, komentar, nama lembar atau berkas)").replace(
            "Hapus kolom itu atau terbitkan jumlahnya saja (mis. per desa)", "Hapus teks itu"
        ),
        check.message_en.replace("Column {column}", "Text outside the table (title, notes, comments, name of sheet or file)").replace(
            "Take the column out, or publish counts only (by village, say), then", "Take that text out, then"
        ),
    )


def _safe(sample: str | None) -> str | None:
    """A sample once more past the mask: what a check forgot to mask is masked here."""
    if sample is None:
        return None
    return (
        sample
        if "*" in sample or "…" in sample
        else (plain(sample) if len(sample) <= 16 and not sample.isdigit() else masked(sample) if len(sample) > 6 else sample)
    )
