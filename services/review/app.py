"""Composition root of the lane review."""

from fastapi import APIRouter

from lane.lane import Lane, Shared, build_lane
from lane.web import LaneOf, lane_routes
from services.review.commands import COMMANDS
from services.review.policy import MAY_REVISE


def build(shared: Shared) -> Lane:
    return build_lane("review", shared, commands=COMMANDS)


def routes(lane: LaneOf) -> APIRouter:
    return lane_routes("review", lane, readers=MAY_REVISE, commands=COMMANDS)
