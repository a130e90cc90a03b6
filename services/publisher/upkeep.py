"""Is the portal still as the log says? Each difference comes out; repair brings the portal back, by the same rule as publishing."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
import structlog

from lane.files import FileProblem, Files, FilesUnavailable
from portals.portal import Code, Difference, Portal, PortalProblem
from services.publisher.following import METADATA
from services.publisher.standings import Standings
from services.publisher.turns import StillMine, Turns

TURN_S: Final = 60.0
NOT_BY_ITSELF: Final = "tidak ada di log; bila memang harus hilang, sebut namanya: jejak portal repair NAMA"
OVERVIEW: Final = "/"
"""Whose turn it is at the pages over all datasets; no dataset has this name."""
TURN_LOST: Final = "giliran menulis data ini ke portal hilang di tengah jalan; jalankan lagi"
BY_HAND: Final = "bukan milik Jejak; pindahkan, hapus, atau perbaiki izinnya sendiri"
REPAIRS: Final = sa.Table(
    "portal_repairs_v2",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("dataset_id", sa.String(100), nullable=False),
    sa.Column("what", sa.String(32), nullable=False),
    sa.Column("field", sa.Text, nullable=False),
)
OF_ALL: Final = frozenset({Code.UNREACHABLE, Code.MISCONFIGURED})
"""Problems of the portal and not of one dataset: the others would only say the same."""
log = structlog.get_logger("jejak.publisher")


@dataclass(frozen=True)
class Repair:
    """What became of a difference. `why`: why it is still there; None: it was put right."""

    difference: Difference
    why: str | None = None


@dataclass(frozen=True)
class Upkeep:
    """A portal beside what the log says of it."""

    portal: Portal
    standings: Standings
    turns: Turns
    files: Files

    def check(self, dataset_id: str | None = None, *, looked_at: Callable[[str], None] = lambda _: None) -> Iterator[Difference]:
        """Every difference, dataset by dataset, then of the pages over all; every file is read. `looked_at`: told what is done, "" last.

        A dataset that cannot be looked at is one of them. Raises PortalProblem when the portal as a whole cannot.
        """
        names, unseen = self._names(dataset_id)
        for name in names:
            try:
                with self.turn(name):
                    found = self.portal.differences(self.standings.desired(name))
            except PortalProblem as problem:
                found = [_unreadable(name, problem)]
            yield from found
            looked_at(name)
        yield from unseen
        if dataset_id is None:
            yield from self._of_overview()
            looked_at("")

    def repair(self, dataset_id: str | None = None) -> Iterator[Repair]:
        """Put right what differs, and say of each difference what became of it. One dataset that fails holds up no other.

        What the log knows nothing of is taken away only when it is named: the log may not be all here. Raises as `check` does.
        """
        if dataset_id is None:
            yield from self._make_room()
        known = set(self.standings.dataset_ids())
        names, unseen = self._names(dataset_id)
        for name in names:
            try:
                with self.turn(name) as still_mine:
                    yield from self._repair(name, still_mine, may_act=name in known or dataset_id is not None)
            except PortalProblem as problem:
                yield Repair(_unreadable(name, problem), problem.message)
        yield from (Repair(one, one.found) for one in unseen)
        if dataset_id is None:
            yield from self._repair_overview()

    def _make_room(self) -> Iterator[Repair]:
        try:
            with self.turn(OVERVIEW):
                taken_away = self.portal.make_room()
        except PortalProblem as problem:  # whatever it is, the pages over all datasets meet it too, and tell it
            log.warning("portal_room_not_made", why=problem.message)
            return
        for difference in taken_away:
            self._note(difference)
            yield Repair(difference)

    def _of_overview(self) -> list[Difference]:
        """What differs of the pages over all datasets, and whatever belongs to none."""
        try:
            with self.turn(OVERVIEW):
                return self.portal.overview_differences(self.standings.everything())
        except PortalProblem as problem:
            return [_unreadable("", problem)]

    def _repair_overview(self) -> Iterator[Repair]:
        if not (wrong := self._of_overview()):
            return
        why = BY_HAND
        try:
            with self.turn(OVERVIEW):
                self.portal.overview(self.standings.everything())
        except PortalProblem as problem:
            why = problem.message
        yield from self._told(wrong, self._of_overview(), why)

    def _repair(self, name: str, still_mine: StillMine, *, may_act: bool) -> Iterator[Repair]:
        def stepped(_: str) -> None:
            if not still_mine():
                raise PortalProblem(Code.BUSY, TURN_LOST)

        desired = self.standings.desired(name)
        wrong = self.portal.differences(desired)
        if not wrong:
            return
        why = NOT_BY_ITSELF
        if may_act:
            try:
                self.portal.apply(desired, self.files, about=None, step=stepped)
                stepped("")
                why = "masih berbeda setelah diperbaiki; lihat kembali"
            except (PortalProblem, FileProblem) as problem:
                why = problem.message
            except FilesUnavailable as problem:
                why = str(problem)
        yield from self._told(wrong, self.portal.differences(desired), why)

    def _told(self, before: Sequence[Difference], after: Sequence[Difference], why: str) -> Iterator[Repair]:
        """What differs otherwise now than it did is left too: one cause may have hidden another."""
        left = set(after)
        for difference in before:
            if difference not in left:
                self._note(difference)
                yield Repair(difference)
        yield from (Repair(difference, why) for difference in after)

    def _names(self, dataset_id: str | None) -> tuple[list[str], list[Difference]]:
        """Of the log and of the portal; where the portal does not say its own, that is a difference."""
        if dataset_id:
            return [dataset_id], []
        try:
            return sorted({*self.standings.dataset_ids(), *self.portal.names()}), []
        except PortalProblem as problem:
            return self.standings.dataset_ids(), [_unreadable("", problem)]

    @contextmanager
    def turn(self, dataset_id: str) -> Iterator[StillMine]:
        """Never look at what the publisher is writing at this moment. Raises PortalProblem when that does not end."""
        until = time.monotonic() + TURN_S
        while True:
            with self.turns.turn(dataset_id) as still_mine:
                if still_mine:
                    yield still_mine
                    return
            if time.monotonic() > until:
                raise PortalProblem(Code.BUSY, "Data ini terus-menerus sedang ditulis ke portal; coba lagi nanti.")
            time.sleep(0.05)

    def _note(self, difference: Difference) -> None:
        row = {"at": datetime.now(UTC).isoformat(), "dataset_id": difference.dataset_id, "what": difference.what, "field": difference.field}
        with self.standings.engine.begin() as c:
            c.execute(sa.insert(REPAIRS), [row])
        log.warning("portal_repaired", **row)


def _unreadable(dataset_id: str, problem: PortalProblem) -> Difference:
    if problem.code in OF_ALL:
        raise problem
    return Difference(dataset_id, None, "unreadable", found=problem.message)
