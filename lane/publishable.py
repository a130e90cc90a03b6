"""What may enter the way to the portal at all: rules over metadata and files that intake and review both hold to."""

from collections.abc import Callable, Sequence
from itertools import chain, islice
from pathlib import PurePath
from typing import Final

from checks.personal import worth_a_look
from events.contracts import Reason
from events.metadata import Dataset, File, Responsible
from lane.inbox import OnItsWay
from lane.notes import personal_data_said
from lane.plain_text import hidden_in, sameness

TABLES: Final = frozenset(
    {
        "text/csv",
        "application/csv",
        "text/x-csv",
        "application/x-csv",
        "text/comma-separated-values",
        "text/x-comma-separated-values",
        "text/tab-separated-values",
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.spreadsheet",
    }
)
"""Media types of tables, in small letters: the registered ones and those that programs send instead."""
TABLE_ENDINGS: Final = frozenset({".csv", ".tsv", ".xls", ".xlsx", ".xlsm", ".ods"})
PROBE: Final = "jejak-uji-ukuran-berkas"
"""Jejak's own dataset on CKAN, by which it finds out how large a file is taken there."""
RESERVED: Final = frozenset({"new", "search", "edit", PROBE})
"""CKAN keeps the words for pages of its own; refused whatever the portal is, because a portal may change later."""
REASONS: Final = 100
DATES: Final = {"period_start", "period_end"}
DIGITS: Final = frozenset("0123456789")
Rule = Callable[[Dataset, Sequence[File]], Reason | None]


def is_public(dataset: Dataset, files: Sequence[File]) -> Reason | None:
    """UU 14/2008: exempt information is never published; it takes another path (art. 17, 19)."""
    if dataset.information_class != "dikecualikan":
        return None
    return Reason(
        code="exempt", field="dataset.information_class", note="Informasi yang dikecualikan tidak diterbitkan dan tidak diserahkan di sini."
    )


def holds_no_personal_data(dataset: Dataset, files: Sequence[File]) -> Reason | None:
    """UU 27/2022."""
    if not dataset.personal_data.contains or dataset.personal_data.deidentified:
        return None
    return Reason(
        code="personal_data",
        field="dataset.personal_data",
        note="Data memuat data pribadi; hapus atau samarkan dahulu, lalu isi dataset.personal_data.deidentified dengan true.",
    )


def period_of(dataset: Dataset) -> tuple[str, str]:
    """First and last day, as a head has them."""
    return dataset.period_start.isoformat(), dataset.period_end.isoformat()


def open_already(others: Sequence[OnItsWay]) -> list[Reason]:
    """`others`: submissions of the same dataset and period that are on their way."""
    if not others:
        return []
    found = others[0].submission_id
    note = f"Data ini untuk periode yang sama masih diproses dengan nomor {found}; tunggu sampai terbit, atau tarik dahulu pengajuan itu."
    return [Reason(code="already_open", field="dataset.period_start", note=note)]


def period_is_forward(dataset: Dataset, files: Sequence[File]) -> Reason | None:
    if dataset.period_start <= dataset.period_end:
        return None
    return Reason(code="period_reversed", field="dataset.period_end", note="dataset.period_end tidak boleh sebelum dataset.period_start.")


def tables_have_columns(dataset: Dataset, files: Sequence[File]) -> Reason | None:
    if dataset.columns or not any(is_table(file) for file in files):
        return None
    return Reason(
        code="required",
        field="dataset.columns",
        note="dataset.columns wajib diisi untuk berkas tabel: nama, tipe dan keterangan setiap kolom.",
    )


def is_table(file: File) -> bool:
    """By its media type, however that is spelt, or by the ending of its name: Windows and browsers call a CSV what they like."""
    media_type = file.media_type.partition(";")[0].strip().lower()
    return media_type in TABLES or PurePath(file.name.strip()).suffix.lower() in TABLE_ENDINGS


def file_names_differ(dataset: Dataset, files: Sequence[File]) -> Reason | None:
    names = [sameness(file.name) for file in files]
    for index, name in enumerate(names):
        if name in names[:index]:
            return Reason(code="file_twice", field=f"files.{index}.name", note=f"files.{index}.name sama dengan nama berkas lain.")
    return None


def file_names_have_no_edges(dataset: Dataset, files: Sequence[File]) -> Reason | None:
    for index, file in enumerate(files):
        if file.name != file.name.strip():
            note = f"files.{index}.name diawali atau diakhiri spasi; hapus spasi itu dari nama berkas."
            return Reason(code="space_at_edge", field=f"files.{index}.name", note=note)
    return None


def name_is_not_reserved(dataset: Dataset, files: Sequence[File]) -> Reason | None:
    if dataset.dataset_id not in RESERVED:
        return None
    note = f"dataset.dataset_id tidak boleh {dataset.dataset_id}: nama itu dipakai portal sendiri; pilih nama yang menyebut isinya."
    return Reason(code="reserved", field="dataset.dataset_id", note=note)


def words(dataset: Dataset, files: Sequence[File]) -> list[Reason]:
    """What stands in any text of the metadata and in any file's name. Most of it is looked at as a whole only."""
    whole = "\n".join((dataset.model_dump_json(exclude=DATES, exclude_none=True), *(file.name for file in files)))
    return [
        *(() if _is_plain(whole, dataset.responsible) else personal_words(dataset, files)),
        *(() if whole.isascii() else hidden_characters(dataset, files)),
    ]


def _is_plain(whole: str, office: Responsible) -> bool:
    """Nothing in it looks like a person's. A mailbox without digits is only that, and where it is the office's it may stand there."""
    texts = whole.replace("\\n", "\n").replace('\\"', '"').replace("@", "\n", 1)
    reached = f"{office.position}{office.email}"
    return "\\" not in texts and reached.isascii() and DIGITS.isdisjoint(reached) and not worth_a_look(texts)


def personal_words(dataset: Dataset, files: Sequence[File]) -> list[Reason]:
    """UU 27/2022."""
    found = chain(
        personal_data_said(dataset.model_dump(exclude_none=True), "dataset"),
        personal_data_said([{"name": file.name} for file in files], "files"),
    )
    return list(islice(found, REASONS))


def hidden_characters(dataset: Dataset, files: Sequence[File]) -> list[Reason]:
    named = {"dataset": dataset.model_dump(), "files": [{"name": file.name} for file in files]}
    return list(islice((reason for field, value in named.items() for reason in hidden_in(value, field=field)), REASONS))


RULES: Final[tuple[Rule, ...]] = (
    is_public,
    holds_no_personal_data,
    period_is_forward,
    tables_have_columns,
    file_names_differ,
    file_names_have_no_edges,
    name_is_not_reserved,
)


def reasons_against(dataset: Dataset, files: Sequence[File]) -> list[Reason]:
    of_rules = (reason for rule in RULES if (reason := rule(dataset, files)))
    return [*of_rules, *words(dataset, files)]
