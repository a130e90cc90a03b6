"""In through a provider: there with a question that only this browser can have the answer to, and back with it."""

from typing import Final

import httpx
import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from joserfc.errors import JoseError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from desk.accounts import AccountRefused
from desk.catalogue import LANGUAGES
from desk.clock import now_ms, today
from desk.door import SESSION, Desk, desk_of, local, set_cookie
from desk.pages.failures import login_page
from desk.pages.login import NO_POST
from desk.provider import NAME, Claims, ProviderRefused, settle
from desk.words import said

router: Final = APIRouter()
FAILED: Final = said("Masuk lewat penyedia akun tidak berhasil. Coba lagi, atau hubungi Admin Open Data.")
log = structlog.get_logger("jejak.desk")


@router.get("/masuk/penyedia")
async def there(request: Request, kembali: str = "/", bahasa: str = "") -> Response:
    desk = _with_provider(request)
    request.session["kembali"] = local(kembali)
    request.session["bahasa"] = bahasa if bahasa in LANGUAGES else ""
    own = desk.settings.public_url or str(request.base_url).rstrip("/")
    try:
        answer: Response = await request.app.state.oauth.create_client(NAME).authorize_redirect(request, f"{own}/masuk/kembali")
    except (ProviderRefused, httpx.HTTPError) as error:
        return _failed(request, error)
    return answer


@router.get("/masuk/kembali")
async def back(request: Request) -> Response:
    desk = _with_provider(request)
    client = request.app.state.oauth.create_client(NAME)
    try:
        token = await client.authorize_access_token(request)
        claims: Claims = dict(token["userinfo"])
        claims = _together(claims, await client.userinfo(token=token))
    except (ProviderRefused, JoseError, httpx.HTTPError, KeyError, ValueError) as error:
        return _failed(request, error)
    agent = request.headers.get("user-agent", "")
    try:
        secret = await run_in_threadpool(_come_in, desk, claims, agent, str(request.session.pop("bahasa", "")))
    except AccountRefused as refused:
        return login_page(request, status=403, error=str(refused))
    to = local(str(request.session.pop("kembali", "/")))
    response = RedirectResponse(to, 303)
    set_cookie(request, response, SESSION, secret)
    return response


def _together(claims: Claims, more: Claims) -> Claims:
    """The signed claims, and what only the userinfo says. Raises ValueError when that is of somebody else (OpenID Connect Core 5.3.2)."""
    if more["sub"] != claims["sub"]:
        raise ValueError("userinfo is of another subject")
    return {**more, **claims}


def _come_in(desk: Desk, claims: Claims, agent: str, language: str) -> str:
    """The secret of a new session. `language`: as chosen on the login page, "" for none. Raises AccountRefused."""
    provider = desk.settings.provider
    assert provider  # noqa: S101 (asked by the caller)
    account = settle(desk.accounts, provider, claims, now_ms=now_ms())
    posts = desk.accounts.posts(account.id, today())
    if not posts:
        raise AccountRefused(NO_POST)
    if language:
        desk.accounts.set_language(account.id, language)
    log.info("login", person=account.id, via=provider.name)
    return desk.sessions.begin(account.id, posts[0].id, via=provider.name, agent=agent, now_ms=now_ms())


def _with_provider(request: Request) -> Desk:
    desk = desk_of(request)
    if desk.settings.provider is None:
        raise HTTPException(404)
    return desk


def _failed(request: Request, error: Exception) -> Response:
    log.warning("login_refused", why="provider", error=repr(error))
    return login_page(request, status=502 if isinstance(error, httpx.HTTPError) else 401, error=FAILED)
