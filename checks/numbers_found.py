"""Numbers that name a person, as one column of a table holds them: what its cells look like in, findings `personal_data_…` out.

A column that is called so needs no more than cells of that shape; one that is not needs cells that fit the number's own rules.
"""

import re
from collections.abc import Sequence
from typing import Final

from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found, Severity, masked
from checks.identifiers import LANDLINE

_ACCOUNT: Final = re.compile(r"(?!\d(?:\.\d+){2})\d[\d\- .]{7,20}\d")
_PARTLY: Final = re.compile(r"(?=.*\d)\+?[\d .()\-]*(?:[*xX•#_?…]|\.{2,})[\d .()\-*xX•#_?…]*")
"""Digits and masks, and nothing else."""
_LONGEST: Final = 40
LEAST_HIDDEN: Final = {"nik": 8, "kk": 8, "nip": 8, "npwp": 7, "phone": 7, "account": 7}
"""By what a column is called: more digits than these left to be seen, and the few that are hidden can be tried."""
_OLD_NIP: Final = re.compile(r"\d{9}")


def find_numbers(column: ColumnFacts, hint: str | None, facts: TableFacts, found: Found) -> None:
    """NIK, No. KK, NIP and NPWP, passports, bank accounts. `hint`: what the column's name says it holds."""
    _identities(column, hint, found)
    is_npwp = ["npwp_digits", "npwp_shown"] if hint == "npwp" else _if_most(column, "npwp_digits", 15)
    say(column, "personal_data_npwp", ["npwp_form", *is_npwp], found)
    say(column, "personal_data_nip", ["nip", *_other_nips(column, hint)], found)
    if hint == "nip":
        _as_text(column, "personal_data_nip", _OLD_NIP, facts, found)
    if hint == "passport":
        say(column, "personal_data_passport", ["passport"], found)
    if hint == "account":
        _as_text(column, "personal_data_account", _ACCOUNT, facts, found)


def find_telephones(column: ColumnFacts, hint: str | None, facts: TableFacts, found: Found, *, beside_persons: bool) -> None:
    """Mobile numbers wherever they stand; landlines where they are persons'. Of columns that are not an office's."""
    find_mobiles(column, hint, found, "error" if hint == "phone" or beside_persons else "warning")
    if hint == "phone" and beside_persons:
        _as_text(column, "personal_data_phone", LANDLINE, facts, found)


def find_mobiles(column: ColumnFacts, hint: str | None, found: Found, severity: Severity) -> None:
    """Mobile numbers alone."""
    say(column, "personal_data_phone", ["mobile", *(["mobile_no_zero", "phone_shown"] if hint == "phone" else [])], found, severity)


def find_masked(column: ColumnFacts, hint: str, facts: TableFacts, found: Found) -> None:
    """Numbers of which too little is hidden, `081234567***`, in a column that says what they are."""
    values = {value for value in column.values if _PARTLY.fullmatch(value.strip()) and sum(map(str.isdigit, value)) > LEAST_HIDDEN[hint]}
    if count := sum(column.values[value] for value in values):
        found("mask_weak", column=column.name, rows=facts.rows_of(column, values), count=count, sample=masked(min(values)))


def say(column: ColumnFacts, code: str, looks: Sequence[str], found: Found, severity: Severity | None = None) -> None:
    """Of the cells that look so, if there are any."""
    hits = column.personal.together(*looks)
    if hits.count:
        found(code, column=column.name, rows=hits.rows, count=hits.count, sample=hits.sample, severity=severity)


def _identities(column: ColumnFacts, hint: str | None, found: Found) -> None:
    """NIK and No. KK have one shape; the name of the column says which, and nothing else can."""
    seen = column.personal
    long16, fits = seen.count("long16"), seen.count("nik_strong")
    lost = seen.count("nik_rounded_strong")
    is_hinted = hint in {"nik", "kk"}
    if is_hinted:
        hits = seen.together("long16", "nik_shown")
        enough = hits.count > 0
    else:
        weak = seen.count("nik_weak") if fits and 2 * (fits + seen.count("nik_weak")) >= long16 else 0
        kinds = ["nik_strong", *(["nik_weak"] if weak else []), *(["nik_shown"] if fits else [])]
        enough = fits > 0 and (2 * (fits + weak) >= long16 or seen.count("inside_text") * 2 >= long16)
        if lost > 1 and lost == long16:  # every serial is 0000, which no office gives out: a spreadsheet did
            kinds, enough = ["nik_rounded_strong"], True
        hits = seen.together(*kinds)
    if enough:
        code = "personal_data_kk" if hint == "kk" else "personal_data_nik"
        shown = seen.count("nik_shown") > 0 and (is_hinted or fits > 0)
        how = "(sebagian tampil sebagai bilangan ilmiah)" if shown else ""
        how_en = "(some shown in scientific notation)" if shown else ""
        found(code, column=column.name, rows=hits.rows, count=hits.count, sample=hits.sample, how=how, how_en=how_en)


def _other_nips(column: ColumnFacts, hint: str | None) -> list[str]:
    """NIP whose last digits a spreadsheet lost."""
    if hint == "nip":
        return ["nip_rounded", "nip_shown"]
    lost = column.personal.count("nip_rounded")
    return ["nip_rounded"] if lost > 1 and lost == column.personal.count("long18") else []


def _if_most(column: ColumnFacts, look: str, length: int) -> list[str]:
    """One in ten random numbers passes the check digit: only a column in which nearly all do counts without being called so."""
    count = column.personal.count(look)
    return [look] if count >= 3 and count * 10 >= 9 * column.lengths[length] and column.lengths[length] else []


def _as_text(column: ColumnFacts, code: str, pattern: re.Pattern[str], facts: TableFacts, found: Found) -> None:
    """Cells of a column that is called so and that are written like it."""
    values = {value for value in column.values if pattern.fullmatch(value.strip())}
    if count := sum(column.values[value] for value in values):
        found(code, column=column.name, rows=facts.rows_of(column, values), count=count, sample=masked(min(values)))
