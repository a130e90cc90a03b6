"""The HTTP face that every lane has: inbox, one submission, its files, the lane's commands. JSON in and out.

Who calls is `callers`, what is shown `shown`, how it is answered and refused `errors`.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from events.contracts import Actor, Reason
from events.contracts import Lane as Holder
from events.submission import Head, Kind, Refused
from lane.callers import LaneOf, actor_of, caller_first, caller_of, not_of_another, own_opds
from lane.case_files import add_case_files
from lane.errors import json_of
from lane.health import add_health
from lane.inbox import Asked, Page
from lane.lane import Command, CommandBody, Lane
from lane.shown import item_json, submission_json
from web.tokens import Caller, Role

More = Callable[[Lane, uuid.UUID], dict[str, object]]
May = Callable[[Lane, Head, Actor], Iterable[str]]


def lane_routes(
    name: str,
    lane: LaneOf,
    *,
    readers: frozenset[Role],
    commands: Mapping[str, Command[Any]],
    more: More | None = None,
    may: May | None = None,
) -> APIRouter:
    """Inbox, submission, health and commands of a lane, under its own path. Who may say a verb may also read what it is about.

    `more`: what the lane adds to a submission; `may`: which of its verbs a person may say now, where they are not its commands.
    """
    router = APIRouter(prefix=f"/{name}", tags=[name])
    reader = caller_of(lane, readers | {Role.AUDITOR})
    looker = caller_of(lane, readers.union({Role.AUDITOR}, *(command.roles for command in commands.values())))
    verbs = may or (lambda here, head, actor: [verb for verb in commands if here.may(verb, head, actor)])

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
    def submission(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(looker)]) -> Response:
        here = lane()
        head = not_of_another(here.find(submission_id), caller, here.shared.directory)
        shown = submission_json(here, submission_id, list(verbs(here, head, actor_of(caller))))
        return json_of(shown | more(here, submission_id) if more else shown)

    add_case_files(router, lane, looker)
    for verb, command in commands.items():
        _add_command(router, lane, verb, command)
    add_health(router, lambda: [lane()])
    return router


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
    own = own_opds(caller, lane.shared.directory)
    holder = None if caller.role is Role.TIM_PPID else Holder(lane.name)
    return lane.inbox.page(Asked(holder=holder, waiting=True, opds=own), after=after, limit=limit)
