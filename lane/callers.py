"""Who calls: the bearer token of a request in, a caller with a role that may, or a refusal out; before anything of the body is read."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from bus.directory import Directory
from events.contracts import Actor, Reason
from events.submission import Head, Kind, Refused
from lane.json_text import fault_of
from lane.lane import Lane, NotReady, not_there
from lane.reasons import unknown_opd
from web.tokens import ROLES_IN_AN_OPD, Caller, Role, read_token

LaneOf = Callable[[], Lane]
Asks = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
"""Text in a query; PostgreSQL knows no text with a zero byte."""


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


def own_opds(caller: Caller, directory: Directory) -> tuple[str, ...] | None:
    """The OPDs whose data the caller may see: the own one, and those for which it acts now. None: all."""
    if caller.role not in ROLES_IN_AN_OPD or caller.opd is None:
        return None
    return (caller.opd, *(opd for opd, heir in directory.heirs().items() if heir == caller.opd))


def opds_for(caller: Caller, asked: str | None, directory: Directory) -> tuple[str, ...] | None:
    """Of the OPDs that the caller may see those that are asked for. None: all. Raises `Refused`: it is another one's."""
    own = own_opds(caller, directory)
    if asked is None:
        return own
    if own is not None and asked not in own:
        raise Refused(Kind.FORBIDDEN, Reason(code="other_opd", field="opd", note="Data ini milik OPD lain."))
    return (asked,)


def not_of_another(head: Head, caller: Caller, directory: Directory) -> Head:
    """The head, if the caller may see it. Raises `Refused`: another OPD's people do not even hear that it exists."""
    own = own_opds(caller, directory)
    if own is not None and head.opd not in own:
        raise not_there()
    return head


def caller_first(caller: Callable[[Request], Caller]) -> type[APIRoute]:
    """A route that asks who calls before it reads a byte of the body, and looks at the body's JSON before it is taken apart."""

    class CallerFirst(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def handle(request: Request) -> Response:
                await run_in_threadpool(caller, request)
                if reason := await run_in_threadpool(fault_of, await request.body()):  # a large one takes its time
                    raise Refused(Kind.INVALID, reason)
                return await answer(request)

            return handle

    return CallerFirst
