"""Publisher over HTTP: how far each publication is, try again now, take a dataset down."""

import uuid
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, FastAPI, Request, Response

from jejak.events.contracts import Reason
from jejak.services.publisher.commands import Retract
from jejak.services.publisher.policy import MAY_PUBLISH
from jejak.services.publisher.portal import PortalProblem
from jejak.services.publisher.publishing import Publishing
from jejak.services.lane import Lane
from jejak.services.web import LaneOf, actor_of, add_health, caller_of, errors_json, json_of, lane_routes, submission_json
from jejak.web.tokens import Caller, Role


def publishing_of(lane: Lane) -> Publishing:
    publishing = lane.parts["publishing"]
    assert isinstance(publishing, Publishing)  # noqa: S101 (put there by this lane's app.py)
    return publishing


def routes(lane: LaneOf) -> APIRouter:
    router = APIRouter()
    reader = caller_of(lane, MAY_PUBLISH | {Role.AUDITOR})
    admin = caller_of(lane, MAY_PUBLISH)

    @router.get("/publisher/api/submissions/{submission_id}", tags=["publisher"])
    def submission(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(reader)]) -> Response:
        here = lane()
        return json_of(submission_json(here, submission_id, caller) | {"publication": publishing_of(here).state_of(submission_id)})

    @router.post("/publisher/api/submissions/{submission_id}/retry", tags=["publisher"])
    def retry(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(admin)]) -> Response:
        publishing = publishing_of(lane())
        publishing.retry(submission_id)
        return json_of({"publication": publishing.state_of(submission_id)})

    @router.post("/publisher/api/submissions/{submission_id}/retract", tags=["publisher"])
    def retract(submission_id: uuid.UUID, body: Retract, caller: Annotated[Caller, Depends(admin)]) -> Response:
        try:
            recorded = publishing_of(lane()).retract(submission_id, body, actor=actor_of(caller))
        except PortalProblem as problem:
            return errors_json([Reason(code=str(problem.code), note=problem.message)], 503)
        return Response(recorded.raw, media_type="application/json")

    router.include_router(lane_routes("publisher", lane, readers=MAY_PUBLISH, commands={}))
    return router
