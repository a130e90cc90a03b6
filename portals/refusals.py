"""What a portal will not take, known before the first human looks: metadata and files in, reasons out. Pure.

Intake and review make findings of them (`told_before`). Reserved names and addresses are
refused whatever the portal is, because a portal may change later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from events.contracts import Finding, Reason
from events.metadata import Dataset, File
from lane.publishable import RESERVED
from lane.settings import Settings
from portals.folder.names import SERVED_AS_THEY_ARE, safe
from portals.kinds import kind_of

EMAIL: Final = re.compile(
    r"(?!\.)(?!.*\.$)(?!.*?\.\.)[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@"
    r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
"""CKAN's own rule (ckan/logic/validators.py, 2.10 to 2.12), which is that of HTML forms."""
TAG: Final = re.compile(r"[\w \-.]{2,100}")
SHORTEST_NAME: Final = 2

Rule = Callable[[str, Dataset, Sequence[File]], Iterator[Reason]]


def before_anybody_looks(address: str, opd: str, dataset: Dataset, files: Sequence[File], *, largest_file: int) -> list[Reason]:
    """Why the portal behind `address` will refuse this. `largest_file`: bytes that it takes."""
    rules = (*ALWAYS, *OF_KIND[kind_of(address)])
    reasons = [reason for rule in rules for reason in rule(opd, dataset, files)]
    return reasons + list(_too_large(files, largest_file))


def told_before(settings: Settings, opd: str, dataset: Dataset, files: Sequence[File]) -> list[Finding]:
    """The same as findings: what it would refuse must be mended before anybody verifies it, what it would change is to be looked at."""
    return [
        Finding(
            word="valid",
            severity="warning" if reason.code.endswith("_changed") else "error",
            code=reason.code,
            field=reason.field,
            message=reason.note,
        )
        for reason in before_anybody_looks(settings.portal, opd, dataset, files, largest_file=settings.largest_published())
    ]


def name_is_free(opd: str, dataset: Dataset, files: Sequence[File]) -> Iterator[Reason]:
    for field, name in (("dataset.dataset_id", dataset.dataset_id), ("opd", opd)):
        if name in RESERVED or len(name) < SHORTEST_NAME:
            yield Reason(code="name_reserved", field=field, note=f"“{name}” tidak dapat dipakai di portal; pilih nama lain untuk {field}.")


def email_is_one(opd: str, dataset: Dataset, files: Sequence[File]) -> Iterator[Reason]:
    if not EMAIL.fullmatch(dataset.responsible.email):
        yield Reason(
            code="wrong_format",
            field="dataset.responsible.email",
            note="Alamat surel tidak diterima portal: periksa huruf, titik, dan garis bawah setelah tanda @.",
        )


def keywords_are_tags(opd: str, dataset: Dataset, files: Sequence[File]) -> Iterator[Reason]:
    for number, keyword in enumerate(dataset.keywords):
        if not TAG.fullmatch(keyword):
            note = f"Kata kunci “{keyword}” akan berubah di portal: pakai huruf, angka, spasi, titik, - atau _, minimal 2."
            yield Reason(code="keyword_changed", field=f"dataset.keywords.{number}", note=note)


def endings_are_kept(opd: str, dataset: Dataset, files: Sequence[File]) -> Iterator[Reason]:
    for number, file in enumerate(files):
        ending = safe(file.name).rpartition(".")[2]
        if ending not in SERVED_AS_THEY_ARE:
            note = f"Berkas “{file.name}” akan diunduh masyarakat dengan akhiran .{ending}; pakai bentuk terbuka, misalnya .csv."
            yield Reason(code="ending_changed", field=f"files.{number}.name", note=note)


def _too_large(files: Sequence[File], largest_file: int) -> Iterator[Reason]:
    for number, file in enumerate(files):
        if file.bytes > largest_file:
            note = f"Berkas “{file.name}” lebih besar dari yang diterima portal, {largest_file} bita; pecah berkasnya."
            yield Reason(code="too_large", field=f"files.{number}.bytes", note=note)


ALWAYS: Final[tuple[Rule, ...]] = (name_is_free, email_is_one)
OF_KIND: Final[Mapping[str, tuple[Rule, ...]]] = {"folder": (endings_are_kept,), "ckan": (keywords_are_tags,)}
