"""Is it alive, is it caught up: `/healthz` and `/readyz` of one lane or of a whole process."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, FastAPI, Response

from lane.errors import json_of
from lane.lane import Lane

VERSION: Final = version("jejak")


def add_health(router: APIRouter | FastAPI, lanes: Callable[[], Sequence[Lane]]) -> None:
    """`/healthz`: alive and making progress. `/readyz`: caught up, commands are taken."""

    @router.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        here = lanes()
        return json_of(
            {"ok": all(lane.healthy for lane in here), "version": VERSION, "lanes": {lane.name: _told(lane) for lane in here}},
            ok=all(lane.healthy for lane in here),
        )

    @router.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        here = lanes()
        return json_of({"ready": {lane.name: lane.ready for lane in here}}, ok=bool(here) and all(lane.ready for lane in here))


def _told(lane: Lane) -> dict[str, object]:
    return {
        p.name: {
            "healthy": p.healthy,
            "ready": p.ready,
            "lag": p.lag,
            "blocked": (p.blocked or p.left_alone or "").partition(":")[0] or None,
            "counts": dict(p.counts),
            "rebuilt": p.rebuilt,
        }
        for p in [*lane.progress, lane.shared.directory.progress]
    }
