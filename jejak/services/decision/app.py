"""Composition root of the lane decision."""

from fastapi import APIRouter

from jejak.services.decision.commands import COMMANDS
from jejak.services.decision.policy import MAY_DECIDE
from jejak.services.lane import Lane, Shared, build_lane
from jejak.services.web import LaneOf, lane_routes


def build(shared: Shared) -> Lane:
    return build_lane("decision", shared, commands=COMMANDS)


def routes(lane: LaneOf) -> APIRouter:
    return lane_routes("decision", lane, readers=MAY_DECIDE, commands=COMMANDS)
