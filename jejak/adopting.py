"""Which old datasets of the portal may become Jejak's: strangers and the operator's wish in, choices or sentences why not out. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from events.metadata import DATASET_ID
from lane.publishable import RESERVED
from portals.portal import Stranger


@dataclass(frozen=True)
class Choice:
    """`why`: why it cannot be taken over so; None: it can."""

    one: Stranger
    dataset_id: str | None
    opd: str | None
    why: str | None


def choices(
    found: Sequence[Stranger],
    *,
    dataset_id: str | None,
    opd: str | None,
    open_opds: AbstractSet[str],
    adopted: Mapping[str, str],
    published: AbstractSet[str],
) -> list[Choice]:
    """One for each; `dataset_id` and `opd` instead of the proposals. `adopted`: dataset_id → portal's id; `published`: names on the log."""
    wanted = Counter(dataset_id or one.dataset_id for one in found)
    made = []
    for one in found:
        name, agency = dataset_id or one.dataset_id, opd or one.opd
        others = {id_: key for key, id_ in adopted.items()}
        why = _of_name(name) or _of_opd(agency, open_opds)
        if why is None and wanted[name] > 1:
            why = f"dataset_id {name} juga diusulkan untuk data lain; sebut namanya satu per satu dengan --dataset-id"
        if why is None and name in published:
            why = f"dataset_id {name} sudah diterbitkan Jejak; pilih yang lain dengan --dataset-id"
        if why is None and adopted.get(name or "", one.id) != one.id:
            why = f"dataset_id {name} sudah dipilih untuk data lain di portal; pilih yang lain dengan --dataset-id"
        if why is None and others.get(one.id, name) != name:
            why = f"data ini sudah dipilih untuk dataset_id {others[one.id]}"
        made.append(Choice(one, name, agency, why))
    return made


def _of_name(name: str | None) -> str | None:
    if name is None:
        return "namanya bukan dataset_id; sebut satu dengan --dataset-id"
    if not re.fullmatch(DATASET_ID, name):
        return f"{name} bukan dataset_id: huruf kecil, angka, - dan _, 2 sampai 100 tanda, diawali huruf atau angka"
    return f"{name} dipakai portal sendiri; pilih yang lain dengan --dataset-id" if name in RESERVED else None


def _of_opd(opd: str | None, open_opds: AbstractSet[str]) -> str | None:
    if opd is None:
        return "organisasinya bukan OPD; sebut OPD-nya dengan --opd"
    return None if opd in open_opds else f"OPD {opd} tidak terdaftar atau sudah ditutup; daftarkan, atau sebut yang lain dengan --opd"
