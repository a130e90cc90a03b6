"""The version of a dataset that was published before a submission, and which of its files each file follows."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from checks.catalogue import report
from checks.findings import Found
from checks.grid import key_of
from events.contracts import Finding
from events.journal import Journal
from events.metadata import Dataset, File
from lane.inbox import Inbox


@dataclass(frozen=True)
class Version:
    """What was published, under which number of the dataset's editions if it had one."""

    submission_id: uuid.UUID
    edition: int | None
    dataset: Dataset
    files: Sequence[File]


def version_before(inbox: Inbox, journal: Journal, dataset_id: str, edition: int | None) -> Version | None:
    """The newest that is public, of those with a smaller number than `edition`; of all when that is None."""
    newest = inbox.published_before(dataset_id, edition)
    found = journal.submission(newest) if newest else None
    return Version(found.head.submission_id, found.head.edition, found.dataset, found.files) if found else None


def followed_by(files: Sequence[File], before: Sequence[File]) -> dict[int, File]:
    """Each file's place → the file of the version before that it follows: of its name, its name but for digits, or the only one left."""
    left = list(before)
    found: dict[int, File] = {}
    for how in (lambda name: name, lambda name: key_of(re.sub(r"\d+", "", name))):
        for place, file in enumerate(files):
            if place not in found and (same := next((old for old in left if how(old.name) == how(file.name)), None)):
                found[place] = same
                left.remove(same)
    rest = [place for place in range(len(files)) if place not in found]
    return found | {rest[0]: left[0]} if len(rest) == len(left) == 1 else found


def period_told(dataset: Dataset, files: Sequence[File], before: Version) -> Finding:
    """What changed of the dataset as a whole: its period, and files that came or went."""
    note = Found(field="dataset.period_start")
    was, now = _period(before.dataset), _period(dataset)
    told, told_en = (
        [f"periode {was} → {now}" if was != now else f"periode tetap {now}"],
        [f"period {was} → {now}" if was != now else f"same period {now}"],
    )
    follows = followed_by(files, before.files)
    if new := [file.name for place, file in enumerate(files) if place not in follows]:
        told.append(f"berkas baru: {', '.join(new[:5])}")
        told_en.append(f"new files: {', '.join(new[:5])}")
    if gone := [file.name for file in before.files if file not in follows.values()]:
        told.append(f"berkas hilang: {', '.join(gone[:5])}")
        told_en.append(f"files gone: {', '.join(gone[:5])}")
    number = f"edisi {before.edition}, " if before.edition else ""
    number_en = f"edition {before.edition}, " if before.edition else ""
    note("version_changes", what=f"{number}{'; '.join(told)}", what_en=f"{number_en}{'; '.join(told_en)}")
    return report(note).findings[0]


def _period(dataset: Dataset) -> str:
    return f"{dataset.period_start.isoformat()} s.d. {dataset.period_end.isoformat()}"
