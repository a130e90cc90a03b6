"""The forms of a case: a verb and what was typed in; the lane's event, or the same page with what is wrong and everything still there."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from desk.casework import event_at, last_event, short
from desk.door import desk_of, somebody, switched_to
from desk.forms import NOTHING, Typed, read_form
from desk.lanes import CallRefused, Json
from desk.pages.case import Case, look, look_closely, show
from desk.pages.failures import fields_of
from desk.render import render, speech_of
from desk.verbs import VERBS, Fault, faults_of, is_mine, told_before
from desk.who import Who
from desk.words import said

router: Final = APIRouter()
CHOOSE: Final = said("Pilih salah satu.")
NOT_YOURS: Final = said("Langkah itu tidak dapat Anda lakukan sekarang.")


@router.post("/pengajuan/{number}/putusan")
async def say(request: Request, number: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    typed, lanes = await read_form(request), desk_of(request).lanes
    verb = typed.get("pilihan")
    case = await look(lanes, who, number)
    body, wrong = VERBS[verb].body(typed) if verb in VERBS else ({}, [Fault("pilihan", CHOOSE)])
    if switched_to(typed):
        if case.shown["sequence"] != typed.number("expected_sequence"):
            return await _conflict(request, who, number, typed)
        return await _again(request, who, number, typed, told_before(typed), status=200)
    if wrong:
        return await _again(request, who, number, typed, wrong)
    expected = typed.number("expected_sequence")
    if is_mine(event_at(case.shown, expected + 1), person=who.account.id, verb=verb, expected=expected, body=body):
        return _done(number, expected + 1)
    if case.shown["sequence"] == expected and verb not in case.verbs:
        return await _again(request, who, number, typed, [Fault("pilihan", NOT_YOURS)], status=403)
    if case.shown["sequence"] != expected:
        return await _conflict(request, who, number, typed)
    if VERBS[verb].serious and typed.get("yakin") != "1":
        return _check(request, case, verb, typed, body)
    try:
        event = await lanes.post(
            who, case.verbs[verb], f"submissions/{case.shown['submission_id']}/{verb}", {"expected_sequence": expected, **body}
        )
    except CallRefused as refused:
        return await _no(request, who, number, typed, refused, verb, body)
    return _done(number, event["sequence"])


@router.post("/pengajuan/{number}/coba-lagi")
async def retry(request: Request, number: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    """Publish again now."""
    case = await look(desk_of(request).lanes, who, number)
    if "retry" not in case.verbs:
        raise HTTPException(404)
    await desk_of(request).lanes.post(who, case.verbs["retry"], f"submissions/{case.shown['submission_id']}/retry", {})
    return RedirectResponse(f"/pengajuan/{case.shown['submission_id']}", 303)


@router.post("/pengajuan/{number}/ambil")
async def take(request: Request, number: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    return await _hold(request, who, number, "take")


@router.post("/pengajuan/{number}/lepas")
async def release(request: Request, number: str, who: Annotated[Who, Depends(somebody)]) -> Response:
    return await _hold(request, who, number, "release")


async def _hold(request: Request, who: Who, number: str, verb: str) -> Response:
    """Who works on it, shown to the others. At the lane that holds it now."""
    await read_form(request)
    case = await look(desk_of(request).lanes, who, number)
    if case.shown["holder"] is None:
        raise HTTPException(404)
    try:
        await desk_of(request).lanes.post(who, case.shown["holder"], f"submissions/{case.shown['submission_id']}/{verb}", {})
    except CallRefused as refused:
        if refused.status != 409:
            raise
        return await _again(request, who, number, NOTHING, faults_of(refused.errors), status=409)
    return RedirectResponse(f"/pengajuan/{case.shown['submission_id']}", 303)


def _check(request: Request, case: Case, verb: str, typed: Typed, body: Json) -> Response:
    """Once more before it cannot be taken back by one person alone."""
    number = case.shown["submission_id"]
    return render(request, "check.html", case=case.shown, number=short(number), verb=verb, body=body, kept=fields_of(typed))


async def _no(request: Request, who: Who, number: str, typed: Typed, refused: CallRefused, verb: str, body: Json) -> Response:
    if refused.status == 409 and (refused.says("stale") or refused.says("not_holder")):
        case = await look(desk_of(request).lanes, who, number)
        expected = typed.number("expected_sequence")
        if is_mine(event_at(case.shown, expected + 1), person=who.account.id, verb=verb, expected=expected, body=body):
            return _done(number, expected + 1)
        return await _conflict(request, who, number, typed)
    if refused.status not in {403, 409, 422}:
        raise refused
    return await _again(request, who, number, typed, faults_of(refused.errors), status=refused.status)


async def _conflict(request: Request, who: Who, number: str, typed: Typed) -> Response:
    """Somebody was faster: who did what and when, and what was typed is still there."""
    case = await look_closely(desk_of(request).lanes, who, number, speech_of(request))
    return show(request, case, status=409, conflict=last_event(case.shown), typed=dict(typed.fields))


async def _again(request: Request, who: Who, number: str, typed: Typed, errors: list[Fault], status: int = 422) -> Response:
    case = await look_closely(desk_of(request).lanes, who, number, speech_of(request))
    return show(request, case, status=status, errors=errors, typed=dict(typed.fields))


def _done(number: str, step: int) -> Response:
    return RedirectResponse(f"/pengajuan/{number}/selesai?langkah={step}", 303)
