"""What may enter the way to the portal at all: rules over metadata and files that intake and review both hold to."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from checks.metadata import is_tabular
from events.contracts import Dataset, File, Reason

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


def period_is_forward(dataset: Dataset, files: Sequence[File]) -> Reason | None:
    if dataset.period_start <= dataset.period_end:
        return None
    return Reason(code="period_reversed", field="dataset.period_end", note="dataset.period_end tidak boleh sebelum dataset.period_start.")


def tables_have_columns(dataset: Dataset, files: Sequence[File]) -> Reason | None:
    if dataset.columns or next(is_tabular(files), None) is None:
        return None
    return Reason(
        code="required",
        field="dataset.columns",
        note="dataset.columns wajib diisi untuk berkas tabel: nama, tipe dan keterangan setiap kolom.",
    )


def file_names_differ(dataset: Dataset, files: Sequence[File]) -> Reason | None:
    names = [unicodedata.normalize("NFC", file.name).strip().casefold() for file in files]
    for index, name in enumerate(names):
        if name in names[:index]:
            return Reason(code="file_twice", field=f"files.{index}.name", note=f"files.{index}.name sama dengan nama berkas lain.")
    return None


RULES: Final[tuple[Rule, ...]] = (is_public, holds_no_personal_data, period_is_forward, tables_have_columns, file_names_differ)


def reasons_against(dataset: Dataset, files: Sequence[File]) -> list[Reason]:
    return [reason for rule in RULES if (reason := rule(dataset, files))]
