"""Composition root of the lane review."""

from fastapi import APIRouter

from bus.channels import DEAD_LETTERS, LOG, Declarations
from lane.build import build_lane
from lane.callers import LaneOf
from lane.lane import Lane, Shared
from lane.verbs import verbs_of
from lane.web import lane_routes
from services.review.commands import COMMANDS
from services.review.policy import MAY_REVISE


def build(shared: Shared) -> Lane:
    return build_lane("review", shared, commands=COMMANDS)


def routes(lane: LaneOf) -> APIRouter:
    return lane_routes("review", lane, readers=MAY_REVISE, verbs=verbs_of(COMMANDS))


def declare(told: Declarations) -> None:
    """What this lane reads and writes."""
    told.reads(LOG, by="review", group="jejak.review", why="Every lane copies the whole log.")
    told.writes(LOG, "DataRevised", by="review", why="The agency's head has looked at it, and revised it where needed.")
    told.writes(LOG, "DataRetracted", by="review", why="The agency withdrew it before anybody approved it.")
    told.writes(DEAD_LETTERS, by="review", why="What cannot be read or breaks the rules of the log is set aside.")
