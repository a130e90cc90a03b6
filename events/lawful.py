"""The law of the log: may this event follow that head? Asked by the lane that writes, by every lane on admission, and by the auditor. Pure.

In: the head so far (none before the first event), an event that keeps its contract, as plain JSON, and the hash of its bytes;
out: the next head, or a fault's code. `LAW` is the index: what is broken first gives the code.
"""

import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from events.contracts import Lane, inbound_topic_of
from events.ids import event_id_text, hash_of_files, manifest_of, submission_id_text
from events.rules import turn_of
from events.submission import BATON, TELL_CONTENT, Head, advance

Said = Mapping[str, Any]
"""An event as it stands in its bytes."""
Heirs = Mapping[str, str]
"""OPD → the OPD that acts for it now, where it was renamed, merged or closed."""
NOBODY_MOVED: Final[Heirs] = MappingProxyType({})

_AGENCY: Final = frozenset({"tim_ppid", "ketua_ppid"})
_SUPERIOR: Final = frozenset({"atasan_ppid"})
_ADMIN: Final = frozenset({"admin_opendata"})
WRITERS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("DataSubmitted", Lane.INTAKE): frozenset({"tim_ppid"}),
    ("DataRevised", Lane.REVIEW): frozenset({"ketua_ppid"}),
    ("DataRetracted", Lane.REVIEW): _AGENCY,
    ("DataVerified", Lane.DECISION): _SUPERIOR,
    ("DataApproved", Lane.DECISION): _SUPERIOR,
    ("DataRejected", Lane.DECISION): _SUPERIOR,
    ("DataRejected", Lane.PUBLISHER): _SUPERIOR | _ADMIN,
    ("DataPublished", Lane.PUBLISHER): _ADMIN,
    ("DataRetracted", Lane.PUBLISHER): _ADMIN,
}
"""(event, lane that writes it) → roles of the SOP that may say so."""
FOUR_EYES: Final = frozenset({"DataVerified", "DataApproved"})
"""What nobody may say of what they submitted or revised themselves. To return something needs no other pair of eyes."""


def lawful(head: Head | None, said: Said, digest: str, heirs: Heirs = NOBODY_MOVED, law: "Law | None" = None) -> Head | str:
    """`digest`: SHA-256 (hex) of the event's bytes; `law`: a part of it, where the rest is known to hold."""
    for code, is_broken in law or LAW:
        if is_broken(head, said, heirs):
            return code
    return advance(head, said, digest) or LAW[0][0]


def _leaves_a_gap(head: Head | None, said: Said, heirs: Heirs) -> bool:
    return bool(said["sequence"] != (head.sequence if head else 0) + 1)


def _names_another_before(head: Head | None, said: Said, heirs: Heirs) -> bool:
    return bool(said.get("previous") != (head.hash if head else None))


def _is_out_of_turn(head: Head | None, said: Said, heirs: Heirs) -> bool:
    return said["type"] not in BATON[head.state if head else None].next


def _is_of_another_lane(head: Head | None, said: Said, heirs: Heirs) -> bool:
    """Who withdraws names no portal, because none had it: to take down is the publisher's."""
    if said.get("lane") != turn_of(head) or (said["type"], said["lane"]) not in WRITERS:
        return True
    withdrawn = said["type"] == "DataRetracted" and said["lane"] == Lane.REVIEW
    return withdrawn and any(said["data"].get(name) for name in ("portal", "url", "relist"))


def _is_of_another_role(head: Head | None, said: Said, heirs: Heirs) -> bool:
    return said["actor"]["role"] not in WRITERS[said["type"], said["lane"]]


def _has_another_id(head: Head | None, said: Said, heirs: Heirs) -> bool:
    """Ids are derived: a submission's from its OPD and the id that the OPD chose, an event's from its submission and number."""
    if head:
        return bool(said["event_id"] != event_id_text(head.submission_id, said["sequence"]))
    derived = submission_id_text(said["actor"].get("opd") or "", uuid.UUID(said["event_id"]))
    return bool(said["submission_id"] != derived or said["data"]["received"]["event_id"] != said["event_id"])


def _is_of_another_opd(head: Head | None, said: Said, heirs: Heirs) -> bool:
    """Who acts for the regency acts for no OPD: no token ever said both. What came over Kafka came on its OPD's own topic: only there are
    no person's hands on it.
    """
    opd = said["actor"].get("opd")
    if said["actor"]["role"] not in _AGENCY:
        return opd is not None
    if opd is None or head is None:
        return opd is None or said["data"]["received"].get("topic") not in (None, inbound_topic_of(opd))
    return bool(opd != head.opd and heirs.get(str(opd), opd) != heirs.get(head.opd))


def _is_by_the_same_hands(head: Head | None, said: Said, heirs: Heirs) -> bool:
    return head is not None and said["type"] in FOUR_EYES and said["actor"]["id"].strip() in head.hands


def _leaves_a_word_out(head: Head | None, said: Said, heirs: Heirs) -> bool:
    return said["type"] == "DataVerified" and not all(said["data"]["checklist"].values())


def _passes_over_errors(head: Head | None, said: Said, heirs: Heirs) -> bool:
    return head is not None and said["type"] == "DataVerified" and head.errors > 0


def _judges_something_else(head: Head | None, said: Said, heirs: Heirs) -> bool:
    """The manifest is the hash of metadata and files: of the event's own, where it tells them, else of those that lie there."""
    data = said["data"]
    wanted = manifest_of(data["dataset"], data["files"]) if said["type"] in TELL_CONTENT else head.manifest if head else None
    return bool(data["manifest"] != wanted)


def _shows_other_files(head: Head | None, said: Said, heirs: Heirs) -> bool:
    """What is public is what was approved, all of it. An event that lists no files tells nothing of them: `jejak portal diff` does."""
    told = said["data"]["files"] if said["type"] == "DataPublished" else ()
    return bool(head and head.files and told and hash_of_files(told) != head.files)


Law = tuple[tuple[str, Callable[[Head | None, Said, Heirs], bool]], ...]
LAW: Final[Law] = (
    ("gap", _leaves_a_gap),
    ("broken_chain", _names_another_before),
    ("out_of_turn", _is_out_of_turn),
    ("wrong_lane", _is_of_another_lane),
    ("wrong_role", _is_of_another_role),
    ("wrong_id", _has_another_id),
    ("other_opd", _is_of_another_opd),
    ("four_eyes", _is_by_the_same_hands),
    ("not_confirmed", _leaves_a_word_out),
    ("has_errors", _passes_over_errors),
    ("wrong_manifest", _judges_something_else),
    ("wrong_files", _shows_other_files),
)
"""Code → is the law broken? The chain first, then who may, then what is said."""
