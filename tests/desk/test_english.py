"""English by one switch: nothing that a person may read on a page is without it, and nothing stands in the catalogue that no page says."""

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from desk.accounts import Post
from desk.casework import changes
from desk.catalogue import HERE, LONGEST, MOST_PARTS, Catalogue, Sentence, _forms, catalogue
from desk.retold import retold
from desk.speech import Speech
from tests.desk import sentences
from tests.desk.sentences import modules, of_lanes, of_templates, of_the_desk, sentences_in
from web.tokens import Role

ID, EN = Speech("id"), Speech("en")
SAYS: dict[str, str | int] = {"Reason": "note", "PortalProblem": 1, "AccountRefused": 0, "FileProblem": 1, "Finding": "message"}
"""Who is told why not, and where the sentence stands in the call."""


def written() -> set[str]:
    return {*of_templates(), *of_the_desk(), *(text for room in of_lanes().values() for text in room)}


def test_every_text_has_its_english_and_the_catalogue_holds_no_other() -> None:
    texts = catalogue("en").texts
    assert written() - texts.keys() == set()
    assert texts.keys() - written() == set()


def test_no_english_is_left_empty_or_doubtful() -> None:
    with (HERE / "en.po").open("rb") as file:
        told = [message for message in read_po(file, locale="en", abort_invalid=True) if message.id]
    assert [message.id for message in told if message.fuzzy or not all(_forms(message.string))] == []


def test_a_translation_has_the_same_places_to_fill() -> None:
    """Of what the desk fills in itself every one; of what lanes filled in, none that they do not have."""
    for text, forms in catalogue("en").texts.items():
        own = set(re.findall(r"%\((\w+)\)s", text))
        for said in forms:
            missing = own - set(re.findall(r"%\((\w+)\)s", said))
            assert missing <= ({"n"} if len(forms) > 1 else set()), text
            assert set(re.findall(r"\{(\w+)(?:!t)?\}", said)) <= set(re.findall(r"\{(\w+)\}", text)), text
            assert said % dict.fromkeys(own, "") or own == {"all"}, text


def test_what_is_refused_is_found_where_it_is_written() -> None:
    """The words that tell Indonesian from code are enough: each sentence of a refusal is among what they find."""
    for room in sentences.ROOMS:
        for path in modules(room):
            found = {line for line, _ in sentences_in(path)}
            assert [line for line in refusals(path) if line not in found] == [], path


def refusals(path: Path) -> Iterator[int]:
    """Where a refusal has its sentence in the call itself."""
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SAYS:
            place = SAYS[call.func.id]
            args = [k.value for k in call.keywords if k.arg == place] if isinstance(place, str) else call.args[place : place + 1]
            yield from (arg.lineno for arg in args if isinstance(arg, ast.Constant | ast.JoinedStr))


def test_a_sentence_that_is_missing_is_found(tmp_path: Path) -> None:
    path = tmp_path / "rule.py"
    path.write_text('note = f"Nama {head.dataset_id} belum {why}."\nsql = f"SELECT * FROM {table}"\n"""Doc: yang tidak."""\n', "utf-8")
    assert list(sentences_in(path)) == [(1, "Nama {dataset_id} belum {why}.")]
    assert "Nama {dataset_id} belum {why}." not in catalogue("en").texts


@pytest.mark.parametrize(
    ("field", "message", "indonesian", "english"),
    [
        ("dataset.title", "dataset.title wajib diisi.", "Judul data wajib diisi.", "Title must be filled in."),
        (
            "dataset.columns.2.unit",
            "dataset.columns.2.unit tidak boleh kosong.",
            "Kolom 3 (Satuan) tidak boleh kosong.",
            "Column 3 (Unit) may not be empty.",
        ),
        (
            "dataset.period_end",
            "dataset.period_end tidak boleh sebelum dataset.period_start.",
            "Akhir periode data tidak boleh sebelum Awal periode data.",
            "End of the data's period may not be before Start of the data's period.",
        ),
        (
            None,
            "Peran atasan_ppid tidak boleh melakukan langkah ini.",
            "Peran Atasan PPID Kabupaten tidak boleh melakukan langkah ini.",
            "The role Regency PPID superior may not do this step.",
        ),
        (
            None,
            "Langkah ini tidak dapat dilakukan: data ini sudah terbit, tidak menunggu siapa pun.",
            "Langkah ini tidak dapat dilakukan: data ini sudah terbit, tidak menunggu siapa pun.",
            "This step cannot be done: this data has been published, waiting for nobody.",
        ),
        (
            "note",
            "note memuat NIP dan nomor telepon: hapus, karena catatan disimpan selamanya dan tidak dapat ditarik kembali.",
            "Catatan memuat NIP dan nomor telepon: hapus, karena catatan disimpan selamanya dan tidak dapat ditarik kembali.",
            "Note holds NIP and a telephone number: take it out, because it would be kept for ever and cannot be taken back.",
        ),
        (
            "expected_sequence",
            "expected_sequence harus bilangan bulat.",
            "langkah terakhir yang Anda lihat harus bilangan bulat.",
            "the last step that you saw must be a whole number.",
        ),
        (None, "Sebuah kalimat yang tidak dikenal siapa pun.", *["Sebuah kalimat yang tidak dikenal siapa pun."] * 2),
    ],
)
def test_a_sentence_of_a_lane_is_said_in_the_language_of_the_page(field: str | None, message: str, indonesian: str, english: str) -> None:
    assert (retold(ID, message, field), retold(EN, message, field)) == (indonesian, english)


def test_what_people_wrote_stays_as_they_wrote_it() -> None:
    """Values are put back untouched: no name, format or pattern in them is read."""
    for name in ("{opd}", "%(n)s", "Terbit", r"\1", "<b>", "“", "wajib diisi."):
        assert retold(EN, f"Kata kunci “{name}” akan berubah di portal: pakai huruf, angka, spasi, titik, - atau _, minimal 2.") == (
            f"The keyword “{name}” will be changed on the portal: use letters, digits, spaces, points, - or _, at least 2."
        )


@pytest.mark.timeout(60)
def test_hostile_text_takes_no_longer_than_it_is_long() -> None:
    """A megabyte of what sentences are made of, and of what names are made of: each part is looked for once."""
    for piece in (" wajib diisi. Bentuk", "files.", "9", "“", " dan ", "a_", "dataset.", "Nama data “", ". Akan dicoba lagi"):
        text = piece * (1_000_000 // len(piece))
        assert len(retold(EN, text, "dataset.title")) >= len(text) // 2
    assert retold(EN, f"files.{'9' * 9_999}.name") == f"files.{'9' * 9_999}.name"  # no number that Python would read


def test_a_text_that_is_longer_than_a_sentence_is_left_as_it_is() -> None:
    lists = [f"Kata kunci “{', '.join('Terbit' for _ in range(n))}” ditolak." for n in (3, 30, 300)]
    known = Catalogue({"Terbit": ("Published",)}, (Sentence(("Kata kunci “", "” ditolak."), ("words",), "Keywords “{words!t}” refused."),))
    short, long, longest = map(known.retold, lists)
    assert short == "Keywords “Published, Published, Published” refused."
    assert (long.count("Published"), long.count("Terbit")) == (MOST_PARTS, 30 - MOST_PARTS)
    assert longest == lists[2]
    began = time.process_time()
    for piece in ("a, ", "wajib diisi, ", " dan "):
        retold(EN, piece * 7_000 + "b wajib diisi.")
        retold(EN, piece * ((LONGEST - 99) // len(piece)) + "b wajib diisi.")
    assert time.process_time() - began < 5


def test_one_and_several_and_numbers_as_the_language_writes_them() -> None:
    assert [EN.text("%(n)s kesalahan", n=n) for n in (0, 1, 2, 1234)] == ["0 errors", "1 error", "2 errors", "1,234 errors"]
    assert [ID.text("%(n)s kesalahan", n=n) for n in (1, 1234)] == ["1 kesalahan", "1.234 kesalahan"]
    assert EN.span(3_660) == "1 hour 1 minute"
    assert EN.span(2 * 86_400) == "2 days"
    assert EN.moment("2026-11-22T23:05:00+07:00") == "Sunday, 22 November 2026 23:05 WIB"


def test_what_changed_is_told_in_words() -> None:
    def case(**dataset: object) -> dict[str, object]:
        return {"dataset": dataset, "files": []}

    was = case(frequency="annual", period_end="2025-12-31", personal_data={"contains": False})
    now = case(frequency="monthly", period_end="2026-01-31", personal_data={"contains": True})
    assert [(it.was, it.now) for it in changes(was, now, EN)] == [
        ("Every year", "Every month"),
        ("31 December 2025", "31 January 2026"),
        ("No", "Yes"),
    ]
    assert next((it.was, it.now) for it in changes(was, now, ID)) == ("Setiap tahun", "Setiap bulan")


def test_a_post_that_cannot_be_is_named_in_words() -> None:
    from desk.accounts import _not_a_post

    refusal = _not_a_post(Post(0, "budi", Role.ATASAN_PPID, "dinkes"))
    assert refusal
    assert retold(ID, refusal) == "Peran Atasan PPID Kabupaten tidak memakai OPD."
    assert retold(EN, refusal) == "The role Regency PPID superior has no OPD."
