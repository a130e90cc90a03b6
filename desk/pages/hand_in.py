"""Step 1: hand in a dataset. A form with help at each field, files, drafts, what the checks find; then it is handed in, once."""

import asyncio
import uuid
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from desk.casework import by_word
from desk.clock import moment_of, now_ms
from desk.door import Desk, desk_of, one_of, switched_to
from desk.drafts import Draft
from desk.forms import Typed, read_form
from desk.lanes import CallRefused, Json, LaneAway, Told
from desk.metadata import START, columns_of, dataset_of, faults_of, values_of
from desk.pages.case import NUMBER
from desk.proposal import with_columns
from desk.render import render
from desk.uploads import ACCEPT, files_in, take_in
from desk.verbs import Fault, told_before
from desk.who import Who
from events.ids import submission_id_of
from web.tokens import Role

router: Final = APIRouter()
Tim = Annotated[Who, Depends(one_of(Role.TIM_PPID))]
BLANK: Final = 3
"""Empty rows at the end of the table of columns."""
EARLIER: Final = 50
BEFORE: Final = "event_id_reused"
"""Intake has a submission of this draft, and it says something else."""
PER_VERSION: Final = ("version", "period_start", "period_end")
"""What a new version does not take over from the last one."""


@router.get("/pengajuan/baru")
async def new(request: Request, who: Tim, dari: str = "") -> Response:
    """An empty form, or one that starts from an earlier version's metadata."""
    desk = desk_of(request)
    dataset, before = START, None
    if NUMBER.fullmatch(dari):
        before = dari.lower()
        shown = await desk.lanes.case(who, before)
        dataset = {name: value for name, value in shown["dataset"].items() if name not in PER_VERSION}
    drafts, earlier = await asyncio.gather(run_in_threadpool(desk.drafts.open, who.account.id, who.opd), _earlier(desk, who))
    draft = Draft(str(uuid.uuid4()), who.account.id, who.opd or "", {"dataset": dataset, "files": [], "from": before}, now_ms(), None)
    return _form(request, draft, drafts=drafts, earlier=earlier)


@router.get("/pengajuan/baru/{number}")
async def go_on(request: Request, number: str, who: Tim) -> Response:
    draft = await _own(desk_of(request), who, number)
    if draft.submission:
        return RedirectResponse(f"/pengajuan/{draft.submission}", 303)
    return _form(request, draft)


@router.post("/pengajuan/baru/{number}")
async def save(request: Request, number: str, who: Tim) -> Response:
    """Saved first, whatever comes next: `aksi` is `simpan`, `kolom` (more rows), `usul` (columns of the files), `hapus` or `periksa`."""
    typed, desk = await read_form(request), desk_of(request)
    draft = await _draft(desk, who, number, typed)
    action = "" if switched_to(typed) else typed.get("aksi")
    if draft.submission:
        if _content(typed) != draft.content:
            raise HTTPException(409)
        return RedirectResponse(f"/pengajuan/{draft.submission}", 303)
    if action == "hapus":
        await run_in_threadpool(desk.drafts.drop, draft)
        return RedirectResponse("/pengajuan/baru", 303)
    most, before = desk.settings.upload_mb, draft.content["files"]
    files, faults = await take_in(desk.lanes, who, typed, before, most)
    if files != before:
        draft = await _saved(desk, who, draft, draft.content | {"files": files})
    if faults:
        return _form(request, draft, status=422, errors=faults)
    if action == "usul":
        dataset, count = await with_columns(desk.lanes, who, draft.content["dataset"], files)
        draft = await _saved(desk, who, draft, draft.content | {"dataset": dataset})
        return _form(request, draft, proposed=count)
    if action == "kolom":
        return _form(request, draft, blank=len(columns_of(draft.content["dataset"])) and BLANK * 2)
    if switched_to(typed):
        return _form(request, draft, errors=told_before(typed))
    if action != "periksa":
        return RedirectResponse(f"/pengajuan/baru/{draft.id}", 303)
    return await _after_check(request, desk, who, draft) or RedirectResponse(f"/pengajuan/baru/{draft.id}/periksa", 303)


@router.get("/pengajuan/baru/{number}/periksa")
async def look_again(request: Request, number: str, who: Tim) -> Response:
    """What the checks find, before it is handed in."""
    desk = desk_of(request)
    draft = await _own(desk, who, number)
    if draft.submission:
        return RedirectResponse(f"/pengajuan/{draft.submission}", 303)
    told = await desk.lanes.post_and_wait(who, "intake", "check", _inbound(who, draft))
    if told["reasons"]:
        return await _not_yet(request, desk, draft, _told_of(told["reasons"]))
    return render(request, "hand_in_check.html", draft=draft, dataset=draft.content["dataset"], found=by_word(told["findings"]))


@router.post("/pengajuan/baru/{number}/serahkan")
async def hand_in(request: Request, number: str, who: Tim) -> Response:
    """Handed in under the draft's own id: a double click, or a page sent again, is the same submission."""
    await read_form(request)
    desk = desk_of(request)
    draft = await _own(desk, who, number)
    if draft.submission is None:
        try:
            receipt = await desk.lanes.post_and_wait(who, "intake", "submissions", _inbound(who, draft))
        except CallRefused as refused:
            if refused.status != 422:
                raise
            return await _not_yet(request, desk, draft, refused.errors)
        await run_in_threadpool(desk.drafts.handed_in, draft, receipt["submission_id"])
        draft = await _own(desk, who, number)
    return RedirectResponse(f"/pengajuan/{draft.submission}/selesai?langkah=1", 303)


async def _after_check(request: Request, desk: Desk, who: Who, draft: Draft) -> Response | None:
    """None when intake would accept it."""
    told = await desk.lanes.post_and_wait(who, "intake", "check", _inbound(who, draft))
    return await _not_yet(request, desk, draft, _told_of(told["reasons"])) if told["reasons"] else None


async def _not_yet(request: Request, desk: Desk, draft: Draft, errors: tuple[Told, ...]) -> Response:
    """The form with what is wrong; or the submission that this draft is already, when the answer of before was lost on the way."""
    if any(error.code == BEFORE for error in errors):
        number = str(submission_id_of(draft.opd, uuid.UUID(draft.id)))
        await run_in_threadpool(desk.drafts.handed_in, draft, number)
        return RedirectResponse(f"/pengajuan/{number}/selesai?langkah=1&sebelumnya=1", 303)
    return _form(request, draft, status=422, errors=faults_of(errors))


def _told_of(reasons: list[Json]) -> tuple[Told, ...]:
    return tuple(Told(str(r.get("code")), r.get("field"), str(r.get("message") or r.get("note"))) for r in reasons)


def _inbound(who: Who, draft: Draft) -> Json:
    """DataSubmitted as an OPD writes it. The time is that of the last change, so it says the same when it is sent again."""
    return {
        "type": "DataSubmitted",
        "event_id": draft.id,
        "occurred_at": moment_of(draft.updated_ms).isoformat(),
        "opd": draft.opd,
        "submitted_by": who.account.id,
        "dataset": draft.content["dataset"],
        "files": draft.content["files"],
    }


def _content(typed: Typed) -> Json:
    return {"dataset": dataset_of(typed), "files": files_in(typed), "from": typed.get("dari") or None}


async def _draft(desk: Desk, who: Who, number: str, typed: Typed) -> Draft:
    """The draft as it was typed now, saved."""
    if not NUMBER.fullmatch(number):
        raise HTTPException(404)
    content = _content(typed)

    def saved() -> Draft | None:
        desk.drafts.begin(number, who.account.id, who.opd or "", content, now_ms=now_ms())
        draft = desk.drafts.find(number, who.account.id, who.opd)
        if draft:
            desk.drafts.save(draft, content, now_ms=now_ms())
        return desk.drafts.find(number, who.account.id, who.opd)

    draft = await run_in_threadpool(saved)
    if draft is None:
        raise HTTPException(404)
    return draft


async def _saved(desk: Desk, who: Who, draft: Draft, content: Json) -> Draft:
    await run_in_threadpool(desk.drafts.save, draft, content, now_ms=now_ms())
    return await _own(desk, who, draft.id)


async def _own(desk: Desk, who: Who, number: str) -> Draft:
    draft = await run_in_threadpool(desk.drafts.find, number, who.account.id, who.opd)
    if draft is None:
        raise HTTPException(404)
    return draft


async def _earlier(desk: Desk, who: Who) -> list[Json] | None:
    """What is published of the own OPD, to start a new version from; None when the archive is away."""
    try:
        page = await desk.lanes.get(who, "archive", "submissions", {"state": "published", "limit": EARLIER})
    except LaneAway:
        return None
    items: list[Json] = page["items"]
    return items


def _form(
    request: Request,
    draft: Draft,
    *,
    status: int = 200,
    errors: list[Fault] | None = None,
    blank: int | None = None,
    drafts: list[Draft] | None = None,
    earlier: list[Json] | None = None,
    proposed: int | None = None,
) -> Response:
    """`proposed`: how many columns were taken from the files."""
    dataset = draft.content["dataset"]
    rows = columns_of(dataset, BLANK if blank is None else blank or BLANK)
    content: Json = {"draft": draft, "values": values_of(dataset), "rows": rows, "files": draft.content["files"], "errors": errors or []}
    content |= {"most": desk_of(request).settings.upload_mb, "at": f"/pengajuan/baru/{draft.id}", "proposed": proposed, "accept": ACCEPT}
    return render(request, "hand_in.html", status=status, drafts=drafts or [], earlier=earlier or [], **content)
