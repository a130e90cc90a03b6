"""The own account: password, sessions, posts. And for the Admin Open Data: everybody's accounts, and who is acting for whom."""

from datetime import date
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from desk import passwords
from desk.accounts import ACTING_KINDS, AccountRefused, Post
from desk.attempts import Guess
from desk.clock import moment_of, now_ms, today
from desk.door import DEVICE, SESSION, Desk, cookie_name, desk_of, local, one_of, set_cookie, somebody, switched_to
from desk.forms import Typed, read_form
from desk.lanes import CallRefused, Json, LaneAway
from desk.render import render
from desk.verbs import Fault, told_before
from desk.who import Who
from desk.words import said
from web.tokens import Role

router: Final = APIRouter()
Somebody = Annotated[Who, Depends(somebody)]
Admin = Annotated[Who, Depends(one_of(Role.ADMIN_OPENDATA))]
PASSWORD_FAULTS: Final = {
    "short": said("Kata sandi baru paling sedikit 12 karakter."),
    "long": said("Kata sandi baru paling banyak 200 karakter."),
    "poor": said("Kata sandi itu mudah ditebak. Pakai beberapa kata yang tidak berhubungan."),
}
TOO_MANY: Final = said("Terlalu banyak percobaan yang salah. Coba lagi dalam 15 menit, atau hubungi Admin Open Data.")
OLD_WRONG: Final = said("Kata sandi lama tidak cocok.")
NOT_TWICE: Final = said("Kedua kata sandi baru tidak sama.")
SAME: Final = said("Kata sandi baru harus lain dari yang lama.")
log = structlog.get_logger("jejak.desk")
NOT_SELF: Final = said("Akun Anda sendiri tidak dapat Anda tutup atau tunjuk sebagai pengganti.")
UNKNOWN: Final = said("Akun itu tidak ada.")


@router.get("/akun")
async def own(request: Request, who: Somebody) -> Response:
    sessions = await run_in_threadpool(desk_of(request).sessions.of, who.account.id, now_ms=now_ms())
    told = [(session, moment_of(session.seen_ms)) for session in sessions]
    return render(request, "account.html", sessions=told)


@router.get("/akun/kata-sandi")
async def ask_password(request: Request, who: Somebody, kembali: str = "/") -> Response:
    return render(request, "password.html", errors=[], back=local(kembali))


@router.post("/akun/kata-sandi")
async def change_password(request: Request, who: Somebody) -> Response:
    typed, desk = await read_form(request), desk_of(request)
    back = local(typed.get("kembali", "/"))
    if switched_to(typed):
        return render(request, "password.html", errors=told_before(typed), back=back)
    old, new, again = (typed.raw(name) for name in ("kata_sandi_lama", "kata_sandi_baru", "kata_sandi_lagi"))
    guess = Guess(who.account.id, request.client.host if request.client else "", request.cookies.get(cookie_name(request, DEVICE)))
    if not await run_in_threadpool(desk.attempts.left, guess, now_ms=now_ms()):
        return render(request, "password.html", status=429, errors=[Fault("kata_sandi_lama", TOO_MANY)], back=back)
    errors = await run_in_threadpool(_password_faults, desk, who, old, new, again)
    if errors:
        if old and errors[0].message == OLD_WRONG:  # a form that is sent again after a failure holds none
            await run_in_threadpool(desk.attempts.failed, guess, now_ms=now_ms())
        return render(request, "password.html", status=422, errors=errors, back=back)
    await run_in_threadpool(desk.accounts.set_password, who.account.id, new, must_change=False)
    agent = request.headers.get("user-agent", "")
    secret = await run_in_threadpool(desk.sessions.begin, who.account.id, who.post.id, via=who.session.via, agent=agent, now_ms=now_ms())
    response = RedirectResponse(back, 303)
    set_cookie(request, response, SESSION, secret)
    return response


@router.get("/akun/daftar")
async def everybody(request: Request, who: Admin) -> Response:
    return await _list(request, who)


@router.post("/akun/daftar")
async def change(request: Request, who: Admin) -> Response:
    """`aksi`: `tambah`, `kata-sandi`, `tutup`, `buka`, `tunjuk` (acting), `akhiri`."""
    typed = await read_form(request)
    if switched_to(typed):
        return await _list(request, who, errors=told_before(typed), typed=dict(typed.fields))
    try:
        first = await run_in_threadpool(_changed, desk_of(request), who, typed)
    except AccountRefused as refused:
        at = "surat" if typed.get("aksi") == "tunjuk" else "orang"
        return await _list(request, who, status=422, errors=[Fault(at, str(refused))], typed=dict(typed.fields))
    if first:
        return await _list(request, who, first=first)
    return RedirectResponse("/akun/daftar", 303)


def _changed(desk: Desk, who: Who, typed: Typed) -> tuple[str, str] | None:
    """(person, first password), when one was made. Raises AccountRefused."""
    person, accounts, action = typed.get("orang").lower(), desk.accounts, typed.get("aksi")
    if action == "tambah":
        return _added(desk, person, typed)
    log.info("account_changed", action=action, person=person, post=typed.number("peran") or None, by=who.account.id)
    if action == "akhiri":
        accounts.end(typed.number("peran"), now_ms=now_ms(), only_acting=True)
        return None
    if accounts.find(person) is None:
        raise AccountRefused(UNKNOWN)
    if action == "kata-sandi":
        password = passwords.first()
        accounts.set_password(person, password, must_change=True)
        return person, password
    if action in {"tutup", "tunjuk"} and person == who.account.id:
        raise AccountRefused(NOT_SELF)
    if action == "tutup":
        accounts.close(person, now_ms=now_ms())
    elif action == "buka":
        accounts.open(person)
    elif action == "tunjuk":
        accounts.appoint(_acting(person, typed), now_ms=now_ms())
    return None


def _added(desk: Desk, person: str, typed: Typed) -> tuple[str, str]:
    password = passwords.first()
    post = Post(0, person, _role(typed), typed.get("opd") or None)
    desk.accounts.add_with(post, name=typed.get("nama"), password=password, must_change=True, now_ms=now_ms())
    return person, password


def _acting(person: str, typed: Typed) -> Post:
    return Post(
        0,
        person,
        _role(typed),
        typed.get("opd") or None,
        typed.get("jenis") if typed.get("jenis") in ACTING_KINDS else ACTING_KINDS[0],
        typed.get("surat"),
        _day(typed.get("mulai")),
        _day(typed.get("selesai")),
    )


def _role(typed: Typed) -> Role:
    try:
        return Role(typed.get("peran"))
    except ValueError:
        raise AccountRefused(said("Pilih peran.")) from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _password_faults(desk: Desk, who: Who, old: str, new: str, again: str) -> list[Fault]:
    if not (old and desk.accounts.knows(who.account.id, old)):
        return [Fault("kata_sandi_lama", OLD_WRONG)]
    if fault := passwords.fault_of(new, who.account.id):
        return [Fault("kata_sandi_baru", PASSWORD_FAULTS[fault])]
    if new == old:
        return [Fault("kata_sandi_baru", SAME)]
    return [] if new == again else [Fault("kata_sandi_lagi", NOT_TWICE)]


async def _list(request: Request, who: Who, *, status: int = 200, **content: Any) -> Response:  # noqa: ANN401 (what templates take)
    people = await run_in_threadpool(desk_of(request).accounts.all)
    opds = await _opds(request, who)
    known: Json = {
        "people": people,
        "opds": opds,
        "today": today(),
        "errors": [],
        "first": None,
        "kinds": {kind: kind for kind in ACTING_KINDS},
    }
    return render(request, "accounts.html", status=status, **(known | content))


async def _opds(request: Request, who: Who) -> dict[str, str] | None:
    """Code → name of the OPDs in the directory; None when the archive is away, then the code is typed."""
    try:
        told = await desk_of(request).lanes.get(who, "archive", "opds")
    except (LaneAway, CallRefused):
        return None
    return {str(opd["kode"]): f"{opd['name']} ({opd['kode']})" for opd in told["items"]}
