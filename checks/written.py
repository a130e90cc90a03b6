"""How the cells of each column are written: notation of numbers and dates, what a spreadsheet did to them, spellings."""

import re
from collections import Counter
from collections.abc import Collection
from typing import Final

from checks.codes import is_called_a_code, is_region_column
from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found
from checks.grid import key_of
from checks.notation import DATES, ENGLISH, INDONESIAN, NUMBERS, Notation, date_form, date_form_en, notation_of
from checks.persons import hint_of

_DATE_WORDS: Final = frozenset({"tanggal", "tgl", "date", "tmt", "ttl", "lhr", "dob"})
_SERIAL: Final = re.compile(r"[1-6]\d{4}(?:\.\d+)?")
_WITHOUT_SIGNS: Final = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
LEAST: Final = 3
"""Numbers or dates, until a word among them is another type."""
_WORDY: Final = re.compile(r"(?:^|\s)[^\W\d_]{3,}")
_PLACE: Final = re.compile(r"lintang|bujur|\blat|\blon|\blng|koordinat|^[xy]$", re.IGNORECASE)


def numbers(facts: TableFacts, found: Found) -> None:
    """Notation of numbers: one finding for a file's Indonesian notation, one for each column that mixes two."""
    numeric = [column for column in facts.columns if column.is_numeric and not is_region_column(column)]
    comma = [column for column in numeric if _is_indonesian(column) and not column.count(ENGLISH)]
    english = any(column.count(ENGLISH) for column in numeric)
    semicolons = any(
        note.code == "csv_dialect" and note.file == found.file and note.words.get("delimiter_en") == "semicolon"
        for note in found.notes.values()
    )
    for column in numeric:
        indonesian, others = column.count(INDONESIAN), column.count(ENGLISH)
        if indonesian and others:
            fewer = INDONESIAN if indonesian <= others else ENGLISH
            found("number_mixed", column=column.name, rows=column.rows_with(fewer), count=min(indonesian, others))
        elif column.notations["ambiguous"] and column not in comma and not others:
            if (comma or semicolons) and not english:
                comma.append(column)  # the rest of the file says which notation it is
            elif not _is_decimal(column, english=english):
                found("number_ambiguous", column=column.name, rows=column.rows_with(["ambiguous"]), count=column.notations["ambiguous"])
        elif column.notations["grouped_en"]:
            found("number_grouped", column=column.name, rows=column.rows_with(["grouped_en"]), count=column.notations["grouped_en"])
        if column.notations["percent"]:
            found("number_percent", column=column.name, rows=column.rows_with(["percent"]), count=column.notations["percent"])
    if comma:
        comma.sort(key=lambda column: column.index)
        written: list[Notation] = [*INDONESIAN, "ambiguous"]
        said = sorted({row for column in comma for row in column.rows_with([*written, *_percent_with_comma(column)])})
        count = sum(column.count([*written, *_percent_with_comma(column)]) for column in comma)
        found("decimal_comma", column=", ".join(column.name for column in comma[:10]), rows=said, count=count)


def _is_indonesian(column: ColumnFacts) -> bool:
    return bool(column.count(INDONESIAN) or _percent_with_comma(column))


def _percent_with_comma(column: ColumnFacts) -> list[Notation]:
    is_comma = column.notations["percent"] and any("," in value for value in column.values if notation_of(value) == "percent")
    return ["percent"] if is_comma else []


def _is_decimal(column: ColumnFacts, *, english: bool) -> bool:
    """Numbers such as 110.912 that are decimals beyond doubt: of a place on earth, or in a file that writes decimal points elsewhere."""
    is_whole = column.declared is not None and column.declared.type == "integer"
    return bool(_PLACE.search(column.name)) or (english and not is_whole)


def rounded(facts: TableFacts, found: Found) -> None:
    """Long numbers that a spreadsheet shortened: 3.3E+15, 3.3E+09 as a code, more than fifteen digits of which the last are always 0."""
    for column in facts.columns:
        shortened: list[Notation] = ["rounded", "scientific"] if is_called_a_code(column.name) else ["rounded"]
        shown = column.count(shortened)
        lost = 0
        for long, zeros, kinds in (("long16", "ends_in_0", {"nik", "kk"}), ("long18", "ends_in_000", {"nip"})):
            count = column.personal.count(zeros)
            if count == column.personal.count(long) and (count >= 3 or (count and (shown or column.hint in kinds))):
                lost += count
        if shown or lost:
            at = sorted({*column.rows_with(shortened), *(column.personal.together("ends_in_0", "ends_in_000").rows if lost else ())})
            found("number_rounded", column=column.name, rows=at, count=shown + lost)


def dates(facts: TableFacts, found: Found) -> None:
    for column in facts.columns:
        if not _is_date(column):
            continue
        _serials(column, facts, found)
        if count := column.notations["date_other"]:
            forms = Counter(date_form(v) for v in list(column.values)[:1000] if notation_of(v) == "date_other")
            if column.hint == "birth_date":
                forms = Counter({re.sub(r"[^htb/. -]", "", form): n for form, n in forms.items()})
            shown = ", ".join(form for form, _ in forms.most_common(4))
            found(
                "date_format",
                column=column.name,
                rows=column.rows_with(["date_other"]),
                count=count,
                forms=shown,
                forms_en=date_form_en(shown),
            )
        if (plain := _matching(column, _WITHOUT_SIGNS)) and sum(column.values[v] for v in plain) * 10 >= column.filled * 5:
            count = sum(column.values[value] for value in plain)
            forms_en = date_form_en("ttttbbhh")
            found("date_format", column=column.name, rows=facts.rows_of(column, plain), count=count, forms="ttttbbhh", forms_en=forms_en)
        if count := column.notations["date_impossible"]:
            found("date_impossible", column=column.name, rows=column.rows_with(["date_impossible"]), count=count)


def _is_date(column: ColumnFacts) -> bool:
    declared = column.declared.type if column.declared else None
    known = max(1, column.filled - column.notations["missing"])
    if declared in {"date", "datetime"} or column.count(DATES) * 10 >= known * 8:
        return declared in {"date", "datetime", "any", "string", None}
    return declared in {None, "any", "string"} and says_date(column.name) and column.hint == hint_of(column.name)


def says_date(name: str) -> bool:
    """`tgl_masuk`, `Tanggal Lahir`: a date by its name. `jumlah_kelahiran` and `kandidat` are none."""
    words = set(re.split(r"[\W_]+", name.casefold()))
    return bool((words & _DATE_WORDS or hint_of(name) == "birth_date") and not words & {"jumlah", "jml", "banyaknya", "total"})


def _serials(column: ColumnFacts, facts: TableFacts, found: Found) -> None:
    """Excel's day numbers: of whatever lies in a column of dates, or of nearly everything in one that is called so."""
    serial = serial_days(column)
    is_declared = column.declared is not None and column.declared.type in {"date", "datetime"}
    if serial and (is_declared or column.count(DATES) or len(serial) * 10 >= len(column.values) * 9):
        count = sum(column.values[value] for value in serial)
        sample = None if column.hint == "birth_date" else min(serial)
        found("date_serial", column=column.name, rows=facts.rows_of(column, serial), count=count, sample=sample)


def serial_days(column: ColumnFacts) -> set[str]:
    """The values that can be Excel's day numbers: of days from 1949 on, from 1927 on where people's births or declared dates stand."""
    is_declared = column.declared is not None and column.declared.type in {"date", "datetime"}
    first = 10_000 if is_declared or column.hint == "birth_date" else 18_000
    return {value for value in column.values if _SERIAL.fullmatch(value.strip()) and first < float(value) < 66_000}


def _matching(column: ColumnFacts, pattern: re.Pattern[str]) -> set[str]:
    return {value for value in column.values if pattern.fullmatch(value.strip())}


def cells(facts: TableFacts, found: Found) -> None:
    """Cells that run, that show a spreadsheet's error, that were read with the wrong encoding, and marks for nothing."""
    for column in facts.columns:
        for notation, code in (("formula", "cell_formula"), ("error", "cell_error")):
            if count := column.count([notation]):  # type: ignore[list-item]
                found(code, column=column.name, rows=column.rows_with([notation]), count=count)  # type: ignore[list-item]
        if column.broken:
            found("text_broken", column=column.name, rows=column.broken)
        marks = [value.strip() for value in column.values if notation_of(value) == "missing"]
        if column.notations["missing"] and (column.is_numeric or len(marks) > 1):
            at = column.rows_with(["missing"])
            found("missing_mark", column=column.name, rows=at, count=column.notations["missing"], marks=", ".join(sorted(set(marks))[:4]))


def mixed(facts: TableFacts, found: Found) -> None:
    """Words among numbers or dates where nothing is declared: `lima`, `33 orang`. Codes and what hides a small count (`<3`) are none."""
    for column in facts.columns:
        known = column.filled - column.notations["missing"]
        most = max(column.count(NUMBERS) + column.notations["percent"], column.count(DATES))
        others = column.notations["text"]
        if (column.declared and column.declared.type != "any") or not others or most < LEAST or most * 5 < known * 3:
            continue
        words = {value for value in column.values if notation_of(value) == "text" and _WORDY.search(value)}
        if words and not is_called_a_code(column.name) and column.hint is None and sum(column.values[v] for v in words) * 2 >= others:
            count = sum(column.values[value] for value in words)
            found("type_mixed", column=column.name, rows=facts.rows_of(column, words), count=count)


def spellings(facts: TableFacts, masked: Collection[int], found: Found) -> None:
    """One entity under several spellings: values that differ in case, spaces and signs only. `masked`: columns that nothing is shown of."""
    for column in facts.columns:
        if (
            column.index in masked
            or not column.all_counted
            or column.notations["text"] * 2 < column.filled
            or len(column.values) * 2 > column.filled + 20
        ):
            continue
        groups: dict[str, list[str]] = {}
        for value in column.values:
            if notation_of(value) == "text":
                groups.setdefault(key_of(value), []).append(value)
        several = {key: spelt for key, spelt in groups.items() if key and len(spelt) > 1}
        if several and column.hint not in {"name", "address"}:
            rare = {min(spelt, key=lambda v: (column.values[v], v)) for spelt in several.values()}
            shown = " = ".join(f"“{value}”" for value in next(iter(several.values()))[:3])
            found("value_spelling", column=column.name, rows=facts.rows_of(column, rare), count=len(several), shown=shown)
