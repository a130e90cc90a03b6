"""Composition root of the archive: a lane without commands that copies the whole log."""

from fastapi import APIRouter

from archive.steps import Statistics
from archive.views import Views
from archive.web import archive_routes
from bus.channels import DEAD_LETTERS, LOG, Declarations
from bus.loops import Progress, wake_on
from lane.build import build_lane
from lane.callers import LaneOf
from lane.health import add_health
from lane.lane import Lane, Shared


def build(shared: Shared) -> Lane:
    lane = build_lane("archive", shared, commands={})
    views = Views(lane.journal, lane.inbox.engine, shared.due, Progress("views"), wake_on(lane.journal.on_commit))
    views.prepare()
    lane.parts |= {"views": views, "statistics": Statistics(lane.inbox.engine, shared.directory.name_of)}
    lane.work.append((views.progress, views.run))
    return lane


def routes(lane: LaneOf) -> APIRouter:
    router = archive_routes(lane)
    add_health(router, lambda: [lane()])
    return router


def declare(told: Declarations) -> None:
    """What this lane reads and writes."""
    told.reads(LOG, by="archive", group="jejak.archive", why="The archive keeps a copy that auditors ask.")
    told.writes(DEAD_LETTERS, by="archive", why="What cannot be read or breaks the rules of the log is set aside.")
