"""Whose a dataset's name is, and which number a submission gets among those of its dataset. What the journal knows in, numbers out.

A name belongs to the OPD that first submitted under it, retracted or not. Numbers are claimed in the transaction that writes the
submission, so that two processes never give the same one.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from bus.directory import Directory
from events.contracts import MOST, Finding, Reason
from events.journal import Journal
from events.metadata import DATASET_ID, Dataset
from events.submission import State
from lane.inbox import UNUSED, Inbox, OnItsWay, Standing
from lane.lane import owned_now
from lane.publishable import open_already, period_of
from lane.versions import Version, version_before


@dataclass
class Names:
    """One for each batch: later records see what earlier ones led to."""

    journal: Journal
    inbox: Inbox
    directory: Directory
    _known: dict[str, Standing] = field(default_factory=dict)

    def look_up(self, dataset_ids: Collection[str]) -> None:
        """What is said of many at once need not be asked one by one. What can be no name is not asked for: anything may stand there."""
        asked = _names_in(dataset_ids) - self._known.keys()
        if not asked:
            return
        claimed = self.journal.store.positions({claim_of(dataset_id) for dataset_id in asked})
        found = self.inbox.standings(asked)
        for dataset_id in asked:
            standing = found.get(dataset_id, UNUSED)
            if claimed.get(claim_of(dataset_id), 0) > standing.editions:
                standing = replace(standing, editions=claimed[claim_of(dataset_id)])
            self._known[dataset_id] = owned_now(standing, dataset_id, self.directory, self.inbox)

    def against(self, dataset: Dataset, opd: str, submission_id: str) -> list[Reason]:
        """Why this OPD may not submit this now: the name is another's, or another submission of the same period is on its way.

        Of another's submissions nothing is told.
        """
        standing = self._of(dataset)
        if refused := not_the_own_name(standing, dataset.dataset_id, opd) or no_number_left(standing, dataset.dataset_id):
            return refused
        return open_already(standing.others(period_of(dataset), but=submission_id))

    def same_again(self, dataset: Dataset, manifest: str) -> list[Finding]:
        """The same content under another number: told with the number of the first one, for whoever checks it."""
        newest = self._of(dataset).newest  # also what is accepted in this batch
        if newest is None:
            return []
        first = self.inbox.first_with(dataset.dataset_id, manifest) or (newest[0] if newest[1] == manifest else None)
        if first is None:
            return []
        message = f"Isi dan keterangannya sama persis dengan pengajuan nomor {first}; pastikan ini memang edisi baru."
        return [Finding(word="akuntabel", severity="warning", code="same_content", field="files", message=message)]

    def version_before(self, dataset: Dataset) -> Version | None:
        """What is public of this dataset now."""
        return version_before(self.inbox, self.journal, dataset.dataset_id, None) if self._of(dataset).editions else None

    def versions_before(self, dataset_ids: Collection[str]) -> dict[str, Version]:
        """What is public of each of these now."""
        asked = _names_in(dataset_ids)
        found = self.inbox.standings(asked) if asked else ()
        return {name: version for name in found if (version := version_before(self.inbox, self.journal, name, None))}

    def next(self, dataset: Dataset) -> int:
        """The number of a submission that is accepted now."""
        return self._of(dataset).editions + 1

    def take(self, dataset: Dataset, opd: str, submission_id: str, manifest: str) -> None:
        """It was accepted, with that number."""
        before = self._of(dataset)
        opened = (*before.open, OnItsWay(submission_id, period_of(dataset), opd, State.SUBMITTED))
        self._known[dataset.dataset_id] = Standing(before.owner or opd, before.editions + 1, opened, (submission_id, manifest))

    def _of(self, dataset: Dataset) -> Standing:
        if dataset.dataset_id not in self._known:
            self.look_up([dataset.dataset_id])
        return self._known[dataset.dataset_id]


def _names_in(dataset_ids: Collection[str]) -> set[str]:
    return {name for name in dataset_ids if re.fullmatch(DATASET_ID, name)}


def claim_of(dataset_id: str) -> str:
    """The position in the journal that says how many numbers are given."""
    return f"edition/{dataset_id}"


def not_the_own_name(standing: Standing, dataset_id: str, opd: str) -> list[Reason]:
    if standing.owner in (None, opd):
        return []
    note = f"Nama data {dataset_id} sudah dipakai OPD lain; pakai nama lain, atau minta pengelola menyerahkan nama itu."
    return [Reason(code="name_taken", field="dataset.dataset_id", note=note)]


def no_number_left(standing: Standing, dataset_id: str) -> list[Reason]:
    """Only a forged event on the log can have taken the last number."""
    if standing.editions < MOST:
        return []
    note = f"Nomor edisi data {dataset_id} sudah habis; pakai nama lain, dan beri tahu pengelola: ada pengajuan yang tidak wajar."
    return [Reason(code="no_number_left", field="dataset.dataset_id", note=note)]
