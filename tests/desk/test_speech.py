"""How times, spans and numbers are said, and that signs that nobody sees are seen."""

from datetime import UTC, datetime, timedelta

import pytest

from desk.forms import Typed
from desk.metadata import changes_between, columns_of, dataset_of, name_from, values_of
from desk.render import _templates
from desk.speech import Speech, shown

ID, EN = Speech("id"), Speech("en")
AT = datetime(2026, 11, 22, 16, 5, tzinfo=UTC)


def test_a_moment_is_said_as_indonesians_write_it() -> None:
    assert ID.moment(AT) == "Minggu, 22 November 2026 23.05 WIB"
    assert ID.moment("2026-11-22T23:05:00+07:00") == ID.moment(AT)
    assert EN.day(AT.date()) == "Sunday, 22 November 2026"


def test_signs_that_shape_words_stay_as_they_were_typed() -> None:
    """A form that is opened and saved changes nothing."""
    typed = "ke\u00adca\u00admatan 12\u202f500 jiwa\u2009dan\u200dlain"
    assert shown(typed) == typed
    assert shown("gnp.\u202efdp") == "gnp.\ufffdfdp"


def test_numbers_and_sizes() -> None:
    assert ID.number(1234567.5) == "1.234.567,5"
    assert [ID.size(size) for size in (12, 12_400, 3_400_000)] == ["12 B", "12 kB", "3,4 MB"]
    assert EN.number(1234567.5) == "1,234,567.5"


@pytest.mark.parametrize(
    ("minutes", "level", "words"),
    [
        (43, "good", "Sisa 43 menit"),
        (15, "soon", "Sisa 15 menit"),
        (0, "soon", "Sisa kurang dari satu menit"),
        (-12, "late", "Terlambat 12 menit"),
    ],
)
def test_time_left_changes_at_fifteen_and_at_no_minutes(minutes: int, level: str, words: str) -> None:
    told = ID.left(AT + timedelta(minutes=minutes), AT)
    assert told.level == level
    assert told.words.startswith(f"{words}, batas ")
    assert told.words.endswith("WIB")


def test_signs_that_nobody_sees_are_seen() -> None:
    assert shown("daftar\u202efdp.csv") == "daftar\ufffdfdp.csv"
    assert shown("dua\nbaris\tdan\u200b") == "dua\nbaris\tdan\ufffd"
    assert shown("Désa – “baik” 普") == "Désa – “baik” 普"
    assert shown(7) == 7


def test_every_value_of_a_template_goes_that_way() -> None:
    page = _templates("id").from_string("<p title='{{ a }}'>{{ a }}</p>")
    assert page.render(a="<b>\u202e") == "<p title='&lt;b&gt;\ufffd'>&lt;b&gt;\ufffd</p>"


def test_a_form_is_a_dataset_and_the_other_way_round() -> None:
    dataset = {
        "title": "Daftar Désa",
        "dataset_id": "daftar-desa",
        "summary": "Isi.",
        "section": "Bidang",
        "period_start": "2026-01-01",
        "period_end": "2026-12-31",
        "frequency": "annual",
        "information_class": "berkala",
        "license": "cc-by",
        "keywords": ["desa", "kelurahan"],
        "regions": ["33.13"],
        "responsible": {"position": "Kepala", "email": "a@b.id"},
        "personal_data": {"contains": False},
        "source": "Kode wilayah",
        "retention": {"code": "000.8", "active": "2 tahun", "inactive": "3 tahun", "fate": "permanen"},
        "columns": [
            {"name": "kode", "type": "string", "description": "Kode", "unit": "desa"},
            {"name": "nama", "type": "string", "description": "Nama"},
        ],
    }
    fields = list(values_of(dataset).items())
    fields += [(f"columns.{row}.{name}", value) for row, column in enumerate(columns_of(dataset, 2)) for name, value in column.items()]
    assert dataset_of(Typed(tuple(fields))) == dataset


def test_only_what_changed_is_said_and_what_the_form_does_not_show_stays() -> None:
    before = {
        "title": "Lama",
        "theme": "Desa",
        "later": {"x": 1},
        "columns": [{"name": "kode", "type": "string", "description": "Kode", "later": "x"}],
    }
    same = {"title": "Lama", "theme": "Desa", "columns": [{"name": "kode", "type": "string", "description": "Kode"}]}
    assert changes_between(before, same) == {}
    after = {"title": "Baru", "columns": [{"name": "kode", "type": "string", "description": "Kode desa"}]}
    assert changes_between(before, after) == {
        "title": "Baru",
        "theme": None,
        "columns": [{"name": "kode", "type": "string", "description": "Kode desa", "later": "x"}],
    }


def test_a_name_is_made_from_the_title() -> None:
    assert name_from("Daftar Désa & Kelurahan (2026)") == "daftar-desa-kelurahan-2026"
