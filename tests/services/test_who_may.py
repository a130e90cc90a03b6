"""Who may call what: one table for every call of every lane, each role, the own and another OPD, and no token at all."""

import hashlib
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi import FastAPI

from events.contracts import Actor
from events.submission import Recorded
from jejak.app import LANES
from tests.events.given import CHECKLIST, FILE, Step, approved, published, revision_of, story, submission_of, verified
from tests.services.desk import (
    ADMIN,
    ATASAN,
    AUDITOR,
    CONTENT,
    KETUA,
    KETUA_OF_DINKES,
    TIM,
    TIM_OF_DINKES,
    Desk,
    bearer,
    desk_of,
    form,
)

SHA256: Final = hashlib.sha256(CONTENT).hexdigest()
CALLERS: Final[Mapping[str, Actor | None]] = {
    "nobody": None,
    "tim": TIM,
    "ketua": KETUA,
    "tim'": TIM_OF_DINKES,
    "ketua'": KETUA_OF_DINKES,
    "atasan": ATASAN,
    "admin": ADMIN,
    "auditor": AUDITOR,
}
TABLE: Final = """
                                                       nobody tim ketua tim' ketua' atasan admin auditor
intake    GET  inbox                                    401   200  200  200   200    403   403   200
intake    GET  counts                                   401   200  200  200   200    403   403   200
intake    GET  submissions/{id}                         401   200  200  404   404    403   403   200
intake    GET  submissions/{id}/files/{sha256}          401   200  200  404   404    403   403   200
intake    GET  submissions/{id}/files/{sha256}/profile  401   200  200  404   404    403   403   200
intake    PUT  files/{sha256}                           401   201  201  201   201    403   403   403
intake    GET  files/{sha256}/columns                   401   200  200  404   404    403   403   403
intake    POST check                                    401   200  200  200   200    403   403   403
intake    POST submissions                              401   202  403  422   403    403   403   403
intake    GET  dead-letters                              401   403  403  403   403    403   200   403
intake    GET  dead-letters/{number}                     401   403  403  403   403    403   404   403
intake    POST dead-letters/{number}/retry               401   403  403  403   403    403   404   403
intake    POST dead-letters/{number}/discard             401   403  403  403   403    403   404   403
review    GET  inbox                                    401   403  200  403   200    403   403   200
review    GET  counts                                   401   403  200  403   200    403   403   200
review    GET  submissions/{id}                         401   200  200  404   404    403   403   200
review    GET  submissions/{id}/files/{sha256}          401   200  200  404   404    403   403   200
review    GET  submissions/{id}/files/{sha256}/profile  401   200  200  404   404    403   403   200
review    POST submissions/{id}/revise                  401   403  200  403   404    403   403   403
review    POST submissions/{id}/withdraw                401   200  200  404   404    403   403   403
review    POST submissions/{id}/take                    401   200  200  404   404    403   403   403
review    GET  submissions/{id}/taken                   401   200  200  404   404    403   200   403
review    POST submissions/{id}/release                 401   200  200  404   404    403   200   403
review    POST batch                                    401   200  200  200   200    403   403   403
review    GET  dead-letters                              401   403  403  403   403    403   200   403
review    GET  dead-letters/{number}                     401   403  403  403   403    403   404   403
review    POST dead-letters/{number}/retry               401   403  403  403   403    403   404   403
review    POST dead-letters/{number}/discard             401   403  403  403   403    403   404   403
decision  GET  inbox                                    401   403  403  403   403    200   403   200
decision  GET  counts                                   401   403  403  403   403    200   403   200
decision  GET  submissions/{id}                         401   403  403  403   403    200   403   200
decision  GET  submissions/{id}/files/{sha256}          401   403  403  403   403    200   403   200
decision  GET  submissions/{id}/files/{sha256}/profile  401   403  403  403   403    200   403   200
decision  POST submissions/{id}/verify                  401   403  403  403   403    200   403   403
decision  POST submissions/{id}/approve                 401   403  403  403   403    200   403   403
decision  POST submissions/{id}/reject                  401   403  403  403   403    200   403   403
decision  POST submissions/{id}/take                    401   403  403  403   403    200   403   403
decision  GET  submissions/{id}/taken                   401   403  403  403   403    200   200   403
decision  POST submissions/{id}/release                 401   403  403  403   403    200   200   403
decision  POST batch                                    401   403  403  403   403    200   403   403
decision  GET  dead-letters                              401   403  403  403   403    403   200   403
decision  GET  dead-letters/{number}                     401   403  403  403   403    403   404   403
decision  POST dead-letters/{number}/retry               401   403  403  403   403    403   404   403
decision  POST dead-letters/{number}/discard             401   403  403  403   403    403   404   403
publisher GET  inbox                                    401   403  403  403   403    200   200   200
publisher GET  counts                                   401   403  403  403   403    200   200   200
publisher GET  submissions/{id}                         401   403  403  403   403    200   200   200
publisher GET  submissions/{id}/files/{sha256}          401   403  403  403   403    200   200   200
publisher GET  submissions/{id}/files/{sha256}/profile  401   403  403  403   403    200   200   200
publisher GET  queue                                    401   403  403  403   403    403   200   403
publisher GET  attention                                401   403  403  403   403    403   200   403
publisher POST submissions/{id}/retry                   401   403  403  403   403    403   200   403
publisher POST submissions/{id}/retract                 401   403  403  403   403    403   200   403
publisher POST submissions/{id}/reject                  401   403  403  403   403    200   200   403
publisher POST submissions/{id}/take                    401   403  403  403   403    200   200   403
publisher GET  submissions/{id}/taken                   401   403  403  403   403    200   200   403
publisher POST submissions/{id}/release                 401   403  403  403   403    200   200   403
publisher POST batch                                    401   403  403  403   403    200   200   403
publisher GET  dead-letters                              401   403  403  403   403    403   200   403
publisher GET  dead-letters/{number}                     401   403  403  403   403    403   404   403
publisher POST dead-letters/{number}/retry               401   403  403  403   403    403   404   403
publisher POST dead-letters/{number}/discard             401   403  403  403   403    403   404   403
archive   GET  submissions                              401   200  200  200   200    200   200   200
archive   GET  opds                                     401   200  200  200   200    200   200   200
archive   GET  tokens                                   401   403  403  403   403    403   200   403
archive   GET  due                                      401   200  200  200   200    200   200   200
archive   GET  statistics                               200   200  200  200   200    200   200   200
archive   GET  submissions/{id}                         401   200  200  404   404    200   200   200
archive   GET  submissions/{id}/files/{sha256}          401   200  200  404   404    200   200   200
archive   GET  submissions/{id}/files/{sha256}/profile  401   200  200  404   404    200   200   200
archive   GET  submissions/{id}/trail                   401   200  200  404   404    200   200   200
archive   GET  submissions/{id}/verify                  401   200  200  404   404    200   200   200
archive   GET  submissions/{id}/package                 401   200  200  404   404    200   200   200
archive   GET  dead-letters                              401   403  403  403   403    403   200   403
archive   GET  dead-letters/{number}                     401   403  403  403   403    403   404   403
archive   POST dead-letters/{number}/retry               401   403  403  403   403    403   404   403
archive   POST dead-letters/{number}/discard             401   403  403  403   403    403   404   403
"""
REASONS: Final = [{"code": "incomplete", "note": "Kolom tanpa satuan."}]
BODIES: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "intake check": form,
    "intake submissions": form,
    "review revise": lambda: {"expected_sequence": 1},
    "review withdraw": lambda: {"expected_sequence": 1, "reason": REASONS[0]},
    "decision verify": lambda: {"expected_sequence": 2, "checklist": CHECKLIST},
    "decision approve": lambda: {"expected_sequence": 3, "consideration": "Layak."},
    "decision reject": lambda: {"expected_sequence": 2, "reasons": REASONS},
    **dict.fromkeys(
        ("review batch", "decision batch", "publisher batch"), lambda: {"items": [{"submission_id": str(uuid.uuid4()), "verb": "reject"}]}
    ),
    **{f"{lane} {verb}": dict for lane in LANES for verb in ("retry", "discard")},
    "publisher retract": lambda: {"expected_sequence": 5, "reason": REASONS[0]},
    "publisher reject": lambda: {"expected_sequence": 4, "reasons": REASONS},
}
STEPS_BEFORE: Final[Mapping[str, int]] = {"approve": 3, "decision": 2, "retract": 5, "publisher": 4}
"""How many events there are when it is said, by the verb or else by the lane; one where nothing is told here."""


def rows() -> list[tuple[str, str, str, str, int]]:
    """(lane, method, path, caller, status) of every cell."""
    head, *lines = TABLE.strip().splitlines()
    found = []
    for line in lines:
        lane, method, path, *statuses = line.split()
        assert len(statuses) == len(CALLERS), line
        found += [(lane, method, path, caller, int(status)) for caller, status in zip(head.split(), statuses, strict=True)]
    return found


@pytest.fixture
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(request.param, tmp_path) as made:
        with made.shared.files.spool(limit=1_000) as spool:
            spool.write(CONTENT)
            spool.keep(SHA256)
        made.shared.files.brought(SHA256, "dispermades")
        yield made


@pytest.mark.parametrize(("desk", "method", "path", "caller", "status"), rows(), indirect=["desk"])
async def test_every_call_answers_each_caller_as_the_table_says(desk: Desk, method: str, path: str, caller: str, status: int) -> None:
    lane, verb = desk.lane.name, path.rpartition("/")[2]
    submission_id = desk.given(*told(lane, verb))
    who, make = CALLERS[caller], BODIES.get(f"{lane} {verb}")
    content = CONTENT if method == "PUT" else json.dumps(make()).encode() if make else None

    answer = await desk.http.request(
        method,
        f"/{lane}/api/{path.format(id=submission_id, sha256=SHA256, number=1)}",
        headers=(bearer(desk.token(who)) if who else {}) | {"content-type": "application/json"},
        content=content,
    )

    assert answer.status_code == status, answer.text
    if status == 404:
        (error,) = answer.json()["errors"]
        assert error["code"] == "not_found"
        assert "dispermades" not in answer.text
    elif status >= 400:
        assert [error["code"] for error in answer.json()["errors"]] == [{401: "token_missing", 403: "role", 422: "other_opd"}[status]]


def told(lane: str, verb: str) -> list[Recorded]:
    """A submission of the OPD of `tim` and `ketua` that waits for this verb."""
    file = FILE | {"bytes": len(CONTENT), "sha256": SHA256, "name": "daftar-kecamatan.csv"}
    named: dict[str, Any] = {"dataset_id": f"daftar-{uuid.uuid4().hex[:12]}", "files": [file]}
    life: tuple[Step, ...] = (submission_of(**named), revision_of(**named), verified, approved, published)
    return story(*life[: STEPS_BEFORE.get(verb, STEPS_BEFORE.get(lane, 1))])


def test_the_table_has_every_call_of_every_lane() -> None:
    app = FastAPI()
    for _, routes in LANES.values():
        app.include_router(routes(lambda: pytest.fail("no lane is asked")))
    there = {
        f"{method.upper()} {re.sub('submission_id', 'id', path)}" for path, methods in app.openapi()["paths"].items() for method in methods
    }

    assert {f"{method} /{lane}/api/{path}" for lane, method, path, _, _ in rows()} == there
