"""In and out: name and password in, a session out; wrong guesses are counted where they come from (`desk.attempts`)."""

from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from desk.attempts import Guess
from desk.catalogue import LANGUAGES
from desk.clock import now_ms, today
from desk.door import DEVICE, DEVICE_S, SESSION, Desk, cookie_name, desk_of, local, maybe, set_cookie, somebody, spoken_to, switched_to
from desk.forms import read_form
from desk.pages.failures import login_page, send_again
from desk.render import render, speak
from desk.who import Who
from desk.words import said

router: Final = APIRouter()
WRONG: Final = said("Nama pengguna atau kata sandi tidak cocok. Periksa huruf besar dan kecil.")
TOO_MANY: Final = said("Terlalu banyak percobaan yang salah dari tempat ini. Coba lagi dalam 15 menit, atau hubungi Admin Open Data.")
NO_POST: Final = said("Akun Anda tidak memegang peran hari ini. Hubungi Admin Open Data.")
CHOSEN: Final = "bahasa_akun"
"""The language that was chosen on the login page, for the account of whoever comes in."""
log = structlog.get_logger("jejak.desk")


@router.get("/masuk")
async def ask(request: Request, kembali: str = "/") -> Response:
    if await maybe(request):
        return RedirectResponse(local(kembali), 303)
    return login_page(request, back=local(kembali))


@router.post("/masuk")
async def come_in(request: Request) -> Response:
    typed, desk = await read_form(request), desk_of(request)
    name, back = typed.get("nama_pengguna").lower()[:200], local(typed.get("kembali", "/"))
    if language := switched_to(typed):
        request.state.language = language
        return login_page(request, back=back, name=name, chosen=language)
    chosen = typed.get(CHOSEN) if typed.get(CHOSEN) in LANGUAGES else ""
    guess = Guess(name, request.client.host if request.client else "", request.cookies.get(cookie_name(request, DEVICE)))
    secret, known, fault = await run_in_threadpool(_tried, desk, guess, typed.raw("kata_sandi"), request.headers.get("user-agent", ""))
    if fault or secret is None or known is None:
        status = 429 if fault == TOO_MANY else 403 if fault == NO_POST else 401
        return login_page(request, status=status, back=back, name=name, error=fault, chosen=chosen)
    if chosen:
        await run_in_threadpool(desk.accounts.set_language, name, chosen)
    response = RedirectResponse(back, 303)
    set_cookie(request, response, SESSION, secret)
    set_cookie(request, response, DEVICE, known, seconds=DEVICE_S)
    return response


@router.get("/isian/{secret}")
async def form_again(request: Request, secret: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    """What the person had typed when the session ended."""
    kept = await run_in_threadpool(desk_of(request).kept.find, secret, who.account.id, now_ms=now_ms())
    if kept is None:
        raise HTTPException(404)
    return send_again(request, kept)


@router.get("/keluar")
async def ask_out(request: Request, who: Annotated[Who, Depends(somebody)]) -> Response:
    return render(request, "logout.html")


@router.post("/keluar")
async def go_out(request: Request) -> Response:
    """Raises NotIn, OnlySwitched: the button of the language sends nobody out."""
    who, desk, typed = await maybe(request), desk_of(request), await read_form(request)
    if switched_to(typed):
        await somebody(request)
    if who and typed.get("di_mana") == "semua":
        await run_in_threadpool(desk.sessions.end_all, who.account.id)
    elif who:
        await run_in_threadpool(desk.sessions.end, who.session.hash)
    response = RedirectResponse("/masuk", 303)
    response.delete_cookie(cookie_name(request, SESSION), path="/")
    return response


@router.post("/sesi")
async def stay(request: Request, who: Annotated[Who, Depends(somebody)]) -> Response:
    """The page asks for more time: seconds until the session ends, when nothing is done."""
    return JSONResponse({"ends_in_s": max(0, (who.session.ends_ms - now_ms()) // 1000)})


@router.post("/sesi/peran")
async def act_as(request: Request, who: Annotated[Who, Depends(somebody)]) -> Response:
    """Another of the person's own posts from now on."""
    wanted = (await read_form(request)).number("peran")
    if any(post.id == wanted for post in who.posts):
        await run_in_threadpool(desk_of(request).sessions.act_as, who.session.hash, wanted)
    return RedirectResponse("/", 303)


@router.post("/bahasa")
async def switch(request: Request) -> Response:
    """Of a page without a form; what was typed into one is shown again by that form's own address."""
    typed, who = await read_form(request), await maybe(request)
    language = switched_to(typed) or "id"
    if who:
        await spoken_to(request, who, language)
    response = RedirectResponse(local(typed.get("kembali", "/")), 303)
    speak(response, language)
    return response


def _tried(desk: Desk, guess: Guess, password: str, agent: str) -> tuple[str | None, str | None, str | None]:
    """(secret of the new session, secret of the browser, None), or (None, None, why not)."""
    if not desk.attempts.left(guess, now_ms=now_ms()):
        log.warning("login_refused", why="too_many", source=guess.source)
        return None, None, TOO_MANY
    account = desk.accounts.knows(guess.person, password) if password else None
    if account is None:
        if password:  # a form that is sent again after a failure holds none, and that is no guess
            desk.attempts.failed(guess, now_ms=now_ms())
        log.warning("login_refused", why="wrong", source=guess.source)
        return None, None, WRONG
    posts = desk.accounts.posts(account.id, today())
    if not posts:
        return None, None, NO_POST
    known = desk.attempts.came_in(guess, now_ms=now_ms())
    secret = desk.sessions.begin(account.id, posts[0].id, via="password", agent=agent, now_ms=now_ms())
    log.info("login", person=account.id)
    return secret, known, None
