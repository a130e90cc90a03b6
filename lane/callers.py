"""Who calls: the bearer token of a request in, a caller with a role that may, or a refusal out; before anything of the body is read."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from events.contracts import Actor, Reason
from events.submission import Head, Kind, Refused
from lane.json_text import fault_of
from lane.lane import Lane, NotReady, not_there
from lane.reasons import unknown_opd
from web.tokens import ROLES_IN_AN_OPD, Caller, Role, read_token

LaneOf = Callable[[], Lane]


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


def not_of_another(head: Head, caller: Caller) -> Head:
    """The head, if the caller may see it. Raises `Refused`: another OPD's people do not even hear that it exists."""
    if only_own(caller) not in (None, head.opd):
        raise not_there()
    return head


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
