"""Composition root of the lane publisher: the common parts, the portal, and the loops that keep it as the log says."""

from bus.loops import Progress
from lane.lane import Lane, Shared, build_lane, wake_on
from portals.kinds import open_portal
from services.publisher.attempts import Attempts
from services.publisher.commands import COMMANDS
from services.publisher.publishing import Publishing
from services.publisher.standings import Standings
from services.publisher.upkeep import Upkeep
from services.publisher.watching import Watching
from services.publisher.web import routes

__all__ = ["build", "routes"]


def build(shared: Shared) -> Lane:
    lane = build_lane("publisher", shared, commands=COMMANDS)
    settings = shared.settings
    portal = open_portal(
        settings.portal, token=settings.portal_token, timeout=settings.portal_timeout_s, public_url=settings.portal_public_url
    )
    attempts = Attempts(lane.worklist.engine)
    standings = Standings(lane.journal, lane.worklist.engine, shared.directory)
    upkeep = Upkeep(portal, standings, attempts, shared.files)
    attempts.prepare()
    publishing = Publishing(lane, portal, attempts, standings, Progress("publishing"), wake_on(lane.worklist.on_change))
    watching = Watching(lane, portal, standings, upkeep, Progress("overview"))
    lane.parts |= {"publishing": publishing, "watching": watching}
    lane.work += [(publishing.progress, publishing.run), (watching.progress, watching.keep_overview)]
    if settings.portal_check_hours:
        lane.work.append((Progress("portal_check"), watching.check_regularly))
    lane.on_stop.append(portal.close)
    return lane
