"""The trail: what happened to a submission, short, whole or as JSON, now or at a moment of the past."""

import re
from datetime import datetime
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from desk.casework import short
from desk.clock import WIB
from desk.door import desk_of, somebody
from desk.lanes import OWN_LANE, CallRefused, Json, LaneAway, Lanes
from desk.pages.case import number_of, trail_of
from desk.render import render
from desk.verbs import Fault
from desk.who import Who
from desk.words import said

router: Final = APIRouter()
VIEWS: Final = {"ringkas": said("Ringkas"), "lengkap": said("Lengkap"), "json": said("JSON")}
MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?")
NOTHING_THEN: Final = said("Pada saat itu pengajuan ini belum ada, atau waktunya tidak dapat dibaca.")


@router.get("/pengajuan/{number}/jejak")
async def trail(
    request: Request,
    number: str,
    who: Annotated[Who, Depends(somebody)],
    tampilan: str = "ringkas",
    as_of: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    full, wanted = number_of(number), as_of.strip()
    lanes, errors, status, step = desk_of(request).lanes, [], 200, 0
    try:
        if wanted:
            told = await lanes.get(who, "archive", f"submissions/{full}/trail", {"as_of": _zoned(wanted)})
        else:
            told, step = await _newest(lanes, who, full)
    except CallRefused as refused:
        if not wanted or refused.status not in {404, 422}:
            raise
        told = await lanes.get(who, "archive", f"submissions/{full}/trail")
        errors, status = [Fault("as_of", NOTHING_THEN)], 422
    view = tampilan if tampilan in VIEWS else "ringkas"
    content = {"told": told, "number": short(full), "full_number": full, "view": view, "views": VIEWS, "as_of": wanted, "errors": errors}
    raw = orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() if view == "json" else ""
    return render(request, "trail.html", status=status, raw=raw, is_behind=told["events"][-1]["sequence"] < step, **content)


@router.get("/pengajuan/{number}/jejak.json")
async def as_json(request: Request, number: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    """The same as the archive tells it, to keep."""
    full = number_of(number)
    told = await desk_of(request).lanes.get(who, "archive", f"submissions/{full}/trail")
    headers = {"Content-Disposition": f'attachment; filename="jejak-{short(full)}.json"'}
    return Response(orjson.dumps(told, option=orjson.OPT_INDENT_2), media_type="application/json", headers=headers)


def _zoned(moment: str) -> str:
    """A time as a field of a form gives it, in Western Indonesia; anything else as it was typed."""
    if not MOMENT.fullmatch(moment):
        return moment
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=WIB).isoformat()
    except ValueError:
        return moment


async def _newest(lanes: Lanes, who: Who, number: str) -> tuple[Json, int]:
    """The story, and the step that the own lane knows; its absence takes nothing away from the page."""
    if OWN_LANE[who.role] == "archive":
        return await lanes.get(who, "archive", f"submissions/{number}/trail"), 0
    try:
        step = int((await lanes.case(who, number))["sequence"])
    except (CallRefused, LaneAway):
        step = 0
    return await trail_of(lanes, who, number, step), step
