"""The process: some or all lanes behind one address. Settings and lane names in, an ASGI application out."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.staticfiles import StaticFiles

import archive.app
import services.decision.app
import services.intake.app
import services.publisher.app
import services.review.app
from bus.directory import Directory
from bus.loops import Progress, ended, forever
from jejak.asyncapi import asyncapi
from jejak.metrics import Metrics
from lane.callers import LaneOf
from lane.errors import add_errors, correlate, json_of
from lane.health import Watched, add_health
from lane.lane import Lane, Shared, open_shared
from lane.settings import DESK, Settings
from web.limits import BodyLimit
from web.pages import STATIC, api_reference

Build = Callable[[Shared], Lane]
Routes = Callable[[LaneOf], APIRouter]

STOP_S: Final = 6.0
THREADS: Final = 32
LANES: Final[dict[str, tuple[Build, Routes]]] = {
    "intake": (services.intake.app.build, services.intake.app.routes),
    "review": (services.review.app.build, services.review.app.routes),
    "decision": (services.decision.app.build, services.decision.app.routes),
    "publisher": (services.publisher.app.build, services.publisher.app.routes),
    "archive": (archive.app.build, archive.app.routes),
}


def create_app(settings: Settings, names: Sequence[str]) -> FastAPI:
    """The same application for one lane and for all, with the pages for people (`desk`) beside them if they are named.

    Kafka's topics and the keys exist already (`jejak.prepare`).
    """
    lanes: dict[str, Lane] = {}
    others: list[Watched] = []

    def running() -> list[Lane]:
        return list(lanes.values())

    app = FastAPI(title="Jejak", version="0.1.0", docs_url=None, redoc_url=None, lifespan=_lifespan(settings, names, lanes, others))
    app.state.desk_app = None
    for name in lanes_in(names):
        app.include_router(LANES[name][1](_named(lanes, name)))
    add_health(app, lambda: [*running(), *others])
    _add_metrics(app, Metrics(running, lambda: others))
    add_errors(app)
    app.middleware("http")(correlate)
    app.add_middleware(BodyLimit)

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        return Response(api_reference(app.openapi()), media_type="text/html")

    @app.get("/asyncapi", include_in_schema=False)
    def asyncapi_document() -> Response:
        return json_of(asyncapi())

    app.mount("/static", StaticFiles(directory=STATIC))
    if DESK in names:
        from desk.app import Beside, create_desk
        from jejak.desk_parts import desk_settings

        app.state.desk_app = create_desk(desk_settings(settings))
        app.add_middleware(Beside, desk=app.state.desk_app)
    if "publisher" in names and settings.portal.startswith("folder:"):
        folder = Path(settings.portal.removeprefix("folder:"))
        app.mount("/portal", StaticFiles(directory=folder, html=True, check_dir=False, follow_symlink=True))
    return app


def create_desk_alone(settings: Settings) -> FastAPI:
    """The pages for people without a lane, with health and metrics of their own. Without a Kafka there are no notices."""
    from desk.app import create_desk
    from jejak.desk_parts import desk_settings
    from jejak.notices import Notices

    kafka = settings.kafka_cluster()
    notices = Notices(kafka if settings.kafka else None, Directory(kafka, Progress("directory")), follows=True)
    app = create_desk(desk_settings(settings), notices.running)
    add_health(app, lambda: [notices])
    _add_metrics(app, Metrics(list, lambda: [notices]))
    return app


def _add_metrics(app: FastAPI, metrics: Metrics) -> None:
    registry = CollectorRegistry()
    registry.register(metrics)

    @app.get("/metrics", include_in_schema=False)
    def told() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """A call that hangs (a portal, a disk) must not hold up the stop: everything is written down, so leaving hard is safe."""
    timer = threading.Timer(seconds, os._exit, args=[0])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def lanes_in(names: Sequence[str]) -> list[str]:
    return [name for name in names if name in LANES]


def _named(lanes: dict[str, Lane], name: str) -> LaneOf:
    return lambda: lanes[name]


def _lifespan(
    settings: Settings, names: Sequence[str], lanes: dict[str, Lane], others: list[Watched]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="lane"))
        shared, pages = open_shared(settings), AsyncExitStack()
        following = asyncio.create_task(forever(shared.directory.progress, shared.directory.run))
        try:
            try:
                for name in lanes_in(names):
                    lanes[name] = LANES[name][0](shared)
                if app.state.desk_app:
                    from desk.app import opened
                    from jejak.desk_parts import desk_settings
                    from jejak.notices import Notices

                    notices = Notices(shared.kafka, shared.directory)
                    others.append(notices)
                    await pages.enter_async_context(opened(app.state.desk_app, desk_settings(settings), notices.running))
            except Exception as error:  # uvicorn keeps it to itself; `serve` tells it
                app.state.could_not_start = error
                raise
            for lane in lanes.values():
                lane.start()
            yield
        finally:
            with _at_most(STOP_S):
                await pages.aclose()
                await asyncio.gather(ended([following]), *(lane.stop() for lane in lanes.values()))
                await asyncio.to_thread(shared.traces.close)

    return lifespan
