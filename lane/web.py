"""The HTTP face that every lane has: inbox, one submission, its files, the lane's commands. JSON in and out.

Who calls is `callers`, what is shown `shown`, how it is answered and refused `errors`.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Response

from events.contracts import Lane as Holder
from events.submission import State
from lane.asked import Asked
from lane.callers import Asks, LaneOf, actor_of, caller_of, not_of_another, opds_for
from lane.case_files import add_case_files
from lane.errors import json_of, not_a_cursor
from lane.health import add_health
from lane.lane import Lane
from lane.set_aside import add_dead_letters
from lane.shown import items_json, submission_json
from lane.verbs import Verb, add_verbs, may_now
from web.tokens import Caller, Role

WORDS_AT_MOST: Final = 8
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

    _add_inbox(router, lane, reader)

    @router.get("/api/submissions/{submission_id}")
    def submission(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(looker)]) -> Response:
        here = lane()
        head = not_of_another(here.find(submission_id), caller, here.shared.directory)
        shown = submission_json(here, submission_id, may_now(verbs, here, head, actor_of(caller)))
        return json_of(shown | more(here, submission_id) if more else shown)

    add_case_files(router, lane, looker)
    add_verbs(router, lane, verbs)
    add_dead_letters(router, lane)
    add_health(router, lambda: [lane()])
    return router


def _add_inbox(router: APIRouter, lane: LaneOf, reader: Callable[..., Caller]) -> None:
    @router.get("/api/inbox")
    def inbox(
        caller: Annotated[Caller, Depends(reader)],
        opd: Asks | None = None,
        state: State | None = None,
        q: Asks = "",
        overdue: Literal["true", "false"] = "false",
        order: Literal["due", "newest"] = "due",
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Response:
        """What waits on this lane, oldest due first or newest arrived first. `q`: a number, or parts of title, dataset or OPD."""
        here = lane()
        late = here.overdue(datetime.now(UTC)) if overdue == "true" else None
        asked = replace(_waiting(here, caller, opd), state=state, words=q.split()[:WORDS_AT_MOST], overdue=late)
        try:
            page = here.inbox.page(asked, newest_first=order == "newest", after=after, limit=limit)
        except ValueError:
            raise not_a_cursor() from None
        return json_of({"items": items_json(page.items, here), "next": page.next})

    @router.get("/api/counts")
    def counts(caller: Annotated[Caller, Depends(reader)], opd: Asks | None = None) -> Response:
        """How much waits on this lane of what the caller may see there, and how much of it is late."""
        here = lane()
        waiting, late = here.inbox.count(_waiting(here, caller, opd), here.overdue(datetime.now(UTC)))
        return json_of({"waiting": waiting, "overdue": late})


def _waiting(lane: Lane, caller: Caller, opd: str | None) -> Asked:
    """What waits on this lane. Who hands in sees the own OPD's submissions wherever they wait. Raises `Refused`: another one's OPD."""
    holder = None if caller.role is Role.TIM_PPID else Holder(lane.name)
    return Asked(holder=holder, waiting=True, opds=opds_for(caller, opd, lane.shared.directory))
