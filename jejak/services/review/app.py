"""Composition root of the lane review."""

from fastapi import APIRouter

from jejak.services.lane import Lane, Shared, build_lane
from jejak.services.review.commands import COMMANDS
from jejak.services.review.policy import MAY_REVISE
from jejak.services.web import LaneOf, lane_routes


def build(shared: Shared) -> Lane:
    return build_lane("review", shared, commands=COMMANDS)


def routes(lane: LaneOf) -> APIRouter:
    return lane_routes("review", lane, readers=MAY_REVISE, commands=COMMANDS)
