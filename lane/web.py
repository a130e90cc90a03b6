"""The HTTP face that every lane has: inbox, one submission, its files, the lane's commands. JSON in and out.

Who calls is `callers`, what is shown `shown`, how it is answered and refused `errors`.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from events.contracts import Lane as Holder
from events.contracts import Reason
from events.submission import Kind, Refused
from lane.callers import LaneOf, actor_of, caller_of, not_of_another, own_opds
from lane.case_files import add_case_files
from lane.errors import json_of
from lane.health import add_health
from lane.inbox import Asked, Page
from lane.lane import Lane
from lane.shown import items_json, submission_json
from lane.verbs import Verb, add_verbs, may_now
from web.tokens import Caller, Role

More = Callable[[Lane, uuid.UUID], dict[str, object]]


def lane_routes(
    name: str,
    lane: LaneOf,
    *,
    readers: frozenset[Role],
    verbs: Mapping[str, Verb],
    more: More | None = None,
) -> APIRouter:
    """Inbox, submission, verbs and health of a lane, under its own path. Who may say a verb may also read what it is about.

    `more`: what the lane adds to a submission.
    """
    router = APIRouter(prefix=f"/{name}", tags=[name])
    reader = caller_of(lane, readers | {Role.AUDITOR})
    looker = caller_of(lane, readers.union({Role.AUDITOR}, *(verb.roles for verb in verbs.values())))

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
        return json_of({"items": items_json(page.items, here), "next": page.next})

    @router.get("/api/submissions/{submission_id}")
    def submission(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(looker)]) -> Response:
        here = lane()
        head = not_of_another(here.find(submission_id), caller, here.shared.directory)
        shown = submission_json(here, submission_id, may_now(verbs, here, head, actor_of(caller)))
        return json_of(shown | more(here, submission_id) if more else shown)

    add_case_files(router, lane, looker)
    add_verbs(router, lane, verbs)
    add_health(router, lambda: [lane()])
    return router


def _waiting(lane: Lane, caller: Caller, after: str | None, limit: int) -> Page:
    """What waits on this lane. Who hands in sees the own OPD's submissions wherever they wait. Raises ValueError."""
    own = own_opds(caller, lane.shared.directory)
    holder = None if caller.role is Role.TIM_PPID else Holder(lane.name)
    return lane.inbox.page(Asked(holder=holder, waiting=True, opds=own), after=after, limit=limit)
