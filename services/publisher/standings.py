"""What the portal should show by the log: the publisher's journal and inbox in, one desired state per dataset out."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import orjson
import sqlalchemy as sa

from bus.directory import Directory
from events.contracts import DataApproved, DataPublished, DataRetracted, DataSubmitted, Lane
from events.heads import HEADS
from events.journal import Journal
from events.submission import Recorded, State, fold
from portals.desired import Desired, Publication, Standing, Withdrawal, desired, numbered, owner_of

BATCH = 1_000


@dataclass(frozen=True)
class Standings:
    journal: Journal
    engine: sa.Engine
    directory: Directory

    def desired(self, dataset_id: str) -> Desired:
        """By what was published and taken down so far."""
        return self.with_approved(dataset_id, None)[0]

    def with_approved(self, dataset_id: str, about: uuid.UUID | None) -> tuple[Desired, str | None]:
        """As `desired`, with an approved submission shown too; and the OPD that the name belongs to, None when it is free."""
        found = self.of_dataset(dataset_id)
        wanted = [one for one in found if one.published or one.withdrawal or one.publication.submission_id == about]
        return desired(dataset_id, wanted, adopted=self.directory.adopted.get(dataset_id)), self._owner(dataset_id, found)

    def owner(self, dataset_id: str) -> str | None:
        """The OPD that the name belongs to now, None when it is free."""
        return self._owner(dataset_id, self.of_dataset(dataset_id))

    def _owner(self, dataset_id: str, found: Sequence[Standing]) -> str | None:
        """The operator may have handed the name over, or the OPD may act under another code."""
        first = owner_of(found)
        return self.directory.owner_of(dataset_id) or (first and self.directory.heir_of(first))

    def of_dataset(self, dataset_id: str) -> list[Standing]:
        """All that was ever approved and not handed back, with its edition."""
        histories = self.journal.histories(self._submissions_of(dataset_id))
        found = [one for history in histories.values() if (one := standing_of(history, self.directory))]
        editions = numbered((one.publication.submission_id, number, one.publication.approved_at) for one, number in found)
        return [replace(one, publication=replace(one.publication, edition=editions[one.publication.submission_id])) for one, _ in found]

    def everything(self) -> Iterator[Desired]:
        """Dataset by dataset."""
        return (self.desired(dataset_id) for dataset_id in self.dataset_ids())

    def dataset_ids(self) -> list[str]:
        """Every dataset that was published or taken down."""
        with self.engine.connect() as c:
            shown = HEADS.c.state.in_((State.PUBLISHED.value, State.RETRACTED.value))
            return list(c.execute(sa.select(HEADS.c.dataset_id).where(shown).distinct().order_by(HEADS.c.dataset_id)).scalars())

    def changed_since(self, position: int | None) -> tuple[list[str], int]:
        """Datasets of which something was published or taken down since then (None: all there are), and where we are now."""
        if position is None:
            now = self.journal.last_id()
            return self.dataset_ids(), now
        ids = list[uuid.UUID]()
        while entries := self.journal.read(position, BATCH):
            position = entries[-1].id
            ids += [entry.stream for entry in entries if orjson.loads(entry.raw)["type"] in ("DataPublished", "DataRetracted")]
        with self.engine.connect() as c:
            found = set[str]()
            for start in range(0, len(ids), BATCH):
                some = HEADS.c.submission_id.in_(ids[start : start + BATCH])
                found |= set(c.execute(sa.select(HEADS.c.dataset_id).where(some)).scalars())
        return sorted(found), position

    def _submissions_of(self, dataset_id: str) -> Sequence[uuid.UUID]:
        with self.engine.connect() as c:
            shown = HEADS.c.state.in_((State.APPROVED.value, State.PUBLISHED.value, State.RETRACTED.value))
            return list(c.execute(sa.select(HEADS.c.submission_id).where(shown, HEADS.c.dataset_id == dataset_id)).scalars())


def standing_of(history: Sequence[Recorded], directory: Directory) -> tuple[Standing, int | None] | None:
    """How a submission stands, and its edition where the log tells it; None when it is not approved, or no longer."""
    first, last = history[0].event, history[-1].event
    approvals = [r.event.sequence for r in history if isinstance(r.event, DataApproved)]
    if not approvals or not isinstance(last, DataApproved | DataPublished | DataRetracted):
        return None
    publication = publication_of(history[: approvals[-1]], directory)
    if isinstance(last, DataRetracted) and last.lane == Lane.REVIEW:
        return None  # it was handed back before, and then withdrawn by its agency: no approval of it stands
    withdrawal = Withdrawal(last.data.reason, relist=bool(last.data.relist)) if isinstance(last, DataRetracted) else None
    published = next((r.event.data for r in history if isinstance(r.event, DataPublished)), None)
    place = (published.portal, published.dataset) if published else None
    return Standing(publication, published is not None, withdrawal, place), first.data.edition if isinstance(first, DataSubmitted) else None


def publication_of(history: Sequence[Recorded], directory: Directory) -> Publication:
    """What an approval, the last event of this history, lets be shown; `edition` is not known from one submission alone."""
    submission = fold(history)
    if submission is None:
        raise ValueError("an approval without a beginning")
    return Publication(
        submission_id=submission.id,
        edition=0,
        sequence=submission.sequence,
        opd=submission.opd,
        opd_name=directory.name_of(submission.opd),
        dataset=submission.dataset,
        files=submission.files,
        manifest=submission.manifest,
        approved_at=submission.arrived_at,
    )
