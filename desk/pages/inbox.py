"""What waits: the front page and the inbox of the own lane, with filters that work by address alone."""

import asyncio
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from desk.door import desk_of, somebody
from desk.lanes import OWN_LANE, CallRefused, Json, LaneAway, Lanes
from desk.render import render
from desk.who import Who
from desk.words import STATES, said
from web.tokens import Role

router: Final = APIRouter()
PAGE: Final = 50
FIRST_FEW: Final = 5
TITLES: Final = {
    Role.TIM_PPID: said("Pengajuan saya"),
    Role.KETUA_PPID: said("Kotak masuk"),
    Role.ATASAN_PPID: said("Kotak masuk"),
    Role.ADMIN_OPENDATA: said("Kotak masuk"),
    Role.AUDITOR: said("Semua pengajuan"),
}


@router.get("/")
async def home(request: Request, who: Annotated[Who, Depends(somebody)]) -> Response:
    """What waits on me: the first few, how many in all, and where the rest is."""
    desk = desk_of(request)
    waiting, counts = await asyncio.gather(_waiting(desk.lanes, who, {"limit": FIRST_FEW}), _counts(desk.lanes, who))
    drafts = await run_in_threadpool(desk.drafts.open, who.account.id, who.opd) if who.role is Role.TIM_PPID else []
    return render(request, "home.html", items=waiting and waiting["items"], counts=counts, drafts=drafts, title=TITLES[who.role])


@router.get("/kotak-masuk")
async def inbox(
    request: Request,
    who: Annotated[Who, Depends(somebody)],
    q: Annotated[str, Query(max_length=200)] = "",
    keadaan: str = "",
    opd: Annotated[str, Query(max_length=63)] = "",
    terlambat: str = "",
    urut: str = "",
    sesudah: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    state = keadaan if keadaan in STATES else ""
    wanted = _params(who, q=q.strip(), state=state, opd=opd.strip(), overdue=bool(terlambat), order=urut, after=sesudah)
    page, counts = await asyncio.gather(_page(desk_of(request).lanes, who, wanted), _counts(desk_of(request).lanes, who))
    filters = {"q": q, "keadaan": keadaan, "opd": opd, "terlambat": terlambat, "urut": urut}
    following = urlencode({name: value for name, value in filters.items() if value} | {"sesudah": page["next"]}) if page["next"] else None
    content = {"items": page["items"], "following": following, "filters": filters, "counts": counts, "is_first": not sesudah}
    return render(request, "inbox.html", title=TITLES[who.role], is_filtered=any(filters.values()), **content)


@router.get("/kotak-masuk.json")
async def inbox_json(request: Request, who: Annotated[Who, Depends(somebody)], sesudah: str = "") -> Response:
    """The same as the lane tells it."""
    return JSONResponse(await _page(desk_of(request).lanes, who, _params(who, after=sesudah)))


def _params(who: Who, **wanted: str | bool) -> dict[str, str | int]:
    """The lane's own words for the filters; only those that are set."""
    if wanted.get("order") not in {"newest", "due"} or who.role is Role.AUDITOR:
        wanted["order"] = "newest" if who.role is Role.AUDITOR else ""
    return {"limit": PAGE} | {name: "true" if value is True else str(value) for name, value in wanted.items() if value}


async def _page(lanes: Lanes, who: Who, params: dict[str, str | int]) -> Json:
    lane = OWN_LANE[who.role]
    return await lanes.get(who, lane, "submissions" if lane == "archive" else "inbox", params)


async def _waiting(lanes: Lanes, who: Who, params: dict[str, str | int]) -> Json | None:
    """None when the own lane is away: the front page says so and shows the rest."""
    try:
        return await _page(lanes, who, params | ({"order": "newest"} if who.role is Role.AUDITOR else {}))
    except LaneAway:
        return None


async def _counts(lanes: Lanes, who: Who) -> Json | None:
    """`{"waiting", "overdue"}`; None when nobody can say."""
    if who.role is Role.AUDITOR:
        return None
    try:
        return await lanes.get(who, OWN_LANE[who.role], "counts")
    except (LaneAway, CallRefused):
        return None
