"""Which notice follows from where a submission stands, to which roles, and how it reads. Pure."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from events.submission import Head, State
from web.tokens import ROLES_IN_AN_OPD, Role


class News(NamedTuple):
    what: str
    roles: tuple[Role, ...]


NEWS: Final[Mapping[State, News]] = {
    State.SUBMITTED: News("new", (Role.KETUA_PPID,)),
    State.REVISED: News("new", (Role.ATASAN_PPID,)),
    State.REJECTED: News("returned", (Role.KETUA_PPID, Role.TIM_PPID)),
    State.APPROVED: News("approved", (Role.ADMIN_OPENDATA, Role.KETUA_PPID, Role.TIM_PPID)),
    State.PUBLISHED: News("published", (Role.KETUA_PPID, Role.TIM_PPID)),
    State.RETRACTED: News("retracted", (Role.KETUA_PPID, Role.TIM_PPID)),
}
TURN: Final[Mapping[str, Role]] = {"review": Role.KETUA_PPID, "decision": Role.ATASAN_PPID, "publisher": Role.ADMIN_OPENDATA}
"""Holder → the role whose turn it is."""
ENDS_WITH_THE_STEP: Final = frozenset({"new", "due_soon", "overdue"})
"""No longer true when the step was done."""
SUBJECTS: Final[Mapping[str, str]] = {
    "new": "Menunggu Anda",
    "returned": "Dikembalikan",
    "approved": "Disetujui",
    "published": "Terbit",
    "retracted": "Ditarik",
    "due_soon": "15 menit lagi jatuh tempo",
    "overdue": "Lewat waktu",
}


def opd_for(role: Role, head: Head) -> str | None:
    return head.opd if role in ROLES_IN_AN_OPD else None


def words(what: str, number: str, title: str, address: str) -> tuple[str, str]:
    """Subject and text: step, title, number, link. A title in one line, without characters that nobody sees."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    return f"Jejak: {SUBJECTS[what]} – {plain}", f"{SUBJECTS[what]}\n{plain}\nNomor {number}\n{address}/pengajuan/{number}"
