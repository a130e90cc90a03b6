"""Publisher over HTTP: how far each publication is, try again now, take a dataset down."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from events.contracts import Reason
from lane.lane import Lane
from lane.web import LaneOf, actor_of, caller_first, caller_of, errors_json, json_of, lane_routes
from portals.portal import PortalProblem
from services.publisher.commands import HandBack, Retract
from services.publisher.policy import MAY_HAND_BACK, MAY_PUBLISH
from services.publisher.publishing import Publishing
from web.tokens import Caller


def publishing_of(lane: Lane) -> Publishing:
    publishing = lane.parts["publishing"]
    assert isinstance(publishing, Publishing)  # noqa: S101 (put there by this lane's app.py)
    return publishing


def routes(lane: LaneOf) -> APIRouter:
    router = lane_routes("publisher", lane, readers=MAY_PUBLISH, commands={}, more=_publication)
    admin, handing_back = caller_of(lane, MAY_PUBLISH), caller_of(lane, MAY_HAND_BACK)

    def retry(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(admin)]) -> Response:
        publishing = publishing_of(lane())
        publishing.retry(submission_id)
        return json_of({"publication": publishing.state_of(submission_id)})

    def retract(submission_id: uuid.UUID, body: Retract, caller: Annotated[Caller, Depends(admin)]) -> Response:
        try:
            recorded = publishing_of(lane()).retract(submission_id, body, actor=actor_of(caller))
        except PortalProblem as problem:
            return errors_json([Reason(code=str(problem.code), note=problem.message)], 503)
        return Response(recorded.raw, media_type="application/json")

    def reject(submission_id: uuid.UUID, body: HandBack, caller: Annotated[Caller, Depends(handing_back)]) -> Response:
        recorded = publishing_of(lane()).hand_back(submission_id, body, actor=actor_of(caller))
        return Response(recorded.raw, media_type="application/json")

    for verb, first in ((retry, admin), (retract, admin), (reject, handing_back)):
        path = f"/api/submissions/{{submission_id}}/{verb.__name__}"
        router.add_api_route(path, verb, methods=["POST"], route_class_override=caller_first(first))
    return router


def _publication(lane: Lane, submission_id: uuid.UUID) -> dict[str, object]:
    return {"publication": publishing_of(lane).state_of(submission_id)}
