"""Is this personal data of persons? What the columns of one table look like in, findings `personal_data_…` out.

Looks alone do not decide: a column of budget codes has sixteen digits, an office has a telephone. The names of the column and of its
neighbours, the share of its cells that fit, and whether persons stand in the same rows do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from checks.columns import ColumnFacts, TableFacts
from checks.findings import Found, Severity, masked_words
from checks.grid import PLACE_AND_DATE
from checks.notation import DATES, NUMBERS
from checks.numbers_found import LEAST_HIDDEN, find_masked, find_mobiles, find_numbers, find_telephones, say
from checks.persons import (
    HOUSED,
    NOT_PERSONS,
    OFFICE,
    OFFICIALS,
    PLACES,
    PUBLIC,
    SENSITIVE,
    bare_name,
    hint_of,
    is_about,
    is_headed,
    is_no_person,
    is_of_person,
    is_person_name,
    share_of_names,
)
from checks.prose import find_persons
from checks.written import serial_days

NAMES_SHARE = 0.3
UNNAMED_SHARE = 0.6
_BORN = re.compile(r"(?<!\d)\d{1,4}[ .\-/](?:\d{1,2}|[A-Za-z]{3,9})[ .\-/]\d{2,4}(?!\d)")
_EIGHT = re.compile(r"(?P<y2>19\d\d|20\d\d)(?P<m2>\d\d)(?P<d2>\d\d)|(?P<d>\d\d)(?P<m>\d\d)(?P<y>\d{4})")
_SPELT_OUT = re.compile(r"[^\W\d_]{3,}")
_WORDS = re.compile(r"[^\W\d_][^\d_]{1,60}(?: \d{1,3})?")


@dataclass(frozen=True)
class Around:
    """What the table is about: do persons stand in its rows, is it about offices, is its subject a sensitive one?"""

    persons: bool
    offices: bool
    sensitive: bool
    mobiles: Severity | None = None
    addresses: Severity | None = None
    """What mobile telephones and addresses with RT/RW are in a table of offices."""


def check_personal(facts: TableFacts, about: str, found: Found) -> None:
    """`about`: title, summary and keywords of the dataset, and the names of file and sheet."""
    hints = {column.index: column.hint for column in facts.columns}
    numbers = any(column.personal.count("nik_strong") for column in facts.columns) or bool({"nik", "birth_date"} & set(hints.values()))
    reached = numbers or any(_reaches_a_person(column, hints[column.index]) for column in facts.columns)
    named = {column.index for column in facts.columns if _holds_names(column, hints[column.index], beside_numbers=reached)}
    names = " ".join(column.name for column in facts.columns)
    persons, rows_of = bool(named) or numbers, _offices(facts)
    mobiles, addresses = _of_offices(facts, rows_of)
    around = Around(persons, bool(rows_of) and not persons, is_about(SENSITIVE, names, about), mobiles, addresses)
    for column in facts.columns:
        hint = hints[column.index]
        find_numbers(column, hint, facts, found)
        if not _is_office(column, around):
            find_telephones(column, hint, facts, found, beside_persons=around.persons)
            _places(column, hint, around, found)
        elif not is_headed(OFFICE, column.name):
            _of_whoever_runs_it(column, hint, around, found)
        _mailboxes(column, hint, around, found)
        _birth(column, hint, around, facts, found)
        if column.index in named:
            _names(column, hint, around, facts, found)
        elif not _is_office(column, around):
            find_persons(column, facts, found, "error" if around.sensitive else "warning")
        _masks(column, hint, facts, found, is_office=_is_office(column, around))


def _offices(facts: TableFacts) -> list[ColumnFacts]:
    """The columns that say which office each row stands for, by its name or number. None where there is a column `nama` or one of persons
    beside it: then it is only where these belong."""
    if any(column.key == "nama" or (is_of_person(column.name) and column.count(NUMBERS) == 0) for column in facts.columns):
        return []
    headed = [column for column in facts.columns if is_headed(OFFICE, column.name) and column.filled]
    first = [column for column in headed if column.index < 2 and not is_about(PLACES, column.name) and not is_about(OFFICIALS, column.name)]
    return first + [column for column in headed if "nama" in column.key]


def _of_offices(facts: TableFacts, offices: Sequence[ColumnFacts]) -> tuple[Severity | None, Severity | None]:
    """What mobile telephones and addresses with RT/RW are beside these: a group's are those of whoever leads it, a shop's of whoever keeps
    it. Public offices have their own, and whatever has a house has an address; the names of officials say that it is somebody's."""
    if not offices:
        return None, None
    grave: Severity = "error" if any(_holds_officials(column) for column in facts.columns) else "warning"
    is_public, is_housed = (any(is_headed(pattern, column.name) for column in offices) for pattern in (PUBLIC, HOUSED))
    reached = any(_reaches_a_person(column, column.hint) for column in facts.columns)
    mobiles = None if is_public and grave == "warning" else grave
    if reached and not is_public:
        return mobiles, grave
    is_named = any("nama" in column.key for column in offices)
    return mobiles, None if is_housed or (is_named and grave == "warning") else grave


def _holds_officials(column: ColumnFacts) -> bool:
    """Whoever leads it, by name."""
    is_text = column.notations["text"] * 2 >= column.filled > 0
    return is_text and is_about(OFFICIALS, column.name) and share_of_names(list(column.values)[:500]) >= NAMES_SHARE


def _is_office(column: ColumnFacts, around: Around) -> bool:
    """Are a column's telephones, mailboxes and addresses those of offices?"""
    return is_headed(OFFICE, column.name) or (around.offices and not is_of_person(column.name))


def _of_whoever_runs_it(column: ColumnFacts, hint: str | None, around: Around, found: Found) -> None:
    """In a table of offices only landlines and mailboxes of roles are certainly theirs."""
    if around.mobiles:
        find_mobiles(column, hint, found, around.mobiles)
    hits = column.personal.together("rt_rw")
    if hits.count and around.addresses:
        found("personal_data_address", column=column.name, rows=hits.rows, count=hits.count, sample=hits.sample, severity=around.addresses)


def _reaches_a_person(column: ColumnFacts, hint: str | None) -> bool:
    """A mobile telephone: whoever is called a name beside it is a person, for offices have other columns."""
    return hint == "phone" and column.personal.count("mobile") > 0 and not is_headed(OFFICE, column.name)


def _holds_names(column: ColumnFacts, hint: str | None, *, beside_numbers: bool) -> bool:
    """Names of persons: the column says so, or is plainly called a name and its values look like persons', or stands beside numbers that
    only persons have. Officials do not count."""
    if column.filled == 0 or is_about(OFFICIALS, column.name) or column.notations["text"] * 2 < column.filled:
        return False
    values = list(column.values)[:500]
    if hint == "name" and (column.key != "nama" or beside_numbers):  # nama_pasien: whatever names they carry
        return sum(_may_be_called(value) for value in values) * 2 >= len(values)
    share = share_of_names(values)
    return not is_headed(NOT_PERSONS, column.name) and share >= (NAMES_SHARE if "nama" in column.key else UNNAMED_SHARE)


def _may_be_called(value: str) -> bool:
    """Words, that are no group's or street's; initials and names behind stars (`B*** S***`, `Tn. A`) name nobody."""
    return bool(_WORDS.fullmatch(bare_name(value)) and _SPELT_OUT.search(value)) and "**" not in value and not is_no_person(value)


def _mailboxes(column: ColumnFacts, hint: str | None, around: Around, found: Found) -> None:
    """An office's mailbox is no finding where it is a role's; a person's in its place is a milder one."""
    office = _is_office(column, around)
    grave: Severity = "error" if (hint == "email" or around.persons) and not office else "warning"
    say(column, "personal_data_email", ["mailbox"], found, grave)


def _places(column: ColumnFacts, hint: str | None, around: Around, found: Found) -> None:
    """Addresses with RT/RW, and streets in a column of addresses beside persons."""
    hits = column.personal.together("rt_rw")
    if hits.count:
        grave: Severity = "error" if hint == "address" or around.persons else "warning"
        found("personal_data_address", column=column.name, rows=hits.rows, count=hits.count, sample=hits.sample, severity=grave)
    elif hint == "address" and around.persons and column.filled:
        rows = column.rows_with(["text"])
        sample = masked_words(next((value for value in column.values if value.strip()), ""))
        found("personal_data_address", column=column.name, rows=rows, count=column.filled, sample=sample)


def _birth(column: ColumnFacts, hint: str | None, around: Around, facts: TableFacts, found: Found) -> None:
    """A column of birth dates; the gravest beside names or identity numbers, where `lahir` counts nothing."""
    hint = hint_of(column.name) if around.persons else hint
    dates = column.count(DATES)
    places = [value for value in column.values if PLACE_AND_DATE.fullmatch(value.strip())]
    in_text = sum(column.values[value] for value in places)
    born = {value for value in column.values if _is_birth(value)} if hint == "birth_date" else set()
    told = sum(column.values[value] for value in born)
    if told > dates:
        rows, count = facts.rows_of(column, born), told
    elif hint == "birth_date" and dates:
        rows, count = column.rows_with(["date_iso", "date_other", "datetime"]), dates
    elif hint == "birth_date" and (serial := serial_days(column)):
        rows, count = facts.rows_of(column, serial), sum(column.values[value] for value in serial)
    elif in_text * 2 > column.filled and around.persons:
        rows, count = column.rows_with(["text"]), in_text
    else:
        return
    grave: Severity = "error" if around.persons else "warning"
    found("personal_data_birth_date", column=column.name, rows=rows, count=count, sample="**-**-****", severity=grave)


def _is_birth(value: str) -> bool:
    """However it is written: `27-Apr-82`, `Karanganyar/17-05-1992`, `17051992`."""
    if match := _EIGHT.fullmatch(value.strip()):
        day, month, year = (match["d"], match["m"], match["y"]) if match["y"] else (match["d2"], match["m2"], match["y2"])
        return 1 <= int(day) <= 31 and 1 <= int(month) <= 12 and 1900 <= int(year) <= 2100
    return bool(_BORN.search(value))


def _names(column: ColumnFacts, hint: str | None, around: Around, facts: TableFacts, found: Found) -> None:
    """Names of persons: grave beside health, poverty or school data and beside numbers that name them; else a warning."""
    beside = around.sensitive or any(
        other.personal.count("nik_strong", "nik_shown") or other.hint in {"nik", "kk", "birth_date", "account"} for other in facts.columns
    )
    told = [value for value in column.values if value.strip()]
    sample = next((value for value in told if is_person_name(value)), told[0])
    severity: Severity = "error" if beside else "warning"
    rows, count = column.rows_with(["text"]), column.notations["text"]
    found("personal_data_name", column=column.name, rows=rows, count=count, sample=masked_words(sample), severity=severity)


def _masks(column: ColumnFacts, hint: str | None, facts: TableFacts, found: Found, *, is_office: bool) -> None:
    if column.personal.count("half_masked"):
        say(column, "mask_weak", ["half_masked"], found)
    elif hint in LEAST_HIDDEN and not is_office:
        find_masked(column, hint, facts, found)
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


def some_values(column: ColumnFacts) -> list[str]:
    """A few values of a column."""
    return [value.strip() for value, _ in zip(column.values, range(20), strict=False)]
