"""How calls are answered: JSON, and every way a call can fail as `{"errors": [{code, field, message}]}`.

`REFUSALS` below is the only place that knows HTTP numbers.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import orjson
import structlog
from eventsourcing.persistence import DataError as NotHeld
from eventsourcing.persistence import PersistenceError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolUsedUp
from starlette.exceptions import HTTPException

from events.contracts import Reason
from events.submission import Kind, Refused
from lane.files import FileProblem
from lane.lane import NotReady
from lane.reasons import reasons_from
from web.pages import HEADERS
from web.tokens import TokenRefused

REFUSALS: Final[Mapping[Kind, int]] = {Kind.INVALID: 422, Kind.FORBIDDEN: 403, Kind.CONFLICT: 409, Kind.NOT_FOUND: 404}
UNAVAILABLE: Final = 503
AT_FAULT: Final = (Refused, FileProblem, NotReady, PersistenceError, DBAPIError, PoolUsedUp, OSError)
NOT_NOW: Final = "Layanan sedang menyiapkan diri atau penyimpanannya tidak dapat dipakai; coba lagi sebentar lagi."
NOT_HELD: Final = "Isian memuat karakter atau angka yang tidak dapat disimpan; periksa, lalu kirim lagi."
log = structlog.get_logger("jejak.web")


def json_of(content: object, *, ok: bool = True, status: int | None = None) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS, default=str)
    return Response(body, status_code=status or (200 if ok else 503), media_type="application/json")


def errors_json(reasons: Sequence[Reason], status: int, /, **more: object) -> Response:
    told = [{"code": r.code, "field": r.field, "message": r.note} for r in reasons]
    return json_of({"errors": told, **more}, status=status)


def not_a_cursor() -> Refused:
    """`after` is not the `next` of a page of this list."""
    return Refused(Kind.INVALID, Reason(code="wrong_value", field="after", note="after harus nilai next dari halaman sebelumnya."))


def told_of(error: Exception) -> tuple[Sequence[Reason], int]:
    """Of what is expected to go wrong (AT_FAULT): the reasons, and the HTTP number."""
    match error:
        case Refused():
            return error.reasons, REFUSALS[error.kind]
        case FileProblem():
            return [Reason(code=error.code, field="sha256", note=error.message)], 413 if error.code == "too_large" else 422
        case NotHeld() | DataError():
            log.warning("not_held", error=repr(error))
            return [Reason(code="wrong_value", note=NOT_HELD)], REFUSALS[Kind.INVALID]
        case _:
            log.warning("not_now", error=repr(error))
            return [Reason(code="not_now", note=NOT_NOW)], UNAVAILABLE


def add_errors(app: FastAPI) -> None:
    """Every way a call can fail, as the same JSON shape; no stack trace reaches a caller."""

    def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)  # noqa: S101
        state = {"state": error.state, "sequence": error.sequence} if error.state else {}
        return errors_json(*told_of(error), **state)

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

    def at_fault(_: Request, error: Exception) -> Response:
        reasons, status = told_of(error)
        response = errors_json(reasons, status)
        if status == UNAVAILABLE:
            response.headers["Retry-After"] = "2"
        return response

    def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        if error.status_code == 400:  # FastAPI's word for a body that it could not even decode
            return errors_json(
                [Reason(code="unreadable", note="Isi bukan JSON yang benar; bentuk setiap perintah: docs/officials-by-program.md.")], 422
            )
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
        *((kind, at_fault) for kind in AT_FAULT if kind is not Refused),
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
