"""Is this personal data of persons? What the columns of one table look like in, findings `personal_data_…` out.

Looks alone do not decide: a column of budget codes has sixteen digits, an office has a telephone. The names of the column and of its
neighbours, the share of its cells that fit, and whether persons stand in the same rows do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found, Severity, masked, masked_words
from checks.limits import ROWS
from checks.notation import DATES
from checks.persons import COUNTS_PERSONS, NOT_PERSONS, OFFICE, OFFICIALS, SENSITIVE, hint_of, is_about, is_person_name, share_of_names

NAMES_SHARE = 0.3
UNNAMED_SHARE = 0.6
_WORDS = re.compile(r"[^\W\d_][^\d_]{1,60}(?: \d{1,3})?")
PLACE_AND_DATE = re.compile(r"[A-Za-z .]{3,30}, ?\d{1,2}[-/ ](?:\d{1,2}|[A-Za-z]{3,9})[-/ ]\d{4}")


@dataclass(frozen=True)
class Around:
    """What the table is about: do persons stand in its rows, is it about offices, is its subject a sensitive one?"""

    persons: bool
    offices: bool
    sensitive: bool


def check_personal(facts: TableFacts, about: str, found: Found) -> None:
    """`about`: title, summary and keywords of the dataset, and the names of file and sheet."""
    hints = {column.index: hint_of(column.name) for column in facts.columns}
    named = {column.index for column in facts.columns if _holds_names(column, hints[column.index])}
    numbers = any(column.personal.count("nik_strong") for column in facts.columns) or bool({"nik", "birth_date"} & set(hints.values()))
    names = " ".join(column.name for column in facts.columns)
    around = Around(
        persons=bool(named) or numbers,
        offices=any(is_about(OFFICE, column.name) and "nama" in column.key for column in facts.columns),
        sensitive=is_about(SENSITIVE, names, about),
    )
    for column in facts.columns:
        hint = hints[column.index]
        _numbers(column, hint, found)
        _contacts(column, hint, around, found)
        _places(column, hint, around, found)
        _birth(column, hint, around, found)
        if column.index in named:
            _names(column, hint, around, facts, found)
        _masks(column, hint, found)


def _holds_names(column: ColumnFacts, hint: str | None) -> bool:
    """Names of persons: the column says so, or is plainly called a name and its values look like persons'. Officials do not count."""
    if column.filled == 0 or is_about(OFFICIALS, column.name) or column.notations["text"] * 2 < column.filled:
        return False
    values = list(column.values)[:500]
    if hint == "name" and column.key != "nama":  # nama_pasien: whatever names they carry
        return sum(bool(_WORDS.fullmatch(value.strip())) for value in values) * 2 >= len(values)
    share = share_of_names(values)
    return not is_about(NOT_PERSONS, column.name) and share >= (NAMES_SHARE if "nama" in column.key else UNNAMED_SHARE)


def _numbers(column: ColumnFacts, hint: str | None, found: Found) -> None:
    """NIK, No. KK, NIP and NPWP, passports, bank accounts."""
    seen = column.personal
    long16, fits = seen.count("long16"), seen.count("nik_strong")
    is_hinted = hint in {"nik", "kk"}
    weak = seen.count("nik_weak") if is_hinted or (fits and 2 * (fits + seen.count("nik_weak")) >= long16) else 0
    shown = seen.count("nik_shown") if is_hinted or fits else 0
    if is_hinted:
        hits = seen.together("long16", "nik_shown")
        enough = hits.count > 0
        shown = seen.count("nik_shown")
    else:
        kinds = ["nik_strong", *(["nik_weak"] if weak else []), *(["nik_shown"] if shown else [])]
        hits = seen.together(*kinds)
        enough = fits > 0 and (2 * (fits + weak) >= long16 or seen.count("inside_text") * 2 >= long16)
    if enough:
        code = "personal_data_kk" if hint == "kk" else "personal_data_nik"
        how = "(sebagian tampil sebagai bilangan ilmiah)" if shown else ""
        how_en = "(some shown in scientific notation)" if shown else ""
        found(code, column=column.name, rows=hits.rows, count=hits.count, sample=hits.sample, how=how, how_en=how_en)
    _said(column, "personal_data_npwp", ["npwp_form", *(["npwp_digits"] if hint == "npwp" else _if_most(column, "npwp_digits", 15))], found)
    _said(column, "personal_data_nip", ["nip"], found)
    if hint == "passport":
        _said(column, "personal_data_passport", ["passport"], found)
    if hint == "account":
        rows = column.rows_with(column.rows)
        dashed = [value for value in column.values if re.fullmatch(r"(?!\d(?:\.\d+){2})\d[\d\- .]{7,20}\d", value.strip())]
        if count := sum(column.values[value] for value in dashed):
            found("personal_data_account", column=column.name, rows=rows, count=count, sample=masked(dashed[0]))


def _if_most(column: ColumnFacts, look: str, length: int) -> list[str]:
    """One in ten random numbers passes the check digit: only a column in which nearly all do counts without being called so."""
    count = column.personal.count(look)
    return [look] if count >= 3 and count * 10 >= 9 * column.lengths[length] and column.lengths[length] else []


def _said(column: ColumnFacts, code: str, looks: Sequence[str], found: Found, severity: Severity | None = None) -> None:
    hits = column.personal.together(*looks)
    if hits.count:
        found(code, column=column.name, rows=hits.rows, count=hits.count, sample=hits.sample, severity=severity)


def _contacts(column: ColumnFacts, hint: str | None, around: Around, found: Found) -> None:
    """Telephones and mailboxes. An office's are no finding in a column that is meant for them."""
    office = is_about(OFFICE, column.name) or (around.offices and not around.persons)
    if not office:
        looks = ["mobile", *(["mobile_no_zero"] if hint == "phone" else [])]
        grave: Severity = "error" if hint == "phone" or around.persons else "warning"
        _said(column, "personal_data_phone", looks, found, grave)
    grave = "error" if (hint == "email" or around.persons) and not office else "warning"
    _said(column, "personal_data_email", ["mailbox"], found, grave)


def _places(column: ColumnFacts, hint: str | None, around: Around, found: Found) -> None:
    """Addresses with RT/RW, and streets in a column of addresses beside persons. An office's address is public."""
    if is_about(OFFICE, column.name) or (around.offices and not around.persons):
        return
    hits = column.personal.together("rt_rw")
    if hits.count:
        grave: Severity = "error" if hint == "address" or around.persons else "warning"
        found("personal_data_address", column=column.name, rows=hits.rows, count=hits.count, sample=hits.sample, severity=grave)
    elif hint == "address" and around.persons and column.filled:
        rows = column.rows_with(["text"])
        sample = masked_words(next((value for value in column.values if value.strip()), ""))
        found("personal_data_address", column=column.name, rows=rows, count=column.filled, sample=sample)


def _birth(column: ColumnFacts, hint: str | None, around: Around, found: Found) -> None:
    """A column of birth dates; the gravest beside names or identity numbers."""
    dates = column.count(DATES)
    places = [value for value in column.values if PLACE_AND_DATE.fullmatch(value.strip())]
    in_text = sum(column.values[value] for value in places)
    if hint == "birth_date" and dates + in_text:
        rows, count = column.rows_with(["date_iso", "date_other", "datetime", "text"]), dates + in_text
    elif in_text * 2 > column.filled and around.persons:
        rows, count = column.rows_with(["text"]), in_text
    else:
        return
    grave: Severity = "error" if around.persons else "warning"
    found("personal_data_birth_date", column=column.name, rows=rows, count=count, sample="**-**-****", severity=grave)


def _names(column: ColumnFacts, hint: str | None, around: Around, facts: TableFacts, found: Found) -> None:
    """Names of persons: grave beside health, poverty or school data and beside numbers that name them; else a warning."""
    beside = around.sensitive or any(
        other.personal.count("nik_strong", "nik_shown") or hint_of(other.name) in {"nik", "kk", "birth_date", "account"}
        for other in facts.columns
    )
    sample = next((value for value in column.values if is_person_name(value)), "")
    severity: Severity = "error" if beside else "warning"
    rows, count = column.rows_with(["text"]), column.notations["text"]
    found("personal_data_name", column=column.name, rows=rows, count=count, sample=masked_words(sample), severity=severity)


def _masks(column: ColumnFacts, hint: str | None, found: Found) -> None:
    _said(column, "mask_weak", ["half_masked"], found)
    if (
        hint in {"nik", "kk", "passport"}
        and column.filled
        and not any(
            note.column == column.name
            and (note.code.startswith("personal_data_") or note.code == "mask_weak")
            and note.sheet == found.sheet
            for note in found.notes.values()
        )
    ):
        found("column_personal", column=column.name, count=column.filled)


def check_small_groups(facts: TableFacts, found: Found) -> None:
    """One or two persons beside a village: whoever lives there knows who they are."""
    fine = any(
        (column.key.startswith(("kodedesa", "desa", "kelurahan", "namadesa", "namakelurahan", "dusun", "rt", "rw", "kodekelurahan")))
        or column.personal.count("rt_rw")
        or any(len(value) == 13 and value.count(".") == 3 for value in some_values(column))
        for column in facts.columns
    )
    if not fine:
        return
    for column in facts.columns:
        unit = (column.declared.unit or "") if column.declared else ""
        if not column.is_numeric or not (COUNTS_PERSONS.search(column.name.replace("_", " ")) or unit.casefold() in {"jiwa", "orang"}):
            continue
        if count := column.values["1"] + column.values["2"]:
            rows = [number for number, cells in facts.held if cells[column.index].strip() in {"1", "2"}][:ROWS]
            found("small_group", column=column.name, rows=rows, count=count)


def some_values(column: ColumnFacts) -> list[str]:
    """A few values of a column."""
    return [value.strip() for value, _ in zip(column.values, range(20), strict=False)]
