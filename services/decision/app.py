"""Composition root of the lane decision."""

from fastapi import APIRouter

from bus.channels import DEAD_LETTERS, LOG, Declarations
from lane.build import build_lane
from lane.callers import LaneOf
from lane.lane import Lane, Shared
from lane.verbs import verbs_of
from lane.web import lane_routes
from services.decision.commands import COMMANDS
from services.decision.policy import MAY_DECIDE


def build(shared: Shared) -> Lane:
    return build_lane("decision", shared, commands=COMMANDS)


def routes(lane: LaneOf) -> APIRouter:
    return lane_routes("decision", lane, readers=MAY_DECIDE, verbs=verbs_of(COMMANDS))


def declare(told: Declarations) -> None:
    """What this lane reads and writes."""
    told.reads(LOG, by="decision", group="jejak.decision", why="Every lane copies the whole log.")
    told.writes(LOG, "DataVerified", by="decision", why="The regency has verified it.")
    told.writes(LOG, "DataApproved", by="decision", why="The regency wants it published.")
    told.writes(LOG, "DataRejected", by="decision", why="The regency returns it to the agency with reasons.")
    told.writes(DEAD_LETTERS, by="decision", why="What cannot be read or breaks the rules of the log is set aside.")
