"""Every check has a file that it finds something in and one that it does not, and the page says so."""

from pathlib import Path

import pytest

from checks.catalogue import CHECKS
from checks.findings import WORDS
from tests.checks.examples import EXAMPLES
from tests.checks.measured import measure
from tests.checks.page import PAGE, page
from tests.checks.sheets import checked, codes

ELSEWHERE = {
    "file_empty", "file_type", "type_mismatch_file", "file_encrypted", "file_macros", "file_broken", "file_lost", "not_checked", "name_path",
    "name_hidden_characters", "name_runs", "csv_encoding", "csv_broken", "zip_bomb", "zip_path", "zip_nested", "json_broken", "geojson_shape", "geojson_range",
    "pdf_picture", "pdf_only", "properties_person", "malware", "hidden_content", "sheet_empty", "sheets_several", "cells_merged", "formula_without_value",
    "external_link", "comments", "personal_declared", "version_changes", "sudden_jump", "not_compared",
}  # fmt: skip
"""What takes more than a table of characters to show; tested in test_files.py, test_faults.py, test_differences.py and tests/lane/test_checking.py."""


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_what_fails_is_found_and_what_passes_is_not(tmp_path: Path, code: str) -> None:
    fails, passes, declared = EXAMPLES[code]

    assert code in codes(checked(tmp_path, "data.csv", fails.encode(), *declared))
    assert code not in codes(checked(tmp_path, "data.csv", passes.encode(), *declared))


def test_every_check_has_its_examples() -> None:
    assert set(CHECKS) == set(EXAMPLES) | ELSEWHERE


def test_every_line_names_a_word_and_says_it_in_two_languages() -> None:
    for check in CHECKS.values():
        assert check.word in WORDS
        assert check.message.endswith(".") or check.message.endswith("{name}.")
        assert check.message_en.endswith(".")


def test_the_page_is_what_the_code_prints() -> None:
    measured = measure()

    assert PAGE.read_text("utf-8") == page(measured), "python -m tests.checks.page writes it"
    assert all(counts.recall >= 0.8 and counts.precision >= 0.95 for counts in measured.kinds.values())
