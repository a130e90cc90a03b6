"""A regency's agencies as a list: CSV with the columns kode, name and contact in, one agency a row out."""

import csv
from pathlib import Path
from typing import Final, NamedTuple

from jejak.forms import FormRefused

NEEDED: Final = ("kode", "name")


class Wanted(NamedTuple):
    kode: str
    name: str
    contacts: tuple[str, ...] = ()


def read(path: Path) -> list[Wanted]:
    """Raises FormRefused when it is no such list: a column or a value is missing, or a code is there twice."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FormRefused(f"{path} cannot be read as CSV: {error}") from error
    for number, row in enumerate(rows, start=2):
        if missing := [name for name in NEEDED if not (row.get(name) or "").strip()]:
            raise FormRefused(f"{path}, line {number}: {', '.join(missing)} is missing (columns: kode, name, contact)")
    wanted = [_wanted(row) for row in rows]
    if twice := sorted({one.kode for one in wanted if sum(one.kode == other.kode for other in wanted) > 1}):
        raise FormRefused(f"{path}: {', '.join(twice)} is there twice")
    return wanted


def _wanted(row: dict[str, str]) -> Wanted:
    contacts = tuple(contact.strip() for contact in (row.get("contact") or "").split(";") if contact.strip())
    return Wanted(row["kode"].strip(), row["name"].strip(), contacts)
