"""Publisher over HTTP: how far each publication is, what needs a person, try again now, take a dataset down."""

import uuid
from dataclasses import replace
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from events.contracts import Actor
from events.submission import Head
from lane.callers import LaneOf, caller_of
from lane.errors import json_of, not_a_cursor
from lane.lane import Lane
from lane.verbs import Said, Told, Verb, may_do, verbs_of
from lane.web import lane_routes
from portals.portal import WORDS
from services.publisher.commands import COMMANDS, HandBack, Retract
from services.publisher.policy import MAY_HAND_BACK, MAY_PUBLISH
from services.publisher.publishing import Publishing
from services.publisher.queue import Queue
from services.publisher.watching import Watching
from web.tokens import Caller, Role


def publishing_of(lane: Lane) -> Publishing:
    publishing = lane.parts["publishing"]
    assert isinstance(publishing, Publishing)  # noqa: S101 (put there by this lane's app.py)
    return publishing


def watching_of(lane: Lane) -> Watching:
    watching = lane.parts["watching"]
    assert isinstance(watching, Watching)  # noqa: S101 (put there by this lane's app.py)
    return watching


def queue_of(lane: Lane) -> Queue:
    publishing = publishing_of(lane)
    return Queue(lane, publishing.attempts, publishing.standings, publishing.working_at)


def routes(lane: LaneOf) -> APIRouter:
    router = lane_routes("publisher", lane, readers=MAY_HAND_BACK, verbs=VERBS, more=_publication)

    @router.get("/api/attention")
    def attention(caller: Annotated[Caller, Depends(caller_of(lane, MAY_PUBLISH))]) -> Response:
        """What a person has to look at: refused by the portal for good, taken down and not yet down, differing from the log."""
        differences = watching_of(lane()).differences or []
        told = [vars(difference) | {"words": str(difference), "message": WORDS[difference.what]} for difference in differences]
        return json_of({"items": queue_of(lane()).for_a_person(), "differences": told})

    @router.get("/api/queue")
    def queue(
        caller: Annotated[Caller, Depends(caller_of(lane, MAY_PUBLISH))],
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Response:
        """What the portal has still to follow, what must come down first, then oldest first: step, attempts, what went wrong, when next."""
        try:
            return json_of(queue_of(lane()).page(after=after, limit=limit))
        except ValueError:
            raise not_a_cursor() from None

    return router


def _publication(lane: Lane, submission_id: uuid.UUID) -> dict[str, object]:
    return {"publication": queue_of(lane).state_of(submission_id)}


def _retry(lane: Lane, submission_id: uuid.UUID, _: None, actor: Actor) -> Said:
    publishing_of(lane).retry(submission_id)
    return _publication(lane, submission_id)


def _retract(lane: Lane, submission_id: uuid.UUID, body: Retract, actor: Actor) -> Said:
    """Whoever takes a mistake down hears at once which other editions the public still gets, and which have the same file."""
    return Told(lane.do("retract", submission_id, body, actor=actor), _publication(lane, submission_id))


def _hand_back(lane: Lane, submission_id: uuid.UUID, body: HandBack, actor: Actor) -> Said:
    return publishing_of(lane).hand_back(submission_id, body, actor=actor)


def _was_tried_in_vain(lane: Lane, head: Head, actor: Actor) -> bool:
    """The portal has still to follow, and an attempt at it failed: trying again now is worth while."""
    waiting = publishing_of(lane).attempts.of(head.submission_id) if Role(actor.role) in MAY_PUBLISH else None
    return waiting is not None and waiting.attempt is not None


VERBS: Final[dict[str, Verb]] = {
    "retry": Verb(MAY_PUBLISH, None, _retry, _was_tried_in_vain, "Try now what the portal did not take."),
    "retract": replace(verbs_of(COMMANDS)["retract"], say=_retract),
    "reject": Verb(MAY_HAND_BACK, HandBack, _hand_back, partial(may_do, "reject"), "Hand back, or recall the approval."),
}
