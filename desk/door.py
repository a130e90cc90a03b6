"""Who comes in: a request's cookie in, the person out; what to do with those who are not in, or not for this page."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from desk.accounts import Accounts
from desk.attempts import Attempts
from desk.catalogue import LANGUAGES
from desk.clock import now_ms, today
from desk.drafts import Drafts
from desk.forms import MADE_FOR, SWITCH, Typed, read_form
from desk.kept import KeptForms
from desk.lanes import Lanes
from desk.marks import Marks, marks_of
from desk.sessions import MINUTE_MS, Sessions
from desk.settings import DeskSettings
from desk.who import Who
from web.tokens import Role

SESSION: Final = "jejak_sesi"
DEVICE: Final = "jejak_perangkat"
DEVICE_S: Final = 400 * 24 * 3600
CHANGE: Final = "/akun/kata-sandi"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
AS_BEFORE: Final = "pakai_peran"
"""A form of another of the person's posts says by this field that the person takes that post up again."""
FOR_ANY_POST: Final = frozenset({"/sesi", "/sesi/peran", "/keluar"})
"""Forms that do the same in whichever post."""
SHOWN_AGAIN: Final = frozenset(
    {"/akun/kata-sandi", "/akun/daftar", "/pengajuan/baru/{number}", "/putusan-bersama"}
    | {"/pengajuan/{number}/putusan", "/pengajuan/{number}/perbaiki"}
)
"""Forms whose own page shows them again in another language."""


@dataclass(frozen=True)
class Desk:
    """The parts of the desk, as its pages use them."""

    settings: DeskSettings
    engine: sa.Engine
    accounts: Accounts
    sessions: Sessions
    attempts: Attempts
    drafts: Drafts
    kept: KeptForms
    lanes: Lanes
    marks: Marks

    def who(self, secret: str | None) -> Who | None:
        """The person that a session's secret stands for, with what they are today."""
        session = self.sessions.find(secret, now_ms=now_ms())
        account = self.accounts.find(session.account) if session else None
        if session is None or account is None or account.closed:
            return None
        posts = self.accounts.posts(account.id, today())
        post = next((post for post in posts if post.id == session.post), None)
        return Who(account, post, tuple(posts), session) if post else None


def parts(settings: DeskSettings, engine: sa.Engine, lanes: Lanes) -> Desk:
    sessions = Sessions(engine, settings.idle_minutes * MINUTE_MS, settings.session_hours * 60 * MINUTE_MS)
    marks = marks_of(lanes.signer.key)
    return Desk(settings, engine, Accounts(engine), sessions, Attempts(engine), Drafts(engine), KeptForms(engine), lanes, marks)


class NotIn(Exception):
    """Nobody is logged in with this request."""


class MustChange(Exception):
    """The first password has to be changed before anything else."""


class NotForRole(Exception):
    """The page is another role's."""


class OtherPost(Exception):
    """The form was drawn for another post than the session has now. `post`: its id; None when no such post is known."""

    def __init__(self, post: int | None) -> None:
        super().__init__(f"drawn for post {post}")
        self.post = post


class OnlySwitched(Exception):
    """The form came with the button of the language: it is shown again, and nothing else is done with it."""


def desk_of(request: Request) -> Desk:
    desk = request.app.state.desk
    assert isinstance(desk, Desk)  # noqa: S101 (put there by `desk.app`)
    return desk


async def somebody(request: Request) -> Who:
    """Raises NotIn, MustChange, OtherPost for a form that was drawn for another post, and OnlySwitched."""
    who = await maybe(request)
    if who is None:
        raise NotIn
    if request.method not in SAFE:
        language = switched_to(await read_form(request))
        if language:
            who = request.state.who = await spoken_to(request, who, language)
        if request.url.path not in FOR_ANY_POST:
            who = request.state.who = await _as_drawn_for(request, who)
        if language and request.scope["route"].path not in SHOWN_AGAIN:
            raise OnlySwitched
    if who.account.must_change and request.url.path not in {CHANGE, "/keluar"}:
        raise MustChange
    return who


def switched_to(typed: Typed) -> str | None:
    """The language that this form is to be shown again in, and nothing else done with it."""
    return typed.get(SWITCH) if typed.get(SWITCH) in LANGUAGES else None


async def spoken_to(request: Request, who: Who, language: str) -> Who:
    """The same person, in this language from now on."""
    await run_in_threadpool(desk_of(request).accounts.set_language, who.account.id, language)
    return replace(who, account=replace(who.account, language=language))


async def _as_drawn_for(request: Request, who: Who) -> Who:
    """Whoever sent this form, in the post that it was drawn for. What no page drew, a program's own body, carries no mark."""
    typed, desk = await read_form(request), desk_of(request)
    mark = typed.get(MADE_FOR)
    if not mark or (post := desk.marks.post_of(mark)) == who.post.id:
        return who
    wanted = next((held for held in who.posts if held.id == post), None)
    if wanted is None or typed.get(AS_BEFORE) != "1" or switched_to(typed):
        raise OtherPost(post)
    await run_in_threadpool(desk.sessions.act_as, who.session.hash, wanted.id)
    return replace(who, post=wanted)


async def maybe(request: Request) -> Who | None:
    desk = desk_of(request)
    who = await run_in_threadpool(desk.who, request.cookies.get(cookie_name(request, SESSION)))
    request.state.who = who
    return who


def one_of(*roles: Role) -> Callable[[Request], Awaitable[Who]]:
    """A dependency: somebody with one of these roles. Raises NotForRole as well."""

    async def somebody_of(request: Request) -> Who:
        who = await somebody(request)
        if who.role not in roles:
            raise NotForRole
        return who

    return somebody_of


def is_secure(request: Request) -> bool:
    return desk_of(request).settings.secure or request.url.scheme == "https"


def cookie_name(request: Request, name: str) -> str:
    """Behind TLS with the prefix that keeps neighbouring hosts from planting it."""
    return f"__Host-{name}" if is_secure(request) else name


def set_cookie(request: Request, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    response.set_cookie(
        cookie_name(request, name), value, max_age=seconds, path="/", httponly=True, secure=is_secure(request), samesite="lax"
    )


def local(path: str) -> str:
    """A path of the desk's own, for going back to; the front page when it is anything else."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if is_own and path.partition("?")[0] not in {"/masuk", "/keluar"} else "/"
