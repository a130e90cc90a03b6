"""Step 2: mend a submission's metadata or files. The reasons of a return stand beside the fields that they speak of."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from desk.casework import last_event, reasons_now, short
from desk.door import desk_of, one_of, switched_to
from desk.forms import Typed, read_form
from desk.lanes import CallRefused, Json
from desk.metadata import changes_between, columns_of, dataset_of, faults_of, values_of
from desk.pages.case import Case, look
from desk.proposal import with_columns
from desk.render import render
from desk.uploads import ACCEPT, files_in, take_in
from desk.verbs import Fault, told_before
from desk.who import Who
from web.tokens import Role

router: Final = APIRouter()
Ketua = Annotated[Who, Depends(one_of(Role.KETUA_PPID))]
BLANK: Final = 2


@router.get("/pengajuan/{number}/perbaiki")
async def ask(request: Request, number: str, who: Ketua) -> Response:
    case = await look(desk_of(request).lanes, who, number)
    if "revise" not in case.verbs:
        return RedirectResponse(f"/pengajuan/{case.shown['submission_id']}", 303)
    return _form(request, case, case.shown["dataset"], _lines(case.shown["files"]))


@router.post("/pengajuan/{number}/perbaiki")
async def mend(request: Request, number: str, who: Ketua) -> Response:
    typed, lanes = await read_form(request), desk_of(request).lanes
    case = await look(lanes, who, number)
    dataset, files = dataset_of(typed), files_in(typed)
    files, faults = await take_in(lanes, who, typed, files, desk_of(request).settings.upload_mb)
    if faults:
        return _form(request, case, dataset, files, typed=typed, errors=faults, status=422)
    if typed.get("aksi") == "usul":
        dataset, count = await with_columns(lanes, who, dataset, files)
        return _form(request, case, dataset, files, typed=typed, proposed=count)
    if switched_to(typed):
        return _form(request, case, dataset, files, typed=typed, errors=told_before(typed))
    if typed.get("aksi") == "kolom":
        return _form(request, case, dataset, files, typed=typed, blank=BLANK * 3)
    expected = typed.number("expected_sequence")
    if case.shown["sequence"] == expected + 1 and _is_mine(case, who, typed):
        return RedirectResponse(f"/pengajuan/{number}/selesai?langkah={expected + 1}", 303)
    if case.shown["sequence"] != expected or "revise" not in case.verbs:
        return _form(request, case, dataset, files, typed=typed, status=409)
    body: Json = {"expected_sequence": expected, "note": typed.get("note")}
    body |= {"dataset": changed} if (changed := changes_between(case.shown["dataset"], dataset)) else {}
    body |= {"files": files} if files != _lines(case.shown["files"]) else {}
    try:
        event = await lanes.post_and_wait(who, "review", f"submissions/{case.shown['submission_id']}/revise", body)
    except CallRefused as refused:
        if refused.status == 409 and refused.says("stale"):
            return _form(request, await look(lanes, who, number), dataset, files, typed=typed, status=409)
        return _form(request, case, dataset, files, typed=typed, errors=faults_of(refused.errors), status=refused.status)
    return RedirectResponse(f"/pengajuan/{case.shown['submission_id']}/selesai?langkah={event['sequence']}", 303)


def _form(
    request: Request,
    case: Case,
    dataset: Json,
    files: list[Json],
    *,
    typed: Typed | None = None,
    errors: list[Fault] | None = None,
    status: int = 200,
    blank: int = BLANK,
    proposed: int | None = None,
) -> Response:
    """With status 409: somebody was faster, and what was typed is still there. Else the form stays of the step that it was drawn at."""
    content = {
        "case": case.shown,
        "number": short(case.shown["submission_id"]),
        "values": values_of(dataset),
        "rows": columns_of(dataset, blank),
        "files": files,
        "errors": errors or [],
        "reasons": reasons_now(case.shown),
        "conflict": last_event(case.shown) if status == 409 else None,
        "note": typed.get("note") if typed else "",
        "accept": ACCEPT,
        "most": desk_of(request).settings.upload_mb,
        "draft": None,
        "at": f"/pengajuan/{case.shown['submission_id']}/perbaiki",
        "proposed": proposed,
        "step": typed.number("expected_sequence") if typed and status != 409 else case.shown["sequence"],
    }
    return render(request, "revise.html", status=status, **content)


def _lines(files: list[Json]) -> list[Json]:
    return [{name: file[name] for name in ("name", "media_type", "bytes", "sha256")} for file in files]


def _is_mine(case: Case, who: Who, typed: Typed) -> bool:
    """The same form, sent twice: the newest event is this person's revision with this note, and holds what was typed."""
    event = last_event(case.shown)
    is_revision = (
        event["type"] == "DataRevised" and event["actor"]["id"] == who.account.id and event["data"].get("note", "") == typed.get("note")
    )
    return is_revision and not changes_between(case.shown["dataset"], dataset_of(typed))
