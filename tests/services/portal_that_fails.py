"""The fake of the `Portal` protocol: the real folder, which does not do it as long as it is told so."""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from events.contracts import Published
from lane.files import Files
from portals.desired import Desired
from portals.folder.folder import FolderPortal
from portals.portal import Code, Difference, PortalProblem, Step


class FailingPortal(FolderPortal):
    """`down`: everything fails; `broken`: only these datasets; `refusing`: these for good; `unreadable`: looking at these.

    `forging`: a page that another hand changes as soon as it is written. `answer_lost`: it is done, and nobody hears. `blind`: what
    is wrong with the pages over all datasets cannot be looked at.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.down = False
        self.broken: set[str] = set()
        self.refusing: set[str] = set()
        self.unreadable: dict[str, Code] = {}
        self.answer_lost = 0
        self.forging: Path | None = None
        self.blind: Code | None = None
        self.tried: list[str] = []

    def differences(self, desired: Desired) -> list[Difference]:
        if desired.dataset_id in self.unreadable:
            raise PortalProblem(self.unreadable[desired.dataset_id], "Portal tidak menjawab.")
        return super().differences(desired)

    def overview_differences(self, everything: Iterable[Desired]) -> list[Difference]:
        if self.blind:
            raise PortalProblem(self.blind, "Portal tidak menjawab.")
        return super().overview_differences(everything)

    def apply(self, desired: Desired, files: Files, *, about: UUID | None, step: Step) -> Published | None:
        self.tried.append(desired.dataset_id)
        step("look")
        if self.down or desired.dataset_id in self.broken:
            raise PortalProblem(Code.UNREACHABLE, "Portal tidak menjawab.")
        if desired.listed and desired.listed.dataset.title in self.refusing:
            raise PortalProblem(Code.INVALID, "Portal tidak menerima surel ini.")
        published = super().apply(desired, files, about=about, step=step)
        if self.forging:
            self.forging.write_text("palsu")
        if self.answer_lost:
            self.answer_lost -= 1
            raise PortalProblem(Code.SERVER_ERROR, "Jawaban portal hilang.")
        return published
