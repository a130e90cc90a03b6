"""Is it alive, is it caught up: `/healthz` and `/readyz` of one lane or of a whole process."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final, Protocol

from fastapi import APIRouter, FastAPI, Response

from bus.loops import Progress
from lane.errors import json_of

VERSION: Final = version("jejak")


class Watched(Protocol):
    """A lane, or what else runs loops: its name, whether it may be used, and its loops."""

    @property
    def name(self) -> str: ...
    @property
    def healthy(self) -> bool: ...
    @property
    def ready(self) -> bool: ...
    @property
    def loops(self) -> Sequence[Progress]: ...


def add_health(router: APIRouter | FastAPI, lanes: Callable[[], Sequence[Watched]]) -> None:
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


def _told(lane: Watched) -> dict[str, object]:
    return {
        p.name: {
            "healthy": p.healthy,
            "ready": p.ready,
            "lag": p.lag,
            "blocked": (p.blocked or p.left_alone or "").partition(":")[0] or None,
            "counts": dict(p.counts),
            "rebuilt": p.rebuilt,
        }
        for p in lane.loops
    }
