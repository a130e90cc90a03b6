"""What the publisher does beside publishing: keeps the pages over all datasets up to date, and compares the portal with the log."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import structlog
from eventsourcing.persistence import PersistenceError
from sqlalchemy.exc import DBAPIError

from bus.loops import Progress
from lane.lane import Lane
from portals.portal import Code, Difference, Portal, PortalProblem
from services.publisher.standings import Standings
from services.publisher.upkeep import OVERVIEW, Upkeep

OVERVIEW_S: Final = 1.0
SHARE: Final = 20
LONGEST_S: Final = 15.0
"""A round over all datasets is followed by a pause of OVERVIEW_S, or of SHARE times what the round took, but no longer than this."""
SILENT: Final = (PortalProblem, OSError, DBAPIError, PersistenceError)
"""How a check is cut short."""
log = structlog.get_logger("jejak.publisher")


@dataclass
class Watching:
    """`differences`: what the last regular check found, and what the one before found where it was cut short; None before the first one,
    and without such checks.
    """

    lane: Lane
    portal: Portal
    standings: Standings
    upkeep: Upkeep
    progress: Progress
    differences: list[Difference] | None = None

    async def keep_overview(self) -> None:
        """The catalogue follows what any process of the lane published; made from the log, it is whole again after any crash."""
        await self.lane.until_ready()
        position: int | None = None
        while True:
            began = time.monotonic()
            position = await asyncio.to_thread(self.overview, position)
            self.progress.moved()
            await asyncio.sleep(min(LONGEST_S, max(OVERVIEW_S, SHARE * (time.monotonic() - began))))

    def overview(self, position: int | None) -> int | None:
        """One round: what changed since then. Returns where the next one begins, at the same place where another process has the turn for
        long. Raises PortalProblem. Blocking.
        """
        changed, now = self.standings.changed_since(position)
        try:
            if changed or position is None:
                with self.upkeep.turn(OVERVIEW):
                    self.portal.overview(self.standings.desired(dataset_id) for dataset_id in changed)
        except PortalProblem as problem:
            if problem.code is not Code.BUSY:
                raise
            log.info("overview_waits", why=problem.message)
            return position
        return now

    async def check_regularly(self) -> None:
        """Compare the portal with the log every so many hours (JEJAK_PORTAL_CHECK_HOURS); each difference is told, none is repaired."""
        await self.lane.until_ready()
        while True:
            try:
                await asyncio.to_thread(self.look)
            except SILENT as error:
                log.warning("portal_not_checked", error=repr(error))
            await asyncio.sleep(self.lane.shared.settings.portal_check_hours * 3600)

    def look(self) -> None:
        """One check; `differences` are known after it, however it ends. Blocking. Raises as `Upkeep.check` does."""
        found, seen = list[Difference](), set[str]()
        try:
            for difference in self.upkeep.check(looked_at=seen.add):
                found.append(difference)
                opd = self.standings.owner(difference.dataset_id) if difference.dataset_id else None
                log.error("portal_differs", dataset_id=difference.dataset_id, opd=opd, what=difference.what, words=str(difference))
        except SILENT:
            known = set(found)
            kept = [one for one in self.differences or () if one.dataset_id not in seen and one not in known]
            self.differences = [*found, *kept] or self.differences
            raise
        self.differences = found
