"""The fake of the `Portal` protocol: the real folder, which does not do it as long as it is told so."""

from pathlib import Path

from events.contracts import Published, Reason
from lane.files import Files
from portals.folder.folder import FolderPortal
from portals.portal import Code, PortalProblem, Publication, Step


class FailingPortal(FolderPortal):
    """`down`: everything fails; `broken`: only these datasets; `answer_lost`: it is published, and nobody hears of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, public_url="/portal")
        self.down = False
        self.broken: set[str] = set()
        self.answer_lost = 0
        self.tried: list[str] = []

    def publish(self, publication: Publication, files: Files, *, step: Step) -> Published:
        self.tried.append(publication.dataset.dataset_id)
        step("look")
        if self.down or publication.dataset.dataset_id in self.broken:
            raise PortalProblem(Code.UNREACHABLE, "Portal tidak menjawab.")
        published = super().publish(publication, files, step=step)
        if self.answer_lost:
            self.answer_lost -= 1
            raise PortalProblem(Code.SERVER_ERROR, "Jawaban portal hilang.")
        return published

    def retract(self, publication: Publication, *, reason: Reason, step: Step) -> None:
        if self.down:
            raise PortalProblem(Code.UNREACHABLE, "Portal tidak menjawab.")
        super().retract(publication, reason=reason, step=step)
