"""The case: one submission with all that its reader may do now; its files and the sheet to print."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from desk.casework import Change, by_word, changes, reasons_now, short, steps_of, times_of
from desk.door import desk_of, somebody
from desk.lanes import OWN_LANE, CallRefused, Json, LaneAway, Lanes
from desk.render import render
from desk.who import Who
from web.tokens import Role

router: Final = APIRouter()
NUMBER: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
ALSO: Final[Mapping[Role, str]] = {Role.TIM_PPID: "review", Role.ATASAN_PPID: "publisher"}
"""A second lane at which a role may have something to say: withdraw, recall an approval."""
PREVIEWS: Final = 3
"""Files whose first rows stand in the page at once; more are a link."""


@dataclass(frozen=True)
class Case:
    """A submission, and what may be said of it: verb → lane. `before`: the edition before it, as far as it could be asked for."""

    shown: Json
    verbs: dict[str, str]
    profiles: dict[str, Json] = field(default_factory=dict)
    before: Json | None = None
    changes: list[Change] | None = None


async def look(lanes: Lanes, who: Who, number: str) -> Case:
    """The submission and its verbs. Raises CallRefused, LaneAway of the own lane."""
    number, also = number_of(number), ALSO.get(who.role)
    shown, other = await asyncio.gather(lanes.case(who, number), _maybe(lanes, who, number, also))
    verbs = dict.fromkeys(shown.get("may", []), OWN_LANE[who.role])
    if also and other and other["sequence"] >= shown["sequence"]:
        verbs |= {verb: also for verb in other.get("may", []) if verb not in verbs}
    return Case(shown, verbs)


async def look_closely(lanes: Lanes, who: Who, number: str) -> Case:
    """As `look`, with the first rows of its files and what changed since the edition before."""
    case = await look(lanes, who, number)
    files = [file["sha256"] for file in case.shown["files"][:PREVIEWS]]
    previous = case.shown.get("previous")
    before, *profiles = await asyncio.gather(
        _maybe(lanes, who, previous, OWN_LANE[who.role] if previous else None),
        *(_profile(lanes, who, case.shown["submission_id"], sha256) for sha256 in files),
    )
    found = {sha256: profile for sha256, profile in zip(files, profiles, strict=True) if profile}
    return Case(case.shown, case.verbs, found, before, changes(before, case.shown) if before else None)


@router.get("/pengajuan/{number}")
async def case_page(request: Request, number: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    return show(request, await look_closely(desk_of(request).lanes, who, number))


def show(request: Request, case: Case, *, status: int = 200, **content: Any) -> Response:  # noqa: ANN401 (what templates take)
    """The page of a case; `errors`, `typed` and `conflict` say what came of a form on it."""
    shown = case.shown
    known = {
        "case": shown,
        "verbs": case.verbs,
        "profiles": case.profiles,
        "changes": case.changes,
        "before": case.before,
        "number": short(shown["submission_id"]),
        "steps": steps_of(shown),
        "found": by_word(shown["findings"]),
        "reasons": reasons_now(shown),
        "story": times_of(shown["history"]),
        "publication": shown.get("publication"),
        "errors": [],
        "conflict": None,
    }
    return render(request, "case.html", status=status, **(known | content))


@router.get("/pengajuan/{number}/lembar")
async def sheet(request: Request, number: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    """The decision sheet: A4, with number, actors, times and hash."""
    case = await look(desk_of(request).lanes, who, number)
    told = await desk_of(request).lanes.get(who, "archive", f"submissions/{number_of(number)}/trail")
    return render(request, "sheet.html", case=case.shown, number=short(case.shown["submission_id"]), trail=told)


@router.get("/pengajuan/{number}/selesai")
async def done(request: Request, number: str, who: Annotated[Who, Depends(somebody)], langkah: int = 0) -> Response:
    """What was just done, and what happens next."""
    case = await look(desk_of(request).lanes, who, number)
    event = next((event for event in case.shown["history"] if event["sequence"] == langkah), case.shown["history"][-1])
    return render(request, "done.html", case=case.shown, number=short(case.shown["submission_id"]), event=event)


@router.get("/pengajuan/{number}/berkas/{sha256}")
async def download(request: Request, number: str, sha256: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    """A file of the case, streamed from the lane, to be kept and never opened in the page."""
    if not SHA256.fullmatch(sha256):
        raise HTTPException(404)
    lane = OWN_LANE[who.role]
    case = await desk_of(request).lanes.case(who, number_of(number))
    name = next((file["name"] for file in case["files"] if file["sha256"] == sha256), sha256)
    return await _streamed(request, who, lane, f"submissions/{number_of(number)}/files/{sha256}", name)


@router.get("/pengajuan/{number}/paket")
async def package(request: Request, number: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    return await _streamed(request, who, "archive", f"submissions/{number_of(number)}/package", f"{number_of(number)}.zip")


@router.get("/pengajuan/{number}/keutuhan")
async def intact(request: Request, number: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    """Is its chain of events whole? As the archive proves it."""
    told = await desk_of(request).lanes.get(who, "archive", f"submissions/{number_of(number)}/verify")
    return render(request, "intact.html", told=told, full_number=number_of(number), number=short(number))


async def _streamed(request: Request, who: Who, lane: str, path: str, name: str) -> Response:
    stream = desk_of(request).lanes.stream(who, lane, path)
    answer = await stream.__aenter__()

    async def chunks() -> AsyncIterator[bytes]:
        async for chunk in answer.aiter_raw():
            yield chunk

    async def close() -> None:
        await stream.__aexit__(None, None, None)

    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Type": "application/octet-stream",
    }
    if length := answer.headers.get("content-length"):
        headers["Content-Length"] = length
    return StreamingResponse(chunks(), headers=headers, background=BackgroundTask(close))


async def _maybe(lanes: Lanes, who: Who, number: str | None, lane: str | None) -> Json | None:
    """Of a lane that is asked beside the own one: its no or its absence takes nothing away from the page."""
    if lane is None or number is None:
        return None
    try:
        return await lanes.case(who, number, lane)
    except (CallRefused, LaneAway):
        return None


async def _profile(lanes: Lanes, who: Who, number: str, sha256: str) -> Json | None:
    """None for what is no table, or was not looked at."""
    try:
        return await lanes.get(who, OWN_LANE[who.role], f"submissions/{number}/files/{sha256}/profile")
    except (CallRefused, LaneAway):
        return None


def number_of(number: str) -> str:
    """Raises HTTPException (404) for what cannot be a submission's number, before it gets into the address of a call."""
    if not NUMBER.fullmatch(number):
        raise HTTPException(404)
    return number.lower()
