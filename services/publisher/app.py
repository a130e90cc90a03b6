"""Composition root of the lane publisher: the common parts, the portal, and the loops that keep it as the log says."""

from bus.channels import DEAD_LETTERS, LOG, Declarations
from bus.loops import Progress, wake_on
from lane.build import build_lane
from lane.lane import Lane, Shared
from portals.kinds import portal_of
from services.publisher.attempts import Attempts
from services.publisher.commands import COMMANDS
from services.publisher.following import Following
from services.publisher.publishing import Publishing
from services.publisher.standings import Standings
from services.publisher.turns import Turns
from services.publisher.upkeep import Upkeep
from services.publisher.watching import Watching
from services.publisher.web import routes

__all__ = ["build", "declare", "routes"]


def build(shared: Shared) -> Lane:
    lane = build_lane("publisher", shared, commands=COMMANDS)
    settings = shared.settings
    portal = portal_of(settings)
    following, turns = Following(lane.inbox.engine, lane.journal), Turns(lane.inbox.engine)
    following.prepare()
    standings = Standings(lane.journal, lane.inbox.engine, shared.directory)
    upkeep = Upkeep(portal, standings, turns, shared.files)
    publishing = Publishing(
        lane, portal, Attempts(lane.inbox.engine, following), turns, standings, Progress("publishing"), wake_on(lane.journal.on_commit)
    )
    watching = Watching(lane, portal, standings, upkeep, Progress("overview"))
    lane.parts |= {"publishing": publishing, "watching": watching}
    lane.work += [(publishing.progress, publishing.run), (watching.progress, watching.keep_overview)]
    if settings.portal_check_hours:
        lane.work.append((Progress("portal_check"), watching.check_regularly))
    return lane


def declare(told: Declarations) -> None:
    """What this lane reads and writes."""
    told.reads(LOG, by="publisher", group="jejak.publisher", why="Every lane copies the whole log.")
    told.writes(LOG, "DataPublished", by="publisher", why="It is on the portal, and was read back.")
    told.writes(LOG, "DataRejected", by="publisher", why="The portal refuses it for good, or the approval was recalled: back to review.")
    told.writes(LOG, "DataRetracted", by="publisher", why="It was taken down from the portal.")
    told.writes(DEAD_LETTERS, by="publisher", why="What cannot be read or breaks the rules of the log is set aside.")
