"""What every lane asks before it writes: rules over a head and who acts, whose turn it is, and what follows the head. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from events.contracts import Actor, Lane, Reason
from events.ids import event_id_of
from events.submission import Head, State

Rule = Callable[[Head, Actor], Reason | None]
"""A pure function returning why not, or nothing."""
STATES: Final[Mapping[State, str]] = {
    State.SUBMITTED: "diserahkan",
    State.REVISED: "dicek dan direvisi",
    State.VERIFIED: "diverifikasi",
    State.REJECTED: "dikembalikan",
    State.APPROVED: "disetujui",
    State.PUBLISHED: "terbit",
    State.RETRACTED: "ditarik",
}
HOLDERS: Final[Mapping[Lane | None, str]] = {
    Lane.INTAKE: "menunggu Tim PPID Pelaksana",
    Lane.REVIEW: "menunggu Ketua PPID Pelaksana",
    Lane.DECISION: "menunggu Atasan PPID Kabupaten",
    Lane.PUBLISHER: "menunggu penerbitan",
    None: "tidak menunggu siapa pun",
}


def another_pair_of_eyes(head: Head, actor: Actor) -> Reason | None:
    if actor.id in head.hands:
        return Reason(code="four_eyes", note="Data ini Anda serahkan atau revisi sendiri; pejabat lain yang harus memutuskan.")
    return None


def same_opd(head: Head, actor: Actor) -> Reason | None:
    if actor.opd != head.opd:
        return Reason(code="other_opd", field="opd", note=f"Data ini milik OPD {head.opd}; Anda bertugas untuk OPD lain.")
    return None


def turn_of(head: Head | None) -> Lane | None:
    """The lane that may write the next event: the holder; what is published has none, and is the publisher's to take down."""
    if head is None:
        return Lane.INTAKE
    return Lane.PUBLISHER if head.state is State.PUBLISHED else head.holder


def held_by(head: Head, *, event_type: str, lane: str, expected_sequence: int) -> Reason | None:
    """Why this event may not be written now, or nothing: the caller saw the newest state, and the baton allows it."""
    if head.sequence != expected_sequence:
        return Reason(
            code="stale",
            field="expected_sequence",
            note=f"Data sudah berubah: langkah terakhir nomor {head.sequence} oleh {head.actor}. Muat ulang halaman.",
        )
    if event_type not in head.next or lane != turn_of(head):
        return Reason(code="not_holder", note=f"Langkah ini tidak dapat dilakukan: {standing_of(head)}.")
    return None


def standing_of(head: Head) -> str:
    """Where it stands, for people: "data ini sudah dikembalikan, menunggu Ketua PPID Pelaksana"."""
    return f"data ini sudah {STATES[head.state]}, {HOLDERS[head.holder]}"


def next_ids(head: Head) -> dict[str, object]:
    """Envelope fields of the event that follows: the chain goes on from the head."""
    sequence = head.sequence + 1
    return {
        "submission_id": head.submission_id,
        "sequence": sequence,
        "previous": head.hash,
        "event_id": event_id_of(head.submission_id, sequence),
    }
