"""Search, what falls due, and the public page of the SOP's numbers."""

import asyncio
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from desk.door import desk_of, maybe, somebody
from desk.lanes import CallRefused, Json, LaneAway, Lanes
from desk.pages.case import NUMBER
from desk.render import render
from desk.who import Who

router: Final = APIRouter()
PAGE: Final = 50
AHEAD_DAYS: Final = 60


@router.get("/cari")
async def search(
    request: Request,
    who: Annotated[Who, Depends(somebody)],
    q: Annotated[str, Query(max_length=200)] = "",
    sesudah: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """By number, words of the title, OPD or dataset; a whole number leads straight to its case."""
    wanted = q.strip()
    if NUMBER.fullmatch(wanted):
        return RedirectResponse(f"/pengajuan/{wanted.lower()}", 303)
    page: Json = {"items": [], "next": None}
    if wanted:
        params: dict[str, str | int] = {"q": wanted, "order": "newest", "limit": PAGE}
        params |= {"after": sesudah} if sesudah else {}
        page = await desk_of(request).lanes.get(who, "archive", "submissions", params)
    following = urlencode({"q": wanted, "sesudah": page["next"]}) if page["next"] else None
    return render(request, "search.html", q=wanted, items=page["items"], following=following, is_first=not sesudah)


@router.get("/jatuh-tempo")
async def due(request: Request, who: Annotated[Who, Depends(somebody)], sesudah: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Published datasets whose next period is due by their frequency, soonest first."""
    params: dict[str, str | int] = {"within_days": AHEAD_DAYS}
    params |= {"after": sesudah} if sesudah else {}
    page = await desk_of(request).lanes.get(who, "archive", "due", params)
    return render(request, "due.html", items=page["items"], following=page.get("next"), days=AHEAD_DAYS)


@router.get("/statistik")
async def statistics(request: Request) -> Response:
    """How it works, and how well: for everybody, without a login."""
    _, told = await asyncio.gather(maybe(request), _numbers(desk_of(request).lanes))
    return render(request, "statistics.html", told=told)


async def _numbers(lanes: Lanes) -> Json | None:
    """None when the archive is away: the rest of the page is there all the same."""
    try:
        return await lanes.get(None, "archive", "statistics")
    except (LaneAway, CallRefused):
        return None
