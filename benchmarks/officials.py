"""The officials of the bench: what reaches a lane in, the decisions of that lane out, through its own commands and in bulk."""

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from events.contracts import Actor, Checklist, Published, PublishedFile
from lane.lane import CommandBody, Lane
from services.decision.commands import Approve, Verify
from services.publisher.commands import Publish
from services.publisher.policy import PUBLISHER
from services.review.commands import Revise

CHECKLIST: Final = Checklist(terpadu=True, lengkap=True, aktual=True, valid=True, akuntabel=True)
SUPERIOR: Final = Actor(id="atasan-ppid", name="Atasan PPID Kabupaten", role="atasan_ppid")


class Arrived(NamedTuple):
    """What reached a lane."""

    submission_id: str
    opd: str | None


Stamps = list[tuple[str, float]]
"""(submission id, when: `time.monotonic()`, the same clock in every process of this machine)."""
Decide = Callable[[Lane, Sequence[Arrived]], Stamps]


def revise_all(lane: Lane, waiting: Mapping[str, Sequence[str]]) -> None:
    """Each agency's head revises what came from the own agency. OPD → submission ids."""
    body = Revise(expected_sequence=1, note="Sudah dicek.")
    for opd, ids in waiting.items():
        head = Actor(id=f"ketua-ppid@{opd}", name="Ketua PPID", role="ketua_ppid", opd=opd)
        lane.do_many([("revise", uuid.UUID(i), body) for i in ids], actor=head)


def revise(lane: Lane, submitted: Sequence[Arrived]) -> Stamps:
    by_opd: dict[str, list[str]] = defaultdict(list)
    for event in submitted:
        by_opd[event.opd or ""].append(event.submission_id)
    revise_all(lane, by_opd)
    return []


def verify_and_approve(lane: Lane, revised: Sequence[Arrived]) -> Stamps:
    """The superior verifies a pile, then approves it. The stamps say when the approval was asked for."""
    ids = [uuid.UUID(event.submission_id) for event in revised]
    verify = Verify(expected_sequence=2, checklist=CHECKLIST, note="Temuan sudah dibaca.")
    approve = Approve(expected_sequence=3, consideration="Lengkap dan mutakhir.")
    lane.do_many([("verify", i, verify) for i in ids], actor=SUPERIOR)
    now = time.monotonic()
    lane.do_many([("approve", i, approve) for i in ids], actor=SUPERIOR)
    return [(str(i), now) for i in ids]


def publish(lane: Lane, approved: Sequence[Arrived]) -> Stamps:
    """As the publisher does after the upload; here there is none."""
    wishes: list[tuple[str, uuid.UUID, CommandBody]] = []
    for submission in lane.journal.submissions([uuid.UUID(event.submission_id) for event in approved]).values():
        head = submission.head
        url = f"/portal/{head.submission_id}/"
        files = tuple(PublishedFile(name=file.name, sha256=file.sha256, url=f"{url}{file.name}") for file in submission.files)
        published = Published(manifest=head.manifest, portal="folder", url=url, dataset="daftar-desa-kelurahan", files=files)
        wishes.append(("publish", head.submission_id, Publish(expected_sequence=4, published=published)))
    lane.do_many(wishes, actor=PUBLISHER)
    return []


OFFICIALS: Final[Mapping[str, tuple[str, Decide]]] = {
    "review": ("DataSubmitted", revise),
    "decision": ("DataRevised", verify_and_approve),
    "publisher": ("DataApproved", publish),
}
"""Lane → the event that its officials wait for, and what they do."""
