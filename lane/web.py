"""The HTTP face that every lane has: who calls, inbox, one submission, the lane's commands, errors. JSON in and out.

Errors are `{"errors": [{code, field, message}]}`; `REFUSALS` below is the only place that knows HTTP numbers.
"""

import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
import structlog
from eventsourcing.persistence import PersistenceError
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from checks.catalogue import summary
from checks.run import as_json
from events.contracts import Actor, Reason
from events.contracts import Lane as Holder
from events.submission import Head, Kind, Refused, fold
from lane.due import is_overdue
from lane.files import FileProblem
from lane.inbox import Page
from lane.json_text import fault_of
from lane.lane import Command, CommandBody, Lane, NotReady, not_there
from lane.reasons import reasons_from, unknown_opd
from web.pages import HEADERS
from web.tokens import ROLES_IN_AN_OPD, Caller, Role, TokenRefused, read_token

REFUSALS: Final[Mapping[Kind, int]] = {Kind.INVALID: 422, Kind.FORBIDDEN: 403, Kind.CONFLICT: 409, Kind.NOT_FOUND: 404}
NOT_NOW: Final = "Layanan sedang menyiapkan diri atau penyimpanannya tidak dapat dipakai; coba lagi sebentar lagi."
LaneOf = Callable[[], Lane]
More = Callable[[Lane, uuid.UUID], dict[str, object]]
log = structlog.get_logger("jejak.web")


def caller_of(lane: LaneOf, roles: frozenset[Role]) -> Callable[[Request], Caller]:
    """A dependency: the caller that the bearer token names, if one of these roles. 401, 403."""

    def caller(request: Request) -> Caller:
        shared = lane().shared
        if not shared.directory.progress.ready:
            raise NotReady  # which tokens are revoked is not known yet
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = read_token(
            shared.signers,
            token.strip() if scheme.lower() == "bearer" else None,
            now=datetime.now(UTC),
            is_revoked=shared.directory.is_revoked,
        )
        if found.role not in roles:
            raise Refused(Kind.FORBIDDEN, Reason(code="role", note=f"Peran {found.role} tidak boleh membuka halaman ini."))
        if found.opd is not None and not shared.directory.is_open(found.opd):
            raise Refused(Kind.FORBIDDEN, unknown_opd(found.opd, shared.directory.heir_of(found.opd)))
        return found

    return caller


def actor_of(caller: Caller) -> Actor:
    return Actor(id=caller.id, name=caller.name, role=caller.role.value, opd=caller.opd, via=caller.via or None, acting=caller.acting)


def only_own(caller: Caller) -> str | None:
    """The OPD whose data the caller may see; None: all."""
    return caller.opd if caller.role in ROLES_IN_AN_OPD else None


def lane_routes(
    name: str, lane: LaneOf, *, readers: frozenset[Role], commands: Mapping[str, Command[Any]], more: More | None = None
) -> APIRouter:
    """Inbox, submission, health and commands of a lane, under its own path. `more`: what the lane adds to a submission."""
    router = APIRouter(prefix=f"/{name}", tags=[name])
    reader = caller_of(lane, readers | {Role.AUDITOR})

    @router.get("/api/inbox")
    def inbox(
        caller: Annotated[Caller, Depends(reader)], after: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
    ) -> Response:
        here = lane()
        try:
            page = _waiting(here, caller, after, limit)
        except ValueError:
            raise Refused(
                Kind.INVALID, Reason(code="wrong_value", field="after", note="after harus nilai next dari halaman sebelumnya.")
            ) from None
        now = datetime.now(UTC)
        return json_of({"items": [item_json(item, here, now) for item in page.items], "next": page.next})

    @router.get("/api/submissions/{submission_id}")
    def submission(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(reader)]) -> Response:
        here = lane()
        shown = submission_json(here, submission_id, caller)
        return json_of(shown | more(here, submission_id) if more else shown)

    @router.get("/api/submissions/{submission_id}/files/{sha256}/profile")
    def profile(submission_id: uuid.UUID, sha256: str, caller: Annotated[Caller, Depends(reader)]) -> Response:
        """What stands in a file's tables, with personal columns masked, and what the checks found of it."""
        return json_of(profile_json(lane(), submission_id, sha256, caller))

    for verb, command in commands.items():
        _add_command(router, lane, verb, command)
    add_health(router, lambda: [lane()])
    return router


def caller_first(caller: Callable[[Request], Caller]) -> type[APIRoute]:
    """A route that asks who calls before it reads a byte of the body, and looks at the body's JSON before it is taken apart."""

    class CallerFirst(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def handle(request: Request) -> Response:
                await run_in_threadpool(caller, request)
                if reason := fault_of(await request.body()):
                    raise Refused(Kind.INVALID, reason)
                return await answer(request)

            return handle

    return CallerFirst


def _add_command(router: APIRouter, lane: LaneOf, verb: str, command: Command[Any]) -> None:
    caller_dependency = caller_of(lane, command.roles)

    def run(submission_id: uuid.UUID, body: CommandBody, caller: Caller) -> Response:
        here = lane()
        recorded = here.do(verb, submission_id, body, actor=actor_of(caller))
        return Response(recorded.raw, media_type="application/json")

    run.__annotations__ |= {"body": command.body, "caller": Annotated[Caller, Depends(caller_dependency)]}
    router.add_api_route(
        f"/api/submissions/{{submission_id}}/{verb}",
        run,
        methods=["POST"],
        name=verb,
        summary=(command.decide.__doc__ or command.event_type),
        route_class_override=caller_first(caller_dependency),
    )


def _waiting(lane: Lane, caller: Caller, after: str | None, limit: int) -> Page:
    """What waits on this lane. Who hands in sees the own OPD's submissions wherever they wait. Raises ValueError."""
    if caller.role is Role.TIM_PPID and caller.opd:
        return lane.inbox.waiting(caller.opd, after=after, limit=limit)
    return lane.inbox.page(holder=Holder(lane.name), opd=only_own(caller), after=after, limit=limit)


def item_json(head: Head, lane: Lane, now: datetime) -> dict[str, object]:
    due = (head.due_at or lane.shared.due(head.arrived_at)) if head.holder else None
    return {
        "submission_id": head.submission_id,
        "title": head.title,
        "opd": head.opd,
        "state": head.state,
        "holder": head.holder,
        "sequence": head.sequence,
        "arrived_at": head.arrived_at,
        "due_at": due,
        "overdue": bool(due and is_overdue(due, now=now)),
    }


def submission_json(lane: Lane, submission_id: uuid.UUID, caller: Caller) -> dict[str, object]:
    """State, holder, due time, metadata, files, findings and history of one submission. Raises `Refused`."""
    head = lane.find(submission_id)
    if only_own(caller) not in (None, head.opd):
        raise not_there()
    history = lane.journal.history(submission_id)
    found = fold(history)
    assert found is not None  # noqa: S101 (a head has a history: they are written together)
    return item_json(found.head, lane, datetime.now(UTC)) | {
        "dataset": found.dataset.model_dump(mode="json", exclude_none=True),
        "files": [file.model_dump(mode="json") for file in found.files],
        "manifest": found.manifest,
        "edition": found.head.edition,
        "findings": [finding.model_dump(mode="json", exclude_none=True) for finding in found.findings],
        "history": [orjson.Fragment(r.raw) for r in history],
    }


def profile_json(lane: Lane, submission_id: uuid.UUID, sha256: str, caller: Caller) -> dict[str, object]:
    """The tables' profiles, the findings of that file and the scores. Raises `Refused`: not found, other OPD."""
    head = lane.find(submission_id)
    if only_own(caller) not in (None, head.opd):
        raise Refused(Kind.FORBIDDEN, Reason(code="other_opd", field="opd", note="Data ini milik OPD lain."))
    found = fold(lane.journal.history(submission_id))
    assert found is not None  # noqa: S101 (a head has a history: they are written together)
    fields = {f"files.{at}" for at, file in enumerate(found.files) if file.sha256 == sha256}
    raw = lane.shared.files.beside(sha256, "profile") if fields else None
    if raw is None:
        raise Refused(Kind.NOT_FOUND, Reason(code="not_found", field="sha256", note="Profil berkas itu tidak ada."))
    told = summary([finding for finding in found.findings if finding.field in fields])
    return {**orjson.loads(raw), **as_json(told)}


def add_health(router: APIRouter | FastAPI, lanes: Callable[[], Sequence[Lane]]) -> None:
    """`/healthz`: alive and making progress. `/readyz`: caught up, commands are taken."""

    @router.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        here = lanes()
        return json_of(
            {"ok": all(lane.healthy for lane in here), "lanes": {lane.name: _told(lane) for lane in here}},
            ok=all(lane.healthy for lane in here),
        )

    @router.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        here = lanes()
        return json_of({"ready": {lane.name: lane.ready for lane in here}}, ok=bool(here) and all(lane.ready for lane in here))


def _told(lane: Lane) -> dict[str, object]:
    return {
        p.name: {
            "healthy": p.healthy,
            "ready": p.ready,
            "lag": p.lag,
            "blocked": (p.blocked or p.left_alone or "").partition(":")[0] or None,
            "counts": dict(p.counts),
            "rebuilt": p.rebuilt,
        }
        for p in [*lane.progress, lane.shared.directory.progress]
    }


def json_of(content: object, *, ok: bool = True, status: int | None = None) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS, default=str)
    return Response(body, status_code=status or (200 if ok else 503), media_type="application/json")


def errors_json(reasons: Sequence[Reason], status: int, /, **more: object) -> Response:
    told = [{"code": r.code, "field": r.field, "message": r.note} for r in reasons]
    return json_of({"errors": told, **more}, status=status)


def add_errors(app: FastAPI) -> None:
    """Every way a call can fail, as the same JSON shape; no stack trace reaches a caller."""

    def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)  # noqa: S101
        state = {"state": error.state, "sequence": error.sequence} if error.state else {}
        return errors_json(error.reasons, REFUSALS[error.kind], **state)

    def unknown(_: Request, error: Exception) -> Response:
        assert isinstance(error, TokenRefused)  # noqa: S101
        response = errors_json([Reason(code=error.code, note=error.message)], 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        # Where a JSON text breaks off is a number of characters, not a field.
        told = [{**e, "loc": () if e["type"] == "json_invalid" else tuple(e["loc"])[1:]} for e in error.errors()]
        return errors_json(reasons_from(told), 422)

    def not_now(_: Request, error: Exception) -> Response:
        log.warning("not_now", error=repr(error))
        response = errors_json([Reason(code="not_now", note=NOT_NOW)], 503)
        response.headers["Retry-After"] = "2"
        return response

    def file_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, FileProblem)  # noqa: S101
        return errors_json([Reason(code=error.code, field="sha256", note=error.message)], 413 if error.code == "too_large" else 422)

    def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        if error.status_code == 400:  # FastAPI's word for a body that it could not even decode
            return errors_json([Reason(code="unreadable", note="Isi bukan JSON yang benar; bentuk setiap perintah ada di /docs.")], 422)
        code, words = {404: ("not_found", "Alamat ini tidak ada."), 405: ("wrong_method", "Cara pemanggilan ini tidak didukung.")}.get(
            error.status_code, ("http", str(error.detail))
        )
        return errors_json([Reason(code=code, note=words)], error.status_code)

    def failed(request: Request, error: Exception) -> Response:
        log.error("call_failed", path=request.url.path, exc_info=error)
        return errors_json(
            [Reason(code="internal", note="Terjadi kesalahan pada layanan; petugas dapat melihatnya di catatan (log).")], 500
        )

    for kind, handler in (
        (Refused, refused),
        (TokenRefused, unknown),
        (RequestValidationError, invalid),
        (NotReady, not_now),
        (PersistenceError, not_now),
        (DBAPIError, not_now),
        (OSError, not_now),
        (FileProblem, file_problem),
        (HTTPException, http),
        (Exception, failed),
    ):
        app.add_exception_handler(kind, handler)


async def correlate(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """One id for everything a call leads to: taken from `X-Correlation-ID` or made here, in every log line and in the answer."""
    given = request.headers.get("x-correlation-id", "")
    correlation_id = given if given.isascii() and given.isprintable() and 0 < len(given) <= 100 else str(uuid.uuid4())
    with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
        response = await call_next(request)
    response.headers["X-Correlation-ID"] = correlation_id
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
