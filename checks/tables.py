"""Checks of one table's facts: header, rows, notation of numbers and dates, codes, totals; each a function that says what it finds."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found
from checks.grid import key_of
from checks.limits import ROWS
from checks.notation import DATES, ENGLISH, INDONESIAN, NUMBERS, date_form, notation_of, number_in
from checks.persons import hint_of
from checks.regions import dotted, lost_zero, regions

_REGION_NAME: Final = re.compile(
    r"(?:kode|id)_?(?:wilayah|desa|kelurahan|kecamatan|kab|kabupaten|kota|prov|provinsi|kemendagri)\w*", re.IGNORECASE
)
_CODE_NAME: Final = re.compile(r"(?:^|_|\b)(?:kode|code|npsn|nomor|no_?induk|nisn|id|nik|kk|nip|npwp|hp|telp)", re.IGNORECASE)
_DATE_NAME: Final = re.compile(r"tanggal|tgl|date|lahir", re.IGNORECASE)
_DIGITS_AND_DOTS: Final = re.compile(r"\d{2}\.\d{1,2}(?:\.\d{1,2}(?:\.\d{1,4})?)?|\d{2,10}")
_GENERIC: Final = re.compile(r"\b(?:kelurahan|desa|kampung|gampong|nagari|kel|ds)\b\.?", re.IGNORECASE)


def header(facts: TableFacts, found: Found) -> None:
    names = facts.table.names
    if blank := [i + 1 for i, column in enumerate(facts.columns) if not names[i] and column.filled]:
        found("header_blank", rows=[facts.table.header_row], count=len(blank), places=", ".join(map(str, blank[:5])))
    twice = [name for name, n in Counter(key_of(name) for name in names if name).items() if n > 1]
    if twice:
        shown = [name for name in names if key_of(name) in twice]
        found("header_twice", rows=[facts.table.header_row], count=len(twice), names=", ".join(dict.fromkeys(shown)))


def rows(facts: TableFacts, found: Found) -> None:
    if facts.ragged_count:
        found("row_ragged", rows=facts.ragged, count=facts.ragged_count, width=len(facts.columns))
    if facts.blank_count:
        found("row_blank", rows=facts.blank, count=facts.blank_count)
    if facts.twice_count:
        found("row_twice", rows=facts.twice, count=facts.twice_count)
    if facts.rows == 0:
        found("table_empty")


def totals(facts: TableFacts, found: Found) -> None:
    """Rows of totals among the data; and whether they are the sums that they should be."""
    if not facts.totals:
        return
    found("total_row", rows=[number for number, _ in facts.totals], count=len(facts.totals))
    if not facts.all_held:
        return
    marks = {number for number, _ in facts.totals}
    for column in facts.columns:
        if not column.is_numeric and column.count(NUMBERS) * 10 < column.filled * 9:
            continue
        wrong = _wrong_sums(facts.held, marks, column)
        if wrong:
            found("sum_differs", column=column.name, rows=wrong)


def _wrong_sums(held: Sequence[tuple[int, tuple[str, ...]]], marks: set[int], column: ColumnFacts) -> list[int]:
    since = all_of_them = 0.0
    wrong = []
    indonesian = _is_indonesian(column)
    for number, cells in held:
        value = number_in(cells[column.index], indonesian=indonesian)
        if number not in marks:
            since, all_of_them = since + (value or 0), all_of_them + (value or 0)
            continue
        is_mean = any(re.match(r"\s*(?:rata|rerata)", cell, re.IGNORECASE) for cell in cells[:3])
        if value is not None and not is_mean and not any(abs(value - s) <= max(0.5, abs(s) * 0.0005) for s in (since, all_of_them)):
            wrong.append(number)
        since = 0.0
    return wrong


def row_sums(facts: TableFacts, found: Found) -> None:
    """A column called a total that is the sum of the columns before it in nearly every row: the others are told."""
    numeric = [column for column in facts.columns if column.is_numeric and not column.key.startswith("kode")]
    for place, column in enumerate(numeric):
        if not re.search(r"total|jumlah", column.name, re.IGNORECASE):
            continue
        for first in range(max(0, place - 6), place - 1):
            parts = numeric[first:place]
            told = [(n, *_sum_of(cells, parts, column)) for n, cells in facts.held if cells[column.index].strip()]
            wrong = [n for n, total, parts_sum in told if total is not None and abs(total - parts_sum) > max(0.5, abs(total) * 0.0005)]
            if len(told) >= 5 and wrong and len(wrong) * 5 <= len(told):
                found("sum_differs", column=column.name, rows=wrong)
                break


def _sum_of(cells: Sequence[str], parts: Sequence[ColumnFacts], total: ColumnFacts) -> tuple[float | None, float]:
    return (
        number_in(cells[total.index], indonesian=_is_indonesian(total)),
        sum(number_in(cells[part.index], indonesian=_is_indonesian(part)) or 0.0 for part in parts),
    )


def _is_indonesian(column: ColumnFacts) -> bool:
    return column.count(INDONESIAN) >= column.count(ENGLISH)


def numbers(facts: TableFacts, found: Found) -> None:
    """Notation of numbers: one finding for a file's Indonesian notation, one for each column that mixes two."""
    comma: list[ColumnFacts] = []
    for column in facts.columns:
        if not column.is_numeric:
            continue
        indonesian, english = column.count(INDONESIAN), column.count(ENGLISH)
        if indonesian and english:
            fewer = INDONESIAN if indonesian <= english else ENGLISH
            found("number_mixed", column=column.name, rows=column.rows_with(fewer), count=min(indonesian, english))
        elif indonesian:
            comma.append(column)
        elif column.notations["ambiguous"] and not english:
            found("number_ambiguous", column=column.name, rows=column.rows_with(["ambiguous"]), count=column.notations["ambiguous"])
        elif column.notations["grouped_en"]:
            found("number_grouped", column=column.name, rows=column.rows_with(["grouped_en"]), count=column.notations["grouped_en"])
        if column.notations["percent"]:
            found("number_percent", column=column.name, rows=column.rows_with(["percent"]), count=column.notations["percent"])
    if comma:
        said = sorted({row for column in comma for row in column.rows_with([*INDONESIAN, "ambiguous"])})
        count = sum(column.count([*INDONESIAN, "ambiguous"]) for column in comma)
        found("decimal_comma", column=", ".join(column.name for column in comma[:10]), rows=said, count=count)


def rounded(facts: TableFacts, found: Found) -> None:
    """Long numbers that a spreadsheet shortened: 3.31301E+15, or sixteen digits of which the last is always 0."""
    for column in facts.columns:
        shown = column.notations["rounded"]
        zeros, long16 = column.personal.count("ends_in_0"), column.personal.count("long16")
        lost = zeros if zeros == long16 and (zeros >= 3 or (zeros and (shown or hint_of(column.name) in {"nik", "kk"}))) else 0
        if shown or lost:
            at = sorted({*column.rows_with(["rounded"]), *(column.personal.together("ends_in_0").rows if lost else ())})
            found("number_rounded", column=column.name, rows=at, count=shown + lost)


def dates(facts: TableFacts, found: Found) -> None:
    for column in facts.columns:
        declared = column.declared.type if column.declared else None
        known = max(1, column.filled - column.notations["missing"])
        is_date = declared in {"date", "datetime"} or (
            declared in {None, "any", "string"} and (column.count(DATES) * 10 >= known * 8 or bool(_DATE_NAME.search(column.name)))
        )
        if not is_date:
            continue
        serial = [
            value for value in column.values if re.fullmatch(r"[2-6]\d{4}(?:\.\d+)?", value.strip()) and 18_000 < float(value) < 66_000
        ]
        if serial and (declared in {"date", "datetime"} or column.count(DATES) or len(serial) * 10 >= len(column.values) * 9):
            wanted = set(serial)
            at = [number for number, cells in facts.held if cells[column.index] in wanted]
            found("date_serial", column=column.name, rows=at[:ROWS], count=sum(column.values[v] for v in serial), sample=serial[0])
        if count := column.notations["date_other"]:
            forms = Counter(date_form(v) for v in list(column.values)[:1000] if notation_of(v) == "date_other")
            if hint_of(column.name) == "birth_date":
                forms = Counter({re.sub(r"[^htb/. -]", "", form): n for form, n in forms.items()})
            shown = ", ".join(form for form, _ in forms.most_common(4))
            found("date_format", column=column.name, rows=column.rows_with(["date_other"]), count=count, forms=shown)
        if count := column.notations["date_impossible"]:
            found("date_impossible", column=column.name, rows=column.rows_with(["date_impossible"]), count=count)


def codes(facts: TableFacts, found: Found) -> None:
    """Region codes against the official list; other codes whose length differs from all the others'."""
    for column in facts.columns:
        if _region_column(column):
            _regions(column, facts, found)
        else:
            _lengths(column, found)


def _region_column(column: ColumnFacts) -> bool:
    values = [value.strip() for value, _ in zip(column.values, range(1000), strict=False) if value.strip()]
    if not values or (column.declared and column.declared.type in {"integer", "number", "date"} and not _REGION_NAME.search(column.name)):
        return False
    if not all(_DIGITS_AND_DOTS.fullmatch(value) for value in values[:20]):
        return False
    dotted_ones = sum("." in value and len(value) > 3 for value in values)
    exist = sum(regions().exists(value.replace(".", "")) for value in values)
    if _REGION_NAME.search(column.name):
        return exist * 2 >= len(values) or dotted_ones * 2 >= len(values)
    return dotted_ones * 2 > len(values) and exist * 2 >= len(values)


def _regions(column: ColumnFacts, facts: TableFacts, found: Found) -> None:
    shape = re.compile(
        r"\d{2}(?:\.\d{2}(?:\.\d{2}(?:\.\d{4})?)?)?"
        if sum("." in v for v in column.values) * 2 >= len(column.values)
        else r"\d{2}|\d{4}|\d{6}|\d{10}"
    )
    wrong, unknown, plain = set(), set(), 0
    for value in column.values:
        bare = value.strip()
        if bare and notation_of(bare) != "missing":
            if not shape.fullmatch(bare):
                wrong.add(value)
            elif not regions().exists(bare.replace(".", "")):
                unknown.add(value)
            plain += "." not in bare and len(bare) > 2
    if wrong:
        proposals = [f"{value.strip()} → {right}" for value in sorted(wrong) if (right := lost_zero(value.strip()))]
        advice = f" Angka nol di belakang hilang: {', '.join(proposals[:5])}." if proposals else ""
        advice_en = f" A zero at the end was lost: {', '.join(proposals[:5])}." if proposals else ""
        count = sum(column.values[value] for value in wrong)
        found(
            "region_code_format",
            column=column.name,
            rows=_rows_of(facts, column, wrong),
            count=count,
            advice=advice,
            advice_en=advice_en,
            sample=min(wrong),
        )
    if unknown and column.all_counted:
        count = sum(column.values[value] for value in unknown)
        found("region_code_unknown", column=column.name, rows=_rows_of(facts, column, unknown), count=count, sample=min(unknown))
    if plain * 2 > len(column.values):
        example = next((v.strip() for v in column.values if len(v.strip()) > 2 and "." not in v), "3313")
        found("region_code_plain", column=column.name, count=plain, example=f"{example} → {dotted(example)}")
    _names_against_codes(column, facts, found)


def _names_against_codes(column: ColumnFacts, facts: TableFacts, found: Found) -> None:
    """A village's name beside its code: where most agree with the list, the others are told."""
    villages = regions().villages
    for other in facts.columns:
        if other is column or not re.search(r"^nama|desa|kelurahan", other.name, re.IGNORECASE):
            continue
        told = [
            (n, villages[c], cells[other.index])
            for n, cells in facts.held
            if (c := cells[column.index].strip().replace(".", "")) in villages
        ]
        wrong = [number for number, official, name in told if official != name and _spelt(official) != _spelt(name)]
        if len(told) >= 5 and wrong and len(wrong) * 4 <= len(told):
            found("region_name", column=other.name, rows=wrong)


def _spelt(name: str) -> str:
    return key_of(_GENERIC.sub("", name)) or key_of(name)


def _lengths(column: ColumnFacts, found: Found) -> None:
    """Codes of one length, and some shorter by a digit or two: a zero in front may be gone."""
    text = column.declared is None or column.declared.type in {"string", "any"}
    total = sum(column.lengths.values())
    if (
        not text
        or total < 3
        or total * 10 < column.filled * 9
        or len(column.lengths) < 2
        or not (column.declared or _CODE_NAME.search(column.name))
    ):
        return
    usual, count = column.lengths.most_common(1)[0]
    others = {n: times for n, times in column.lengths.items() if n != usual}
    if usual < 4 or count * 10 < total * 7 or min(others) < usual - 3:
        return
    at = sorted({row for n in others for row in column.length_rows.get(n, ())})
    found("code_length", column=column.name, rows=at, count=sum(others.values()), length=", ".join(map(str, sorted(others))), usual=usual)


def _rows_of(facts: TableFacts, column: ColumnFacts, values: set[str]) -> list[int]:
    return list(itertools.islice((number for number, cells in facts.held if cells[column.index] in values), ROWS))


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


def spellings(facts: TableFacts, found: Found) -> None:
    """One entity under several spellings: values that differ in case, spaces and signs only."""
    for column in facts.columns:
        if not column.all_counted or column.notations["text"] * 2 < column.filled or len(column.values) * 2 > column.filled + 20:
            continue
        groups: dict[str, list[str]] = {}
        for value in column.values:
            if notation_of(value) == "text":
                groups.setdefault(key_of(value), []).append(value)
        several = {key: spelt for key, spelt in groups.items() if key and len(spelt) > 1}
        if several and hint_of(column.name) not in {"name", "address"}:
            rare = {min(spelt, key=lambda v: (column.values[v], v)) for spelt in several.values()}
            shown = " = ".join(f"“{value}”" for value in next(iter(several.values()))[:3])
            found("value_spelling", column=column.name, rows=_rows_of(facts, column, rare), count=len(several), shown=shown)


TABLE_CHECKS: Final[tuple[Callable[[TableFacts, Found], None], ...]] = (
    header, rows, totals, row_sums, numbers, rounded, dates, codes, cells, spellings,
)  # fmt: skip
