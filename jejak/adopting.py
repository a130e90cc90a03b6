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
    """`why`: why it cannot be taken over so; None: it can. `chosen`: the dataset_id that was chosen for it before."""

    one: Stranger
    dataset_id: str | None
    opd: str | None
    why: str | None
    chosen: str | None = None


@dataclass(frozen=True)
class Known:
    """`adopted`: dataset_id → the portal's id, as chosen before; `adopted_for`: → the OPD; `published`: names on the log."""

    open_opds: AbstractSet[str]
    adopted: Mapping[str, str]
    adopted_for: Mapping[str, str]
    published: AbstractSet[str]


def choices(found: Sequence[Stranger], known: Known, *, dataset_id: str | None, opd: str | None) -> list[Choice]:
    """One for each; `dataset_id` and `opd` instead of what was chosen before, or else is proposed."""
    chosen = {id_: name for name, id_ in known.adopted.items()}
    names = [dataset_id or chosen.get(one.id) or one.dataset_id for one in found]
    wanted = Counter(names)
    made = []
    for one, name in zip(found, names, strict=True):
        before = chosen.get(one.id)
        agency = opd or (known.adopted_for.get(before) if before else None) or one.opd
        why = _of_name(name) or _of_opd(agency, known.open_opds)
        if why is None and wanted[name] > 1:
            why = f"dataset_id {name} juga diusulkan untuk data lain; sebut namanya satu per satu dengan --dataset-id"
        if why is None and name in known.published:
            why = f"dataset_id {name} sudah diterbitkan Jejak; pilih yang lain dengan --dataset-id"
        if why is None and known.adopted.get(name or "", one.id) != one.id:
            why = f"dataset_id {name} sudah dipilih untuk data lain di portal; pilih yang lain dengan --dataset-id"
        if why is None and before not in (None, name) and before in known.published:
            why = f"data ini sudah dipilih untuk dataset_id {before}, yang sudah diterbitkan Jejak"
        made.append(Choice(one, name, agency, why, before))
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
