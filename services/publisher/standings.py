"""What the portal should show by the log: the publisher's journal and inbox in, one desired state per dataset out."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import orjson
import sqlalchemy as sa

from bus.directory import Directory
from events.contracts import Content, DataApproved, DataPublished, DataRetracted, DataSubmitted, Lane
from events.heads import HEADS
from events.journal import Journal
from events.submission import Recorded, State
from events.values import moment_at, ms_of
from portals.desired import Desired, Publication, Standing, Withdrawal, desired, numbered, owner_of

BATCH: Final = 1_000
KNOWN: Final = 2_000
"""How many standings are remembered, some 10 kB each."""
ON_PORTAL: Final = (State.APPROVED, State.PUBLISHED, State.RETRACTED)
# Built once: putting such a query together costs several times what SQLite needs to answer it.
OF_DATASET: Final = sa.select(HEADS.c.submission_id, HEADS.c.hash).where(
    HEADS.c.dataset_id == sa.bindparam("dataset_id"), HEADS.c.state.in_([sa.literal_column(f"'{state}'") for state in ON_PORTAL])
)


@dataclass(frozen=True)
class Told:
    """How a submission stands, and its edition where the log tells it. `hash`: of its last event; another event makes it another one."""

    hash: str
    standing: Standing | None
    edition: int | None


@dataclass(frozen=True)
class Standings:
    """What was read once is remembered until its submission goes on: editions of years ago cost nothing."""

    journal: Journal
    engine: sa.Engine
    directory: Directory
    _known: dict[uuid.UUID, Told] = field(default_factory=dict)

    def desired(self, dataset_id: str) -> Desired:
        """By what was published and taken down so far."""
        return self._desired(dataset_id, self.of_dataset(dataset_id), about=None)

    def with_approved(self, dataset_id: str, about: uuid.UUID, sequence: int) -> tuple[Desired, str | None] | None:
        """As `desired`, with an approved submission shown too, and the OPD that the name belongs to, None when it is free.

        None: that approval waits no longer.
        """
        found = self.of_dataset(dataset_id)
        waits = (one.publication.submission_id == about and one.publication.sequence == sequence and one.waits for one in found)
        return (self._desired(dataset_id, found, about=about), self._owner(dataset_id, found)) if any(waits) else None

    def _desired(self, dataset_id: str, found: Sequence[Standing], *, about: uuid.UUID | None) -> Desired:
        wanted = [one for one in found if not one.waits or one.publication.submission_id == about]
        return desired(dataset_id, wanted, adopted=self.directory.adopted.get(dataset_id))

    def owner(self, dataset_id: str) -> str | None:
        """The OPD that the name belongs to now, None when it is free."""
        return self._owner(dataset_id, self.of_dataset(dataset_id))

    def _owner(self, dataset_id: str, found: Sequence[Standing]) -> str | None:
        return self.directory.owner_now(dataset_id, published=owner_of(found))

    def of_dataset(self, dataset_id: str) -> list[Standing]:
        """All that was ever approved and not handed back, with its edition."""
        with self.engine.connect() as c:
            rows = c.execute(OF_DATASET, {"dataset_id": dataset_id}).all()
        told = {one: known for one, digest in rows if (known := self._known.get(one)) and known.hash == digest}
        if fresh := [one for one, _ in rows if one not in told]:
            told |= {one: told_of(history) for one, history in self.journal.histories(fresh).items()}
            if len(self._known) + len(fresh) > KNOWN:
                self._known.clear()
            self._known.update((one, told[one]) for one in fresh)
        found = [(one.standing, one.edition) for one in told.values() if one.standing]
        editions = numbered((one.publication.submission_id, number, one.publication.approved_at) for one, number in found)
        return [self._now(one, editions[one.publication.submission_id]) for one, _ in found]

    def went_public(self, recorded: Recorded) -> None:
        """What we wrote down ourselves need not be read again."""
        event, told = recorded.event, self._known.get(recorded.event.submission_id)
        if told and told.standing and isinstance(event, DataPublished):
            standing = replace(told.standing, published=True, place=(event.data.portal, event.data.dataset))
            self._known[event.submission_id] = Told(recorded.hash, standing, told.edition)

    def _now(self, standing: Standing, edition: int) -> Standing:
        """With what is not of the submission alone."""
        opd_name = self.directory.name_of(standing.publication.opd)
        return replace(standing, publication=replace(standing.publication, edition=edition, opd_name=opd_name))

    def everything(self) -> Iterator[Desired]:
        """Dataset by dataset."""
        return (self.desired(dataset_id) for dataset_id in self.dataset_ids())

    def dataset_ids(self) -> list[str]:
        """Every dataset that was published or taken down."""
        with self.engine.connect() as c:
            shown = HEADS.c.state.in_((State.PUBLISHED.value, State.RETRACTED.value))
            return list(c.execute(sa.select(HEADS.c.dataset_id).where(shown).distinct().order_by(HEADS.c.dataset_id)).scalars())

    def on_portal(self, ids: Collection[str]) -> set[str]:
        """Those of these ids, the portal's own, under which the log says that something was published. One look through the journal."""
        found, position = set[str](), 0
        while ids and (entries := self.journal.read(position, BATCH)):
            position = entries[-1].id
            said = (orjson.loads(entry.raw) for entry in entries if b"DataPublished" in entry.raw)
            found |= {own for one in said if one["type"] == "DataPublished" and (own := one["data"].get("dataset")) in ids}
        return found

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


def told_of(history: Sequence[Recorded]) -> Told:
    """Nothing stands that was not approved, or is no longer."""
    first, last, digest = history[0].event, history[-1].event, history[-1].hash
    approvals = [r.event.sequence for r in history if isinstance(r.event, DataApproved)]
    edition = first.data.edition if isinstance(first, DataSubmitted) else None
    if not approvals or not isinstance(last, DataApproved | DataPublished | DataRetracted):
        return Told(digest, None, edition)
    if isinstance(last, DataRetracted) and last.lane == Lane.REVIEW:
        return Told(digest, None, edition)  # it was handed back before, and then withdrawn by its agency
    withdrawal = Withdrawal(last.data.reason, relist=bool(last.data.relist)) if isinstance(last, DataRetracted) else None
    published = next((r.event.data for r in history if isinstance(r.event, DataPublished)), None)
    place = (published.portal, published.dataset) if published else None
    return Told(digest, Standing(publication_of(history[: approvals[-1]]), published is not None, withdrawal, place), edition)


def publication_of(history: Sequence[Recorded]) -> Publication:
    """What an approval, the last event of this history, lets be shown; its edition and the OPD's name are not known from it alone."""
    first, approval = history[0].event, history[-1].event
    content = next((data for r in reversed(history) if isinstance(data := r.event.data, Content)), None)
    if content is None:
        raise ValueError("an approval without a beginning")
    return Publication(
        submission_id=approval.submission_id,
        edition=0,
        sequence=approval.sequence,
        opd=first.actor.opd or "",
        opd_name="",
        dataset=content.dataset,
        files=content.files,
        manifest=content.manifest,
        approved_at=moment_at(ms_of(approval.occurred_at)),
    )
