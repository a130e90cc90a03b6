"""What looks like personal data is seen however it is written: no quick look passes over it."""

import re
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checks.findings import plain
from checks.identifiers import HALF_MASKED, LANDLINE, LONG_DIGITS, MAIL, MAIL_SPELT, MOBILE, NPWP_FORM, RT_RW
from checks.personal import _NO_ZERO, PASSPORT, PersonalFacts, seen_in, worth_a_look
from checks.persons import is_person_name

LOOKS = (HALF_MASKED, LONG_DIGITS, MAIL, MAIL_SPELT, MOBILE, NPWP_FORM, RT_RW, PASSPORT, _NO_ZERO)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.pattern[:20])
def test_nothing_is_seen_that_the_quick_look_passes_over(look: re.Pattern[str]) -> None:
    @settings(max_examples=300, derandomize=True, database=None, deadline=None)
    @given(st.from_regex(look), st.sampled_from(("", "\n", "catatan\n", "7\n", "x ")))
    def tried(text: str, before: str) -> None:
        if seen_in(text):
            assert worth_a_look(before + text)

    tried()


@settings(max_examples=200, derandomize=True, database=None)
@given(st.from_regex(r"\d[.,]\d{1,6}[Ee]\+?1[1-7]", fullmatch=True))
@example("3.31301e15")
def test_nor_a_number_that_a_spreadsheet_shortened(text: str) -> None:
    assert not seen_in(text) or worth_a_look(text)


@pytest.mark.parametrize(
    ("cell", "look"),
    [
        ("0812345678", "mobile"),
        ("0812-345-678", "mobile"),
        ("0812-345-6789", "mobile"),
        ("0812 345 6789", "mobile"),
        ("+62 812 345 678", "mobile"),
        ("budi(At)gmail.com", "mailbox"),
        ("budi [AT] gmail.com", "mailbox"),
        ("rT 01 rW 02", "rt_rw"),
        ("rt\t3/4", "rt_rw"),
        ("3313014#*#900001", "half_masked"),
        ("(0812) 3456-7890", "mobile"),
        ("0812 - 3456 - 7890", "mobile"),
        ("0812\u20133456\u20137890", "mobile"),
        ("+62 (0)81234567890", "mobile"),
        ("0062 812 3456 7890", "mobile"),
        ("006281234567890", "mobile"),
        ("(+62) 812 3456 7890", "mobile"),
        ("+62 (812) 3456 7890", "mobile"),
        ("+62 - 812 - 3456 - 7890", "mobile"),
        ("0812\u22123456\u22127890", "mobile"),
        ("081234567890,085712345678", "mobile"),
        ("331301 - 410190 - 0001", "nik_strong"),
        ("331301\u00a0410190\u00a00001", "nik_strong"),
        ("331301  410190  0001", "nik_strong"),
        ("3,313,014,101,900,001", "nik_strong"),
        ("3313014101900001,3313014101900002", "nik_strong"),
        ("33130141\u200b01900001", "nik_strong"),
        ("\uff13\uff13\uff11\uff13\uff10\uff11\uff14\uff11\uff10\uff11\uff19\uff10\uff10\uff10\uff10\uff11", "nik_strong"),
        ("budi7 @ gmail.com", "mailbox"),
        ("ppid @ contoh.go.id", "mailbox_role"),
        ("3.31301e15", "nik_shown"),
    ],
)
def test_in_a_column_of_nothing_else(cell: str, look: str) -> None:
    facts = PersonalFacts()
    facts.take(range(1, 31), [cell] * 30, Counter({cell: 30}))
    assert facts.count(look) == 30


@pytest.mark.parametrize(
    "text",
    [
        "12-12-2023 - 01-01-2024",
        "1.000.000 - 10.000.000",
        "62.850.000 - 75.000.000",
        "62.850.000.000",
        "6285000 - 7500000",
        "33125050 - 10109999",
        "08120 - 08129 tahun",
        "0815  0930  1045",
        "7 buah @ Rp10.000,00",
        "30 dus @ 15.000.Makan",
        "Ikuti Instagram @pemkab.karanganyar dan YouTube resmi",
        "rapat @ hotel.Peserta",
        "-7.123456789012, 110.123456789",
        "050/1234/123/2024",
    ],
)
def test_what_only_stands_near_each_other_is_nothing(text: str) -> None:
    assert [look for look, _ in seen_in(text) if not look.startswith(("long", "ends"))] == []


@pytest.mark.parametrize(
    "number", ["0812\u22123456\u22127890", "0812 - 345 - 678", "0812- 3456 -7890", "(0812) - 900001", "081262 - 014101"]
)
def test_a_number_in_a_sentence_of_a_finding_is_masked(number: str) -> None:
    assert "****" in plain(f"nilai {number} di sini")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("cell", ["a" + " " * 32_766 + "b", "a/" * 16_000, " dan" * 8_000, "(1" * 16_000, "1234 - " * 4_600])
def test_a_hostile_cell_takes_no_longer_than_another_of_its_length(cell: str) -> None:
    """Each of these took minutes or more in a pattern that looks back at all it has seen."""
    for _ in range(20):
        is_person_name(cell)
        seen_in(cell)
        plain(cell)


@pytest.mark.parametrize("cell", ["an. Budi NIK.3313014101900001", "Hp.081234567890", "WA.085712345678", "No.3313025501850002"])
def test_what_stands_behind_a_word_that_was_cut_short_is_seen(cell: str) -> None:
    assert worth_a_look(cell)
    assert {kind for kind, _ in seen_in(cell)} & {"nik_strong", "mobile", "phone"}, seen_in(cell)


@pytest.mark.parametrize("cell", ["0,3313014101900001", "12.3313014101900001", "Rp.3313014101900001"])
def test_decimals_are_no_number_of_a_person(cell: str) -> None:
    assert "nik_strong" not in {kind for kind, _ in seen_in(cell)}


def test_a_mobile_telephone_is_no_landline() -> None:
    assert not LANDLINE.fullmatch("081234567890")
    assert LANDLINE.fullmatch("(0271) 495039")


@pytest.mark.parametrize("cell", ["Jumlah Penduduk", "Jumlah Ibu Hamil", "Data Sungai", "Luas Panen Padi", "Persentase Balita"])
def test_what_is_counted_has_no_persons_name(cell: str) -> None:
    assert not is_person_name(cell)
