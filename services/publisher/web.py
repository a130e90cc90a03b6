"""Publisher over HTTP: how far each publication is, what needs a person, try again now, take a dataset down."""

import uuid
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from events.contracts import Actor
from events.submission import Head
from lane.callers import LaneOf, actor_of, caller_first, caller_of
from lane.errors import json_of
from lane.lane import Lane
from lane.web import lane_routes
from services.publisher.commands import HandBack, Retract
from services.publisher.outcomes import was_tried_in_vain
from services.publisher.policy import MAY_HAND_BACK, MAY_PUBLISH
from services.publisher.publishing import Publishing
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


def routes(lane: LaneOf) -> APIRouter:
    router = lane_routes("publisher", lane, readers=MAY_HAND_BACK, commands={}, more=_publication, may=_may)
    admin, handing_back = caller_of(lane, MAY_PUBLISH), caller_of(lane, MAY_HAND_BACK)

    def retry(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(admin)]) -> Response:
        publishing = publishing_of(lane())
        publishing.retry(submission_id)
        return json_of({"publication": publishing.state_of(submission_id)})

    def retract(submission_id: uuid.UUID, body: Retract, caller: Annotated[Caller, Depends(admin)]) -> Response:
        recorded = publishing_of(lane()).retract(submission_id, body, actor=actor_of(caller))
        return Response(recorded.raw, media_type="application/json")

    @router.get("/api/attention")
    def attention(caller: Annotated[Caller, Depends(admin)]) -> Response:
        """What a person has to look at: refused by the portal for good, taken down and not yet down, differing from the log."""
        here = lane()
        differences = watching_of(here).differences or []
        told = [vars(difference) | {"words": str(difference)} for difference in differences]
        return json_of({"items": publishing_of(here).for_a_person(), "differences": told})

    def reject(submission_id: uuid.UUID, body: HandBack, caller: Annotated[Caller, Depends(handing_back)]) -> Response:
        recorded = publishing_of(lane()).hand_back(submission_id, body, actor=actor_of(caller))
        return Response(recorded.raw, media_type="application/json")

    for verb, first in ((retry, admin), (retract, admin), (reject, handing_back)):
        path = f"/api/submissions/{{submission_id}}/{verb.__name__}"
        router.add_api_route(path, verb, methods=["POST"], route_class_override=caller_first(first))
    return router


def _may(lane: Lane, head: Head, actor: Actor) -> Iterator[str]:
    """Its commands besides those of the service itself, and to try again what has not worked."""
    yield from (verb for verb in ("reject", "retract") if lane.may(verb, head, actor))
    attempt = publishing_of(lane).attempts.of(str(head.submission_id), head.sequence)
    if Role(actor.role) in MAY_PUBLISH and was_tried_in_vain(head, attempt):
        yield "retry"


def _publication(lane: Lane, submission_id: uuid.UUID) -> dict[str, object]:
    return {"publication": publishing_of(lane).state_of(submission_id)}
