"""The desk as an application: settings in, pages out. It may stand alone or beside lanes at one address (`Beside`)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

import httpx
import sqlalchemy as sa
import structlog
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from desk.door import SAFE, MustChange, NotForRole, NotIn, OnlySwitched, OtherPost, parts, switched_to
from desk.forms import FILES, FORM_BYTES
from desk.guard import Guard, add_headers
from desk.lanes import CONNECTIONS, CallRefused, LaneAway, Lanes
from desk.pages.failures import (
    HEADINGS,
    away,
    failed,
    must_change,
    not_in,
    only_switched,
    other_post,
    refused,
    stopped,
    typed_of,
    wrong_page,
)
from desk.provider import client_of, cookie_secret
from desk.render import STATIC
from desk.routes import ROUTERS
from desk.settings import DeskSettings
from desk.store import open_store
from desk.who import open_signer

FIRST: Final = frozenset(
    {
        "",
        "akun",
        "aset",
        "bahasa",
        "cari",
        "isian",
        "jatuh-tempo",
        "keluar",
        "kotak-masuk",
        "kotak-masuk.json",
        "masuk",
        "pengajuan",
        "publikasi",
        "putusan-bersama",
    }
    | {"sesi", "statistik"}
)
"""What the addresses of pages begin with; every other address at the same place belongs to the lanes."""
CONNECT_S: Final = 3.0
Notices = Callable[[sa.Engine, str], AbstractAsyncContextManager[None]]
"""The desk's tables and where links lead → notices that go out for as long as it is open; the program hands it in."""
log = structlog.get_logger("jejak.desk")


def create_desk(settings: DeskSettings, notices: Notices | None = None) -> FastAPI:
    """The pages alone. Tables are made ready when it starts; the key is there."""
    app = FastAPI(title="Jejak", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lambda app: opened(app, settings, notices))
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/aset", StaticFiles(directory=STATIC))
    for kind, handler in _FAILURES:
        app.add_exception_handler(kind, handler)
    if settings.provider:
        secret = cookie_secret(open_signer(settings.keys).key)
        app.state.oauth = client_of(settings.provider)
        app.add_middleware(
            SessionMiddleware, secret_key=secret, session_cookie="jejak_oidc", max_age=600, path="/masuk", https_only=settings.secure
        )
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    at_most = FILES * settings.upload_mb * 1024 * 1024 + FORM_BYTES
    app.add_middleware(Guard, origin=settings.public_url, upload_bytes=at_most, refused=stopped)
    return app


@asynccontextmanager
async def opened(app: FastAPI, settings: DeskSettings, notices: Notices | None = None) -> AsyncIterator[None]:
    """The desk's parts, for as long as it runs. Raises OSError, ValueError, SQLAlchemyError."""
    signer = open_signer(settings.keys)
    engine = await run_in_threadpool(open_store, settings.store)
    timeout = httpx.Timeout(settings.timeout_s, connect=min(CONNECT_S, settings.timeout_s))
    try:
        async with httpx.AsyncClient(timeout=timeout, limits=CONNECTIONS, trust_env=False) as http:
            app.state.desk = parts(settings, engine, Lanes(http, settings.lanes, signer, settings.patience_s))
            async with notices(engine, settings.address) if notices else nullcontext():
                yield
    finally:
        engine.dispose()


@dataclass(frozen=True)
class Beside:
    """ASGI: pages and lanes at one address, told apart by the first word of the path."""

    app: ASGIApp
    desk: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["path"].split("/", 2)[1:2] and scope["path"].split("/", 2)[1] in FIRST
        await (self.desk if is_page else self.app)(scope, receive, send)


async def _login(request: Request, _: Exception) -> Response:
    return await not_in(request)


async def _change(request: Request, _: Exception) -> Response:
    return await must_change(request)


async def _other_post(request: Request, error: Exception) -> Response:
    assert isinstance(error, OtherPost)  # noqa: S101
    return await other_post(request, error)


async def _only_switched(request: Request, _: Exception) -> Response:
    return only_switched(request)


async def _not_for_role(request: Request, _: Exception) -> Response:
    return wrong_page(request, 403)


async def _away(request: Request, error: Exception) -> Response:
    assert isinstance(error, LaneAway)  # noqa: S101
    return away(request, error)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, CallRefused)  # noqa: S101
    return refused(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == 405 and request.method in SAFE:  # an address that only forms are sent to: the page that it lies under
        return RedirectResponse(request.url.path.rpartition("/")[0] or "/", 303)
    if error.status_code == 413:
        return stopped(request, 413)
    if request.method not in SAFE and error.status_code in HEADINGS:
        request.state.language = switched_to(await typed_of(request, each=0))
    return wrong_page(request, error.status_code if error.status_code in HEADINGS else 404)


async def _unreadable(request: Request, error: Exception) -> Response:
    return wrong_page(request, 400)


async def _own_store(request: Request, error: Exception) -> Response:
    log.error("desk_store", error=repr(error))
    return away(request, None)


async def _failed(request: Request, error: Exception) -> Response:
    log.error("page_failed", path=request.url.path, exc_info=error)
    response = failed(request)
    add_headers(response.headers, request.url.path)  # this answer is made outside of `Guard`
    return response


_FAILURES: Final[tuple[tuple[type[Exception], Callable[[Request, Exception], Awaitable[Response]]], ...]] = (
    (NotIn, _login),
    (MustChange, _change),
    (OtherPost, _other_post),
    (OnlySwitched, _only_switched),
    (NotForRole, _not_for_role),
    (LaneAway, _away),
    (CallRefused, _refused),
    (HTTPException, _http),
    (RequestValidationError, _unreadable),
    (SQLAlchemyError, _own_store),
    (Exception, _failed),
)
