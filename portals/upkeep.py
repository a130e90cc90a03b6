"""Is the portal still as the log says? What stands published goes in, each difference comes out; repair is publishing again.

Nothing here keeps state or reads a clock: the command line, the nightly check and its metric call these functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from events.contracts import Reason
from lane.files import Files
from portals.portal import Portal, Publication, Shown, ShownFile, Step

What = Literal[
    "deleted", "not_public", "other_version", "file_differs", "file_missing", "file_added", "metadata", "earlier_missing", "not_withdrawn"
]

WORDS: Final[dict[What, str]] = {
    "deleted": "data tidak ada di portal",
    "not_public": "data tidak tampil untuk masyarakat",
    "other_version": "yang tampil bukan versi terbaru",
    "file_differs": "isi berkas berbeda dari yang disetujui",
    "file_missing": "berkas tidak ada di portal",
    "file_added": "ada berkas yang tidak pernah disetujui",
    "metadata": "keterangan diubah",
    "earlier_missing": "berkas versi sebelumnya tidak ada lagi",
    "not_withdrawn": "data yang sudah ditarik masih tampil",
}


@dataclass(frozen=True)
class Standing:
    """A submission that was published, and how it stands by the log now.

    `current`: the newest of its dataset that is not retracted before it; `earlier`: a later one took its place;
    `retracted`: it was taken down, `reason` says why.
    """

    publication: Publication
    state: Literal["current", "earlier", "retracted"]
    reason: Reason | None = None


@dataclass(frozen=True)
class Difference:
    """One thing that the portal shows otherwise. `field`: a file's name or a field of the metadata, "" for the whole dataset."""

    standing: Standing
    what: What
    field: str = ""
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        where = f" ({self.field})" if self.field else ""
        return f"{self.standing.publication.dataset.dataset_id}: {WORDS[self.what]}{where}"


def diff(portal: Portal, standings: Iterable[Standing]) -> Iterator[Difference]:
    """Compare what the portal shows, every listed file downloaded, with what it should; one look per dataset.

    `standings` come dataset by dataset: those of one `dataset_id` follow each other. Raises PortalProblem.
    """
    for dataset_id, group in groupby(standings, key=lambda standing: standing.publication.dataset.dataset_id):
        shown = portal.shown(dataset_id)
        for standing in group:
            yield from differences(portal, standing, shown)


def differences(portal: Portal, standing: Standing, shown: Shown | None) -> Iterator[Difference]:
    """What is otherwise for one submission, given what the portal shows of its dataset."""
    submission_id = standing.publication.submission_id
    match standing.state:
        case "retracted":
            shows_it = shown is not None and (shown.submission_id == submission_id and (shown.public or bool(shown.files)))
            if shows_it or (shown is not None and submission_id in shown.earlier):
                yield Difference(standing, "not_withdrawn")
        case "earlier":
            if shown is None or submission_id not in shown.earlier:
                yield Difference(standing, "earlier_missing")
        case "current":
            yield from _of_current(portal, standing, shown)


def repair(portal: Portal, difference: Difference, files: Files, *, step: Step) -> None:
    """Put it back: publish again, or take down again. One repair mends every difference of its submission.

    Of one dataset, repair the current submission last. Raises PortalProblem, FileProblem, FilesUnavailable.
    """
    standing = difference.standing
    if standing.state == "retracted":
        reason = standing.reason or Reason(code="retracted", note="Sudah ditarik sebelumnya.")
        portal.retract(standing.publication, reason=reason, step=step)
    else:
        portal.publish(standing.publication, files, step=step)


def _of_current(portal: Portal, standing: Standing, shown: Shown | None) -> Iterator[Difference]:
    if shown is None:
        yield Difference(standing, "deleted")
        return
    if not shown.public:
        yield Difference(standing, "not_public")
    if shown.submission_id != standing.publication.submission_id:
        yield Difference(standing, "other_version", expected=str(standing.publication.submission_id), found=str(shown.submission_id))
        return
    yield from _of_files(standing, shown)
    for field, expected in portal.expects(standing.publication).items():
        if shown.metadata.get(field, "") != expected:
            yield Difference(standing, "metadata", field=field, expected=expected, found=shown.metadata.get(field, ""))


def _of_files(standing: Standing, shown: Shown) -> Iterator[Difference]:
    """Files may have one name twice: they are compared as a list of names, each with its hashes in order."""
    left: list[ShownFile] = list(shown.files)
    for file in standing.publication.files:
        namesakes = [one for one in left if one.name == file.name]
        found = next((one for one in namesakes if one.sha256 == file.sha256), None) or next(iter(namesakes), None)
        if found is None:
            yield Difference(standing, "file_missing", field=file.name, expected=file.sha256)
            continue
        left.remove(found)
        if found.sha256 != file.sha256:
            yield Difference(standing, "file_differs", field=file.name, expected=file.sha256, found=found.sha256 or "")
    for one in left:
        yield Difference(standing, "file_added", field=one.name, found=one.sha256 or "")
