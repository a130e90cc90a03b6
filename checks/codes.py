"""Region codes against the official list, names against codes, and other codes whose length says that a zero was lost."""

import re
from typing import Final

from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found
from checks.limits import ROWS
from checks.notation import notation_of
from checks.persons import hint_of
from checks.region_names import codes_against_codes, names_against_codes
from checks.regions import dotted, lost_zero, meant, regions

_REGION_NAME: Final = re.compile(
    r"(?:kode|id)_?(?:wilayah|desa|kelurahan|kecamatan|kab|kabupaten|kota|prov|provinsi|kemendagri)\w*", re.IGNORECASE
)
_CODE_NAME: Final = re.compile(
    r"(?:^|_|\b)(?:kode|code|npsn|nomor|no_?induk|nisn|id|npwp|telp|telepon|tlp|fax|faks|(?:nik|kk|nip|hp)(?![a-z]))", re.IGNORECASE
)
_COUNTS: Final = re.compile(r"jumlah|jml|banyak|total|rata|persen|luas", re.IGNORECASE)
_DIGITS_AND_DOTS: Final = re.compile(r"\d{2}[.,]\d{1,2}(?:\.\d{1,2}(?:\.\d{1,4})?)?|\d{2,10}(?:\.0)?")
_KNOWN_LENGTHS: Final = {"kodepos postalcode": 5, "npsn": 8, "nisn": 10, "nik": 16, "nokk nomorkk nkk": 16}
"""Codes whose length is known, by the keys of the names that they go by."""


def is_called_a_code(name: str) -> bool:
    """`kode_pos`, `no_hp`; `jumlah_kk` is none."""
    return bool(_REGION_NAME.search(name)) or _is_coded(name)


def _is_coded(name: str) -> bool:
    return _CODE_NAME.search(name) is not None and not _COUNTS.match(name)


def codes(facts: TableFacts, found: Found) -> None:
    """Region codes against the official list; other codes whose length differs from all the others'."""
    coded = [column for column in facts.columns if is_region_column(column)]
    for column in facts.columns:
        if column in coded:
            _regions(column, facts, found)
        elif _REGION_NAME.search(column.name) and column.notations["text"] * 2 > column.filled and (others := _coded_names(coded)):
            advice, advice_en = f"Kodenya ada di kolom {others}; tukar isinya.", f"The codes are in column {others}; change them round."
            at, count = column.rows_with(["text"]), column.notations["text"]
            found("region_code_format", column=column.name, rows=at, count=count, advice=advice, advice_en=advice_en)
        else:
            _lengths(column, facts, found)
    codes_against_codes(coded, facts, found)


def _coded_names(coded: list[ColumnFacts]) -> str:
    """The columns that hold codes and are called names."""
    return ", ".join(column.name for column in coded if re.match(r"nama", column.name, re.IGNORECASE))


def is_region_column(column: ColumnFacts) -> bool:
    """Called so, or written so, and half of its codes or more are on the official list, as they stand or as a spreadsheet left them."""
    values = [value.strip() for value, _ in zip(column.values, range(1000), strict=False) if value.strip()]
    is_named = bool(_REGION_NAME.search(column.name))
    if not values or (column.declared and column.declared.type in {"integer", "number", "date"} and not is_named):
        return False
    fitting = [value for value in values if _DIGITS_AND_DOTS.fullmatch(value)]
    if len(fitting) * 5 < len(values) * 3:
        return False
    if not is_named and not _is_coded(column.name) and len(fitting) < len(values):
        return False
    dotted_ones = sum(any(sign in value for sign in ".,") and len(value) > 3 and not value.endswith(".0") for value in fitting)
    exist = sum(regions().exists(re.sub(r"\D", "", value.removesuffix(".0"))) for value in fitting)
    if is_named:
        return exist * 2 >= len(values) or dotted_ones * 2 >= len(values)
    return dotted_ones * 2 > len(values) and exist * 2 >= len(values)


def _regions(column: ColumnFacts, facts: TableFacts, found: Found) -> None:
    dots = sum("." in v and not v.endswith(".0") for v in column.values) * 2 >= len(column.values)
    shape = re.compile(r"\d{2}(?:\.\d{2}(?:\.\d{2}(?:\.\d{4})?)?)?" if dots else r"\d{2}|\d{4}|\d{6}|\d{10}")
    wrong, unknown, plain = set(), set(), 0
    for value in column.values:
        bare = value.strip()
        if bare and notation_of(bare) != "missing":
            if not shape.fullmatch(bare):
                wrong.add(value)
            elif not regions().exists(bare.replace(".", "")):
                unknown.add(value)
            plain += bare.isdecimal() and len(bare) > 2
    if wrong:
        advice, advice_en = _advice(wrong)
        count = sum(column.values[value] for value in wrong)
        at, sample = facts.rows_of(column, wrong), min(wrong)
        found("region_code_format", column=column.name, rows=at, count=count, advice=advice, advice_en=advice_en, sample=sample)
    if unknown and column.all_counted:
        count = sum(column.values[value] for value in unknown)
        found("region_code_unknown", column=column.name, rows=facts.rows_of(column, unknown), count=count, sample=min(unknown))
    if plain * 2 > len(column.values):
        example = next((v.strip() for v in column.values if len(v.strip()) > 2 and v.strip().isdecimal()), "3313")
        found("region_code_plain", column=column.name, count=plain, example=f"{example} → {dotted(example)}")
    names_against_codes(column, facts, found)


def _advice(wrong: set[str]) -> tuple[str, str]:
    """What the codes were, where that is certain."""
    zeros = [f"{value.strip()} → {right}" for value in sorted(wrong) if (right := lost_zero(value.strip()))]
    others = [f"{value.strip()} → {right}" for value in sorted(wrong) if not lost_zero(value.strip()) and (right := meant(value.strip()))]
    advice = f" Angka nol di belakang hilang: {', '.join(zeros[:5])}." if zeros else ""
    advice_en = f" A zero at the end was lost: {', '.join(zeros[:5])}." if zeros else ""
    if others:
        advice += f" Kode itu: {', '.join(others[:5])}."
        advice_en += f" The codes are: {', '.join(others[:5])}."
    return advice, advice_en


def _lengths(column: ColumnFacts, facts: TableFacts, found: Found) -> None:
    """Codes of one length, and some shorter by a digit or two: a zero in front may be gone. Numbers that count (1, 2, 3 …) are no codes."""
    text = column.declared is None or column.declared.type in {"string", "any"}
    total = sum(column.lengths.values())
    is_named = _is_coded(column.name)
    if column.hint != hint_of(column.name) or not text or not total or total * 10 < column.filled * 9 or not (column.declared or is_named):
        return
    usual = next((length for name, length in _KNOWN_LENGTHS.items() if column.key in name.split()), 0)
    usual = usual or _usual(column, total, is_named=is_named)
    short = {n: times for n, times in column.lengths.items() if n < usual}
    if not short or (min(short) < usual - 3) or (len(column.lengths) > 1 and _counts(column)):
        return
    lost = {value for value in column.values if value.strip().isdecimal() and len(value.strip()) < usual and value.strip()[0] != "0"}
    if column.all_counted and not lost:
        return  # what begins with a zero has lost none: telephones are of several lengths
    at = facts.rows_of(column, lost) or sorted({row for n in short for row in column.length_rows.get(n, ())})[:ROWS]
    shown = ", ".join(map(str, sorted({len(value.strip()) for value in lost} or short)))
    count = sum(column.values[value] for value in lost) or sum(short.values())
    found("code_length", column=column.name, rows=at, count=count, length=shown, usual=usual)


def _usual(column: ColumnFacts, total: int, *, is_named: bool) -> int:
    """How many digits the codes of a column have: most of them, or half where the others are one short; 0 when nothing says so."""
    usual, count = column.lengths.most_common(1)[0]
    if column.notations["leading_zero"]:
        usual = max(column.lengths) if len(column.lengths) == 2 else usual
        count = column.lengths[usual]
    enough = 5 if set(column.lengths) <= {usual, usual - 1} and is_named else 7
    least = 3 if column.notations["leading_zero"] and is_named else 4
    return usual if total >= 3 and usual >= least and count * 10 >= total * enough else 0


def _counts(column: ColumnFacts) -> bool:
    """Do these numbers fill the stretch that they lie in, as numbers do that count something?"""
    low, high = column.smallest or 0, column.largest or 0
    return not column.notations["leading_zero"] and len(column.values) * 2 > high - low + 1
