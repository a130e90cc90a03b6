"""Step 4: what is on its way to the portal, what needs a person, what is published; and what differs between portal and log."""

import asyncio
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from desk.door import desk_of, one_of
from desk.lanes import Json, LaneAway, Lanes, Params
from desk.render import render
from desk.who import Who
from web.tokens import Role

router: Final = APIRouter()
PAGE: Final = 50


@router.get("/publikasi")
async def publication(
    request: Request,
    who: Annotated[Who, Depends(one_of(Role.ADMIN_OPENDATA))],
    q: Annotated[str, Query(max_length=200)] = "",
    sesudah: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    lanes = desk_of(request).lanes
    params: dict[str, str | int] = {"state": "published", "order": "newest", "limit": PAGE}
    params |= {name: value for name, value in (("q", q.strip()), ("after", sesudah)) if value}
    queue, attention, published = await asyncio.gather(
        lanes.get(who, "publisher", "queue"), lanes.get(who, "publisher", "attention"), _published(lanes, who, params)
    )
    following = urlencode({"q": q.strip(), "sesudah": published["next"]}) if published and published["next"] else None
    content = {"queue": queue["items"], "attention": attention, "published": published["items"] if published else None}
    return render(request, "publications.html", q=q.strip(), following=following, **content)


async def _published(lanes: Lanes, who: Who, params: Params) -> Json | None:
    """None when the archive is away: the queue is shown all the same."""
    try:
        return await lanes.get(who, "archive", "submissions", params)
    except LaneAway:
        return None
