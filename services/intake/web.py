"""Intake over HTTP: files first, then submissions; the same verdicts as on the inbound topics."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request, Response

from events.contracts import Reason
from events.submission import Kind, Refused
from lane.files import FileProblem, Spool
from lane.lane import Lane, NotReady
from lane.web import LaneOf, actor_of, caller_of, errors_json, json_of, lane_routes
from services.intake.commands import Accepted, Declined, Origin, Verdict, submit
from services.intake.inbound import first_received, make_receipt, said_in
from services.intake.policy import MAY_PUT_FILES, MAY_SUBMIT
from web.tokens import Caller

log = structlog.get_logger("jejak.intake")
BODY_LIMIT = 16 * 1024 * 1024
WRITE = 1024 * 1024


def routes(lane: LaneOf) -> APIRouter:
    router = lane_routes("intake", lane, readers=MAY_PUT_FILES, commands={})

    @router.put("/api/files/{sha256}", status_code=201)
    async def put_file(sha256: str, request: Request, caller: Annotated[Caller, Depends(caller_of(lane, MAY_PUT_FILES))]) -> Response:
        shared = lane().shared
        limit = shared.settings.files_limit_mb * 1024 * 1024
        if int(request.headers.get("content-length") or 0) > limit:
            raise FileProblem("too_large")
        with await asyncio.to_thread(shared.files.spool, limit=limit) as spool:
            await _spooled(request, spool)
            size = await asyncio.to_thread(spool.keep, sha256)
        if caller.opd:
            await asyncio.to_thread(shared.files.brought, sha256, caller.opd)
        return json_of({"sha256": sha256, "bytes": size}, status=201)

    @router.post("/api/submissions", status_code=202)
    async def post_submission(request: Request, caller: Annotated[Caller, Depends(caller_of(lane, MAY_SUBMIT))]) -> Response:
        raw = await _body(request)
        here = lane()
        verdict = await asyncio.to_thread(_submitted, here, raw, caller)
        receipt = make_receipt(verdict, event_id=said_in(raw, "event_id"), opd=caller.opd or "", at=datetime.now(UTC))
        here.commanded.counts[receipt.outcome] += 1
        log.info("received", opd=receipt.opd, outcome=receipt.outcome, event_id=receipt.event_id, submission_id=str(receipt.submission_id))
        if isinstance(verdict, Declined):
            return errors_json(verdict.reasons, 422, **receipt.model_dump(mode="json"))
        return json_of(receipt.model_dump(mode="json"), status=202)

    return router


def _submitted(lane: Lane, raw: bytes, caller: Caller) -> Verdict:
    """Twice at most: when another process accepted the same event_id in between, the second look finds a duplicate."""
    if not lane.ready:
        raise NotReady
    origin = Origin(caller.opd or "", actor_of(caller))
    files = lane.shared.files

    def judged() -> Verdict:
        find = partial(first_received, lane.journal)
        return submit(raw, origin, now=datetime.now(UTC), files=files, find=find, size=files.size_for)

    verdict = judged()
    if not isinstance(verdict, Accepted):
        return verdict
    try:
        lane.journal.append([verdict.event])
    except Refused as refused:
        if refused.kind is not Kind.CONFLICT:
            return Declined(refused.reasons)
        return judged()
    return verdict


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
        raise Refused(Kind.INVALID, Reason(code="unreadable", note="Kirim isi JSON menurut kontrak."))
    return bytes(body)
