"""Composition root of the archive: a lane without commands that copies the whole log."""

from fastapi import APIRouter

from archive.web import archive_routes
from lane.lane import Lane, Shared, build_lane
from lane.web import LaneOf, add_health


def build(shared: Shared) -> Lane:
    return build_lane("archive", shared, commands={})


def routes(lane: LaneOf) -> APIRouter:
    router = archive_routes(lane)
    add_health(router, lambda: [lane()])
    return router
