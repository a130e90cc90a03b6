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

from desk.casework import Change, by_word, changes, event_at, last_event, reasons_now, short, steps_of, times_of
from desk.door import desk_of, somebody
from desk.lanes import OWN_LANE, CallRefused, Json, LaneAway, Lanes
from desk.render import render, speech_of
from desk.speech import Speech
from desk.who import Who
from web.tokens import Role

router: Final = APIRouter()
NUMBER: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
ALSO: Final[Mapping[Role, str]] = {Role.TIM_PPID: "review", Role.ATASAN_PPID: "publisher"}
"""A second lane at which a role may have something to say: withdraw, recall an approval."""
FOLLOWS_S: Final = 2.0
"""Lanes tell each other within this time, unless one of them is away."""
LOOK_AGAIN_S: Final = 0.1
PREVIEWS: Final = 3
"""Files whose first rows stand in the page at once; more are a link."""


@dataclass(frozen=True)
class Case:
    """A submission, and what may be said of it: verb → lane. `before`: the edition before it, as far as it could be asked for.

    `own`: the step that the own lane, and so its lists, know.
    """

    shown: Json
    verbs: dict[str, str]
    own: int
    profiles: dict[str, Json] = field(default_factory=dict)
    before: Json | None = None
    changes: list[Change] | None = None


async def look(lanes: Lanes, who: Who, number: str) -> Case:
    """The submission and its verbs, by the lane that knows more of it: what was just said at one of them is seen at once.

    Raises CallRefused, LaneAway of the own lane.
    """
    number, also = number_of(number), ALSO.get(who.role)
    own, other = await asyncio.gather(lanes.case(who, number), _maybe(lanes, who, number, also))
    told = [(OWN_LANE[who.role], own), *([(also, other)] if also and other else [])]
    newest = max(case["sequence"] for _, case in told)
    ahead = [(lane, case) for lane, case in told if case["sequence"] == newest]
    verbs = {verb: lane for lane, case in reversed(ahead) for verb in case.get("may", [])}
    shown = ahead[0][1] | await _taken(lanes, who, ahead[0][1])
    return Case(shown, verbs, own["sequence"])


async def _taken(lanes: Lanes, who: Who, case: Json) -> Json:
    """`{"taken_by"}` as the lane says whose turn it is: an admin may release what people of other lanes have taken."""
    if who.role is not Role.ADMIN_OPENDATA or case["holder"] in {None, OWN_LANE[who.role]}:
        return {}
    try:
        return await lanes.get(who, case["holder"], f"submissions/{case['submission_id']}/taken")
    except (CallRefused, LaneAway):
        return {}


async def until_known(lanes: Lanes, who: Who, case: Case, step: int) -> Case:
    """The same once the own lane has heard of that step, or after FOLLOWS_S: then its lists are a moment behind."""
    loop = asyncio.get_running_loop()
    until = loop.time() + FOLLOWS_S
    while case.own < step and loop.time() < until:
        await asyncio.sleep(LOOK_AGAIN_S)
        case = await look(lanes, who, case.shown["submission_id"])
    return case


async def trail_of(lanes: Lanes, who: Who, number: str, step: int) -> Json:
    """The archive's story up to this step at least, or what it has after FOLLOWS_S."""
    loop = asyncio.get_running_loop()
    until = loop.time() + FOLLOWS_S
    while True:
        told = await lanes.get(who, "archive", f"submissions/{number}/trail")
        if told["events"][-1]["sequence"] >= step or loop.time() >= until:
            return told
        await asyncio.sleep(LOOK_AGAIN_S)


async def look_closely(lanes: Lanes, who: Who, number: str, speech: Speech) -> Case:
    """As `look`, with the first rows of its files and what changed since the edition before."""
    case = await look(lanes, who, number)
    files = [file["sha256"] for file in case.shown["files"][:PREVIEWS]]
    previous = case.shown.get("previous")
    before, *profiles = await asyncio.gather(
        _maybe(lanes, who, previous, OWN_LANE[who.role] if previous else None),
        *(_profile(lanes, who, case.shown["submission_id"], sha256) for sha256 in files),
    )
    found = {sha256: profile for sha256, profile in zip(files, profiles, strict=True) if profile}
    return Case(case.shown, case.verbs, case.own, found, before, changes(before, case.shown, speech) if before else None)


@router.get("/pengajuan/{number}")
async def case_page(request: Request, number: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    return show(request, await look_closely(desk_of(request).lanes, who, number, speech_of(request)))


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
    told = await trail_of(desk_of(request).lanes, who, number_of(number), case.shown["sequence"])
    is_behind = told["events"][-1]["sequence"] < case.shown["sequence"]
    return render(request, "sheet.html", is_behind=is_behind, case=case.shown, number=short(case.shown["submission_id"]), trail=told)


@router.get("/pengajuan/{number}/selesai")
async def done(request: Request, number: str, who: Annotated[Who, Depends(somebody)], langkah: int = 0, sebelumnya: str = "") -> Response:
    """What was just done, and what happens next. `sebelumnya`: it was done before, and its answer had been lost."""
    lanes = desk_of(request).lanes
    case = await until_known(lanes, who, await look(lanes, who, number), langkah)
    event = event_at(case.shown, langkah)
    content: Json = {"event": event or last_event(case.shown), "is_behind": case.own < langkah, "was_before": bool(sebelumnya)}
    content["is_own_turn"] = case.shown["holder"] == OWN_LANE[who.role]
    return render(request, "done.html", case=case.shown, number=short(case.shown["submission_id"]), **content)


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
