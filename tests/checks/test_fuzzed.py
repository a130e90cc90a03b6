"""A short run of the fuzzer (tests/checks/fuzz.py) over every parser, with seeds that stay; long runs are for the hand."""

import pytest

from tests.checks.corpus import CORPUS
from tests.checks.fuzz import fuzzed, mutants

FILES = 25
FOUND = {
    ("xlsx", 13, 16): "a part that cannot be unpacked",
    ("xlsx", 13, 84): "an encoding that nobody knows",
    ("ods", 213, 967): "a tag that is not closed, which calamine waits for",
    ("ods", 213, 2870): "the same",
    ("xls", 13, 28): "a panic of calamine",
    ("xls", 13, 54): "a chain of sectors that turns in circles",
    ("xls", 213, 1958): "a cell far out of any sheet",
    ("xls", 213, 5905): "the same",
    ("zip", 13, 47): "an identity number as the largest of a column",
}
"""What longer runs found, by parser, seed and number."""


@pytest.mark.parametrize("parser", sorted(CORPUS))
def test_a_few_files_of_every_parser_are_findings_or_none(parser: str) -> None:
    told = fuzzed(parser, 7, files=FILES)

    assert told.files == FILES
    assert told.faults == []


@pytest.mark.parametrize(("parser", "seed", "number"), sorted(FOUND), ids=str)
def test_what_was_found_once_stays_mended(parser: str, seed: int, number: int) -> None:
    told = fuzzed(parser, seed, only=number)

    assert (told.files, told.faults) == (1, [])


def test_a_file_can_be_made_again() -> None:
    first, again = mutants("xlsx", 5), mutants("xlsx", 5)

    assert [next(first)[1][:64] for _ in range(3)] == [next(again)[1][:64] for _ in range(3)]
