"""Intake over HTTP: files first, then submissions; the same verdicts as on the inbound topics."""

import asyncio
import uuid
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

import structlog
from fastapi import APIRouter, Depends, Request, Response

from checks.catalogue import Report
from events.contracts import Reason
from events.journal import ATTEMPTS
from events.submission import Kind, Refused
from events.values import FileName, MediaType, Sha256
from lane.callers import LaneOf, actor_of, caller_of, not_of_another
from lane.errors import errors_json, json_of
from lane.files import FileProblem, Spool
from lane.json_text import field_in
from lane.lane import Lane, NotReady
from lane.web import lane_routes
from services.intake.check import check
from services.intake.commands import WHERE_THE_FORM_IS, Accepted, Declined, Desk, Origin, Verdict, submit
from services.intake.inbound import claims_of, first_received, make_receipt
from services.intake.names import Names
from services.intake.policy import MAY_CHECK, MAY_PUT_FILES, MAY_SUBMIT
from services.intake.proposal import columns_in
from web.tokens import Caller

log = structlog.get_logger("jejak.intake")
P = ParamSpec("P")
T = TypeVar("T")
BODY_LIMIT = 16 * 1024 * 1024
WRITE = 1024 * 1024


def routes(lane: LaneOf) -> APIRouter:
    router = lane_routes("intake", lane, readers=MAY_PUT_FILES, verbs={})

    @router.put("/api/files/{sha256}", status_code=201)
    async def put_file(sha256: str, request: Request, caller: Annotated[Caller, Depends(caller_of(lane, MAY_PUT_FILES))]) -> Response:
        shared = lane().shared
        limit = shared.settings.files_limit_mb * 1024 * 1024
        said = request.headers.get("content-length", "")
        if said.isascii() and said.isdecimal() and int(said[:20]) > limit:  # refused unread; what lies is stopped while it is written
            raise FileProblem("too_large")
        with await asyncio.to_thread(shared.files.spool, limit=limit) as spool:
            await _spooled(request, spool)
            size = await asyncio.to_thread(spool.keep, sha256)
        if caller.opd:
            await asyncio.to_thread(shared.files.brought, sha256, caller.opd)
        return json_of({"sha256": sha256, "bytes": size}, status=201)

    @router.get("/api/files/{sha256}/columns")
    async def columns(
        sha256: Sha256,
        caller: Annotated[Caller, Depends(caller_of(lane, MAY_PUT_FILES))],
        name: FileName = "data.csv",
        media_type: MediaType = "text/csv",
    ) -> Response:
        """The columns of a file that was put here before, by its bytes: to begin a form with."""
        return json_of({"tables": await _beside(lane(), caller, columns_in, sha256, name, media_type, caller.opd or "", lane().shared)})

    @router.post("/api/submissions", status_code=202)
    async def post_submission(request: Request, caller: Annotated[Caller, Depends(caller_of(lane, MAY_SUBMIT))]) -> Response:
        raw = await _body(request)
        here = lane()
        verdict = await _beside(here, caller, _submitted, here, raw, caller)
        receipt = make_receipt(verdict, event_id=field_in(raw, "event_id"), opd=caller.opd or "", at=datetime.now(UTC))
        here.commanded.counts[receipt.outcome] += 1
        log.info("received", opd=receipt.opd, outcome=receipt.outcome, event_id=receipt.event_id, submission_id=str(receipt.submission_id))
        if isinstance(verdict, Declined):
            return errors_json(verdict.reasons, 422, **receipt.model_dump(mode="json"))
        return json_of(receipt.model_dump(mode="json"), status=202)

    @router.post("/api/check")
    async def post_check(
        request: Request, caller: Annotated[Caller, Depends(caller_of(lane, MAY_CHECK))], revises: uuid.UUID | None = None
    ) -> Response:
        """What the same body would lead to as a submission, or as a revision of `revises`; nothing is written to the log."""
        raw = await _body(request)
        here = lane()
        reasons, found = await _beside(here, caller, _checked, here, raw, caller, revises)
        return json_of(
            {
                "reasons": [{"code": r.code, "field": r.field, "message": r.note} for r in reasons],
                "findings": [finding.model_dump(mode="json", exclude_none=True) for finding in found.findings],
                "more": found.more,
                "scores": found.scores,
            }
        )

    return router


async def _beside(lane: Lane, caller: Caller, do: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """As `asyncio.to_thread`, in the threads for calls that look at files: a slow one takes none that the lanes' loops need, and one OPD's
    take not all that the others' need.
    """
    run, checking = partial(copy_context().run, partial(do, *args, **more)), lane.shared.checking
    async with checking.turns.turn(caller.opd or ""):
        return await asyncio.get_running_loop().run_in_executor(checking.calls, run)


def _checked(lane: Lane, raw: bytes, caller: Caller, revises: uuid.UUID | None) -> tuple[tuple[Reason, ...], Report]:
    if not lane.ready:
        raise NotReady
    desk, files = _desk(lane), lane.shared.files
    if revises is None:
        return check(raw, Origin(caller.opd or "", actor_of(caller)), desk)
    head = not_of_another(lane.find(revises), caller, lane.shared.directory)
    submission = lane.journal.submission(revises)
    own = {file.sha256 for file in submission.files} if submission else set()
    desk = replace(desk, size=lambda sha256, opd: files.size(sha256) if sha256 in own else files.size_for(sha256, opd))
    return check(raw, Origin(caller.opd or "", actor_of(caller)), desk, head)


def _desk(lane: Lane) -> Desk:
    """What a form is judged with now."""
    now = datetime.now(UTC)
    files, names = lane.shared.files, Names(lane.journal, lane.inbox, lane.shared.directory)
    find = partial(first_received, lane.journal)
    return Desk(now, lane.shared.due_rule(now), files, find, files.size_for, names, lane.shared.checking, lane.shared.settings)


def _submitted(lane: Lane, raw: bytes, caller: Caller) -> Verdict:
    """Judged again when another process accepted something meanwhile: the same event_id, or the same number of a dataset."""
    if not lane.ready:
        raise NotReady
    origin = Origin(caller.opd or "", actor_of(caller))
    for _ in range(ATTEMPTS):
        verdict = submit(raw, origin, _desk(lane))
        if not isinstance(verdict, Accepted):
            return verdict
        try:
            lane.journal.append([verdict.event], claims=claims_of(verdict.event))
        except Refused as refused:
            if refused.kind is not Kind.CONFLICT:
                return Declined(refused.reasons)
        else:
            return verdict
    raise NotReady


async def _spooled(request: Request, spool: Spool) -> None:
    waiting = bytearray()
    async for chunk in request.stream():
        waiting += chunk
        if len(waiting) >= WRITE:
            await asyncio.to_thread(spool.write, bytes(waiting))
            waiting.clear()
    if waiting:
        await asyncio.to_thread(spool.write, bytes(waiting))


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise FileProblem("too_large")
    if not body:
        raise Refused(Kind.INVALID, Reason(code="unreadable", note=f"Kiriman kosong. {WHERE_THE_FORM_IS}"))
    return bytes(body)
