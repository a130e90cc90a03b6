"""What the portal should show of one dataset: what the log says of its submissions in, the one right state out. Pure.

Publishing, taking down, checking and repairing all bring the portal to this state; only what starts them differs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from events.contracts import Reason
from events.metadata import Dataset, File


@dataclass(frozen=True)
class Publication:
    """One approved submission, with all that the portal shows of it.

    `sequence`: of its DataApproved. `edition`: its number in the dataset, 1, 2, 3 …
    """

    submission_id: UUID
    edition: int
    sequence: int
    opd: str
    opd_name: str
    dataset: Dataset
    files: tuple[File, ...]
    manifest: str
    approved_at: datetime

    @property
    def order(self) -> tuple[int, datetime, str]:
        """Which of two editions is the later one: the higher number; the rest only parts those that have the same."""
        return self.edition, self.approved_at, str(self.submission_id)


@dataclass(frozen=True)
class Withdrawal:
    """Why it was taken down, and whether the edition before it is shown again."""

    reason: Reason
    relist: bool = False


@dataclass(frozen=True)
class Standing:
    """An approved submission as it stands by the log. `published`: DataPublished was written; `withdrawal`: DataRetracted was.

    `place`: the kind of portal that it was published on, and that portal's own id of the dataset.
    """

    publication: Publication
    published: bool
    withdrawal: Withdrawal | None = None
    place: tuple[str, str] | None = None

    @property
    def waits(self) -> bool:
        """Approved, and nothing came of it yet."""
        return not self.published and self.withdrawal is None


@dataclass(frozen=True)
class Tombstone:
    """What stands at the address of an edition that was taken down."""

    publication: Publication
    reason: Reason


@dataclass(frozen=True)
class Desired:
    """The state of one dataset on the portal, newest edition first everywhere.

    `listed` is what the public finds under the dataset's name, with `earlier` beside it. Without it `tombstone` stands there, the
    public gets nothing else, and `earlier` is what would be shown again. With neither there is no such dataset. `withdrawn` are all
    tombstones. `adopted`: the portal's own id of a dataset that it had before Jejak, to be taken over. `places`: as of `Standing`.
    """

    dataset_id: str
    listed: Publication | None = None
    earlier: tuple[Publication, ...] = ()
    tombstone: Tombstone | None = None
    withdrawn: tuple[Tombstone, ...] = ()
    adopted: str | None = None
    places: tuple[tuple[str, str], ...] = ()

    def id_on(self, kind: str) -> str | None:
        """The id that a portal of this kind gave the dataset, by the log: no hand on the portal changes what that says."""
        return next((own for portal, own in self.places if portal == kind), None)

    @property
    def shown(self) -> tuple[Publication, ...]:
        """The editions whose files the public gets."""
        return (self.listed, *self.earlier) if self.listed else ()


def desired(dataset_id: str, submissions: Iterable[Standing], *, adopted: str | None = None) -> Desired:
    """The newest edition is listed. Once it was taken down the dataset is closed, unless the retraction lists the one before it again.

    What was taken down before it was ever shown leaves no trace.
    """
    newest_first = sorted(
        (one for one in submissions if one.published or one.withdrawal is None), key=lambda one: one.publication.order, reverse=True
    )
    withdrawn = tuple(Tombstone(one.publication, one.withdrawal.reason) for one in newest_first if one.withdrawal)
    up = tuple(one.publication for one in newest_first if one.withdrawal is None)
    decides = next((one for one in newest_first if not (one.withdrawal and one.withdrawal.relist)), None)
    places = tuple(one.place for one in newest_first if one.place)
    if up and decides and decides.withdrawal is None:
        return Desired(dataset_id, up[0], up[1:], None, withdrawn, adopted, places)
    stone = next((one for one in withdrawn if decides is None or one.publication is decides.publication), None)
    return Desired(dataset_id, None, up, stone, withdrawn, adopted, places)


def numbered(submissions: Iterable[tuple[UUID, int | None, datetime]]) -> dict[UUID, int]:
    """Editions by submission; in: id, the number on the log, approved at.

    From before the log had numbers: its place among those without one, by approval, then id.
    """
    known = list(submissions)
    given = {one: number for one, number, _ in known if number is not None}
    old = sorted((at, str(one), one) for one, number, at in known if number is None)
    return given | {one: place for place, (_, _, one) in enumerate(old, start=1)}


def owner_of(submissions: Iterable[Standing]) -> str | None:
    """The OPD that a dataset's name belongs to: of the first edition that was published. None: still free."""
    published = [one.publication for one in submissions if one.published]
    return min(published, key=lambda one: one.order).opd if published else None
