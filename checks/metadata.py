"""Checks of metadata and file list: what the SOP's five words ask for that can be seen without opening a file."""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Final

from events.contracts import Finding
from events.metadata import Dataset, File

NAME_SHOWN: Final = 100
DAYS: Final = {
    "continuous": 1,
    "daily": 1,
    "weekly": 7,
    "monthly": 31,
    "quarterly": 92,
    "semiannual": 184,
    "annual": 366,
    "biennial": 731,
    "quinquennial": 1827,
}

OPTIONAL: Final = {"theme": "tema", "source": "sumber data", "method": "cara memperoleh data", "retention": "jadwal retensi"}
"""What may be left out, and what people call it."""
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
Check = Callable[[Dataset, Sequence[File], date], Finding | None]


def findings(dataset: Dataset, files: Sequence[File], *, today: date) -> tuple[Finding, ...]:
    return tuple(finding for check in CHECKS if (finding := check(dataset, files, today)))


def is_current(dataset: Dataset, files: Sequence[File], today: date) -> Finding | None:
    days = DAYS.get(dataset.frequency)
    if days is None or today - dataset.period_end <= timedelta(days=days):  # this way round also on the last day there is
        return None
    return Finding(
        word="aktual",
        severity="warning",
        code="not_current",
        field="dataset.period_end",
        message=f"Periode berakhir {dataset.period_end:%d-%m-%Y}; menurut frekuensinya data yang lebih baru seharusnya sudah ada.",
    )


def period_has_ended(dataset: Dataset, files: Sequence[File], today: date) -> Finding | None:
    if dataset.period_end <= today:
        return None
    return Finding(
        word="valid",
        severity="warning",
        code="period_not_ended",
        field="dataset.period_end",
        message=f"Periode baru berakhir {dataset.period_end:%d-%m-%Y}; data mungkin belum lengkap.",
    )


def is_described(dataset: Dataset, files: Sequence[File], today: date) -> Finding | None:
    missing = tuple(name for name in OPTIONAL if getattr(dataset, name) is None)
    return _incomplete(missing) if missing else None


@cache
def _incomplete(missing: tuple[str, ...]) -> Finding:
    """`missing`: of the optional fields, in their order."""
    return Finding(
        word="lengkap",
        severity="warning",
        code="metadata_incomplete",
        field=f"dataset.{missing[0]}",
        message=f"Belum diisi: {', '.join(OPTIONAL[name] for name in missing)}. Lengkapi sebelum diputuskan.",
    )


def has_no_empty_file(dataset: Dataset, files: Sequence[File], today: date) -> Finding | None:
    for index, file in enumerate(files):
        if file.bytes == 0:
            return Finding(
                word="lengkap", severity="error", code="file_empty", field=f"files.{index}", message=f"Berkas {file.name} kosong."
            )
    return None


def columns_are_distinct(dataset: Dataset, files: Sequence[File], today: date) -> Finding | None:
    names = [column.name for column in dataset.columns]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if not twice:
        return None
    return Finding(
        word="valid",
        severity="error",
        code="column_twice",
        field="dataset.columns",
        message=f"Kolom tertulis dua kali: {', '.join(_short(name) for name in twice[:5])}.",
    )


def _short(name: str) -> str:
    """A name of any length, so that it fits into a message with others."""
    return name if len(name) <= NAME_SHOWN else f"{name[:NAME_SHOWN]}…"


def says_its_period(dataset: Dataset, files: Sequence[File], today: date) -> Finding | None:
    """A title, summary or file name that names years, none of them in the period."""
    period = range(dataset.period_start.year, dataset.period_end.year + 1)
    for text, field in (
        (dataset.title, "dataset.title"),
        (dataset.summary, "dataset.summary"),
        *((f.name, f"files.{i}") for i, f in enumerate(files)),
    ):
        years = {int(year) for year in _YEAR.findall(text)} if "19" in text or "20" in text else set()
        if years and not years & set(period):
            told = ", ".join(map(str, sorted(years)))
            return Finding(
                word="aktual",
                severity="warning",
                code="other_year",
                field=field,
                message=f"Tertulis tahun {told}; periodenya {dataset.period_start:%d-%m-%Y} s.d. {dataset.period_end:%d-%m-%Y}.",
                message_en=f"It says {told}, but the period is {dataset.period_start} to {dataset.period_end}. Make them the same.",
            )
    return None


CHECKS: Final[tuple[Check, ...]] = (is_current, period_has_ended, is_described, has_no_empty_file, columns_are_distinct, says_its_period)
