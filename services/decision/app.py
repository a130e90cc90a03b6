"""Composition root of the lane decision."""

from fastapi import APIRouter

from lane.lane import Lane, Shared, build_lane
from lane.web import LaneOf, lane_routes
from services.decision.commands import COMMANDS
from services.decision.policy import MAY_DECIDE


def build(shared: Shared) -> Lane:
    return build_lane("decision", shared, commands=COMMANDS)


def routes(lane: LaneOf) -> APIRouter:
    return lane_routes("decision", lane, readers=MAY_DECIDE, commands=COMMANDS)
