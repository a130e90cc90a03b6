"""What the operator keeps, for the Admin Open Data to look at: agencies and tokens, and the commands that change them."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from desk.door import desk_of, one_of
from desk.lanes import Json, LaneAway
from desk.render import render
from desk.who import Who
from web.tokens import Role

router: Final = APIRouter()
Admin = Annotated[Who, Depends(one_of(Role.ADMIN_OPENDATA))]


@router.get("/akun/opd")
async def opds(request: Request, who: Admin) -> Response:
    return render(request, "opds.html", items=await _items(request, who, "opds"))


@router.get("/akun/token")
async def tokens(request: Request, who: Admin) -> Response:
    return render(request, "tokens.html", items=await _items(request, who, "tokens"))


async def _items(request: Request, who: Who, what: str) -> list[Json] | None:
    """None when the archive is away: the commands are told all the same."""
    try:
        items: list[Json] = (await desk_of(request).lanes.get(who, "archive", what))["items"]
    except LaneAway:
        return None
    return items
