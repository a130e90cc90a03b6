"""What the checks find in metadata and file list, in the SOP's five words; only those that apply, each once."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from checks.metadata import CHECKS, DAYS, findings
from events.contracts import Finding
from events.metadata import Dataset, File
from tests.events.given import DATASET, FILE

TODAY = date(2026, 11, 23)
DESCRIBED = {
    "theme": "Pemerintahan",
    "source": "Pendataan desa",
    "method": "Pencacahan",
    "retention": {"code": "000.8", "active": "2 tahun", "inactive": "3 tahun", "fate": "permanen"},
}


def found(*files: dict[str, Any], today: date = TODAY, **changes: Any) -> tuple[Finding, ...]:
    dataset = Dataset.model_validate(DATASET | DESCRIBED | changes, strict=False)
    return findings(dataset, [File.model_validate(file) for file in files or (FILE,)], today=today)


def codes(finding: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return [(f.word, f.severity, f.code) for f in finding]


def test_nothing_is_found_in_complete_and_current_data() -> None:
    assert found() == ()


@pytest.mark.parametrize(("period_end", "late"), [("2025-11-22", False), ("2025-11-21", True)])
def test_data_older_than_its_frequency_is_not_current(period_end: str, *, late: bool) -> None:
    found_now = found(period_end=period_end, frequency="annual")

    assert codes(found_now) == ([("aktual", "warning", "not_current")] if late else [])
    assert not late or "21-11-2025" in found_now[0].message


@pytest.mark.parametrize("frequency", ["irregular", "never"])
def test_what_appears_at_no_fixed_times_is_never_out_of_date(frequency: str) -> None:
    assert found(frequency=frequency, period_end="1999-12-31", period_start="1999-01-01") == ()


def test_a_period_that_has_not_ended_is_told() -> None:
    assert codes(found(period_end="2026-11-24")) == [("valid", "warning", "period_not_ended")]
    assert found(period_end="2026-11-23") == ()


def test_what_is_required_before_the_decision_is_asked_for_by_name() -> None:
    (finding,) = found(source=None, retention=None)

    assert (finding.word, finding.code, finding.field) == ("lengkap", "metadata_incomplete", "dataset.source")
    assert "sumber data, jadwal retensi" in finding.message


def test_an_empty_file_is_an_error_at_its_place() -> None:
    (finding,) = found(FILE, FILE | {"name": "kosong.csv", "bytes": 0})

    assert (finding.word, finding.severity, finding.code, finding.field) == ("lengkap", "error", "file_empty", "files.1")
    assert "kosong.csv" in finding.message


def test_a_column_described_twice_is_an_error() -> None:
    column = DATASET["columns"][0]

    (finding,) = found(columns=[column, column | {"name": "nama"}, column])

    assert (finding.word, finding.severity, finding.code) == ("valid", "error", "column_twice")
    assert "kode" in finding.message


@pytest.mark.parametrize(
    ("title", "told"), [("Daftar desa 2019", True), ("Daftar desa 2019 dan 2025", False), ("Daftar 20251 desa", False)]
)
def test_a_title_that_says_another_year_than_the_period_is_told(title: str, *, told: bool) -> None:
    found_now = found(title=title, period_start="2025-01-01", period_end="2025-12-31")

    assert codes(found_now) == ([("aktual", "warning", "other_year")] if told else [])


@for_all(st.sampled_from(sorted(DAYS)), st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(0, 3_000))
def test_data_never_becomes_current_by_waiting(frequency: str, ended: date, days: int) -> None:
    def is_late(today: date) -> bool:
        return "not_current" in [f.code for f in found(frequency=frequency, period_start="1999-01-01", period_end=str(ended), today=today)]

    assert not is_late(ended)
    assert is_late(ended + timedelta(days=days)) <= is_late(ended + timedelta(days=days + 1))


def test_every_finding_names_one_of_the_five_words_and_a_place() -> None:
    worst = found(FILE | {"bytes": 0}, period_end="2030-01-01", theme=None, title="Daftar 1999", columns=[DATASET["columns"][0]] * 2)

    assert len(worst) == len(CHECKS) - 1  # data cannot be too old and too new
    assert all(f.word in {"terpadu", "lengkap", "aktual", "valid", "akuntabel"} and f.field and f.message for f in worst)
