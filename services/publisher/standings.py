"""What stands published by the log: the publisher's journal and worklist in, one `Standing` per published submission out.

`check` and `mend` are the portal's upkeep over these, for the command line and for the regular check.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
import structlog

from bus.directory import Directory
from events.contracts import DataApproved, DataRetracted
from events.heads import HEADS
from events.journal import Journal
from events.submission import Recorded, State, fold
from lane.files import Files
from portals.portal import Portal, Publication
from portals.upkeep import Difference, Standing, diff, repair
from services.publisher.attempts import METADATA, Attempts

REPAIRS: Final = sa.Table(
    "portal_repairs_v1",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("submission_id", sa.String(36), nullable=False),
    sa.Column("what", sa.String(32), nullable=False),
    sa.Column("field", sa.Text, nullable=False),
)
log = structlog.get_logger("jejak.publisher")


@dataclass(frozen=True)
class Upkeep:
    """A portal beside what the log says of it."""

    portal: Portal
    journal: Journal
    attempts: Attempts
    directory: Directory
    files: Files

    def check(self, dataset_id: str | None = None) -> Iterator[Difference]:
        """Every difference, dataset by dataset; each listed file is downloaded. Raises PortalProblem."""
        return diff(self.portal, self.standings(dataset_id))

    def mend(self, dataset_id: str | None = None) -> Iterator[Difference]:
        """Put back what differs, each submission once; what is mended is written down. Raises PortalProblem."""
        mended: set[uuid.UUID] = set()
        for difference in sorted(self.check(dataset_id), key=lambda d: d.standing.state == "current"):
            publication = difference.standing.publication
            if publication.submission_id not in mended:
                with self.attempts.turn(publication.dataset.dataset_id) as mine:
                    if not mine:
                        continue
                    repair(self.portal, difference, self.files, step=lambda _: None)
                mended.add(publication.submission_id)
            self._note(difference)
            yield difference

    def standings(self, dataset_id: str | None = None) -> Iterator[Standing]:
        """Dataset by dataset, the versions of each in the order of their approval."""
        for name in self._datasets() if dataset_id is None else [dataset_id]:
            versions = sorted(self._versions(name), key=lambda version: version.publication.order)
            current = max((i for i, version in enumerate(versions) if version.state != "retracted"), default=-1)
            for index, version in enumerate(versions):
                yield Standing(version.publication, "current") if index == current else version

    def _datasets(self) -> list[str]:
        with self.attempts.engine.connect() as c:
            return list(c.execute(sa.select(HEADS.c.dataset_id).where(_SHOWN).distinct().order_by(HEADS.c.dataset_id)).scalars())

    def _versions(self, dataset_id: str) -> Iterator[Standing]:
        with self.attempts.engine.connect() as c:
            ids = list(c.execute(sa.select(HEADS.c.submission_id).where(_SHOWN, HEADS.c.dataset_id == dataset_id)).scalars())
        for submission_id in ids:
            history = self.journal.history(submission_id)
            publication = publication_of(history, self.directory)
            last = history[-1].event
            if isinstance(last, DataRetracted):
                yield Standing(publication, "retracted", last.data.reason)
            else:
                yield Standing(publication, "earlier")

    def _note(self, difference: Difference) -> None:
        submission_id = str(difference.standing.publication.submission_id)
        row = {"at": datetime.now(UTC).isoformat(), "submission_id": submission_id, "what": difference.what, "field": difference.field}
        with self.attempts.engine.begin() as c:
            c.execute(sa.insert(REPAIRS), [row])
        log.warning("portal_repaired", **row)


_SHOWN: Final = HEADS.c.state.in_((State.PUBLISHED.value, State.RETRACTED.value))


def publication_of(history: Sequence[Recorded], directory: Directory) -> Publication:
    """What the last approval of this history lets be shown."""
    upto = max(r.event.sequence for r in history if isinstance(r.event, DataApproved))
    submission = fold(history[:upto])
    if submission is None:
        raise ValueError("an approval without a beginning")
    return Publication(
        submission_id=submission.id,
        sequence=upto,
        opd=submission.opd,
        opd_name=directory.name_of(submission.opd),
        dataset=submission.dataset,
        files=submission.files,
        manifest=submission.manifest,
        approved_at=submission.arrived_at,
    )
